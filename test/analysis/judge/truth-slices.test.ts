import { expect, test } from 'vitest';
import { labelsBySlice } from '../../../src/analysis/judge/labels-by-slice.ts';
import { judgeTruthSlices, sliceLosses } from '../../../src/analysis/judge/truth-slices.ts';
import type { Policy } from '../../../src/analysis/policy/policy.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import type { Predictions, SliceSums, TruthSums } from '../../../src/analysis/predictions.ts';
import { truthSlices } from '../../../src/report/content/differences.ts';
import { seededRandom } from '../../support/random.ts';
import { blocks, evidenceOf, numbersOf, observed, paired } from './by-hand.ts';

/** What labels say of single slices of the inputs: a model may be better in all, and much worse in one. */

const ROWS = 6000;

/** Rows of one slice, by their losses: the shadow's and production's. */
interface Part {
  part: string;
  losses: readonly (readonly [production: number, shadow: number])[];
}

/** Numbers or classes by parts of one column, all with a label. */
function told(parts: readonly Part[], of: 'numbers' | 'classes', prices?: TruthSums['prices']): Predictions {
  const slices = parts.map(({ part, losses }): SliceSums => {
    const sum = (value: (one: readonly [number, number]) => number) =>
      losses.reduce((total, one) => total + value(one), 0);
    const rows = losses.length;
    const truth = {
      rows,
      loss: sum(([a, b]) => b - a),
      lossSquared: sum(([a, b]) => (b - a) ** 2),
      production: sum(([a]) => a),
      near: rows,
    };
    return { column: 'city', part, rows, hits: rows, inputs: rows, truth };
  });
  const all = parts.flatMap(({ losses }) => losses);
  const sum = (value: (one: readonly [number, number]) => number) => all.reduce((total, one) => total + value(one), 0);
  const mean = sum(([a, b]) => b - a) / all.length;
  const deviation = Math.sqrt(sum(([a, b]) => (b - a - mean) ** 2) / all.length);
  const [production, shadow] = [sum(([a]) => a), sum(([, b]) => b)];
  const only = [sum(([a, b]) => (b > a ? 1 : 0)), sum(([a, b]) => (a > b ? 1 : 0))] as const;
  const each = all.length / 100;
  const list = blocks(100, () => ({
    truth: each,
    ...(of === 'numbers' ? { loss: mean * each } : { onlyProduction: only[0] / 100, onlyShadow: only[1] / 100 }),
  }));
  const truth: TruthSums = {
    rows: all.length,
    of: all.length,
    unknown: 0,
    labels:
      of === 'numbers'
        ? undefined
        : {
            production: all.length - production,
            shadow: all.length - shadow,
            onlyProduction: only[0],
            onlyShadow: only[1],
          },
    numbers:
      of === 'numbers'
        ? {
            maeProduction: production / all.length,
            maeShadow: shadow / all.length,
            loss: mean,
            lossDeviation: deviation,
          }
        : undefined,
    prices,
  };
  const numbers = of === 'numbers' ? { numbers: numbersOf() } : {};
  return paired(list, { kind: of === 'numbers' ? 'numbers' : 'labels', slices, truth, ...numbers });
}

const random = seededRandom(11);

/** So many rows whose production errs by 1 on average, and whose shadow errs `times` as much, each by its own noise. */
const noisy = (part: string, rows: number, times: number): Part => ({
  part,
  losses: Array.from({ length: rows }, () => {
    const error = Math.abs(random.normal());
    return [error, Math.abs(times * error + 0.2 * random.normal())] as const;
  }),
});

/** Classes: the share of rows that only production, or only the shadow, has right. */
const classes = (part: string, rows: number, lost: number, won: number): Part => ({
  part,
  losses: Array.from({ length: rows }, (_, i) =>
    i < lost * rows ? ([0, 1] as const) : i < (lost + won) * rows ? ([1, 0] as const) : ([0, 0] as const),
  ),
});

const VILLAS = [noisy('flats', 5000, 0.8), noisy('villas', 1000, 1.6)];

const gateOf = (predictions: Predictions, policy: Partial<Policy> = {}) =>
  judgeTruthSlices(predictions, evidenceOf(observed({ predictions }), policy))[0];

test('a slice in which it is shown to be worse is open, fails where the policy says so, and can be taken out', () => {
  const found = told(VILLAS, 'numbers');
  expect(found.truth?.numbers?.loss).toBeLessThan(0);
  const gate = gateOf(found);
  expect(gate).toMatchObject({ outcome: 'inconclusive', gating: true, test: 'rule', margin: 0.02, n: 1000 });
  expect(gate?.reason).toContain('city = villas');
  expect(gate?.interval?.[0]).toBeGreaterThan(0.02);
  expect(gate?.estimate).toBeCloseTo(0.6, 0);
  expect(gateOf(found, { decide: ['truth.slices'] })?.outcome).toBe('fail');
  expect(gateOf(found, { decide: ['slices'] })?.outcome).toBe('fail');
  expect(gateOf(found, { inform: ['truth.slices'] })?.gating).toBe(false);
  // A loss that the policy allows of all rows is allowed of each.
  expect(gateOf(found, { truth: 1 })).toBeUndefined();
});

test('classes, and prices', () => {
  const found = told([classes('flats', 5000, 0.01, 0.06), classes('villas', 1000, 0.12, 0.01)], 'classes');
  expect(gateOf(found)).toMatchObject({ outcome: 'inconclusive', difference: true, estimate: expect.closeTo(0.11, 9) });
  const dear: Part = { part: 'villas', losses: VILLAS[1]?.losses.map(([a, b]) => [5 + a, 15 + b] as const) ?? [] };
  const priced = told([classes('flats', 5000, 0.01, 0.06), dear], 'classes', { 'a→b': 20 });
  expect(gateOf(priced)).toMatchObject({ outcome: 'inconclusive', margin: 0.05 });
});

