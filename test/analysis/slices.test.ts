import { expect, test } from 'vitest';
import { labelSums } from '../../src/analysis/predictions/labels.ts';
import { benjaminiHochberg, slicesByClass } from '../../src/analysis/slices.ts';

test('Benjamini-Hochberg against scipy', () => {
  // stats.false_discovery_control([0.01, 0.04, 0.03, 0.005, 0.8])
  const golden = [0.025, 0.05, 0.05, 0.025, 0.8];
  for (const [i, value] of benjaminiHochberg([0.01, 0.04, 0.03, 0.005, 0.8]).entries())
    expect(value).toBeCloseTo(golden[i] ?? 0, 12);
});

test('a class in which the shadow goes astray stands out, the others do not', () => {
  const cells = [
    { ours: 'sun', theirs: 'sun', count: 950 },
    { ours: 'sun', theirs: 'rain', count: 50 },
    { ours: 'rain', theirs: 'rain', count: 940 },
    { ours: 'rain', theirs: 'sun', count: 60 },
    { ours: 'fog', theirs: 'fog', count: 20 },
    { ours: 'fog', theirs: 'sun', count: 80 },
  ];
  const sums = labelSums(cells, 2100, 1910);
  if (sums === undefined) throw new Error('no sums');
  const slices = slicesByClass(sums);
  expect(slices.find((slice) => slice.name === 'fog')).toMatchObject({ rows: 100, agree: 20 });
  expect(slices.find((slice) => slice.name === 'fog')?.adjusted).toBeLessThan(1e-6);
  // One class only is no slice of anything.
  const [only] = slicesByClass(labelSums([{ ours: 'a', theirs: 'a', count: 5 }], 5, 5) ?? sums);
  expect(only?.adjusted).toBe(1);
});
