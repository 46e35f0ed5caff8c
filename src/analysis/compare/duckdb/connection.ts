import type { DuckDBConnection } from '@duckdb/node-api';
import { DUCKDB } from '../sql/dialect.ts';
import type { Questions } from '../sql/questions.ts';

export type { Row } from '../sql/questions.ts';

/** A private, in-memory DuckDB that spills to a folder under a memory bound, and never loads anything from outside. */
export interface Engine extends Questions {
  run(sql: string): Promise<void>;
  connection: DuckDBConnection;
  close(): void;
}

/** What of a bound for the whole process is DuckDB's: the rest is for Node, the threads that scan, and their buffers. */
const RESERVED_MB = 520;
const MIN_MB = 256;
const UNITS: Record<string, number> = {
  KB: 1e-3,
  MB: 1,
  GB: 1e3,
  TB: 1e6,
  KIB: 1.024e-3,
  MIB: 1.048576,
  GIB: 1073.741824,
  TIB: 1099511.627776,
};

/** DuckDB's memory limit under a bound for the whole process, like `1GB`. */
function engineMemory(bound: string): string {
  const [, number = '0', unit = 'MB'] = /^([\d.]+)\s*([a-z]+)$/i.exec(bound) ?? [];
  const megabytes = Number(number) * (UNITS[unit.toUpperCase()] ?? 1);
  return `${Math.round(Math.max(MIN_MB, megabytes - RESERVED_MB))}MB`;
}

/** DuckDB's library: tens of megabytes, loaded when something is compared. */
export const loadDuckdb = () => import('./library.ts');

/** Opens DuckDB in memory. `memory` is a size as DuckDB reads it (`4GB`), `spill` the folder for what does not fit. */
export async function openEngine(options: {
  memory: string;
  spill: string;
  threads?: number | undefined;
  /** Interrupts what is under way. */
  signal?: AbortSignal | undefined;
}): Promise<Engine> {
  const { DuckDBInstance } = await loadDuckdb();
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: engineMemory(options.memory),
    temp_directory: options.spill,
    preserve_insertion_order: 'false',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
  });
  const connection = await instance.connect();
  await connection.run("set timezone = 'UTC'");
  const { signal } = options;
  const stop = () => connection.interrupt();
  signal?.addEventListener('abort', stop);
  // One after another: what may be asked side by side elsewhere is one connection here.
  let before: Promise<unknown> = Promise.resolve();
  const unless = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = before.then(async () => {
      signal?.throwIfAborted();
      try {
        return await work();
      } finally {
        signal?.throwIfAborted();
      }
    });
    before = turn.catch(() => undefined);
    return turn;
  };
  return {
    connection,
    dialect: DUCKDB,
    define: (name, select) =>
      unless(async () => void (await connection.run(`create or replace table ${name} as ${select}`))),
    view: (name, select) =>
      unless(async () => void (await connection.run(`create or replace view ${name} as ${select}`))),
    run: (sql) => unless(async () => void (await connection.run(sql))),
    rows: (sql) => unless(async () => (await connection.runAndReadAll(sql)).getRowObjectsJS()),
    close() {
      signal?.removeEventListener('abort', stop);
      connection.closeSync();
      instance.closeSync();
    },
  };
}
