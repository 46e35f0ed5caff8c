import { shown } from '../../base/text.ts';
import type { LogLine } from '../../aws/logs.ts';
import type { TransformJob } from '../../aws/transform-jobs.ts';
import { unseenWords } from '../../aws/unseen.ts';
import { targetName } from '../../lifecycle/notify.ts';
import type { LifecycleEvent, Task, TaskEnd, TaskProgress } from '../../lifecycle/events.ts';
import type { Unexamined } from '../../resources/artifact/check-remote.ts';
import type { ResolvedStep } from '../../resources/resolve.ts';
import { describeHolder } from '../../state/lock.ts';
import type { JournalNote } from '../../state/journal.ts';
import { appliedWords, nameOf, type Step } from '../../resources/steps.ts';
import { describeProgress, type Settled } from '../../resources/wait.ts';
import { type Io, plain } from '../../ui/io.ts';
import { showDoing } from './doing.ts';
import { type Progress, startProgress } from '../../ui/progress.ts';
import { paint } from '../../ui/theme.ts';
import { instances } from '../../guard/strategy.ts';
import { counted, duration, isoSeconds, number, timeOfDay } from '../../base/units.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { findingLines } from './findings.ts';
import { nextLines } from './next.ts';
import { guardedPlanLines, noteText } from './plan.ts';
import { mirrorPlanLines, mirrorStepLines } from './mirror-rollout.ts';
import { releaseNoteLines } from './release.ts';
import { returnedLine, rolloutPlanLines, stepLine, verdictLines } from './rollout.ts';
import { judgementLines, noiseWords } from './shadow.ts';
import { liveView } from './update-live.ts';

/**
 * Draws what a session is told, as chatter: a line each, a spinner for work that takes a while, a view of an update.
 * @param plan only a plan was asked for: it is the result, in text or, by whoever prints it, in JSON
 */
export function drawEvents(io: Io, plan?: 'text' | 'json'): (event: LifecycleEvent) => void {
  const task = taskView(io);
  const update = liveView(io);
  let isReadHere = false;
  return (event) => {
    switch (event.kind) {
      case 'captures-read-here':
        // Of a command that looks again and again, the first look tells.
        if (isReadHere) return;
        isReadHere = true;
        break;
      case 'task-started':
      case 'task-progressed':
      case 'task-ended':
        return task(event);
      case 'update-seen':
        return update(event.update, event.snapshot);
    }
    if (plan === 'json' && PLANS.has(event.kind)) return;
    for (const line of eventLines(io, event))
      if (plan === 'text' && PLANS.has(event.kind)) io.out(line);
      else io.err(line);
  };
}

/** Events that show what would be done. */
const PLANS: ReadonlySet<LifecycleEvent['kind']> = new Set([
  'plan-notes',
  'update-examined',
  'rollout-planned',
  'mirror-rollout-planned',
]);

type ShownEvent = Exclude<LifecycleEvent, { kind: 'task-started' | 'task-progressed' | 'task-ended' | 'update-seen' }>;

