import { describe, expect, test } from 'vitest';
import { priceKey, priceOf } from '../../src/analysis/answers/prices.ts';
import { commonestOutcomes, MOST_OUTCOMES } from '../../src/analysis/answers/strata.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import type { Policy } from '../../src/analysis/policy/policy.ts';
import { readPolicy } from '../../src/analysis/policy/schema.ts';
import type { Random } from '../support/random.ts';
import { told } from './labelled.ts';
import type { Row } from './labelled.ts';

const COSTS = { 'fraud→ok': 100, 'ok→fraud': 1 };

/** One of ten is fraud; each model misses a share of it, and cries wolf. */
const frauds =
  (
    production: readonly [missed: number, cried: number],
    shadow: readonly [missed: number, cried: number],
    labelled: (row: Omit<Row, 'labelled'>, random: Random) => boolean = () => true,
  ) =>
  (random: Random): Row => {
    const truth = random.next() < 0.1 ? 'fraud' : 'ok';
    const lot = random.next();
    const says = ([missed, cried]: readonly [number, number]) => {
      if (truth === 'fraud') return lot < missed ? 'ok' : 'fraud';
      return lot > 1 - cried ? 'fraud' : 'ok';
    };
    const row = { production: says(production), shadow: says(shadow), truth };
    return { ...row, labelled: labelled(row, random) };
  };

const judged = (row: (random: Random) => Row, changed: Partial<Policy> = {}, minutes?: number, rate?: number) =>
  told(row, { costs: COSTS, ...changed }, minutes, rate);

describe('what mistakes cost decides in place of how many there are', () => {
  const row = frauds([0.2, 0.05], [0.32, 0.01]);
  const found = judged(row);

  test('more accurate, and more expensive: it misses more fraud and cries wolf less', () => {
    expect(found.gate('truth.accuracy')).toMatchObject({ outcome: 'pass', gating: false });
    expect(found.gate('truth.cost')).toMatchObject({ outcome: 'fail', gating: true });
    // Without costs, accuracy decides as before.
    const { gate } = told(row);
    expect(gate('truth.accuracy')).toMatchObject({ outcome: 'pass', gating: true });
    expect(gate('truth.cost')).toBeUndefined();
  });

  test('less accurate, and cheaper', () => {
    const cheaper = judged(frauds([0.2, 0.01], [0.12, 0.05]), { decide: ['truth.accuracy'] });
    expect(cheaper.gate('truth.cost')).toMatchObject({ outcome: 'pass', gating: true });
    expect(cheaper.gate('truth.cost')?.estimate).toBeLessThan(-0.5);
    expect(cheaper.gate('truth.accuracy')?.outcome).not.toBe('pass');
    expect(cheaper.gate('truth.accuracy')).toMatchObject({ gating: true });
    expect(cheaper.verdict?.outcome).not.toBe('pass');
  });

  test('the estimate is the difference of mean costs, and the margin a share of production’s', () => {
    const { outcomes = [], rows = 0 } = found.truth ?? {};
    const mean = (who: 'production' | 'shadow') =>
      outcomes.reduce((sum, one) => sum + one.rows * (priceOf(COSTS, one.truth, one[who]) ?? 0), 0) / rows;
    expect(found.gate('truth.cost')?.estimate).toBeCloseTo(mean('shadow') - mean('production'), 9);
    expect(found.gate('truth.cost')?.margin).toBeCloseTo(0.05 * mean('production'), 9);
    const better = judged(frauds([0.2, 0.05], [0.32, 0.01]), { expect: { kind: 'better', by: 0.1 } });
    expect(better.gate('truth.cost')?.margin).toBeCloseTo(-0.1 * mean('production'), 9);
  });

  test('labels that are missing where the shadow misses fraud count at their worst', () => {
    const easy = frauds([0.2, 0.05], [0.4, 0.01], ({ shadow, truth }) => shadow === truth);
    expect(judged(easy).gate('truth.cost')).toMatchObject({
      outcome: 'inconclusive',
      missing: { labels: expect.any(Number) },
    });
    const byLot = frauds([0.2, 0.01], [0.4, 0.01], (_, random) => random.next() < 0.3);
    expect(judged(byLot).gate('truth.cost')).toMatchObject({ outcome: 'fail' });
    // Of rows on which the models agree labels change little: without any, production's cost is that of the others.
    const differing = frauds([0.2, 0.01], [0.1, 0.02], ({ production, shadow }) => production !== shadow);
    expect(judged(differing).gate('truth.cost')).toMatchObject({ outcome: 'pass' });
  });

  test.each<[string, Record<string, number>, string]>([
    ['a class that is no class', { ...COSTS, 'froud→ok': 5 }, 'did you mean fraud'],
    ['a mistake without a price', { 'fraud→ok': 100 }, 'ok→fraud occurs and has no price'],
    ['a class that no label is', { ...COSTS, 'theft→ok': 5, 'theft→fraud': 0 }, 'class theft'],
  ])('%s is inconclusive, and named', (_, costs, words) => {
    const found = judged(frauds([0.2, 0.05], [0.1, 0.02]), { costs }, 90, 15);
    expect(found.gate('truth.cost')).toMatchObject({ outcome: 'inconclusive', gating: true });
    expect(found.gate('truth.cost')?.reason).toContain(words);
  });

  test('a class that occurs in answers and in no label', () => {
    const row = frauds([0.2, 0.05], [0.1, 0.02], ({ truth }) => truth === 'ok');
    expect(judged(row, {}, 90, 15).gate('truth.cost')?.reason).toContain('no row with a label is of class fraud');
  });

  test('any other mistake, by a star', () => {
    const found = judged(frauds([0.2, 0.05], [0.32, 0.01]), { costs: { 'fraud→ok': 100, '*→*': 1 } });
    expect(found.gate('truth.cost')).toMatchObject({ outcome: 'fail' });
  });

  test('without labels, or of numbers, nothing is known', () => {
    const blind = judged(
      frauds([0.2, 0.05], [0.1, 0.02], () => false),
      {},
      90,
      15,
    );
    expect(blind.gate('truth.cost')).toMatchObject({ outcome: 'inconclusive', gating: true });
    const numbers = judged(
      (random) => ({ production: random.next(), shadow: 0.5, truth: 0.25, labelled: true }),
      {},
      90,
      15,
    );
    expect(numbers.gate('truth.cost')).toMatchObject({ outcome: 'inconclusive', gating: true });
  });

  test('production that costs nothing, and sums at other prices', () => {
    const perfect = judged(frauds([0, 0], [0, 0]), {}, 90, 15);
    expect(perfect.gate('truth.cost')).toMatchObject({ outcome: 'inconclusive' });
    expect(perfect.gate('truth.cost')?.needs).toContain('limits.cost');
  });

  test.each<[number, string]>([
    [3, 'pass'],
    [0.5, 'fail'],
    [1.0, 'inconclusive'],
  ])('a limit of %d a row, of a shadow that costs 1.02', (cost, outcome) => {
    const found = judged(frauds([0.5, 0.1], [0.1, 0.02]), { limits: { ...DEFAULT_POLICY.limits, cost } }, 250, 40);
    expect(found.gate('limits.cost')).toMatchObject({ outcome, gating: true });
    expect(found.gate('limits.cost')?.estimate).toBeGreaterThan(0.9);
  });
});

