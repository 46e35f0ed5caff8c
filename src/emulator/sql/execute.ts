import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance, DuckDBType } from '@duckdb/node-api';
import { QueryFailure } from './failure.ts';
import { MACROS } from './functions.ts';
import { duckdbType, literal, quoted, readHiveType } from './hive-types.ts';
import { jsonRows } from './json-rows.ts';
import { textRows } from './lines.ts';
import { printed, type ResultColumn, resultColumn } from './print.ts';
import { addScalars } from './scalars.ts';
import type { Column, TableSource } from './source.ts';
import { schemaOf, translateSelect } from './syntax.ts';

/** What a SELECT is run with. */
interface Question {
  select: string;
  /** That of tables without one. */
  database: string | undefined;
  /** Milliseconds since the epoch. */
  now: number;
  /** Bytes that may be scanned; undefined: no limit. */
  cutoff: number | undefined;
  /** @throws QueryFailure where there is no such table, or the caller may not read it */
  lookUp(database: string, table: string): Promise<TableSource | undefined>;
}

/** What a SELECT came to. */
export interface Rows {
  columns: readonly ResultColumn[];
  /** As Athena prints them; null for NULL. */
  rows: readonly (readonly (string | null)[])[];
  scanned: number;
}

interface ParquetFile {
  columns: readonly ResultColumn[];
  /** undefined where there is no row. */
  bytes: Uint8Array | undefined;
  scanned: number;
}

/** More would be scanned than may be. */
export class CutoffReached extends Error {
  /** What was scanned until then. */
  readonly scanned: number;

  constructor(scanned: number) {
    super('Bytes scanned limit was exceeded');
    this.scanned = scanned;
  }
}

/** DuckDB as the engine of queries; it is loaded by the first. Queries run side by side, each with tables of its own. */
export interface SqlEngine {
  /** Runs a SELECT over tables in S3. @throws QueryFailure | CutoffReached */
  select(question: Question, signal: AbortSignal): Promise<Rows>;
  /** Runs a SELECT, and gives its rows as a Parquet file. @throws QueryFailure | CutoffReached */
  toParquet(question: Question, compression: string, signal: AbortSignal): Promise<ParquetFile>;
  close(): Promise<void>;
}

/** What a query has to itself. */
interface Desk {
  connection: DuckDBConnection;
  /** Of files. */
  folder: string;
  /** Begins the names of its schemas. */
  prefix: string;
}

