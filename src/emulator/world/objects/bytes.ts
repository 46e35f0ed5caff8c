import { createHash } from 'node:crypto';
import type { Store } from '../../storage/store.ts';
import type { ObjectRecord, Piece } from './records.ts';

/** Writes bytes as a piece of their own. Until a record names it, nothing refers to it. */
export async function writePiece(store: Store, bytes: Uint8Array): Promise<Piece> {
  const counter = store.table<number>('s3.pieces');
  const next = (counter.get('next') ?? 0) + 1;
  counter.set('next', next);
  const piece = { blob: `s3/${next}`, size: bytes.length };
  await store.blobs.put(piece.blob, bytes);
  return piece;
}

/** Deletes pieces no record names any more, once that is certain: a crash must not leave a record without its bytes. */
export async function dropPieces(store: Store, pieces: readonly Piece[]): Promise<void> {
  if (pieces.length === 0) return;
  await store.flush();
  for (const piece of pieces) await store.blobs.delete(piece.blob);
}

/**
 * The bytes from `start` up to and including `end`. undefined when they were overwritten meanwhile: the caller looks
 * up the record again.
 */
export async function readPieces(
  store: Store,
  record: ObjectRecord,
  range: { start: number; end: number } = { start: 0, end: record.size - 1 },
): Promise<Uint8Array | undefined> {
  const found: Uint8Array[] = [];
  let offset = 0;
  for (const { blob, size } of record.pieces) {
    const start = Math.max(0, range.start - offset);
    const end = Math.min(size - 1, range.end - offset);
    offset += size;
    if (start > end) continue;
    const bytes = await store.blobs.get(blob, start === 0 && end === size - 1 ? undefined : { start, end });
    if (bytes === undefined) return undefined;
    found.push(bytes);
  }
  return found.length === 1 ? found[0] : Buffer.concat(found);
}

/** S3's entity tag of bytes written in one go: their MD5 in double quotes. */
export function etagOf(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

/** S3's entity tag of an object that was uploaded in parts: the MD5 of their MD5s, and how many they are. @param etags with quotes */
export function etagOfParts(etags: readonly string[]): string {
  const md5 = createHash('md5');
  for (const etag of etags) md5.update(Buffer.from(etag.slice(1, -1), 'hex'));
  return `"${md5.digest('hex')}-${etags.length}"`;
}
