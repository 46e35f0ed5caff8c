import { payloadText, readCapture } from '../../analysis/answers/captures.ts';
import { follow, parsePath } from '../../analysis/answers/path.ts';
import { csvRecords, csvValue, isHeader } from '../../base/csv.ts';
import { usageError } from '../../base/errors.ts';
import { fileLineLists } from '../../base/file-lines.ts';
import { isObject, parsedJson } from '../../base/json.ts';
import { counted } from '../../base/units.ts';

/** One row of an object: what a model is asked once, or, of captures, one request. */
interface Row {
  /** From 1: in the object as it was delivered. */
  line: number;
  /** The lines that the model is asked: one, but for a captured request of several. */
  asked: string[];
  /** What tells it from others; undefined where the row does not say. */
  id: string | undefined;
  /** Of captures: production's answer, as the record has it. */
  captured: unknown;
}

/** A row that cannot be asked, or told from others. */
interface LostRow {
  line: number;
  why: string;
}

/** How rows are read. */
export interface RowFormat {
  contentType: string;
  captured: boolean;
  /** The first line names the columns. */
  header: boolean;
  /** The names of the columns, where they stand elsewhere: in the piece before. */
  columns?: readonly string[] | undefined;
  id: string | undefined;
  /** The models are not asked what the id is. */
  withoutId: boolean;
  /** Of captures: those outside of the day are another day's. */
  window: { from: number; to: number };
}

/** What stands in a line. */
type Found = { row: Row } | { lost: LostRow } | { header: string } | { blank: true };

/** The rows of an object that lies in a file, as many at once as were read together; blank lines are none. */
export async function* rowsOf(path: string, object: string, format: RowFormat): AsyncGenerator<Found[]> {
  let line = 0;
  let names = format.columns;
  for await (const texts of fileLineLists(path)) {
    const all: Found[] = [];
    for (const text of texts) {
      line += 1;
      if (text.trim() === '') all.push({ blank: true });
      else if (format.header && names === undefined) {
        names = columnsOf(text);
        all.push({ header: text });
      } else if (format.captured) {
        const found = capturedRow(text, line, format);
        if (found !== undefined) all.push(found);
      } else all.push(...plainRow(text, { object, line }, format, names));
    }
    yield all;
  }
}

/** A row without an id is asked like the others, and lost. */
function plainRow(
  text: string,
  { object, line }: { object: string; line: number },
  format: RowFormat,
  names: readonly string[] | undefined,
): Found[] {
  const id = format.id === undefined ? `${object}:${line}` : idOf(text, format, names);
  const asked = format.withoutId ? withoutId(text, format, names) : text;
  const row = { row: { line, asked: [asked], id, captured: undefined } };
  return id === undefined ? [{ lost: { line, why: `--id ${format.id} is not found in the row` } }, row] : [row];
}

function capturedRow(text: string, line: number, format: RowFormat): { row: Row } | { lost: LostRow } | undefined {
  const capture = readCapture(text);
  if (typeof capture === 'string') return { lost: { line, why: capture } };
  if (capture.at < format.window.from || capture.at >= format.window.to) return undefined;
  const { input, inferenceId, eventId } = capture;
  if (input === undefined) return { lost: { line, why: 'the request was not captured' } };
  const type = input.contentType?.split(';')[0]?.trim().toLowerCase() ?? (input.encoding === 'CSV' ? 'text/csv' : '');
  if (type !== format.contentType)
    return { lost: { line, why: `the request is ${type === '' ? 'of an unknown type' : type}` } };
  const asked = linesAsked(payloadText(input), type);
  if (asked === undefined) return { lost: { line, why: 'the request is not readable as its type says' } };
  const record = parsedJson(text) as { captureData?: { endpointOutput?: unknown } };
  const id = inferenceId ?? eventId;
  return { row: { line, asked, id, captured: record.captureData?.endpointOutput } };
}

/** A request as lines: a row of CSV or JSON Lines each, or one JSON document without line ends. */
function linesAsked(text: string, type: string): string[] | undefined {
  if (type === 'application/json') {
    const value = parsedJson(text);
    return value === undefined ? undefined : [JSON.stringify(value)];
  }
  const lines = text.split(/\r?\n/).filter((one) => one.trim() !== '');
  return lines.length === 0 || lines.some((one) => flawOf(one, type) !== undefined) ? undefined : lines;
}

/** Where the id is among the cells; -1 where no column is called so. */
function columnOf(id: string, names: readonly string[] | undefined): number {
  return /^\d+$/.test(id) ? Number(id) - 1 : (names ?? []).indexOf(id);
}

