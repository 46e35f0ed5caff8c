import { readFileSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import type { Window } from '../../observations.ts';
import type { RecordSource } from '../options.ts';
import { SMALL_BYTES } from '../sources.ts';
import { Tally } from '../tally.ts';
import { readCapture } from '../../answers/captures.ts';
import type { Capture, CaptureSet } from '../../answers/captures.ts';

const TIME_KEY = '"inferenceTime":"';
/** A time as SageMaker writes it, of a day that there is: such times lie in time as they do in the alphabet. */
const WHOLE_SECOND =
  /^\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

/** The records of one variant that lie in the window; undefined where too much comes out of its files. */
export function readRecords(source: RecordSource, window: Window): CaptureSet | undefined {
  const reader = new CaptureReader(window);
  if ('captures' in source) return reader.within(source.captures);
  for (const path of source.files) if (!reader.file(readFileSync(path))) return undefined;
  return reader.set();
}

/** Turns files of capture records into one set, counting what is not readable instead of failing on it. */
class CaptureReader {
  readonly #window: Window;
  /** The first whole seconds at and after the window's beginning and end, as SageMaker writes times. */
  readonly #from: string | undefined;
  readonly #to: string | undefined;
  readonly #captures: Capture[] = [];
  readonly #tally = new Tally();
  #files = 0;
  /** Where the next time stands in the file that is read, so that no line is searched twice; -1 where none is left. */
  #key = 0;

  constructor(window: Window) {
    this.#window = window;
    this.#from = wholeSecond(window.from);
    this.#to = wholeSecond(window.to);
  }

  /** @returns false where more than a small report holds came out of the file: a few kilobytes of gzip can hold gigabytes */
  file(bytes: Buffer): boolean {
    const decoded = decode(bytes, 4 * SMALL_BYTES);
    if (decoded === undefined) return false;
    const { text, torn } = decoded;
    this.#files += 1;
    this.#key = text.indexOf(TIME_KEY);
    for (let start = 0; start < text.length; ) {
      const newline = text.indexOf('\n', start);
      const end = newline < 0 ? text.length : newline;
      if (this.#isOutside(text, start, end)) this.#tally.outside += 1;
      else this.#line(text.slice(start, end));
      start = end + 1;
    }
    if (torn !== undefined) this.#tally.lost(torn, text.slice(-100));
    return true;
  }

  /** A record that shows a time outside of the window needs no parsing. Inside of a string the key would have backslashes. */
  #isOutside(text: string, start: number, end: number): boolean {
    if (this.#key >= 0 && this.#key < start) this.#key = text.indexOf(TIME_KEY, start);
    if (this.#key < 0 || this.#key >= end) return false;
    const from = this.#key + TIME_KEY.length;
    const quote = text.indexOf('"', from);
    if (quote < 0 || quote >= end) return false;
    const time = text.slice(from, quote);
    if (this.#from !== undefined && this.#to !== undefined && WHOLE_SECOND.test(time))
      return time < this.#from || time >= this.#to;
    const moment = Date.parse(time);
    return moment < this.#window.from || moment >= this.#window.to;
  }

  #line(line: string): void {
    if (line.trim() === '') return;
    const capture = readCapture(line);
    if (typeof capture === 'string') this.#tally.lost(capture, line);
    else if (capture.at < this.#window.from || capture.at >= this.#window.to) this.#tally.outside += 1;
    else this.#captures.push(capture);
  }

  set(): CaptureSet {
    const { unreadable, unreadableBy, outside, examples } = this.#tally;
    return { files: this.#files, captures: this.#captures, unreadable, unreadableBy, outside, examples };
  }

  /** What of a set that is read already lies in the window. */
  within(set: CaptureSet): CaptureSet {
    const captures = set.captures.filter(({ at }) => at >= this.#window.from && at < this.#window.to);
    return {
      ...set,
      unreadableBy: set.unreadableBy ?? [],
      captures,
      outside: set.outside + set.captures.length - captures.length,
    };
  }
}

/** The first whole second that is not before this moment; undefined where it cannot be written with a year of four digits. */
function wholeSecond(at: number): string | undefined {
  const second = Math.ceil(at / 1000) * 1000;
  if (!(second >= 0 && second < 253_402_300_800_000)) return undefined;
  return new Date(second).toISOString().replace('.000Z', 'Z');
}

/** Text of a file, unzipped where it is gzip; of a torn one what comes before the tear, and why it ends there. */
function decode(bytes: Buffer, maxBytes: number): { text: string; torn: string | undefined } | undefined {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return { text: bytes.toString('utf8'), torn: undefined };
  try {
    return { text: gunzipSync(bytes, { maxOutputLength: maxBytes }).toString('utf8'), torn: undefined };
  } catch (whole) {
    if (isTooLarge(whole)) return undefined;
    const torn = `torn gzip (${whole instanceof Error ? whole.message : String(whole)})`;
    try {
      const finishFlush = constants.Z_SYNC_FLUSH;
      return { text: gunzipSync(bytes, { finishFlush, maxOutputLength: maxBytes }).toString('utf8'), torn };
    } catch (part) {
      return isTooLarge(part) ? undefined : { text: '', torn };
    }
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}
