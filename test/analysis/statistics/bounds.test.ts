import { describe, expect, test } from 'vitest';
import { distanceInterval, ksBand, wassersteinBand } from '../../../src/analysis/judge/distances.ts';
import { judgePart } from '../../../src/analysis/judge/slices.ts';
import { errorLost } from '../../../src/analysis/judge/loss.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import { labelSums } from '../../../src/analysis/compare/memory/label-counter.ts';
import {
  entropyBound,
  jensenShannonAtLeast,
  jensenShannonAtMost,
  slack,
  stabilityInterval,
} from '../../../src/analysis/statistics/divergence.ts';
import { jensenShannon } from '../../../src/analysis/statistics/distances.ts';
import {
  clopperPearson,
  meanDispersion,
  meanSkew,
  proportionSequence,
} from '../../../src/analysis/statistics/proportions.ts';
import { blockSequence, rowsHalfWidth, sequenceHalfWidth } from '../../../src/analysis/statistics/sequences.ts';
import { bowker, stuartMaxwell } from '../../../src/analysis/statistics/symmetry.ts';

const once = { ...DEFAULT_POLICY, looks: 'once' as const };

/** Stuart 1955: 7 477 women's unaided vision, right eye against left; with the values published for it. */
const VISION = [
  [1520, 266, 124, 66],
  [234, 1512, 432, 78],
  [117, 362, 1772, 205],
  [36, 82, 179, 492],
];

test('symmetry and agreement of a published table', () => {
  expect(bowker(VISION)).toMatchObject({ degrees: 6 });
  expect(bowker(VISION).statistic).toBeCloseTo(19.106550215266772, 10);
  expect(bowker(VISION).p).toBeCloseTo(0.003987419840428568, 10);
  expect(stuartMaxwell(VISION)).toMatchObject({ degrees: 3 });
  expect(stuartMaxwell(VISION)?.statistic).toBeCloseTo(11.956569622982554, 9);
  expect(stuartMaxwell(VISION)?.p).toBeCloseTo(0.007533425054800539, 10);
  const cells = VISION.flatMap((row, i) => row.map((count, j) => ({ production: `${i}`, shadow: `${j}`, count })));
  const agree = VISION.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  // po = trace / N; pe = (rows * columns).sum() / N**2; (po - pe) / (1 - pe); published: 0.595
  expect(labelSums(cells, 7477, agree)?.kappa).toBeCloseTo(0.5953888280894342, 10);
});

describe('sequences against numpy', () => {
  test('half-width, from the formula; and never narrower than the paper’s one-sided one', () => {
    // r = (-2 log a + log(-2 log a + 1)) / n*; s sqrt(2 (n r + 1) / (n² r) log(sqrt(n r + 1) / a)), and with
    // log(1 + sqrt(n r + 1) / (2 a)) in its place (arXiv 2103.06476, one-sided)
    const golden: [number, number, number, number, number, number][] = [
      [8, 1, 0.05, 12, 1.0788064843486187, 0.9845838221438242],
      [36, 0.3, 0.025, 12, 0.16688309678594987, 0.15591692430787826],
      [300, 2, 0.05, 300, 0.35047574552810035, 0.3209490192564886],
      [21_600, 0.7, 0.025, 300, 0.01777514982658414, 0.016868561005644357],
    ];
    for (const [n, s, alpha, tuned, half, oneSided] of golden) {
      expect(sequenceHalfWidth(n, s, alpha, tuned)).toBeCloseTo(half, 12);
      expect(sequenceHalfWidth(n, s, alpha, tuned)).toBeGreaterThan(oneSided);
    }
  });

  test('blocks of minutes that hang together: doubled, and widened by an AR(1) as its own covariances say', () => {
    // e = modf(|sin((i + 1) 12.9898) 43758.5453|) - .5; x[i] = .7 x[i - 1] + e[i]; blocks by reshape(-1, size).mean(1);
    // correlation r of neighbouring block means from the 2m × 2m matrix phi ** |i - j|, phi + (1 + 3 phi) / n; times 1 + r / 4
    const minutes: number[] = [];
    for (let i = 0; i < 400; i += 1) {
      const noise = Math.abs(Math.sin((i + 1) * 12.9898) * 43758.5453) % 1;
      minutes.push(0.7 * (minutes[i - 1] ?? 0) + noise - 0.5);
    }
    const found = blockSequence(minutes, { alpha: 0.05, blockMinutes: 10, minimumBlocks: 8, looks: 'always' as const });
    expect(found).toMatchObject({ minutes: 20, blocks: 20, missing: 0 });
    expect(found.estimate).toBeCloseTo(-0.013171438239671355, 9);
    expect(found.deviation).toBeCloseTo(0.25798761822363425, 6);
    expect(found.interval?.[0]).toBeCloseTo(-0.1890984985469569, 6);
    expect(found.interval?.[1]).toBeCloseTo(0.1627556220676142, 6);
  });

  test('shares of effective numbers of rows, which are no whole numbers', () => {
    // k, m = 700 / 3.7, 750 / 3.7; stats.beta.ppf(.05, k, m - k + 1), stats.beta.ppf(.95, k + 1, m - k)
    const exact = clopperPearson(700 / 3.7, 750 / 3.7, 0.05);
    expect(exact).toEqual([expect.closeTo(0.8969668735480786, 9), expect.closeTo(0.9596613103850703, 9)]);
    // brentq of the log likelihood ratio against Beta(1/2, 1/2), at alpha = .05, .05 / 12, .0005
    const golden: [number, number, number, number, number][] = [
      [189.2, 202.7, 0.05, 0.8566831270338794, 0.9774145431113535],
      [85, 100, 0.05 / 12, 0.6747938337641068, 0.9543964839654953],
      [3, 10_000, 0.0005, 1.7527990607108427e-6, 0.0021310676413061522],
    ];
    for (const [k, n, alpha, low, high] of golden) {
      expect(proportionSequence(k, n, alpha)).toEqual([expect.closeTo(low, 9), expect.closeTo(high, 9)]);
    }
  });
});

