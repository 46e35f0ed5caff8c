import type { InputSample, InputSums, Repeats } from '../predictions.ts';
import { clopperPearson } from '../statistics/proportions.ts';

/** Two windows may hold more inputs in common than their samples show, with this chance. */
const OVERLAP_ALPHA = 0.001;

/** What two windows may have in common: at most so many inputs, with at most `product` = n₁ n₂ rows each. */
interface Overlap {
  inputs: number;
  product: number;
}

/** Rows whose input is not known are alone. */
const NO_OVERLAP: Overlap = { inputs: 0, product: 0 };

/**
 * Sums by input over two windows. Which inputs come in both is known as far as their samples show: the sums are those of
 * the worst case that they allow, so that rows count no more than if both windows had been summed at once. Without
 * samples (sums by `cluster`, older files) all inputs may be the same.
 */
export function mergeRepeats<One extends Repeats>(a: One, b: One, rows: { a: number; b: number }): One {
  const overlap =
    a.known === 0 || b.known === 0 ? NO_OVERLAP : overlapOf(a.sample, b.sample, { a: a.inputs, b: b.inputs });
  const merged = (of: 'agreement' | 'beyond' | 'onlyProduction' | 'onlyShadow' | 'loss') =>
    mergeInputSums(a[of], b[of], of === 'loss' && overlap?.inputs !== 0 ? undefined : overlap);
  const unknown = { a: rows.a - a.known, b: rows.b - b.known };
  const known = { a: a.inputs - unknown.a, b: b.inputs - unknown.b };
  const shared = overlap?.inputs ?? Math.min(known.a, known.b);
  return {
    ...a,
    inputs: Math.max(a.inputs, b.inputs, Math.floor(a.inputs + b.inputs - shared)),
    known: a.known + b.known,
    agreement: merged('agreement'),
    beyond: merged('beyond'),
    onlyProduction: merged('onlyProduction'),
    onlyShadow: merged('onlyShadow'),
    loss: merged('loss'),
    ...(a.sample === undefined ? {} : { sample: mergeSamples(a.sample, b.sample) }),
  };
}

/**
 * How much two windows have in common at most. Inputs whose hash lies below a threshold are a random part of all inputs, and
 * the same part of every window: of these it is known which come in both, and their share in all is bounded.
 */
function overlapOf(
  a: InputSample | undefined,
  b: InputSample | undefined,
  inputs: { a: number; b: number },
): Overlap | undefined {
  if (a === undefined || b === undefined || a.hash !== b.hash) return undefined;
  const below = least(a.below, b.below);
  const within = ({ of }: InputSample) => new Map(of.filter(([hash]) => BigInt(hash) < BigInt(below)));
  const [left, right] = [within(a), within(b)];
  const both = [...left].filter(([hash]) => right.has(hash)).length;
  const all = left.size + right.size - both;
  if (all === 0) return undefined;
  const whole = BigInt(below) >= WHOLE;
  const share = whole ? both / all : clopperPearson(both, all, OVERLAP_ALPHA)[1];
  // All = a + b − both, so that both = share × all is share (a + b) / (1 + share).
  return { inputs: (share * (inputs.a + inputs.b)) / (1 + share), product: a.largest * b.largest };
}

/** Hashes have 64 bits: all lie below this. */
const WHOLE = 1n << 64n;

function least(a: string, b: string): string {
  return BigInt(a) < BigInt(b) ? a : b;
}

function mergeSamples(a: InputSample, b: InputSample | undefined): InputSample | undefined {
  if (b === undefined || a.hash !== b.hash) return undefined;
  const below = least(a.below, b.below);
  const rows = new Map<string, number>();
  for (const [hash, n] of [...a.of, ...b.of])
    if (BigInt(hash) < BigInt(below)) rows.set(hash, (rows.get(hash) ?? 0) + n);
  const of = [...rows].toSorted(([x], [y]) => (BigInt(x) < BigInt(y) ? -1 : 1));
  return { ...(a.hash === undefined ? {} : { hash: a.hash }), below, largest: a.largest + b.largest, of };
}

/**
 * Sums over inputs c of two windows, so that their design effect is at least that of the windows summed at once. With
 * v = (x_c − m n_c), m the common mean, it grows with Σ v² and Σ n². Both are at most (√Σ₁ + √Σ₂)² (Minkowski), as when all
 * inputs come in both windows, and where at most k do, with at most p rows of a value up to 1 in both, Σ₁ + Σ₂ + 2 k p.
 * Σ x² / n is at most the sum of both (it is convex in x and n).
 */
function mergeInputSums(
  a: InputSums | undefined,
  b: InputSums | undefined,
  overlap: Overlap | undefined,
): InputSums | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const [rows, sum] = [a.rows + b.rows, a.sum + b.sum];
  const mean = sum / rows;
  const spread = (one: InputSums) => Math.max(0, one.sumSquared - 2 * mean * one.cross + mean * mean * one.rowsSquared);
  const most = (x: number, y: number) =>
    Math.min(
      (Math.sqrt(x) + Math.sqrt(y)) ** 2,
      overlap === undefined ? Number.POSITIVE_INFINITY : x + y + 2 * overlap.inputs * overlap.product,
    );
  const rowsSquared = most(a.rowsSquared, b.rowsSquared);
  const cross = a.cross + b.cross;
  const inputs = Math.max(a.inputs, b.inputs, Math.floor(a.inputs + b.inputs - (overlap?.inputs ?? Infinity)));
  return {
    // Windows without a repeated input, which have none in common, have none together.
    inputs: rowsSquared <= rows * (1 + 1e-12) ? rows : Math.min(inputs, rows - 1),
    rows,
    rowsSquared,
    sum,
    // So that Σ v² is what it may be at most.
    sumSquared: most(spread(a), spread(b)) + 2 * mean * cross - mean * mean * rowsSquared,
    cross,
    between: a.between + b.between,
    squares: a.squares + b.squares,
    ...(a.by === undefined ? {} : { by: a.by }),
  };
}
