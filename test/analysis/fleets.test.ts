import { expect, test } from 'vitest';
import { fleetChange } from '../../src/analysis/judge/fleets.ts';
import type { Metrics } from '../../src/analysis/observations.ts';

const found = (production: (number | null)[], shadow: (number | null)[]) =>
  fleetChange({ metrics: { instances: { production, shadow } } as unknown as Metrics });

test('fleets in proportion are not mentioned, whatever their sizes; minutes without a request say nothing', () => {
  expect(found([2, 2, 4, 4], [1, 1, 2, 2])).toBeUndefined();
  expect(found([2, null, 2, 4], [1, 1, 1, null])).toBeUndefined();
  expect(found([], [])).toBeUndefined();
  expect(fleetChange({ metrics: {} as unknown as Metrics })).toBeUndefined();
});

test('one that was scaled alone is: in how many minutes, and whom it flatters', () => {
  const sizes = { production: { least: 2, most: 4 }, shadow: { least: 2, most: 2 } };
  expect(found([2, 2, 2, 2.7, 4], [2, 2, 2, 2, 2])).toEqual({ ...sizes, minutes: 2, flattered: 0, of: 5 });
  expect(found([4, 4, 4, 2, null], [2, 2, 2, 2, 2])).toEqual({ ...sizes, minutes: 1, flattered: 1, of: 4 });
});
