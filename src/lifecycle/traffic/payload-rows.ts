import { csvCell, csvTable, csvValue, type CsvTable, decimalPoint, isHeader } from '../../base/csv.ts';
import { usageError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { nearest } from '../../base/schema.ts';
import { jsonRecords } from '../../base/json-records.ts';

/** One request's body. */
interface Payload {
  body: string;
  /** What it really is, where a label column was named. */
  label: string | undefined;
  /** Its line in the file, from 1. */
  line: number;
}

/** What a file holds, as far as its name and its first lines do not already say so. */
export type PayloadForm =
  /** One list: each of its objects is a request. */
  | 'list'
  /** Objects as Python writes them, sent as JSON. */
  | 'python'
  /** Cells between semicolons, tabs or bars, sent with commas. */
  | 'recoded';

export interface PayloadRows {
  contentType: string;
  rows: Payload[];
  form: PayloadForm | undefined;
}

/** How a file of payloads is read. */
export interface PayloadOptions {
  /** The column (CSV: name, or number from 0; libsvm: 0) or the key (JSON) that holds the truth; it is not sent. */
  labels?: string | undefined;
  /** The first line is a header, to be skipped; false: it is none, whatever it looks like. */
  header?: boolean | undefined;
  /** Media type of the requests; undefined: by the file's name and first line. */
  contentType?: string | undefined;
}

/** Where the text comes from, for messages. */
interface Origin {
  source: string;
  /** The option by which the file was named. */
  option: string;
}

/**
 * The requests in a text: a record of CSV, a value of JSON, or a line each.
 * @throws Problem (usage) naming file and line: no rows, ragged rows, an unexpected header, no such column, no JSON
 */
export function payloadRows(text: string, origin: Origin, options: PayloadOptions): PayloadRows {
  if (text.trim() === '')
    throw usageError(`${origin.option}: ${origin.source} holds no rows.`, 'It needs at least one line with a payload.');
  const format = formatOf(text, origin.source, options.contentType);
  if (options.header !== undefined && (format === 'json' || format === 'libsvm'))
    throw usageError(
      `--${options.header ? '' : 'no-'}header: ${origin.source} is read as ${format === 'json' ? 'JSON' : 'libsvm'}, which has no header.`,
      'Leave it out; if the file is something else, say --content-type.',
    );
  return READERS[format](text, origin, options);
}

type Format = 'csv' | 'json' | 'libsvm' | 'lines';

const READERS: Record<Format, (text: string, origin: Origin, options: PayloadOptions) => PayloadRows> = {
  csv: csvRows,
  json: jsonRows,
  libsvm: libsvmRows,
  lines: plainRows,
};

/** The content type decides; one that says nothing of lines and cells leaves it to the name, then to the look. */
function formatOf(text: string, source: string, contentType = ''): Format {
  if (/csv|tab-separated/i.test(contentType)) return 'csv';
  if (/json/i.test(contentType)) return 'json';
  if (/libsvm/i.test(contentType)) return 'libsvm';
  if (/^text\/plain\b/i.test(contentType)) return 'lines';
  if (/\.(jsonl|ndjson|json)$/i.test(source)) return 'json';
  if (/\.(csv|tsv|tab)$/i.test(source)) return 'csv';
  if (/\.(libsvm|svmlight|svm)$/i.test(source)) return 'libsvm';
  if (/^\s*[{[]/.test(text)) return 'json';
  const [first = '', second = first] = filledLines(text).map(({ content }) => content);
  return SPARSE.test(first) && SPARSE.test(second) ? 'libsvm' : 'csv';
}

const NUMBER = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?`;
/** A label and its features; only that is unmistakable. */
const SPARSE = new RegExp(String.raw`^\s*${NUMBER}(?:\s+\d+:${NUMBER})+\s*$`);
/** What libsvm permits: a label or none, a query, features. */
const LIBSVM = new RegExp(String.raw`^(?:${NUMBER}(?::${NUMBER})?)?(?:\s+qid:\d+)?(?:\s*\b\d+:${NUMBER})*\s*(?:#.*)?$`);

interface Line {
  content: string;
  line: number;
}

function filledLines(text: string): Line[] {
  return text
    .split(/\r?\n/)
    .map((content, index) => ({ content, line: index + 1 }))
    .filter(({ content }) => content.trim() !== '');
}

function plainRows(text: string, { source, option }: Origin, options: PayloadOptions): PayloadRows {
  if (options.labels !== undefined)
    throw usageError(
      `${source} is read as plain text: it has no column that could hold the labels.`,
      'Give a CSV or JSON Lines file, or another --content-type.',
    );
  const lines = filledLines(text).slice(options.header === true ? 1 : 0);
  if (lines.length === 0) throw usageError(`${option}: ${source} contains a header, but no rows.`);
  return {
    contentType: options.contentType ?? 'text/plain',
    rows: lines.map(({ content, line }) => ({ body: content, label: undefined, line })),
    form: undefined,
  };
}

function libsvmRows(text: string, { source, option }: Origin, options: PayloadOptions): PayloadRows {
  if (options.labels !== undefined && options.labels !== '0')
    throw usageError(
      `${source} is read as libsvm: it has no column "${options.labels}" that could hold the labels.`,
      'Its label is column 0.',
    );
  const rows = filledLines(text).map(({ content, line }) => {
    const body = content.trim();
    if (!LIBSVM.test(body))
      throw usageError(
        `${option}: line ${line} of ${source} is not libsvm: ${body.slice(0, 60)}`,
        'A line is LABEL INDEX:VALUE INDEX:VALUE …; if the file is something else, say --content-type.',
      );
    if (options.labels === undefined) return { body, label: undefined, line };
    const [label = ''] = body.split(/\s/, 1);
    if (label === '' || label.includes(':'))
      throw usageError(`Line ${line} of ${source} does not begin with a label: ${body.slice(0, 60)}`);
    // Readers of libsvm take the first word for the label: it must be there.
    return { body: `0${body.slice(label.length)}`, label, line };
  });
  return { contentType: options.contentType ?? 'text/libsvm', rows, form: undefined };
}

function jsonRows(text: string, origin: Origin, options: PayloadOptions): PayloadRows {
  const { values, form } = jsonBodies(text, origin);
  const rows = values.map(({ value, body, line }) => {
    if (options.labels === undefined) return { body, label: undefined, line };
    if (!isObject(value) || !Object.hasOwn(value, options.labels))
      throw usageError(
        `Line ${line} of ${origin.source} has no key "${options.labels}" for the label.`,
        keysAdvice(value, options.labels),
      );
    const label = value[options.labels];
    return {
      body: withoutMember(body, options.labels),
      label: typeof label === 'string' ? label : JSON.stringify(label),
      line,
    };
  });
  return { contentType: options.contentType ?? 'application/json', rows, form };
}

interface Body {
  value: unknown;
  /** The JSON of it, as it stands in the file where that is JSON. */
  body: string;
  line: number;
}

/** A value a line; where lines are no values, one value over several, one list of objects, or records in any layout. */
function jsonBodies(text: string, origin: Origin): { values: Body[]; form: PayloadForm | undefined } {
  const lines = filledLines(text);
  const single = parse(text);
  const whole = single !== undefined && !/\.(jsonl|ndjson)$/i.test(origin.source) ? single.value : undefined;
  if (!(Array.isArray(whole) && whole.length > 0 && whole.every(isObject))) {
    if (single !== undefined)
      return { values: [{ value: single.value, body: text.trim(), line: lines[0]?.line ?? 1 }], form: undefined };
    const values = lines.map(({ content, line }) => ({ parsed: parse(content), body: content.trim(), line }));
    if (values.every(({ parsed }) => parsed !== undefined))
      return { values: values.map(({ parsed, ...rest }) => ({ value: parsed?.value, ...rest })), form: undefined };
  }
  let form: PayloadForm | undefined = single === undefined ? undefined : 'list';
  const values = Array.from(jsonRecords(text), ({ value, text: body, line, flaw }): Body => {
    if (flaw !== undefined)
      throw usageError(
        `${origin.option}: line ${line} of ${origin.source} is not JSON: ${flaw}: ${body.slice(0, 60)}`,
        'JSON Lines has one JSON value per line.',
      );
    if (parse(body) !== undefined) return { value, body, line };
    form = 'python';
    return { value, body: asJson(value, { ...origin, line }), line };
  });
  return { values, form };
}

function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function asJson(value: unknown, { option, source, line }: Origin & { line: number }): string {
  return JSON.stringify(value, (_, one: unknown) => {
    if (typeof one !== 'number' || Number.isFinite(one)) return one;
    throw usageError(`${option}: line ${line} of ${source} holds ${one}, which JSON does not have.`);
  });
}

/** An object's JSON without a member; all others stay as they are written, to the last digit. */
export function withoutMember(json: string, name: string): string {
  const kept: string[] = [];
  let depth = 0;
  let begin = 0;
  let key: string | undefined;
  for (const { 0: token, index } of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    if (depth === 1 && (token === ',' || token === '}')) {
      if (key !== undefined && key !== name) kept.push(json.slice(begin, index).trim());
      key = undefined;
      begin = index + 1;
    } else if (depth === 1 && key === undefined && token.startsWith('"')) key = JSON.parse(token) as string;
    if (token === '{' || token === '[') {
      if (depth === 0) begin = index + 1;
      depth += 1;
    } else if (token === '}' || token === ']') depth -= 1;
  }
  return `{${kept.join(',')}}`;
}

function csvRows(text: string, origin: Origin, options: PayloadOptions): PayloadRows {
  const { source, option } = origin;
  const table = csvTable(text);
  const parsed = Array.from(table.records, ({ fields, text: content, line, flaw }) => {
    if (fields === undefined)
      throw usageError(
        `${option}: line ${line} of ${source} holds ${flaw === 'text after a closed quote' ? 'text after a closed quotation mark' : 'a quotation mark that is never closed'}.`,
      );
    return { fields, content, line };
  });
  const [first] = parsed;
  const named = options.labels !== undefined && !/^(\d+|column [1-9]\d*)$/.test(options.labels);
  if (named && options.header === false)
    throw usageError(`--no-header: without a header there is no column "${options.labels}".`, 'Count columns from 0.');
  const header = options.header ?? named;
  if (
    options.header === undefined &&
    !named &&
    first !== undefined &&
    isHeader(first.fields.map((field) => valueOf(field, table)))
  ) {
    throw usageError(
      `${option}: line ${first.line} of ${source} looks like a header (${first.content.slice(0, 60)}), and would be sent to the model.`,
      'Add --header to skip it, or --no-header to send it. Where every line is a text, say --content-type text/plain.',
    );
  }
  const width = first?.fields.length ?? 0;
  const ragged = parsed.find((row) => row.fields.length !== width);
  if (ragged !== undefined) {
    throw usageError(
      `${option}: line ${ragged.line} of ${source} has ${columns(ragged.fields.length)}, line ${first?.line} has ${width}.`,
      'Every row needs the same columns. Where lines are texts, say --content-type text/plain.',
    );
  }
  const column = labelColumn(first?.fields ?? [], source, options.labels);
  const data = header ? parsed.slice(1) : parsed;
  if (data.length === 0) throw usageError(`${option}: ${source} contains a header, but no rows.`);
  // A type of its own wants the separators of the file.
  const recoded = table.separator !== ',' && /^text\/csv\b|^$/i.test(options.contentType ?? '');
  const rows = data.map(({ fields, line }) => {
    const cells = column === undefined ? fields : fields.filter((_, index) => index !== column);
    const body = recoded ? cells.map((cell) => csvCell(valueOf(cell, table))).join(',') : cells.join(table.separator);
    return {
      body: table.separator === ',' ? body.trim() : body,
      label: column === undefined ? undefined : valueOf(fields[column] ?? '', table).trim(),
      line,
    };
  });
  return { contentType: options.contentType ?? 'text/csv', rows, form: recoded ? 'recoded' : undefined };
}

/** Columns that are named where the one that was meant is not there. */
const MAX_NAMES = 20;

/** `Did you mean label? Its keys are: …` */
function namesAdvice(what: string, word: string, names: readonly string[]): string {
  const near = nearest(word, names);
  const few = names.slice(0, MAX_NAMES).join(', ') + (names.length > MAX_NAMES ? `, … (${names.length} in all)` : '');
  return `${near === undefined ? '' : `Did you mean ${near}? `}${what}: ${few}`;
}

function keysAdvice(value: unknown, word: string): string | undefined {
  return isObject(value) ? namesAdvice('Its keys are', word, Object.keys(value)) : undefined;
}

function valueOf(field: string, { separator }: CsvTable): string {
  const value = csvValue(field);
  return separator === ';' ? decimalPoint(value) : value;
}

function columns(count: number): string {
  return count === 1 ? '1 column' : `${count} columns`;
}

function labelColumn(header: readonly string[], source: string, labels: string | undefined): number | undefined {
  if (labels === undefined) return undefined;
  const names = header.map((field) => csvValue(field).trim());
  // As reports call the columns of CSV without names, from 1.
  const place = /^column ([1-9]\d*)$/.exec(labels)?.[1];
  const named = names.indexOf(labels);
  const index = /^\d+$/.test(labels) ? Number(labels) : named < 0 && place !== undefined ? Number(place) - 1 : named;
  if (index < 0)
    throw usageError(
      `${source} has no column "${labels}" for the labels.`,
      namesAdvice('Its first line is', labels, names),
    );
  if (index >= header.length)
    throw usageError(
      `${source} has no ${place === undefined ? `column ${index}` : labels} for the labels; it has ${columns(header.length)}, ${place === undefined ? 'counted from 0' : 'of which column 1 is the first'}.`,
    );
  return index;
}
