import { describeEndpoint } from '../aws/sagemaker.ts';
import { SECOND } from '../base/units.ts';
import type { UpdateOutcome } from '../guard/outcome.ts';
import { inferPhase } from '../guard/phase.ts';
import type { Settled } from '../resources/wait.ts';
import { replay } from '../state/replay.ts';
import { recordedUpdates, unfinishedUpdate } from '../state/updates.ts';
import { type Update, awaitUpdate } from './guarded-update/await-update.ts';
import { awaitConfig } from './plain-update.ts';
import { type EndpointSession, type Session, viewEndpoint } from './session.ts';

/** How a change that was watched has ended. */
export type WatchedEnd =
  | { kind: 'update'; ending: UpdateOutcome }
  | { kind: 'creation'; endpoint: string; config: string; settled: Settled };

/**
 * Watches an update that is under way, whoever began it, and changes nothing: to stop watching harms nothing either.
 * @returns undefined where there is none to watch
 */
export async function followAnyUpdate(session: Session, endpoint: string): Promise<WatchedEnd | undefined> {
  const aws = await session.aws();
  const live = await describeEndpoint(aws, endpoint, session.signal);
  if (live?.EndpointStatus === 'Creating') {
    const config = live.EndpointConfigName ?? '';
    return { kind: 'creation', endpoint, config, settled: await awaitConfig(session, endpoint, config) };
  }
  const update = await viewEndpoint(session, endpoint, underWay);
  if (update === undefined) return undefined;
  const surroundings = { aws, clock: session.clock, signal: session.signal };
  const ending = await awaitUpdate(
    surroundings,
    update,
    (snapshot) => session.emit({ kind: 'update-seen', update, snapshot }),
    async () => {
      const state = replay((await session.journal(endpoint)).events());
      return recordedUpdates(state).findLast((one) => one.started.requested === update.requested)?.aborted ?? false;
    },
  );
  return { kind: 'update', ending };
}

/** In the first seconds of an update AWS does not say what it leads to. */
const LOOK_MS = 2 * SECOND;
const LOOKS = 15;

/** The update out of the journal, else as much of it as AWS shows. */
async function underWay({ aws, endpoint, session, state }: EndpointSession): Promise<Update | undefined> {
  const { clock, signal } = session;
  let live = await describeEndpoint(aws, endpoint, signal);
  for (let looks = 0; live !== undefined && inferPhase(live).name === 'starting' && looks < LOOKS; looks += 1) {
    await clock.sleep(LOOK_MS, signal);
    live = await describeEndpoint(aws, endpoint, signal);
  }
  if (live === undefined || ['settled', 'failed', 'creating', 'deleting'].includes(inferPhase(live).name))
    return undefined;
  const recorded = unfinishedUpdate(state())?.started;
  const pending = live.PendingDeploymentSummary;
  if (recorded !== undefined && (pending === undefined || pending.EndpointConfigName === recorded.requested))
    return recorded;
  return {
    endpoint,
    variant: live.ProductionVariants?.[0]?.VariantName ?? '',
    requested: pending?.EndpointConfigName ?? live.EndpointConfigName ?? '',
    previous: live.EndpointConfigName ?? '',
    alarms: live.LastDeploymentConfig?.AutoRollbackConfiguration?.Alarms?.map((alarm) => alarm.AlarmName ?? '') ?? [],
    startedAt: pending?.StartTime?.getTime() ?? clock.now(),
    modifiedBefore: undefined,
    reasonBefore: live.FailureReason,
    maxSeconds: undefined,
  };
}