/** The lines of one event. Those that a command shows as its result are not drawn here. */
function eventLines(io: Io, event: ShownEvent): string[] {
  const warn = (words: string) => [`${paint(io, 'warning', '!')} ${words}`];
  switch (event.kind) {
    case 'journal-note':
      return [`note: ${journalNoteText(event.note)}`];
    case 'recovered':
      return [`note: ${recoveredText(event.step)}`];
    case 'alarm-restored':
      return [`note: An abort was stopped before it restored the rule of ${event.alarm}; the rule is restored now.`];
    case 'step-applied': {
      const words = stepWords(event.step);
      return words === undefined ? [] : [`${paint(io, 'good', '✓')} ${words}`];
    }
    case 'config-refused':
      return warn(
        `SageMaker did not take ${event.config} (${plain(event.words)}): shadowctl creates the same config again as ${event.otherwise}.`,
      );
    case 'fleet-changed':
      return warn(
        `The fleet was scaled from ${event.before} to ${instances(event.strategy.fleet)} meanwhile: the update takes that into account.`,
      );
    case 'artifact-unexamined':
      return [`note: ${unexaminedWords(event.artifact)}`];
    case 'not-seen':
      return [plain(unseenWords(event.unseen))];
    case 'experiment-scheduled':
      return warn(
        `Inference experiment "${event.name}" will change endpoint "${event.endpoint}" on its own at ${new Date(event.startsAt).toISOString()}.`,
      );
    case 'container-lines':
      return containerLines(event.group, event.lines);
    case 'plan-notes':
      return event.notes.map((note) => noteText(note, event.endpoint));
    case 'update-examined':
      return [...guardedPlanLines(io, event.plan), ...findingLines(io, event.plan.findings, event.unguarded)];
    case 'alarms-awaited':
      return [alarmsAwaited(event.firing, event.unevaluated)];
    case 'metrics-awaited':
      return [`Waiting for the metrics of the last minute, until ${timeOfDay(event.until, 'seconds')} at most`];
    case 'metrics-unreadable':
      return warn(`No charts: ${plain(event.problem.message)}`);
    case 'notified':
      return [`Notified ${targetName(event.target)}.`];
    case 'not-notified':
      return warn(`Not notified: ${plain(event.reason)}`);
    case 'traffic-started':
      return [
        `Sending ${event.rate} requests per second from ${event.file} during the update: this traffic is from shadowctl, not from your callers.`,
      ];
    case 'traffic-stopped':
      return warn(
        `shadowctl has stopped sending requests${event.reason === undefined ? '' : ` (${plain(event.reason).replace(/\.$/, '')})`}: without any others the alarms see nothing.`,
      );
    case 'payloads-read':
      return [payloadsRead(event)];
    case 'shadow-judged':
      return judgementLines(io, event);
    case 'verdict-unwritten':
      return warn(`The journal does not say what came of this verdict: ${plain(event.reason)}`);
    case 'shadow-ends':
      return [`Production keeps ${event.production}; the shadow with ${event.model} ends.`];
    case 'noise-measured':
      return [noiseWords(event.floor)];
    case 'rollout-planned':
      return rolloutPlanLines(io, event.plan);
    case 'rollout-step':
      return [stepLine(event.rollout, event.step, event.at)];
    case 'rollout-judged':
      return verdictLines(io, event.rollout, event.step, event.verdict, event.at);
    case 'production-raised': {
      const { from, to, problem } = event;
      return problem === undefined
        ? [
            `Production had ${from} of its ${instances(to)} left: it was given all of them back before requests return to it.`,
          ]
        : warn(`Production has ${from} of its ${instances(to)}, and could not be given more: ${plain(problem)}`);
    }
    case 'rollout-returned':
      return [returnedLine(event.rollout, event.at)];
    case 'time-box-over': {
      const when = isoSeconds(new Date(event.until).toISOString());
      return event.detaches
        ? [`The shadow of ${event.endpoint} was to end at ${when}: it is detached first.`]
        : warn(
            `The shadow of ${event.endpoint} was to end at ${when}, and is still billed: the next command that changes the endpoint detaches it first.`,
          );
    }
    case 'mirror-rollout-planned':
      return mirrorPlanLines(io, event.plan);
    case 'mirror-rollout-step':
      return mirrorStepLines(io, event.rollout, event.step, event.at);
    case 'mirror-rollout-judged':
      return verdictLines(io, { model: event.rollout.shadow }, event.step, event.verdict, event.at);
    case 'mirror-returned':
      return [`${timeOfDay(event.at, 'seconds')}  all requests are answered by ${event.side} again`];
    case 'release-told':
      return releaseNoteLines(io, event.note);
    case 'no-subscribers': {
      const waiting = event.pending === 0 ? '' : ` (${counted(event.pending, 'subscriptions')} not confirmed yet)`;
      return warn(`Nobody gets mail from ${event.arn}: it has no confirmed subscription${waiting}.`);
    }
    case 'tick-failed':
      return [
        ...warn(`${event.problem.message} The next look tries again.`),
        // Without that no look will succeed.
        ...(event.problem instanceof AwsProblem && event.problem.aboutCredentials && event.problem.next !== undefined
          ? nextLines(io, event.problem.next)
          : []),
      ];
    case 'report-not-kept':
      return warn(`The page leads to no report: ${plain(event.problem.message)}`);
    case 'release-passed-over':
      return [`${plain(event.name)} starts no release: ${plain(event.why)}`];
    case 'job-begun':
      return [`transform job ${event.job}: ${event.side} ${event.model}, ${counted(event.objects, 'objects')}`];
    case 'jobs-limited':
      return [`The next job waits until these have ended: ${plain(event.words)}`];
    case 'batch-day': {
      const { day, what, problem } = event;
      if (what === 'begins') return [`${day}:`];
      return what === 'missing' ? [`${day}: nothing was delivered.`] : warn(`${day}: ${plain(problem?.message ?? '')}`);
    }
    case 'captures-read-here':
      return ['note: Captures are read on this machine: `engine: athena` in shadowctl.yaml is for report alone.'];
    case 'look-left':
      return warn(
        `What Athena made for this report was not all deleted: ${event.words.replace(/[.]$/, '')}. The next report by Athena deletes it, or cleanup.`,
      );
    case 'cleanup-begun':
      return [`endpoint ${event.endpoint}:`];
    case 'deleted':
    case 'update-ended':
    case 'requests-sent':
      return [];
  }
}

