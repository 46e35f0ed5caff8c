import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { environmentError } from '../../base/errors.ts';
import { requireNoLink } from '../../base/private-folder.ts';
import { type RecordChange, decodeBatch } from './line.ts';

const FORMAT = 'shadowctl emulator state';
const VERSION = 1;
const HEADER = `${JSON.stringify({ format: FORMAT, version: VERSION })}\n`;
const CHUNK = 1 << 20;

/** An append-only file of lines: a header that names the version, then one batch of changes a line. */
export class Log {
  readonly #path: string;
  #file: FileHandle;
  #size: number;
  #unsynced = false;

  private constructor(path: string, file: FileHandle, size: number) {
    this.#path = path;
    this.#file = file;
    this.#size = size;
  }

  /**
   * Opens the log at `path`, or begins one, and gives every batch in it to `apply`. A last line that was torn by a
   * crash is cut off. Rejects with a `Problem` when it is damaged elsewhere or of another version.
   */
  static async open(path: string, apply: (changes: RecordChange[]) => void): Promise<Log> {
    await rm(`${path}.new`, { force: true });
    requireNoLink(path);
    const file = await open(path, 'a+', 0o600).then(async (made) => {
      await made.close();
      return open(path, 'r+');
    });
    try {
      const { size } = await file.stat();
      const sound = await replay(path, file, size, apply);
      if (sound < size) await file.truncate(sound);
      const log = new Log(path, file, sound);
      if (sound === 0) await log.append(HEADER);
      return log;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#size;
  }

  /** Appends whole lines. After a failure the file is as it was before. */
  async append(text: string): Promise<void> {
    try {
      await writeAll(this.#file, Buffer.from(text), this.#size);
    } catch (error) {
      await this.#file.truncate(this.#size).catch(() => {});
      throw error;
    }
    this.#size += Buffer.byteLength(text);
    this.#unsynced = true;
  }

  /** Puts what was appended onto the disk itself. */
  async sync(): Promise<void> {
    if (!this.#unsynced) return;
    await this.#file.datasync();
    this.#unsynced = false;
  }

  /** Puts these lines in the place of all there is, in one step: a crash leaves the old file or the new. */
  async replace(lines: Iterable<string>): Promise<void> {
    const temporary = `${this.#path}.new`;
    const file = await open(temporary, 'w+');
    let size = 0;
    try {
      const write = async (text: string) => {
        size += await writeAll(file, Buffer.from(text), size);
      };
      await write(HEADER);
      for (const line of lines) await write(line);
      await file.sync();
      await rename(temporary, this.#path);
    } catch (error) {
      await file.close();
      await rm(temporary, { force: true });
      throw error;
    }
    await this.#file.close();
    this.#file = file;
    this.#size = size;
    this.#unsynced = false;
    await syncFolder(dirname(this.#path));
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Makes the names in a folder survive a power cut. Windows cannot, and need not. */
export async function syncFolder(dir: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  let written = 0;
  while (written < bytes.length) {
    written += (await file.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
  }
  return written;
}

/** Reads line by line and answers how many bytes are sound. */
async function replay(
  path: string,
  file: FileHandle,
  size: number,
  apply: (changes: RecordChange[]) => void,
): Promise<number> {
  let rest: Buffer = Buffer.alloc(0);
  let sound = 0;
  let number = 0;
  let torn = false;
  const take = (line: Buffer) => {
    number += 1;
    if (torn) throw damaged(path, number - 1);
    if (number === 1) checkHeader(path, line.toString());
    else {
      let changes: RecordChange[];
      try {
        changes = decodeBatch(line.toString());
      } catch {
        // Forgiven only where nothing follows.
        torn = true;
        return;
      }
      apply(changes);
    }
    sound += line.length + 1;
  };
  for (let position = 0; position < size; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, size - position));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let from = 0;
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10, from)) {
      take(rest.subarray(from, end));
      from = end + 1;
    }
    rest = rest.subarray(from);
  }
  return sound;
}

function checkHeader(path: string, line: string): void {
  let header: { format?: unknown; version?: unknown };
  try {
    header = JSON.parse(line) as typeof header;
  } catch {
    throw damaged(path, 1);
  }
  if (header?.format !== FORMAT) throw damaged(path, 1);
  if (header.version !== VERSION) {
    throw environmentError(
      `The emulator's state in ${dirname(path)} has version ${String(header.version)}; this shadowctl reads version ${VERSION}.`,
      `Start with the shadowctl that wrote it, choose another folder (--dir), or delete ${dirname(path)} to begin afresh.`,
    );
  }
}

function damaged(path: string, line: number): Error {
  return environmentError(
    `The emulator's state is damaged: line ${line} of ${path} cannot be read.`,
    `Choose another folder (--dir), or delete ${dirname(path)} to begin afresh.`,
  );
}
