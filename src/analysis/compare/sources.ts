import { statSync } from 'node:fs';
import type { Records, RecordSource } from './options.ts';

/** Records of so few bytes are compared in memory, in less time than DuckDB takes to load. */
export const SMALL_BYTES = 32 * 1024 * 1024;
/** A few kilobytes of gzip can hold megabytes: about so many times as much. */
const ZIPPED = 8;
/** About how many bytes a record takes that was read already. */
const RECORD_BYTES = 1024;

/** How many files a variant's records are in. */
export function filesOf(source: RecordSource): number {
  return 'files' in source ? source.files.length : source.captures.files;
}

/** About how many bytes of records there are. */
export function sizeOf({ production, shadow }: Records): number {
  return bytesOf(production) + bytesOf(shadow);
}

function bytesOf(source: RecordSource): number {
  if ('captures' in source) return source.captures.captures.length * RECORD_BYTES;
  return source.files.reduce((sum, path) => sum + statSync(path).size * (path.endsWith('.gz') ? ZIPPED : 1), 0);
}
