import type { Predictions } from '../../analysis/predictions.ts';
import { counted, dateAndTime, DAY, duration, MINUTE, number, percent, timeOfDay } from '../../base/units.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import { apartOf } from '../../analysis/judge/apart.ts';
import type { Report } from '../report.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

/**
 * What the evidence covers, and what of it is not known: the hours of which days, requests, pairs, labels. Nothing outside of
 * it was seen, whatever the verdict is.
 */
export function coveredText({ observations, summaries, policy }: Report): string {
  const { metrics, predictions, gap, days } = observations;
  const busy = metrics.times.filter((_, i) => (metrics.production.invocations[i] ?? 0) > 0);
  const answered = (predictions?.blocks ?? []).filter(({ rows }) => rows > 0).map(({ at }) => at);
  const times = busy.length > 0 ? busy : answered;
  const parts = [
    ...(days === undefined ? [] : [counted(days.length, 'days')]),
    ...(times.length === 0 || days !== undefined ? [] : [hours(times, busy.length > 0 ? 'traffic' : 'answers')]),
    ...(metrics.times.length === 0 ? [] : [counted(summaries.production.invocations, 'requests')]),
    ...(predictions === undefined
      ? ['no answers']
      : [observations.live === 'nothing' ? counted(predictions.rows, 'answers') : pairs(predictions)]),
    ...(predictions === undefined ? [] : [labels(predictions, policy)]),
    ...(gap === undefined
      ? []
      : [`without the shadow's captures from ${timeOfDay(gap.from)} to ${timeOfDay(gap.to)} UTC`]),
  ];
  return parts.join('; ');
}

function pairs({ pairs: n, coverage }: Pick<Predictions, 'pairs' | 'coverage'>): string {
  return `${counted(n, 'pairs')} of answers${coverage === undefined ? '' : ` (${percent(coverage)} of those expected)`}`;
}

function labels(predictions: Predictions, policy: Policy): string {
  const { truth } = predictions;
  if (truth === undefined) {
    const apart = apartOf(predictions, policy);
    return apart === undefined ? 'no labels' : `no labels: mean error up to ${number(apart.most, 3)} larger`;
  }
  return `${percent(truth.of === 0 ? 0 : truth.rows / truth.of)} labeled`;
}

/** `80 minutes of Tue 02:10 – 03:30 UTC with traffic` */
function hours(times: readonly number[], what: string): string {
  const [first = 0, last = first] = [times[0], times.at(-1)];
  const end = last + MINUTE;
  const day = (ms: number) => DAYS[new Date(ms).getUTCDay()] ?? '';
  const whole = end - first >= DAY;
  const span = whole
    ? `${duration(end - first)} from ${dateAndTime(first)} UTC`
    : `${day(first)} ${timeOfDay(first)} – ${day(first) === day(end - 1) ? '' : `${day(end)} `}${timeOfDay(end)} UTC`;
  return `${counted(times.length, 'minutes')} with ${what} (${span})`;
}
