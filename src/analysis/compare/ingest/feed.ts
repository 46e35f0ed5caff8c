import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { constants, createGunzip } from 'node:zlib';

const ROOM = 1024 * 1024;
/** Bytes that are unzipped at once: with Node's 16 kB a fifth of the time went into handing them over. */
const UNZIPPED = 512 * 1024;
/** Behind the bytes of a file: a newline where the last line has none, and room for whoever reads four bytes at once. */
const BEHIND = 8;
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** One file, or a part of it: lines that begin in [from, to). */
export interface Chunk {
  path: string;
  from: number;
  to: number;
}

/** Takes whole lines; `base` is the place of `start` in the (unzipped) file. */
export interface LineTaker {
  lines(bytes: Buffer, start: number, end: number, base: number): void;
  lost(why: string, where: string): void;
}

/** Collects bytes and hands on the whole lines among them. */
class Lines {
  #bytes: Buffer;
  #filled = 0;
  /** Place of the buffer's first byte in the file. */
  #base: number;
  /** Behind the beginning of a line that was too long: all up to its end is lost with it. */
  #skipping = false;
  readonly #maxLine: number;
  readonly #taker: LineTaker;

  /** @param room bytes to begin with: as many as are to come, where those are few */
  constructor(taker: LineTaker, base: number, { room = ROOM, maxLine }: { room?: number; maxLine: number }) {
    this.#taker = taker;
    this.#maxLine = maxLine;
    this.#base = base;
    this.#bytes = Buffer.allocUnsafe(Math.min(ROOM, room) + BEHIND);
  }

