import { join } from 'node:path';
import type { PairingMethod, Predictions, Task } from '../../predictions.ts';
import type { Capture } from '../../answers/captures.ts';
import type { Classes } from '../../answers/classes.ts';
import { className } from '../../answers/strata.ts';
import type { Truth } from '../../answers/truth.ts';
import type { Scanned } from '../ingest/scan.ts';
import type { Records } from '../options.ts';
import { MAX_RETRIED, pairRetries } from '../retries.ts';
import type { Engine } from './connection.ts';
import pairsSql from './pairs.sql';
import { chancesSql } from '../sql/chances.ts';
import { fill, KEYS, quote, statements } from '../sql/statements.ts';
import { originals } from './records.ts';
import { loadTruth } from './truth.ts';

const SQL = statements(pairsSql, [
  'side',
  'number_text',
  'by_id',
  'repeated',
  'with_retries',
  'requests',
  'by_input',
  'cells',
  'counts',
]);
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
  {
    method,
    truth,
    records,
    classes,
  }: { method: PairingMethod; truth: Truth | undefined; records: Records; classes: Classes | undefined },
): Promise<{
  pairs: number;
  different: number;
  retried: number;
  pairedInputs: NonNullable<Predictions['pairedInputs']>;
}> {
  const key = KEYS[method];
  let retried = 0;
  if (method === 'input') {
    await engine.run(fill(SQL.requests, { side: 'production' }));
    await engine.run(fill(SQL.requests, { side: 'shadow' }));
    await engine.run(SQL.by_input);
  } else {
    await engine.run(fill(SQL.by_id, { key }));
    retried = await pairRepeated(engine, key, records);
  }
  await loadTruth(engine, truth);
  const byId = truth?.by === 'id';
  await engine.run(
    fill(SQL.cells, {
      key,
      // Held against labels only.
      kept_production: truth === undefined ? 'null::double[]' : 'production_scores',
      kept_shadow: truth === undefined ? 'null::double[]' : 'shadow_scores',
      scored: scanned.production.scored > 0 && scanned.shadow.scored > 0,
      // As Model Monitor does: the caller's id, and where records have none SageMaker's own.
      truth_key: byId ? 'production_inference_id' : 'production_feature_id',
      other_truth_key: byId && method !== 'inferenceId' ? 'production_event_id' : 'null::ubigint',
      truth_place: byId ? 'production_place' : 0,
      ...namesSql(classes),
      ...chancesSql(truth && classes, { production: 'production_number', shadow: 'shadow_number' }),
    }),
  );
  const [row] = await engine.rows(SQL.counts);
  return {
    pairs: Number(row?.pairs ?? 0),
    different: Number(row?.different ?? 0),
    retried,
    pairedInputs: { known: Number(row?.known_inputs ?? 0), differing: Number(row?.other_inputs ?? 0) },
  };
}

/** Whether the class is that of the largest score, and the place of the label among the scores. */
function namesSql(classes: Classes | undefined): { named: string; place: string } {
  const largest = (side: string) => `list_position(${side}_scores, list_max(${side}_scores))`;
  if (classes === undefined)
    return {
      named: `production_label = (${largest('production')} - 1)::varchar and shadow_label = (${largest('shadow')} - 1)::varchar`,
      place: 'told_class',
    };
  const list = (names: readonly string[]) => `[${names.map(quote).join(', ')}]`;
  const names = list(classes.names);
  return {
    named: `len(production_scores) = ${classes.names.length} and production_label = ${names}[${largest('production')}] and shadow_label = ${names}[${largest('shadow')}]`,
    place: `(list_position(${list(classes.names.map(className))}, told_name) - 1)`,
  };
}

/** Tells records of one id apart that occur equally often on both sides. @returns how many pairs that makes */
async function pairRepeated(engine: Engine, key: string, records: Records): Promise<number> {
  const rows = await engine.rows(fill(SQL.repeated, { key, most: 2 * MAX_RETRIED + 1 }));
  if (rows.length === 0 || rows.length > 2 * MAX_RETRIED) return 0;
  const groups = new Map<string, Record<'production' | 'shadow', Repeated[]>>();
  for (const side of ['production', 'shadow'] as const) {
    const own = rows.filter((row) => row.side === side);
    const places = own.map((row) => [Number(row.file), Number(row.byte_offset)] as const);
    const captures = await originals(records[side], places);
    for (const [i, row] of own.entries()) {
      const group = groups.get(String(row.key)) ?? { production: [], shadow: [] };
      groups.set(String(row.key), group);
      group[side].push({ input: captures[i]?.input, place: (places[i] ?? []).join(', ') });
    }
  }
  const pairs = [...groups.values()].flatMap((group) => pairRetries(group.production, group.shadow));
  if (pairs.length === 0) return 0;
  const values = pairs.map(([production, shadow]) => `(${production.place}, ${shadow.place})`).join(', ');
  await engine.run(fill(SQL.with_retries, { key, pairs: values }));
  return pairs.length;
}

/** A record of an id that occurs several times, and where it stands: file, place in it. */
interface Repeated {
  input: Capture['input'];
  place: string;
}
