import { join } from 'node:path';
import type { PairingMethod, Task } from '../../predictions.ts';
import type { Truth } from '../../answers/truth.ts';
import type { Scanned } from '../ingest/scan.ts';
import type { Engine } from './connection.ts';
import pairsSql from './pairs.sql';
import { fill, KEYS, quote, statements } from './statements.ts';
import { loadTruth } from './truth.ts';

const SQL = statements(pairsSql, ['side', 'number_text', 'by_id', 'requests', 'by_input', 'cells', 'counts']);
/** Rows of a side that are rather held in memory than read anew for each question. */
const MAX_HELD_ROWS = 100_000;

/** Makes the columns that a scan left in `folder` visible to SQL, as `production` and `shadow`. */
export async function showSides(engine: Engine, folder: string, scanned: Scanned, task: Task): Promise<void> {
  await engine.run(SQL.number_text);
  for (const side of ['production', 'shadow'] as const) {
    const kind = scanned[side].answers <= MAX_HELD_ROWS ? 'table' : 'view';
    await engine.run(fill(SQL.side, { kind, side, task, files: quote(join(folder, `${side}-*.parquet`)) }));
  }
}

/**
 * Makes a `cell` of each row of each pair, and with `truth` what is known of it.
 *
 * @returns how many pairs there are, and of how many the answers have not as many rows as each other
 */
export async function pairSides(
  engine: Engine,
  scanned: Scanned,
  { method, truth }: { method: PairingMethod; truth: Truth | undefined },
): Promise<{ pairs: number; different: number }> {
  const key = KEYS[method];
  if (method === 'input') {
    await engine.run(fill(SQL.requests, { side: 'production' }));
    await engine.run(fill(SQL.requests, { side: 'shadow' }));
    await engine.run(SQL.by_input);
  } else await engine.run(fill(SQL.by_id, { key }));
  await loadTruth(engine, truth);
  const byId = truth?.by === 'id';
  await engine.run(
    fill(SQL.cells, {
      key,
      scored: scanned.production.scored > 0 && scanned.shadow.scored > 0,
      // As Model Monitor does: the caller's id, and where records have none SageMaker's own.
      truth_key: byId ? 'production_inference_id' : 'production_feature_id',
      other_truth_key: byId && method !== 'inferenceId' ? 'production_event_id' : 'null::ubigint',
      truth_place: byId ? 'production_place' : 0,
    }),
  );
  const [row] = await engine.rows(SQL.counts);
  return { pairs: Number(row?.pairs ?? 0), different: Number(row?.different ?? 0) };
}
