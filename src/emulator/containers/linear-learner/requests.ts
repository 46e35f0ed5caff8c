import { parsePythonFloat } from '../python.ts';
import { readFeatures, readRecordIo } from '../recordio.ts';
import type { Features } from './predict.ts';

/** The request is at fault: the container answers with this status, and its log says why. */
export class BadRequest extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Records of a request by content type: text/csv, application/json, application/jsonlines and
 * application/x-recordio-protobuf (LL-in-formats, cdf-inference). Throws `BadRequest`.
 *
 * The reasons given here are ours and go to the log: the image's source is closed, and its answer is one sentence for all
 * of them. What it answers to a CSV header line is unknown (facts 7.4): here it is a 400, the cautious reading, as a
 * header holds no numbers. So is the bare array that an InputFilter leaves of a line of JSON (facts 16.4), unless `bareArrays`
 * says otherwise. The 415 is worded as DeepAR's, an image of the same family (amazon-sagemaker-examples#1800).
 */
export function readRequest(body: Uint8Array, contentType: string, features: number, bareArrays = false): Features[] {
  const records = parse(body, contentType, bareArrays);
  if (records.length === 0) throw new BadRequest(400, 'The request holds no record.');
  for (const { values, keys } of records) {
    if (keys === undefined) {
      if (values.length === features) continue;
      throw new BadRequest(400, `A record has ${values.length} features; the model was trained on ${features}.`);
    }
    if (keys.length !== values.length)
      throw new BadRequest(400, `A sparse record has ${keys.length} keys for ${values.length} values.`);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as number;
      if (Number.isInteger(key) && key >= 0 && key < features) continue;
      throw new BadRequest(400, `A sparse record has the key ${key}; the model was trained on ${features} features.`);
    }
  }
  return records;
}

function parse(body: Uint8Array, contentType: string, bareArrays: boolean): Features[] {
  switch (contentType) {
    case 'text/csv':
      return readCsv(text(body));
    case 'application/json':
      return readJson(text(body));
    case 'application/jsonlines':
      return text(body)
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => parseJson(line))
        .map((line) => (bareArrays && Array.isArray(line) ? { values: numbers(line) } : instance(line)));
    case 'application/x-recordio-protobuf':
      return readProtobuf(body);
    default:
      throw new BadRequest(415, `Content-Type header value '${contentType}' not supported`);
  }
}

const text = (body: Uint8Array) => Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');

function readCsv(csv: string): Features[] {
  const records: Features[] = [];
  for (const line of csv.split('\n')) {
    if (line === '' || line.trim() === '') continue;
    const cells = line.split(',');
    const values = new Float64Array(cells.length);
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i] as string;
      // Number is the quick way; what it refuses, or takes where Python does not, goes the slow one.
      const value = /^-?\d[\d.]*\r?$/.test(cell) ? Number(cell) : parsePythonFloat(cell);
      if (value === undefined || Number.isNaN(value)) {
        throw new BadRequest(
          400,
          `Line ${records.length + 1} of the CSV holds ${JSON.stringify(cell.slice(0, 40))}, which is not a number.`,
        );
      }
      values[i] = value;
    }
    records.push({ values });
  }
  return records;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new BadRequest(400, `The request is not JSON: ${(error as Error).message}`);
  }
}

function readJson(json: string): Features[] {
  const { instances } = Object(parseJson(json)) as { instances?: unknown };
  if (!Array.isArray(instances)) throw new BadRequest(400, 'The request has no list "instances".');
  return instances.map(instance);
}

/** `{"features": [..]}`, `{"data": {"features": {"values": [..]}}}`, the latter with "keys" and "shape" when sparse. */
function instance(value: unknown): Features {
  const { features, data } = Object(value) as { features?: unknown; data?: unknown };
  if (Array.isArray(features)) return { values: numbers(features) };
  const tensor = Object(Object(data)['features'] ?? features) as { values?: unknown; keys?: unknown };
  if (!Array.isArray(tensor.values))
    throw new BadRequest(400, 'An instance has neither "features" nor "data.features.values".');
  const values = numbers(tensor.values);
  return Array.isArray(tensor.keys) ? { values, keys: numbers(tensor.keys) } : { values };
}

function numbers(list: readonly unknown[]): number[] {
  for (const value of list) {
    if (typeof value !== 'number')
      throw new BadRequest(400, `A feature is ${JSON.stringify(value)?.slice(0, 40)}, not a number.`);
  }
  return list as number[];
}

function readProtobuf(body: Uint8Array): Features[] {
  try {
    return readRecordIo(body).map((record) => {
      const { values, keys } = readFeatures(record);
      return keys.length > 0 ? { values, keys } : { values };
    });
  } catch (error) {
    throw new BadRequest(400, `The request is not RecordIO-protobuf: ${(error as Error).message}`);
  }
}
