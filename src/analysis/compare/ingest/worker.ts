import { join } from 'node:path';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type { Answer } from '../../answers/answers.ts';
import { readStretch } from './feed.ts';
import type { Stretch } from './feed.ts';
import { Scanner } from './scanner.ts';
import type { ScanAsked } from './scanner.ts';
import type { ScanCounts } from './tally.ts';

export type SideName = 'production' | 'shadow';

/** A stretch of a file of one variant. */
export interface ScanTask extends Stretch {
  side: SideName;
  /** Index of the file among those of its variant. */
  file: number;
}

export interface ScanStart {
  kind: 'shadowctl-scan';
  asked: Omit<ScanAsked, 'rowInputs'>;
  folder: string;
  /** Tells the files of this thread from those of others. */
  name: string;
}

export type ScanResult = Record<SideName, { counts: ScanCounts; sample: readonly Answer[] }>;

/** Where this very file lies once it is built: a thread begins here. */
export const here = import.meta.url;

/** Reads tasks one after the other; the columns end up as Parquet files in the folder. */
export class ScanLine {
  readonly #scanners: Record<SideName, Scanner>;

  constructor(start: ScanStart) {
    const make = (side: SideName) =>
      new Scanner(
        side === 'production' ? { ...start.asked, rowInputs: true } : { ...start.asked, rowInputs: false, sampled: 0 },
        {
          columns: (part) => join(start.folder, `${side}-${start.name}-${part}.parquet`),
          cells: (part) => join(start.folder, `cells-${start.name}-${part}.parquet`),
        },
      );
    this.#scanners = { production: make('production'), shadow: make('shadow') };
  }

  async read(task: ScanTask): Promise<void> {
    const scanner = this.#scanners[task.side];
    await readStretch(task, {
      lines: (bytes, start, end, base) => scanner.lines(bytes, start, end, task.file, base),
      lost: (why, where) => scanner.counts.lost(why, where),
    });
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
  const line = new ScanLine(start);
  let last = Promise.resolve();
  port.on('message', (task: ScanTask | 'end') => {
    last = last
      .then(async () => {
        if (task === 'end') {
          port.postMessage({ result: line.end() });
          port.close();
          return;
        }
        await line.read(task);
        port.postMessage({ ready: true });
      })
      .catch((cause: unknown) => port.postMessage({ failed: cause }));
  });
}
