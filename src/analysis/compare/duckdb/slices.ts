import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AlikeColumn, ColumnCell, ColumnSums, InputSums, PairingMethod, SliceSums } from '../../predictions.ts';
import { mostAlike } from '../alike.ts';
import type { Engine, Row } from './connection.ts';
import {
  CELL_QUANTILES,
  MAX_CATEGORIES,
  MAX_COLUMNS,
  MAX_VALUE_CHARACTERS,
  MAX_WORDS,
  MIN_WORD_INPUTS,
  NUMERIC,
  slicesOf,
} from '../../slicing.ts';
import slicesSql from './slices.sql';
import { fill, KEYS, quote, statements } from '../sql/statements.ts';

const SQL = statements(slicesSql, ['tables', 'ranges', 'words', 'alike']);

/** What the shadow loses by the label of a row more than production, and what production loses; see `with_truth`. */
const TOLD = {
  cost: '(select key, moment, place, if(classes, cost, loss) as loss, if(classes, coalesce(price(class_name(truth), class_name(production_label)), 0), abs(production_number - truth_number)) as own from with_truth)',
  loss: '(select key, moment, place, if(classes, only_production::integer - only_shadow::integer, loss) as loss, if(classes, (not production_right)::integer, abs(production_number - truth_number)) as own from with_truth)',
  nothing: '(select key, moment, place, null::double as loss, null::double as own from compared where false)',
} as const;

/**
 * Agreement by columns of the inputs, in cells, and by the slices that are made of them, of the rows whose inputs the scan kept.
 * Undefined where no column could be cut.
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
): Promise<{
  columns: ColumnSums[] | undefined;
  slices: SliceSums[] | undefined;
  alike: AlikeColumn | undefined;
}> {
  if (!readdirSync(folder).some((name) => name.startsWith('cells-')))
    return { columns: undefined, slices: undefined, alike: undefined };
  const files = quote(join(folder, 'cells-*.parquet'));
  const limits = {
    ...{ categories: MAX_CATEGORIES, most: MAX_COLUMNS, longest: MAX_VALUE_CHARACTERS, numeric: NUMERIC },
    ...{ words: MAX_WORDS, least: MIN_WORD_INPUTS, quantiles: `[${CELL_QUANTILES.join(', ')}]` },
  };
  await engine.run(fill(SQL.tables, { ...limits, key: KEYS[method], files, tolerance, told: TOLD[by ?? 'nothing'] }));
  const ranges = await engine.rows(SQL.ranges);
  const words = await engine.rows(fill(SQL.words, limits));
  const rows = [...ranges, ...words].sort((a, b) => Number(a.first) - Number(b.first));
  const columns = new Map<string, ColumnCell[]>();
  for (const row of rows) {
    const name = String(row.name);
    columns.set(name, [...(columns.get(name) ?? []), cellOf(row, by !== undefined)]);
  }
  const found = columns.size === 0 ? undefined : [...columns].map(([column, cells]) => ({ column, cells }));
  return { columns: found, slices: slicesOf(found), alike: mostAlike(await alikeOf(engine)) };
}

async function alikeOf(engine: Engine): Promise<{ column: string; sums: InputSums }[]> {
  const rows = await engine.rows(fill(SQL.alike, { longest: MAX_VALUE_CHARACTERS }));
  return rows.map(({ name, sums }) => ({ column: String(name), sums: sums as InputSums }));
}

function cellOf(row: Row, labelled: boolean): ColumnCell {
  const truth = {
    ...{ rows: Number(row.labelled), loss: Number(row.loss), lossSquared: Number(row.lossSquared) },
    ...{ production: Number(row.own), near: Number(row.near) },
  };
  return {
    ...kindOf(row),
    ...{ rows: Number(row.rows), hits: Number(row.hits), inputs: Number(row.inputs) },
    ...(labelled ? { truth } : {}),
  };
}

function kindOf({ edges, part, least, most, kept }: Row): Pick<ColumnCell, 'of' | 'value' | 'least' | 'most'> {
  if (!Array.isArray(edges)) return typeof kept === 'string' ? { of: 'word', value: kept } : { of: 'rest' };
  const [place, list] = [Number(part), edges.map(Number)];
  if (place > list.length) return { of: 'text' };
  return { of: 'range', least: list[place - 1] ?? Number(least), most: list[place] ?? Number(most) };
}
