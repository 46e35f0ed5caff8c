import { applyOrTell } from './left-standing.ts';
import { AwsProblem } from '../aws/errors.ts';
import { endpointLogGroup, logLines } from '../aws/logs.ts';
import { describeEndpoint } from '../aws/sagemaker.ts';
import { orUnseen, type Unseen } from '../aws/unseen.ts';
import { environmentError } from '../base/errors.ts';
import { lines, shown, text } from '../base/text.ts';
import type { JournaledRun } from '../resources/apply.ts';
import type { Live } from '../resources/live.ts';
import type { Step } from '../resources/steps.ts';
import { type Endpoint, type Settled, waitForEndpoint } from '../resources/wait.ts';
import { recordFact } from '../state/journal.ts';
import { endingOf } from '../state/updates.ts';
import type { PlainUpdatePlan, PlanNote } from './plans.ts';
import { recordStanding } from './drift.ts';
import { recordParts } from './restorable.ts';
import { nextConfig, refuseScaledType, scalingOf, standingNotes } from './standing.ts';
import {
  changedMeanwhile,
  doTask,
  type EndpointSession,
  type LockedEndpoint,
  openRun,
  placeOf,
  recordAdoption,
  type Session,
  notSeen,
} from './session.ts';

/** An update of a live endpoint all at once, decided: its last step tells the endpoint to run `config`. */
export interface PlainUpdate {
  command: string;
  /** The run's id. */
  run: string;
  live: Live;
  config: string;
  steps: readonly Step[];
  /** Record the endpoint as adopted. */
  adopt: boolean;
  notes: readonly PlanNote[];
  /** What runs now and what will, where the change is of models. */
  models?: PlainUpdatePlan['models'];
  /** It is part of something that was approved already. */
  approved?: boolean;
  /** What to do where AWS refuses the update because of the config: the same, made anew. */
  otherwise?: Otherwise | undefined;
}

/** Another config that comes to the same, with the steps that bring the endpoint to it. */
export interface Otherwise {
  config: string;
  steps: readonly Step[];
}

export type PlainUpdateResult =
  /** Nothing was changed. */
  | { kind: 'planned'; plan: PlainUpdatePlan }
  /** `settled` is undefined where nobody waited. */
  | { kind: 'done'; plan: PlainUpdatePlan; settled: Settled | undefined };

/**
 * Has the update approved, applies it and waits until the endpoint has settled; on an endpoint that is only viewed, the
 * plan alone comes back.
 * @param options.wait false: returns as soon as AWS has accepted the update
 * @param record may write facts before the first step
 */
export async function runPlainUpdate(
  on: EndpointSession,
  update: PlainUpdate,
  options: { wait: boolean },
  record: (run: JournaledRun) => Promise<void> = async () => undefined,
): Promise<PlainUpdateResult> {
  const { session } = on;
  const { live, command, config, steps, adopt, approved = false } = update;
  const next = await nextConfig(on.aws, config, steps, session.signal);
  const unseen = (one: Unseen) => session.emit({ kind: 'not-seen', unseen: one });
  const targets = await scalingOf(on.aws, live, unseen, session.signal);
  if (next !== undefined) refuseScaledType(live.name, targets, live.config, next);
  const registered = update.notes.flatMap((note) => (note.kind === 'autoscale' ? [note.variant] : []));
  const standing = next === undefined ? [] : await standingNotes(on, live, next, targets, { registered, steps });
  const notes = [...update.notes, ...standing];
  const from = live.endpoint.EndpointConfigName;
  const plan: PlainUpdatePlan = {
    kind: 'plain-update',
    place: placeOf(on),
    command,
    endpoint: live.name,
    from,
    config,
    steps,
    adopt,
    notes,
    models: update.models,
    approved,
  };
  if (!on.locked) return { kind: 'planned', plan };
  await session.approve(plan);
  await requireUnchanged(on, live);
  const began = session.clock.now();
  const run = await openRun(on, command, update.run);
  if (adopt) await recordAdoption(run);
  await recordParts(on.aws, run, on.state(), live.endpoint, undefined, session.signal);
  await record(run);
  const done = { ...plan, config: await carryOut(on, run, update) };
  if (!options.wait) return { kind: 'done', plan: done, settled: undefined };
  const settled = await awaitConfig(session, live.name, done.config, live.endpoint.LastModifiedTime);
  await recordEnd(on, done.config, settled);
  if (settled.kind === 'running') {
    await recordParts(on.aws, run, on.state(), settled.endpoint, notSeen(session), session.signal);
    await recordStanding(run, settled.endpoint);
  }
  if (settled.kind !== 'running') await readContainerLines(on, began);
  return { kind: 'done', plan: done, settled };
}

/**
 * What the plan was made from may have changed while somebody read it.
 * @throws Problem (cannot-run) where the endpoint runs another config, or another number of instances
 */
