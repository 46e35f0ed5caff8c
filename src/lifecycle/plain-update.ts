import { endpointLogGroup, logLines } from '../aws/logs.ts';
import { orUnseen } from '../aws/unseen.ts';
import type { JournaledRun } from '../resources/apply.ts';
import type { Live } from '../resources/live.ts';
import type { Step } from '../resources/steps.ts';
import { type Settled, waitForEndpoint } from '../resources/wait.ts';
import { recordFact } from '../state/journal.ts';
import { endingOf } from '../state/updates.ts';
import type { PlainUpdatePlan, PlanNote } from './plans.ts';
import {
  applySteps,
  doTask,
  type EndpointSession,
  type LockedEndpoint,
  openRun,
  recordAdoption,
  type Session,
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
  const { live, command, config, steps, adopt, notes, approved = false } = update;
  const from = live.endpoint.EndpointConfigName;
  const plan = {
    kind: 'plain-update',
    command,
    endpoint: live.name,
    from,
    config,
    steps,
    adopt,
    notes,
    models: update.models,
    approved,
  } as const;
  if (!on.locked) return { kind: 'planned', plan };
  await session.approve(plan);
  const began = session.clock.now();
  const run = await openRun(on, command, update.run);
  if (adopt) await recordAdoption(run);
  await record(run);
  await recordReplaced(run, config, from);
  await applySteps(session, run, steps);
  if (!options.wait) return { kind: 'done', plan, settled: undefined };
  const settled = await awaitConfig(session, live.name, config, live.endpoint.LastModifiedTime);
  await recordEnd(on, config, settled);
  if (settled.kind !== 'running') await readContainerLines(on, began);
  return { kind: 'done', plan, settled };
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
    () => logLines(aws, { group, start: since, limit: MAX_LINES }, session.signal),
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
