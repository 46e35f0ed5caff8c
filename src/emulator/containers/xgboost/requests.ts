import { parsePythonFloat, parsePythonInt } from '../python.ts';
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
 * The payload as the image reads it; without a content type it is libsvm (in the legacy image CSV). Throws an Error with the
 * text that the image answers with, status 415 (serve_utils.parse_content_data, data_utils.get_content_type).
 */
export function parsePayload(body: Uint8Array, contentType: string | undefined, image: ImageVersion): Matrix {
  const format = formatOf(contentType, image);
  const type = `${format} data failed with Exception, please ensure data is in ${format} format:`;
  try {
    if (format === 'recordio-protobuf') return readProtobuf(body, image);
    const payload = decode(strip(body));
    return format === 'csv' ? readCsv(payload, image) : readLibsvm(payload, image);
  } catch (error) {
    const python =
      error instanceof PythonError ? error : new PythonError("<class 'RuntimeError'>", (error as Error).message);
    const gap = format === 'recordio-protobuf' ? ' ' : '\n ';
    throw new Error(`Loading ${type}${gap}${python.type}${gap}${python.message}`, { cause: error });
  }
}

/**
 * data_utils.get_content_type of the image, also of 0.90 (aws/sagemaker-xgboost-container#74): only text/csv may have
 * parameters. The legacy image looks at the type alone, and takes a missing one as CSV.
 */
function formatOf(contentType: string | undefined, image: ImageVersion): Format {
  const lower = contentType?.toLowerCase() ?? '';
  const [type = '', ...parameters] = lower.split(';').map((part) => part.trim());
  if (!atLeast(image, 0, 90)) return legacyFormatOf(type);
  if (lower === '' || ['libsvm', 'text/libsvm', 'text/x-libsvm'].includes(lower)) return 'libsvm';
  if (lower === 'csv') return 'csv';
  if (type === 'text/csv') {
    const size = parameters
      .map((parameter) => /^label_size\s*=\s*"?(.*?)"?$/.exec(parameter)?.[1])
      .find((found) => found !== undefined);
    if (size === undefined || size === '1') return 'csv';
    throw new Error(`${lower} is not an accepted csv ContentType. Optional parameter label_size must be equal to 1`);
  }
  if (lower === 'recordio-protobuf' || lower === 'application/x-recordio-protobuf') return 'recordio-protobuf';
  if (lower === 'parquet' || lower === 'application/x-parquet')
    throw new Error(`Content-type ${contentType} is not supported.`);
  // Of what has csv in it, the image names the type in small letters.
  throw new Error(`${lower.includes('csv') ? lower : contentType} is not an accepted ContentType: ${ACCEPTED}.`);
}

function legacyFormatOf(type: string): Format {
  if (type === '' || type === 'text/csv') return 'csv';
  if (type === 'text/libsvm' || type === 'text/x-libsvm') return 'libsvm';
  if (type === 'application/x-recordio-protobuf') return 'recordio-protobuf';
  throw new Error(
    `Content-type ${type} not supported. Supported content-type is text/csv, text/libsvm, application/x-recordio-protobuf`,
  );
}

/** Python's `bytes.strip()`: white space of ASCII, at both ends; a byte order mark stays. */
function strip(body: Uint8Array): Uint8Array {
  const blank = (byte: number | undefined) => byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
  let start = 0;
  let end = body.length;
  while (start < end && blank(body[start])) start += 1;
  while (end > start && blank(body[end - 1])) end -= 1;
  return body.subarray(start, end);
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw new PythonError("<class 'UnicodeDecodeError'>", undecodable(body));
  }
}

/** Python's sentence about the first byte that is not UTF-8. */
function undecodable(body: Uint8Array): string {
  const decodes = (end: number) => {
    try {
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body.subarray(0, end), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  // The longest beginning that decodes, by halves.
  let [good, bad] = [0, body.length + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decodes(middle)) good = middle;
    else bad = middle;
  }
  // A sequence begins at most three bytes before the byte that breaks it.
  let start = good;
  for (let back = 1; back <= 3 && good - back >= 0; back++) {
    const byte = body[good - back] as number;
    if (byte >= 0xc0 && back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2)) start = good - back;
    if (byte >= 0xc0 || byte < 0x80) break;
  }
  const reason =
    good === body.length ? 'unexpected end of data' : start < good ? 'invalid continuation byte' : 'invalid start byte';
  const span =
    good - start > 1
      ? `bytes in position ${start}-${good - 1}`
      : `byte 0x${(body[start] as number).toString(16).padStart(2, '0')} in position ${start}`;
  return `'utf-8' codec can't decode ${span}: ${reason}`;
}

