import { resolve } from 'node:path';
import type { App, Outcome } from '../../app.ts';
import { checkZone, dayNamed } from '../../analysis/batch/period.ts';
import { usageError } from '../../base/errors.ts';
import type { Against, BatchSettings } from '../../lifecycle/batch/settings.ts';
import type { BatchRun } from '../../lifecycle/batch/decision.ts';
import { runDays } from '../../lifecycle/batch/run.ts';
import { candidateSpec } from '../flags/candidate.ts';
import { loadReportPolicy, withAnswers } from '../flags/judging.ts';
import { labelSource } from '../flags/labels.ts';
import { sessionOf } from '../session.ts';
import { batchPlanLines, batchRunJson, batchRunLines } from '../views/batch.ts';
import { writeJson } from '../views/json.ts';
import type { BatchRunOptions } from './options.ts';

/** `batch run` */
export async function run(app: App, options: BatchRunOptions): Promise<Outcome> {
  const { io } = app;
  const { plan, format } = options;
  const settings = await settingsOf(app, options);
  const day = dayNamed(options.day, settings.zone, app.clock.now());
  const found: BatchRun[] = [];
  const show = (one: BatchRun) => {
    found.push(one);
    if (format === 'json' || one.kind === 'missing') return;
    for (const line of one.kind === 'planned' ? batchPlanLines(io, one.plan) : batchRunLines(io, one)) io.out(line);
  };
  const before = options.catchUp ?? 0;
  await runDays(sessionOf(app, options), settings, { day, before, plan }, show);
  const [only] = found.map(batchRunJson);
  if (format === 'json' && only !== undefined) writeJson(io, 'batch run', before > 0 ? found.map(batchRunJson) : only);
  const outcomes = found.map(outcomeOf);
  return outcomes.find((one) => one === 'no') ?? outcomes.find((one) => one !== 'done') ?? 'done';
}

/** Objects that failed, and days of which no row was judged: whoever runs this every day is to see it. */
function outcomeOf(found: BatchRun): Outcome {
  if (found.kind === 'planned') return 'pending';
  if (found.kind === 'missing') return 'done';
  if (found.day.failedObjects.length > 0) return 'no';
  return found.day.rows.judged === 0 ? 'inconclusive' : 'done';
}

async function settingsOf(app: App, options: BatchRunOptions): Promise<BatchSettings> {
  const { policy } = await loadReportPolicy(app, options.policy);
  const against = againstOf(options.against, app.cwd);
  return {
    batch: options.batch,
    zone: checkZone(options.zone),
    input: options.input.includes('://') ? options.input : resolve(app.cwd, options.input),
    captured: options.captures || against.kind === 'captures',
    output: options.output,
    candidate: candidateSpec(options.candidate, app.cwd),
    against,
    id: options.id,
    withoutId: options.withoutId,
    header: options.header,
    contentType: options.contentType,
    accept: options.accept,
    inputFilter: options.inputFilter,
    instances: options.instances,
    instanceType: options.instanceType,
    maxPayloadMb: options.maxPayload,
    maxConcurrent: options.maxConcurrent,
    maxCost: options.maxCost,
    policy: withAnswers(policy, { prediction: options.prediction, answers: options.answers }),
    labels: options.labels === undefined ? undefined : labelSource(options.labels, app.cwd),
    memory: options.memory,
    findBadRows: options.findBadRows,
    rerun: options.rerun,
  };
}

function againstOf(words: string, cwd: string): Against {
  if (words === 'captures') return { kind: 'captures' };
  const [, model] = /^model:(.*)$/.exec(words) ?? [];
  if (model === '') throw usageError('--against model: names no model.', 'Write it like --against model:churn-1.');
  return model === undefined ? { kind: 'decisions', source: labelSource(words, cwd) } : { kind: 'model', model };
}
