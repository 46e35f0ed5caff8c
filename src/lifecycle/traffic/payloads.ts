import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { readObject } from '../../aws/s3.ts';
import { usageError } from '../../base/errors.ts';
import { csvColumns, isHeader, splitCsv } from '../../base/csv.ts';
import type { Session } from '../session.ts';

/** One request's body. */
interface Payload {
  body: string;
  /** What it really is, where a label column was named. */
  label: string | undefined;
  /** Its line in the file, from 1. */
  line: number;
}

export interface Payloads {
  contentType: 'text/csv' | 'application/json';
  rows: Payload[];
  /** The file's name, for messages. */
  source: string;
}

/** Where payloads come from. */
export interface PayloadFile {
  /** A path, relative to the session's folder or absolute; or an S3 URI. */
  file: string;
  /** The option it was named by, for messages. */
  option: 'test' | 'data' | 'traffic';
  /** The column (CSV: name, or number from 0; JSON: key) that holds the truth; it is taken out of the payload. */
  labels?: string | undefined;
  /** The first line of the CSV is a header, to be skipped. A header is also skipped where `labels` is a name. */
  header?: boolean | undefined;
}

/** Files larger than this are not read into memory. */
const MAX_BYTES = 256 * 1024 * 1024;
/** What InvokeEndpoint takes (facts 7.2). */
const MAX_BODY = 6 * 1024 * 1024;

/**
 * Reads a file of payloads, a request a line: CSV or JSON Lines, local or in S3.
 * @throws Problem (usage) naming file and line: no such file, no rows, ragged rows, an unexpected header, no such column
 */
export async function readPayloads(
  session: Pick<Session, 'aws' | 'signal' | 'folder'>,
  options: PayloadFile,
): Promise<Payloads> {
  const source = basename(options.file);
  const option = `--${options.option}`;
  const bytes = await readBytes(session, options.file, option);
  const kind = binaryKind(bytes);
  if (kind !== undefined)
    throw usageError(
      `${option}: ${source} is ${kind}, not text.`,
      kind === 'gzip' ? 'Unpack it first: gunzip.' : 'Give a CSV or JSON Lines file.',
    );
  const text = new TextDecoder().decode(bytes).replace(/^\uFEFF/, '');
  const lines = text.split(/\r?\n/).map((content, index) => ({ content, line: index + 1 }));
  const filled = lines.filter(({ content }) => content.trim() !== '');
  if (filled.length === 0)
    throw usageError(`${option}: ${source} holds no rows.`, 'It needs at least one line with a payload.');
  const json = /\.(jsonl|ndjson|json)$/i.test(source) || (!/\.csv$/i.test(source) && /^\s*[{[]/.test(text));
  const rows = json ? jsonRows(filled, source, option, options) : csvRows(filled, source, option, options);
  const large = rows.find((row) => Buffer.byteLength(row.body) > MAX_BODY);
  if (large !== undefined)
    throw usageError(`${option}: line ${large.line} of ${source} is larger than the 6 MB that InvokeEndpoint takes.`);
  return { contentType: json ? 'application/json' : 'text/csv', rows, source };
}

/** What a file that is no text is, by its first bytes; undefined for text. */
function binaryKind(bytes: Uint8Array): string | undefined {
  const head = bytes.subarray(0, 8192);
  const begins = (...start: number[]) => start.every((byte, index) => head[index] === byte);
  if (begins(0x1f, 0x8b)) return 'gzip';
  if (begins(0x50, 0x4b, 3, 4)) return 'a zip archive';
  if (begins(0x50, 0x41, 0x52, 0x31)) return 'Parquet';
  return head.includes(0) ? 'binary' : undefined;
}

async function readBytes(
  { aws, signal, folder }: Pick<Session, 'aws' | 'signal' | 'folder'>,
  path: string,
  option: string,
): Promise<Uint8Array> {
  if (path.startsWith('s3://')) return readObject(await aws(), path, MAX_BYTES, signal);
  const file = resolve(folder, path);
  const facts = await stat(file).catch((error: unknown) => {
    throw usageError(`${option}: there is no file ${path}.`, 'Give a CSV or JSON Lines file, or an s3:// URI.', error);
  });
  if (!facts.isFile()) throw usageError(`${option}: ${path} is not a file.`);
  if (facts.size > MAX_BYTES)
    throw usageError(`${option}: ${path} is larger than ${MAX_BYTES / 1024 ** 2} MB.`, 'Give a smaller file.');
  return readFile(file);
}

interface Line {
  content: string;
  line: number;
}

function jsonRows(lines: readonly Line[], source: string, option: string, { labels }: PayloadFile): Payload[] {
  return lines.map(({ content, line }) => {
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch (error) {
      throw usageError(
        `${option}: line ${line} of ${source} is not JSON: ${(error as Error).message}.`,
        'JSON Lines has one JSON value per line.',
        error,
      );
    }
    if (labels === undefined) return { body: content.trim(), label: undefined, line };
    if (typeof value !== 'object' || value === null || !(labels in value)) {
      throw usageError(`--labels: line ${line} of ${source} has no key "${labels}".`);
    }
    const { [labels]: label, ...rest } = value as Record<string, unknown>;
    return { body: JSON.stringify(rest), label: typeof label === 'string' ? label : JSON.stringify(label), line };
  });
}

function csvRows(lines: readonly Line[], source: string, option: string, options: PayloadFile): Payload[] {
  const parsed = lines.map(({ content, line }) => {
    const fields = splitCsv(content);
    if (fields === undefined)
      throw usageError(`${option}: line ${line} of ${source} holds a quotation mark that is never closed.`);
    return { fields, content: content.trim(), line };
  });
  const [first] = parsed;
  const named = options.labels !== undefined && !/^\d+$/.test(options.labels);
  const header = options.header === true || named;
  if (!header && first !== undefined && isHeader(first.fields)) {
    throw usageError(
      `${option}: line ${first.line} of ${source} looks like a header (${first.content.slice(0, 60)}), and would be sent to the model.`,
      'Add --header to skip it.',
    );
  }
  const width = first?.fields.length ?? 0;
  const ragged = parsed.find((row) => row.fields.length !== width);
  if (ragged !== undefined) {
    throw usageError(
      `${option}: line ${ragged.line} of ${source} has ${columns(ragged.fields.length)}, line ${first?.line} has ${width}.`,
      'Every row needs the same columns.',
    );
  }
  const column = labelColumn(first?.fields ?? [], source, options.labels);
  const rows = header ? parsed.slice(1) : parsed;
  if (rows.length === 0) throw usageError(`${option}: ${source} contains a header, but no rows.`);
  return rows.map(({ fields, content, line }) => {
    if (column === undefined) return { body: content, label: undefined, line };
    return {
      body: fields.filter((_, index) => index !== column).join(','),
      label: csvColumns([fields[column] ?? ''])[0],
      line,
    };
  });
}

function columns(count: number): string {
  return count === 1 ? '1 column' : `${count} columns`;
}

function labelColumn(header: readonly string[], source: string, labels: string | undefined): number | undefined {
  if (labels === undefined) return undefined;
  const names = csvColumns(header);
  const index = /^\d+$/.test(labels) ? Number(labels) : names.indexOf(labels);
  if (index < 0)
    throw usageError(`--labels: ${source} has no column "${labels}".`, `Its first line is: ${names.join(', ')}`);
  if (index >= header.length)
    throw usageError(`--labels: ${source} has no column ${index}; it has ${columns(header.length)}, counted from 0.`);
  return index;
}
