import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import type { Policy } from '../../src/analysis/policy/policy.ts';
import type { Random } from '../support/random.ts';
import { pair, told } from './labelled.ts';
import type { Row } from './labelled.ts';

test('labels only where production says yes: a shadow that is worse where it says no is not called better', () => {
  // 90 % right against 75 %: of production's no's it gets 40 % wrong that are right, and it mends all false yes's.
  const row = (random: Random, labelled: (says: string) => boolean) => {
    const one = pair(random, (right, says) => (says === 'yes' ? true : right && random.next() >= 0.45));
    return { ...one, labelled: labelled(String(one.production)) };
  };
  const some = told((random) => row(random, (says) => says === 'yes'));
  expect(some.gate('truth.accuracy')).toMatchObject({
    outcome: 'inconclusive',
    missing: { labels: expect.any(Number) },
  });
  expect(some.gate('truth.accuracy')?.reason).toContain('where production says no');
  const all = told((random) => row(random, () => true));
  expect(all.gate('truth.accuracy')).toMatchObject({ outcome: 'fail' });
});

test('600 labels of easy rows, and none where the models differ, say nothing', () => {
  const row = (random: Random) => {
    const one = pair(random, (right) => right && random.next() < 0.66);
    return { ...one, labelled: one.production === one.truth && one.shadow === one.truth && random.next() < 0.2 };
  };
  const { gate, truth } = told(row);
  expect(truth?.strata?.filter(({ differ }) => differ).map(({ labelled }) => labelled)).toEqual([0, 0]);
  expect(gate('truth.accuracy')).toMatchObject({ outcome: 'inconclusive' });
});

test('where labels were drawn by lot, they decide as before, and a better shadow passes', () => {
  const row = (random: Random) => {
    const one = pair(random, (right) => (right ? random.next() < 0.99 : random.next() < 0.65));
    return { ...one, labelled: random.next() < 0.3 };
  };
  const { gate } = told(row);
  expect(gate('truth.accuracy')).toMatchObject({ outcome: 'pass' });
  expect(gate('truth.accuracy')?.interval?.[1]).toBeLessThan(0);
});

test('a shadow that never says fraud fails at a base rate of 1.5 %, though it loses little accuracy', () => {
  const row = (random: Random, finds: number): Row => {
    const truth = random.next() < 0.015 ? 'fraud' : 'ok';
    const says = (chance: number) => (truth === 'fraud' && random.next() < chance ? 'fraud' : 'ok');
    return { production: says(0.8), shadow: finds === 0 ? 'ok' : says(finds), truth, labelled: true };
  };
  const never = told((random) => row(random, 0));
  expect(never.gate('truth.accuracy')?.outcome).not.toBe('fail');
  expect(never.gate('truth.recall')).toMatchObject({ outcome: 'fail', gating: true });
  expect(never.gate('truth.recall')?.reason).toContain('class fraud it finds 0 %');
  // One that finds as many does not fail; so few frauds keep nothing from passing.
  expect(told((random) => row(random, 0.8)).gate('truth.recall')).toMatchObject({ outcome: 'pass' });
});

test('each class is found as often where labels were drawn by lot, and where nothing has a label nothing is known', () => {
  const row = (random: Random, labelled: (differ: boolean) => boolean): Row => {
    const one = pair(random, (right) => (right ? random.next() >= 0.01 : random.next() < 0.09));
    return { ...one, labelled: labelled(one.production !== one.shadow) };
  };
  expect(told((random) => row(random, () => random.next() < 0.5)).gate('truth.recall')).toMatchObject({
    outcome: 'pass',
  });
  const differing = told((random) => row(random, (differ) => differ));
  expect(differing.gate('truth.accuracy')).toMatchObject({ outcome: 'pass' });
  expect(differing.gate('truth.recall')).toMatchObject({ outcome: 'inconclusive', missing: undefined, gating: false });
});

