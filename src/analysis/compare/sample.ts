import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { readCapture } from '../answers/captures.ts';
import type { Capture } from '../answers/captures.ts';
import { seenOf } from '../answers/seen.ts';
import type { Seen } from '../answers/seen.ts';
import type { Window } from '../observations.ts';
import type { RecordSource } from './options.ts';

/** Files that are looked into, from the first to the last; and records of each. */
export const SAMPLED_FILES = 4;
const RECORDS = 50;
/** Of a file so many parts are looked at, from its beginning to its end, each of so many bytes. */
const PARTS = 4;
const PART_BYTES = 256 * 1024;
/** Where no part holds a whole line, as with large payloads, so much of the beginning is. */
const LARGE_BYTES = 8 * 1024 * 1024;
/** What may come out of the beginning of gzip. */
const UNZIPPED = 64 * 1024 * 1024;

/** Answers of some records of one side, which show how all are read. Records outside of the window only where there are no others. */
export function sampleOf(source: RecordSource, window: Window): Seen[] {
  return sampledCaptures(source, window).flatMap((capture) => seenOf(capture) ?? []);
}

/** The records that `sampleOf` takes. */
export function sampledCaptures(source: RecordSource, window: Window): Capture[] {
  const captures =
    'captures' in source ? spread(source.captures.captures, SAMPLED_FILES * RECORDS) : beginnings(source.files);
  const within = captures.filter(({ at }) => at >= window.from && at < window.to);
  return within.length > 0 ? within : captures;
}

function beginnings(files: readonly string[]): Capture[] {
  return spread(files, SAMPLED_FILES).flatMap((path) =>
    spread(someLines(path), RECORDS).flatMap((line) => {
      const capture = readCapture(line);
      return typeof capture === 'string' ? [] : [capture];
    }),
  );
}

/** So many of a list at most, from its first to its last. */
export function spread<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, i) => list[Math.round((i * (list.length - 1)) / (most - 1))] as T);
}

function someLines(path: string): string[] {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const read = (from: number, bytes: number) => readPart(file, from, Math.min(bytes, size - from));
    const head = read(0, 2);
    if (head[0] === 0x1f && head[1] === 0x8b) return wholeLines(unzip(read(0, LARGE_BYTES)), 0, false);
    const places =
      size <= PARTS * PART_BYTES
        ? [0]
        : Array.from({ length: PARTS }, (_, i) => Math.floor((i * (size - PART_BYTES)) / (PARTS - 1)));
    const bytes = places.length === 1 ? size : PART_BYTES;
    const lines = places.flatMap((from) => wholeLines(read(from, bytes).toString('utf8'), from, from + bytes >= size));
    return lines.length > 0 ? lines : wholeLines(read(0, LARGE_BYTES).toString('utf8'), 0, size <= LARGE_BYTES);
  } finally {
    closeSync(file);
  }
}

function readPart(file: number, from: number, bytes: number): Buffer {
  const room = Buffer.alloc(bytes);
  return room.subarray(0, readSync(file, room, 0, bytes, from));
}

/** Lines of a part of a file without those that it cuts. */
function wholeLines(text: string, from: number, toEnd: boolean): string[] {
  const lines = text.split('\n');
  return lines.slice(from > 0 ? 1 : 0, toEnd ? undefined : -1).filter((line) => line.trim() !== '');
}

function unzip(bytes: Buffer): string {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: UNZIPPED }).toString('utf8');
  } catch {
    // What is torn or too large here is counted and named by whoever reads it all.
    return '';
  }
}
