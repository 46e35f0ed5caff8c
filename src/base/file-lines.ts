import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { constants, createGunzip } from 'node:zlib';

/** Whether a file begins as gzip does, whatever its name. */
export async function isGzip(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

const NEWLINE = 10;
const RETURN = 13;

/** Bytes that are read, and unpacked, at once. */
const PIECE = 256 * 1024;

/** The lines of a file one by one, as `fileLineLists` has them. */
export async function* fileLines(path: string): AsyncGenerator<string> {
  for await (const lines of fileLineLists(path)) yield* lines;
}

/**
 * The lines of a file, unpacked where it is gzip, as many at once as were read together: to wait for each of millions would take longer
 * than to read them. Only a newline ends one, with or without a carriage return before it. A newline at the very end begins no further
 * line.
 * @throws an error of zlib, whose code begins with `Z_`, where the file cannot be unpacked
 */
export async function* fileLineLists(path: string): AsyncGenerator<string[]> {
  const file = createReadStream(path, { highWaterMark: PIECE });
  const bytes = (await isGzip(path))
    ? file.pipe(createGunzip({ finishFlush: constants.Z_FINISH, chunkSize: PIECE }))
    : file;
  if (bytes !== file) file.once('error', (error) => bytes.destroy(error));
  let rest: Buffer[] = [];
  try {
    for await (const piece of bytes as AsyncIterable<Buffer>) {
      const lines: string[] = [];
      let at = 0;
      for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, at)) {
        rest.push(piece.subarray(at, end));
        lines.push(textOf(rest));
        rest = [];
        at = end + 1;
      }
      if (at < piece.length) rest.push(piece.subarray(at));
      if (lines.length > 0) yield lines;
    }
  } finally {
    file.destroy();
  }
  if (rest.length > 0) yield [textOf(rest)];
}

function textOf(pieces: readonly Buffer[]): string {
  const line = pieces.length === 1 ? (pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(pieces);
  return line.toString('utf8', 0, line[line.length - 1] === RETURN ? line.length - 1 : line.length);
}
