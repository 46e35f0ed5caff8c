import { join } from 'node:path';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type { Answer } from '../../answers/answer.ts';
import type { ReadingPair } from '../../answers/choose.ts';
import type { CaptureSet } from '../../answers/captures.ts';
import { readChunk } from './feed.ts';
import type { Chunk } from './feed.ts';
import { Scanner } from './scanner.ts';
import type { ScanAsked } from './scanner.ts';
import type { ScanCounts } from '../tally.ts';

export type SideName = 'production' | 'shadow';

/** A chunk of a file of one variant. */
export interface ScanTask extends Chunk {
  side: SideName;
  /** Index of the file among those of its variant. */
  file: number;
}

export interface ScanStart {
  kind: 'shadowctl-scan';
  asked: Omit<ScanAsked, 'reading'>;
  reading: ReadingPair;
  folder: string;
  /** Distinguishes the files of this thread from those of others. */
  name: string;
}

export type ScanResult = Record<SideName, { counts: ScanCounts; sample: readonly Answer[] }>;

/** Where this very file lies once it is built: a thread begins here. */
export const here = import.meta.url;

/** Reads tasks one after the other; the columns end up as Parquet files in the folder. */
export class ChunkReader {
  readonly #scanners: Record<SideName, Scanner>;

  constructor(start: ScanStart) {
    const make = (side: SideName) =>
      new Scanner(
        {
          ...start.asked,
          reading: start.reading[side],
          ...(side === 'production' ? {} : { cluster: undefined, sampled: 0 }),
        },
        {
          columns: (part) => join(start.folder, `${side}-${start.name}-${part}.parquet`),
          lost: (part) => join(start.folder, `lost-${side}-${start.name}-${part}.parquet`),
          cells: (part) => join(start.folder, `cells-${start.name}-${part}.parquet`),
        },
      );
    this.#scanners = { production: make('production'), shadow: make('shadow') };
  }

  async read(task: ScanTask): Promise<void> {
    const scanner = this.#scanners[task.side];
    await readChunk(task, {
      lines: (bytes, start, end, base) => scanner.lines(bytes, start, end, task.file, base),
      lost: (why, where) => scanner.counts.lost(why, where),
    });
  }

  /** Takes records that are in memory already, with what was found beside them. */
  take(side: SideName, { captures, unreadable, unreadableBy, outside, examples }: CaptureSet): void {
    const scanner = this.#scanners[side];
    scanner.counts.lostBefore(unreadable, unreadableBy);
    scanner.counts.outside += outside;
    for (const example of examples) scanner.counts.example(example);
    for (const [i, capture] of captures.entries()) scanner.capture(capture, 0, i);
  }

  end(): ScanResult {
    const result = (side: SideName) => {
      this.#scanners[side].flush();
      return { counts: this.#scanners[side].counts, sample: this.#scanners[side].sample.answers };
    };
    return { production: result('production'), shadow: result('shadow') };
  }
}

const start = workerData as ScanStart | null;
if (!isMainThread && start?.kind === 'shadowctl-scan' && parentPort !== null) {
  const port = parentPort;
  const reader = new ChunkReader(start);
  let last = Promise.resolve();
  port.on('message', (task: ScanTask | 'end') => {
    last = last
      .then(async () => {
        if (task === 'end') {
          port.postMessage({ result: reader.end() });
          port.close();
          return;
        }
        await reader.read(task);
        port.postMessage({ ready: true });
      })
      .catch((cause: unknown) => port.postMessage({ failed: cause }));
  });
}
