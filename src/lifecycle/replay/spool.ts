import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { onDisk } from '../../base/disk.ts';

const WRITE_AT = 1024 * 1024;
const READ_AHEAD = 1024 * 1024;

/** Where a value lies. */
export interface Place {
  from: number;
  length: number;
}

const ROOM = 'Make room there: what is to be sent again is put into order there first.';

/**
 * Values on disk, one behind the other: a recording is put into the order of its times before any of it is sent, and is larger than
 * memory. Whoever reads what lies next to what was read before gets it from the same read.
 */
export class Spool {
  readonly #file: FileHandle;
  readonly #folder: string;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #end = 0;
  #block: { from: number; bytes: Buffer } = { from: 0, bytes: Buffer.alloc(0) };

  private constructor(file: FileHandle, folder: string) {
    this.#file = file;
    this.#folder = folder;
  }

  /** @param folder an empty one, which is gone afterwards */
  static async open(folder: string): Promise<Spool> {
    return new Spool(await onDisk(folder, ROOM, () => open(join(folder, 'spool'), 'wx+', 0o600)), folder);
  }

  async add(bytes: Buffer): Promise<Place> {
    const place = { from: this.#end, length: bytes.length };
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    this.#end += bytes.length;
    if (this.#bytes >= WRITE_AT) await this.flush();
    return place;
  }

  /** Writes what waits. @throws Problem (cannot-run) where the disk refuses */
  async flush(): Promise<void> {
    if (this.#bytes === 0) return;
    const all = Buffer.concat(this.#waiting);
    const from = this.#end - all.length;
    this.#waiting = [];
    this.#bytes = 0;
    await onDisk(this.#folder, ROOM, async () => {
      for (let done = 0; done < all.length; ) {
        const { bytesWritten } = await this.#file.write(all, done, all.length - done, from + done);
        done += bytesWritten;
      }
    });
  }

  async read({ from, length }: Place): Promise<Buffer> {
    const behind = from - this.#block.from;
    if (behind >= 0 && behind + length <= this.#block.bytes.length)
      return this.#block.bytes.subarray(behind, behind + length);
    // Never written over: what was handed out is still used.
    const bytes = Buffer.allocUnsafeSlow(Math.max(length, READ_AHEAD));
    let got = 0;
    while (got < length) {
      const { bytesRead } = await this.#file.read(bytes, got, bytes.length - got, from + got);
      if (bytesRead === 0) throw new Error('the spool ends too soon');
      got += bytesRead;
    }
    this.#block = { from, bytes: bytes.subarray(0, got) };
    return bytes.subarray(0, length);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
