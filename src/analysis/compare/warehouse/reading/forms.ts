import type { Answer } from '../../../answers/answer.ts';
import { payloadText } from '../../../answers/captures.ts';
import type { Capture, Payload } from '../../../answers/captures.ts';
import { answersOf, readAnswers } from '../../../answers/read-answers.ts';
import type { Reading } from '../../../answers/reading.ts';
import { seenOf } from '../../../answers/seen.ts';
import { csvPieces, jsonPieces } from './tokens.ts';
import type { Piece } from './tokens.ts';

/** What one row of an answer says: by the number of a hole within the row, from 0. */
export interface FormRow {
  /** The text, or the class whose score is largest, or what stands in a hole. */
  label: { text: string } | { hole: number } | 'largest' | undefined;
  number: number | undefined;
  scores: readonly number[] | undefined;
}

/** A hole is told apart by what may stand in it. */
export type Hole = 'number' | 'word' | 'class-number';

/**
 * How answers of one encoding and content type are built but for their numbers and words, and what those mean: so much of
 * the reader of answers as SQL can repeat. What it says of one answer it says of all of this form, as `learnForm` made sure.
 */
export interface Form {
  encoding: Payload['encoding'];
  contentType: string | undefined;
  /** JSON or CSV: what numbers and words look like. */
  csv: boolean;
  /** Patterns before the first row, between two rows, and behind the last. */
  before: string;
  between: string;
  after: string;
  /** Least and largest number of rows; undefined: any. */
  least: number;
  most: number | undefined;
  /** Patterns between the holes of a row, and the holes. */
  literals: readonly string[];
  holes: readonly Hole[];
  /** One a row; of answers of any number of rows the one that all are like. */
  rows: readonly FormRow[];
  /** A single line of so many cells means one thing if the request had as many rows, and another if not. */
  askedRows: { cells: number; equal: boolean } | undefined;
}

const MAX_HOLES = 2_000;
/** Stand for the numbers and words in holes, to see where they land; no answer's own text is likely to hold them. */
const PROBE = 918_273_000;
const word = (i: number) => `wprobe${i}q`;
/** How many rows are tried of a form in which they repeat. */
const TRIED = [1, 2, 3, 5];

const isCsv = ({ encoding, contentType = '' }: Payload) =>
  /csv/i.test(contentType) || (encoding === 'CSV' && !/json|event-stream|plain/i.test(contentType));

/**
 * Learns the form of an answer by asking the real reader, as the fast path of the local engine does: its numbers and words are
 * replaced by known ones, and the answers that it then gives show which went where.
 *
 * @returns undefined where the reading depends on more than the places of numbers and words
 */
export function learnForm({ input, output }: Pick<Capture, 'input' | 'output'>, reading: Reading): Form | undefined {
  if (output === undefined) return undefined;
  const text = payloadText(output).trim();
  const csv = isCsv(output);
  const pieces = csv ? csvPieces(text) : jsonPieces(text);
  if (pieces === undefined) return undefined;
  const holes = pieces.flatMap((piece) => ('hole' in piece ? [piece.hole] : []));
  if (holes.length === 0 || holes.length > MAX_HOLES) return undefined;
  const askedRows = csv ? dependence(input, output, holes.length, text) : undefined;
  const rows = probe(pieces, { input, output, reading, askedRows });
  if (rows === undefined) return undefined;
  const whole = { encoding: output.encoding, contentType: output.contentType, csv, askedRows };
  return (
    (askedRows === undefined ? repeating(whole, pieces, rows, { output, reading }) : undefined) ?? {
      ...whole,
      ...{ before: '', between: '', after: '', least: 1, most: 1 },
      literals: pieces.flatMap((piece) => ('hole' in piece ? [] : [piece.pattern])),
      holes: holesOf(holes, rows),
      rows,
    }
  );
}

/** Of a line of several cells the request says whether it is a row, or a row a cell. */
function dependence(input: Capture['input'], output: Payload, cells: number, text: string): Form['askedRows'] {
  if (cells < 2 || text.includes('\n')) return undefined;
  const asked = seenOf({ input, output })?.askedRows;
  return { cells, equal: asked === cells };
}

interface Asked {
  input?: Capture['input'];
  output: Payload;
  reading: Reading;
  askedRows?: Form['askedRows'];
}

