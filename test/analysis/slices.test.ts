import { describe, expect, test } from 'vitest';
import { judge } from '../../src/analysis/judge/judge.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import { simulate } from './simulated.ts';
import { labelSums } from '../../src/analysis/compare/memory/label-counter.ts';
import type { Predictions } from '../../src/analysis/predictions.ts';
import { slicesOf } from '../../src/analysis/slicing.ts';
import { SliceCounter } from '../../src/analysis/compare/memory/slice-counter.ts';
import { benjaminiHochberg, slicesByClass, slicesByColumn } from '../../src/analysis/statistics/slices.ts';

test('Benjamini-Hochberg against scipy', () => {
  // stats.false_discovery_control([0.01, 0.04, 0.03, 0.005, 0.8])
  const golden = [0.025, 0.05, 0.05, 0.025, 0.8];
  for (const [i, value] of benjaminiHochberg([0.01, 0.04, 0.03, 0.005, 0.8]).entries())
    expect(value).toBeCloseTo(golden[i] ?? 0, 12);
});

test('a class in which the shadow goes astray stands out, the others do not', () => {
  const cells = [
    { production: 'sun', shadow: 'sun', count: 950 },
    { production: 'sun', shadow: 'rain', count: 50 },
    { production: 'rain', shadow: 'rain', count: 940 },
    { production: 'rain', shadow: 'sun', count: 60 },
    { production: 'fog', shadow: 'fog', count: 20 },
    { production: 'fog', shadow: 'sun', count: 80 },
  ];
  const sums = labelSums(cells, 2100, 1910);
  if (sums === undefined) throw new Error('no sums');
  const slices = slicesByClass(sums);
  expect(slices.find((slice) => slice.name === 'fog')).toMatchObject({ rows: 100, agree: 20 });
  expect(slices.find((slice) => slice.name === 'fog')?.adjusted).toBeLessThan(1e-6);
  // One class only is no slice of anything.
  const [only] = slicesByClass(labelSums([{ production: 'a', shadow: 'a', count: 5 }], 5, 5) ?? sums);
  expect(only?.adjusted).toBe(1);
});

test('a part of a column in which the shadow goes astray stands out; parts without fault do not', () => {
  const counter = new SliceCounter();
  const half = 2000;
  let hits = 0;
  for (let i = 0; i < 2 * half; i += 1) {
    // The shadow errs on every fourth input above 75 in the first column; the second is idle, the third alone in each row.
    const wrong = i % 100 > 75 && i % 4 === 0;
    counter.add(i, () => [
      ['age', String(i % 100)],
      ['kind', i % 3 === 0 ? 'a' : 'b'],
      ['id', `x${i}`],
    ]);
    if (!wrong) counter.hit(i);
    hits += wrong ? 0 : 1;
  }
  const slices = slicesOf(counter.columns());
  expect(slices?.map((slice) => slice.column).filter((name) => name === 'age')).toHaveLength(4);
  expect(slices?.some((slice) => slice.column === 'id')).toBe(false);
  const labels = { rows: 2 * half, agree: hits, confusion: { labels: [], counts: [] }, classes: 2, kappa: undefined };
  const found = slicesByColumn({ slices, labels } as unknown as Predictions);
  expect(found.filter((slice) => slice.adjusted < 0.05).map((slice) => [slice.column, slice.part])).toContainEqual([
    'age',
    '> 74.25',
  ]);
  expect(found.filter((slice) => slice.column === 'kind').every((slice) => slice.adjusted > 0.05)).toBe(true);
  // stats.chi2_contingency([[760, 240], [3000, 0]]) with Yates's correction is far out; of equal shares p is 1
  expect(found.find((slice) => slice.part === '> 74.25')?.p).toBeLessThan(1e-10);
});

test('the test of a part against the rest, against scipy', () => {
  const labels = { rows: 400, agree: 340, confusion: { labels: [], counts: [] }, classes: 2, kappa: undefined };
  const slices = [{ column: 'c', part: 'x', rows: 100, hits: 75, inputs: 100 }];
  const [found] = slicesByColumn({ slices, labels } as unknown as Predictions);
  // stats.chi2_contingency([[75, 25], [265, 35]]).pvalue
  expect(found?.p).toBeCloseTo(0.002125457444137551, 10);
});

describe('a policy that demands agreement everywhere', () => {
  const observations = simulate({ minutes: 240, rate: 20 });
  const gate = (slices: readonly [number, number][], demanded: number | undefined = 0.9) => {
    const parts = slices.map(([hits, rows], i) => ({ column: 'c', part: `p${i}`, rows, hits, inputs: rows }));
    const predictions = {
      ...(observations.predictions as Predictions),
      slices: slices.length === 0 ? undefined : parts,
    };
    // To differ fails only where the same is expected.
    const policy = { ...DEFAULT_POLICY, slices: demanded, expect: { kind: 'same' as const } };
    return judge({ ...observations, predictions }, policy)?.gates.find((one) => one.id === 'slices');
  };

  test('holds where every part holds, and names the worst', () => {
    const found = gate([
      [990, 1000],
      [970, 1000],
    ]);
    expect(found).toMatchObject({ outcome: 'pass', estimate: 0.97, gating: true });
    expect(found?.reason).toContain('c p1 agrees least of 2 slices');
  });

  test('fails where one part surely fails', () => {
    expect(
      gate([
        [990, 1000],
        [700, 1000],
      ])?.outcome,
    ).toBe('fail');
  });

  test('among many parts, one that looks bad by chance is not believed', () => {
    // Alone 76 of 100 fails 0.9 at alpha; as one of a thousand it does not.
    const bad: [number, number] = [76, 100];
    expect(gate([bad])?.outcome).toBe('fail');
    expect(gate([bad, ...Array.from({ length: 999 }, (): [number, number] => [1000, 1000])])?.outcome).toBe(
      'inconclusive',
    );
  });

  test('is no gate where nothing is demanded, and inconclusive where nothing could be cut', () => {
    expect(judge(observations, DEFAULT_POLICY)?.gates.some((one) => one.id === 'slices')).toBe(false);
    expect(gate([])?.outcome).toBe('inconclusive');
  });
});
