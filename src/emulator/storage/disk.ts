import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import type { Store, Table } from './store.ts';
import { type DiskBlobs, createDiskBlobs, UNFINISHED } from './blobs.ts';
import { type RecordChange, encodeBatch } from './line.ts';
import { lockFolder } from './lock.ts';
import { Log, syncFolder } from './log.ts';
import { SortedTable } from './table.ts';
import { makePrivateFolder } from '../../base/private-folder.ts';

/** How long changes gather before they are written, in ms of the machine's time: what a kill -9 may cost unless flushed. */
const GATHER = 100;
/** The log is rewritten without what is out of date when it is larger than this and twice its size after the last rewrite. */
const COMPACT_FROM = 8 * 1024 * 1024;
/** Records a line when the log is rewritten. */
const PER_LINE = 500;

/** Opens the store in `dir`. See `openStore`. */
export async function openDiskStore(dir: string): Promise<Store> {
  const folder = resolve(dir);
  makePrivateFolder(folder);
  const { unlock, orphaned } = await lockFolder(folder);
  try {
    const tables = new Map<string, SortedTable<unknown>>();
    await rm(join(folder, 'blobs', UNFINISHED), { recursive: true, force: true });
    const store = new DiskStore(tables, createDiskBlobs(join(folder, 'blobs')), unlock, orphaned);
    const log = await Log.open(join(folder, 'state.jsonl'), (changes) => {
      for (const [table, key, ...value] of changes) {
        if (value.length === 0) store.tableOf(table).unload(key);
        else store.tableOf(table).load(key, value[0]);
      }
    });
    await syncFolder(folder);
    return store.begin(log);
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** All records are in memory; what changed is written behind, the last value of each key only. */
class DiskStore implements Store {
  readonly blobs: DiskBlobs;
  readonly #tables: Map<string, SortedTable<unknown>>;
  readonly #unlock: () => Promise<void>;
  readonly #orphaned: boolean;
  #log!: Log;
  #changed = new Map<string, Set<string>>();
  #turn: Promise<void> = Promise.resolve();
  #flush: Promise<void> | undefined;
  #gathering = new AbortController();
  #scheduled = false;
  #compactAt = COMPACT_FROM;

  constructor(
    tables: Map<string, SortedTable<unknown>>,
    blobs: DiskBlobs,
    unlock: () => Promise<void>,
    orphaned: boolean,
  ) {
    this.#tables = tables;
    this.blobs = blobs;
    this.#unlock = unlock;
    this.#orphaned = orphaned;
  }

  begin(log: Log): this {
    this.#log = log;
    this.#compactAt = Math.max(COMPACT_FROM, 2 * log.size);
    return this;
  }

  table<T>(name: string): Table<T> {
    return this.tableOf(name) as Table<T>;
  }

  tableOf(name: string): SortedTable<unknown> {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = new SortedTable<unknown>((key) => this.#note(name, key));
      this.#tables.set(name, table);
    }
    return table;
  }

  async sweep(inUse: () => Iterable<string>): Promise<void> {
    if (this.#orphaned) await this.blobs.keepOnly(inUse());
  }

  /** Calls that come while another flush waits its turn share one. */
  flush(): Promise<void> {
    this.#flush ??= this.#inTurn(async () => {
      this.#flush = undefined;
      // Bytes first: no record may speak of bytes that are not there.
      await this.blobs.sync();
      await this.#write();
      await this.#log.sync();
    });
    return this.#flush;
  }

  async close(): Promise<void> {
    this.#gathering.abort();
    try {
      await this.flush();
    } finally {
      await this.#turn;
      await this.#log.close();
      await this.#unlock();
    }
  }

  #note(table: string, key: string): void {
    const keys = this.#changed.get(table);
    if (keys === undefined) this.#changed.set(table, new Set([key]));
    else keys.add(key);
    if (this.#scheduled) return;
    this.#scheduled = true;
    void this.#writeLater();
  }

  async #writeLater(): Promise<void> {
    try {
      await systemClock.sleep(GATHER, this.#gathering.signal);
    } catch {
      // Closing: `close` writes.
      return;
    }
    this.#scheduled = false;
    try {
      await this.#inTurn(() => this.#write());
    } catch {
      // The changes are kept and tried again; `flush`, which promises certainty, says why not.
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #write(): Promise<void> {
    if (this.#changed.size === 0) return;
    const changed = this.#changed;
    try {
      await this.#log.append(this.#takeChanges());
      if (this.#log.size <= this.#compactAt) return;
      await this.#log.replace(this.#lines());
      this.#compactAt = Math.max(COMPACT_FROM, 2 * this.#log.size);
    } catch (error) {
      for (const [table, keys] of changed) for (const key of keys) this.#note(table, key);
      throw error;
    }
  }

  /** The changes since the last call as one line. */
  #takeChanges(): string {
    const changed = this.#changed;
    this.#changed = new Map();
    const changes: RecordChange[] = [];
    for (const [name, keys] of changed) {
      const table = this.tableOf(name);
      for (const key of keys) changes.push(table.has(key) ? [name, key, table.get(key)] : [name, key]);
    }
    return `${encodeBatch(changes)}\n`;
  }

  /** Every record there is, and last what changed while they were being written, so that the end is one moment's state. */
  *#lines(): Iterable<string> {
    for (const [name, table] of this.#tables) {
      let batch: RecordChange[] = [];
      for (const [key, value] of table) {
        batch.push([name, key, value]);
        if (batch.length < PER_LINE) continue;
        yield `${encodeBatch(batch)}\n`;
        batch = [];
      }
      if (batch.length > 0) yield `${encodeBatch(batch)}\n`;
    }
    if (this.#changed.size > 0) yield this.#takeChanges();
  }
}
