import { posix } from 'node:path';
import { gunzip } from 'node:zlib';
import { extract } from 'tar-stream';

/** Bounds on what an archive may unpack to: a small file can hold a very large one. */
interface ArchiveLimits {
  /** Bytes of all files together, tar headers included. */
  bytes: number;
  files: number;
}

const DEFAULT_LIMITS: ArchiveLimits = { bytes: 512 * 1024 ** 2, files: 10_000 };

/** Why an archive cannot be unpacked; the message completes "the archive …". */
export class ArchiveError extends Error {}

/**
 * The regular files of a tar.gz by their path, `./` taken away; folders are left out. Nothing is written to disk and
 * nothing is executed. Refused with an `ArchiveError`: what is not gzip, is truncated or damaged, unpacks to more than
 * the limits, holds links, devices, absolute paths or paths that climb out.
 */
export async function readArchive(bytes: Uint8Array, limits = DEFAULT_LIMITS): Promise<Map<string, Uint8Array>> {
  if (bytes.length < 18 || bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw new ArchiveError('is not gzip data');
  const tar = await inflate(bytes, limits.bytes);
  const files = new Map<string, Uint8Array>();
  const entries = extract();
  entries.end(tar);
  let ended = false;
  try {
    for await (const entry of entries) {
      const { name, type } = entry.header;
      const path = safePath(name, type ?? 'file');
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      if (type === 'directory' || path === '') continue;
      files.set(path, chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
      if (files.size > limits.files) throw new ArchiveError(`holds more than ${limits.files} files`);
    }
    ended = true;
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    throw new ArchiveError(`is damaged or truncated: ${(error as Error).message}`);
  } finally {
    if (!ended) entries.destroy();
  }
  if (files.size === 0) throw new ArchiveError('holds no file');
  return files;
}

function inflate(bytes: Uint8Array, maxOutputLength: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gunzip(bytes, { maxOutputLength }, (error, result) => {
      if (!error) return resolve(result);
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ERR_BUFFER_TOO_LARGE')
        return reject(new ArchiveError(`unpacks to more than ${maxOutputLength} bytes`));
      reject(new ArchiveError(`is damaged or truncated: ${error.message}`));
    });
  });
}

function safePath(name: string, type: string): string {
  if (type !== 'file' && type !== 'contiguous-file' && type !== 'directory') {
    throw new ArchiveError(
      `holds ${JSON.stringify(name.slice(0, 200))}, which is a ${type}: only files and folders are unpacked`,
    );
  }
  const shown = JSON.stringify(name.slice(0, 200));
  if (name.includes('\0') || name.includes('\\')) throw new ArchiveError(`holds the unusable path ${shown}`);
  if (name.startsWith('/')) throw new ArchiveError(`holds the absolute path ${shown}`);
  const path = posix.normalize(name).replace(/\/$/, '');
  if (path === '..' || path.startsWith('../'))
    throw new ArchiveError(`holds the path ${shown}, which climbs out of it`);
  return path === '.' ? '' : path;
}
