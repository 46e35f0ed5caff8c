import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { environmentError, usageError } from '../../base/errors.ts';
import { readFacts, type RecordFacts } from './record.ts';

/** One line of a record file: what it says beside the bodies, if it can be read. */
export interface Line {
  text: string;
  facts: RecordFacts | undefined;
}

/**
 * The lines of a record file. The last one may still be being written, and is left out then; so is what cannot be unpacked. A
 * file that is gone was packed meanwhile, and is read under its new name.
 */
export async function* linesOf({ path }: { readonly path: string }): AsyncGenerator<Line> {
  let last: string | undefined;
  for await (const text of textLines(path)) {
    if (last !== undefined) yield { text: last, facts: readFacts(last) };
    last = text;
  }
  if (last === undefined || last === '') return;
  const facts = readFacts(last);
  if (facts !== undefined && last.endsWith('}')) yield { text: last, facts };
}

async function* textLines(path: string): AsyncGenerator<string> {
  let begun = false;
  try {
    for await (const line of plainLines(path)) {
      begun = true;
      yield line;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (path.endsWith('.gz') && code?.startsWith('Z_') === true)
      throw usageError(`${path} cannot be unpacked.`, 'Take it out of the folder, and keep a copy.', error);
    if (begun || code !== 'ENOENT') throw error;
    try {
      if (path.endsWith('.gz')) throw error;
      yield* plainLines(`${path}.gz`);
    } catch (again) {
      if ((again as NodeJS.ErrnoException).code !== 'ENOENT') throw again;
      throw environmentError(
        `${path} was removed while it was read: a mirror removes the oldest records of its folder (keepBytes, keepFor).`,
        'Run this again.',
        again,
      );
    }
  }
}

async function* plainLines(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const text = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  if (text !== file) file.once('error', (error) => text.destroy(error));
  const lines = createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY });
  // readline swallows what its input throws.
  let failed: Error | undefined;
  text.once('error', (error: Error) => {
    failed = error;
    lines.close();
  });
  yield* lines;
  if (failed !== undefined) throw failed;
}