test('a model that is expected to be better must be, and by as much as is said', () => {
  // It mends 35 % of what production has wrong, and breaks 1 % of what is right: 2.6 points.
  const row = (random: Random): Row => ({
    ...pair(random, (right) => (right ? random.next() < 0.99 : random.next() < 0.35)),
    labelled: true,
  });
  const outcome = (expect: Policy['expect']) => told(row, { expect }).gate('truth.accuracy');
  expect(outcome({ kind: 'better' })).toMatchObject({ outcome: 'pass' });
  expect(outcome({ kind: 'better', by: 0.05 })).toMatchObject({ outcome: 'fail', margin: -0.05 });
  const same = told((random) => ({ ...row(random), shadow: 'yes', production: 'yes' }), { expect: { kind: 'better' } });
  expect(same.gate('truth.accuracy')?.outcome).not.toBe('pass');
  const blind = told((random) => ({ ...row(random), labelled: false }), { expect: { kind: 'better' } });
  expect(blind.gate('truth')).toMatchObject({ outcome: 'inconclusive', gating: true });
});

/** Chances of a class: production's are calibrated and blurred, and the shadow's follow from them; labels are 0 or 1. */
function chances(random: Random, shadow: (logit: number, clean: number) => number): Row {
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const clean = 1.2 * random.normal();
  const truth = random.next() < sigmoid(clean) ? 1 : 0;
  // What is known of the logit through noise of deviation .6, shrunk to its mean.
  const logit = (clean + 0.6 * random.normal()) * (1.44 / (1.44 + 0.36));
  return { production: sigmoid(logit), shadow: sigmoid(shadow(logit, clean)), truth, labelled: true };
}

test('chances that are too sure fail by their squares, though their mean absolute error is smaller', () => {
  const { gate, truth } = told((random) => chances(random, (logit) => 3 * logit));
  expect(truth?.numbers?.loss).toBeLessThan(0);
  expect(gate('truth.score')).toMatchObject({ outcome: 'fail' });
  expect(gate('truth.error')).toBeUndefined();
  // Both put the rows in the same order.
  expect(truth?.binary?.shadow).toBeCloseTo(truth?.binary?.production ?? 0, 9);
});

test('chances that are calibrated pass against those that are too sure, though their mean absolute error is greater', () => {
  const swapped = (random: Random) => {
    const row = chances(random, (logit) => 3 * logit);
    return { ...row, production: row.shadow, shadow: row.production };
  };
  const { gate, truth } = told(swapped);
  expect(truth?.numbers?.loss).toBeGreaterThan(0);
  expect(gate('truth.score')).toMatchObject({ outcome: 'pass' });
});

test('numbers that have labels only where the two models agree say nothing of the others', () => {
  const row = (random: Random, labelled: (apart: boolean) => boolean): Row => {
    const truth = 100 * random.next();
    const apart = random.next() < 0.1;
    const production = truth + random.normal();
    return { production, shadow: apart ? production + 60 : production, truth, labelled: labelled(apart) };
  };
  const easy = told((random) => row(random, (apart) => !apart));
  expect(easy.truth?.losses?.map(({ band, labelled }) => [band, labelled > 0])).toEqual([
    ['equal', true],
    ['above', false],
  ]);
  expect(easy.gate('truth.error')).toMatchObject({ outcome: 'inconclusive', missing: { labels: expect.any(Number) } });
  expect(told((random) => row(random, () => true)).gate('truth.error')).toMatchObject({ outcome: 'fail' });
});

test('numbers that have labels where the shadow lies near them say nothing of the others', () => {
  const row = (random: Random, labelled: (off: number) => boolean): Row => {
    const truth = 100 + 30 * random.normal();
    const off = 9 * random.normal();
    return { production: truth + 5 * random.normal(), shadow: truth + off, truth, labelled: labelled(off) };
  };
  const near = told((random) => row(random, (off) => Math.abs(off) < 6));
  expect(near.gate('truth.error')).toMatchObject({ outcome: 'inconclusive', missing: undefined });
  expect(told((random) => row(random, () => random.next() < 0.5)).gate('truth.error')).toMatchObject({
    outcome: 'fail',
  });
  // Those that lie far apart may have one more often.
  const equal = (random: Random, labelled: (d: number) => number): Row => {
    const truth = 100 + 30 * random.normal();
    const [p, s] = [random.normal(), 0.6 * random.normal()];
    return { production: truth + p, shadow: truth + s, truth, labelled: random.next() < labelled(Math.abs(p - s)) };
  };
  expect(told((random) => equal(random, (d) => (d > 1 ? 1 : 0.7))).gate('truth.error')).toMatchObject({
    outcome: 'pass',
  });
});

