import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Predictions, Task, Window } from '../observations.ts';
import { comparePredictions } from '../predictions/compare.ts';
import { parsePath } from '../predictions/path.ts';
import { skewNote } from '../predictions/skew.ts';
import type { FieldRules } from '../predictions/fields.ts';
import type { Truth } from '../predictions/truth.ts';
import { readAll, sizeOf } from './read-files.ts';

/** Loading DuckDB takes longer than reading this much here; of gzip, an eighth. */
const SMALL_BYTES = 16 * 1024 * 1024;

export interface CompareFilesOptions {
  window: Window;
  sampling: number;
  tolerance: number | undefined;
  /** Path into JSON answers, as the user wrote it. */
  prediction: string | undefined;
  task: Task | undefined;
  truth: Truth | undefined;
  /** What the policy says about fields of free JSON. */
  fields?: FieldRules | undefined;
  /** Folder for what does not fit into memory. */
  spill: string;
  /** Memory bound of the engine, like `1GB`. */
  memory: string;
  signal?: AbortSignal | undefined;
  progress?: ((doing: string) => void) | undefined;
  /** Told what the reader must know. */
  note(words: string): void;
}

/**
 * Compares capture files on this machine. Small ones are held in memory; large ones are scanned by every core and
 * compared by DuckDB, under a memory bound. Both give the same answers, but for two that are exploring: of many captures
 * parts of the inputs are cut from a sample, and Wasserstein's distance is right to a 30 000th of the numbers' range.
 */
export async function compareFiles(
  files: { production: readonly string[]; shadow: readonly string[] },
  options: CompareFilesOptions,
): Promise<Predictions> {
  const found = await compare(files, options);
  const skewed = skewNote(found);
  if (skewed !== undefined) options.note(skewed);
  return found;
}

async function compare(
  files: { production: readonly string[]; shadow: readonly string[] },
  options: CompareFilesOptions,
): Promise<Predictions> {
  const { window, truth, prediction } = options;
  const path = prediction === undefined ? undefined : parsePath(prediction);
  const all = [...files.production, ...files.shadow];
  const bytes = sizeOf(all);
  // A few kilobytes of gzip can hold megabytes.
  const size = all.some((file) => file.endsWith('.gz')) ? bytes * 8 : bytes;
  const { fields } = options;
  if (size > SMALL_BYTES && files.production.length > 0 && files.shadow.length > 0) {
    const { comparePairsInSql } = await import('./duckdb/engine.ts');
    await removeOrphans(options.spill);
    const spill = join(options.spill, `spill-${process.pid}`);
    await mkdir(spill, { recursive: true });
    try {
      return await comparePairsInSql({
        ...files,
        window,
        path,
        task: options.task,
        sampling: options.sampling,
        tolerance: options.tolerance,
        truth,
        fields,
        memory: options.memory,
        spill,
        signal: options.signal,
        progress: options.progress,
        note: options.note,
      });
    } finally {
      await rm(spill, { recursive: true, force: true });
    }
  }
  options.progress?.(`reading ${all.length} capture files`);
  const [production, shadow] = [readAll(files.production, window), readAll(files.shadow, window)];
  return comparePredictions(production, shadow, {
    sampling: options.sampling,
    tolerance: options.tolerance,
    path,
    task: options.task,
    truth,
    fields,
  });
}

/** Removes what killed processes have spilled: it may be gigabytes. */
async function removeOrphans(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const [, pid] = /^spill-(\d+)$/.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(folder, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // It is somebody else's.
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM';
  }
}
