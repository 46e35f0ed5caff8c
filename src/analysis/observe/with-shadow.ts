import type { Metrics, MetricTable, Window } from '../observations.ts';
import { METRICS } from '../observations.ts';
import { MINUTE } from '../../base/units.ts';

/** What the endpoint says of its shadow's age, milliseconds since the epoch. */
export interface Age {
  /** Of the endpoint config; one older than the window may have been running all the time. */
  created: number | undefined;
  /** Since when the endpoint has run what it runs. */
  since: number | undefined;
}

/** A window in which the shadow was there all the time. */
export interface WithShadow {
  metrics: Metrics;
  window: Window;
  note?: string;
  /** The shadow came up in the last minute, so that none is left: its requests are taken out, the window stays. */
  nothing?: true;
}

/**
 * A window and its metrics from the shadow's first whole minute on, where the shadow came up within it: before that,
 * there was nothing to compare production with, and a shadow that sees everything would seem to have missed requests.
 */
export function fromShadowOn({ metrics, window }: { metrics: Metrics; window: Window }, age: Age): WithShadow {
  const start = firstWhole(metrics, window, age);
  if (start <= 0) return { metrics, window };
  const from = metrics.times[start];
  if (from === undefined) {
    const readable = clock(window.to);
    return {
      metrics: { ...metrics, shadow: metrics.shadow && columns(metrics.shadow, (column) => column.map(() => null)) },
      window,
      note: `The shadow came up in the last minute of this window, so the window has no whole minute with the shadow: the first is available from ${readable} on.`,
      nothing: true,
    };
  }
  const later = (table: MetricTable) => columns(table, (column) => column.slice(start));
  return {
    metrics: {
      times: metrics.times.slice(start),
      production: later(metrics.production),
      shadow: metrics.shadow && later(metrics.shadow),
    },
    window: { from, to: window.to },
    note: `The shadow came up within the requested window; the report begins at ${clock(from)}, with the shadow's first whole minute.`,
  };
}

/** Place of the first minute in which the shadow was there from beginning to end, as far as the metrics show. */
function firstWhole({ times, production, shadow }: Metrics, window: Window, { created, since }: Age): number {
  const first = shadow?.invocations.findIndex((n) => (n ?? 0) > 0) ?? -1;
  const at = times[first];
  if (at === undefined) return 0;
  // In service in the middle of the minute of its first request: what production was asked before, it did not see.
  if (since !== undefined && since > at && since < at + MINUTE) return first + 1;
  const asked = production.invocations.map((n) => n ?? 0);
  const fresh = created !== undefined && created > window.from;
  if (!fresh || first === 0 || asked.slice(0, first).every((n) => n === 0)) return 0;
  // It was there before its first request, which may have been long in coming.
  const inService = since === undefined || since < created ? -1 : times.findIndex((time) => time >= since);
  if (inService >= 0 && inService <= first) return inService;
  // Where requests were coming in, it came up in the middle of its first minute.
  return (asked[first - 1] ?? 0) > 0 ? first + 1 : first;
}

function columns(
  table: MetricTable,
  change: (column: readonly (number | null)[]) => readonly (number | null)[],
): MetricTable {
  return Object.fromEntries(METRICS.map((name) => [name, change(table[name])])) as unknown as MetricTable;
}

function clock(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 16)} UTC`;
}
