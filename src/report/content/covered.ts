import type { Predictions } from '../../analysis/predictions.ts';
import { counted, dateAndTime, DAY, duration, MINUTE, number, percent, timeOfDay } from '../../base/units.ts';
import { apartOf } from '../../analysis/judge/apart.ts';
import type { Report } from '../report.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

/**
 * What the evidence covers, and what of it is not known: the hours of which days, requests, pairs, labels. Nothing outside of
 * it was seen, whatever the verdict is.
 */
export function coveredText({ observations, summaries }: Report): string {
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
      : [
          observations.live === 'nothing' ? counted(predictions.rows, 'answers') : pairs(predictions),
          labels(predictions),
        ]),
    ...(gap === undefined
      ? []
      : [`without the shadow's captures from ${timeOfDay(gap.from)} to ${timeOfDay(gap.to)} UTC`]),
  ];
  return parts.join('; ');
}

function pairs({ pairs: n, coverage }: Pick<Predictions, 'pairs' | 'coverage'>): string {
  return `${counted(n, 'pairs')} of answers${coverage === undefined ? '' : ` (${percent(coverage)} of those expected)`}`;
}

function labels({ truth }: Predictions): string {
  return truth === undefined ? 'no labels' : `${percent(truth.of === 0 ? 0 : truth.rows / truth.of)} labeled`;
}

/**
 * Of numbers without labels, how much worse the shadow may be all the same: a mean error grows by no more than the numbers lie
 * apart on average. Undefined where labels tell, or answers are no numbers.
 */
export function errorText({ observations: { predictions }, policy }: Report): string | undefined {
  if (predictions === undefined || predictions.truth !== undefined) return undefined;
  const apart = apartOf(predictions, policy);
  return (
    apart &&
    `the shadow's mean absolute error could be larger by up to ${number(apart.most, 3)}; without labels nobody knows`
  );
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