test('nothing is said of few labels, of older observations, of probabilities, or where no slice is shown to be worse', () => {
  const few = told([noisy('flats', 5901, 0.9), noisy('villas', 99, 3)], 'numbers');
  expect(gateOf(few)).toBeUndefined();
  expect(gateOf(few, { decide: ['slices'] })).toMatchObject({ outcome: 'pass' });
  const found = told(VILLAS, 'numbers');
  const older = found.slices?.map(({ truth, ...one }) => ({
    ...one,
    truth: truth && { rows: truth.rows, loss: truth.loss, lossSquared: truth.lossSquared },
  }));
  expect(gateOf({ ...found, slices: older })).toBeUndefined();
  const binary = { rows: ROWS, ones: 3000, production: 0.9, shadow: 0.9 };
  const chances = numbersOf({ histogram: { low: 0, high: 1, production: [1], shadow: [1] } });
  expect(gateOf({ ...found, numbers: chances, truth: found.truth && { ...found.truth, binary } })).toBeUndefined();
  expect(gateOf(told([noisy('flats', 5000, 1), noisy('villas', 1000, 1)], 'numbers'))).toBeUndefined();
});

test('of shadows that lose just as much as is allowed in every slice, at most one in twenty is held up', () => {
  let held = 0;
  for (let trial = 0; trial < 200; trial += 1) {
    const parts = Array.from({ length: 12 }, (_, k): Part => {
      let [lost, won] = [0, 0];
      for (let i = 0; i < 500; i += 1) {
        const lot = random.next();
        if (lot < 0.07) lost += 1;
        else if (lot < 0.12) won += 1;
      }
      return classes(String(k), 500, lost / 500, won / 500);
    });
    if (gateOf(told(parts, 'classes')) !== undefined) held += 1;
  }
  expect(held).toBeLessThanOrEqual(10);
});

test('the report has what both lose in each slice, and says of how many of the rows with a label', () => {
  const found = told(VILLAS, 'numbers');
  const section = truthSlices(found, DEFAULT_POLICY);
  expect(section?.notable).toBe(1);
  expect(section?.tables[0]?.rows[0]?.slice(0, 3)).toEqual(['city', 'villas', '1 000']);
  expect(section?.remark).not.toContain('of the others');
  const more = truthSlices({ ...found, truth: found.truth && { ...found.truth, rows: 60_000 } }, DEFAULT_POLICY);
  expect(more?.remark).toContain('6 000 of 60 000 rows');
  expect(truthSlices({ ...found, truth: undefined }, DEFAULT_POLICY)).toBeUndefined();
  expect(sliceLosses(found, DEFAULT_POLICY)?.of).toBe('distances');
});

/** Slices of one column: rows, those that are near, and labels among those and among the others. */
function labelled(
  parts: readonly (readonly [rows: number, near: number, labels: number, others: number])[],
): Predictions {
  const found = told(VILLAS, 'numbers');
  const slices = parts.map(([rows, near, labels, others], i): SliceSums => {
    const truth = { rows: labels + others, loss: 0, lossSquared: 0, production: 1, near: labels };
    return { column: 'city', part: String(i), rows, hits: near, inputs: rows, truth };
  });
  const of = slices.reduce((sum, { rows }) => sum + rows, 0);
  const rows = slices.reduce((sum, { truth }) => sum + (truth?.rows ?? 0), 0);
  return { ...found, slices, truth: found.truth && { ...found.truth, rows, of } };
}

test.each([
  [
    'none in one slice',
    [
      [5000, 4800, 4800, 200],
      [500, 400, 0, 0],
    ],
    true,
  ],
  [
    'a fifth in all',
    [
      [5000, 4800, 960, 40],
      [500, 400, 80, 20],
    ],
    false,
  ],
  [
    'none of the few that a slice has',
    [
      [5000, 4800, 960, 40],
      [5, 5, 0, 0],
    ],
    false,
  ],
  [
    'half as many in one slice',
    [
      [5000, 4800, 960, 40],
      [500, 400, 40, 10],
    ],
    false,
  ],
  [
    'all',
    [
      [5000, 4800, 4800, 200],
      [500, 400, 400, 100],
    ],
    false,
  ],
] as const)('labels by slice: %s', (_, parts, missing) => {
  const found = labelsBySlice(labelled(parts));
  expect(found !== undefined).toBe(missing);
  if (missing) expect(found?.reason).toContain('city = 1');
});

test('labels of classes may be missing where the models agree, and where they came by themselves rows without one stand apart', () => {
  const sums = { rows: 5500, agree: 5200, confusion: { labels: [], counts: [] }, classes: 2, kappa: 1 };
  const few = labelled([
    [5000, 4800, 960, 200],
    [500, 400, 0, 100],
  ]);
  expect(labelsBySlice(few)).toBeDefined();
  expect(labelsBySlice({ ...few, labels: sums })).toBeUndefined();
  const none = labelled([
    [5000, 4800, 960, 200],
    [500, 400, 80, 0],
  ]);
  expect(labelsBySlice({ ...none, labels: sums })?.reason).toContain('differ');
  const age = { age: 1, demanded: false, timed: true, young: 0, youngLabels: 0, late: 0, within: [] };
  expect(labelsBySlice({ ...none, labels: sums, truth: none.truth && { ...none.truth, age } })).toBeUndefined();
});