const valueError = (message: string) => new PythonError("<class 'ValueError'>", message);

/** Python's `repr(str)`: quotes, and escapes of what cannot be printed. */
function repr(text: string): string {
  const escaped = text.replace(/[\\\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, (character) => {
    const known = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
    const code = character.codePointAt(0) as number;
    const hex = (digits: number) => code.toString(16).padStart(digits, '0');
    return known ?? (code < 0x100 ? `\\x${hex(2)}` : code < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`);
  });
  return text.includes("'") && !text.includes('"') ? `"${escaped}"` : `'${escaped.replaceAll("'", "\\'")}'`;
}

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
  for (const line of cells) refuseInfinity(line, image);
  return {
    format: 'csv',
    rows: cells.length,
    columns,
    delimiter,
    fill: (row, target) => fillDense(cells[row] as Float32Array, target),
  };
}

/** XGBoost takes no infinite number since 1.4, and so none that is too large for float32 (DMatrix, data.cc). */
function refuseInfinity(values: Float32Array, image: ImageVersion): void {
  if (!atLeast(image, 1, 4) || !values.some((value) => Math.abs(value) === Number.POSITIVE_INFINITY)) return;
  const what = atLeast(image, 3, 0)
    ? '`inf` or a value too large, while `missing` is not set to `inf`'
    : '`inf` or `nan`';
  throw new PythonError("<class 'xgboost.core.XGBoostError'>", `Check failed: valid: Input data contains ${what}`);
}

function fillDense(cells: ArrayLike<number>, target: Float32Array): void {
  for (let i = 0; i < Math.min(cells.length, target.length); i++) target[i] = cells[i] as number;
}

/**
 * Items without a colon (the label) are passed over. Columns are taken as they are written, from 0; since 3.2-0 a payload
 * that never names column 0 counts from 1 (aws/sagemaker-xgboost-container 7eefe63).
 */
function readLibsvm(payload: string, image: ImageVersion): Matrix {
  const entries: { column: number; value: number }[][] = [];
  let columns = 0;
  let first = Number.POSITIVE_INFINITY;
  let rows = 0;
  payload.split('\n').forEach((line, row) => {
    const items = line.split(' ').filter((item) => item.includes(':'));
    entries.push(
      items.map((item) => {
        const [index = '', value = ''] = item.split(':');
        const column = parsePythonInt(index);
        if (column === undefined) throw valueError(`invalid literal for int() with base 10: ${repr(index)}`);
        first = Math.min(first, column);
        columns = Math.max(columns, column + 1);
        return { column, value: float(value) };
      }),
    );
    if (items.length > 0) rows = row + 1;
  });
  if (rows === 0) throw valueError('cannot infer dimensions from zero sized index arrays');
  if (first < 0) throw valueError('negative column index found');
  for (const line of entries)
    refuseInfinity(
      Float32Array.from(line, ({ value }) => value),
      image,
    );
  const shift = first >= 1 && atLeast(image, 3, 2) ? 1 : 0;
  const fill = (row: number, target: Float32Array) => fillSparse(entries[row] ?? [], shift, target);
  return { format: 'libsvm', rows, columns: columns - shift, fill };
}

/** Entries of the same column add up, as in a csr_matrix. */
function fillSparse(entries: readonly { column: number; value: number }[], shift: number, target: Float32Array): void {
  for (const { column: named, value } of entries) {
    const column = named - shift;
    if (column >= target.length) continue;
    const before = target[column] as number;
    target[column] = Number.isNaN(before) ? value : before + value;
  }
}

/** Dense records must be of one width, as numpy stacks them; sparse ones too since 3.2, which reads without MLIO. */
function readProtobuf(body: Uint8Array, image: ImageVersion): Matrix {
  const records = readRecordIo(body).map(readFeatures);
  const widths = records.map(({ keys, shape, values }) =>
    keys.length > 0 ? (shape[0] ?? keys.reduce((a, b) => Math.max(a, b + 1), 0)) : values.length,
  );
  const sparse = records.some(({ keys }) => keys.length > 0);
  const columns = widths.reduce((a, b) => Math.max(a, b), 0);
  if ((!sparse || atLeast(image, 3, 2)) && widths.some((width) => width !== columns))
    throw valueError('all the input array dimensions except for the concatenation axis must match exactly');
  return {
    format: 'recordio-protobuf',
    rows: records.length,
    columns,
    fill: (row, target) => {
      const { values, keys } = records[row] ?? { values: [], keys: [] };
      if (keys.length === 0) return fillDense(values, target);
      fillSparse(
        values.map((value, i) => ({ value, column: keys[i] ?? target.length })),
        0,
        target,
      );
    },
  };
}
