import type { Blobs, Store, Table } from '../store.ts';
import { SortedTable } from './table.ts';

/** A store that lives and dies with the process: for tests and `demo`. */
export function createMemoryStore(): Store {
  const tables = new Map<string, SortedTable<unknown>>();
  return {
    table<T>(name: string): Table<T> {
      let table = tables.get(name);
      if (table === undefined) {
        table = new SortedTable<unknown>(() => {});
        tables.set(name, table);
      }
      return table as unknown as Table<T>;
    },
    blobs: createMemoryBlobs(),
    flush: async () => {},
    close: async () => {},
  };
}

/** Chunks are joined only when they are read, so that many small appends stay cheap. */
function createMemoryBlobs(): Blobs {
  const blobs = new Map<string, Uint8Array[]>();
  return {
    async put(key, bytes) {
      blobs.set(key, [Uint8Array.from(bytes)]);
    },
    async get(key, range) {
      const chunks = blobs.get(key);
      if (chunks === undefined) return undefined;
      const bytes = chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
      if (chunks.length > 1) blobs.set(key, [bytes]);
      return range === undefined ? bytes.slice() : bytes.slice(range.start, range.end + 1);
    },
    async append(key, bytes) {
      const chunks = blobs.get(key);
      if (chunks === undefined) blobs.set(key, [Uint8Array.from(bytes)]);
      else chunks.push(Uint8Array.from(bytes));
    },
    async delete(key) {
      blobs.delete(key);
    },
  };
}
