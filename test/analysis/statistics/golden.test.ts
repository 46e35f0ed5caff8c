import { describe, expect, test } from 'vitest';
import { betaCdf, logGamma } from '../../../src/analysis/statistics/beta.ts';
import { jensenShannon, quantile, stabilityIndex } from '../../../src/analysis/statistics/distances.ts';
import { kolmogorovSmirnov, spread, wasserstein } from '../../../src/analysis/compare/memory/distances.ts';
import { studentQuantile } from '../../../src/analysis/statistics/beta.ts';
import {
  binomialTest,
  burstChance,
  clopperPearson,
  dispersion,
  mcnemar,
  proportionSequence,
} from '../../../src/analysis/statistics/proportions.ts';
import { designEffect } from '../../../src/analysis/statistics/repeats.ts';
import { InputCounter } from '../../../src/analysis/compare/memory/input-counter.ts';
import { sequenceHalfWidth } from '../../../src/analysis/statistics/sequences.ts';
import { bowker, chiSquaredAbove, stuartMaxwell } from '../../../src/analysis/statistics/symmetry.ts';

/** Every number here comes from scipy 1.17.1; the line that made it stands above it. */
describe('statistics against scipy', () => {
  test('log gamma', () => {
    // [special.gammaln(x) for x in [0.1, 1.5, 10, 1e6]]
    expect(logGamma(0.1)).toBeCloseTo(2.252712651734206, 12);
    expect(logGamma(1.5)).toBeCloseTo(-0.12078223763524526, 12);
    expect(logGamma(10)).toBeCloseTo(12.801827480081469, 11);
    expect(logGamma(1e6) / 12815504.569147611).toBeCloseTo(1, 13);
  });

  test('incomplete beta', () => {
    // [special.betainc(a, b, x) for a, b, x in [(2, 3, .4), (.5, .5, .1), (50, 1000, .06), (5000, 300000, .0165)]]
    expect(betaCdf(0.4, 2, 3)).toBeCloseTo(0.5248, 12);
    expect(betaCdf(0.1, 0.5, 0.5)).toBeCloseTo(0.20483276469913345, 12);
    expect(betaCdf(0.06, 50, 1000)).toBeCloseTo(0.9633980959256384, 10);
    expect(betaCdf(0.0165, 5000, 300_000)).toBeCloseTo(0.6797660305406892, 7);
  });

  test('Clopper-Pearson bounds', () => {
    // lo = stats.beta.ppf(a, k, n - k + 1); hi = stats.beta.ppf(1 - a, k + 1, n - k); a = .05; also stats.binomtest(7, 50).proportion_ci(.9)
    const golden: [number, number, number, number][] = [
      [0, 100, 0, 0.029513049607039925],
      [7, 50, 0.06759669900355719, 0.2469352017312092],
      [990, 1000, 0.9830968248794375, 0.9945648598552932],
      [50, 50, 0.9418449208830277, 1],
    ];
    for (const [k, n, low, high] of golden) {
      const interval = clopperPearson(k, n, 0.05);
      expect(interval[0]).toBeCloseTo(low, 10);
      expect(interval[1]).toBeCloseTo(high, 10);
    }
  });

  test('confidence sequence of a proportion', () => {
    // m = betaln(k+.5, n-k+.5) - betaln(.5, .5); brentq(lambda p: m - xlogy(k, p) - xlog1py(n-k, -p) - log(1/.05), …) on both sides of k/n
    const golden: [number, number, number, number][] = [
      [0, 1500, 0, 0.004804946295797656],
      [7, 50, 0.032336894890556515, 0.3403466764067344],
      [990, 1000, 0.9738355696235164, 0.997593531716404],
      [50, 50, 0.8953575228951821, 1],
    ];
    for (const [k, n, low, high] of golden) {
      const interval = proportionSequence(k, n, 0.05);
      expect(interval[0]).toBeCloseTo(low, 9);
      expect(interval[1]).toBeCloseTo(high, 9);
    }
  });

  test('exact McNemar', () => {
    // [stats.binomtest(b, b + c).pvalue for b, c in [(5, 15), (10, 10), (40, 80), (0, 6)]]
    expect(mcnemar(5, 15)).toBeCloseTo(0.04138946533203125, 12);
    expect(mcnemar(10, 10)).toBe(1);
    expect(mcnemar(40, 80)).toBeCloseTo(0.00033040001839131815, 12);
    expect(mcnemar(0, 6)).toBeCloseTo(0.03125, 12);
    expect(mcnemar(0, 0)).toBe(1);
  });

  test('binomial test of a sample ratio', () => {
    // 2 * min(stats.binom.cdf(k, n, p), stats.binom.sf(k - 1, n, p)) for (480, 1000, .5), (4800, 10000, .5)
    expect(binomialTest(480, 1000, 0.5)).toBeCloseTo(0.2174482932041415, 10);
    expect(binomialTest(4800, 10_000, 0.5)).toBeCloseTo(6.593515598672343e-5, 12);
  });

  test('distances of distributions', () => {
    const a = [1.2, 0.4, 3.3, 2.2, 5, 0.4, 2.8].sort((x, y) => x - y);
    const b = [0.9, 1.5, 3.3, 4.1, 2].sort((x, y) => x - y);
    // stats.ks_2samp(a, b).statistic; stats.wasserstein_distance(a, b)
    expect(kolmogorovSmirnov(a, b)).toBeCloseTo(0.2857142857142857, 12);
    expect(wasserstein(a, b)).toBeCloseTo(0.5342857142857143, 12);
    // jensenshannon([10, 20, 30, 0], [5, 25, 20, 10], base=2) ** 2
    expect(jensenShannon([10, 20, 30, 0], [5, 25, 20, 10])).toBeCloseTo(0.10899675061441025, 12);
    // p = [.1, .2, .3, .4]; q = [.2, .2, .25, .35]; ((q - p) * log(q / p)).sum()
    expect(stabilityIndex([10, 20, 30, 40], [20, 20, 25, 35])).toBeCloseTo(0.0851073655269184, 12);
    // np.quantile(a, [.1, .5, .9]); np.std(a, ddof=1)
    expect(quantile(a, 0.1)).toBeCloseTo(0.4, 12);
    expect(quantile(a, 0.9)).toBeCloseTo(3.98, 12);
    expect(spread(a)).toMatchObject({ p50: 2.2, min: 0.4, max: 5 });
    expect(spread(a).deviation).toBeCloseTo(1.6777252172992765, 12);
  });

  test('half-width of the block sequence', () => {
    // the formula of shared statistics, in Python: al = .05, n = 10, s = .2, n* = 12
    expect(sequenceHalfWidth(10, 0.2, 0.05, 12)).toBeCloseTo(0.19219021418554644, 12);
  });

  test('quantiles of Student', () => {
    // scipy.stats.t.ppf(.95, [1, 7, 79])
    for (const [degrees, quantile] of [
      [1, 6.313751514675037],
      [7, 1.894578605061305],
      [79, 1.6643714],
    ] as const)
      expect(studentQuantile(0.95, degrees)).toBeCloseTo(quantile, 6);
  });

  test('dispersion: independent minutes 1, one burst many', () => {
    const even = Array.from({ length: 10 }, (_, i) => ({ successes: i % 2 === 0 ? 5 : 6, n: 100 }));
    expect(dispersion(even)).toBe(1);
    const burst = Array.from({ length: 10 }, (_, i) => ({ successes: i === 3 ? 55 : 0, n: 100 }));
    // stats.chi2_contingency without correction on [[55, 45], 9 × [0, 100]] = 523.8…; / 9 degrees of freedom
    expect(dispersion(burst)).toBeCloseTo(58.2, 1);
    expect(
      dispersion([
        { successes: 10, n: 10 },
        { successes: 12, n: 12 },
      ]),
    ).toBe(1);
  });

  test('bursts: the smallest p over single minutes and groups of them, times how many were asked', () => {
    const minutes = (hits: number[]) => hits.map((successes) => ({ successes, n: 20 }));
    // stats.chi2_contingency without correction: single minutes 9.07e-05, pairs of them 0.0899
    expect(burstChance(minutes([3, 9, 2, 8, 11, 4, 0, 5, 9, 6, 12, 3]))).toBeCloseTo(0.00018140277818968708, 12);
    // Single minutes 0.000799, pairs of them 0.000145
    expect(burstChance(minutes([9, 9, 8, 10, 9, 2, 3, 2, 1, 3, 9, 8]))).toBeCloseTo(0.00029086551116610208, 12);
    // Two hits a minute, or five minutes, are too little to see anything.
    expect(burstChance(minutes([8, 0, 0, 0, 8, 0, 0, 0, 8, 0]))).toBe(1);
    expect(burstChance(minutes([20, 0, 20, 0, 20]))).toBe(1);
  });

  test('design effect of repeated inputs', () => {
    const effect = (inputs: number[], values: number[]) => {
      const counter = new InputCounter();
      for (const [i, input] of inputs.entries()) counter.add(input, values[i] ?? 0);
      return designEffect(counter.sums());
    };
    const inputs = [0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 4, 4];
    // u = v - v.mean(); robust = sum(u[c == k].sum() ** 2 for k) / n / v.var(); within = sum of squares in c / (n - 5);
    // rho = max(0, 1 - within / v.var()); max(1, robust, 1 + rho * (sizes ** 2).sum() / n - rho), numpy
    expect(effect(inputs, [1, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0])).toBeCloseTo(1.3492063492063493, 12);
    expect(effect(inputs, [0.5, 0.6, 0.4, -1, -1.2, 0.1, 0, 0.2, 0.1, 2, 0.7, 0.9])).toBeCloseTo(2.800520469199099, 12);
    // A deterministic model: every input ten times is one tenth of the rows, whether anything differs or not.
    const tenfold = Array.from({ length: 1000 }, (_, i) => i % 100);
    const some = tenfold.map((input) => (input % 7 === 0 ? 1 : 0));
    expect(effect(tenfold, some)).toBeCloseTo(10, 10);
    expect(
      effect(
        tenfold,
        tenfold.map(() => 1),
      ),
    ).toBeCloseTo(10, 10);
    // No repeat, no effect.
    expect(effect([0, 1, 2], [1, 0, 1])).toBe(1);
  });

  test('chi-squared, Bowker, Stuart-Maxwell', () => {
    // stats.chi2.sf(x, k)
    const golden: [number, number, number][] = [
      [0.5, 1, 0.47950012218695337],
      [3.84, 1, 0.05004352124870519],
      [10, 4, 0.04042768199451279],
      [40, 10, 1.694474393006737e-5],
      [200, 100, 1.1784500720979781e-8],
      [0.01, 3, 0.9997348349413444],
    ];
    for (const [x, k, p] of golden) expect(chiSquaredAbove(x, k) / p).toBeCloseTo(1, 9);
    const counts = [
      [45, 5, 2],
      [10, 40, 3],
      [1, 9, 30],
    ];
    // sum((n - n.T)**2 / (n + n.T)) above the diagonal, stats.chi2.sf(…, 3); d @ np.linalg.solve(S, d), stats.chi2.sf(…, 2)
    expect(bowker(counts)).toMatchObject({ degrees: 3 });
    expect(bowker(counts).p).toBeCloseTo(0.1717971442967335, 10);
    expect(stuartMaxwell(counts)?.statistic).toBeCloseTo(2.1839080459770113, 10);
    expect(stuartMaxwell(counts)?.p).toBeCloseTo(0.33556016040293213, 10);
    // Ten copies of everything, and a design effect of ten, are the same evidence.
    const copies = counts.map((row) => row.map((n) => 10 * n));
    expect(bowker(copies, 10).p).toBeCloseTo(bowker(counts).p, 12);
    expect(stuartMaxwell(copies, 10)?.p).toBeCloseTo(0.33556016040293213, 10);
    expect(stuartMaxwell([[5]])).toBeUndefined();
    // A label that both always give alike is left out, instead of making the matrix singular.
    const idle = [
      [45, 5, 0],
      [10, 40, 0],
      [0, 0, 30],
    ];
    expect(stuartMaxwell(idle)).toMatchObject({ degrees: 1 });
    expect(stuartMaxwell(idle)?.statistic).toBeCloseTo(25 / 15, 12);
  });
});