/** The engine that answers queries of Athena: DuckDB in memory, opened with the first query. */
export function createSqlEngine(): SqlEngine {
  let opened: Promise<Opened> | undefined;
  let count = 0;
  const withDesk = async <T>(signal: AbortSignal, work: (desk: Desk) => Promise<T>): Promise<T> => {
    opened ??= open();
    const { instance, folder: parent } = await opened;
    signal.throwIfAborted();
    count += 1;
    const prefix = `q${count}:`;
    const folder = join(parent, `q${count}`);
    await mkdir(folder);
    const connection = await instance.connect();
    const stop = () => connection.interrupt();
    signal.addEventListener('abort', stop);
    try {
      return await work({ connection, folder, prefix });
    } catch (error) {
      signal.throwIfAborted();
      throw failureOf(error);
    } finally {
      signal.removeEventListener('abort', stop);
      await dropAll(connection, prefix);
      connection.closeSync();
      await rm(folder, { recursive: true, force: true });
    }
  };
  return {
    select: (question, signal) =>
      withDesk(signal, async (desk) => {
        const { sql, scanned } = await prepare(desk, question);
        const reader = await desk.connection.runAndReadAll(sql);
        const types = reader.columnTypes();
        const columns = reader.columnNames().map((name, index) => resultColumn(name, types[index] as DuckDBType));
        const rows = reader
          .getRows()
          .map((row) => row.map((value, index) => printed(value, types[index] as DuckDBType)));
        return { columns, rows, scanned };
      }),
    toParquet: (question, compression, signal) =>
      withDesk(signal, async (desk) => {
        const { connection, folder, prefix } = desk;
        const { sql, scanned } = await prepare(desk, question);
        await connection.run(`CREATE SCHEMA ${quoted(`${prefix}out`)}`);
        const table = `${quoted(`${prefix}out`)}.rows`;
        await connection.run(`CREATE TABLE ${table} AS ${sql}`);
        const described = await connection.runAndReadAll(`SELECT * FROM ${table} LIMIT 0`);
        const types = described.columnTypes();
        const columns = described.columnNames().map((name, index) => resultColumn(name, types[index] as DuckDBType));
        const [[rows = 0n] = []] = (await connection.runAndReadAll(`SELECT count(*) FROM ${table}`)).getRowsJS();
        if (rows === 0n) return { columns, bytes: undefined, scanned };
        const out = join(folder, 'out.parquet');
        const selected = described.columnNames().map((name, index) => {
          const type = String(types[index]);
          return type === 'HUGEINT' || type === 'UBIGINT'
            ? `CAST(${quoted(name)} AS BIGINT) AS ${quoted(name)}`
            : quoted(name);
        });
        await connection.run(
          `COPY (SELECT ${selected.join(', ')} FROM ${table}) TO ${literal(out)} (FORMAT parquet, COMPRESSION ${compression})`,
        );
        return { columns, bytes: await readFile(out), scanned };
      }),
    async close() {
      if (opened === undefined) return;
      const { instance, folder } = await opened;
      instance.closeSync();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Opened {
  instance: DuckDBInstance;
  folder: string;
}

async function open(): Promise<Opened> {
  const library = await import('./library.ts');
  const folder = await mkdtemp(join(tmpdir(), 'shadowctl-athena-'));
  const instance = await library.DuckDBInstance.create(':memory:', {
    temp_directory: join(folder, 'spill'),
    memory_limit: '2GB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  try {
    await connection.run("SET GLOBAL timezone = 'UTC'");
    // Else that a part has no rows would count, where it is asked which parts a statement reads.
    await connection.run("SET GLOBAL disabled_optimizers = 'statistics_propagation'");
    await addScalars(connection, library);
    await connection.run(MACROS);
  } finally {
    connection.closeSync();
  }
  return { instance, folder };
}

async function dropAll(connection: DuckDBConnection, prefix: string): Promise<void> {
  const reader = await connection.runAndReadAll(
    `SELECT schema_name FROM duckdb_schemas() WHERE starts_with(schema_name, ${literal(prefix)})`,
  );
  const names = reader.getRowsJS().map(([name]) => `DROP SCHEMA ${quoted(textOf(name))} CASCADE`);
  if (names.length > 0) await connection.run(names.join(';'));
}

/** What DuckDB says, in Trino's terms where these are known. */
function failureOf(error: unknown): unknown {
  if (error instanceof QueryFailure || error instanceof CutoffReached || !(error instanceof Error)) return error;
  const [first = ''] = error.message.split('\n');
  const own = /\b([A-Z][A-Z_]{5,}): ([^]*)$/.exec(first);
  if (own !== null) return new QueryFailure(own[1] ?? '', own[2] ?? '');
  const column = /Referenced column "([^"]+)"/.exec(first)?.[1];
  if (column !== undefined) return new QueryFailure('COLUMN_NOT_FOUND', `Column '${column}' cannot be resolved`);
  const kind = /^([A-Za-z -]+) Error: /.exec(first)?.[1];
  const code =
    kind === 'Binder'
      ? 'TYPE_MISMATCH'
      : kind === 'Conversion'
        ? 'INVALID_CAST_ARGUMENT'
        : kind === 'Out of Range'
          ? 'NUMERIC_VALUE_OUT_OF_RANGE'
          : undefined;
  return code === undefined
    ? new QueryFailure('GENERIC_INTERNAL_ERROR', first)
    : new QueryFailure(code, first.replace(/^[A-Za-z -]+ Error: /, ''));
}

interface Prepared {
  sql: string;
  scanned: number;
}

/** Translates a SELECT, finds which partitions it reads, and lays these out for DuckDB. */
async function prepare({ connection, folder, prefix }: Desk, question: Question): Promise<Prepared> {
  const { select, database, now, cutoff } = question;
  const run = async (sql: string) => textOf((await connection.runAndReadAll(sql)).getRowsJS()[0]?.[0]);
  const { sql, tables } = await translateSelect(select, { database, now, run, prefix });
  const known = await Promise.all(tables.map(async (one) => ({ ...one, source: await found(one, question) })));
  const scans = await scansOf(connection, prefix, sql, known);
  const meter = new Meter(cutoff);
  for (const [index, table] of known.entries()) {
    const layout = new Layout(connection, join(folder, `t${index}`), table.source);
    const read = scans.filter((one) => one.table === index);
    await layout.show(`${quoted(schemaOf(prefix, table.database))}.${quoted(table.table)}`, read, meter);
  }
  return { sql, scanned: meter.total };
}

async function found(
  { database, table, place }: { database: string; table: string; place: string },
  { lookUp }: Question,
): Promise<TableSource> {
  const source = await lookUp(database, table);
  if (source !== undefined) return source;
  throw new QueryFailure('TABLE_NOT_FOUND', `${place}: Table 'awsdatacatalog.${database}.${table}' does not exist`);
}

/** Counts what is scanned, up to the limit. */
class Meter {
  total = 0;
  readonly #cutoff: number | undefined;

  constructor(cutoff: number | undefined) {
    this.#cutoff = cutoff;
  }

  add(bytes: number): void {
    this.total += bytes;
    if (this.#cutoff !== undefined && this.total > this.#cutoff) throw new CutoffReached(this.total);
  }
}

/** A partition that a statement reads, and how: once for each time it stands there. */
interface Scan {
  /** Which of the statement's tables. */
  table: number;
  partition: number;
  /** In lower case; those of the partition keys are not read. */
  columns: readonly string[];
}

type Known = { database: string; table: string; source: TableSource };

/**
 * Which partitions the statement reads: DuckDB's own optimizer is asked about tables that have a part for each partition and
 * no rows. Conditions on partition keys are then conditions on constants.
 */
async function scansOf(
  connection: DuckDBConnection,
  prefix: string,
  sql: string,
  tables: readonly Known[],
): Promise<Scan[]> {
  for (const [index, { database, table, source }] of tables.entries()) {
    await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoted(schemaOf(prefix, database))}`);
    await connection.run(`CREATE SCHEMA ${quoted(`${prefix}part:${index}`)}`);
    const columns = source.columns.map(({ name, type }) => `${quoted(name)} ${duckdbType(readHiveType(type, name))}`);
    const parts = source.partitions.map(
      (_, part) => `CREATE TABLE ${quoted(`${prefix}part:${index}`)}.${quoted(String(part))} (${columns.join(', ')})`,
    );
    if (parts.length > 0) await connection.run(parts.join(';'));
    const shown = source.partitions.map(
      (one, part) =>
        `SELECT *${constants(source.partitionKeys, one.values)} FROM ${quoted(`${prefix}part:${index}`)}.${quoted(String(part))}`,
    );
    await connection.run(
      `CREATE VIEW ${quoted(schemaOf(prefix, database))}.${quoted(table)} AS ${shown.join(' UNION ALL ') || nothing(source)}`,
    );
  }
  const [[, plan = '[]'] = []] = (
    await connection.runAndReadAll(`EXPLAIN (FORMAT json) ${sql}`)
  ).getRowsJS() as string[][];
  for (const { database, table } of tables)
    await connection.run(`DROP VIEW ${quoted(schemaOf(prefix, database))}.${quoted(table)}`);
  const scans: Scan[] = [];
  const visit = (node: PlanNode) => {
    const part = /^(?:memory\.)?"?part:(\d+)"?\."?(\d+)"?$/.exec((node.extra_info?.Table ?? '').replace(prefix, ''));
    if (part !== null)
      scans.push({
        table: Number(part[1]),
        partition: Number(part[2]),
        columns: [node.extra_info?.Projections ?? []].flat().map((one) => one.toLowerCase()),
      });
    for (const child of node.children ?? []) visit(child);
  };
  for (const node of JSON.parse(plan) as PlanNode[]) visit(node);
  return scans;
}

interface PlanNode {
  children?: PlanNode[];
  extra_info?: { Table?: string; Projections?: string | string[] };
}

/** The columns of the partition keys with their values, behind the others. */
function constants(keys: readonly Column[], values: readonly string[]): string {
  return keys
    .map(
      ({ name, type }, index) =>
        `, CAST(${literal(values[index] ?? '')} AS ${duckdbType(readHiveType(type, name))}) AS ${quoted(name)}`,
    )
    .join('');
}

/** A table without rows. */
function nothing({ columns, partitionKeys }: TableSource): string {
  const all = [...columns, ...partitionKeys].map(
    ({ name, type }) => `CAST(NULL AS ${duckdbType(readHiveType(type, name))}) AS ${quoted(name)}`,
  );
  return `SELECT ${all.join(', ')} WHERE false`;
}

/** Lays the objects of a table out as files, and makes a view of them. */
class Layout {
  readonly #connection: DuckDBConnection;
  readonly #file: string;
  readonly #source: TableSource;

  constructor(connection: DuckDBConnection, file: string, source: TableSource) {
    this.#connection = connection;
    this.#file = file;
    this.#source = source;
  }

  async show(view: string, scans: readonly Scan[], meter: Meter): Promise<void> {
    const parts = [...new Set(scans.map(({ partition }) => partition))];
    const shown: string[] = [];
    for (const part of parts) {
      const partition = this.#source.partitions[part];
      if (partition === undefined) continue;
      const of = scans.filter((one) => one.partition === part);
      const select =
        this.#source.format.kind === 'parquet'
          ? await this.#parquet(part, of, meter)
          : await this.#lines(part, of, meter);
      if (select !== undefined)
        shown.push(`SELECT *${constants(this.#source.partitionKeys, partition.values)} FROM (${select})`);
    }
    await this.#connection.run(`CREATE VIEW ${view} AS ${shown.join(' UNION ALL ') || nothing(this.#source)}`);
  }

  async #lines(part: number, scans: readonly Scan[], meter: Meter): Promise<string | undefined> {
    const { columns, partitions, format } = this.#source;
    const fields = columns.map(({ name, type }) => ({ name, type: readHiveType(type, name) }));
    const lines: string[] = [];
    for (const object of partitions[part]?.objects ?? []) {
      for (const _ of scans) meter.add(object.size);
      const rows =
        format.kind === 'text'
          ? await textRows(object, fields, format.delimiter)
          : await jsonRows(object, fields, format.kind === 'json' && format.ignoreMalformed);
      for (const row of rows) lines.push(JSON.stringify(row));
    }
    if (lines.length === 0) return undefined;
    const file = `${this.#file}-${part}.json`;
    await writeFile(file, `${lines.join('\n')}\n`);
    const types = fields.map(({ name, type }) => `${literal(name)}: ${literal(duckdbType(type))}`);
    return `SELECT * FROM read_json(${literal(file)}, format = 'newline_delimited', maximum_object_size = 33554432, columns = {${types.join(', ')}})`;
  }

  async #parquet(part: number, scans: readonly Scan[], meter: Meter): Promise<string | undefined> {
    const { columns, partitions } = this.#source;
    const selects: string[] = [];
    for (const [index, object] of (partitions[part]?.objects ?? []).entries()) {
      const file = `${this.#file}-${part}-${index}.parquet`;
      const bytes = await object.read();
      await writeFile(file, bytes);
      const chunks = await this.#chunks(file, object.uri);
      // The footer tells its own length in front of the last four bytes.
      const footer = Buffer.from(bytes).readUInt32LE(bytes.length - 8) + 8;
      for (const { columns: read } of scans)
        meter.add(
          footer +
            chunks
              .filter(({ name }) => read.some((one) => root(one) === name))
              .reduce((sum, { size }) => sum + size, 0),
        );
      const present = new Set(chunks.map(({ name }) => name));
      selects.push(
        `SELECT ${columns
          .map(({ name, type }) => {
            const to = duckdbType(readHiveType(type, name));
            return `CAST(${present.has(name) ? quoted(name) : 'NULL'} AS ${to}) AS ${quoted(name)}`;
          })
          .join(', ')} FROM read_parquet(${literal(file)})`,
      );
    }
    return selects.length === 0 ? undefined : selects.join(' UNION ALL ');
  }

  /** How many bytes each column of a file takes, by the column's name in lower case. */
  async #chunks(file: string, uri: string): Promise<{ name: string; size: number }[]> {
    try {
      const reader = await this.#connection.runAndReadAll(
        `SELECT path_in_schema, CAST(sum(total_compressed_size) AS BIGINT) FROM parquet_metadata(${literal(file)}) GROUP BY 1`,
      );
      return reader.getRowsJS().map(([path, size]) => ({ name: root(textOf(path)), size: Number(size) }));
    } catch {
      throw new QueryFailure('HIVE_BAD_DATA', `Not valid Parquet file: ${uri} expected magic number: PAR1`);
    }
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The column that a part of it (`a, b` or `a.b`) belongs to. */
function root(path: string): string {
  return (path.split(/[.,]/)[0] ?? '').trim().toLowerCase();
}
