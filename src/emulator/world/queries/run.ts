import { CutoffReached, type Rows, type SqlEngine } from '../../sql/execute.ts';
import { QueryFailure } from '../../sql/failure.ts';
import type { ResultColumn } from '../../sql/print.ts';
import { readStatement, type Unload } from '../../sql/statement.ts';
import { runOnTrino } from '../../sql/trino.ts';
import { objects } from '../objects/records.ts';
import type { Platform as Whole } from '../world.ts';
import type { QueryRecord } from './records.ts';
import { resultCsv } from './results.ts';
import { rightsOf, tableSource } from './tables.ts';

/** What a query came to, before anything of it lies in S3. */
export interface Outcome {
  scanned: number;
  columns?: readonly ResultColumn[];
  /** What is to be written. */
  files: { uri: string; bytes: Uint8Array; contentType: string }[];
  manifest?: string;
  ended?: { state: 'FAILED' | 'CANCELLED'; reason: string; error?: QueryRecord['error'] };
}

/** What a query needs. */
export type Platform = Whole & { readonly sql: SqlEngine };

/** Runs a query. Never rejects for what is the query's own fault. */
export async function runQuery(world: Platform, query: QueryRecord, signal: AbortSignal): Promise<Outcome> {
  try {
    const statement = readStatement(query.statement, query.parameters);
    if (statement.kind === 'unload') return await unload(world, query, statement, signal);
    const { columns, rows, scanned } = await select(world, query, statement.select, signal);
    const header = columns.map(({ name }) => name);
    return {
      scanned,
      columns,
      files: [
        {
          uri: query.output,
          bytes: Buffer.from(resultCsv([header, ...rows])),
          contentType: 'application/octet-stream',
        },
        metadata(query, columns),
      ],
    };
  } catch (error) {
    if (error instanceof CutoffReached)
      return { scanned: error.scanned, files: [], ended: { state: 'CANCELLED', reason: error.message } };
    if (!(error instanceof QueryFailure)) throw error;
    return {
      scanned: 0,
      files: [],
      ended: {
        state: 'FAILED',
        reason: error.message,
        error: { category: 2, type: typeOf(error.code), message: error.message },
      },
    };
  }
}

/**
 * The type of an error, where AWS's list has one (Athena User Guide, "Athena error catalog"): 1006 the query exceeded a limit,
 * 1100 bad data, 1200 no permission …; here the general one of a user's error.
 */
function typeOf(code: string): number {
  return code === 'HIVE_BAD_DATA' || code === 'HIVE_CURSOR_ERROR' ? 1100 : code === 'PERMISSION_DENIED' ? 1200 : 1003;
}

/** By DuckDB, or by the Trino that the emulator was given. */
async function select(world: Platform, query: QueryRecord, sql: string, signal: AbortSignal): Promise<Rows> {
  if (world.trino === undefined) return world.sql.select(question(world, query, sql), signal);
  return within(query, await runOnTrino(sql, { url: world.trino, database: query.database }, signal));
}

/** What Trino has read is known when it is done. @throws CutoffReached */
function within<T extends { scanned: number }>({ cutoff }: QueryRecord, result: T): T {
  if (cutoff !== undefined && result.scanned > cutoff) throw new CutoffReached(result.scanned);
  return result;
}

function question(world: Platform, query: QueryRecord, select: string) {
  return {
    select,
    database: query.database,
    now: world.clock.now(),
    cutoff: query.cutoff,
    lookUp: (database: string, table: string) => tableSource(world, query, database, table),
  };
}

/** Written beside a result. Athena's has a form of its own, which no document tells; this is JSON. */
function metadata(query: QueryRecord, columns: readonly ResultColumn[]): Outcome['files'][number] {
  return {
    uri: `${query.output}.metadata`,
    bytes: Buffer.from(JSON.stringify(columns)),
    contentType: 'application/octet-stream',
  };
}

const COMPRESSIONS: Readonly<Record<string, string>> = {
  gzip: 'gzip',
  snappy: 'snappy',
  zstd: 'zstd',
  none: 'uncompressed',
};

