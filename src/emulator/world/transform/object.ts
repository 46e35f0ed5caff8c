import { gunzipSync } from 'node:zlib';
import { stopwatch, systemClock } from '../../../base/clock.ts';
import type { Platform } from '../world.ts';
import { type Processing, filterRecord, joinRows, readsOutput } from './join.ts';
import { PathError } from './path.ts';
import type { Blame, TransformRecord } from './records.ts';
import { send, type TransformInstance } from './request.ts';
import { readCells, RowError } from './rows.ts';
import { miniBatches, splitLines, SplitError, splitRecordIo, type SplitRecord } from './split.ts';

/** How an instance sends: what was asked for, else what its container wishes, else AWS's defaults. */
export interface SendSettings {
  concurrent: number;
  maxPayloadInMB: number;
  single: boolean;
}

/** Why no output is made of an object, in the words of the data log. */
export class ObjectFailure extends Error {
  readonly blame: Blame;
  constructor(blame: Blame, message: string) {
    super(message);
    this.blame = blame;
  }
}

/** An object's output, and how many milliseconds the instance worked for it. */
export interface TransformedObject {
  bytes: Buffer;
  took: number;
}

/** How long built-in containers may answer in one go, so that other calls of this process are not held up. */
const WORK_MS = 50;
/** Bytes that an object may unpack to. */
const MAX_UNPACKED = 1024 ** 3;

/**
 * Transforms one object, all or nothing: cuts it into mini-batches, has them answered side by side, and puts the answers
 * together in the order of the input. @throws ObjectFailure
 */
export async function transformObject(
  world: Platform,
  record: TransformRecord,
  instance: TransformInstance,
  object: Uint8Array,
  { settings, processing, signal }: { settings: SendSettings; processing: Processing; signal: AbortSignal },
): Promise<TransformedObject> {
  const { TransformInput: input, TransformOutput: output } = record.request;
  const { batches, records } = blaming('ClientError', () => {
    const bytes = unpacked(object, input?.CompressionType);
    const cut = split(bytes, input?.SplitType);
    const bodies = cut.map((one) => filtered(one, processing, settings.single));
    const sizes = bodies.map((body) => body.length);
    return { records: cut, batches: grouped(bodies, miniBatches(sizes, settings.single, settings.maxPayloadInMB)) };
  });
  const answers = await askAll(world, record, instance, batches, {
    concurrent: settings.concurrent,
    contentType: input?.ContentType,
    accept: output?.Accept,
    signal,
  });
  const lines = output?.AssembleWith === 'Line';
  const parts = answers.bodies.map((body, index) => {
    const { from = 0, bodies = [] } = batches[index] ?? {};
    const given = records.slice(from, from + bodies.length).map(({ data }) => data.toString('utf8'));
    return assembled(given, body, { processing, lines, csv: readsCsv(world, output?.Accept) });
  });
  return { bytes: Buffer.concat(parts), took: answers.took };
}

function blaming<T>(blame: Blame, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof SplitError || error instanceof PathError || error instanceof RowError)
      throw new ObjectFailure(blame, error instanceof RowError ? `The record ${error.message}` : error.message);
    throw error;
  }
}

function unpacked(object: Uint8Array, compression: string | undefined): Buffer {
  const bytes = Buffer.from(object.buffer, object.byteOffset, object.byteLength);
  if (compression !== 'Gzip') return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED });
  } catch (error) {
    throw new SplitError(`The object is not what CompressionType Gzip says: ${(error as Error).message}`);
  }
}

function split(bytes: Buffer, type: string | undefined): SplitRecord[] {
  if (type === 'Line') return splitLines(bytes);
  if (type === 'RecordIO') return splitRecordIo(bytes);
  return [{ data: bytes, framed: bytes }];
}

/** A record as it is sent: with the newline that ends it; of a binary record, without its frame where it is sent alone. */
function filtered({ data, framed }: SplitRecord, processing: Processing, single: boolean): Buffer {
  if (processing.format === undefined || processing.input.segments.length === 0)
    return single && data.length + 2 < framed.length ? data : framed;
  const end = framed.length > data.length ? '\n' : '';
  return Buffer.from(`${filterRecord(data.toString('utf8'), processing)}${end}`);
}