test('labels only where the shadow is right say nothing of the rest', () => {
  const row = (random: Random, labelled: (one: Omit<Row, 'labelled'>) => boolean) => {
    const one = pair(random, () => random.next() < 0.8);
    return { ...one, labelled: labelled(one) };
  };
  const { gate } = told((random) => row(random, ({ shadow, truth }) => shadow === truth));
  expect(gate('truth.accuracy')).toMatchObject({ outcome: 'inconclusive', missing: { labels: expect.any(Number) } });
  expect(gate('truth.accuracy')?.missing?.labels).toBeGreaterThan(100);
  // By lot, three of ten are enough to see that it is worse.
  const byLot = told((random) => row(random, () => random.next() < 0.3));
  expect(byLot.gate('truth.accuracy')).toMatchObject({ outcome: 'fail' });
});

test('what should be the same must agree, however right it is: labels do not take that from the verdict', () => {
  const right = (random: Random) => ({ ...pair(random, () => random.next() < 0.9), labelled: true });
  const decides = (changed: Partial<Policy>) => told(right, changed).gate('labels.agreement');
  expect(decides({})).toMatchObject({ gating: false });
  expect(decides({ expect: { kind: 'same' } })).toMatchObject({ gating: true, outcome: 'fail' });
});

describe('limits of what the shadow gets right, whatever production does', () => {
  const limits = (accuracy: number, recall: Readonly<Record<string, number>> = {}): Partial<Policy> => ({
    limits: { ...DEFAULT_POLICY.limits, accuracy, recall },
  });
  /** Right in 90 % of the rows of either class. */
  const row = (labelled: number) => (random: Random) => ({
    ...pair(random, () => random.next() < 0.9),
    labelled: random.next() < labelled,
  });
  const outcome = (labelled: number, accuracy: number, minutes = 250) =>
    told(row(labelled), limits(accuracy, { yes: accuracy }), minutes, 20);

  test.each<[string, number, number, string]>([
    ['below', 1, 0.85, 'pass'],
    ['above', 1, 0.95, 'fail'],
    ['close by', 1, 0.9, 'inconclusive'],
    ['below, with few labels by lot', 0.4, 0.8, 'pass'],
  ])('a limit %s', (_, labelled, accuracy, expected) => {
    const { gate } = outcome(labelled, accuracy);
    expect(gate('limits.accuracy')).toMatchObject({ outcome: expected, gating: true });
    expect(gate('limits.recall.yes')).toMatchObject({ outcome: expected, gating: true });
    expect(gate('limits.accuracy')).toMatchObject({ margin: accuracy, relation: '>' });
    const { estimate = 0, interval: [low, high] = [1, 0] } = gate('limits.accuracy') ?? {};
    expect(estimate).toBeCloseTo(0.9, 1);
    expect(low < estimate && estimate < high).toBe(true);
  });

  test('bursts of errors that both make are not seen: nothing is decided before 240 minutes, or without a label', () => {
    expect(outcome(1, 0.85, 200).gate('limits.accuracy')).toMatchObject({
      outcome: 'inconclusive',
      missing: { minutes: 40 },
    });
    expect(outcome(0, 0.85).gate('limits.accuracy')).toMatchObject({ outcome: 'inconclusive', n: 0 });
    const other = told(row(1), limits(0.85, { maybe: 0.5 }), 250, 20);
    expect(other.gate('limits.recall.maybe')).toMatchObject({
      outcome: 'inconclusive',
      n: 0,
      reason: 'No label is of class maybe, and at least 50 % of the rows of class maybe must be right.',
    });
    expect(other.gate('limits.recall.maybe')?.needs).not.toContain('--labels');
  });

  test('labels of the easy rows alone prove nothing', () => {
    const easy = (random: Random) => {
      const one = pair(random, () => random.next() < 0.6);
      return { ...one, labelled: one.shadow === one.truth };
    };
    const { gate } = told(easy, limits(0.85), 250, 20);
    expect(gate('limits.accuracy')?.outcome).not.toBe('pass');
  });
});
