import type { App } from '../../app.ts';
import type { Aws } from '../../aws/clients.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { type FleetMinute, fleetMinutes, total } from '../../lifecycle/guarded-update/fleet-metrics.ts';
import { plain } from '../../ui/io.ts';
import { paint } from '../../ui/theme.ts';
import { drawMinutes } from '../../cli/views/minutes.ts';
import type { Followed } from './follow-update.ts';
import { MINUTE, timeOfDay } from '../../base/units.ts';

/** What both fleets did over an update. */
export interface UpdateMetrics {
  /** ms since the epoch. */
  start: number;
  end: number;
  fleets: {
    /** `both` where SageMaker does not publish the old fleet by its config: then the variant as a whole. */
    fleet: 'old' | 'new' | 'both';
    /** The endpoint config it ran; null for both together. */
    config: string | null;
    minutes: readonly FleetMinute[];
  }[];
}

/** Shown before the update, so that one sees what the old fleet was like. */
const BEFORE = 5 * MINUTE;
/** A minute's metrics come within a minute of its end; what comes later is not waited for. */
const PUBLISH = MINUTE;
const LOOK = 15_000;

/**
 * Reads what both fleets did, minute by minute. Waits for the minute in which the update ended, but no longer than its
 * publication takes, and not at all where there was no traffic.
 * @returns undefined where there is nothing to draw, it cannot be read (which is said), or the user has stopped it
 */
export async function readUpdateMetrics(app: App, aws: Aws, followed: Followed): Promise<UpdateMetrics | undefined> {
  const { update, endedAt } = followed;
  const lastMinute = Math.floor(endedAt / MINUTE) * MINUTE;
  const enough = lastMinute + MINUTE + PUBLISH;
  const start = update.startedAt - BEFORE;
  const variant = { endpoint: update.endpoint, variant: update.variant };
  const sources = [update.previous, update.requested, undefined].map((config) => ({ ...variant, config }));
  try {
    for (let said = false; ; said = true) {
      const now = app.clock.now();
      const window = { start, end: Math.min(now, enough) };
      const [old = [], young = [], both = []] = await fleetMinutes(aws, sources, 'Average', window, app.signal);
      if (both.length + old.length + young.length === 0) return undefined;
      const last = Math.max(...[...old, ...young, ...both].map((minute) => minute.at));
      if (last >= lastMinute || now >= enough) {
        const latest = Math.max(last, Math.min(lastMinute, now - MINUTE)) + MINUTE;
        return { start, end: latest, fleets: fleetsOf(followed, { old, young, both }) };
      }
      if (!said)
        app.io.err(`Waiting for the metrics of the last minute, until ${timeOfDay(enough, 'seconds')} at most`);
      await app.clock.sleep(Math.min(LOOK, enough - now), app.signal);
    }
  } catch (error) {
    // How the update ended is known by now: neither an interrupt nor a missing permission may hide it.
    if (app.signal.aborted) return undefined;
    if (!(error instanceof AwsProblem)) throw error;
    app.io.err(`${paint(app.io, 'warning', '!')} No charts: ${plain(error.message)}`);
    return undefined;
  }
}

function fleetsOf(
  { update }: Followed,
  minutes: Record<'old' | 'young' | 'both', FleetMinute[]>,
): UpdateMetrics['fleets'] {
  return [
    minutes.old.length > 0
      ? { fleet: 'old', config: update.previous, minutes: minutes.old }
      : { fleet: 'both', config: null, minutes: minutes.both },
    { fleet: 'new', config: update.requested, minutes: minutes.young },
  ];
}

/** Stages that last seconds only: the bake that follows says the same. */
const PASSING = /^(starting|shifting|settled)/;

function ended(kind: Followed['ending']['kind']): string {
  return kind === 'updated' ? 'updated' : kind.replaceAll('-', ' ');
}

/** What the new fleet served from the start of the update, now that its last minute is published. */
export function servedIn(metrics: UpdateMetrics, followed: Followed): ReturnType<typeof total> {
  const young = metrics.fleets.find((one) => one.fleet === 'new')?.minutes ?? [];
  const first = Math.floor(followed.update.startedAt / MINUTE) * MINUTE;
  return total(young.filter((minute) => minute.at >= first));
}

/** The charts, marked with the stages that were seen. */
export function metricLines(app: Pick<App, 'io'>, followed: Followed, metrics: UpdateMetrics): string[] {
  const fleets = metrics.fleets.map(({ fleet, config, minutes }) => ({
    name: config === null ? 'both fleets' : `${fleet} ${config}`,
    minutes,
  }));
  const { stages, endedAt, ending } = followed;
  const seen = [...stages.filter(({ words }) => !PASSING.test(words)), { at: endedAt, words: ended(ending.kind) }];
  const marks = seen.map(({ at, words }) => ({ at, words: `${timeOfDay(at)} ${words}` }));
  return drawMinutes(app.io, fleets, metrics, marks);
}

/** The same for machines: a point a minute, none where there were no requests. */
export function metricsJson(metrics: UpdateMetrics | undefined) {
  if (metrics === undefined) return null;
  return {
    from: new Date(metrics.start).toISOString(),
    to: new Date(metrics.end).toISOString(),
    periodSeconds: MINUTE / 1000,
    latencyStatistic: 'Average',
    series: metrics.fleets.map(({ fleet, config, minutes }) => ({
      fleet,
      config,
      points: minutes.map(({ at, ...values }) => ({
        at: new Date(at).toISOString(),
        ...values,
        latencyMs: values.latencyMs ?? null,
      })),
    })),
  };
}
