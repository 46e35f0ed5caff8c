import type { UpdateStarted } from '../../state/updates.ts';
import type { Target } from '../events.ts';
import { notify } from '../notify.ts';
import type { Session } from '../session.ts';
import { withTraffic, type OwnTraffic } from '../traffic/with-traffic.ts';
import type { EndedUpdate, UpdateMetrics } from './ended.ts';
import { followUpdate } from './follow.ts';
import { readUpdateMetrics } from './metrics.ts';

/** A guarded update that is over. `metrics` is undefined where they were not wanted, or there is nothing to show. */
export interface FinishedUpdate {
  kind: 'finished';
  ended: EndedUpdate;
  metrics: UpdateMetrics | undefined;
}

/**
 * Follows an update to its end, with requests of our own where that is wanted; tells it, then reads the metrics of both
 * fleets: nobody waits for a chart to learn of a rollback.
 */
export async function finishGuardedUpdate(
  session: Session,
  update: UpdateStarted,
  wanted: { targets: readonly Target[]; metrics: boolean; traffic?: OwnTraffic | undefined },
): Promise<FinishedUpdate> {
  const follow = () => followUpdate(session, update, wanted.traffic !== undefined);
  const ended =
    wanted.traffic === undefined ? await follow() : await withTraffic(session, update.endpoint, wanted.traffic, follow);
  session.emit({ kind: 'update-ended', ended });
  await notify(session, wanted.targets, { kind: 'update', ended });
  const metrics = wanted.metrics ? await readUpdateMetrics(session, ended) : undefined;
  return { kind: 'finished', ended, metrics };
}
