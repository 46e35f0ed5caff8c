/** MaxPayloadInMB counts megabytes of 2^20 bytes. */
const MEGABYTE = 1024 ** 2;
const NEWLINE = 10;
/** Mark of an MXNet RecordIO frame (dmlc/recordio.h). */
const RECORD_MARK = 0xced7230a;

/** A record, as it stands in the object and as it is sent. */
export interface SplitRecord {
  /** Without what ends or frames it. */
  data: Buffer;
  /** With it. */
  framed: Buffer;
}

/** Why an object cannot be cut into records or mini-batches. */
export class SplitError extends Error {}

/** Lines of a text; what follows the last newline is a line only if there is something. A line may end with CR LF. */
export function splitLines(bytes: Buffer): SplitRecord[] {
  const records: SplitRecord[] = [];
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found < 0 ? bytes.length : found;
    const next = found < 0 ? end : end + 1;
    const data = bytes.subarray(start, end > start && bytes[end - 1] === 13 ? end - 1 : end);
    records.push({ data, framed: bytes.subarray(start, next) });
    start = next;
  }
  return records;
}

/**
 * Frames of RecordIO (u32 mark, u32 length, data padded to 4 bytes). "Padding is removed if the value of BatchStrategy is
 * set to SingleRecord" (API_TransformInput): then the data alone is sent. @throws SplitError
 */
export function splitRecordIo(bytes: Buffer): SplitRecord[] {
  const records: SplitRecord[] = [];
  for (let start = 0; start < bytes.length; ) {
    if (start + 8 > bytes.length || bytes.readUInt32LE(start) !== RECORD_MARK)
      throw new SplitError(`The object has no RecordIO frame at byte ${start}.`);
    const size = bytes.readUInt32LE(start + 4) & 0x1fffffff;
    const end = start + 8 + size;
    if (end > bytes.length) throw new SplitError('The last RecordIO frame is cut off.');
    const next = Math.min(bytes.length, end + ((4 - (size & 3)) & 3));
    records.push({ data: bytes.subarray(start + 8, end), framed: bytes.subarray(start, next) });
    start = next;
  }
  return records;
}

/**
 * How many records go into each request, in order: one, or as many as fit.
 * @param sizes bytes of each record as it is sent
 * @param maxPayloadInMB 0: a payload has no limit
 * @throws SplitError where a record is larger than a payload may be
 */
export function miniBatches(sizes: readonly number[], single: boolean, maxPayloadInMB: number): number[] {
  const limit = maxPayloadInMB === 0 ? Number.POSITIVE_INFINITY : maxPayloadInMB * MEGABYTE;
  const counts: number[] = [];
  let size = 0;
  for (const [index, bytes] of sizes.entries()) {
    if (bytes > limit)
      throw new SplitError(
        `Record ${index + 1} has ${bytes} bytes, which is more than MaxPayloadInMB=${maxPayloadInMB} allows.`,
      );
    if (counts.length > 0 && !single && size + bytes <= limit) {
      counts[counts.length - 1] = (counts.at(-1) ?? 0) + 1;
      size += bytes;
    } else {
      counts.push(1);
      size = bytes;
    }
  }
  return counts;
}
