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
/** US dollars, us-east-1: a GB-second and a request of AWS Lambda, a request of S3 that writes or lists, an alarm a month, a GB of log. */
const PRICES = {
  gbSecond: { arm64: 0.000_013_333_4, x86_64: 0.000_016_666_7 },
  call: 0.2e-6,
  s3: 0.005e-3,
  alarm: 0.1,
  logGb: 0.5,
} as const;
/** Requests of S3 that a tick makes when nothing is under way, and with a release; lines of log likewise, in bytes. */
const TICK = { idle: { seconds: 2, s3: 8, log: 500 }, busy: { seconds: 30, s3: 40, log: 3_000 } } as const;

/** Pure. */
export function monthlyCost({
  everyMinutes,
  architecture,
}: Pick<PipelineSpec, 'everyMinutes' | 'architecture'>): MonthlyCost {
  const ticks = MONTH_MINUTES / everyMinutes;
  const sum = ({ seconds, s3, log }: { seconds: number; s3: number; log: number }) =>
    2 * PRICES.alarm +
    ticks *
      ((MEMORY / 1024) * seconds * PRICES.gbSecond[architecture] +
        PRICES.call +
        s3 * PRICES.s3 +
        (log / 1e9) * PRICES.logGb);
  return { idle: sum(TICK.idle), busy: sum(TICK.busy) };
}
