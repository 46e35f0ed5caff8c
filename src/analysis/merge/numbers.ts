import type { NumberSums, Spread } from '../predictions.ts';

const POINTS = 2_000;

/** Mean and standard deviation of two samples together (Chan, Golub and LeVeque 1979). */
export function mergeMoments(
  a: { n: number; mean: number; deviation: number },
  b: { n: number; mean: number; deviation: number },
): { mean: number; deviation: number } {
  const n = a.n + b.n;
  const mean = (a.n * a.mean + b.n * b.mean) / n;
  const squares = (one: typeof a) => Math.max(0, one.n - 1) * one.deviation ** 2;
  const between = ((a.mean - b.mean) ** 2 * a.n * b.n) / n;
  return { mean, deviation: n > 1 ? Math.sqrt((squares(a) + squares(b) + between) / (n - 1)) : 0 };
}

/** Numbers of two windows. Quantiles, distances and the histogram are not exact: see `MERGED` in merge.ts. */
export function mergeNumbers(a: NumberSums, b: NumberSums): NumberSums {
  const n = a.rows + b.rows;
  const weighted = (of: (one: NumberSums) => number) => (a.rows * of(a) + b.rows * of(b)) / n;
  const spread = (side: 'production' | 'shadow'): Spread => {
    const [x, y] = [a[side], b[side]];
    const moments = mergeMoments({ n: a.rows, ...x }, { n: b.rows, ...y });
    const between = (name: 'p10' | 'p50' | 'p90') => weighted((one) => one[side][name]);
    return {
      ...moments,
      min: Math.min(x.min, y.min),
      p10: between('p10'),
      p50: between('p50'),
      p90: between('p90'),
      max: Math.max(x.max, y.max),
    };
  };
  const [production, shadow] = [spread('production'), spread('shadow')];
  const difference = mergeMoments(
    { n: a.rows, mean: a.bias, deviation: a.deviation },
    { n: b.rows, mean: b.bias, deviation: b.deviation },
  );
  const products = (one: NumberSums) =>
    (one.correlation ?? 0) * one.production.deviation * one.shadow.deviation * Math.max(0, one.rows - 1);
  const apart = (side: 'production' | 'shadow') => a[side].mean - b[side].mean;
  const covariance = products(a) + products(b) + (apart('production') * apart('shadow') * a.rows * b.rows) / n;
  const deviations = production.deviation * shadow.deviation;
  return {
    rows: n,
    of: a.of,
    production,
    shadow,
    bias: difference.mean,
    deviation: difference.deviation,
    mae: weighted((one) => one.mae),
    rmse: Math.sqrt(weighted((one) => one.rmse ** 2)),
    correlation: deviations > 0 ? covariance / (n - 1) / deviations : undefined,
    beyond: a.beyond + b.beyond,
    tolerance: a.tolerance,
    relative: a.relative,
    // Of a mixture, the first two are at most the mean of the parts'; what is shown decides nothing.
    distances: {
      ks: weighted((one) => one.distances.ks),
      wasserstein: weighted((one) => one.distances.wasserstein),
      psi: weighted((one) => one.distances.psi),
      jensenShannon: weighted((one) => one.distances.jensenShannon),
    },
    histogram: mergeHistograms(a.histogram, b.histogram),
    scatter: thinned([...a.scatter, ...b.scatter]),
  };
}

/** Each bin of a window goes whole into the one in which its middle lies. */
function mergeHistograms(a: NumberSums['histogram'], b: NumberSums['histogram']): NumberSums['histogram'] {
  const [low, high] = [Math.min(a.low, b.low), Math.max(a.high, b.high)];
  const bins = Math.max(a.production.length, b.production.length);
  const width = (high - low) / bins;
  const counts = (side: 'production' | 'shadow') => {
    const found = Array.from({ length: bins }, () => 0);
    for (const one of [a, b]) {
      const own = (one.high - one.low) / one[side].length;
      for (const [i, count] of one[side].entries()) {
        const middle = one.low + own * (i + 0.5);
        const bin = width > 0 ? Math.min(bins - 1, Math.max(0, Math.floor((middle - low) / width))) : 0;
        found[bin] = (found[bin] ?? 0) + count;
      }
    }
    return found;
  };
  return { low, high, production: counts('production'), shadow: counts('shadow') };
}

function thinned(points: NumberSums['scatter']): NumberSums['scatter'] {
  const step = Math.max(1, Math.ceil(points.length / POINTS));
  return points.filter((_, i) => i % step === 0);
}
