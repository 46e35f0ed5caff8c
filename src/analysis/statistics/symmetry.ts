import { logGamma } from './beta.ts';

/** A test of a square table of paired labels. */
export interface SymmetryTest {
  statistic: number;
  degrees: number;
  p: number;
}

/** P(X > x) for X of a chi-squared distribution: the regularised upper incomplete gamma function. */
export function chiSquaredAbove(x: number, degrees: number): number {
  if (!(x > 0) || degrees <= 0) return 1;
  const [a, z] = [degrees / 2, x / 2];
  const front = Math.exp(a * Math.log(z) - z - logGamma(a));
  return z < a + 1 ? 1 - front * series(a, z) : front * fraction(a, z);
}

/** Σ zⁿ / (a (a + 1) … (a + n)). */
function series(a: number, z: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < 10_000 && term > sum * 1e-17; n += 1) {
    term *= z / (a + n);
    sum += term;
  }
  return sum;
}

/** Legendre's continued fraction by Lentz's method (Numerical Recipes 6.2). */
function fraction(a: number, z: number): number {
  let b = z + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < 10_000; n += 1) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-16) break;
  }
  return h;
}

/**
 * Bowker 1948: does the shadow say j where production says i as often as the other way round?
 *
 * @param factor design effect of the rows: the statistic is divided by it (Rao and Scott 1981, first order)
 */
export function bowker(counts: readonly (readonly number[])[], factor = 1): SymmetryTest {
  let statistic = 0;
  let degrees = 0;
  for (let i = 0; i < counts.length; i += 1) {
    for (let j = 0; j < i; j += 1) {
      const [one, other] = [counts[i]?.[j] ?? 0, counts[j]?.[i] ?? 0];
      if (one + other === 0) continue;
      statistic += (one - other) ** 2 / (one + other) / factor;
      degrees += 1;
    }
  }
  return { statistic, degrees, p: chiSquaredAbove(statistic, degrees) };
}

/** Stuart 1955, Maxwell 1970: does the shadow use each label as often as production? Undefined where the table is degenerate. */
export function stuartMaxwell(counts: readonly (readonly number[])[], factor = 1): SymmetryTest | undefined {
  const rows = counts.map((row) => row.reduce((sum, n) => sum + n, 0));
  const columns = counts.map((_, j) => counts.reduce((sum, row) => sum + (row[j] ?? 0), 0));
  // A label on which both always agree says nothing, and would make the matrix singular.
  const used = counts.map((_, i) => i).filter((i) => (rows[i] ?? 0) + (columns[i] ?? 0) > 2 * (counts[i]?.[i] ?? 0));
  const kept = used.slice(0, -1);
  if (kept.length === 0) return undefined;
  const d = kept.map((i) => (rows[i] ?? 0) - (columns[i] ?? 0));
  const covariance = kept.map((i) =>
    kept.map((j) =>
      i === j
        ? (rows[i] ?? 0) + (columns[i] ?? 0) - 2 * (counts[i]?.[i] ?? 0)
        : -((counts[i]?.[j] ?? 0) + (counts[j]?.[i] ?? 0)),
    ),
  );
  const solved = solve(covariance, d);
  if (solved === undefined) return undefined;
  const statistic = d.reduce((sum, value, i) => sum + value * (solved[i] ?? 0), 0) / factor;
  return { statistic, degrees: kept.length, p: chiSquaredAbove(statistic, kept.length) };
}

/** Gaussian elimination with pivots; undefined for a singular matrix. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] | undefined {
  const rows = matrix.map((row, i) => [...row, right[i] ?? 0]);
  const n = rows.length;
  for (let k = 0; k < n; k += 1) {
    const pivot = rows.slice(k).reduce((best, row) => (Math.abs(row[k] ?? 0) > Math.abs(best[k] ?? 0) ? row : best));
    if (Math.abs(pivot[k] ?? 0) < 1e-9) return undefined;
    rows.splice(rows.indexOf(pivot), 1);
    rows.splice(k, 0, pivot);
    for (const row of rows) {
      if (row === pivot) continue;
      const times = (row[k] ?? 0) / (pivot[k] ?? 1);
      for (let j = k; j <= n; j += 1) row[j] = (row[j] ?? 0) - times * (pivot[j] ?? 0);
    }
  }
  return rows.map((row, i) => (row[n] ?? 0) / (row[i] ?? 1));
}
