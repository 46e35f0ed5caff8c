import { parsePythonFloat } from '../python.ts';
import { readFeatures, readRecordIo } from '../recordio.ts';
import { sniffDelimiter } from './sniff.ts';
import { atLeast, type ImageVersion } from './versions.ts';

type Format = 'csv' | 'libsvm' | 'recordio-protobuf';

/** A parsed payload; `fill` writes one record over an array of NaN, leaving alone what is missing. */
export interface Matrix {
  format: Format;
  rows: number;
  columns: number;
  fill(row: number, target: Float32Array): void;
  /** The delimiter found, for the log. */
  delimiter?: string;
}

/** A Python exception of the image's parsers: its class as printed by `type(e)`, and its text. */
class PythonError extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

const ACCEPTED =
  'csv, libsvm, parquet, recordio-protobuf, text/csv, text/libsvm, text/x-libsvm, application/x-parquet, application/x-recordio-protobuf';

/**
 * The payload as the image reads it; without a content type it is libsvm (before 1.0: CSV). Throws an Error with the
 * text that the image answers with, status 415 (serve_utils.parse_content_data, data_utils.get_content_type).
 */
export function parsePayload(body: Uint8Array, contentType: string | undefined, image: ImageVersion): Matrix {
  const format = formatOf(contentType, image);
  const type = `${format} data failed with Exception, please ensure data is in ${format} format:`;
  try {
    if (format === 'recordio-protobuf') return readProtobuf(body);
    const payload = decode(body).trim();
    return format === 'csv' ? readCsv(payload, image) : readLibsvm(payload);
  } catch (error) {
    const python =
      error instanceof PythonError ? error : new PythonError("<class 'RuntimeError'>", (error as Error).message);
    const gap = format === 'recordio-protobuf' ? ' ' : '\n ';
    throw new Error(`Loading ${type}${gap}${python.type}${gap}${python.message}`, { cause: error });
  }
}

function formatOf(contentType: string | undefined, image: ImageVersion): Format {
  if (contentType === undefined || contentType === '') return atLeast(image, 1, 0) ? 'libsvm' : 'csv';
  const lower = contentType.toLowerCase();
  const [type = '', ...parameters] = lower.split(';').map((part) => part.trim());
  if (type === 'text/csv' || (type === 'csv' && atLeast(image, 1, 0))) {
    const labels = parameters.find((parameter) => parameter.startsWith('label_size='));
    if (labels && labels !== 'label_size=1' && atLeast(image, 1, 0)) {
      throw new Error(`${lower} is not an accepted csv ContentType. Optional parameter label_size must be equal to 1`);
    }
    return 'csv';
  }
  if (type === 'text/libsvm' || type === 'text/x-libsvm') return 'libsvm';
  if (type === 'application/x-recordio-protobuf') return 'recordio-protobuf';
  if (!atLeast(image, 1, 0)) {
    throw new Error(
      `Content-type ${type} not supported. Supported content-type is text/csv, text/libsvm, application/x-recordio-protobuf`,
    );
  }
  if (type === 'libsvm') return 'libsvm';
  if (type === 'recordio-protobuf') return 'recordio-protobuf';
  if (type === 'parquet' || type === 'application/x-parquet')
    throw new Error(`Content-type ${contentType} is not supported.`);
  throw new Error(`${lower} is not an accepted ContentType: ${ACCEPTED}.`);
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw new PythonError("<class 'UnicodeDecodeError'>", "'utf-8' codec can't decode the payload");
  }
}

const valueError = (message: string) => new PythonError("<class 'ValueError'>", message);

const repr = (text: string) =>
  text.includes("'") && !text.includes('"') ? `"${text}"` : `'${text.replaceAll("'", "\\'")}'`;

function float(text: string): number {
  const value = parsePythonFloat(text);
  if (value === undefined) throw valueError(`could not convert string to float: ${repr(text.slice(0, 200))}`);
  return value;
}

function readCsv(payload: string, image: ImageVersion): Matrix {
  const delimiter = sniffDelimiter(payload);
  if (delimiter === undefined) throw new PythonError("<class '_csv.Error'>", 'Could not determine delimiter');
  const lines = payload.split('\n').map((line) => line.split(delimiter));
  const columns = lines[0]?.length ?? 0;
  if (lines.some((line) => line.length !== columns)) {
    const detail = ` The requested array has an inhomogeneous shape after 1 dimensions. The detected shape was (${lines.length},) + inhomogeneous part.`;
    throw valueError(`setting an array element with a sequence.${atLeast(image, 3, 0) ? detail : ''}`);
  }
  const cells = lines.map((line) => Float32Array.from(line, (cell) => (cell === '' ? Number.NaN : float(cell))));
  return {
    format: 'csv',
    rows: cells.length,
    columns,
    delimiter,
    fill: (row, target) => fillDense(cells[row] as Float32Array, target),
  };
}

function fillDense(cells: ArrayLike<number>, target: Float32Array): void {
  for (let i = 0; i < Math.min(cells.length, target.length); i++) target[i] = cells[i] as number;
}

/** Items without a colon (the label) are passed over; columns are taken as they are written, from 0. */
function readLibsvm(payload: string): Matrix {
  const entries: { column: number; value: number }[][] = [];
  let columns = 0;
  let rows = 0;
  payload.split('\n').forEach((line, row) => {
    const items = line.split(' ').filter((item) => item.includes(':'));
    entries.push(
      items.map((item) => {
        const [index = '', value = ''] = item.split(':');
        if (!/^\s*[+-]?\d+\s*$/.test(index)) throw valueError(`invalid literal for int() with base 10: ${repr(index)}`);
        if (Number(index) < 0) throw valueError('negative column index found');
        columns = Math.max(columns, Number(index) + 1);
        return { column: Number(index), value: float(value) };
      }),
    );
    if (items.length > 0) rows = row + 1;
  });
  if (rows === 0) throw valueError('cannot infer dimensions from zero sized index arrays');
  return { format: 'libsvm', rows, columns, fill: (row, target) => fillSparse(entries[row] ?? [], target) };
}

/** Entries of the same column add up, as in a csr_matrix. */
function fillSparse(entries: readonly { column: number; value: number }[], target: Float32Array): void {
  for (const { column, value } of entries) {
    if (column >= target.length) continue;
    const before = target[column] as number;
    target[column] = Number.isNaN(before) ? value : before + value;
  }
}

function readProtobuf(body: Uint8Array): Matrix {
  const records = readRecordIo(body).map(readFeatures);
  const width = (record: (typeof records)[number]) =>
    record.keys.length > 0
      ? (record.shape[0] ?? record.keys.reduce((a, b) => Math.max(a, b + 1), 0))
      : record.values.length;
  const columns = records.reduce((most, record) => Math.max(most, width(record)), 0);
  return {
    format: 'recordio-protobuf',
    rows: records.length,
    columns,
    fill: (row, target) => {
      const { values, keys } = records[row] ?? { values: [], keys: [] };
      if (keys.length === 0) return fillDense(values, target);
      fillSparse(
        values.map((value, i) => ({ value, column: keys[i] ?? target.length })),
        target,
      );
    },
  };
}
