import { readAnswers } from '../../../answers/read-answers.ts';
import type { Answer } from '../../../answers/answer.ts';
import type { Reading } from '../../../answers/reading.ts';
import { literal, standsAt } from './literal.ts';
import type { Literal } from './literal.ts';
import { readNumber } from './number.ts';
import type { Scratch } from './scratch.ts';

/** A number as JSON writes it. */
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const MAX_HOLES = 4096;
/** Stands for the number in a hole, to see where it lands; no answer's own text is likely to hold it. */
const PROBE = 918_273_000;

/** Where the parts of one row of an answer come from: a hole by its index, or fixed text. */
interface TemplateRow {
  label: number | string | undefined;
  number: number | undefined;
  scores: readonly number[] | undefined;
  /** The label is the place of the largest score. */
  largest: boolean;
}

/** An answer but for its numbers: the bytes between them, and what each number means. */
export interface Template {
  /** One more than there are holes. */
  literals: readonly Literal[];
  rows: readonly TemplateRow[];
}

/**
 * Learns how an answer is built by asking the real reader: its numbers are replaced by known ones, and the answers it
 * then gives show which number went where. Thus there is one reader of answers, and this is only its memory.
 *
 * @param raw the answer as it stands in the record, escapes and all
 * @returns undefined where the reading depends on more than the places of numbers
 */
export function learnTemplate(
  raw: string,
  encoding: string,
  type: string | undefined,
  reading: Reading,
): Template | undefined {
  const pieces = cut(raw);
  const holes = pieces.length - 1;
  if (holes > MAX_HOLES) return undefined;
  const probe = (values: readonly number[]): Answer[] | undefined => {
    const text = pieces.map((piece, i) => (i < holes ? piece + String(values[i]) : piece)).join('');
    let data: unknown;
    try {
      data = JSON.parse(`"${text}"`);
    } catch {
      return undefined;
    }
    if (typeof data !== 'string') return undefined;
    // Where the request has a say, as with a line of several columns, which are one row or many, this gives nothing.
    return readAnswers({ data, encoding: encoding as 'JSON', contentType: type }, reading);
  };
  const rising = Array.from({ length: holes }, (_, i) => PROBE + i);
  const falling = rising.toReversed();
  const [first, second] = [probe(rising), probe(falling)];
  if (first === undefined || second === undefined) return undefined;
  const rows: TemplateRow[] = [];
  for (const [i, answer] of first.entries()) {
    const row = rowOf(answer, second[i], rising);
    if (row === undefined) return undefined;
    rows.push(row);
  }
  return { literals: pieces.map((piece) => literal(Buffer.from(piece))), rows };
}

function rowOf(answer: Answer, again: Answer | undefined, holes: readonly number[]): TemplateRow | undefined {
  if (answer.other !== undefined || answer.others !== undefined || again === undefined) return undefined;
  const hole = (value: number) => holes.indexOf(value);
  const scores = answer.scores?.map(hole);
  const largest =
    scores !== undefined && answer.label !== again.label && holes.every((value) => String(value) !== answer.label);
  let label: number | string | undefined;
  if (answer.label !== undefined && !largest) {
    const from = holes.findIndex((value) => String(value) === answer.label);
    if (from < 0 && (answer.label.includes('918273') || answer.label !== again.label)) return undefined;
    label = from < 0 ? answer.label : from;
  }
  const number = answer.number === undefined ? undefined : hole(answer.number);
  if (number === -1 || scores?.includes(-1) === true) return undefined;
  return { label, number, scores, largest };
}

/** The text between the numbers that stand outside of (escaped) quotes. */
function cut(raw: string): string[] {
  const pieces: string[] = [];
  let from = 0;
  let inside = false;
  let free = 0;
  for (let i = 0; i < raw.length; ) {
    const c = raw[i] ?? '';
    if (c === '\\') {
      const next = raw[i + 1] ?? '';
      if (next === '"') inside = !inside;
      // A backslash of the inner text: what it escapes is no quote of its own.
      const unit = next === 'u' ? 6 : 2;
      i += unit;
      if (next === '\\') i += raw[i] === '\\' ? (raw[i + 1] === 'u' ? 6 : 2) : 1;
      free = i;
      continue;
    }
    NUMBER.lastIndex = i;
    const found = inside || (i > free && /[\w.+-]/.test(raw[i - 1] ?? '')) ? null : NUMBER.exec(raw);
    const after = raw[i + (found?.[0].length ?? 0)] ?? '';
    if (found === null || /[\w.+]/.test(after)) {
      i += 1;
      continue;
    }
    pieces.push(raw.slice(from, i));
    i += found[0].length;
    from = i;
  }
  return [...pieces, raw.slice(from)];
}

/** Fits the template here? Then its numbers are in `values`, and the place behind it is given; else -1. */
export function matchTemplate(
  scratch: Scratch,
  template: Template,
  bytes: Uint8Array,
  view: DataView,
  start: number,
  values: Float64Array,
): number {
  const { literals } = template;
  const holes = literals.length - 1;
  let at = start;
  for (let i = 0; i <= holes; i += 1) {
    const one = literals[i] as Literal;
    if (!standsAt(view, bytes, at, one)) return -1;
    at += one.bytes.length;
    if (i === holes) break;
    at = readNumber(scratch, bytes, at);
    if (at < 0) return -1;
    const value = scratch.number[0] as number;
    // Whole numbers that a double does not hold are text to those that read it all.
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) return -1;
    values[i] = value;
  }
  return at;
}
