import type { Aws } from '../../aws/clients.ts';
import type { Metrics, MetricTable, Window } from '../observations.ts';
import { METRICS } from '../observations.ts';
import { minutesOf, readMetrics } from './metrics.ts';
import { MINUTE } from '../../base/units.ts';

/** Longer ago than this says little about now. */
const MAX_MINUTES = 360;

/**
 * Where to look for production without a shadow: as long as the shadow was seen, at most six hours, up to the moment
 * the endpoint config that holds the shadow was made: before that moment nobody can have run it.
 *
 * @param created of the endpoint config, milliseconds since the epoch
 * @returns undefined where the shadow saw no request, or the config's age is not known
 */
export function windowBefore(metrics: Metrics, created: number | undefined): Window | undefined {
  const first = metrics.shadow?.invocations.findIndex((n) => (n ?? 0) > 0) ?? -1;
  if (first < 0 || created === undefined) return undefined;
  const minutes = Math.min(MAX_MINUTES, metrics.times.length - first);
  const to = Math.floor(created / MINUTE) * MINUTE;
  return { from: to - minutes * MINUTE, to };
}

/** Production's metrics in that window, without the minutes in which an earlier shadow of the same name had requests. */
export async function readBefore(
  aws: Aws,
  endpoint: string,
  variants: { production: string; shadow: string },
  window: Window,
  signal?: AbortSignal,
): Promise<Metrics['before']> {
  const [production, shadow] = await readMetrics(aws, endpoint, [variants.production, variants.shadow], window, signal);
  if (production === undefined || shadow === undefined) return undefined;
  const alone = shadow.invocations.map((n) => (n ?? 0) === 0);
  const only = (column: readonly (number | null)[]) => column.map((value, i) => (alone[i] === true ? value : null));
  const table = Object.fromEntries(METRICS.map((name) => [name, only(production[name])])) as unknown as MetricTable;
  return { times: minutesOf(window), production: table };
}
