import { constants, gunzipSync } from 'node:zlib';
import type { Window } from '../../src/analysis/observations.ts';
import { readCapture } from '../../src/analysis/answers/captures.ts';
import type { Capture, CaptureSet } from '../../src/analysis/answers/captures.ts';

const EXAMPLES = 5;
/** A few kilobytes of gzip can hold gigabytes. */
const MOST_TEXT = 1024 ** 3;

/** Turns files of capture records into one set, counting what is not readable instead of failing on it. */
export class CaptureReader {
  readonly #window: Window;
  readonly #captures: Capture[] = [];
  readonly #examples: string[] = [];
  #files = 0;
  #unreadable = 0;
  #outside = 0;

  constructor(window: Window) {
    this.#window = window;
  }

  file(bytes: Uint8Array): void {
    this.#files += 1;
    const { text, torn } = decode(bytes);
    if (torn !== undefined) this.#lost(torn, text.slice(-100));
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      const capture = readCapture(line);
      if (typeof capture === 'string') this.#lost(capture, line);
      else if (capture.at < this.#window.from || capture.at >= this.#window.to) this.#outside += 1;
      else this.#captures.push(capture);
    }
  }

  #lost(why: string, where: string): void {
    this.#unreadable += 1;
    if (this.#examples.length < EXAMPLES) this.#examples.push(`${why}: ${where.slice(0, 100)}`);
  }

  set(): CaptureSet {
    return {
      files: this.#files,
      captures: this.#captures,
      unreadable: this.#unreadable,
      outside: this.#outside,
      examples: this.#examples,
    };
  }
}

/** Text of a file, unzipped where it is gzip; of a torn one what comes before the tear, and why it ends there. */
function decode(bytes: Uint8Array): { text: string; torn: string | undefined } {
  const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!gzip) return { text: Buffer.from(bytes).toString('utf8'), torn: undefined };
  try {
    return { text: gunzipSync(bytes, { maxOutputLength: MOST_TEXT }).toString('utf8'), torn: undefined };
  } catch (whole) {
    const torn = `torn gzip (${whole instanceof Error ? whole.message : String(whole)})`;
    try {
      return {
        text: gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MOST_TEXT }).toString('utf8'),
        torn,
      };
    } catch {
      return { text: '', torn };
    }
  }
}
