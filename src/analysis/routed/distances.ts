import { nearSpread, quantile } from '../statistics/distances.ts';
import { meanAndDeviation } from '../statistics/sequences.ts';

/** Total variation distance of two samples, by their counts of the same classes; 0 where one is empty. */
export function totalVariation(a: readonly number[], b: readonly number[]): number {
  const total = (counts: readonly number[]) => counts.reduce((sum, n) => sum + n, 0);
  const [n, m] = [total(a), total(b)];
  if (n === 0 || m === 0) return 0;
  return a.reduce((sum, count, i) => sum + Math.abs(count / n - (b[i] ?? 0) / m), 0) / 2;
}

/**
 * The least share e with F(x) ≤ G(x + t) + e and G(x) ≤ F(x + t) + e for all x, of two empirical distribution functions: the
 * Kolmogorov-Smirnov distance where t is 0. If all but a share of pairs lie within t of each other, e is no more than that share. Both
 * sorted.
 */
export function apartWithin(a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number): number {
  if (a.length === 0 || b.length === 0) return 0;
  return Math.max(above(a, b, tolerance), above(b, a, tolerance));
}

/** The most by which F(x) exceeds G(x + t): at a value of F. */
function above(f: ArrayLike<number>, g: ArrayLike<number>, tolerance: number): number {
  let most = 0;
  let below = 0;
  for (let i = 0; i < f.length; i += 1) {
    const x = f[i] as number;
    if (f[i + 1] === x) continue;
    while (below < g.length && (g[below] as number) <= x + tolerance) below += 1;
    most = Math.max(most, (i + 1) / f.length - below / g.length);
  }
  return most;
}

/** How far two numbers may lie apart where nobody has said it: a tenth of the spread of these, which are sorted. */
export function toleranceOf(sorted: Float64Array): number {
  if (sorted.length < 2) return 0;
  const { deviation } = meanAndDeviation([...sorted]);
  return nearSpread({ deviation, p10: quantile(sorted, 0.1), p90: quantile(sorted, 0.9) });
}