  /** Where the next bytes go; never empty. */
  room(): Buffer {
    if (this.#filled + BEHIND >= this.#bytes.length) {
      const larger = Buffer.allocUnsafe(this.#bytes.length * 2);
      this.#bytes.copy(larger, 0, 0, this.#filled);
      this.#bytes = larger;
    }
    return this.#bytes.subarray(this.#filled, this.#bytes.length - BEHIND);
  }

  took(count: number): void {
    if (this.#skipping) {
      const newline = this.#bytes.subarray(0, count).indexOf(10);
      const skipped = newline < 0 ? count : newline + 1;
      this.#base += skipped;
      if (newline < 0) return;
      this.#skipping = false;
      this.#bytes.copy(this.#bytes, 0, skipped, count);
      if (count === skipped) return;
      return this.took(count - skipped);
    }
    const last = this.#bytes.lastIndexOf(10, this.#filled + count - 1);
    const before = this.#filled;
    this.#filled += count;
    if (last < before) {
      if (this.#filled > this.#maxLine) this.#drop();
      return;
    }
    this.#taker.lines(this.#bytes, 0, last + 1, this.#base);
    this.#bytes.copy(this.#bytes, 0, last + 1, this.#filled);
    this.#filled -= last + 1;
    this.#base += last + 1;
  }

  #drop(): void {
    this.#taker.lost(`a line longer than ${this.#maxLine} bytes`, this.#bytes.toString('utf8', 0, 100));
    this.#base += this.#filled;
    this.#filled = 0;
    this.#skipping = true;
  }

  /** The last line may have no newline. */
  end(): string {
    const rest = this.#bytes.toString('utf8', Math.max(0, this.#filled - 100), this.#filled);
    if (this.#filled > 0) {
      this.#bytes[this.#filled] = 10;
      this.#taker.lines(this.#bytes, 0, this.#filled + 1, this.#base);
    }
    return rest;
  }
}

/** Reads a chunk of a capture file line by line, gzip or not, in a few megabytes of memory. */
export async function readChunk(chunk: Chunk, taker: LineTaker, maxLine = MAX_LINE_BYTES): Promise<void> {
  const file = openSync(chunk.path, 'r');
  try {
    if (!isZipped(file)) return readPlain(file, chunk, taker, maxLine);
  } finally {
    closeSync(file);
  }
  // A zipped file is read whole by whoever has its beginning.
  if (chunk.from === 0) await readZipped(chunk.path, taker, maxLine);
}

function isZipped(file: number): boolean {
  const magic = Buffer.alloc(2);
  readSync(file, magic, 0, 2, 0);
  return magic[0] === 0x1f && magic[1] === 0x8b;
}

function readPlain(file: number, { from, to }: Chunk, taker: LineTaker, maxLine = MAX_LINE_BYTES): void {
  let at = from === 0 ? 0 : firstLine(file, from);
  if (at >= to) return;
  const lines = new Lines(taker, at, { room: to - at + 1, maxLine });
  let last = 10;
  while (at < to) {
    const room = lines.room();
    const count = readSync(file, room, 0, Math.min(room.length, to - at), at);
    if (count === 0) break;
    at += count;
    last = room[count - 1] as number;
    lines.took(count);
  }
  // The line that begins before the end belongs to this chunk to its last byte.
  while (at >= to && last !== 10) {
    const room = lines.room();
    const count = readSync(file, room, 0, Math.min(room.length, 65_536), at);
    if (count === 0) break;
    const newline = room.subarray(0, count).indexOf(10);
    const taken = newline < 0 ? count : newline + 1;
    at += taken;
    last = room[taken - 1] as number;
    lines.took(taken);
  }
  lines.end();
}

/** The first line that begins at `from` or behind it. */
function firstLine(file: number, from: number): number {
  const bytes = Buffer.alloc(65_536);
  for (let at = from - 1; ; ) {
    const count = readSync(file, bytes, 0, bytes.length, at);
    if (count === 0) return at;
    const newline = bytes.subarray(0, count).indexOf(10);
    if (newline >= 0) return at + newline + 1;
    at += count;
  }
}

/** @param enough is asked between pieces: true where nobody wants what follows */
async function readZipped(
  path: string,
  taker: LineTaker,
  maxLine = MAX_LINE_BYTES,
  enough: () => boolean = () => false,
): Promise<void> {
  const lines = new Lines(taker, 0, { maxLine });
  // With every flush all that can be unzipped by now comes out: a torn file gives what stands before the tear.
  const unzipped = createReadStream(path, { highWaterMark: 1 << 20 }).pipe(
    createGunzip({ flush: constants.Z_SYNC_FLUSH, chunkSize: UNZIPPED }),
  );
  let torn: string | undefined;
  try {
    for await (const chunk of unzipped as AsyncIterable<Buffer>) {
      for (let done = 0; done < chunk.length; ) {
        const room = lines.room();
        const count = chunk.copy(room, 0, done);
        lines.took(count);
        done += count;
      }
      if (enough()) return;
    }
  } catch (cause) {
    torn = `torn gzip (${cause instanceof Error ? cause.message : String(cause)})`;
  }
  const rest = lines.end();
  if (torn !== undefined) taker.lost(torn, rest);
}

/** The lines that begin at these places of the (unzipped) file, in the order asked for. */
export async function readLines(path: string, places: readonly number[]): Promise<string[]> {
  const found = places.map(() => '');
  const wanted = [...new Set(places)].sort((a, b) => a - b);
  const taker: LineTaker = {
    lines(bytes, start, end, base) {
      while (wanted[0] !== undefined && wanted[0] < base + end - start) {
        const at = wanted.shift() as number;
        const line = bytes.toString('utf8', start + at - base, bytes.indexOf(10, start + at - base));
        for (const [i, place] of places.entries()) if (place === at) found[i] = line;
      }
    },
    lost: () => undefined,
  };
  const file = openSync(path, 'r');
  try {
    const magic = Buffer.alloc(2);
    readSync(file, magic, 0, 2, 0);
    if (magic[0] === 0x1f && magic[1] === 0x8b)
      await readZipped(path, taker, MAX_LINE_BYTES, () => wanted.length === 0);
    else for (const at of [...wanted]) readPlain(file, { path, from: at, to: at + 1 }, taker);
  } finally {
    closeSync(file);
  }
  return found;
}
