import type { Datapoint } from './metrics.ts';

/**
 * A statistic of a datapoint by AWS's name: SampleCount, Sum, Average, Minimum, Maximum, IQM, or a function of the
 * distribution (p, tm, wm, tc, ts, PR), which is undefined when only statistic sets were put. Undefined too for a name
 * that is not a statistic: ask `isStatistic` first.
 */
export function statisticOf(point: Datapoint, statistic: string): number | undefined {
  switch (statistic) {
    case 'SampleCount':
      return point.count;
    case 'Sum':
      return point.sum;
    case 'Average':
      return point.count === 0 ? undefined : point.sum / point.count;
    case 'Minimum':
      return point.min;
    case 'Maximum':
      return point.max;
    default:
      return extended(point, statistic);
  }
}

/** True for a statistic GetMetricData and PutMetricAlarm know. */
export function isStatistic(name: string): boolean {
  return /^(SampleCount|Sum|Average|Minimum|Maximum)$/.test(name) || isExtendedStatistic(name);
}

/** True for what ExtendedStatistic may hold. */
export function isExtendedStatistic(name: string): boolean {
  return SHORT.test(name) || LONG.test(name) || name === 'IQM';
}

/** `p99`, `tm99.9`: from the bottom up to a percentile. */
const SHORT = /^(p|tm|wm|tc|ts)(100|\d{1,2}(?:\.\d{1,10})?)$/;
/** `TM(10%:90%)`, `PR(:300)`: bounds by percentile or by value, either may be left out. */
const LONG = /^(TM|WM|TC|TS|PR)\((\d+(?:\.\d+)?%?)?:(\d+(?:\.\d+)?%?)?\)$/;

function extended(point: Datapoint, statistic: string): number | undefined {
  if (statistic === 'IQM') return trimmed(point, 'tm', '25%', '75%');
  const short = SHORT.exec(statistic);
  if (short !== null) {
    const [, kind = '', upper = ''] = short;
    return kind === 'p' ? point.percentile(Number(upper)) : trimmed(point, kind, undefined, `${upper}%`);
  }
  const long = LONG.exec(statistic);
  if (long === null) return undefined;
  return trimmed(point, (long[1] as string).toLowerCase(), long[2], long[3]);
}

/**
 * Trimmed and winsorized statistics. Bounds are values, or percentiles when they end in `%`; the lower one excludes
 * what equals it where it is a value, as AWS describes (`TM(0.005:0.030)`: above 0.005, up to 0.030).
 */
function trimmed(
  point: Datapoint,
  kind: string,
  lower: string | undefined,
  upper: string | undefined,
): number | undefined {
  const values = point.values();
  if (values === undefined || point.count === 0) return undefined;
  const bound = (text: string | undefined, otherwise: number) => {
    if (text === undefined) return otherwise;
    return text.endsWith('%') ? (point.percentile(Number(text.slice(0, -1))) ?? otherwise) : Number(text);
  };
  const low = bound(lower, Number.NEGATIVE_INFINITY);
  const high = bound(upper, Number.POSITIVE_INFINITY);
  const lowIsValue = lower !== undefined && !lower.endsWith('%');
  const inside = values.filter(({ value }) => (lowIsValue ? value > low : value >= low) && value <= high);
  const count = inside.reduce((sum, entry) => sum + entry.count, 0);
  const sum = inside.reduce((total, entry) => total + entry.value * entry.count, 0);
  if (kind === 'tc') return count;
  if (kind === 'ts') return sum;
  if (kind === 'pr') return (100 * count) / point.count;
  if (kind === 'wm') {
    const pressed = values.reduce(
      (total, entry) => total + Math.min(high, Math.max(low, entry.value)) * entry.count,
      0,
    );
    return pressed / point.count;
  }
  return count === 0 ? undefined : sum / count;
}