async function unload(world: Platform, query: QueryRecord, statement: Unload, signal: AbortSignal): Promise<Outcome> {
  const { format, compression = 'gzip', ...others } = statement.properties;
  if (format?.toLowerCase() !== 'parquet')
    throw new QueryFailure(
      'NOT_SUPPORTED',
      `the emulator has not built UNLOAD in the format ${format ?? '(none)'}: PARQUET alone`,
    );
  const [other] = Object.keys(others);
  if (other !== undefined) throw new QueryFailure('NOT_SUPPORTED', `the emulator has not built UNLOAD with ${other}`);
  const codec = COMPRESSIONS[compression.toLowerCase()];
  if (codec === undefined)
    throw new QueryFailure('NOT_SUPPORTED', `the emulator has not built UNLOAD with compression ${compression}`);
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/(.*)$/s.exec(statement.to) ?? [];
  if (bucket === '') throw new QueryFailure('INVALID_TABLE_PROPERTY', `not a location in S3: ${statement.to}`);
  const below = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  const rights = rightsOf(world, query);
  rights.s3('ListBucket', bucket, { 's3:prefix': below });
  if (objects(world.store).entries(`${bucket}/${below}`).length > 0)
    throw new QueryFailure(
      'HIVE_PATH_ALREADY_EXISTS',
      `Target directory for table 'awsdatacatalog.${query.database ?? 'default'}.temp_table_${query.id.replaceAll('-', '')}' already exists: ${statement.to}. You may need to manually clean the data at location '${statement.to}' before retrying. Athena will not delete data in your account.`,
    );
  rights.s3('PutObject', `${bucket}/${below}`);
  const { columns, files, written, scanned } =
    world.trino === undefined
      ? await unloadHere(world, query, statement.select, { folder: `s3://${bucket}/${below}`, codec, signal })
      : await unloadOnTrino(world, query, statement.select, { url: world.trino, bucket, below, compression, signal });
  const manifest = `${query.folder}${query.id}-manifest.csv`;
  const list = written.map((one) => `${one}\n`).join('');
  return {
    scanned,
    manifest,
    files: [
      ...files,
      { uri: manifest, bytes: Buffer.from(list), contentType: 'application/octet-stream' },
      metadata(query, columns),
    ],
  };
}

interface Unloaded {
  columns: readonly ResultColumn[];
  /** What is still to be written, and what will lie there then. */
  files: Outcome['files'];
  written: readonly string[];
  scanned: number;
}

async function unloadHere(
  world: Platform,
  query: QueryRecord,
  sql: string,
  { folder, codec, signal }: { folder: string; codec: string; signal: AbortSignal },
): Promise<Unloaded> {
  const { columns, bytes, scanned } = await world.sql.toParquet(question(world, query, sql), codec, signal);
  const moment = new Date(world.clock.now()).toISOString().replace(/[-:]/g, '').replace('T', '_').slice(0, 15);
  const uri = `${folder}${moment}_00000_${query.id.slice(0, 5)}_${query.id}`;
  const files = bytes === undefined ? [] : [{ uri, bytes, contentType: 'application/octet-stream' }];
  return { columns, files, written: files.map((one) => one.uri), scanned };
}

/** Trino has no UNLOAD: it makes a table in that place, which is then forgotten; its files stay. */
async function unloadOnTrino(
  world: Platform,
  query: QueryRecord,
  sql: string,
  place: { url: string; bucket: string; below: string; compression: string; signal: AbortSignal },
): Promise<Unloaded> {
  const { url, bucket, below, compression, signal } = place;
  const session = {
    url,
    database: query.database ?? 'default',
    properties: { compression_codec: compression.toUpperCase() },
  };
  const table = `unload_${query.id.replaceAll('-', '_')}`;
  const location = `s3://${bucket}/${below}`.replaceAll("'", "''");
  const made = `CREATE TABLE ${table} WITH (external_location = '${location}', format = 'PARQUET') AS ${sql}`;
  try {
    const { scanned } = within(query, await runOnTrino(made, session, signal));
    const written = objects(world.store).entries(`${bucket}/${below}`);
    return { columns: [], files: [], written: written.map(([id]) => `s3://${id}`), scanned };
  } finally {
    await runOnTrino(`DROP TABLE IF EXISTS ${table}`, session, new AbortController().signal).catch(() => undefined);
  }
}
