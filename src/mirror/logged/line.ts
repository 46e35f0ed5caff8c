import * as v from 'valibot';
import { behindBracket, behindString } from '../../base/brackets.ts';
import { isObject } from '../../base/json.ts';
import { mistakes } from '../../base/schema.ts';
import type { KeptBody } from '../../analysis/mirrored/record.ts';

/** What a caller says of one call: a line of JSON. `line.schema.json` describes it for others. */
export interface LoggedLine {
  /** The pair's key. */
  id: string;
  side: 'live' | 'shadow';
  /** Undefined: no answer came. */
  status: number | undefined;
  /** Milliseconds, of the whole call. */
  latency: number;
  /** When the request was made, milliseconds since the epoch. */
  time: number | undefined;
  request: KeptBody | undefined;
  /** Of answers with 2xx. */
  answer: KeptBody | undefined;
}

const ID = 'a text of 1 to 256 characters, without control characters';
const STATUS = 'an HTTP status from 100 to 599, or null where no answer came';
const LATENCY = 'milliseconds, 0 or more';
const TIME = 'a time like 2026-01-31T09:00:00Z';
const lineSchema = v.object({
  id: v.pipe(v.string(ID), v.regex(/^[^\p{Cc}]{1,256}$/u, ID)),
  side: v.picklist(['live', 'shadow'], 'live or shadow'),
  status: v.nullable(v.pipe(v.number(STATUS), v.integer(STATUS), v.minValue(100, STATUS), v.maxValue(599, STATUS))),
  latency: v.pipe(v.number(LATENCY), v.finite(LATENCY), v.minValue(0, LATENCY)),
  time: v.optional(
    v.pipe(
      v.string(TIME),
      v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/, TIME),
      v.check((text) => !Number.isNaN(Date.parse(text)), TIME),
    ),
  ),
  request: v.optional(v.unknown()),
  answer: v.optional(v.unknown()),
});
const MEMBERS = Object.keys(lineSchema.entries);

/** Reads one line. @returns what is wrong with it, as the end of a sentence, where it is none */
export function readLine(text: string): LoggedLine | { wrong: string } {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { wrong: 'it is not JSON: a line holds one object' };
  }
  if (!isObject(content)) return { wrong: 'it is not a JSON object' };
  const written = rawMembers(text);
  if (written === undefined) return { wrong: 'it has a member twice' };
  const unknown = Object.keys(content).filter((name) => !MEMBERS.includes(name));
  if (unknown.length > 0)
    return { wrong: `${JSON.stringify(unknown[0])} is not known; the members are ${MEMBERS.join(', ')}` };
  const found = v.safeParse(lineSchema, content);
  if (!found.success) return { wrong: mistakes(found.issues) };
  const { id, side, status, latency, time } = found.output;
  const answered = status !== null && status >= 200 && status < 300;
  if (answered && content.answer === undefined) return { wrong: `answer is missing, and the status is ${status}` };
  if (status === null && content.answer !== undefined)
    return { wrong: 'there is an answer, and the status null says that none came' };
  return {
    id,
    side,
    status: status ?? undefined,
    latency,
    time: time === undefined ? undefined : Date.parse(time),
    request: kept(content.request, written.get('request')),
    answer: answered ? kept(content.answer, written.get('answer')) : undefined,
  };
}

/** A text is the body itself; anything else is a document, and stays as it was written: numbers keep all their digits. */
function kept(value: unknown, written: string | undefined): KeptBody | undefined {
  if (value === undefined || written === undefined) return undefined;
  if (typeof value === 'string') return { data: value, encoding: 'JSON', contentType: undefined };
  return { data: written, encoding: 'JSON', contentType: 'application/json' };
}

/** The members of an object as they are written; undefined where one comes twice. @param text valid JSON, an object */
function rawMembers(text: string): Map<string, string> | undefined {
  const found = new Map<string, string>();
  const blank = /[\s,:]*/y;
  const scalar = /[^\s,}]*/y;
  const behind = (pattern: RegExp, from: number) => {
    pattern.lastIndex = from;
    pattern.exec(text);
    return pattern.lastIndex;
  };
  let at = behind(blank, text.indexOf('{') + 1);
  while (text[at] === '"') {
    const keyEnd = behindString(text, at + 1, '"') ?? text.length;
    const key = JSON.parse(text.slice(at, keyEnd)) as string;
    const from = behind(blank, keyEnd);
    const first = text[from];
    const to =
      first === '"'
        ? behindString(text, from + 1, '"')
        : first === '{' || first === '['
          ? behindBracket(text, from, text.length)
          : behind(scalar, from);
    if (to === undefined || found.has(key)) return undefined;
    found.set(key, text.slice(from, to));
    at = behind(blank, to);
  }
  return found;
}
