import { closeSync, openSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { decodeText } from '../../base/decode.ts';
import { jsonRecords } from '../../base/json-records.ts';

/** So much of every file is looked at. */
const HEAD_BYTES = 256 * 1024;
/** So much of all files together is looked at to the end: files are put together by people in small reports. */
const WHOLE_BYTES = 64 * 1024 * 1024;
/** Of a file in gzip so much as it lies there: it becomes about ten times as much. */
const WHOLE_ZIPPED_BYTES = 8 * 1024 * 1024;
/** Larger ones are left to the readers, which count what they cannot read: a text is held in memory whole. */
const MAX_BYTES = 128 * 1024 * 1024;
/** Of a record that cannot be read so much is kept, as an example. */
const KEPT = 200;

/** Those of the files that are no JSON Lines in UTF-8, a record a line, as far as is looked at them. */
export function oddCaptures(files: readonly string[]): string[] {
  let left = WHOLE_BYTES;
  return files.filter((path) => {
    const { size } = statSync(path);
    const whole = size <= Math.min(left, path.endsWith('.gz') ? WHOLE_ZIPPED_BYTES : left);
    left -= whole ? size : 0;
    return size <= MAX_BYTES && isOdd(path, whole);
  });
}

/**
 * A capture file as the readers take it, written anew: byte order marks, UTF-16, records over several lines, glued, in one
 * list or as Python writes a dict. A record that cannot be read becomes a line that cannot be read, so that it is counted.
 *
 * @returns false where the file cannot be unpacked, or holds too much
 */
export function tidyCaptures(path: string, into: string): boolean {
  const text = textOf(readFileSync(path));
  if (text === undefined) return false;
  const file = openSync(into, 'w');
  try {
    for (const record of jsonRecords(text)) writeSync(file, lineOf(record));
  } finally {
    closeSync(file);
  }
  return true;
}

function isOdd(path: string, whole: boolean): boolean {
  const bytes = whole ? readFileSync(path) : headOf(path);
  const plain = unzipped(bytes);
  if (plain === undefined) return false;
  if (plain.includes(0) || plain.includes('\u{FEFF}')) return true;
  const end = plain.indexOf(10);
  if (end < 0 && !whole) return false;
  const first = plain.toString('utf8', 0, end < 0 ? plain.length : end).trim();
  return (
    (first !== '' && !isObjectText(first)) || plain.includes('}{') || plain.includes('},\n') || plain.includes('},\r')
  );
}

function headOf(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(HEAD_BYTES);
    return bytes.subarray(0, readSync(file, bytes, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

/** Undefined for what is no gzip to its end or holds too much: the readers say what is wrong with it. */
function unzipped(bytes: Buffer): Buffer | undefined {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_BYTES });
  } catch {
    return undefined;
  }
}

function textOf(bytes: Buffer): string | undefined {
  try {
    return decodeText(
      bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: MAX_BYTES }) : bytes,
    ).text;
  } catch {
    return undefined;
  }
}

function isObjectText(line: string): boolean {
  return line.startsWith('{') && isJson(line);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function lineOf({ text, value, flaw }: { text: string; value: unknown; flaw: string | undefined }): string {
  if (flaw !== undefined) return `${text.slice(0, KEPT).replaceAll(/\s*\n\s*/g, ' ')}\n`;
  // Between the members of JSON a line end is a blank; inside of a string there is none.
  return isJson(text) ? `${text.replaceAll(/\s*\n\s*/g, ' ')}\n` : `${JSON.stringify(value)}\n`;
}
