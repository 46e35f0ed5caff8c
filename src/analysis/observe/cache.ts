import { utimesSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

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
  for (const part of await readdir(folder).catch(() => [])) {
    for (const name of await readdir(join(folder, part)).catch(() => [])) {
      const path = join(folder, part, name);
      // Another report may delete the same file at this moment.
      const facts = await stat(path).catch(() => undefined);
      if (facts?.isFile() === true) files.push({ path, size: facts.size, at: facts.mtimeMs });
    }
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
