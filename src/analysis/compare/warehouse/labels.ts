import type { Truth } from '../../answers/truth.ts';
import { parquetFile } from '../ingest/parquet.ts';
import type { ParquetColumn } from '../ingest/parquet.ts';
import { truthRows } from '../truth-rows.ts';
import type { TruthRow } from '../truth-rows.ts';
import type { WarehouseTable } from './warehouse.ts';

/** Labels a file: some megabytes. */
const EACH = 100_000;
/** Bytes of a row that is none of its texts: four numbers, and what says that they are there. */
const ROW = 45;

/** The labels of one look, a row a key and place (`truthRows`). */
export function labelsTable(prefix: string): WarehouseTable {
  return {
    name: `${prefix}labels`,
    columns: [
      { name: 'key', type: 'string' },
      { name: 'place', type: 'double' },
      { name: 'label', type: 'string' },
      { name: 'name', type: 'string' },
      { name: 'number', type: 'double' },
      { name: 'class', type: 'double' },
      { name: 'at', type: 'double' },
    ],
    partitions: [],
    format: 'parquet',
    template: 'labels/',
  };
}

/** About how many bytes the table of these labels has: an estimate. */
export function labelBytes(truth: Truth): number {
  const [some] = truth.entries();
  const [key = '', label = ''] = some ?? [];
  return truth.size * (ROW + key.length + 2 * label.length);
}

/** The table of these labels in files of Parquet. */
export function* labelFiles(truth: Truth): Generator<Uint8Array> {
  let rows: TruthRow[] = [];
  for (const row of truthRows(truth)) {
    rows.push(row);
    if (rows.length < EACH) continue;
    yield fileOf(rows);
    rows = [];
  }
  if (rows.length > 0) yield fileOf(rows);
}

function fileOf(rows: readonly TruthRow[]): Uint8Array {
  const texts = (name: string, of: (row: TruthRow) => string): ParquetColumn => ({
    name,
    type: 'text',
    bytes: Buffer.concat(
      rows.flatMap((row) => {
        const text = Buffer.from(of(row));
        const size = Buffer.alloc(4);
        size.writeUInt32LE(text.length);
        return [size, text];
      }),
    ),
  });
  const numbers = (name: string, of: (row: TruthRow) => number | undefined): ParquetColumn => {
    const values = rows.map(of);
    const known = Float64Array.from(values.filter((value) => value !== undefined));
    const present = Uint8Array.from(values, (value) => (value === undefined ? 0 : 1));
    return { name, type: 'double', bytes: new Uint8Array(known.buffer), present };
  };
  return Buffer.concat(
    parquetFile(rows.length, [
      texts('key', ({ key }) => key),
      numbers('place', ({ place }) => place),
      texts('label', ({ label }) => label),
      texts('name', ({ name }) => name),
      numbers('number', ({ number }) => number),
      numbers('class', (row) => row.class),
      numbers('at', ({ at }) => at),
    ]),
  );
}
