import { once } from 'node:events';
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Answer } from '../../answers/answers.ts';
import type { ScanAsked } from './scanner.ts';
import { total } from './tally.ts';
import type { ScanCounts } from './tally.ts';
import type { ScanResult, ScanStart, ScanTask, SideName } from './worker.ts';

/** Bytes of a file that one thread takes at a time. */
const STRETCH = 32 * 1024 * 1024;
const MOST_THREADS = 8;
/** Bytes of production's files whose inputs are kept column by column: parts of them are for exploring. */
const SAMPLED_BYTES = 4 * 1024 * 1024;

export interface ScanOptions extends Omit<ScanAsked, 'rowInputs' | 'sampled'> {
  production: readonly string[];
  shadow: readonly string[];
  /** An empty folder for the columns. */
  folder: string;
  threads?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Told once the threads have their work. */
  begun?: (() => void) | undefined;
  /** Told how many of how many stretches are read. */
  progress?: ((done: number, of: number) => void) | undefined;
}

export interface Scanned {
  production: ScanCounts;
  shadow: ScanCounts;
  /** Share of production's records whose inputs were kept column by column. */
  sampled: number;
  /** A few answers of production, by which their kind can be told. */
  sample: readonly Answer[];
}

/**
 * Reads capture files with every core and leaves what a comparison needs of them in `folder`, as Parquet files named
 * `production-*.parquet` and `shadow-*.parquet`: a row per row of an answer (see columns.ts); and for a sample of
 * production's records what they were asked, `cells-*.parquet` (see cells.ts).
 */
export async function scanCaptures(options: ScanOptions): Promise<Scanned> {
  const tasks = [...stretches(options, 'production'), ...stretches(options, 'shadow')];
  const { window, path, everyId, features, whole, folder } = options;
  const sampled = Math.min(1, SAMPLED_BYTES / Math.max(1, bytesOf(tasks.filter(({ side }) => side === 'production'))));
  const start = (name: number): ScanStart => ({
    kind: 'shadowctl-scan',
    asked: { window, path, everyId, features, whole, sampled },
    folder,
    name: String(name),
  });
  const { here, ScanLine } = await import('./worker.ts');
  const threads = Math.min(options.threads ?? availableParallelism(), MOST_THREADS, tasks.length);
  let results: ScanResult[];
  // Unbuilt (in tests) there is no file that a thread could begin with.
  if (threads <= 1 || here.endsWith('.ts')) {
    options.begun?.();
    const line = new ScanLine(start(0));
    for (const [i, task] of tasks.entries()) {
      options.signal?.throwIfAborted();
      await line.read(task);
      options.progress?.(i + 1, tasks.length);
    }
    results = [line.end()];
  } else {
    let next = 0;
    let done = 0;
    const take = () => tasks[next++];
    const told = () => options.progress?.((done += 1), tasks.length);
    const workers = Array.from({ length: threads }, (_, i) => new Worker(new URL(here), { workerData: start(i) }));
    try {
      const work = Promise.all(workers.map((worker) => drive(worker, take, told)));
      options.begun?.();
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

/** Gives a thread one task after the other, and in the end its result; one waits always, so that it never does. */
function drive(worker: Worker, take: () => ScanTask | undefined, told: () => void): Promise<ScanResult> {
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
    worker.on('exit', () => reject(new Error('a thread that reads captures ended before its work')));
    worker.on('message', (message: { ready?: true; failed?: unknown; result?: ScanResult }) => {
      if (message.failed !== undefined)
        reject(message.failed instanceof Error ? message.failed : new Error(JSON.stringify(message.failed)));
      else if (message.result !== undefined) resolve(message.result);
      else {
        told();
        give();
      }
    });
    give();
    give();
  });
}

function stretches(options: ScanOptions, side: SideName): ScanTask[] {
  return options[side].flatMap((path, file) => {
    const { size } = statSync(path);
    // What is zipped can only be read from its beginning.
    if (path.endsWith('.gz')) return [{ side, file, path, from: 0, to: size }];
    return Array.from({ length: Math.ceil(size / STRETCH) }, (_, i) => ({
      side,
      file,
      path,
      from: i * STRETCH,
      to: Math.min(size, (i + 1) * STRETCH),
    }));
  });
}

function bytesOf(tasks: readonly ScanTask[]): number {
  return tasks.reduce((sum, { from, to }) => sum + to - from, 0);
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
