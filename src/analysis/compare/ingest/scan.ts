import { once } from 'node:events';
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Answer } from '../../answers/answer.ts';
import type { ComparisonOptions, Records } from '../options.ts';
import { UNCHOSEN } from '../readings.ts';
import { sizeOf, SMALL_BYTES } from '../sources.ts';
import { total } from '../tally.ts';
import type { ScanCounts } from '../tally.ts';
import type { ScanResult, ScanStart, ScanTask, SideName } from './worker.ts';

/** Bytes of a file that one thread takes at a time. */
const CHUNK = 32 * 1024 * 1024;
const MAX_THREADS = 8;
/** Bytes of production's files whose inputs are kept column by column: parts of them are for exploring. */
const SAMPLED_BYTES = 4 * 1024 * 1024;

export interface ScanRequest {
  /** Event ids and inputs, for records that InferenceIds do not pair. */
  everyId: boolean;
  /** An empty folder for the columns. */
  folder: string;
  /** Is called once the threads have their work. */
  begun?: (() => void) | undefined;
}

export interface Scanned {
  production: ScanCounts;
  shadow: ScanCounts;
  /** Share of production's records whose inputs were kept column by column. */
  sampled: number;
  /** A few answers of production, which show what kind they are. */
  sample: readonly Answer[];
}

/**
 * Reads the records of both variants and leaves what a comparison needs of them in `folder`, as Parquet files named
 * `production-*.parquet` and `shadow-*.parquet`: a row per row of an answer (see columns.ts); `lost-production-*.parquet`
 * and `lost-shadow-*.parquet`: one per record without an answer that can be read; and for a sample of production's records
 * what they were asked, `cells-*.parquet` (see cells.ts). Many bytes are read by every core.
 */
export async function scanRecords(records: Records, options: ComparisonOptions, asked: ScanRequest): Promise<Scanned> {
  const tasks = tasksOf(records);
  const bytes = tasks.reduce((sum, { side, from, to }) => sum + (side === 'production' ? to - from : 0), 0);
  const sampled = Math.min(1, SAMPLED_BYTES / Math.max(1, bytes));
  const reading = options.reading ?? UNCHOSEN;
  const start = (name: number): ScanStart => ({
    kind: 'shadowctl-scan',
    reading: { production: reading.production, shadow: reading.shadow },
    asked: {
      window: records.window,
      everyId: asked.everyId,
      features: options.truth?.by === 'input',
      cluster: options.cluster,
      sampled,
      // It comes into its own when it has been compiled, a few megabytes later.
      fastPath: options.fastPath ?? sizeOf(records) > SMALL_BYTES,
    },
    folder: asked.folder,
    name: String(name),
  });
  const progress = (done: number) =>
    options.progress?.({ step: 'reading-captures', share: done / Math.max(1, tasks.length) });
  const inMemory = 'captures' in records.production || 'captures' in records.shadow;
  const threads = inMemory ? 1 : Math.min(options.threads ?? availableParallelism(), MAX_THREADS, tasks.length);
  let results: ScanResult[];
  if (threads <= 1) {
    asked.begun?.();
    results = [await readHere(records, tasks, start(0), options.signal, progress)];
  } else {
    const { here } = await import('./worker.ts');
    let next = 0;
    let done = 0;
    const take = () => tasks[next++];
    const ended = () => progress((done += 1));
    const workers = Array.from({ length: threads }, (_, i) => new Worker(new URL(here), { workerData: start(i) }));
    try {
      const work = Promise.all(workers.map((worker) => drive(worker, take, ended)));
      asked.begun?.();
      results = await unlessAborted(work, options.signal);
    } finally {
      await Promise.all(workers.map((worker) => worker.terminate()));
    }
  }
  return {
    production: total(results.map((one) => one.production.counts)),
    shadow: total(results.map((one) => one.shadow.counts)),
    sampled,
    sample: results.flatMap((one) => one.production.sample),
  };
}

/** Reads these chunks, and whatever is in memory already, in this thread. */
async function readHere(
  records: Records,
  tasks: readonly ScanTask[],
  start: ScanStart,
  signal: AbortSignal | undefined,
  progress: (done: number) => void,
): Promise<ScanResult> {
  const { ChunkReader } = await import('./worker.ts');
  const reader = new ChunkReader(start);
  for (const side of ['production', 'shadow'] as const) {
    const source = records[side];
    if ('captures' in source) reader.take(side, source.captures);
  }
  for (const [i, task] of tasks.entries()) {
    signal?.throwIfAborted();
    await reader.read(task);
    progress(i + 1);
  }
  return reader.end();
}

/** Gives a thread one task after the other, and in the end its result; one waits always, so that it never does. */
function drive(worker: Worker, take: () => ScanTask | undefined, ended: () => void): Promise<ScanResult> {
  return new Promise((resolve, reject) => {
    let open = true;
    const give = () => {
      const task = take();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      if (task !== undefined) worker.postMessage(task);
      else if (open) {
        open = false;
        // oxlint-disable-next-line unicorn/require-post-message-target-origin
        worker.postMessage('end');
      }
    };
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error('a thread that reads captures ended before its work was done')));
    worker.on('message', (message: { ready?: true; failed?: unknown; result?: ScanResult }) => {
      if (message.failed !== undefined)
        reject(message.failed instanceof Error ? message.failed : new Error(JSON.stringify(message.failed)));
      else if (message.result !== undefined) resolve(message.result);
      else {
        ended();
        give();
      }
    });
    give();
    // Every thread has one before any has two: of two large files each is read by its own.
    queueMicrotask(give);
  });
}

/** The files in chunks, production's first. */
function tasksOf(records: Records): ScanTask[] {
  return (['production', 'shadow'] as const).flatMap((side) => {
    const source = records[side];
    return 'files' in source ? source.files.flatMap((path, file) => chunks(side, path, file)) : [];
  });
}

function chunks(side: SideName, path: string, file: number): ScanTask[] {
  const { size } = statSync(path);
  // What is zipped can only be read from its beginning.
  if (path.endsWith('.gz')) return [{ side, file, path, from: 0, to: size }];
  return Array.from({ length: Math.ceil(size / CHUNK) }, (_, i) => ({
    side,
    file,
    path,
    from: i * CHUNK,
    to: Math.min(size, (i + 1) * CHUNK),
  }));
}

/** The outcome of the work, or the signal's reason as soon as it aborts. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const ended = new AbortController();
  const aborted = once(signal, 'abort', { signal: ended.signal }).then(() => signal.throwIfAborted() as never);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    ended.abort();
    aborted.catch(() => undefined);
    work.catch(() => undefined);
  }
}
