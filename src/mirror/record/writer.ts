import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { recordFile } from '../../analysis/mirrored/run.ts';

/** Lines that are about to be written are written at once when they are so many bytes. */
const FLUSH_BYTES = 256 * 1024;
/** Lines are kept as the bytes that the disk gets, in pieces of this size. */
const PAGE = 128 * 1024;

export interface WriterOptions {
  folder: string;
  /** Begins the names of its files. */
  run: string;
  rotateBytes: number;
  /** Milliseconds. */
  rotateAfter: number;
  /** Milliseconds since some beginning. */
  now: () => number;
  /** Is told of a finished file, packed. */
  finished: (path: string) => void;
  /** Lines of requests of these times could not be written. */
  dropped: (from: number, to: number, lines: number, error: NodeJS.ErrnoException) => void;
}

/**
 * Appends lines to the files of one side. A file is plain text while it is written, so that it can be read meanwhile; a
 * finished one is packed. What the disk refuses is dropped and told, a part of a line that it took is cut off again, and the next
 * lines are tried anew.
 */
export class RecordWriter {
  readonly #options: WriterOptions;
  /** What waits for the disk: whole pages, and the one that is being filled. */
  #full: Buffer[] = [];
  #page: Buffer | undefined;
  /** One that was written, to be filled again. */
  #spare: Buffer | undefined;
  #filled = 0;
  #count = 0;
  #from = Number.POSITIVE_INFINITY;
  #to = 0;
  /** That wait, or are being written. */
  bytes = 0;
  /** Lines that the disk took. */
  written = 0;
  #file: FileHandle | undefined;
  #path = '';
  #number = 0;
  #size = 0;
  #openedAt = 0;
  #writing: Promise<void> = Promise.resolve();
  #busy = false;
  readonly #packing = new Set<Promise<void>>();

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** @param at time of the request */
  add(line: string, at: number): void {
    this.#keep(line);
    this.#count += 1;
    if (at < this.#from) this.#from = at;
    if (at > this.#to) this.#to = at;
    if (this.bytes >= FLUSH_BYTES && !this.#busy) void this.flush();
  }

  /** Writes what there is; what is added meanwhile waits for the next time. Never rejects. */
  flush(): Promise<void> {
    this.#busy = true;
    this.#writing = this.#writing.then(() => this.#write()).finally(() => (this.#busy = false));
    return this.#writing;
  }

  /** What was written is on the disk itself. */
  async sync(): Promise<void> {
    await this.#file?.datasync().catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#rotate();
    await Promise.all(this.#packing);
  }

  #keep(line: string): void {
    // A character takes three bytes at the most.
    if (line.length * 3 > PAGE) {
      const own = Buffer.from(line);
      this.#turn();
      this.#full.push(own);
      this.bytes += own.length;
      return;
    }
    if (this.#page !== undefined && this.#filled + line.length * 3 > PAGE) this.#turn();
    this.#page ??= this.#spare ?? Buffer.allocUnsafeSlow(PAGE);
    this.#spare = undefined;
    const written = this.#page.write(line, this.#filled);
    this.#filled += written;
    this.bytes += written;
  }

  #turn(): void {
    if (this.#page === undefined) return;
    this.#full.push(this.#page.subarray(0, this.#filled));
    this.#page = undefined;
    this.#filled = 0;
  }

  async #write(): Promise<void> {
    const { rotateBytes, rotateAfter, now, dropped } = this.#options;
    if (
      this.#file !== undefined &&
      this.#size > 0 &&
      (this.#size >= rotateBytes || now() - this.#openedAt >= rotateAfter)
    )
      await this.#rotate();
    if (this.#count === 0) return;
    this.#turn();
    const [pages, bytes, count, from, to] = [this.#full, this.bytes, this.#count, this.#from, this.#to];
    this.#full = [];
    this.#count = 0;
    this.#from = Number.POSITIVE_INFINITY;
    this.#to = 0;
    try {
      this.#file ??= await this.#open();
      let size = this.#size;
      for (const page of pages)
        for (let done = 0; done < page.length; ) {
          const { bytesWritten } = await this.#file.write(page, done, page.length - done, size);
          done += bytesWritten;
          size += bytesWritten;
        }
      this.#size = size;
      this.written += count;
    } catch (error) {
      // Part of a line must not stay before the next one.
      await this.#file?.truncate(this.#size).catch(() => undefined);
      dropped(from, to, count, error as NodeJS.ErrnoException);
    }
    this.bytes -= bytes;
    const last = pages.at(-1);
    if (last?.buffer.byteLength === PAGE) this.#spare = Buffer.from(last.buffer);
  }

  async #open(): Promise<FileHandle> {
    this.#number += 1;
    this.#path = join(this.#options.folder, recordFile(this.#options.run, this.#number));
    const file = await open(this.#path, 'wx', 0o600);
    this.#size = 0;
    this.#openedAt = this.#options.now();
    return file;
  }

  async #rotate(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    await file.close().catch(() => undefined);
    if (this.#size === 0) return rm(this.#path, { force: true }).catch(() => undefined);
    const packing: Promise<void> = this.#pack(this.#path).finally(() => this.#packing.delete(packing));
    this.#packing.add(packing);
  }

  /** Where the disk has no room for it, the file stays as it is. */
  async #pack(path: string): Promise<void> {
    const part = `${path}.gz.part`;
    try {
      await pipeline(
        createReadStream(path),
        createGzip({ level: constants.Z_BEST_SPEED }),
        createWriteStream(part, { mode: 0o600 }),
      );
      await rename(part, `${path}.gz`);
      await rm(path);
      this.#options.finished(`${path}.gz`);
    } catch {
      await rm(part, { force: true }).catch(() => undefined);
    }
  }
}
