import type { NumberSums } from '../../predictions.ts';
import { quantile } from '../../statistics/distances.ts';
import type { Questions, Row } from './questions.ts';
import curveSql from './curve.sql';
import { fill, sqlNumber, sqlNumbers, statements } from './statements.ts';

const SQL = statements(curveSql, ['steps', 'fine', 'distances', 'ranked', 'below', 'histogram']);
/** Bars of the histogram, and bins in each: a power of two, so that bars and bins have the same edges to the last bit. */
const BARS = 30;
const EACH = 1024;
const DECILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const SHOWN = [0.1, 0.5, 0.9];

type Side = 'production' | 'shadow';

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
export async function readCurve(engine: Questions, low: number, high: number, rows: number): Promise<Curve> {
  const width = (high - low) / BARS / EACH;
  const bins = {
    bins: BARS * EACH,
    low: sqlNumber(low),
    high: sqlNumber(high),
    width: sqlNumber(width > 0 ? width : 1),
    rows,
  };
  await engine.define('step', fill(SQL.steps, bins));
  const [production, shadow] = [ranksOf(DECILES, rows), ranksOf(SHOWN, rows)];
  const ranks = { production_ranks: sqlNumbers(production), shadow_ranks: sqlNumbers(shadow) };
  const holds = [
    ...production.map((rank) => `before_p <= ${rank + 1} and before_p + p > ${rank}`),
    ...shadow.map((rank) => `before_q <= ${rank + 1} and before_q + q > ${rank}`),
  ];
  await engine.define('fine', fill(SQL.fine, { ...bins, holds_rank: holds.join(' or ') }));
  const [row] = await engine.rows(fill(SQL.distances, bins));
  const ranked = await engine.rows(fill(SQL.ranked, ranks));
  const deciles = quantiles(DECILES, ranked, 'production', rows);
  const below = await engine.rows(fill(SQL.below, { edges: sqlNumbers(deciles) }));
  const bars = await engine.rows(fill(SQL.histogram, { each: EACH }));
  return {
    ks: Number(row?.ks ?? 0),
    wasserstein: Number(row?.wasserstein ?? 0),
    deciles,
    shown: quantiles(SHOWN, ranked, 'shadow', rows),
    perDecile: { production: between(rows, below, 'production'), shadow: between(rows, below, 'shadow') },
    histogram: { low, high, production: heights(bars, 'production'), shadow: heights(bars, 'shadow') },
  };
}

/** The places, from 0 on, of the values between which these quantiles lie. */
function ranksOf(shares: readonly number[], rows: number): number[] {
  const all = shares.flatMap((share) => [Math.floor((rows - 1) * share), Math.ceil((rows - 1) * share)]);
  return [...new Set(all)];
}

/** Quantiles of all values of a side from the few of known ranks. */
function quantiles(shares: readonly number[], ranked: readonly Row[], side: Side, rows: number): number[] {
  const few: Record<number, number> = {};
  for (const row of ranked) if (row.side === side) few[Number(row.rank)] = Number(row.x);
  return shares.map((share) => quantile({ ...few, length: rows }, share));
}

/** Counts between edges from the counts up to each. */
function between(rows: number, below: readonly Row[], side: Side): number[] {
  const counts = below.map((row) => Number(row[side]));
  return [...counts, rows].map((n, i) => n - (counts[i - 1] ?? 0));
}

function heights(bars: readonly Row[], side: Side): number[] {
  const found = Array.from({ length: BARS }, () => 0);
  for (const bar of bars) found[Number(bar.bin)] = Number(bar[side]);
  return found;
}
