import type { Store } from './store.ts';
import { createMemoryStore } from './memory.ts';

/**
 * Opens the emulator's store: in `dir`, which is made where it is missing and belongs to one process at a time, or in
 * memory where there is none. Rejects with a `Problem` when the folder is in use, damaged or of another version.
 */
export async function openStore(dir: string | undefined): Promise<Store> {
  if (dir === undefined) return createMemoryStore();
  const { openDiskStore } = await import('./disk.ts');
  return openDiskStore(dir);
}
