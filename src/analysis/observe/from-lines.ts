import { isObject } from '../../base/json.ts';
import { jsonRecords } from '../../base/json-records.ts';
import { parseLiteral } from '../../base/literal.ts';
import { count } from '../../base/units.ts';
import type { Capture, CaptureSet, Payload } from '../answers/captures.ts';
import type { LostLines } from '../predictions.ts';
import { addLost } from '../compare/tally.ts';
import { type LineFields, type LineMatch, type LinePattern, matchLine } from './line-pattern.ts';
import { type LineTime, timeIn } from './line-time.ts';

const EXAMPLES = 5;
const SHOWN = 100;

/** Members of a log entry in JSON that hold what was printed, and when. */
const MESSAGES = ['message', '@message', 'log', 'msg', 'textPayload'] as const;
const TIMES = ['timestamp', '@timestamp', 'time', 'ts'] as const;

/** What the lines of one model's logs say. */
export interface LineRecords {
  captures: CaptureSet;
  /** Lines that hold something. */
  lines: number;
  /** Lines of which the pattern fits no part. */
  others: number;
  /** Of those so many in which it begins to fit, and goes on otherwise. */
  begun: number;
  /** Of those the one in which most of the pattern was found. */
  nearest: { line: string; number: number; source: string; missing: string; found: number } | undefined;
  /** How many records show no time, and how many one without a zone. */
  timeless: number;
  zoneless: number;
}

/** A file of a log. */
export interface LogText {
  source: string;
  text: string;
}

/**
 * The records that a pattern finds in logs, by the model that printed them: as `{variant}` says, or all as one. Values are read as JSON or as Python writes them; a
 * record without a time gets `unknown`, milliseconds since the epoch. What is found and cannot be read is counted as
 * unreadable, with its reason.
 */
export function recordsOfLines(
  texts: readonly LogText[],
  pattern: LinePattern,
  unknown: number,
): Map<string, LineRecords> {
  const readers = new Map<string, LineReader>();
  const readerOf = (variant: string) => {
    const known = readers.get(variant);
    if (known !== undefined) return known;
    const reader = new LineReader(unknown);
    readers.set(variant, reader);
    return reader;
  };
  // Lines that name nobody belong to all of them.
  const general = new LineReader(unknown);
  for (const { source, text } of texts) {
    for (const entry of entriesOf(text)) {
      for (const found of matchesIn(entry.text, pattern)) {
        const place = { source, number: entry.line + found.line - 1, line: found.text };
        if (found.match.kind === 'other') general.other(found.match, place);
        else if (found.match.kind === 'ambiguous')
          general.lost(`'${found.match.between}' occurs more than once`, place.line);
        else
          readerOf(found.match.fields.variant ?? '').record(
            found.match.fields,
            entry.time ?? timeIn(found.before),
            place.line,
          );
      }
    }
  }
  if (readers.size === 0) readers.set('', general);
  const only = readers.size === 1 ? [...readers.values()][0] : undefined;
  if (only !== undefined && only !== general) only.add(general);
  return new Map(Array.from(readers, ([variant, reader]) => [variant, reader.records(texts.length)]));
}

/** What one program printed: a whole file, or the message of an entry of a log in JSON. */
interface Entry {
  text: string;
  /** Its first line in the file, from 1. */
  line: number;
  time: LineTime | undefined;
}

