import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AlikeColumn, InputSums, PairingMethod, SliceSums } from '../../predictions.ts';
import { mostAlike } from '../alike.ts';
import type { Engine, Row } from './connection.ts';
import { MAX_CATEGORIES, MAX_COLUMNS, MAX_VALUE_CHARACTERS, MIN_INPUTS, quarterNames } from '../slice-parts.ts';
import slicesSql from './slices.sql';
import { fill, KEYS, quote, statements } from '../sql/statements.ts';

const SQL = statements(slicesSql, ['tables', 'quarters', 'words', 'alike']);

/** What the shadow loses by the label of a row more than production, and what production loses; see `with_truth`. */
const TOLD = {
  cost: '(select key, moment, place, if(classes, cost, loss) as loss, if(classes, coalesce(price(class_name(truth), class_name(production_label)), 0), abs(production_number - truth_number)) as own from with_truth)',
  loss: '(select key, moment, place, if(classes, only_production::integer - only_shadow::integer, loss) as loss, if(classes, (not production_right)::integer, abs(production_number - truth_number)) as own from with_truth)',
  nothing: '(select key, moment, place, null::double as loss, null::double as own from compared where false)',
} as const;

/**
 * Agreement by slices of the inputs, of the rows whose inputs the scan kept; numbers into quarters, a few
 * words each on its own. Undefined where no column could be cut.
 *
 * @param folder of the scanned columns
 * @param by what loses by a label are: what it costs, or what it is worth; undefined without labels
 */
export async function slices(
  engine: Engine,
  method: PairingMethod,
  tolerance: string,
  folder: string,
  by: 'cost' | 'loss' | undefined,
): Promise<{ slices: SliceSums[] | undefined; alike: AlikeColumn | undefined }> {
  if (!readdirSync(folder).some((name) => name.startsWith('cells-'))) return { slices: undefined, alike: undefined };
  const files = quote(join(folder, 'cells-*.parquet'));
  const limits = { categories: MAX_CATEGORIES, most: MAX_COLUMNS, longest: MAX_VALUE_CHARACTERS };
  await engine.run(fill(SQL.tables, { ...limits, key: KEYS[method], files, tolerance, told: TOLD[by ?? 'nothing'] }));
  const quarters = await engine.rows(SQL.quarters);
  const words = await engine.rows(fill(SQL.words, limits));
  const rows = [...quarters, ...words].sort((a, b) => Number(a.first) - Number(b.first));
  const parts = new Map<string, Row[]>();
  for (const row of rows) parts.set(String(row.name), [...(parts.get(String(row.name)) ?? []), row]);
  // One part is no slice of anything.
  const found = [...parts.values()]
    .filter((list) => list.length > 1)
    .flatMap((list) => list.flatMap((row) => sliceOf(row, by !== undefined)));
  return { slices: found.length === 0 ? undefined : found, alike: mostAlike(await alikeOf(engine)) };
}

async function alikeOf(engine: Engine): Promise<{ column: string; sums: InputSums }[]> {
  const rows = await engine.rows(fill(SQL.alike, { longest: MAX_VALUE_CHARACTERS }));
  return rows.map(({ name, sums }) => ({ column: String(name), sums: sums as InputSums }));
}

function sliceOf(row: Row, labelled: boolean): SliceSums[] {
  const inputs = Number(row.inputs);
  if (inputs < MIN_INPUTS) return [];
  const part = Array.isArray(row.edges) ? quarterNames(row.edges.map(Number))[Number(row.part)] : String(row.value);
  const truth = {
    ...{ rows: Number(row.labelled), loss: Number(row.loss), lossSquared: Number(row.lossSquared) },
    ...{ production: Number(row.own), near: Number(row.near) },
  };
  return [
    {
      ...{ column: String(row.name), part: part ?? '', rows: Number(row.rows), hits: Number(row.hits), inputs },
      ...(labelled ? { truth } : {}),
    },
  ];
}
