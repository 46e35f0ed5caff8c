import type { Predictions, SliceSums } from '../predictions.ts';
import { designEffect } from './repeats.ts';
import { benjaminiHochberg, type ColumnSlice, slicesByColumn } from './slices.ts';
import { chiSquaredAbove } from './symmetry.ts';

/** A part of one column of the inputs, and what it would come to if the candidate answered it. */
interface SliceRisk {
  column: string;
  part: string;
  /** Values that are none of the commonest, all together. */
  others?: true;
  rows: number;
  /** What was seen a row: the share that differs, or the loss. Of rows with a label, where the basis is one. */
  seen: number;
  /** The rate, drawn towards the whole column as far as its parts differ no more than chance makes them. */
  rate: number;
  /** `rows · rate`: rows that differ, or what the shadow loses more than production, among as many rows as were seen. */
  risk: number;
  /** It differs from the rest beyond chance, for the worse (adjusted p below 0.05, over all parts of all columns). */
  standsOut: boolean;
}

/** A column of the inputs, its parts by risk. */
export interface SliceRanking {
  column: string;
  /**
   * - `cost`: the policy's prices, by labels
   * - `loss`: mistakes, or distances, by labels
   * - `disagreement`: rows whose answers differ: nothing says which is right
   */
  basis: 'cost' | 'loss' | 'disagreement';
  /** The parts differ more than chance makes them. */
  differs: boolean;
  /** The riskiest first. */
  parts: readonly SliceRisk[];
  /** Names of the parts in the order in which they can go to the candidate: the least risky first, those that stand out last. */
  order: readonly string[];
}

/** Labelled rows that each part must have, so that the column is ranked by labels. */
const MIN_LABELLED = 30;
const STANDS_OUT = 0.05;

/**
 * Ranks the parts of each column of the inputs by what would go wrong there: **risk = rows · rate**, with rate the share of rows that
 * differ; where each part has 30 rows with labels, what the shadow loses by them a row (the policy's prices, else mistakes or
 * distances), which is negative where the shadow is better.
 *
 * Few rows must not make a part look risky, or safe: its rate is drawn towards the column's by
 *
 *   rate_i = w_i · seen_i + (1 − w_i) · mean,  w_i = n_i / (n_i + m)
 *
 * (empirical Bayes). For shares m = (1 − ρ) / ρ, with ρ how alike rows of one part are beyond chance, by moments (Kleinman 1973): with
 * S = Σ n_i (p_i − p)², ρ = (S / (p (1 − p)) − (k − 1)) / (N − Σ n_i² / N − (k − 1)), and 0 where that is negative. For losses
 * m = s² / τ², s² the variance within parts and τ² that between them, likewise. Rows are divided by the design effect of repeated
 * inputs. Where the parts of a column differ no more than by chance (chi-squared of their scatter with k − 1 degrees, false discoveries
 * held down to 5 % over all columns), all have the column's rate, and volume alone orders them. Of parts that do not stand out for the
 * worse, mean and m are their own: one that is far from all others says nothing of how much these differ from each other.
 *
 * @returns the column first whose parts differ most beyond chance; none without slices
 */
