import type { Metrics, MetricTable, Window } from '../observations.ts';
import { METRICS } from '../observations.ts';

/**
 * A window and its metrics from the shadow's first whole minute on, where the shadow came up within it: before that,
 * production had nobody to be compared with, and a shadow that sees everything would seem to have missed requests.
 *
 * @param created of the endpoint config, milliseconds since the epoch; a config older than the window may have been
 * running all the time, and then nothing is taken away
 */
export function fromShadowOn(
  { metrics, window }: { metrics: Metrics; window: Window },
  created: number | undefined,
): { metrics: Metrics; window: Window; note?: string } {
  const first = metrics.shadow?.invocations.findIndex((n) => (n ?? 0) > 0) ?? -1;
  if (created === undefined || created <= window.from || first <= 0) return { metrics, window };
  const asked = metrics.production.invocations.map((n) => n ?? 0);
  if (asked.slice(0, first).every((n) => n === 0)) return { metrics, window };
  // Where requests were coming in, it came up in the midst of its first minute; but that may be all there is.
  const midst = (asked[first - 1] ?? 0) > 0 && first + 1 < metrics.times.length;
  const start = midst ? first + 1 : first;
  const from = metrics.times[start];
  if (from === undefined) return { metrics, window };
  const later = (table: MetricTable) =>
    Object.fromEntries(METRICS.map((name) => [name, table[name].slice(start)])) as unknown as MetricTable;
  return {
    metrics: {
      times: metrics.times.slice(start),
      production: later(metrics.production),
      shadow: metrics.shadow === undefined ? undefined : later(metrics.shadow),
    },
    window: { from, to: window.to },
    note: `The shadow came up within the window asked for; the report begins ${start} ${start === 1 ? 'minute' : 'minutes'} later than that, with the shadow's first whole minute.`,
  };
}