/** The rows that the reader gives, whatever stands in the holes; undefined where that is not so. */
function probe(pieces: readonly Piece[], { output, reading, askedRows }: Asked): FormRow[] | undefined {
  const count = pieces.filter((piece) => 'hole' in piece).length;
  const rising = Array.from({ length: count }, (_, i) => i);
  const read = (order: readonly number[]) => {
    let i = 0;
    const text = pieces
      .map((piece) => {
        if (!('hole' in piece)) return piece.literal;
        const value = order[i++] as number;
        return piece.hole === 'number' ? String(PROBE + value) : word(value);
      })
      .join('');
    const data = output.encoding === 'BASE64' ? Buffer.from(text).toString('base64') : text;
    const payload = { ...output, data };
    if (askedRows === undefined) return readAnswers(payload, reading);
    const lines = Array.from({ length: askedRows.equal ? askedRows.cells : askedRows.cells + 1 }, () => '1').join('\n');
    return answersOf({ input: { data: lines, encoding: 'CSV', contentType: 'text/csv' }, output: payload }, reading);
  };
  const orders = [rising, rising.toReversed()];
  const [first, second] = orders.map((order) => read(order)?.map((answer) => rowOf(answer, order)));
  if (first === undefined || second === undefined || first.length === 0) return undefined;
  if (first.some((row) => row === undefined) || JSON.stringify(first) !== JSON.stringify(second)) return undefined;
  return first as FormRow[];
}

/** Where the parts of an answer came from. @param order which stand-in stands in each hole */
function rowOf({ label, number, scores, other, others }: Answer, order: readonly number[]): FormRow | undefined {
  if (other !== undefined || others !== undefined) return undefined;
  const numbers = order.map((value) => PROBE + value);
  const hole = (value: number) => numbers.indexOf(value);
  const [at, places] = [number === undefined ? undefined : hole(number), scores?.map(hole)];
  if (at === -1 || places?.includes(-1) === true) return undefined;
  return { label: labelOf(label, scores, order), number: at, scores: places };
}

function labelOf(
  label: string | undefined,
  scores: readonly number[] | undefined,
  order: readonly number[],
): FormRow['label'] {
  if (label === undefined) return undefined;
  const hole = order.findIndex((value) => label === String(PROBE + value) || label === word(value));
  if (hole >= 0) return { hole };
  if (scores !== undefined && label === String(scores.indexOf(Math.max(...scores)))) return 'largest';
  return { text: label };
}

/** The same with any number of rows, where they repeat. */
function repeating(
  whole: Pick<Form, 'encoding' | 'contentType' | 'csv' | 'askedRows'>,
  pieces: readonly Piece[],
  rows: readonly FormRow[],
  asked: Asked,
): Form | undefined {
  const holes = (pieces.length - 1) / 2;
  const each = holes / rows.length;
  if (rows.length < 2 || !Number.isInteger(each)) return undefined;
  const literal = (i: number) => pieces[2 * i] as Extract<Piece, { literal: string }>;
  const hole = (i: number) => pieces[2 * i + 1] as Extract<Piece, { hole: string }>;
  for (let i = each; i < holes; i += 1) {
    if (hole(i).hole !== hole(i % each).hole) return undefined;
    const before = i % each === 0 ? each : i % each;
    if (literal(i).pattern !== literal(before).pattern) return undefined;
  }
  const first = rows[0] as FormRow;
  const alike = (found: readonly FormRow[] | undefined, count: number) =>
    found?.length === count && found.every((row, i) => JSON.stringify(row) === JSON.stringify(moved(first, i * each)));
  const tried = TRIED.filter((count) => {
    const some = Array.from({ length: count }, (_, i) => [
      literal(i === 0 ? 0 : each),
      ...Array.from({ length: each }, (_, k) => [...(k === 0 ? [] : [literal(k)]), hole(k)]).flat(),
    ]).flat();
    return alike(probe([...some, literal(holes)], asked), count);
  });
  // Of one row alone the request may have a say.
  if (tried.length < TRIED.length - 1 || (tried.length < TRIED.length && tried[0] === 1)) return undefined;
  return {
    ...whole,
    ...{ before: literal(0).pattern, between: literal(each).pattern, after: literal(holes).pattern },
    ...{ least: tried[0] as number, most: undefined },
    literals: ['', ...Array.from({ length: each - 1 }, (_, k) => literal(k + 1).pattern), ''],
    holes: holesOf(
      Array.from({ length: each }, (_, k) => hole(k).hole),
      [first],
    ),
    rows: [first],
  };
}

/** A row whose parts stand so many holes later. */
function moved({ label, number, scores }: FormRow, by: number): FormRow {
  return {
    label: typeof label === 'object' && 'hole' in label ? { hole: label.hole + by } : label,
    number: number === undefined ? undefined : number + by,
    scores: scores?.map((one) => one + by),
  };
}

/** Numbers that are classes are written as JavaScript writes them only where there is no doubt how that is. */
function holesOf(holes: readonly ('number' | 'word')[], rows: readonly FormRow[]): Hole[] {
  const classes = new Set(
    rows.flatMap(({ label }) => (typeof label === 'object' && 'hole' in label ? [label.hole] : [])),
  );
  return holes.map((hole, i) => (hole === 'number' && classes.has(i) ? 'class-number' : hole));
}