describe('prices in a policy', () => {
  test('either arrow, classes as labels write them, the nearest price first', () => {
    expect(readPolicy({ costs: { 'a -> b': 2, '1.0→True': 3 } }, 'x').costs).toEqual({ 'a→b': 2, '1→true': 3 });
    const prices = { 'a→b': 1, 'a→*': 2, '*→b': 3, '*→*': 4, 'c→c': 5 };
    const found = ['a→b', 'a→c', 'c→b', 'b→c', 'c→c', 'a→a'].map((key) =>
      priceOf(prices, ...(key.split('→') as [string, string])),
    );
    expect(found).toEqual([1, 2, 3, 4, 5, 0]);
    expect(priceOf({}, 'a', 'b')).toBeUndefined();
    expect(['a', 'a→', '→b', 'a→b→c', 'a=>b'].map(priceKey)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test.each<[object, string]>([
    [{ costs: { 'b→a': 1, 'a→b': -1 } }, 'a number, 0 or greater'],
    [{ costs: { 'b→a': 1, 'a→b': '5' } }, 'a number, 0 or greater'],
    [{ costs: { fraud: 1 } }, 'a kind of mistake'],
    [{ costs: { 'a→b': 0 } }, 'at least one is above 0'],
    [{ costs: { 'a→b': 1, 'a->b': 2 } }, 'one price for each kind of mistake'],
    [{ limits: { cost: 1 } }, 'costs names no price'],
    [{ limits: { cost: 0 }, costs: COSTS }, 'above 0'],
  ])('%j is refused', (section, message) => {
    expect(() => readPolicy(section, 'x')).toThrow(message);
  });
});

test('more outcomes than are counted one by one stand together', () => {
  const all = Array.from({ length: MOST_OUTCOMES + 3 }, (_, i) => ({
    production: `p${i}`,
    shadow: 's',
    truth: 't',
    rows: i + 1,
  }));
  const kept = commonestOutcomes(all);
  expect(kept).toHaveLength(MOST_OUTCOMES + 1);
  expect(kept.at(-1)).toEqual({ production: '…', shadow: '…', truth: '…', rows: 1 + 2 + 3 });
  // What stands together stays together when windows are added.
  const twice = commonestOutcomes([...kept, ...kept]);
  expect(twice.at(-1)?.rows).toBe(12);
  expect(twice).toHaveLength(MOST_OUTCOMES + 1);
});
