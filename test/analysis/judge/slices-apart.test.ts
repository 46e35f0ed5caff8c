import { expect, test } from 'vitest';
import { differenceAlone } from '../../../src/analysis/judge/expected.ts';
import { judge } from '../../../src/analysis/judge/judge.ts';
import { judgeSlicesApart, sliceText } from '../../../src/analysis/judge/slices-apart.ts';
import type { Gate } from '../../../src/analysis/judge/verdict.ts';
import type { Policy } from '../../../src/analysis/policy/policy.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import type { Predictions, SliceSums } from '../../../src/analysis/predictions.ts';
import { seededRandom } from '../../support/random.ts';
import { blocks, evidenceOf, numbersOf, observed, paired } from './by-hand.ts';

/** A slice that differs much more than the others keeps a shadow from passing: it was found by looking, so it does not fail. */

const MINUTES = 100;

/** Numbers in slices of one column, of which so many rows lie beyond the tolerance. */
function inSlices(counts: readonly [rows: number, beyond: number][], changed: Partial<Predictions> = {}): Predictions {
  const slices = counts.map(
    ([rows, beyond], i): SliceSums => ({ column: 'city', part: String(i), rows, hits: rows - beyond, inputs: rows }),
  );
  const [rows, beyond] = [0, 1].map((k) => counts.reduce((sum, one) => sum + (one[k] ?? 0), 0)) as [number, number];
  // As evenly as whole rows allow, so that minutes are no bursts.
  const upTo = (n: number, i: number) => Math.floor((n * i) / MINUTES);
  const list = blocks(MINUTES, (i) => {
    const own = upTo(rows, i + 1) - upTo(rows, i);
    return { rows: own, beyond: upTo(beyond, i + 1) - upTo(beyond, i), abs: 0.05 * own };
  });
  return paired(list, { kind: 'numbers', numbers: numbersOf({ rows, beyond }), rows, pairs: rows, slices, ...changed });
}

/** By answers alone: no latencies, no errors. */
const ANSWERS: Policy = { ...DEFAULT_POLICY, inform: ['latency', 'errors', 'traffic'] };

const CITY: readonly [number, number][] = [
  [5000, 40],
  [4000, 30],
  [2000, 15],
  [900, 380],
];

const gateOf = (predictions: Predictions, policy: Partial<Policy> = {}) =>
  judgeSlicesApart(evidenceOf(observed({ predictions }), policy))[0];

test('a slice in which it is shown to differ much more keeps it from passing, and the verdict names it', () => {
  const predictions = inSlices(CITY);
  const verdict = judge(observed({ predictions }), ANSWERS);
  expect(verdict?.outcome).toBe('inconclusive');
  expect(verdict?.gates.filter((gate) => gate.gating && gate.outcome !== 'pass').map(({ id }) => id)).toEqual([
    'slices.apart',
  ]);
  expect(verdict?.summary).toContain('city = 3');
  expect(gateOf(predictions)).toMatchObject({ test: 'rule', gating: true, n: 900, margin: 0.9 });
  // What it advises helps.
  expect(gateOf(predictions)?.needs).toContain('slices: 0.5)');
  expect(judge(observed({ predictions }), { ...ANSWERS, slices: 0.5, minimumBlocks: 2 })?.outcome).toBe('pass');
  const waivers = [{ gate: 'slices.apart', reason: 'the city is closed' }];
  expect(judge(observed({ predictions }), { ...ANSWERS, waivers })?.outcome).toBe('pass');
});

test('it fails where the answers should be the same, and informs where labels are there', () => {
  const predictions = inSlices(CITY);
  expect(gateOf(predictions, { expect: { kind: 'same' } })?.outcome).toBe('fail');
  expect(gateOf(predictions, { inform: ['slices'] })?.gating).toBe(false);
  const truth = { rows: 6000, of: 6000, unknown: 0, labels: undefined, numbers: undefined };
  expect(gateOf({ ...predictions, truth })).toMatchObject({ outcome: 'inconclusive', gating: false });
  expect(gateOf({ ...predictions, truth }, { decide: ['slices'] })).toMatchObject({ gating: true });
});

test('a gate that does not decide needs nothing, and one that does asks for no labels that are there', () => {
  const predictions = inSlices(CITY);
  const needs = (found: Predictions, policy: Partial<Policy> = {}) => {
    const gates = judge(observed({ predictions: found }), { ...ANSWERS, ...policy })?.gates ?? [];
    return gates.find(({ id }) => id === 'slices.apart');
  };
  expect(needs(predictions)?.needs).toContain('labels of rows with city = 3');
  expect(needs(predictions, { inform: [...ANSWERS.inform, 'slices'] })).toMatchObject({
    outcome: 'inconclusive',
    gating: false,
    needs: undefined,
    missing: undefined,
  });
  const gate = { ...(gateOf(predictions) as Gate), id: 'numbers.tolerance', outcome: 'fail' as const };
  const truth = { rows: 6000, of: 12_000, unknown: 0, labels: undefined, numbers: undefined };
  const alone = (known: Predictions['truth']) =>
    differenceAlone(gate, 465, evidenceOf(observed({ predictions: { ...predictions, truth: known } }))).needs;
  expect(alone(undefined)).toContain('labels of the 465 rows');
  expect(alone(truth)).toContain('labels of the 465 rows');
  expect(alone({ ...truth, rows: 12_000 })).not.toContain('labels of');
});

test('nothing is said where no slice is shown to, unless the policy asks for it', () => {
  const even: [number, number][] = [
    [5000, 100],
    [4000, 80],
    [3000, 60],
    // A few rows may differ by chance.
    [30, 5],
  ];
  expect(gateOf(inSlices(even))).toBeUndefined();
  expect(gateOf(inSlices(even), { decide: ['slices'] })).toMatchObject({ outcome: 'pass', test: 'rule', gating: true });
  expect(gateOf(inSlices(even, { slices: undefined }))).toBeUndefined();
  expect(gateOf(inSlices(even, { slices: undefined }), { decide: ['slices'] })).toMatchObject({
    outcome: 'inconclusive',
    gating: true,
  });
  // All alike is no slice apart.
  expect(gateOf(inSlices(CITY.map(([rows]) => [rows, Math.round(0.4 * rows)])))).toBeUndefined();
});

test('of shadows whose slices differ just as often as is allowed, at most one in twenty is held up', () => {
  const random = seededRandom(5);
  let held = 0;
  for (let trial = 0; trial < 200; trial += 1) {
    const counts = Array.from({ length: 12 }, (_, k): [number, number] => {
      const share = k < 11 ? 0.1 : 0.02;
      let beyond = 0;
      for (let i = 0; i < 500; i += 1) if (random.next() < share) beyond += 1;
      return [500, beyond];
    });
    if (gateOf(inSlices(counts)) !== undefined) held += 1;
  }
  expect(held).toBeLessThanOrEqual(10);
});

test('a slice in words', () => {
  expect(['3', '≤ 5', '> 5', '1 … 5'].map((part) => sliceText({ column: 'x', part }))).toEqual([
    'x = 3',
    'x ≤ 5',
    'x > 5',
    'x in 1 … 5',
  ]);
});
