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

/** In place of `label_loss`, without labels. */
const NO_LOSS = '(select key, moment, place, null::double as loss, null::double as own from compared where false)';

/**
 * Agreement by columns of the inputs, in cells, and by the slices that are made of them, of the rows whose inputs the scan kept.
 * Undefined where no column could be cut.
 *
 * @param folder of the scanned columns
 * @param withTruth whether there are rows of which the truth is known
 */
export async function slices(
  engine: Engine,
  method: PairingMethod,
  tolerance: string,
  folder: string,
  withTruth: boolean,
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
  await engine.run(
    fill(SQL.tables, { ...limits, key: KEYS[method], files, tolerance, told: withTruth ? 'label_loss' : NO_LOSS }),
  );
  const ranges = await engine.rows(SQL.ranges);
  const words = await engine.rows(fill(SQL.words, limits));
  const rows = [...ranges, ...words].sort((a, b) => Number(a.first) - Number(b.first));
  const columns = new Map<string, ColumnCell[]>();
  for (const row of rows) {
    const name = String(row.name);
    columns.set(name, [...(columns.get(name) ?? []), cellOf(row, withTruth)]);
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
