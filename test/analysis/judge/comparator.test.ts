import { expect, test } from 'vitest';
import { commandDigest } from '../../../src/analysis/answers/comparator.ts';
import { judge } from '../../../src/analysis/judge/judge.ts';
import type { Gate } from '../../../src/analysis/judge/verdict.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import type { Policy } from '../../../src/analysis/policy/policy.ts';
import type { ComparatorSums, ScoreSums } from '../../../src/analysis/predictions.ts';
import type { NoiseFloor } from '../../../src/base/noise-floor.ts';
import { meanBounds, proportionSequence } from '../../../src/analysis/statistics/proportions.ts';
import { blocks, observed, paired } from './by-hand.ts';

const COMMAND = 'python3 compare.py';

/** One number whose mean is `of` each minute, over so many pairs a minute of different inputs. */
function score(minutes: number, each: number, of: (minute: number) => number, name = 'comparator'): ScoreSums {
  const list = Array.from({ length: minutes }, (_, i) => ({ at: i * 60_000, rows: each, sum: each * of(i) }));
  const rows = minutes * each;
  const sum = list.reduce((total, minute) => total + minute.sum, 0);
  const squares = list.reduce((total, minute) => total + minute.sum ** 2 / each, 0);
  const repeats = {
    inputs: rows,
    rows,
    rowsSquared: rows,
    sum,
    sumSquared: squares,
    cross: sum,
    between: squares,
    squares,
  };
  return { name, rows, sum, least: 0, most: 1, minutes: list, repeats, lowest: [] };
}

function sums(scores: ScoreSums[], changed: Partial<ComparatorSums> = {}): ComparatorSums {
  const pairs = scores[0]?.rows ?? 0;
  return { command: COMMAND, digest: commandDigest(COMMAND), pairs, of: pairs, halvings: 0, scores, ...changed };
}

function gatesOf(
  comparator: ComparatorSums | undefined,
  answers: Partial<Policy['answers']> = {},
  policy: Partial<Policy> = {},
) {
  const minutes = 100;
  const predictions = paired(
    blocks(minutes, () => ({ agree: 0 })),
    comparator === undefined ? {} : { comparator },
  );
  const verdict = judge(observed({ predictions }), {
    ...DEFAULT_POLICY,
    ...policy,
    answers: { ...DEFAULT_POLICY.answers, command: COMMAND, ...answers },
  });
  const found = new Map(verdict?.gates.map((gate) => [gate.id, gate]));
  return { verdict, gate: (id: string) => found.get(`answers.${id}`) as Gate, all: found };
}

test('what it finds alike passes, though no label is equal; what it does not fails', () => {
  const good = gatesOf(sums([score(100, 60, (i) => 0.95 + (i % 2) / 100)]));
  expect(good.gate('comparator')).toMatchObject({ outcome: 'pass', gating: true, margin: 0.9, n: 6000, of: 'pairs' });
  expect(good.gate('comparator').estimate).toBeCloseTo(0.955, 9);
  expect(good.all.get('labels.agreement')).toMatchObject({ outcome: 'inconclusive', gating: false });
  const bad = gatesOf(sums([score(100, 60, () => 0.85)]));
  expect(bad.gate('comparator')).toMatchObject({ outcome: 'fail' });
  expect(bad.verdict?.outcome).toBe('fail');
});

test('decide takes equality back into the verdict', () => {
  const found = gatesOf(
    sums([score(100, 60, () => 1)]),
    {},
    { decide: ['labels.agreement'], expect: { kind: 'same' } },
  );
  expect(found.all.get('labels.agreement')).toMatchObject({ outcome: 'fail', gating: true });
});

test.each([
  ['it was not run', undefined, {}],
  ['there was no pair', sums([]), {}],
  ['another command was', sums([score(100, 60, () => 1)], { digest: commandDigest('other') }), {}],
])('nothing is proven where %s', (_, comparator, answers) => {
  expect(gatesOf(comparator, answers).gate('comparator')).toMatchObject({
    outcome: 'inconclusive',
    gating: true,
    n: 0,
  });
});

test('nor where it leaves out a number that has a margin', () => {
  const found = gatesOf(sums([score(100, 60, () => 1, 'tone')]), { margins: { faithful: 0.8, tone: 0.5 } });
  expect(found.gate('tone')).toMatchObject({ outcome: 'pass', margin: 0.5 });
  expect(found.gate('faithful')).toMatchObject({ outcome: 'inconclusive', gating: true });
});

