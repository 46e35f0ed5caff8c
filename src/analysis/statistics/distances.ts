/** The p-th quantile of sorted values, interpolated as numpy does by default. */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  const position = (sorted.length - 1) * p;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? below;
  return below + (above - below) * (position - Math.floor(position));
}

/** The middle value; undefined of none. */
export function median(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : quantile(Float64Array.from(values).sort(), 0.5);
}

/** Of a normal distribution, the ninth decile less the first, in standard deviations: twice Φ⁻¹(0.9). */
const DECILES = 2.563;

interface Deciles {
  deviation: number;
  p10: number;
  p90: number;
}

/**
 * A standard deviation, or what the first and the ninth decile say of it where that is less: a few numbers that are far from all
 * others make a deviation so large that all others would be equal.
 */
function spreadOf({ deviation, p10, p90 }: Deciles): number {
  const robust = (p90 - p10) / DECILES;
  return robust > 0 ? Math.min(deviation, robust) : deviation;
}

/** Of a spread, as far as two numbers may lie apart where nobody has said it: a good model's errors are a small part of it. */
const NEAR = 0.1;

/** Share of the spread within which scores beside a label are alike: half, since the label decides. */
const BESIDE = 0.5;

/** How far two numbers may lie apart and count as equal where nobody has said it: a tenth of production's spread. */
export function nearSpread(production: Deciles): number {
  return NEAR * spreadOf(production);
}

/** Probabilities that lie no further apart count as equal, however little production's differ among themselves. */
const PROBABILITY = 0.1;

/**
 * How far two numbers may lie apart where nobody has said it: `nearSpread` of production's. Scores beside a label may lie apart by
 * half of the spread, and probabilities by 0.1 in any case: a model that is sure of nearly everything has hardly any spread.
 *
 * @param beside the numbers are scores beside a label
 */
export function usualTolerance(
  beside: boolean,
  production: Deciles & { min: number; max: number },
  shadow: { min: number; max: number },
): number {
  if (!beside) return nearSpread(production);
  const probabilities = [production, shadow].every(({ min, max }) => min >= 0 && max <= 1);
  return Math.max(BESIDE * spreadOf(production), probabilities ? PROBABILITY : 0);
}

/**
 * Population stability index of counts per bin. Empty bins get 0.0001 of the mass, as is usual (Evidently does the
 * same), else one stray value would make it infinite.
 */
export function stabilityIndex(expected: readonly number[], actual: readonly number[]): number {
  const p = shares(expected, 1e-4);
  const q = shares(actual, 1e-4);
  return p.reduce((sum, share, i) => sum + ((q[i] ?? 0) - share) * Math.log((q[i] ?? 0) / share), 0);
}

/** Jensen-Shannon divergence of counts per bin, in bits: 0 equal, 1 disjoint. */
export function jensenShannon(a: readonly number[], b: readonly number[]): number {
  const p = shares(a, 0);
  const q = shares(b, 0);
  let sum = 0;
  for (const [i, x] of p.entries()) {
    const y = q[i] ?? 0;
    const middle = (x + y) / 2;
    if (x > 0) sum += (x / 2) * Math.log2(x / middle);
    if (y > 0) sum += (y / 2) * Math.log2(y / middle);
  }
  return Math.max(0, sum);
}

function shares(counts: readonly number[], floor: number): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => Math.max(floor, total === 0 ? 0 : count / total));
}
