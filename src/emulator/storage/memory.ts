import type { Store, Table } from './store.ts';
import { createSpillingBlobs } from './spill.ts';
import { SortedTable } from './table.ts';

/** A store that lives and dies with the process, for tests; only bytes beyond `mostBytes` go to a temporary folder. */
export function createMemoryStore(mostBytes?: number): Store {
  const blobs = createSpillingBlobs(mostBytes);
  const tables = new Map<string, SortedTable<unknown>>();
  return {
    table<T>(name: string): Table<T> {
      let table = tables.get(name);
      if (table === undefined) {
        table = new SortedTable<unknown>(() => {});
        tables.set(name, table);
      }
      return table as Table<T>;
    },
    blobs,
    sweep: async () => {},
    flush: async () => {},
    close: () => blobs.close(),
  };
}
