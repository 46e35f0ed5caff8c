import type { Failure } from './live.ts';
import type { Counted } from './metrics.ts';
import type { Refusal } from './refuse.ts';

/** Paths that are counted each by itself, and characters of one that are kept. */
const MAX_PATHS = 5;
const MAX_PATH = 100;

/** What a mirror counts of requests as they come in, beside what it counts of its sides. */
export class Tally {
  readonly #notMirrored = { method: 0, path: 0 };
  readonly #unmirroredPaths = new Map<string, number>();
  readonly #refused: Partial<Record<Refusal, number>> = {};
  readonly #answering = new Map<string, number>();
  readonly fallbacks: Record<Failure, number> = { refused: 0, broken: 0, timeout: 0, '5xx': 0 };

  /** An answer was given in the mirror's own name. */
  countRefusal(why: Refusal): void {
    this.#refused[why] = (this.#refused[why] ?? 0) + 1;
  }

  /** A request gets no copies; its path is counted where it is one of the first that came. */
  countUnmirrored(method: string | undefined, path: string): void {
    this.#notMirrored[method === 'POST' ? 'path' : 'method'] += 1;
    if (method !== 'POST') return;
    const short = path.slice(0, MAX_PATH);
    const before = this.#unmirroredPaths.get(short);
    if (before !== undefined || this.#unmirroredPaths.size < MAX_PATHS)
      this.#unmirroredPaths.set(short, (before ?? 0) + 1);
  }

  /** A request of a mirrored route came while requests were divided. @param side that was to answer it */
  countAnswering(side: string): void {
    this.#answering.set(side, (this.#answering.get(side) ?? 0) + 1);
  }

  /** The live side answers in the candidate's stead. */
  countFallback(how: Failure): void {
    this.fallbacks[how] += 1;
  }

  counted(): Pick<Counted, 'notMirrored' | 'unmirroredPaths' | 'refused' | 'answering' | 'fallbacks'> {
    return {
      notMirrored: this.#notMirrored,
      unmirroredPaths: this.#unmirroredPaths,
      refused: this.#refused,
      answering: this.#answering,
      fallbacks: this.fallbacks,
    };
  }
}
