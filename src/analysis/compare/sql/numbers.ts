import { quartilesOf } from '../../answers/reference.ts';
import type { Reference } from '../../answers/reference.ts';
import type { NumberSums, ReferenceSums, Spread, Task } from '../../predictions.ts';
import { jensenShannon, stabilityIndex, usualTolerance } from '../../statistics/distances.ts';
import type { Questions, Row } from './questions.ts';
import { readCurve } from './curve.ts';
import { fill, sqlNumbers } from './statements.ts';
import { SUMS } from './sums.ts';

/** Sums over the numbers of all pairs but for those out of tolerance, which are counted by the minute; undefined where there are none. */
export async function numberSums(
  engine: Questions,
  options: { tolerance: number | undefined; relative: number | undefined; task: Task },
): Promise<Omit<NumberSums, 'beyond'> | undefined> {
  const [row] = await engine.rows(SUMS.numbers);
  const rows = Number(row?.rows ?? 0);
  if (row === undefined || rows === 0) return undefined;
  const value = (name: string) => Number(row[name]);
  const [low, high] = [
    Math.min(value('production_min'), value('shadow_min')),
    Math.max(value('production_max'), value('shadow_max')),
  ];
  const { deciles, shown, perDecile, ks, wasserstein, histogram } = await readCurve(engine, low, high, rows);
  const production = spreadOf(row, 'production', [deciles[0], deciles[4], deciles[8]]);
  const shadow = spreadOf(row, 'shadow', shown);
  const of = options.task === 'regression' || options.task === 'scores' ? 'value' : 'score';
  const tolerance = options.tolerance ?? usualTolerance(of === 'score', production, shadow);
  const points = await engine.rows(fill(SUMS.scatter, { lot: engine.dialect.lot }));
  const constant = production.deviation === 0 || shadow.deviation === 0;
  return {
    rows,
    of,
    production,
    shadow,
    bias: value('bias'),
    deviation: Number(row.deviation ?? 0),
    mae: value('mae'),
    rmse: value('rmse'),
    correlation: constant || row.correlation === null ? undefined : value('correlation'),
    tolerance,
    relative: options.relative,
    distances: {
      ks,
      wasserstein,
      psi: stabilityIndex(perDecile.production, perDecile.shadow),
      jensenShannon: jensenShannon(histogram.production, histogram.shadow),
    },
    histogram,
    scatter: points.map((point) => [Number(point.x), Number(point.y)] as const),
  };
}

function spreadOf(
  row: Row,
  side: 'production' | 'shadow',
  [p10 = 0, p50 = 0, p90 = 0]: readonly (number | undefined)[],
): Spread {
  const value = (name: string) => Number(row[`${side}_${name}`] ?? 0);
  return { mean: value('mean'), deviation: value('deviation'), min: value('min'), p10, p50, p90, max: value('max') };
}

/** The shadow's numbers beside a distribution that is expected. */
export async function referenceSums(engine: Questions, reference: Reference): Promise<ReferenceSums> {
  const { digest, rows: of, edges } = reference;
  const found = await engine.rows(fill(SUMS.reference, { edges: sqlNumbers(edges.map(({ at }) => at)) }));
  const rows = Number(found[0]?.rows ?? 0);
  const counted = edges.map((edge, i) => ({
    ...edge,
    counted: { below: Number(found[i]?.below ?? 0), upTo: Number(found[i]?.up_to ?? 0) },
  }));
  const quartiles = quartilesOf(reference);
  const each = await engine.rows(fill(SUMS.reference_minutes, { quartiles: sqlNumbers(quartiles) }));
  // So many rows a minute as there are quartiles.
  const minutes = Array.from({ length: each.length / quartiles.length }, (_, i) => {
    const own = each.slice(i * quartiles.length, (i + 1) * quartiles.length);
    return { at: Number(own[0]?.block), rows: Number(own[0]?.rows), upTo: own.map(({ up_to }) => Number(up_to)) };
  });
  return { digest, of, rows, edges: counted, minutes };
}
