import type { FlagSums, Predictions } from '../predictions.ts';
import { gates } from '../policy/policy.ts';
import type { Policy } from '../policy/policy.ts';
import { counted, percent, points } from '../../base/units.ts';
import { blockerNeeds, confidence, insufficientData, requiredSampleSize, windowTooShort } from './evidence.ts';
import type { Evidence, Minutes } from './evidence.ts';
import { needsRows, NOTHING, UNDECIDABLE } from './needs.ts';
import { pairedDifference } from './paired.ts';
import { hitsScatter } from './scatter.ts';
import { compare } from './verdict.ts';
import type { Gate } from './verdict.ts';
import { copiesOf } from '../statistics/repeats.ts';

/** Does it refuse more often than production? Another wording is no fault; a refusal where there was an answer is one. */
export function judgeFlags(predictions: Predictions, evidence: Evidence): Gate[] {
  const refusals = predictions.answers?.flags.find(({ name }) => name === 'refuses');
  return refusals === undefined ? [] : [refused(refusals, predictions, evidence)];
}

function minutesOf({ minutes }: FlagSums, who: 'onlyProduction' | 'onlyShadow'): Minutes {
  return minutes.map((minute) => ({ successes: minute[who], n: minute.rows }));
}

/** How much more often the shadow refuses: the rows where only it does, less those where only production does. */
function refused(sums: FlagSums, predictions: Predictions, evidence: Evidence): Gate {
  const { policy, minutes } = evidence;
  const { rows: n, production, shadow } = sums;
  const [onlyProduction, onlyShadow] = [minutesOf(sums, 'onlyProduction'), minutesOf(sums, 'onlyShadow')];
  const hits = (list: Minutes) => list.reduce((total, one) => total + one.successes, 0);
  // A model refuses a repeated input as before: at the worst, a thousand copies are one.
  const repeated = copiesOf(predictions.repeats?.agreement);
  const factor = Math.max(repeated, hitsScatter(onlyShadow, policy), hitsScatter(onlyProduction, policy));
  const bounds = (scale: number) =>
    pairedDifference(
      { first: hits(onlyShadow) * scale, second: hits(onlyProduction) * scale, n: n * scale, factor },
      policy,
    );
  const interval = bounds(1);
  const margin = policy.answers.refusals;
  const decided = compare(interval, margin);
  const blocker =
    insufficientData(predictions, evidence) ?? windowTooShort(decided, policy, [onlyShadow, onlyProduction]);
  const outcome = blocker === undefined ? decided : 'inconclusive';
  const missing =
    outcome === 'inconclusive'
      ? (requiredSampleSize(n, (rows) => compare(bounds(rows / n), margin) !== 'inconclusive') ?? n) - n
      : 0;
  return {
    id: 'answers.refusals',
    title: 'Does it refuse more often?',
    outcome,
    gating: gates(policy, 'answers.refusals'),
    unit: 'share',
    difference: true,
    estimate: (shadow - production) / n,
    interval,
    margin,
    relation: '<',
    n,
    of: 'rows',
    reason: reasonOf({ n, production, shadow, interval, margin }, policy, outcome, blocker?.reason),
    ...(outcome !== 'inconclusive'
      ? NOTHING
      : blocker !== undefined && blocker.missing === 0
        ? blockerNeeds(blocker)
        : Math.max(missing, blocker?.missing ?? 0) > 0
          ? needsRows({ about: missing, known: blocker?.missing ?? 0 }, predictions, minutes)
          : UNDECIDABLE),
  };
}

function reasonOf(
  seen: { n: number; production: number; shadow: number; interval: readonly [number, number]; margin: number },
  policy: Policy,
  outcome: Gate['outcome'],
  blocker: string | undefined,
): string {
  const { n, production, shadow, interval, margin } = seen;
  const facts = `It refuses ${percent(shadow / n)} of ${counted(n, 'answers')}, and production ${percent(production / n)}`;
  const sure = confidence(policy);
  if (blocker !== undefined) return `${facts}, but ${blocker}.`;
  const allowed = `the limit is ${points(margin)} more`;
  if (outcome === 'pass') return `${facts}; at most ${points(interval[1])} more (${sure}), and ${allowed}.`;
  if (outcome === 'fail') return `${facts}; at least ${points(interval[0])} more (${sure}), and ${allowed}.`;
  return `${facts}; the true difference is between ${points(interval[0])} and ${points(interval[1])} (${sure}), and ${allowed}.`;
}
