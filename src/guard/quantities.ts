import { usageError } from '../base/errors.ts';
import { parseDuration, parsePercent, percent, SECOND } from '../base/units.ts';
import type { Size } from './strategy.ts';
import { type LatencyGrowth, type LatencyLimit, MAX_ANSWER_MS } from './thresholds.ts';

/** `2` or `10%`. @throws Problem 'usage' */
export function parseSize(flag: string, text: string): Size {
  const match = /^(\d+)(%?)$/.exec(text.trim());
  const value = Number(match?.[1]);
  if (match === null || !(value >= 1) || !Number.isSafeInteger(value)) {
    throw usageError(`${flag} ${text}: a size is a whole number of instances (2) or a whole percentage of them (10%).`);
  }
  if (match[2] === '%' && value > 100) throw usageError(`${flag} ${text}: that is more than 100 %.`);
  return { unit: match[2] === '%' ? 'percent' : 'instances', value };
}

/** `90s`, `10m`, `1h`, `1h30m` or `0`, as whole seconds: a number alone may have been meant as minutes. @throws Problem 'usage' */
export function parseSeconds(flag: string, text: string): number {
  const trimmed = text.trim();
  if (/^0+$/.test(trimmed)) return 0;
  if (/^\d+$/.test(trimmed))
    throw usageError(`${flag} ${text}: a duration needs a unit.`, `Write ${trimmed}s, ${trimmed}m or ${trimmed}h.`);
  const ms = parseDuration(trimmed);
  if (ms === undefined) throw usageError(`${flag} ${text}: a duration looks like 90s, 10m or 1h30m.`);
  const seconds = ms / SECOND;
  if (!Number.isInteger(seconds)) throw usageError(`${flag} ${text}: AWS accepts whole seconds only.`);
  return seconds;
}

/** `1%` or `0.01` as a share of requests above 0 and at most 1. @throws Problem 'usage' */
export function parseRate(flag: string, text: string): number {
  const rate = parsePercent(text) ?? (/^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : undefined);
  if (rate === undefined) throw usageError(`${flag} ${text}: a rate looks like 1% or 0.01.`);
  if (rate >= 1) {
    throw usageError(
      `${flag} ${text}: that is ${percent(rate)} of the requests, so no canary can exceed it.`,
      `Write a rate of one percent as 1% or 0.01.`,
    );
  }
  return rate;
}

/** `p99=250ms`, `avg=1s`. @throws Problem 'usage' */
export function parseLatencyLimit(flag: string, text: string): LatencyLimit {
  const [, statistic, limit = ''] = /^([a-z0-9.]+)=(\d.*)$/i.exec(text.trim()) ?? [];
  const milliseconds = parseDuration(limit.toLowerCase());
  if (statistic === undefined || milliseconds === undefined)
    throw usageError(`${flag} ${text}: a latency limit looks like p99=250ms or avg=1s.`);
  if (milliseconds <= 0 || milliseconds >= MAX_ANSWER_MS) {
    throw usageError(`${flag} ${text}: SageMaker gives a model 60 s to answer, so a limit lies between 0 and 60 s.`);
  }
  return { statistic: parseStatistic(flag, statistic), milliseconds };
}

/** `p99=20%`. @throws Problem 'usage' */
export function parseLatencyGrowth(flag: string, text: string): LatencyGrowth {
  const match = /^([a-z0-9.]+)=\+?(\d+(?:\.\d+)?)%$/i.exec(text.trim());
  if (match === null || Number(match[2]) <= 0)
    throw usageError(`${flag} ${text}: a permitted increase looks like p99=20%.`);
  return { statistic: parseStatistic(flag, match[1] ?? ''), share: Number(match[2]) / 100 };
}

function parseStatistic(flag: string, text: string): string {
  const lower = text.toLowerCase();
  if (lower === 'avg' || lower === 'average' || lower === 'mean') return 'Average';
  const rank = /^p(\d{1,2}(?:\.\d{1,2})?)$/.exec(lower)?.[1];
  if (rank === undefined || Number(rank) <= 0)
    throw usageError(`${flag}: ${text} is not a statistic of a latency; use avg, p50, p90, p99 or p99.9.`);
  return lower;
}
