import { HOUR } from '../base/units.ts';
import { MEMORY } from './template/template.ts';
import type { PipelineSpec } from './template/spec.ts';

/** What a pipeline costs a month, in US dollars, as an estimate for us-east-1; a free tier is not counted. */
export interface MonthlyCost {
  /** While nothing is under way: ticks of two seconds. */
  idle: number;
  /** While a release is always under way: ticks of half a minute. */
  busy: number;
}

const MONTH_MINUTES = 30 * 24 * 60;
/**
 * US dollars, us-east-1: a GB-second and a call of AWS Lambda, a request of S3 that writes or lists and one that reads, a metric that
 * GetMetricData is asked for, an alarm a month, a GB of log.
 */
const PRICES = {
  gbSecond: { arm64: 0.000_013_333_4, x86_64: 0.000_016_666_7 },
  call: 0.2e-6,
  list: 0.005e-3,
  read: 0.000_4e-3,
  metric: 0.01e-3,
  alarm: 0.1,
  logGb: 0.5,
} as const;
/**
 * What a tick does when nothing is under way, and when it judges: seconds, requests of S3 that write or list, those that read, metrics
 * asked for, bytes of log. Counted on a release of this program; for each hour of the window both sides' captures are listed.
 */
const TICK = {
  idle: { seconds: 2, list: 8, read: 10, metrics: 0, log: 500 },
  busy: { seconds: 30, list: 17, read: 60, metrics: 41, log: 3_000 },
} as const;
const LISTS_AN_HOUR = 2;

/**
 * @param timeBox of a release, in milliseconds: on the average a window is half as long
 */
export function monthlyCost(
  { everyMinutes, architecture }: Pick<PipelineSpec, 'everyMinutes' | 'architecture'>,
  timeBox: number,
): MonthlyCost {
  const ticks = MONTH_MINUTES / everyMinutes;
  const sum = ({ seconds, list, read, metrics, log }: Record<keyof (typeof TICK)['idle'], number>) =>
    2 * PRICES.alarm +
    ticks *
      ((MEMORY / 1024) * seconds * PRICES.gbSecond[architecture] +
        PRICES.call +
        list * PRICES.list +
        read * PRICES.read +
        metrics * PRICES.metric +
        (log / 1e9) * PRICES.logGb);
  const listed = TICK.busy.list + (LISTS_AN_HOUR * timeBox) / 2 / HOUR;
  return { idle: sum(TICK.idle), busy: sum({ ...TICK.busy, list: listed }) };
}