test('one of twelve parts fails at alpha / 12 and passes at alpha (Holm, first step)', () => {
  const slice = { column: 'c', part: 'p', rows: 100, hits: 85, inputs: 100 };
  const clustering = { repeats: 1, correlation: 0, bursts: 1, rows: 1200, hits: 1020 };
  const judged = (margin: number) => judgePart(slice, 12, margin, { clustering, noise: undefined, policy: once });
  // stats.beta.ppf(1 - .05 / 12, 86, 15); stats.beta.ppf(.05, 85, 16)
  expect(judged(0.9)).toEqual({
    outcome: 'inconclusive',
    interval: [expect.closeTo(0.7784630916814886, 9), expect.closeTo(0.9298608348454723, 9)],
  });
  expect([0.92, 0.935].map((margin) => judged(margin).outcome)).toEqual(['inconclusive', 'fail']);
  expect([0.78, 0.77].map((margin) => judged(margin).outcome)).toEqual(['inconclusive', 'pass']);
  // Inputs that come ten times each, all of a kind, are a tenth of the rows.
  const copies = { ...slice, rows: 1000, hits: 850 };
  const alike = { repeats: 1, correlation: 1, bursts: 1, rows: 12_000, hits: 10_200 };
  const counted = judgePart(copies, 12, 0.9, { clustering: alike, noise: undefined, policy: once });
  expect(counted.interval[0]).toBeCloseTo(0.7784630916814886, 9);
});

test('sums per minute that scatter more than independent values', () => {
  const minutes = [
    [3, 10],
    [0, 10],
    [8, 20],
    [-2, 10],
    [5, 10],
    [1, 10],
    [0, 0],
    [2, 10],
  ].map(([loss = 0, truth = 0]) => ({ loss, truth }));
  // sum((a - b mean)**2 / b) / (.3**2 (minutes - 1)), empty minutes left out
  expect(meanDispersion(minutes, 0.2125, 0.3)).toBeCloseTo(7.1990740740740735, 10);
  expect(meanDispersion(minutes, 0.2125, 0.9)).toBe(1);
});

