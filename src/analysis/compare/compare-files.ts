import type { Predictions, Task, Window } from '../observations.ts';
import { comparePredictions } from './memory/compare.ts';
import { parsePath } from '../answers/path.ts';
import { skewNote } from '../answers/skew.ts';
import type { FieldRules } from '../answers/fields.ts';
import type { Truth } from '../answers/truth.ts';
import { readAll, sizeOf } from '../observe/read-files.ts';
import { withSpill } from './spill.ts';

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
  const { window, prediction } = options;
  const path = prediction === undefined ? undefined : parsePath(prediction);
  const all = [...files.production, ...files.shadow];
  const bytes = sizeOf(all);
  // A few kilobytes of gzip can hold megabytes.
  const size = all.some((file) => file.endsWith('.gz')) ? bytes * 8 : bytes;
  if (size > SMALL_BYTES && files.production.length > 0 && files.shadow.length > 0) {
    const { comparePairsInSql } = await import('./duckdb/engine.ts');
    return withSpill(options.spill, (spill) =>
      comparePairsInSql({ ...options, ...files, fields: options.fields, path, spill }),
    );
  }
  options.progress?.(`reading ${all.length} capture files`);
  const [production, shadow] = [readAll(files.production, window), readAll(files.shadow, window)];
  return comparePredictions(production, shadow, { ...options, path });
}
