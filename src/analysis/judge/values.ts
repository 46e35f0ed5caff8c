import type { FieldValue, Predictions } from '../predictions.ts';
import { decides, gates } from '../policy/policy.ts';
import { counted, percent } from '../../base/units.ts';
import { clusteringOf, confidence, insufficientData } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { differenceAlone } from './expected.ts';
import { needsAdvice, NOTHING } from './needs.ts';
import { labelNoise } from './noise-floor.ts';
import { boundsOf } from './proportion.ts';
import type { Gate } from './verdict.ts';
import { copiesOf } from '../statistics/repeats.ts';

interface Shown {
  /** Where it stands. */
  path: string;
  by: 'production' | 'shadow';
  one: FieldValue;
  /** The share in which the other model has it, too, is at most this. */
  high: number;
}

/** Where names stand, by the kind of answers. */
const NAMES: Readonly<Record<string, string>> = {
  boxes: 'the labels of its boxes',
  spans: 'the names of its parts',
  labels: 'its labels',
  chat: 'the tools that it calls, and its short replies',
  text: 'its short texts',
  ranking: 'its first ten',
};

/** Of those that are ranked, the last may be others: then half of an item's rows are asked for. */
const OF_RANKED = 0.5;

/**
 * Is there a value of a field of JSON answers, or a label of boxes, a part, a tool, that one model gives and the other mostly does not? A flag that
 * is true in few rows hides in the agreement of all, as a rare class does in accuracy. Asked as classes are: shown is that fewer of its rows agree than `classes.agreement` of the
 * policy demands, at alpha divided by the number of values of all fields. To find none proves nothing.
 */
export function judgeValues(predictions: Predictions, evidence: Evidence, alone: boolean): Gate[] {
  const { policy } = evidence;
  const { fields = [], blocks, repeats } = predictions;
  const { kind = '', names = [] } = predictions.answers ?? {};
  const margin = kind === 'ranking' ? Math.min(OF_RANKED, policy.classes.agreement) : policy.classes.agreement;
  const listed = names.length === 0 ? [] : [{ path: NAMES[kind] ?? 'its names', ignored: false, values: names }];
  const asked = [...fields, ...listed]
    .filter(({ ignored, values = [] }) => !ignored && values.length > 0)
    .flatMap(({ path, values = [] }) =>
      values.flatMap((one) =>
        (['production', 'shadow'] as const).flatMap((by) => (one[by] > 0 ? [{ path, by, one }] : [])),
      ),
    );
  if (asked.length === 0 || insufficientData(predictions, evidence) !== undefined) return [];
  const minutes = blocks.map((block) => ({ successes: block.agree, n: block.rows }));
  const { factor } = clusteringOf(minutes, repeats?.agreement, policy);
  const rows = Math.max(factor, copiesOf(repeats?.agreement));
  const noise = labelNoise(evidence);
  const each = { ...policy, alpha: policy.alpha / asked.length };
  const shown = asked
    .map((one): Shown => {
      const n = one.one[one.by];
      return { ...one, high: boundsOf(one.one.both / rows, n / rows, { noise, below: false }, each)[1] };
    })
    .filter(({ high }) => high < margin)
    .toSorted((a, b) => a.high - b.high);
  const [worst] = shown;
  if (worst === undefined) return [];
  const { path, by, one, high } = worst;
  const n = one[by];
  const [who, other] = by === 'production' ? ['production', 'the shadow'] : ['the shadow', 'production'];
  const more = shown.length > 1 ? `; and so with ${counted(shown.length - 1, 'more values')}` : '';
  const gate: Gate = {
    id: 'output.values',
    title: 'Does it give every value of a field?',
    outcome: 'fail',
    test: 'rule',
    gating: alone ? gates(policy, 'output.values') : decides(policy, 'output.values'),
    unit: 'share',
    estimate: one.both / n,
    interval: [0, high],
    margin,
    relation: '>',
    n,
    of: 'rows',
    reason: `In ${path}, ${who} says ${one.value} in ${counted(n, 'rows')}, and in ${percent(one.both / n)} of them ${other} says so, too, and both answer alike; at most ${percent(high)} (${confidence(policy)}, corrected for ${counted(asked.length, 'values')}), and at least ${percent(margin)} is required${more}.`,
    ...NOTHING,
  };
  const found = differenceAlone(gate, n - one.both, evidence);
  if (found.outcome === 'fail') return [gate];
  return [
    {
      ...found,
      reason: gate.reason,
      ...needsAdvice(
        names.length > 0
          ? `a comparator of your own (--comparator), a policy that asks for less of each name (classes: { agreement: … }), or a waiver (--waive output.values)`
          : `labels of the ${counted(n - one.both, 'rows')} that differ there, a policy that leaves ${path} out (answers: { ignore: [${path}] }), or one that asks for less of each value (classes: { agreement: … })`,
      ),
    },
  ];
}
