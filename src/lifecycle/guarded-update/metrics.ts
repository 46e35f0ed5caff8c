import { AwsProblem } from '../../aws/errors.ts';
import { MINUTE } from '../../base/units.ts';
import type { Session } from '../session.ts';
import type { EndedUpdate, UpdateMetrics } from './ended.ts';
import { type MetricsMinute, fleetMinutes, total } from './fleet-metrics.ts';

/** Shown before the update, so that one sees what the old fleet was like. */
const BEFORE = 5 * MINUTE;
/** A minute's metrics come within a minute of its end; what comes later is not waited for. */
const PUBLISH = MINUTE;
const LOOK = 15_000;

/**
 * Reads what both fleets did, minute by minute. Waits for the minute in which the update ended, but no longer than its
 * publication takes, and not at all where there was no traffic.
 * @returns undefined where there is nothing to show, it cannot be read (an event says why), or the user has stopped it
 */
export async function readUpdateMetrics(session: Session, ended: EndedUpdate): Promise<UpdateMetrics | undefined> {
  const { clock, signal } = session;
  const { update, endedAt } = ended;
  const lastMinute = Math.floor(endedAt / MINUTE) * MINUTE;
  const enough = lastMinute + MINUTE + PUBLISH;
  const start = update.startedAt - BEFORE;
  const variant = { endpoint: update.endpoint, variant: update.variant };
  const sources = [update.previous, update.requested, undefined].map((config) => ({ ...variant, config }));
  try {
    const aws = await session.aws();
    for (let reported = false; ; reported = true) {
      const now = clock.now();
      const window = { start, end: Math.min(now, enough) };
      const [old = [], young = [], both = []] = await fleetMinutes(aws, sources, 'Average', window, signal);
      if (both.length + old.length + young.length === 0) return undefined;
      const last = Math.max(...[...old, ...young, ...both].map((minute) => minute.at));
      if (last >= lastMinute || now >= enough) {
        const latest = Math.max(last, Math.min(lastMinute, now - MINUTE)) + MINUTE;
        return { start, end: latest, fleets: fleetsOf(ended, { old, young, both }) };
      }
      if (!reported) session.emit({ kind: 'metrics-awaited', until: enough });
      await clock.sleep(Math.min(LOOK, enough - now), signal);
    }
  } catch (error) {
    // How the update ended is known by now: neither an interrupt nor a missing permission may hide it.
    if (signal.aborted) return undefined;
    if (!(error instanceof AwsProblem)) throw error;
    session.emit({ kind: 'metrics-unreadable', problem: error });
    return undefined;
  }
}

function fleetsOf(
  { update }: EndedUpdate,
  minutes: Record<'old' | 'young' | 'both', MetricsMinute[]>,
): UpdateMetrics['fleets'] {
  return [
    minutes.old.length > 0
      ? { fleet: 'old', config: update.previous, minutes: minutes.old }
      : { fleet: 'both', config: null, minutes: minutes.both },
    { fleet: 'new', config: update.requested, minutes: minutes.young },
  ];
}

/** What the new fleet served from the start of the update, now that its last minute is published. */
export function servedIn(metrics: UpdateMetrics, { update }: EndedUpdate): ReturnType<typeof total> {
  const young = metrics.fleets.find((one) => one.fleet === 'new')?.minutes ?? [];
  const first = Math.floor(update.startedAt / MINUTE) * MINUTE;
  return total(young.filter((minute) => minute.at >= first));
}
