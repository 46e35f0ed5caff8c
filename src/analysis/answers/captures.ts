import { gunzipSync } from 'node:zlib';
import { isObject } from '../../base/json.ts';
import type { LostLines } from '../predictions.ts';

/** One half of a captured request. */
export interface Payload {
  /** As it stands in the record: text, or base64. */
  data: string;
  encoding: 'CSV' | 'JSON' | 'BASE64';
  contentType: string | undefined;
}

/** One data capture record, as SageMaker writes it: one request of one variant, with however many rows. */
export interface Capture {
  inferenceId: string | undefined;
  eventId: string | undefined;
  /** Milliseconds since the epoch; the record has whole seconds. */
  at: number;
  input: Payload | undefined;
  output: Payload | undefined;
}

/** Capture records of one variant, and what was found beside them. */
export interface CaptureSet {
  files: number;
  captures: readonly Capture[];
  unreadable: number;
  /** Why, as far as it is known. */
  unreadableBy?: readonly LostLines[] | undefined;
  outside: number;
  examples: readonly string[];
}

/** Reads one line of a capture file. Anything that is no capture record gives the reason as a string. */
export function readCapture(line: string): Capture | string {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return 'not JSON';
  }
  const data = member(record, 'captureData');
  const metadata = member(record, 'eventMetadata');
  if (!isObject(data) || !isObject(metadata)) return 'no captureData or eventMetadata';
  const at = Date.parse(String(metadata.inferenceTime));
  if (Number.isNaN(at)) return 'no inferenceTime';
  return {
    inferenceId: text(metadata.inferenceId),
    eventId: text(metadata.eventId),
    at,
    input: readPayload(data.endpointInput),
    output: readPayload(data.endpointOutput),
  };
}

function readPayload(half: unknown): Payload | undefined {
  const data = member(half, 'data');
  if (typeof data !== 'string') return undefined;
  const encoding = member(half, 'encoding');
  return {
    data,
    encoding: encoding === 'CSV' || encoding === 'BASE64' ? encoding : 'JSON',
    contentType: text(member(half, 'observedContentType')),
  };
}

/** The payload as text, base64 and gzip undone. */
export function payloadText(payload: Payload): string {
  return payload.encoding === 'BASE64' ? payloadBytes(payload).toString('utf8') : payload.data;
}

/** What may come out of gzip. */
const MAX_UNZIPPED = 64 * 1024 * 1024;

/** The bytes that base64 stands for, without gzip: the same answer may be packed into other bytes. What cannot be unpacked stays as it is. */
export function payloadBytes({ data }: Pick<Payload, 'data'>): Buffer {
  const bytes = Buffer.from(data, 'base64');
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_UNZIPPED });
  } catch {
    return bytes;
  }
}

function member(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