/** Records that go into one request. */
interface MiniBatch {
  /** The number of its first record in the object. */
  from: number;
  bodies: Buffer[];
}

function grouped(bodies: readonly Buffer[], counts: readonly number[]): MiniBatch[] {
  let from = 0;
  return counts.map((count) => {
    const batch = { from, bodies: bodies.slice(from, from + count) };
    from += count;
    return batch;
  });
}

/** The answers to all mini-batches, in their order; the first failure ends it. @throws ObjectFailure */
async function askAll(
  world: Platform,
  record: TransformRecord,
  instance: TransformInstance,
  batches: readonly MiniBatch[],
  options: { concurrent: number; contentType: string | undefined; accept: string | undefined; signal: AbortSignal },
): Promise<{ bodies: Uint8Array[]; took: number }> {
  const bodies: Uint8Array[] = [];
  const queue = batches.entries();
  const width = Math.max(1, Math.min(options.concurrent, batches.length));
  let failure: ObjectFailure | undefined;
  let took = 0;
  let rested = stopwatch(systemClock);
  const lane = async () => {
    for (const [index, batch] of queue) {
      if (failure !== undefined) return;
      if (!world.clock.virtual && stopwatch(systemClock) - rested > WORK_MS) {
        await systemClock.sleep(0);
        rested = stopwatch(systemClock);
      }
      const request = {
        body: batch.bodies.length === 1 ? (batch.bodies[0] as Buffer) : Buffer.concat(batch.bodies),
        contentType: options.contentType,
        accept: options.accept,
        customAttributes: undefined,
      };
      const answer = await send(world, record, instance, request, options.signal);
      took += answer.took / width;
      const { status, body } = answer.response;
      if (status >= 200 && status < 300) bodies[index] = body;
      else failure ??= failureOf(status, body);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  if (failure !== undefined) throw failure;
  return { bodies, took };
}

/** As the data log has it (facts 16.3). */
function failureOf(status: number, body: Uint8Array): ObjectFailure {
  if (status === 0) return new ObjectFailure('AlgorithmError', 'Unable to get response from algorithm');
  const message = `\nMessage:\n${Buffer.from(body).toString('utf8')}`;
  return status < 500
    ? new ObjectFailure('ClientError', `ClientError: ${status}\n${message}`)
    : new ObjectFailure('AlgorithmError', `Bad HTTP status received from algorithm: ${status}\n${message}`);
}

/** Is an answer read as CSV also where nothing is done to its rows (a switch, facts 16.3)? */
function readsCsv(world: Platform, accept: string | undefined): boolean {
  return world.switches.checkCsvAnswers && /^text\/csv\b/i.test(accept ?? '');
}

function assembled(
  records: readonly string[],
  body: Uint8Array,
  { processing, lines, csv }: { processing: Processing; lines: boolean; csv: boolean },
): Buffer {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const whole = lines && bytes.at(-1) !== 10 ? Buffer.concat([bytes, Buffer.from('\n')]) : bytes;
  const reads = readsOutput(processing);
  if (!reads && !csv) return whole;
  const format = reads ? (processing.format ?? 'csv') : 'csv';
  try {
    const text = bytes.toString('utf8');
    if (!reads) {
      for (const line of text.split('\n')) readCells(line.replace(/\r$/, ''));
      return whole;
    }
    const rows = joinRows(records, text, processing);
    return Buffer.from(lines ? rows.map((row) => `${row}\n`).join('') : rows.join('\n'));
  } catch (error) {
    if (error instanceof PathError) throw new ObjectFailure('ClientError', error.message);
    if (!(error instanceof RowError)) throw error;
    const words = { csv: 'CSV', json: 'JSON', jsonlines: 'JSON Lines' }[format];
    throw new ObjectFailure(
      'ClientError',
      `Failed to parse output from the algorithm as ${words}. (It ${error.message}.)`,
    );
  }
}
