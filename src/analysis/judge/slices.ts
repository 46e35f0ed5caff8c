import type { SliceSums } from '../observations.ts';
import { gates } from '../policy.ts';
import { designEffect } from '../statistics/repeats.ts';
import { compare } from '../verdict.ts';
import type { Gate, Outcome } from '../verdict.ts';
import { shareInterval, tooLittle } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { count, percent } from './words.ts';

/**
 * Does the shadow agree everywhere? Where the policy demands it: every part of every column must hold, so that passing
 * needs no correction (intersection-union); that one of many fails is believed only at alpha divided by their number,
 * which is the first step of Holm's procedure and the only one that matters here.
 */
export function judgeSlices(evidence: Evidence): Gate[] {
  const { policy } = evidence;
  const predictions = evidence.observations.predictions;
  const margin = policy.slices;
  if (margin === undefined || predictions === undefined) return [];
  const base = {
    id: 'slices',
    title: 'Does it predict the same everywhere?',
    gating: gates(policy, 'slices'),
    unit: 'share' as const,
    margin,
    relation: '>' as const,
    of: 'rows' as const,
  };
  const { slices } = predictions;
  if (slices === undefined) {
    const reason =
      'The inputs could not be cut into parts: too many captures to do it in memory, no captured inputs, or columns of one value.';
    const nothing = { outcome: 'inconclusive' as const, estimate: undefined, interval: undefined, n: 0 };
    return [{ ...base, ...nothing, reason, needs: 'a shorter window, or inputs that are captured as CSV or JSON' }];
  }
  const obstacle = tooLittle(predictions, evidence);
  const factor = designEffect(
    predictions.labels === undefined ? predictions.repeats?.beyond : predictions.repeats?.agreement,
  );
  const judged = slices.map((slice) => {
    const bounds = (alpha: number) => shareInterval(slice.hits / factor, slice.rows / factor, alpha, policy);
    const holds = compare(bounds(policy.alpha), margin, false) === 'pass';
    const fails = compare(bounds(policy.alpha / slices.length), margin, false) === 'fail';
    return {
      slice,
      interval: bounds(policy.alpha),
      outcome: outcomeOf(fails, holds),
    };
  });
  const outcome: Outcome =
    obstacle !== undefined
      ? 'inconclusive'
      : judged.some((one) => one.outcome === 'fail')
        ? 'fail'
        : judged.every((one) => one.outcome === 'pass')
          ? 'pass'
          : 'inconclusive';
  const share = ({ slice }: { slice: SliceSums }) => slice.hits / slice.rows;
  const worst = judged.reduce((a, b) => (share(b) < share(a) ? b : a));
  const where = `${worst.slice.column} ${worst.slice.part}`;
  const open = judged.filter((one) => one.outcome === 'inconclusive').length;
  const facts = `Of ${count(slices.length)} parts of the inputs, the least equal is ${where}: ${percent(share(worst))} of ${count(worst.slice.rows)}`;
  return [
    {
      ...base,
      outcome,
      estimate: share(worst),
      interval: worst.interval,
      n: worst.slice.rows,
      reason:
        obstacle === undefined
          ? `${facts}, and ${percent(margin)} is demanded${outcome === 'inconclusive' ? `; ${open} parts are open` : ''}.`
          : `${facts}, but ${obstacle.reason}.`,
      needs: outcome === 'inconclusive' ? 'more different inputs in every part' : undefined,
    },
  ];
}

function outcomeOf(fails: boolean, holds: boolean): Outcome {
  if (fails) return 'fail';
  return holds ? 'pass' : 'inconclusive';
}
