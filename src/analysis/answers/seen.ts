import { createHash } from 'node:crypto';
import type { Capture, Payload } from './captures.ts';
import { payloadBytes, payloadText } from './captures.ts';
import { csvRecords, printedList } from './csv.ts';
import { isLargeWhole, jsonValues } from './json.ts';
import { countRows } from './row-count.ts';

/** An answer as far as its content type shows it, beside what was asked. */
export interface Seen {
  form: 'json' | 'csv' | 'bytes';
  /** JSON: its values, one of JSON Lines each; CSV: the cells of each line; bytes: what tells them apart. */
  values: readonly unknown[];
  /** It came in pieces, as server-sent events. */
  streamed: boolean;
  /** It is JSON in a string of JSON. */
  quoted?: boolean;
  /** Rows of the request; undefined where it does not show them. */
  askedRows: number | undefined;
}

const BINARY = /^(?:image|audio|video)\/|npy|npz|recordio|protobuf|parquet|triton\.binary/i;

/** A record for a reader; undefined where its answer is missing, or is not what its content type says. */
export function seenOf({ input, output }: Pick<Capture, 'input' | 'output'>): Seen | undefined {
  if (output === undefined || output.data === '') return undefined;
  const askedRows = input === undefined ? undefined : countRows(input);
  const type = output.contentType ?? '';
  if (output.encoding === 'BASE64' && (BINARY.test(type) || isBinary(output))) return bytesOf(output, askedRows);
  const text = payloadText(output).trim();
  if (text === '' || /html/i.test(type)) return undefined;
  const json = (values: readonly unknown[], streamed = false): Seen => ({ form: 'json', values, streamed, askedRows });
  const csv = (): Seen => {
    const [first = [], ...lines] = csvRecords(text);
    const values = lines.map((cells) => cells.map(valueOf));
    // Rows under a header are records, as those of JSON are.
    if (isHeader(first, values))
      return json(values.map((cells) => Object.fromEntries(first.map((name, i) => [name, cells[i]]))));
    return { form: 'csv', values: [first.map(valueOf), ...values], streamed: false, askedRows };
  };
  if (/csv/i.test(type) || (output.encoding === 'CSV' && !/json|event-stream|plain/i.test(type))) return csv();
  const events = /event-stream/i.test(type) || /^(?:data|event|id):/.test(text) ? eventValues(text) : undefined;
  if (events !== undefined) return json(events, true);
  const values = jsonValues(text);
  if (values !== undefined) {
    const inner = values.map(unquoted);
    return inner.every((one) => one !== undefined) ? { ...json(inner), quoted: true } : json(values);
  }
  if (/json/i.test(type)) return undefined;
  const cells = csv();
  if (cells.form === 'json') return cells;
  // Plain text that is no row of numbers is one text.
  const isNumbers = cells.values.every((row) => (row as unknown[]).every((cell) => typeof cell === 'number'));
  if (UNKNOWN.test(type) && !isNumbers) return bytesOf(output, askedRows);
  return isNumbers || !/plain/i.test(type) ? cells : json([text]);
}

/** Bytes of which nothing is said: JSON and numbers among them are read as such. */
const UNKNOWN = /octet-stream/i;

/** The object or list that a string holds as JSON; undefined for anything else. */
function unquoted(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[{[]/.test(value)) return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

function isBinary(payload: Payload): boolean {
  return payloadBytes(payload).includes(0) || payloadText(payload).includes('\u{FFFD}');
}

function bytesOf(payload: Payload, askedRows: number | undefined): Seen {
  const bytes = payloadBytes(payload);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { form: 'bytes', values: [{ bytes: bytes.length, sha256 }], streamed: false, askedRows };
}

/** What a model prints that has lost its way, and no name of a column. */
const NO_NAME = /^[+-]?(?:nan|inf|infinity|null|none)?$/i;

/** Is the first line of CSV a header? All its cells are words, each once, and some column has nothing but numbers below it. */
function isHeader(names: readonly string[], rows: readonly (readonly unknown[])[]): boolean {
  if (rows.length === 0 || rows.some((cells) => cells.length !== names.length)) return false;
  const isNamed = names.every((name) => typeof valueOf(name) === 'string' && !NO_NAME.test(name) && !NUMBER.test(name));
  if (!isNamed || new Set(names).size < names.length) return false;
  return names.some((_, i) => rows.every((cells) => typeof cells[i] === 'number' || Array.isArray(cells[i])));
}

/** A number, of any length. */
const NUMBER = /^[+-]?\d/;

/** A cell: a number where it is one, a list where it prints one, else text. */
function valueOf(cell: string): unknown {
  if (cell === '') return '';
  const value = Number(cell);
  if (!Number.isNaN(value)) return isLargeWhole(cell) ? cell : value;
  return printedList(cell) ?? cell;
}

/** The JSON of server-sent events (WHATWG HTML, 9.2); undefined where one is no JSON. */
function eventValues(text: string): unknown[] | undefined {
  const data = text
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).trim())
    .filter((line) => line !== '' && line !== '[DONE]');
  if (data.length === 0) return undefined;
  try {
    return data.map((line): unknown => JSON.parse(line));
  } catch {
    return undefined;
  }
}
