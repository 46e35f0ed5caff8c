import { gates, decides } from '../policy/policy.ts';
import type { SliceSums } from '../predictions.ts';
import { finestSlices } from '../slicing.ts';
import { count, counted, percent } from '../../base/units.ts';
import { hasComparator } from './comparator.ts';
import { confidence, insufficientData, windowTooShort } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { differenceAlone } from './expected.ts';
import { needsAdvice, NOTHING } from './needs.ts';
import { beyondNoise, noiseDominates } from './proportion.ts';
import { burstsIfMixed, judgePart, partsOf } from './slices.ts';
import type { Gate } from './verdict.ts';

/** A slice may differ so many times as often as all rows may: of a part, equal models differ more often than of the whole. */
const TIMES = 2;

/** So many slices are named; the report has all. */
const MAX_NAMED = 3;

/** A slice of the inputs in words: `column 1 = 3`, `size > 117.6`, `size in 52.1 … 84.4`, `another city than the most common`. */
export function sliceText({
  column,
  part,
  others,
}: {
  column: string;
  part: string;
  others?: true | undefined;
}): string {
  if (others) return `another ${column} than the most common`;
  if (/^[≤>] /.test(part)) return `${column} ${part}`;
  return part.includes(' … ') ? `${column} in ${part}` : `${column} = ${part}`;
}

/**
 * Where the policy demands nothing of slices: is there one in which the shadow is shown to differ from production much more than
 * elsewhere? Shown is that it differs twice as often as all rows may, at alpha divided by the number of slices, and more than the rest
 * does. It was found by looking, so it does not fail unless the answers should be the same; but
 * without labels nobody knows which model is right there, and rows of other slices do not make up for it. To find none proves nothing.
 */
export function judgeSlicesApart(evidence: Evidence): Gate[] {
  const { policy } = evidence;
  const { predictions } = evidence.observations;
  if (policy.slices !== undefined || predictions === undefined) return [];
  const known = (predictions.truth?.rows ?? 0) > 0;
  const alone = (!known || policy.expect?.kind === 'same') && !hasComparator(predictions, policy);
  const demanded = decides(policy, 'slices.apart');
  // What may fail says so where it does not, too: a failed gate stands until it passes.
  const told = demanded || (alone && policy.expect?.kind === 'same');
  const allowed = predictions.labels === undefined ? policy.numbers.share : 1 - policy.agreement;
  const margin = Math.max(0, 1 - TIMES * allowed);
  const base = {
    id: 'slices.apart',
    title: 'Does it differ much more somewhere?',
    test: 'rule' as const,
    gating: demanded || (alone && gates(policy, 'slices.apart')),
    unit: 'share' as const,
    margin,
    relation: '>' as const,
    of: 'rows' as const,
  };
  const parts = finestSlices(predictions) ?? [];
  if (parts.length === 0) {
    if (!demanded) return [];
    const nothing = { outcome: 'inconclusive' as const, estimate: undefined, interval: undefined, n: 0 };
    const reason =
      'The inputs could not be sliced: there are no captured inputs, fewer than 30 different ones in each slice, or columns of one value.';
    return [
      { ...base, ...nothing, reason, ...needsAdvice('inputs that are captured as CSV or JSON, and more of them') },
    ];
  }
  const { minutes, clustering, noise } = partsOf(predictions, evidence);
  const blocked = insufficientData(predictions, evidence) ?? noiseDominates({ noise, margin, below: false });
  const judged = parts
    .map((slice) => ({
      slice,
      ...judgePart(slice, parts.length, margin, {
        clustering,
        noise,
        policy,
        bursts: burstsIfMixed(slice, clustering, margin),
      }),
    }))
    .toSorted((a, b) => shareOf(a.slice) - shareOf(b.slice));
  const rest = (slice: SliceSums) => (clustering.hits - slice.hits) / Math.max(1, clustering.rows - slice.rows);
  const shown = judged.filter(
    ({ slice, outcome, interval }) => outcome === 'fail' && interval[1] < rest(slice) && blocked === undefined,
  );
  const [worst] = shown;
  const least = worst ?? judged[0];
  if (least === undefined) return [];
  const estimate = beyondNoise(shareOf(least.slice), { noise, below: false });
  const found = { estimate, interval: least.interval, n: least.slice.rows };
  if (worst === undefined) {
    if (!told) return [];
    const reason = `None of ${counted(parts.length, 'slices')} of the inputs is shown to differ much more than the others: ${sliceText(least.slice)} agrees least, ${percent(shareOf(least.slice))} of ${counted(least.slice.rows, 'rows')}.`;
    // Nothing is bounded from below.
    return [{ ...base, ...found, interval: undefined, outcome: 'pass', reason, ...NOTHING }];
  }
  const named = shown
    .slice(0, MAX_NAMED)
    .map(
      ({ slice }) =>
        `${sliceText(slice)} (${percent(shareOf(slice))} of ${counted(slice.rows, 'rows')} equal, elsewhere ${percent(rest(slice))})`,
    );
  const more = shown.length > MAX_NAMED ? `, and ${count(shown.length - MAX_NAMED)} more` : '';
  const reason = `It differs from production much more in some slices of the inputs: ${named.join(', ')}${more}. At most ${percent(worst.interval[1])} is equal in the first (${confidence(policy)}, corrected for the number of slices), and ${percent(margin)} is asked of every slice by itself.`;
  const tooShort = windowTooShort('fail', policy, [minutes], 'parts');
  const differing = worst.slice.rows - worst.slice.hits;
  const gate = differenceAlone(
    { ...base, ...found, outcome: tooShort === undefined ? 'fail' : 'inconclusive', reason, ...NOTHING },
    differing,
    evidence,
  );
  if (gate.outcome === 'fail') return [gate];
  // As much as is seen there, rounded down: a policy that says so has looked at it.
  const stated = Math.floor(worst.interval[0] * 20) / 20;
  const ways = [
    ...(known ? [] : [`labels of rows with ${sliceText(worst.slice)} (--labels)`]),
    ...(stated > 0 ? [`a policy that says how much of every slice must be equal (slices: ${stated})`] : []),
    "a waiver (--waive slices.apart --reason '…')",
  ];
  return [
    {
      ...gate,
      reason,
      ...needsAdvice(ways.join(', or ')),
    },
  ];
}

function shareOf({ rows, hits }: SliceSums): number {
  return hits / Math.max(1, rows);
}
