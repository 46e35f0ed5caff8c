import { describe, expect, test } from 'vitest';
import { DIFFERENCE, mixtureBound, SHARE, windowInterval } from '../../../src/analysis/statistics/window.ts';
import { seededRandom } from '../../support/random.ts';

/**
 * Every number here comes from mpmath 1.4.1, 30 digits, from the definition and not from the closed form: with
 * rho = 100 / (2 log(1/.1) + log(1 + 2 log(1/.1))), a = rho / c**2,
 *   f = lambda l: (1 - c*l)**(a - 1) * exp(-a * (1 - c*l)); psi = lambda l: (-log(1 - c*l) - c*l) / c**2
 *   m = lambda s, v: quad(lambda l: exp(l*s - psi(l)*v) * f(l), [0, 1/c]) / quad(f, [0, 1/c])
 * the bound is the s at which m(s, v) is 1 / .05, by bisection.
 */
describe('the boundary, against the mixture integrated', () => {
  test.each([
    [1, 0.5, 10.499701027644],
    [1, 10, 13.447228575735],
    [1, 100, 30.238129620071],
    [1, 2500, 160.44569450244],
    [1, 100_000, 1166.4284561274],
    [2, 0.5, 12.473730723889],
    [2, 10, 15.606277914627],
    [2, 100, 33.020170220152],
    [2, 2500, 165.09115788774],
    [2, 100_000, 1177.6220086884],
  ])('scale %d, variance %d', (scale, v, bound) => {
    expect(mixtureBound(v, scale, 0.05) / bound).toBeCloseTo(1, 9);
  });

  test('of many rows it grows on, and is never narrower', () => {
    const widths = [1e6, 1e7, 1e9].map((v) => mixtureBound(v, 1, 0.05) / Math.sqrt(v));
    expect(widths).toEqual(widths.toSorted((a, b) => a - b));
    expect(widths[0]).toBeGreaterThan(mixtureBound(1e5, 1, 0.05) / Math.sqrt(1e5));
  });
});

/** The same reference, with V summed up row by row: each row less the mean of all earlier minutes. */
test('the interval of minutes is that of their rows', () => {
  const shares = [
    [55, 5],
    [40, 20],
    [60, 0],
    [58, 2],
  ].map(([hits = 0, misses = 0]) => ({ n: hits + misses, sum: hits, squares: hits }));
  const [low, high] = windowInterval(shares, SHARE, 0.05);
  expect(low).toBeCloseTo(0.80483050985644, 11);
  expect(high).toBeCloseTo(0.97016949014356, 11);
  const differences = [
    [3, 1],
    [0, 4],
    [6, 0],
  ].map(([more = 0, less = 0]) => ({ n: 60, sum: more - less, squares: more + less }));
  const [lost, won] = windowInterval(differences, DIFFERENCE, 0.05);
  expect(lost).toBeCloseTo(-0.071672242917744, 11);
  expect(won).toBeCloseTo(0.11611668736219, 11);
  expect(windowInterval([], SHARE, 0.05)).toEqual([0, 1]);
});

/** Chances that wander in long bursts, drift, or depend on the row before: what is bounded is their mean over the window. */
test.each(['bursts', 'drift', 'echo'] as const)(
  'it misses the window seldom, whatever the rows depend on: %s',
  (how) => {
    const random = seededRandom(7);
    const runs = 60;
    let missed = 0;
    for (let run = 0; run < runs; run += 1) {
      const minutes: { n: number; sum: number; squares: number }[] = [];
      let [expected, rows, log, out, last] = [0, 0, 0, false, 0];
      for (let minute = 0; minute < 120; minute += 1) {
        log = 0.98 * log + Math.sqrt(1 - 0.98 ** 2) * random.normal();
        let hits = 0;
        for (let row = 0; row < 20; row += 1) {
          const chance =
            how === 'bursts'
              ? Math.min(1, 0.1 * Math.exp(log))
              : how === 'drift'
                ? 0.02 + minute / 700
                : last === 1
                  ? 0.8
                  : 0.04;
          expected += chance;
          rows += 1;
          last = random.next() < chance ? 1 : 0;
          hits += last;
        }
        minutes.push({ n: 20, sum: hits, squares: hits });
        if (minute % 10 !== 9) continue;
        const [low, high] = windowInterval(minutes, SHARE, 0.05);
        // An asymmetric claim is wrong on one side only: each is allowed 5 %.
        out ||= expected / rows < low || expected / rows > high;
      }
      missed += out ? 1 : 0;
    }
    expect(missed / runs).toBeLessThan(0.1);
  },
);