export function sliceRanking(predictions: Predictions): SliceRanking[] {
  const { labels, repeats, truth } = predictions;
  const factor = designEffect(labels === undefined ? repeats?.beyond : repeats?.agreement);
  const all = slicesByColumn(predictions);
  const columns = [...new Set(all.map(({ column }) => column))].map((column) => {
    const parts = all.filter((one) => one.column === column);
    const labelled = parts.every((part) => (part.truth?.rows ?? 0) >= MIN_LABELLED);
    return { column, parts, labelled, found: labelled ? losses(parts, factor) : shares(parts, factor) };
  });
  const adjusted = benjaminiHochberg(columns.map(({ found }) => found.p));
  const rankings = columns.map(({ column, parts, labelled, found }, i) => {
    const differs = (adjusted[i] ?? 1) < STANDS_OUT && Number.isFinite(found.prior);
    const share = sumOf(parts, (part) => part.rows - part.hits) / sumOf(parts, ({ rows }) => rows);
    const standsOut = (part: ColumnSlice) => part.adjusted < STANDS_OUT && 1 - part.hits / part.rows > share;
    // One part that is far from all others says nothing of how much these differ from each other.
    const others = parts.filter((part) => !standsOut(part));
    const usual = others.length < 2 ? found : (labelled ? losses : shares)(others, factor);
    const ranked = parts
      .map((part, k): SliceRisk => {
        const { n, value } = found.counts[k] ?? { n: 0, value: 0 };
        const own = standsOut(part) ? found : usual;
        const chanceAlone = own === usual && usual !== found && usual.p >= STANDS_OUT;
        const weight = differs && !chanceAlone && Number.isFinite(own.prior) ? n / (n + own.prior) : 0;
        const rate = weight * value + (1 - weight) * (differs ? own.mean : found.mean);
        return {
          column,
          part: part.part,
          ...(part.others ? { others: true } : {}),
          rows: part.rows,
          seen: value,
          rate,
          risk: part.rows * rate,
          standsOut: standsOut(part),
        };
      })
      .toSorted((a, b) => b.risk - a.risk || b.rows - a.rows);
    const first = ranked.toReversed();
    const order = [...first.filter(({ standsOut }) => !standsOut), ...first.filter(({ standsOut }) => standsOut)];
    const basis = !labelled ? 'disagreement' : truth?.prices === undefined ? 'loss' : 'cost';
    return {
      p: found.p,
      ranking: { column, basis, differs, parts: ranked, order: order.map(({ part }) => part) } as const,
    };
  });
  return rankings.toSorted((a, b) => a.p - b.p).map(({ ranking }) => ranking);
}

function sumOf<One>(list: readonly One[], of: (one: One) => number): number {
  return list.reduce((sum, one) => sum + of(one), 0);
}

/** The parts of a column, in rows that count as independent. */
interface Column {
  counts: readonly { n: number; value: number }[];
  mean: number;
  /** Chance of parts this far apart, if they had one rate. */
  p: number;
  /** As many rows as the mean is worth; Infinity where the parts differ no more than by chance. */
  prior: number;
}

function shares(parts: readonly SliceSums[], factor: number): Column {
  const counts = parts.map(({ rows, hits }) => ({ n: rows / factor, value: 1 - hits / rows }));
  const n = sumOf(counts, (one) => one.n);
  const mean = sumOf(counts, (one) => one.n * one.value) / n;
  const within = mean * (1 - mean);
  const scatter = within > 0 ? sumOf(counts, (one) => one.n * (one.value - mean) ** 2) / within : 0;
  const degrees = counts.length - 1;
  const room = n - sumOf(counts, (one) => one.n ** 2) / n - degrees;
  const alike = room > 0 ? Math.min(1, Math.max(0, (scatter - degrees) / room)) : 0;
  const prior = alike === 0 ? Number.POSITIVE_INFINITY : (1 - alike) / alike;
  return { counts, mean, p: chance(scatter, degrees), prior };
}

function losses(parts: readonly SliceSums[], factor: number): Column {
  const sums = parts.map(({ truth = { rows: 0, loss: 0, lossSquared: 0 } }) => truth);
  const rows = sumOf(sums, (one) => one.rows);
  const mean = sumOf(sums, (one) => one.loss) / rows;
  const within = sumOf(sums, (one) => one.lossSquared - one.loss ** 2 / one.rows) / Math.max(1, rows - sums.length);
  const counts = sums.map((one) => ({ n: one.rows / factor, value: one.loss / one.rows }));
  const n = rows / factor;
  const scatter = within > 0 ? sumOf(counts, (one) => one.n * (one.value - mean) ** 2) / within : 0;
  const degrees = counts.length - 1;
  const room = n - sumOf(counts, (one) => one.n ** 2) / n;
  const between = room > 0 ? Math.max(0, (scatter - degrees) / room) : 0;
  return {
    counts,
    mean,
    p: chance(scatter, degrees),
    prior: between === 0 ? Number.POSITIVE_INFINITY : 1 / between,
  };
}

/** One part differs from nothing. */
function chance(scatter: number, degrees: number): number {
  return degrees < 1 ? 1 : chiSquaredAbove(scatter, degrees);
}