export async function requireUnchanged({ aws, session }: LockedEndpoint, planned: Live): Promise<void> {
  const now = await describeEndpoint(aws, planned.name, session.signal);
  if (now === undefined || now.EndpointConfigName !== planned.endpoint.EndpointConfigName)
    throw changedMeanwhile(planned.name, planned.endpoint, now?.EndpointConfigName);
  const [before, after] = [countsOf(planned.endpoint), countsOf(now)];
  if (before !== after)
    throw environmentError(
      `Endpoint "${planned.name}" was scaled since this was planned (instances: ${before}; now: ${after}). Nothing was changed.`,
      'Run the command again.',
    );
}

function countsOf({ ProductionVariants = [] }: Pick<Endpoint, 'ProductionVariants'>): string {
  return ProductionVariants.map((one) => `${one.VariantName} ${one.DesiredInstanceCount}`).join(', ');
}

/** @returns the config that the endpoint was told to run */
async function carryOut({ session }: LockedEndpoint, run: JournaledRun, update: PlainUpdate): Promise<string> {
  const { config, steps, live, otherwise } = update;
  const from = live.endpoint.EndpointConfigName;
  await recordReplaced(run, config, from);
  try {
    await applyOrTell(session, run, steps);
    return config;
  } catch (error) {
    const refused = error instanceof AwsProblem && error.code === 'ValidationException' && error.provesNothingHappened;
    if (!refused || otherwise === undefined) throw error;
    session.emit({ kind: 'config-refused', config, otherwise: otherwise.config, words: error.words });
    await recordReplaced(run, otherwise.config, from);
    await applyOrTell(session, run, otherwise.steps);
    return otherwise.config;
  }
}

/** Writes down what the endpoint runs, before it is told to run something else: the way back. */
export async function recordReplaced(run: JournaledRun, requested: string, previous: string | undefined) {
  if (previous !== undefined) await recordFact(run, { name: 'replaces', value: { requested, previous } });
}

/**
 * Waits until an endpoint has settled after it was told to run `config`.
 * @param since LastModifiedTime before it was told
 */
export async function awaitConfig(session: Session, endpoint: string, config: string, since?: Date): Promise<Settled> {
  const { clock, signal } = session;
  const aws = await session.aws();
  const began = clock.now();
  return doTask(session, { name: 'await-config', endpoint, config }, async (report) => {
    const settled = await waitForEndpoint(aws, clock, {
      endpoint,
      config,
      since,
      signal,
      onLook: (seen) => report.progress({ kind: 'endpoint', endpoint: seen }),
      onTrouble: (problem) => report.progress({ kind: 'trouble', problem }),
    }).catch((error: unknown) => {
      if (signal.aborted || !(error instanceof AwsProblem)) throw error;
      throw environmentError(
        `${error.message}${error.message.endsWith('.') ? '' : '.'} AWS continues: endpoint "${endpoint}" was told to run ${config}.`,
        lines(
          ...(error.next === undefined ? [] : [error.next]),
          text`See how it ends: ${shown('status', { endpoint, watch: true })}`,
        ),
        error,
      );
    });
    report.end({ kind: 'settled', settled, ms: clock.now() - began });
    return settled;
  });
}

/** Lines read of an endpoint's containers, all instances together. */
const MAX_LINES = 10_000;

/** Tells what the endpoint's containers have printed since a moment (ms since the epoch). */
export async function readContainerLines({ session, aws, endpoint }: EndpointSession, since: number): Promise<void> {
  const group = endpointLogGroup(endpoint);
  const lines = await orUnseen(
    `what the containers printed (log group ${group})`,
    () => logLines(aws, { group, start: since, limit: MAX_LINES, orStreams: true }, session.signal),
    (unseen) => session.emit({ kind: 'not-seen', unseen }),
  );
  if (lines !== undefined && lines.length > 0) session.emit({ kind: 'container-lines', group, lines });
}

const KINDS = { running: 'updated', 'rolled-back': 'rolled-back', failed: 'failed', gone: 'deleted' } as const;

/**
 * Writes down how an update that was waited for has ended, for the history: once for each change of the config.
 * @param config the one the endpoint was told to run
 */
export async function recordEnd({ journal, state }: LockedEndpoint, config: string, settled: Settled): Promise<void> {
  const { configs, resources } = state();
  const change = configs.findLast((one) => one.config === config);
  if (change === undefined || endingOf(state(), change) !== undefined) return;
  const first =
    configs[0] === change && resources.some((tracked) => tracked.ref.kind === 'endpoint' && !tracked.adopted);
  const reason = settled.kind === 'failed' || settled.kind === 'rolled-back' ? (settled.reason ?? null) : null;
  await journal.append({
    type: 'fact',
    run: change.run,
    name: 'update-ended',
    value: { requested: config, kind: first && settled.kind === 'running' ? 'created' : KINDS[settled.kind], reason },
  });
}