function* entriesOf(text: string): Generator<Entry> {
  const first = /^\s*[{[]/.test(text) ? jsonRecords(text).next().value : undefined;
  // Lines may begin with a bracket too, and somebody may print JSON that is no entry of a log.
  if (!first || messagesIn(first.value).length === 0) return yield { text, line: 1, time: undefined };
  for (const record of jsonRecords(text)) {
    const entries = messagesIn(record.value);
    if (entries.length === 0) yield { text: record.text, line: record.line, time: undefined };
    for (const entry of entries) yield { ...entry, line: record.line };
  }
}

function messagesIn(value: unknown): Omit<Entry, 'line'>[] {
  if (!isObject(value)) return [];
  if (Array.isArray(value.events)) return value.events.flatMap(messagesIn);
  const text = MESSAGES.map((name) => value[name]).find((one) => typeof one === 'string');
  if (text === undefined) return [];
  const time = TIMES.map((name) => value[name]).find((one) => typeof one === 'string' || typeof one === 'number');
  return [{ text, time: time === undefined ? undefined : timeIn(String(time)) }];
}

/** Every line, or what of it the pattern fits: values may go on over the lines behind it. */
function* matchesIn(
  text: string,
  pattern: LinePattern,
): Generator<{ match: LineMatch; line: number; text: string; before: string }> {
  let line = 1;
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    const content = text.slice(at, end).trim();
    if (content !== '') {
      let match = matchLine(pattern, text, at);
      if (match.kind !== 'fits') yield { match, line, text: content, before: '' };
      let behind = at;
      while (match.kind === 'fits') {
        yield { match, line, text: content, before: text.slice(at, match.start) };
        behind = Math.max(match.end, behind + 1);
        if (behind >= end) break;
        match = matchLine(pattern, text, behind);
      }
      if (behind > end) {
        const last = text.indexOf('\n', behind - 1);
        const stop = last < 0 ? text.length : last;
        line += text.slice(end, stop).split('\n').length - 1;
        at = stop + 1;
        line += 1;
        continue;
      }
    }
    at = end + 1;
    line += 1;
  }
}

class LineReader {
  readonly #captures: Capture[] = [];
  readonly #examples: string[] = [];
  #unreadable = 0;
  readonly #reasons: LostLines[] = [];
  #others = 0;
  #begun = 0;
  #timeless = 0;
  #zoneless = 0;
  #nearest: LineRecords['nearest'];
  readonly #unknown: number;

  constructor(unknown: number) {
    this.#unknown = unknown;
  }

  other(match: Extract<LineMatch, { kind: 'other' }>, place: { line: string; number: number; source: string }): void {
    this.#others += 1;
    if (match.found > 0) this.#begun += 1;
    if (match.found > (this.#nearest?.found ?? -1))
      this.#nearest = { ...place, missing: match.missing, found: match.found };
  }

  lost(why: string, line: string): void {
    this.#unreadable += 1;
    addLost(this.#reasons, [{ why, count: 1 }]);
    if (this.#examples.length < EXAMPLES) this.#examples.push(`${why}: ${line.slice(0, SHOWN)}`);
  }

  /** @param beside the time that the line shows elsewhere */
  record(fields: LineFields, beside: LineTime | undefined, line: string): void {
    const { id, request = '', answer = '' } = fields;
    const time = fields.time === undefined ? beside : timeIn(fields.time);
    if (fields.time !== undefined && time === undefined) return this.lost('a time that cannot be read', line);
    const said = payloadOf(answer);
    if (typeof said === 'string') return this.lost(`an answer that is ${said}`, line);
    if (answer === '') return this.lost('no answer', line);
    const asked = request === '' ? undefined : payloadOf(request);
    const inferenceId = id?.replace(/^["']?(.*?)["']?,?$/, '$1');
    if (inferenceId === '') return this.lost('no id', line);
    if (inferenceId === undefined && (asked === undefined || typeof asked === 'string'))
      return this.lost(asked === undefined ? 'no request' : `a request that is ${asked}`, line);
    if (time === undefined) this.#timeless += 1;
    else if (time.zoneless) this.#zoneless += 1;
    this.#captures.push({
      inferenceId,
      eventId: undefined,
      at: time?.at ?? this.#unknown,
      input: typeof asked === 'string' ? undefined : asked,
      output: said,
    });
  }

  /** What belongs to nobody else. */
  add(other: LineReader): void {
    this.#unreadable += other.#unreadable;
    addLost(this.#reasons, other.#reasons);
    this.#others += other.#others;
    this.#begun += other.#begun;
    this.#examples.push(...other.#examples);
    this.#nearest = other.#nearest;
  }

  records(files: number): LineRecords {
    const captures = {
      files,
      captures: this.#captures,
      unreadable: this.#unreadable,
      unreadableBy: this.#reasons,
      outside: 0,
      examples: this.#examples.slice(0, EXAMPLES),
    };
    return {
      captures,
      lines: this.#captures.length + this.#unreadable + this.#others,
      others: this.#others,
      begun: this.#begun,
      nearest: this.#nearest,
      timeless: this.#timeless,
      zoneless: this.#zoneless,
    };
  }
}

/**
 * A printed value as a payload: JSON where it is JSON or Python, the text of bytes and of words as it stands. Else what is
 * wrong with it: what is shortened for people may be anything.
 */
function payloadOf(text: string): Payload | string {
  const isBytes = /^[bB]["']/.test(text);
  if (!isBytes && !/^(?:[[{("']|[A-Za-z_][\w.]*\(|[uU]["'])/.test(text) && !isConstant(text)) return words(text);
  let value: unknown;
  try {
    value = parseLiteral(text);
  } catch {
    if (/\.\.\.|…/.test(text)) return 'shortened (…)';
    // A sentence may begin with a bracket.
    return /^[[{]/.test(text) ? 'neither JSON nor Python' : words(text);
  }
  if (typeof value === 'string') {
    if (isBytes || /^\s*[{[]/.test(value)) return words(value.trim());
  }
  return { data: JSON.stringify(value), encoding: 'JSON', contentType: 'application/json' };
}

/** Numbers and JSON say themselves what they are. */
function isConstant(text: string): boolean {
  return /^(?:True|False|None|true|false|null|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)$/.test(text);
}

function words(text: string): Payload {
  try {
    JSON.parse(text);
    return { data: text, encoding: 'JSON', contentType: 'application/json' };
  } catch {
    const numbers = /^[-+\d.eE,\s]+$/.test(text);
    return { data: text, encoding: numbers ? 'CSV' : 'JSON', contentType: numbers ? 'text/csv' : 'text/plain' };
  }
}

/** What a report must say about records that come from lines. */
export function lineNotes(sides: readonly (readonly [name: string, records: LineRecords])[]): string[] {
  const notes = sides.map(([name, { captures, lines, begun, nearest }]) => {
    const lost = captures.unreadable === 0 ? '' : `, and ${count(captures.unreadable)} more that cannot be read`;
    const halves =
      begun === 0 || nearest === undefined
        ? ''
        : ` ${begun === 1 ? '1 line begins' : `${count(begun)} lines begin`} to fit, but ${begun === 1 ? 'does' : 'do'} not go on like that, such as line ${nearest.number} of ${nearest.source}.`;
    return `${name}: --line finds ${count(captures.captures.length)} records in ${count(lines)} lines${lost}.${halves}`;
  });
  const sum = (of: 'timeless' | 'zoneless') => sides.reduce((all, [, records]) => all + records[of], 0);
  const records = sides.reduce((all, [, one]) => all + one.captures.captures.length, 0);
  if (sum('timeless') > 0)
    notes.push(
      `${sum('timeless') === records ? 'The lines show no time' : `${count(sum('timeless'))} lines show no time`}, so they count as one moment, and nothing is decided that needs minutes of traffic: put {time} into --line.`,
    );
  if (sum('zoneless') > 0) notes.push('The times of the lines name no time zone, and are taken for UTC.');
  return notes;
}