describe('bounds of distances', () => {
  test('Kolmogorov-Smirnov bands: for one look and for all', () => {
    // .85 sqrt((log(log(e n)) + .8 log(1612 / a)) / n); sqrt(log(2 / a) / (2 n)); a = .025
    const golden: [number, number, number][] = [
      [300, 0.16099188651398155, 0.08545980180445346],
      [20_000, 0.02015806048036144, 0.010466645397014605],
    ];
    for (const [n, always, single] of golden) {
      expect(ksBand(n, DEFAULT_POLICY)).toBeCloseTo(always, 12);
      expect(ksBand(n, once)).toBeCloseTo(single, 12);
    }
  });

  test('relative entropy of counted shares, from the formulas', () => {
    // (gammaln(n + k/2) - gammaln(n + .5) + gammaln(.5) - gammaln(k/2) + log(1/a)) / n;
    // brentq of t - f - f log(t / f) - log(1 / a), f = k - 1
    const golden: [number, number, number, number, number][] = [
      [1000, 10, 0.025, 0.03217819935534925, 0.019772476155134673],
      [20_000, 30, 0.025, 0.006133792385389145, 0.0023091555863520765],
      [50, 2, 0.05, 0.11053217355062145, 0.1148772903678098],
    ];
    for (const [n, bins, alpha, always, single] of golden) {
      expect(entropyBound(n, bins, alpha, 'always')).toBeCloseTo(always, 10);
      expect(entropyBound(n, bins, alpha, 'once')).toBeCloseTo(single, 10);
    }
  });

  test('and by counting every outcome: it is missed less often than alpha, and its regret is the largest', () => {
    const n = 20;
    const bounds = [entropyBound(n, 3, 0.05, 'once'), entropyBound(n, 3, 0.05, 'always')];
    for (const p of [
      [1 / 3, 1 / 3, 1 / 3],
      [0.1, 0.2, 0.7],
      [0.01, 0.01, 0.98],
    ] as const) {
      for (const bound of bounds) expect(missed(n, p, bound)).toBeLessThan(0.05);
    }
    // In the whole: regret + log(1 / alpha); alone with alpha = 1.
    expect(12 * entropyBound(12, 3, 1, 'always')).toBeCloseTo(3.2188758248681992, 10);
  });

  test('roots of the divergences add up', () => {
    expect(jensenShannonAtLeast(0.04, [0.0002, 0.0002])).toBeCloseTo(0.18 ** 2, 12);
    expect(stabilityInterval(0.04, [0.00005, 0.00005])).toEqual([
      expect.closeTo(0.18 ** 2, 12),
      expect.closeTo(0.22 ** 2, 12),
    ]);
    expect(jensenShannonAtLeast(0.9, [1, 1])).toBe(0);
    expect(stabilityInterval(0, [Number.POSITIVE_INFINITY, 1])).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  test('what a Jensen-Shannon divergence is at most: the expectation of its bets is nowhere above one', () => {
    // The bound is solved from its formula, at three sizes.
    for (const [counted, n] of [
      [0, 300],
      [0.001, 4800],
      [0.02, 20_000],
    ] as const) {
      const bound = jensenShannonAtMost(counted, n, 0.05);
      const stakes = Array.from({ length: 12 }, (_, i) => 0.7 / 1.5 ** i);
      const wealth = stakes.reduce(
        (sum, s) => sum + Math.exp(n * s * Math.LN2 * (slack(s) * (1 - s) * bound - counted)) / 12,
        0,
      );
      expect(wealth).toBeCloseTo(20, 6);
      for (const s of stakes)
        for (let t = -0.995; t <= 1; t += 0.005) {
          if (Math.abs(t) < 0.004) continue;
          const relative = 1 + (1 - s) * t - (1 + t) ** (1 - s);
          expect(relative).toBeGreaterThanOrEqual(slack(s) * s * (1 - s) * ((1 + t) * Math.log1p(t) - t) * (1 - 1e-9));
        }
    }
    expect(jensenShannonAtMost(0.9, 10, 0.05)).toBe(1);
    expect(jensenShannonAtMost(0, 0, 0.05)).toBe(1);
  });

  test('and by counting every outcome, also of rows whose two values are opposed: it is missed less often than alpha', () => {
    // Two bins; each row says (0, 1), (1, 0) or twice the same: so much of what is counted on one side goes off on the other.
    for (const [up, down] of [
      [0.6, 0.3],
      [0.9, 0.05],
      [0.2, 0],
    ] as const)
      for (const n of [12, 30]) {
        // Production's share of the first bin is down + the rest / 2 …, of which the shadow's lies `up - down` away.
        const rest = 1 - up - down;
        const [p, q] = [down + rest / 2, up + rest / 2];
        const truth = jensenShannon([p, 1 - p], [q, 1 - q]);
        expect(undercounted(n, [up, down, rest / 2, rest / 2], truth)).toBeLessThan(0.05);
      }
  });

  test('Wasserstein: pairs, the range and what was never seen', () => {
    const histogram = { low: -1, high: 3, production: [], shadow: [] };
    const distances = { ks: 0, wasserstein: 0.1, psi: 0, jensenShannon: 0 };
    const numbers = { rows: 5000, distances, histogram, mae: 0.2 };
    // half-width(5000, sqrt(4 × .2), .025, 300) + 4 × stats.beta.ppf(.975, 1, 5000), or the sequence's bound of 0 of 5 000
    expect(wassersteinBand(5000, numbers, once)).toBeCloseTo(0.047720907362722324, 9);
    expect(wassersteinBand(5000, numbers, DEFAULT_POLICY)).toBeCloseTo(0.051580981200107734, 9);
    const interval = distanceInterval('wasserstein', numbers, 1, once);
    expect(interval).toEqual([expect.closeTo(0.1 - 0.0477209, 6), expect.closeTo(0.1 + 0.0477209, 6)]);
  });
});

test('the mean error lost, from the formula', () => {
  // u = 5 log(20) 2 / 4000; r = (−2 log(.1) + log(1 − 2 log(.1))) / 3000; g = 2000 r + 1;
  // (.6 sqrt(2 g / (2000² r) log(1 + sqrt(g) / .1)) + 2 u / 3) / 1.5 around .03 / 1.5
  const losses = { loss: 0.03, deviation: 0.6, maeProduction: 1.5, maeShadow: 1.53, range: 5, n: 4000, factor: 2 };
  const [low, high] = errorLost(losses, DEFAULT_POLICY);
  expect((low + high) / 2).toBeCloseTo(0.02, 12);
  expect((high - low) / 2).toBeCloseTo(0.028383098166727166, 10);
});

test('a skewed mean error: the bound moves out where few rows bear the loss, and not on the other side', () => {
  const losses = { loss: 0.03, deviation: 0.6, maeProduction: 1.5, maeShadow: 1.53, range: 5, n: 4000, factor: 2 };
  const [low, high] = errorLost({ ...losses, skew: 0.002 }, DEFAULT_POLICY);
  // half-width without two thirds of u, k = half / (.6 / sqrt(2000)); .002 (1/6 + k²/3)
  const scatter = rowsHalfWidth(2000, 0.6, 0.05, 3000);
  const k = (scatter * Math.sqrt(2000)) / 0.6;
  expect(low).toBeCloseTo((0.03 - scatter) / 1.5, 12);
  expect(high).toBeCloseTo((0.03 + scatter + 0.002 * (1 / 6 + k ** 2 / 3)) / 1.5, 12);
});

test('how skewed a mean is: third moment over variance and n, by groups of minutes', () => {
  // Twenty minutes of three rows; one of them loses 20, so the mean is 1/3 a row: residuals 19 and 19 times -1.
  const minutes = Array.from({ length: 20 }, (_, i) => ({ loss: i === 7 ? 20 : 0, truth: 3 }));
  expect(meanSkew(minutes)).toBeCloseTo((19 ** 3 - 19) / (19 ** 2 + 19) / 60, 12);
  expect(meanSkew(minutes.map(({ loss, truth }) => ({ loss: -loss, truth })))).toBeCloseTo(-18 / 60, 12);
  expect(meanSkew([...minutes, { loss: 0, truth: 0 }])).toBeCloseTo(18 / 60, 12);
  expect(meanSkew(minutes.slice(1))).toBeUndefined();
  expect(meanSkew(minutes, 2)).toBeUndefined();
  expect(meanSkew(minutes.map(() => ({ loss: 3, truth: 3 })))).toBeUndefined();
});

/**
 * Chance that the bound of n rows lies below the truth: rows say (0, 1), (1, 0), (0, 0) or (1, 1) with these chances. Every
 * number of each is counted.
 */
function undercounted(n: number, chances: readonly [number, number, number, number], truth: number): number {
  const factorials = [0];
  for (let i = 1; i <= n; i += 1) factorials.push((factorials[i - 1] ?? 0) + Math.log(i));
  let chance = 0;
  for (let a = 0; a <= n; a += 1)
    for (let b = 0; a + b <= n; b += 1)
      for (let c = 0; a + b + c <= n; c += 1) {
        const counts = [a, b, c, n - a - b - c];
        if (counts.some((count, i) => count > 0 && chances[i] === 0)) continue;
        const log = counts.reduce(
          (sum, count, i) => sum - (factorials[count] ?? 0) + (count === 0 ? 0 : count * Math.log(chances[i] ?? 1)),
          factorials[n] ?? 0,
        );
        // The first of a row's two values is production's.
        const [ours, theirs] = [b + (counts[3] ?? 0), a + (counts[3] ?? 0)];
        const counted = jensenShannon([ours, n - ours], [theirs, n - theirs]);
        if (jensenShannonAtMost(counted, n, 0.05) < truth) chance += Math.exp(log);
      }
  return chance;
}

/** Chance that n draws of three bins have a relative entropy to the truth above `bound`: every outcome, one by one. */
function missed(n: number, p: readonly [number, number, number], bound: number): number {
  const factorials = [0];
  for (let i = 1; i <= n; i += 1) factorials.push((factorials[i - 1] ?? 0) + Math.log(i));
  let chance = 0;
  for (let a = 0; a <= n; a += 1) {
    for (let b = 0; a + b <= n; b += 1) {
      const counts = [a, b, n - a - b];
      let [log, entropy] = [factorials[n] ?? 0, 0];
      for (const [i, count] of counts.entries()) {
        const q = p[i] ?? 1;
        log += count * Math.log(q) - (factorials[count] ?? 0);
        if (count > 0) entropy += (count / n) * Math.log(count / n / q);
      }
      if (entropy > bound) chance += Math.exp(log);
    }
  }
  return chance;
}
