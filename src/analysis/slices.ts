import type { LabelSums } from './observations.ts';
import { clopperPearson, binomialTest } from './statistics/proportions.ts';
import type { Interval } from './statistics/proportions.ts';

/** One part of the traffic, and how well the shadow agrees there. */
export interface Slice {
  /** Production's label. */
  name: string;
  rows: number;
  agree: number;
  interval: Interval;
  /** Chance of a share this far from that of all other slices together, if it were the same. */
  p: number;
  /** The same after Benjamini-Hochberg over all slices: below 0.05 the slice stands out. */
  adjusted: number;
}

/** Where does it differ? Agreement by the class that production chose; for exploring, not for gating. */
export function slicesByClass(sums: LabelSums): Slice[] {
  const { labels, counts } = sums.confusion;
  const slices = labels.flatMap((name, i) => {
    const row = counts[i] ?? [];
    const rows = row.reduce((sum, n) => sum + n, 0);
    // Under `…` stand many labels: equal to `…` does not mean equal.
    if (rows === 0 || name === '…') return [];
    const agree = row[i] ?? 0;
    const others = sums.rows - rows;
    const p = others === 0 ? 1 : binomialTest(agree, rows, (sums.agree - agree) / others);
    return [{ name, rows, agree, interval: clopperPearson(agree, rows, 0.025), p }];
  });
  const adjusted = benjaminiHochberg(slices.map((slice) => slice.p));
  return slices.map((slice, i) => ({ ...slice, adjusted: adjusted[i] ?? 1 }));
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
