import { existsSync, utimesSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Whose captures they are: an endpoint of that name may stand in another account or region, too. */
export interface CacheOwner {
  /** The account's twelve digits. */
  account: string;
  region: string;
  endpoint: string;
}

/** Where what was downloaded of one endpoint's captures lies, below the folder of caches. */
export function captureCache(cache: string, { account, region, endpoint }: CacheOwner): string {
  return join(cache, 'captures', account, region, endpoint);
}

/** Versions before 0.2 kept the captures of all endpoints together, in folders of two hexadecimal digits. */
const SHARED = /^[0-9a-f]{2}$/;

/**
 * Deletes what was downloaded of an endpoint's captures, and nothing else: reports on other endpoints may be at work.
 *
 * @param alone no other endpoint has captures here, so that what older versions kept in common goes as well
 */
export async function dropCaptures(cache: string, owner: CacheOwner, alone: boolean): Promise<void> {
  await rm(captureCache(cache, owner), { recursive: true, force: true });
  if (!alone) return;
  const captures = join(cache, 'captures');
  for (const name of await readdir(captures).catch(() => []))
    if (SHARED.test(name)) await rm(join(captures, name), { recursive: true, force: true });
}

/**
 * Does work that reads cached files; where one of them was deleted meanwhile, by a cleanup or by another report that
 * needed the room, once more from the start, which fetches it again.
 *
 * @param work gives the files that it reads as soon as it knows them
 */
export async function withFilesThere<T>(work: (reads: (paths: readonly string[]) => void) => Promise<T>): Promise<T> {
  let read: readonly string[] = [];
  try {
    return await work((paths) => (read = paths));
  } catch (error) {
    if (read.every((path) => existsSync(path))) throw error;
    return work(() => undefined);
  }
}

/** Captures of a few days of a busy endpoint; beyond that, the files that no report has used for longest are deleted. */
const MAX_CACHED_BYTES = 20e9;

/**
 * What was used now goes last. A cache that cannot be written to can still be read from.
 *
 * @param now milliseconds since the epoch
 */
export function markUsed(paths: readonly string[], now: number): void {
  for (const path of paths) {
    try {
      utimesSync(path, now / 1000, now / 1000);
    } catch {
      // Then it counts as used when it was written.
    }
  }
}

/**
 * Keeps a folder of downloaded captures under a bound: marks those just used, and deletes the files longest unused
 * until the rest fits. What is in use now stays, whatever its size.
 *
 * @param now milliseconds since the epoch
 * @returns bytes that were freed
 */
export async function boundCache(
  folder: string,
  used: readonly string[],
  now: number,
  most = MAX_CACHED_BYTES,
): Promise<number> {
  const keep = new Set(used);
  markUsed(used, now);
  const files: { path: string; size: number; at: number }[] = [];
  for (const name of await readdir(folder, { recursive: true }).catch(() => [])) {
    const path = join(folder, name);
    // Another report may delete the same file at this moment.
    const facts = await stat(path).catch(() => undefined);
    if (facts?.isFile() === true) files.push({ path, size: facts.size, at: facts.mtimeMs });
  }
  let total = files.reduce((sum, file) => sum + file.size, 0);
  let freed = 0;
  for (const file of files.sort((a, b) => a.at - b.at)) {
    if (total <= most) break;
    if (keep.has(file.path)) continue;
    await rm(file.path, { force: true });
    total -= file.size;
    freed += file.size;
  }
  return freed;
}