test('nor in few minutes, nor where minutes differ by more than chance, though the values vary less than hits', () => {
  expect(gatesOf(sums([score(79, 60, () => 1)])).gate('comparator')).toMatchObject({ outcome: 'inconclusive' });
  // One value a minute, higher and lower by stretches of ten minutes: hits with that mean would hide it.
  const bursts = score(100, 60, (i) => (Math.floor(i / 10) % 2 === 0 ? 0.955 : 0.975));
  expect(gatesOf(sums([bursts])).gate('comparator')).toMatchObject({
    outcome: 'inconclusive',
    missing: { minutes: 140 },
  });
});

test('a sample widens the bounds, by its size and by each halving', () => {
  const width = (halvings: number, each: number, looks: Policy['looks'] = 'always') => {
    const found = gatesOf(sums([score(100, each, () => 0.95)], { of: 6000, halvings }), {}, { looks });
    const [low = 0, high = 0] = found.gate('comparator').interval ?? [];
    return high - low;
  };
  expect(width(0, 30)).toBeGreaterThan(width(0, 60));
  expect(width(1, 60)).toBeGreaterThan(width(0, 60));
  expect(width(5, 60, 'once')).toBe(width(0, 60, 'once'));
  expect(width(0, 60, 'once')).toBeLessThan(width(0, 60));
});

test('what is open asks for a larger sample, where more pairs would leave it as it is', () => {
  const found = gatesOf(sums([score(100, 2, () => 0.93)], { of: 6000, halvings: 4 }));
  expect(found.gate('comparator')).toMatchObject({ outcome: 'inconclusive', missing: undefined });
  const all = gatesOf(sums([score(100, 2, () => 0.93)]));
  expect(all.gate('comparator').missing?.pairs).toBeGreaterThan(100);
});

test('what production misses against itself is given back, where the same command of the same model measured it', () => {
  const floor = (digest: string, missing = 600) => ({
    model: 'v1',
    window: { from: 0, to: 1 },
    pairs: 6000,
    scores: { digest, of: [{ name: 'comparator', missing, n: 6000, factor: 1 }] },
  });
  const gate = (noise: NoiseFloor) => {
    const predictions = paired(
      blocks(100, () => ({})),
      { comparator: sums([score(100, 60, () => 0.85)]) },
    );
    const policy = { ...DEFAULT_POLICY, answers: { ...DEFAULT_POLICY.answers, command: COMMAND } };
    return judge(observed({ predictions, noise }), policy)?.gates.find(({ id }) => id === 'answers.comparator');
  };
  const own = gate(floor(commandDigest(COMMAND)));
  expect(own).toMatchObject({ outcome: 'pass', estimate: expect.closeTo(0.95, 9) });
  expect(own?.interval?.[0]).toBeLessThan(0.95);
  expect(gate(floor(commandDigest('other')))).toMatchObject({ outcome: 'fail', estimate: expect.closeTo(0.85, 9) });
  // A floor as low as the margin would let anything pass.
  expect(gate(floor(commandDigest(COMMAND), 5700))).toMatchObject({ outcome: 'inconclusive' });
});

test('what holds in the window is said where every pair was compared, of numbers that are no shares of a sample', () => {
  const inWindow = (of: number, changed: Partial<ComparatorSums> = {}) =>
    gatesOf(sums([score(40, 60, () => of)], changed)).gate('comparator').inWindow;
  expect(inWindow(0.96)?.outcome).toBe('pass');
  expect(inWindow(0.8)?.outcome).toBe('fail');
  expect(inWindow(0.905)?.outcome).toBe('inconclusive');
  expect(inWindow(0.96, { of: 4800, halvings: 1 })).toBeUndefined();
});

test('bounds of a mean for one look are those of its relative entropy', () => {
  expect(meanBounds(50, 50, 0.05)).toEqual([expect.closeTo(0.05 ** (1 / 50), 9), 1]);
  expect(meanBounds(0, 50, 0.05)).toEqual([0, expect.closeTo(1 - 0.05 ** (1 / 50), 9)]);
  const [low, high] = meanBounds(40.5, 50, 0.05);
  for (const p of [low, high])
    expect(50 * (0.81 * Math.log(0.81 / p) + 0.19 * Math.log(0.19 / (1 - p)))).toBeCloseTo(Math.log(20), 6);
  const [wider, widest] = proportionSequence(40.5, 50, 0.05);
  expect(wider).toBeLessThan(low);
  expect(widest).toBeGreaterThan(high);
});
