import { describe, expect, test } from 'vitest';
import { dayEffect, outlyingDays, trendOf, worthOfDays } from '../../../src/analysis/statistics/days.ts';

const ROWS = [100, 200, 150, 120, 180, 90, 160];
const daysOf = (hits: readonly number[]) => ROWS.map((n, i) => ({ n, sum: hits[i] ?? 0 }));
const varianceOf = (hits: readonly number[]) => {
  const share = hits.reduce((sum, one) => sum + one, 0) / ROWS.reduce((sum, one) => sum + one, 0);
  return share * (1 - share);
};

describe('days against numpy 2.4 and scipy 1.17.1', () => {
  test('what days of unequal size are worth', () => {
    // sum(n) ** 2 / sum(n ** 2)
    expect(worthOfDays(daysOf([]))).toBeCloseTo(6.5359477124183005, 12);
    expect(worthOfDays([{ n: 5 }, { n: 5 }, { n: 5 }])).toBeCloseTo(3, 12);
    expect(worthOfDays([{ n: 1e6 }, { n: 1 }])).toBeCloseTo(1, 4);
  });

  // p = x.sum() / n.sum(); msb = ((x - n * p) ** 2 / n).sum() / (D - 1) / (p * (1 - p)); n0 = (N - (n ** 2).sum() / N) / (D - 1)
  // (1 + max(0, msb - 1) * (n ** 2).sum() / N / n0 * (1 + r) / (1 - r)) * (t.ppf(.95, worth - 1) / norm.ppf(.95)) ** 2
  test.each([
    ['alike', [10, 26, 12, 15, 16, 12, 13], 1.4384253904667421],
    ['unlike', [4, 50, 12, 30, 16, 25, 7], 18.970898294055864],
    ['each like the day before it', [5, 14, 18, 20, 40, 24, 50], 125.91422795070757],
  ])('how much less the rows of days count that are %s', (_, hits, effect) => {
    expect(dayEffect(daysOf(hits), varianceOf(hits), 0.05) / effect).toBeCloseTo(1, 5);
  });

  test('a line through the days', () => {
    const values = [0.02, 0.03, 0.025, 0.05, 0.04, 0.06, 0.07];
    const days = values.map((value, day) => {
      const n = ROWS[day] ?? 0;
      return { day, value, n, variance: (value * (1 - value)) / n };
    });
    const found = trendOf(days);
    // numpy.polyfit(day, value, 1, w=sqrt(n)) gives the slope; its error is of what the rows alone scatter, which is more here
    expect(found?.slope).toBeCloseTo(0.007902425650800283, 12);
    expect(found?.t).toBeCloseTo(2.459429796726657, 10);
    expect(found?.last).toBeCloseTo(0.06533630120890885, 12);
    expect(found?.degrees).toBe(5);
  });
});

test('one day says nothing about days; two days of very many rows, little', () => {
  expect(dayEffect([{ n: 5000, sum: 250 }], 0.05, 0.05)).toBe(5000);
  expect(dayEffect([], 0.05, 0.05)).toBe(1);
  const two = dayEffect(
    [
      { n: 5000, sum: 250 },
      { n: 5000, sum: 250 },
    ],
    0.05,
    0.05,
  );
  // (t.ppf(.95, 1) / norm.ppf(.95)) ** 2
  expect(two).toBeCloseTo(14.734, 2);
});

test('rows of a day that is most of all count hardly more than a day', () => {
  const days = [{ n: 100_000, sum: 5000 }, ...Array.from({ length: 6 }, () => ({ n: 100, sum: 20 }))];
  expect(dayEffect(days, 0.05, 0.05)).toBeGreaterThan(10_000);
});

test('a day that stands out is found, and days that do not are not', () => {
  const calm = [0.02, 0.021, 0.019, 0.02, 0.022, 0.018, 0.02];
  const of = (values: readonly number[]) =>
    values.map((value, day) => ({ day, value, n: 5000, variance: (value * (1 - value)) / 5000 }));
  expect(outlyingDays(of(calm), 0.05)).toEqual([]);
  expect(outlyingDays(of([...calm.slice(0, 6), 0.09]), 0.05).map(({ day }) => day)).toEqual([6]);
  // Of few rows the same value is chance.
  const small = of([...calm.slice(0, 6), 0.09]).map((one) =>
    one.day === 6 ? { ...one, n: 11, variance: (0.09 * 0.91) / 11 } : one,
  );
  expect(outlyingDays(small, 0.05)).toEqual([]);
});
