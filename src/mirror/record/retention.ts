import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { readRemoved, REMOVED_FILE, type Removed, removedText } from '../../analysis/mirrored/removed.ts';
import { runOfFile, RUNS_FOLDER } from '../../analysis/mirrored/run.ts';
import { linesOf } from '../../analysis/mirrored/lines.ts';
import { writeWhole } from '../../base/disk.ts';
import { HOUR } from '../../base/units.ts';

export interface RetentionOptions {
  folder: string;
  /** Bytes of all record files; undefined: no bound. */
  keepBytes: number | undefined;
  /** Milliseconds that a finished file is kept; undefined: no bound. */
  keepFor: number | undefined;
  /** Names of the runs that this process writes. */
  openRuns: () => readonly string[];
  /** The time of day, as files have it; and milliseconds since some beginning. */
  wall: () => number;
  now: () => number;
  onEvent: (event: RemovedEvent) => void;
}

/** Record files were removed, or could not be. */
export type RemovedEvent =
  | { kind: 'records-removed'; why: 'size' | 'age'; files: number; records: number; until: number }
  | { kind: 'records-not-removed'; error: string };

interface Found {
  path: string;
  run: string;
  bytes: number;
  /** When it was written last; milliseconds since the epoch. */
  at: number;
}

/** Milliseconds between two looks. */
const LOOK_EVERY = 10_000;

/**
 * Removes the oldest record files of a folder where it has grown beyond its bounds. What is gone is written down before it is:
 * up to which moment records of a run count no more, on every side, so that no report takes one side without the other.
 */
export class Retention {
  readonly #options: RetentionOptions;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #failed = false;
  /** Of this process. */
  records = 0;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Looks, where the last look is long past. To be called some times a second; never rejects, and is not to be waited for. */
  tick(): void {
    const { now } = this.#options;
    if (this.#looking !== undefined || now() - this.#lookedAt < LOOK_EVERY) return;
    this.#lookedAt = now();
    this.#looking = this.look().finally(() => (this.#looking = undefined));
  }

  /** What is under way has ended with this. */
  async settled(): Promise<void> {
    await this.#looking;
  }

  /** Removes what is beyond the bounds. Never rejects. */
  async look(): Promise<void> {
    const { onEvent } = this.#options;
    try {
      await this.#look();
      this.#failed = false;
    } catch (error) {
      // Once, not every ten seconds.
      if (!this.#failed)
        onEvent({ kind: 'records-not-removed', error: error instanceof Error ? error.message : String(error) });
      this.#failed = true;
    }
  }

  async #look(): Promise<void> {
    const { keepBytes, keepFor, openRuns, wall } = this.#options;
    const files = (await this.#files()).sort((a, b) => a.at - b.at);
    const open = new Set(openRuns());
    // One that is still written: by this process, or maybe by another.
    const finished = files.filter(
      ({ path, run, at }) => path.endsWith('.gz') || (!open.has(run) && wall() - at > HOUR),
    );
    const old = keepFor === undefined ? [] : finished.filter(({ at }) => wall() - at > keepFor);
    if (old.length > 0) await this.#remove(old, 'age');
    if (keepBytes === undefined) return;
    let bytes = files.reduce((sum, one) => sum + one.bytes, 0) - old.reduce((sum, one) => sum + one.bytes, 0);
    const surplus: Found[] = [];
    for (const file of finished.slice(old.length)) {
      if (bytes <= keepBytes) break;
      surplus.push(file);
      bytes -= file.bytes;
    }
    if (surplus.length > 0) await this.#remove(surplus, 'size');
  }

  /** All record files. */
  async #files(): Promise<Found[]> {
    const { folder } = this.#options;
    const found: Found[] = [];
    for (const side of await readdir(folder, { withFileTypes: true })) {
      if (!side.isDirectory() || side.name === RUNS_FOLDER) continue;
      for (const name of await readdir(join(folder, side.name))) {
        const run = runOfFile(name);
        if (run === undefined) continue;
        const path = join(folder, side.name, name);
        // It may just have been packed.
        const about = await stat(path).catch(() => undefined);
        if (about !== undefined) found.push({ path, run, bytes: about.size, at: about.mtimeMs });
      }
    }
    return found;
  }

  async #remove(files: readonly Found[], why: 'size' | 'age'): Promise<void> {
    const { folder, onEvent } = this.#options;
    const path = join(folder, REMOVED_FILE);
    const removed: Removed = { ...(await readWritten(path)) };
    const counts = { files: 0, records: 0, until: 0 };
    for (const file of files) {
      let [last, records] = [0, 0];
      for await (const { facts } of linesOf(file)) {
        if (facts === undefined) continue;
        records += 1;
        last = Math.max(last, facts.at);
      }
      const before = removed[file.run] ?? { until: 0, files: 0, records: 0, bytes: 0 };
      removed[file.run] = {
        until: Math.max(before.until, last + 1),
        files: before.files + 1,
        records: before.records + records,
        bytes: before.bytes + file.bytes,
      };
      // Written down first: a report must not find one side's records without the other's.
      await writeWhole(path, removedText(removed));
      await unlink(file.path);
      counts.files += 1;
      counts.records += records;
      counts.until = Math.max(counts.until, last + 1);
      this.records += records;
    }
    onEvent({ kind: 'records-removed', why, ...counts });
  }
}

/** @throws Error where there is a file that cannot be read: it must not be written over */
async function readWritten(path: string): Promise<Removed> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  const found = readRemoved(text);
  if (found === undefined) throw new Error(`${path} cannot be read`);
  return found;
}
