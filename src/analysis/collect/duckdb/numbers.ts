import type { NumberSums, Spread, Task } from '../../observations.ts';
import { jensenShannon, stabilityIndex } from '../../statistics/distances.ts';
import { one, SUMS } from './asked.ts';
import { fill } from './connection.ts';
import type { Engine, Row } from './connection.ts';

const BINS = 30;

/** Sums over the numbers of all pairs; undefined where there are none. */
export async function numberSums(
  engine: Engine,
  options: { tolerance: number | undefined; task: Task },
): Promise<NumberSums | undefined> {
  const sorted = engine.aside.rows(SUMS.distances ?? '');
  const [row] = await engine.rows(SUMS.numbers ?? '');
  const [distances] = await sorted;
  const rows = Number(row?.rows ?? 0);
  if (row === undefined || rows === 0) return undefined;
  const deciles = list(row.our_deciles);
  const production = spreadOf(row, 'our', [deciles[0], deciles[4], deciles[8]]);
  const shadow = spreadOf(row, 'their', list(row.their_quantiles));
  const tolerance = options.tolerance ?? production.deviation / 2;
  const low = Math.min(production.min, shadow.min);
  const high = Math.max(production.max, shadow.max);
  const width = (high - low) / BINS;
  const histogram = binned(
    await engine.rows(fill(SUMS.histogram ?? '', { bins: BINS, low: sqlNumber(low), width: sqlNumber(width) })),
    BINS,
  );
  const above = (column: string) =>
    deciles.map((edge) => `count(*) filter (${column} > ${sqlNumber(edge)})`).join(', ');
  const [over] = await engine.rows(
    fill(SUMS.deciles ?? '', { ours: above('our_number'), theirs: above('their_number') }),
  );
  const perDecile = { production: between(rows, list(over?.production)), shadow: between(rows, list(over?.shadow)) };
  const points = await engine.rows(SUMS.scatter ?? '');
  const constant = production.deviation === 0 || shadow.deviation === 0;
  return {
    rows,
    of: options.task === 'regression' || options.task === 'scores' ? 'value' : 'score',
    production,
    shadow,
    bias: Number(row.bias),
    deviation: Number(row.deviation ?? 0),
    mae: Number(row.mae),
    rmse: Number(row.rmse),
    correlation: constant || row.correlation === null ? undefined : Number(row.correlation),
    beyond: await one(engine, 'beyond', { tolerance: sqlNumber(tolerance) }),
    tolerance,
    distances: {
      ks: Number(distances?.ks ?? 0),
      wasserstein: Number(distances?.wasserstein ?? 0),
      psi: stabilityIndex(perDecile.production, perDecile.shadow),
      jensenShannon: jensenShannon(histogram.production, histogram.shadow),
    },
    histogram: { low, high, ...histogram },
    scatter: points.map((point) => [Number(point.x), Number(point.y)] as const),
  };
}

function spreadOf(
  row: Row,
  who: 'our' | 'their',
  [p10 = 0, p50 = 0, p90 = 0]: readonly (number | undefined)[],
): Spread {
  const value = (name: string) => Number(row[`${who}_${name}`] ?? 0);
  return { mean: value('mean'), deviation: value('deviation'), min: value('min'), p10, p50, p90, max: value('max') };
}

function list(value: unknown): number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}

/** Counts between edges from the counts above each. */
function between(rows: number, above: readonly number[]): number[] {
  return [rows, ...above].map((n, i) => n - (above[i] ?? 0));
}

/** Without a point DuckDB would read a decimal or an integer, and compare exactly. */
export function sqlNumber(value: number): string {
  return `${value.toExponential()}::double`;
}

function binned(rows: readonly Row[], bins: number): { production: number[]; shadow: number[] } {
  const production = Array.from({ length: bins }, () => 0);
  const shadow = Array.from({ length: bins }, () => 0);
  for (const row of rows) {
    production[Number(row.bin)] = Number(row.production);
    shadow[Number(row.bin)] = Number(row.shadow);
  }
  return { production, shadow };
}
