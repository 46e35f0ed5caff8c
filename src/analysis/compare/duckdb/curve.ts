import type { NumberSums } from '../../observations.ts';
import { quantile } from '../../statistics/distances.ts';
import { fill, statements } from './connection.ts';
import type { Engine, Row } from './connection.ts';
import curveSql from './curve.sql';

const SQL = statements(curveSql);
/** Bars of the histogram, and bins in each: a power of two, so that bars and bins have the same edges to the last bit. */
const BARS = 30;
const EACH = 1024;
const DECILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const SHOWN = [0.1, 0.5, 0.9];

/** What the distribution functions of both sides' numbers show. */
export interface Curve {
  ks: number;
  /** Right to a thirty-thousandth of the range, usually to far less: curves that cross within a bin are not followed. */
  wasserstein: number;
  /** Production's deciles. */
  deciles: number[];
  /** The shadow's first decile, median and ninth. */
  shown: number[];
  /** Counts between production's deciles. */
  perDecile: { production: number[]; shadow: number[] };
  histogram: NumberSums['histogram'];
}

/** Reads the curves of `rows` numbers a side that lie between `low` and `high`. */
export async function readCurve(engine: Engine, low: number, high: number, rows: number): Promise<Curve> {
  const width = (high - low) / BARS / EACH;
  const bins = {
    bins: BARS * EACH,
    low: sqlNumber(low),
    high: sqlNumber(high),
    width: sqlNumber(width > 0 ? width : 1),
    rows,
  };
  await engine.run(fill(SQL.steps ?? '', bins));
  const [ours, theirs] = [ranks(DECILES, rows), ranks(SHOWN, rows)];
  const ranked = [...ours.map((rank) => holds('p', rank)), ...theirs.map((rank) => holds('q', rank))].join(' or ');
  await engine.run(fill(SQL.near ?? '', { ranked }));
  await engine.run(fill(SQL.fine ?? '', bins));
  const [row] = await engine.rows(
    fill(SQL.curve ?? '', {
      ...bins,
      ours: ours.map(valueOf('p')).join(', '),
      theirs: theirs.map(valueOf('q')).join(', '),
    }),
  );
  const deciles = quantiles(DECILES, ours, list(row?.ours), rows);
  const below = (side: string) =>
    deciles.map((edge) => `coalesce(max(${side}) filter (x <= ${sqlNumber(edge)}), 0)`).join(', ');
  const [under] = await engine.rows(fill(SQL.below ?? '', { ours: below('p'), theirs: below('q') }));
  const bars = await engine.rows(fill(SQL.histogram ?? '', { each: EACH }));
  return {
    ks: Number(row?.ks ?? 0),
    wasserstein: Number(row?.wasserstein ?? 0),
    deciles,
    shown: quantiles(SHOWN, theirs, list(row?.theirs), rows),
    perDecile: { production: between(rows, list(under?.production)), shadow: between(rows, list(under?.shadow)) },
    histogram: { low, high, production: heights(bars, 'production'), shadow: heights(bars, 'shadow') },
  };
}

/** Without a point DuckDB would read a decimal or an integer, and compare exactly. */
export function sqlNumber(value: number): string {
  return `${value.toExponential()}::double`;
}

/** The places, from 0 on, of the values between which these quantiles lie. */
function ranks(shares: readonly number[], rows: number): number[] {
  const all = shares.flatMap((share) => [Math.floor((rows - 1) * share), Math.ceil((rows - 1) * share)]);
  return [...new Set(all)];
}

/** A bin with the value of this rank, or behind it up to the next value: there the other side may have some. */
function holds(side: 'p' | 'q', rank: number): string {
  return `(before_${side} <= ${rank + 1} and before_${side} + ${side} > ${rank})`;
}

function valueOf(side: 'p' | 'q'): (rank: number) => string {
  return (rank) => `min(x) filter (${side} > ${rank})`;
}

/** Quantiles of all values from the few of known ranks. */
function quantiles(shares: readonly number[], known: readonly number[], values: readonly number[], rows: number) {
  const few: Record<number, number> = Object.fromEntries(known.map((rank, i) => [rank, values[i] ?? Number.NaN]));
  return shares.map((share) => quantile({ ...few, length: rows }, share));
}

/** Counts between edges from the counts up to each. */
function between(rows: number, below: readonly number[]): number[] {
  return [...below, rows].map((n, i) => n - (below[i - 1] ?? 0));
}

function heights(bars: readonly Row[], side: string): number[] {
  const found = Array.from({ length: BARS }, () => 0);
  for (const bar of bars) found[Number(bar.bin)] = Number(bar[side]);
  return found;
}

function list(value: unknown): number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}
