import { posix } from 'node:path';
import { unzipSync } from 'fflate';

/** Why an archive cannot be used; the message completes "the archive …". */
export class ZipError extends Error {
  readonly tooLarge: boolean;
  constructor(message: string, tooLarge = false) {
    super(message);
    this.tooLarge = tooLarge;
  }
}

/** "250 MB unzipped" (Lambda quotas, deployment package), and more files than any function of use has. */
const MAX_BYTES = 262_144_000;
const MAX_FILES = 50_000;

/**
 * The files of a zip by their path; folders are left out. Refused with a `ZipError`: what is no zip or damaged, unpacks
 * to more than Lambda takes, or holds paths that climb out.
 */
export function readZip(bytes: Uint8Array): Map<string, Uint8Array> {
  let size = 0;
  let count = 0;
  let unpacked: Record<string, Uint8Array>;
  try {
    unpacked = unzipSync(bytes, {
      // Asked before anything is unpacked.
      filter({ name, originalSize }) {
        size += originalSize;
        count += 1;
        if (size > MAX_BYTES) throw new ZipError(`must be smaller than ${MAX_BYTES} bytes when it is unzipped`, true);
        if (count > MAX_FILES) throw new ZipError(`holds more than ${MAX_FILES} files`);
        const path = posix.normalize(name);
        if (path.startsWith('/') || path === '..' || path.startsWith('../') || /[\0\\]/.test(name))
          throw new ZipError(`holds the path ${JSON.stringify(name.slice(0, 200))}, which climbs out of it`);
        return !name.endsWith('/');
      },
    });
  } catch (error) {
    if (error instanceof ZipError) throw error;
    throw new ZipError(`cannot be unzipped: ${(error as Error).message}`);
  }
  return new Map(Object.entries(unpacked).map(([name, file]) => [posix.normalize(name), file]));
}
