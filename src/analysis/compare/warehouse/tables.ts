import { createHash } from 'node:crypto';
import type { WarehouseTable } from './warehouse.ts';

/** Digits of a digest that name a table: tables of one endpoint are few. */
const DIGITS = 12;

/** What is staged under one name: what these statements write, whatever they are made of. */
export function digestOf(statements: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(statements)).digest('hex').slice(0, DIGITS);
}

/**
 * The captures of an endpoint, a row a line, as it stands: so that a torn line is counted, and no query fails of it. As text
 * (LazySimpleSerDe) whose fields end with U+0001, which no line of JSON holds.
 *
 * @param variants all that may be asked for
 */
export function capturesTable(prefix: string, variants: readonly string[]): WarehouseTable {
  return {
    name: `${prefix}captures`,
    columns: [{ name: 'line', type: 'string' }],
    partitions: [
      { name: 'variant', kind: 'enum', values: variants },
      { name: 'dt', kind: 'hours' },
    ],
    format: 'lines',
    template: '${variant}/${dt}/',
  };
}

/**
 * What staging keeps of the captures: a row per row of an answer, and one for each line without. Statements choose by `variant`
 * and `moment`: which hours there are, the warehouse knows.
 */
export function recordsTable(prefix: string, digest: string): WarehouseTable {
  return {
    name: `${prefix}records_${digest}`,
    columns: [
      { name: 'variant', type: 'string' },
      // answered, empty, unreadable, unsure (a line that only JavaScript can read), lost (no capture record).
      { name: 'state', type: 'string' },
      { name: 'inference_id', type: 'string' },
      { name: 'event_id', type: 'string' },
      // Hashes of the input as it stands; and of what this row was asked.
      { name: 'input_id', type: 'string' },
      { name: 'row_input', type: 'string' },
      // Tells records apart, also equal ones.
      { name: 'record', type: 'string' },
      // Milliseconds since the epoch.
      { name: 'moment', type: 'bigint' },
      { name: 'place', type: 'bigint' },
      { name: 'row_count', type: 'bigint' },
      { name: 'label', type: 'string' },
      { name: 'number', type: 'double' },
      { name: 'scores', type: 'array<double>' },
      // Why a line is lost.
      { name: 'why', type: 'string' },
      // Of some records what was asked, and the whole line.
      { name: 'asked', type: 'string' },
      { name: 'line', type: 'string' },
      // The beginning of what could not be read.
      { name: 'example', type: 'string' },
    ],
    partitions: [],
    format: 'parquet',
    template: `records/${digest}/`,
  };
}

/** A row per row of the two answers of a pair; of one look at a window. */
export function cellsTable(prefix: string, digest: string): WarehouseTable {
  return {
    name: `${prefix}cells_${digest}`,
    columns: [
      { name: 'key', type: 'string' },
      { name: 'moment', type: 'bigint' },
      { name: 'place', type: 'bigint' },
      { name: 'same_rows', type: 'boolean' },
      { name: 'known_input', type: 'boolean' },
      { name: 'other_input', type: 'boolean' },
      { name: 'input', type: 'string' },
      { name: 'production_label', type: 'string' },
      { name: 'shadow_label', type: 'string' },
      { name: 'production_number', type: 'double' },
      { name: 'shadow_number', type: 'double' },
      { name: 'score_distance', type: 'double' },
      { name: 'others_apart', type: 'double' },
      { name: 'd', type: 'double' },
      // What labels say of the row, and of its probabilities of all classes (../sql/truth.sql).
      { name: 'told_label', type: 'string' },
      { name: 'told_name', type: 'string' },
      { name: 'told_number', type: 'double' },
      { name: 'told_at', type: 'double' },
      { name: 'score_apart', type: 'double' },
      { name: 'production_brier', type: 'double' },
      { name: 'shadow_brier', type: 'double' },
    ],
    partitions: [],
    format: 'parquet',
    template: `cells/${digest}/`,
  };
}
