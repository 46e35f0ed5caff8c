import { shown } from '../../base/text.ts';
import type { TransformJob } from '../../aws/transform-jobs.ts';
import type { LifecycleEvent, Task, TaskEnd, TaskProgress } from '../../lifecycle/events.ts';
import { describeProgress, type Settled } from '../../resources/wait.ts';
import type { Io } from '../../ui/io.ts';
import { showDoing } from './doing.ts';
import { type Progress, startProgress } from '../../ui/progress.ts';
import { counted, duration, number, timeOfDay } from '../../base/units.ts';

type TaskEvent = Extract<LifecycleEvent, { kind: 'task-started' | 'task-progressed' | 'task-ended' }>;

/** Draws work that takes a while: a spinner, which ends with a line where the work leaves one. */
export function taskView(io: Io): (event: TaskEvent) => void {
  let progress: Progress | undefined;
  return (event) => {
    if (event.kind === 'task-started') progress = startProgress(io, taskText(event.task));
    else if (event.kind === 'task-progressed') {
      if (progress === undefined) return;
      if (event.progress.kind === 'analysis') return showDoing(progress, event.progress.doing);
      // Counts that change with every request, or object, are for a line that is drawn over itself.
      if ((event.progress.kind !== 'sent' && event.progress.kind !== 'objects') || io.interactive)
        progress.update(progressText(event.task, event.progress));
    } else {
      const end = endText(io, event.task, event.end);
      if (end === undefined) progress?.stop();
      else if (end.good) progress?.done(end.text);
      else progress?.fail(end.text);
      progress = undefined;
    }
  };
}

function taskText(task: Task): string {
  switch (task.name) {
    case 'await-config':
      return `waiting for endpoint ${task.endpoint}`;
    case 'await-settled':
      return `waiting for endpoint ${task.endpoint} to settle: AWS does not delete an endpoint that is changing`;
    case 'await-gone':
      return `waiting for endpoint ${task.endpoint} to be gone`;
    case 'await-captures':
      return 'waiting for the last captures to be written';
    case 'look-for-remains':
      return 'checking what is left';
    case 'await-metrics':
      return 'waiting for the metrics: SageMaker publishes them by the minute';
    case 'measure-noise':
      return `measuring production against itself until ${timeOfDay(task.until)} UTC`;
    case 'test':
      return `testing the inference with ${task.payloads} payloads of ${task.source}${partOf(task)}`;
    case 'read-objects':
      return `reading ${task.phase === 'before' ? '' : 'the answers to '}${counted(task.objects, 'objects')} of ${task.day}`;
    case 'transform':
      return `waiting for ${counted(task.jobs, 'transform jobs')}`;
    case 'send':
      return `sending ${task.source} to endpoint ${task.endpoint}`;
    case 'read-recording':
      return `reading ${task.sources.join(', ')}`;
    case 'replay':
      return task.step === undefined
        ? `sending recorded requests to ${task.to}`
        : `sending ${number(task.step)} times the peak to ${task.to}`;
  }
}

function partOf({ payloads, of }: { payloads: number; of: number }): string {
  return payloads < of ? ` (the first ${payloads} of ${of})` : '';
}

function progressText(task: Task, progress: Exclude<TaskProgress, { kind: 'analysis' }>): string {
  switch (progress.kind) {
    case 'endpoint': {
      const seen = describeProgress(progress.endpoint);
      return task.name === 'await-config' ? `endpoint ${task.endpoint}: ${seen}` : `${taskText(task)} (${seen})`;
    }
    case 'trouble': {
      const again = `${progress.problem.message}; asking again`;
      return task.name === 'await-config' ? `endpoint ${task.endpoint}: ${again}` : again;
    }
    case 'sent': {
      const all = task.name === 'send' ? task.count : task.name === 'replay' ? task.requests : undefined;
      const failed = task.name === 'replay' ? 'failed' : 'refused';
      return `${progress.sent}${all === undefined ? '' : ` of ${all}`} sent, ${progress.failed} ${failed}`;
    }
    case 'objects': {
      const of = task.name === 'read-objects' ? ` (${progress.read} of ${task.objects})` : '';
      return `${taskText(task)}${of}`;
    }
    case 'jobs':
      return jobsText(progress.jobs);
  }
}

/** How jobs stand, by how many of them; of one alone its name is known. */
function jobsText(jobs: readonly TransformJob[]): string {
  const states = jobs.map(({ status, started }) =>
    status === 'InProgress' ? (started === undefined ? 'waiting for instances' : 'running') : status.toLowerCase(),
  );
  const counts = [...new Set(states)].map((state) => `${states.filter((one) => one === state).length} ${state}`);
  return `transform jobs: ${counts.join(', ')}`;
}

/** The last line of a task, where it leaves one. */
function endText(io: Pick<Io, 'command'>, task: Task, end: TaskEnd): { good: boolean; text: string } | undefined {
  if (end.kind === 'settled' && task.name === 'await-config')
    return settledText(task.endpoint, task.config, end.settled, duration(end.ms));
  if (end.kind !== 'counted') return undefined;
  const good = end.arrived >= end.of;
  if (task.name === 'test') return { good, text: `${end.arrived} of ${end.of} payloads answered${partOf(task)}` };
  if (good) return { good, text: 'the metrics have arrived' };
  const report = io.command(shown('report', task.name === 'await-metrics' ? { endpoint: task.endpoint } : {}));
  return {
    good,
    text: `CloudWatch shows ${end.arrived} of the ${end.of} requests so far; see them later with: ${report}`,
  };
}

function settledText(
  endpoint: string,
  config: string,
  settled: Settled,
  took: string,
): { good: boolean; text: string } {
  if (settled.kind === 'running')
    return { good: true, text: `endpoint ${endpoint} is in service on ${config} after ${took}` };
  const how = notRunning(settled, config).replace(/\.+$/, '');
  return { good: false, text: `endpoint ${endpoint}: ${how} (after ${took})` };
}

function notRunning(settled: Exclude<Settled, { kind: 'running' }>, config: string): string {
  if (settled.kind === 'gone') return 'it was deleted in the meantime';
  const reason = settled.reason === undefined ? '' : `: ${settled.reason}`;
  if (settled.kind === 'failed') return `${settled.endpoint.EndpointStatus}${reason}`;
  return `rolled back to ${settled.endpoint.EndpointConfigName}, it does not run ${config}${reason}`;
}