/** The row as the models are asked it: all but the id, as it stands there. */
function withoutId(text: string, { id = '', contentType }: RowFormat, names: readonly string[] | undefined): string {
  if (contentType === 'text/csv') {
    const index = columnOf(id, names);
    return fieldsOf(text)
      .filter((_, i) => i !== index)
      .join(',');
  }
  const value = parsedJson(text);
  if (!isObject(value)) return text;
  const { [id.replace(/^\$\./, '')]: _, ...rest } = value;
  return JSON.stringify(rest);
}

function idOf(text: string, { id = '', contentType }: RowFormat, names: readonly string[] | undefined) {
  if (contentType === 'text/csv') {
    const field = fieldsOf(text)[columnOf(id, names)];
    return field === undefined || csvValue(field).trim() === '' ? undefined : csvValue(field).trim();
  }
  const [value] = follow(parsedJson(text), id.startsWith('$') ? parsePath(id) : [id]);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** @throws Problem (usage) where this cannot lead to the id of a row */
export function checkId({ id, contentType, header, columns, withoutId: leaves }: RowFormat): void {
  if (id === undefined) return;
  if (leaves && contentType !== 'text/csv' && !/^(\$\.)?[A-Za-z_][\w-]*$/.test(id))
    throw usageError(
      `--without-id leaves out a member of a row's own, and ${id} lies deeper.`,
      'Name a member, like --id customer; or leave --without-id out.',
    );
  if (contentType !== 'text/csv') {
    if (id.startsWith('$')) parsePath(id);
    return;
  }
  if (/^[1-9]\d*$/.test(id) || header || columns !== undefined) return;
  throw usageError(
    `--id ${id}: the rows are CSV without names of columns.`,
    'Give the number of the column, from 1; or --header, where the first line names them.',
  );
}

/** The names in a line of names. */
export function columnsOf(text: string): string[] {
  return fieldsOf(text).map((field) => csvValue(field).trim());
}

function fieldsOf(text: string): string[] {
  const [record] = csvRecords(text, ',');
  return record?.fields ?? [];
}

/** Why SageMaker would take this line for something else than a row; undefined for a sound one. */
function flawOf(text: string, contentType: string): string | undefined {
  if (contentType === 'text/csv')
    return (text.match(/"/g)?.length ?? 0) % 2 === 1 ? 'a quoted cell goes on in the next line' : undefined;
  return parsedJson(text) === undefined ? 'not JSON' : undefined;
}

/** What a look into an object found. */
export interface Scan {
  rows: number;
  blank: number;
  /** Rows that can be asked of no model, or be told from no other; the first few, and how many. */
  lost: LostRow[];
  lostRows: number;
  /** Lines that SageMaker would take for something else: the first few, and how many. */
  flaws: LostRow[];
  flawed: number;
  /** The first line is one of names, and the others are not: nobody has said so. */
  looksLikeHeader: string | undefined;
  /** Lines that models are asked. */
  asked: number;
}

const SHOWN = 5;

/** Reads an object once, before anything is begun. */
export async function scanRows(path: string, object: string, format: RowFormat): Promise<Scan> {
  const scan: Scan = {
    rows: 0,
    blank: 0,
    lost: [],
    lostRows: 0,
    flaws: [],
    flawed: 0,
    looksLikeHeader: undefined,
    asked: 0,
  };
  const first: string[] = [];
  const count = (found: Found): void => {
    if ('blank' in found) scan.blank += 1;
    else if ('header' in found) return;
    else if ('lost' in found) {
      scan.lostRows += 1;
      if (scan.lost.length < SHOWN) scan.lost.push(found.lost);
      if (format.captured) scan.rows += 1;
    } else {
      const { row } = found;
      scan.rows += 1;
      scan.asked += row.asked.length;
      if (first.length < 2) first.push(row.asked[0] ?? '');
      for (const line of row.asked) {
        const why = flawOf(line, format.contentType);
        if (why === undefined) continue;
        scan.flawed += 1;
        if (scan.flaws.length < SHOWN) scan.flaws.push({ line: row.line, why });
      }
    }
  };
  for await (const all of rowsOf(path, object, format)) for (const found of all) count(found);
  const [one, two] = first;
  if (format.contentType === 'text/csv' && !format.captured && one !== undefined && two !== undefined)
    if (isHeader(fieldsOf(one)) && !isHeader(fieldsOf(two))) scan.looksLikeHeader = one;
  return scan;
}

/** @throws Problem (usage) for rows that SageMaker would tear apart */
export function requireSound(object: string, { flaws: [first], flawed }: Scan, contentType: string): void {
  if (first === undefined || contentType !== 'text/csv') return;
  throw usageError(
    `${object}, line ${first.line}: ${first.why} (${counted(flawed, 'lines')} like it). SageMaker splits CSV at every line end, also within quotes.`,
    'Write such cells without line ends, or deliver JSON Lines.',
  );
}
