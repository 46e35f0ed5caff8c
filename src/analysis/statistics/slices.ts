import type { LabelSums, Predictions, SliceSums } from '../predictions.ts';
import { clopperPearson, binomialTest } from './proportions.ts';
import type { Interval } from './proportions.ts';
import { designEffect } from './repeats.ts';
import { chiSquaredAbove } from './symmetry.ts';

/** One part of the traffic, and how well the shadow agrees there. */
export interface Slice {
  /** Production's label. */
  name: string;
  rows: number;
  agree: number;
  interval: Interval;
  /** Chance of a share this far from that of all other slices together, if it were the same. */
  p: number;
  /** The p-value after Benjamini-Hochberg over all slices: below 0.05 the slice stands out. */
  adjusted: number;
}

/** Where does it differ? Agreement by the class that production chose; for exploring, not for gating. `factor`: the rows' design effect. */
export function slicesByClass(sums: LabelSums, factor = 1): Slice[] {
  const { labels, counts } = sums.confusion;
  const slices = labels.flatMap((name, i) => {
    const row = counts[i] ?? [];
    const rows = row.reduce((sum, n) => sum + n, 0);
    // Under `…` stand many labels: equal to `…` does not mean equal.
    if (rows === 0 || name === '…') return [];
    const agree = row[i] ?? 0;
    const others = sums.rows - rows;
    const p = others === 0 ? 1 : binomialTest(agree / factor, rows / factor, (sums.agree - agree) / others);
    return [{ name, rows, agree, interval: clopperPearson(agree / factor, rows / factor, 0.025), p }];
  });
  const adjusted = benjaminiHochberg(slices.map((slice) => slice.p));
  return slices.map((slice, i) => ({ ...slice, adjusted: adjusted[i] ?? 1 }));
}

/** One part of one column of the inputs. */
export interface ColumnSlice extends SliceSums {
  /** Chance of a difference this large between this part and the rest, if there were none. */
  p: number;
  adjusted: number;
}

/**
 * Where does it differ, by columns of the input? Each part against all other rows: chi-squared of the two shares with
 * Yates's correction, divided by the design effect (Rao and Scott 1981); false discoveries held down over all parts.
 */
export function slicesByColumn({ slices, labels, numbers, repeats }: Predictions): ColumnSlice[] {
  const [rows, hits] =
    labels === undefined
      ? [numbers?.rows ?? 0, (numbers?.rows ?? 0) - (numbers?.beyond ?? 0)]
      : [labels.rows, labels.agree];
  const factor = designEffect(labels === undefined ? repeats?.beyond : repeats?.agreement);
  const found = (slices ?? []).map((slice) => ({ ...slice, p: difference(slice, { rows, hits }, factor) }));
  const adjusted = benjaminiHochberg(found.map((slice) => slice.p));
  return found.map((slice, i) => ({ ...slice, adjusted: adjusted[i] ?? 1 }));
}

function difference(
  slice: { rows: number; hits: number },
  all: { rows: number; hits: number },
  factor: number,
): number {
  const [n, m] = [slice.rows / factor, (all.rows - slice.rows) / factor];
  const share = all.hits / all.rows;
  if (!(n > 0 && m > 0 && share > 0 && share < 1)) return 1;
  const apart = Math.abs(slice.hits / slice.rows - (all.hits - slice.hits) / (all.rows - slice.rows));
  const corrected = Math.max(0, apart - (1 / n + 1 / m) / 2);
  return chiSquaredAbove(corrected ** 2 / (share * (1 - share) * (1 / n + 1 / m)), 1);
}

/** False-discovery-rate adjusted p-values (Benjamini and Hochberg 1995), in the order given. */
export function benjaminiHochberg(p: readonly number[]): number[] {
  const order = p.map((_, i) => i).sort((a, b) => (p[b] ?? 0) - (p[a] ?? 0));
  const adjusted = p.map(() => 1);
  let least = 1;
  for (const [rank, index] of order.entries()) {
    least = Math.min(least, ((p[index] ?? 1) * p.length) / (p.length - rank));
    adjusted[index] = least;
  }
  return adjusted;
}