function stepWords(step: Step): string | undefined {
  const words = appliedWords(step);
  return step.action === 'update' ? `${words} to ${step.input.EndpointConfigName}` : words;
}

function unexaminedWords(artifact: Unexamined): string {
  const why =
    artifact.why === 'too-large'
      ? `is too large to be checked (${artifact.bytes} bytes)`
      : 'cannot be read with these credentials';
  return `${artifact.uri} ${why}: whether its image can read it is unknown.`;
}

function alarmsAwaited(firing: readonly string[], unevaluated: number): string {
  return firing.length > 0
    ? `Waiting until ${firing.join(', ')} ${firing.length === 1 ? 'has' : 'have'} left ALARM (from an earlier update)`
    : `Waiting for the first evaluation of ${unevaluated === 1 ? '1 alarm' : `${unevaluated} alarms`}`;
}

/** Lines shown of what an endpoint's containers printed. */
const MAX_CONTAINER_LINES = 10;

function containerLines(group: string, lines: readonly LogLine[]): string[] {
  const kept = collapsed(lines.map((line) => `${plain(line.stream)}: ${plain(line.message).slice(0, 400)}`));
  return [
    `The last lines of its containers (log group ${group}):`,
    ...kept.slice(-MAX_CONTAINER_LINES).map(({ text, times }) => `  ${text}${times === 1 ? '' : `  × ${times}`}`),
  ];
}

/** The same line said several times, by whichever instance: once, at its last place, with how often. */
export function collapsed(lines: readonly string[]): { text: string; times: number }[] {
  const counts = new Map<string, { text: string; times: number }>();
  for (const text of lines) {
    const key = text.replace(/^\S+: /, '');
    const times = (counts.get(key)?.times ?? 0) + 1;
    counts.delete(key);
    counts.set(key, { text, times });
  }
  return [...counts.values()];
}

function journalNoteText(note: JournalNote): string {
  return note.kind === 'incomplete-line'
    ? `The last line of ${note.path} was written incompletely; it is left out.`
    : `Took over the lock of ${describeHolder(note.from)}: that process ended without releasing it.`;
}

function recoveredText({ action, resource, outcome, error }: ResolvedStep): string {
  const took = outcome === 'done' ? 'had been carried out' : (error ?? 'had not been carried out');
  return `An earlier command was stopped before it learned the outcome of "${action} ${nameOf(resource)}": it ${took}.`;
}

type TaskEvent = Extract<LifecycleEvent, { kind: 'task-started' | 'task-progressed' | 'task-ended' }>;

function taskView(io: Io): (event: TaskEvent) => void {
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

/** How a file of payloads was taken, where it is not sent line by line as it stands. */
function payloadsRead({ source, form, rows }: Extract<LifecycleEvent, { kind: 'payloads-read' }>): string {
  switch (form) {
    case 'list':
      return `${source} is one list: each of its ${counted(rows, 'objects')} is a request.`;
    case 'python':
      return `${source} holds Python, not JSON: its ${counted(rows, 'records')} are sent as JSON.`;
    case 'recoded':
      return `${source} is sent as CSV with commas, which it does not have between its cells.`;
  }
}
