import { createHash } from 'node:crypto';
import type { Capture, Payload } from './captures.ts';
import { payloadText } from './captures.ts';
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
  /** Rows of the request; undefined where it does not show them. */
  askedRows: number | undefined;
}

const BINARY = /^(?:image|audio|video)\/|octet-stream|npy|npz|recordio|protobuf|parquet|triton\.binary/i;

/** A record for a reader; undefined where its answer is missing, or is not what its content type says. */
export function seenOf({ input, output }: Pick<Capture, 'input' | 'output'>): Seen | undefined {
  if (output === undefined || output.data === '') return undefined;
  const askedRows = input === undefined ? undefined : countRows(input);
  const type = output.contentType ?? '';
  if (output.encoding === 'BASE64' && (BINARY.test(type) || isBinary(output))) return bytesOf(output, askedRows);
  const text = payloadText(output).trim();
  if (text === '' || /html/i.test(type)) return undefined;
  const json = (values: readonly unknown[], streamed = false): Seen => ({ form: 'json', values, streamed, askedRows });
  const csv = (): Seen => ({
    form: 'csv',
    values: csvRecords(text).map((cells) => cells.map(valueOf)),
    streamed: false,
    askedRows,
  });
  if (/csv/i.test(type) || (output.encoding === 'CSV' && !/json|event-stream|plain/i.test(type))) return csv();
  const events = /event-stream/i.test(type) || /^(?:data|event|id):/.test(text) ? eventValues(text) : undefined;
  if (events !== undefined) return json(events, true);
  const values = jsonValues(text);
  if (values !== undefined) return json(values);
  if (/json/i.test(type)) return undefined;
  const cells = csv();
  // Plain text that is no row of numbers is one text.
  const isNumbers = cells.values.every((row) => (row as unknown[]).every((cell) => typeof cell === 'number'));
  return isNumbers || !/plain/i.test(type) ? cells : json([text]);
}

function isBinary(payload: Payload): boolean {
  return Buffer.from(payload.data, 'base64').includes(0) || payloadText(payload).includes('\u{FFFD}');
}

function bytesOf({ data }: Payload, askedRows: number | undefined): Seen {
  const bytes = Buffer.from(data, 'base64');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { form: 'bytes', values: [{ bytes: bytes.length, sha256 }], streamed: false, askedRows };
}

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
