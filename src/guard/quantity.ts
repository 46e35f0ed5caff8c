import { usage } from '../base/errors.ts';

/** A part of a fleet, as the user says it: `2` is two instances, `10%` is a share of them. */
export interface Size {
  unit: 'instances' | 'percent';
  /** A whole number of at least 1. */
  value: number;
}

/** A latency statistic with a limit: `p99=250ms`, `avg=1s`. */
export interface LatencyLimit {
  /** `Average` or a percentile in CloudWatch's spelling: `p99`, `p99.9`. */
  statistic: string;
  milliseconds: number;
}

/** A latency statistic with the growth it may have: `p99=20%`. */
export interface LatencyGrowth {
  statistic: string;
  /** 0.2 for 20 %. */
  share: number;
}

/** `2` or `10%`. @throws Problem 'usage' */
export function parseSize(flag: string, text: string): Size {
  const match = /^(\d+)(%?)$/.exec(text.trim());
  const value = Number(match?.[1]);
  if (match === null || !(value >= 1) || !Number.isSafeInteger(value)) {
    throw usage(`${flag} ${text}: a size is a whole number of instances (2) or a whole percentage of them (10%).`);
  }
  if (match[2] === '%' && value > 100) throw usage(`${flag} ${text}: more than 100 %.`);
  return { unit: match[2] === '%' ? 'percent' : 'instances', value };
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** `90s`, `10m`, `1h`, `1h30m` or `0`, as whole seconds: a number alone may have been meant as minutes. @throws Problem 'usage' */
export function parseSeconds(flag: string, text: string): number {
  const trimmed = text.trim();
  if (/^0+$/.test(trimmed)) return 0;
  if (/^\d+$/.test(trimmed))
    throw usage(`${flag} ${text}: a duration needs a unit.`, `Write ${trimmed}s, ${trimmed}m or ${trimmed}h.`);
  if (!/^(\d+(\.\d+)?[smh])+$/.test(trimmed)) throw usage(`${flag} ${text}: a duration looks like 90s, 10m or 1h30m.`);
  let seconds = 0;
  for (const [, number, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)([smh])/g))
    seconds += Number(number) * (SECONDS[unit ?? 's'] ?? 1);
  if (!Number.isInteger(seconds)) throw usage(`${flag} ${text}: AWS counts whole seconds.`);
  return seconds;
}

/** `1%` or `0.01` as a share of requests above 0 and at most 1. @throws Problem 'usage' */
export function parseRate(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim());
  if (match === null) throw usage(`${flag} ${text}: a rate looks like 1% or 0.01.`);
  const rate = match[2] === '%' ? Number(match[1]) / 100 : Number(match[1]);
  if (rate >= 1) {
    throw usage(
      `${flag} ${text}: that is ${percent(rate)} of the requests, so no canary could ever exceed it.`,
      `A rate of one per cent is written 1% or 0.01.`,
    );
  }
  return rate;
}

const MILLISECONDS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 };

/** SageMaker gives a container 60 s to answer (facts 7.2): no ModelLatency can be longer. */
export const LONGEST_ANSWER_MS = 60_000;

/** `p99=250ms`, `avg=1s`. @throws Problem 'usage' */
export function parseLatencyLimit(flag: string, text: string): LatencyLimit {
  const match = /^([a-z0-9.]+)=(\d+(?:\.\d+)?)(us|ms|s)$/i.exec(text.trim());
  if (match === null) throw usage(`${flag} ${text}: a latency limit looks like p99=250ms or avg=1s.`);
  const milliseconds = Number(match[2]) * (MILLISECONDS[(match[3] ?? 'ms').toLowerCase()] ?? 1);
  if (milliseconds <= 0 || milliseconds >= LONGEST_ANSWER_MS) {
    throw usage(`${flag} ${text}: SageMaker gives a model 60 s to answer, so a limit lies between 0 and 60 s.`);
  }
  return { statistic: parseStatistic(flag, match[1] ?? ''), milliseconds };
}

/** `p99=20%`. @throws Problem 'usage' */
export function parseLatencyGrowth(flag: string, text: string): LatencyGrowth {
  const match = /^([a-z0-9.]+)=\+?(\d+(?:\.\d+)?)%$/i.exec(text.trim());
  if (match === null || Number(match[2]) <= 0) throw usage(`${flag} ${text}: a permitted increase looks like p99=20%.`);
  return { statistic: parseStatistic(flag, match[1] ?? ''), share: Number(match[2]) / 100 };
}

function parseStatistic(flag: string, text: string): string {
  const lower = text.toLowerCase();
  if (lower === 'avg' || lower === 'average' || lower === 'mean') return 'Average';
  const rank = /^p(\d{1,2}(?:\.\d{1,2})?)$/.exec(lower)?.[1];
  if (rank === undefined || Number(rank) <= 0)
    throw usage(`${flag}: ${text} is no statistic of a latency; use avg, p50, p90, p99 or p99.9.`);
  return lower;
}

/** 0.0123 as `1.23 %`; up to three digits. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

/** 1234.5 ms as `1.23 s`, 12.34 as `12.3 ms`. */
export function showMilliseconds(ms: number): string {
  if (ms >= 1000) return `${Number((ms / 1000).toPrecision(3))} s`;
  return `${Number(ms.toPrecision(3))} ms`;
}

/** 330 as `5m30s`. */
export function showSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return `${h > 0 ? `${h}h` : ''}${m > 0 ? `${m}m` : ''}${s > 0 || whole === 0 ? `${s}s` : ''}`;
}

/** `1 instance`, `3 instances`. */
export function instances(count: number): string {
  return count === 1 ? '1 instance' : `${count} instances`;
}
