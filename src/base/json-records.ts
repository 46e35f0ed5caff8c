import { behindBracket } from './brackets.ts';
import { parseLiteral } from './literal.ts';

/** What was found at one place of a text of records. */
export interface JsonRecord {
  /** From 1; that of its first line. */
  line: number;
  /** How many lines it takes. */
  lines: number;
  /** As it stands there. */
  text: string;
  value: unknown;
  /** Why there is no value; undefined where there is one. */
  flaw: RecordFlaw | undefined;
}

type RecordFlaw = 'broken off in the middle' | 'neither JSON nor Python' | 'text after the record';

/** A record that is never closed may hide the ones behind it: so far is looked for its end. */
const MAX_OPEN = 4_000_000;
/** So many that were never closed, and every line that begins like a record is taken for one. */
const MAX_TORN = 50;
/** So many lines that are no record each, and no more are tried as a whole. */
const MAX_PARTS = 20;

/**
 * The records of a text, however they are laid out: a line each (JSON Lines), over several lines, glued (`}{`), with
 * commas between them or at line ends, as one list or several; as JSON or as Python writes a dict. What cannot be read is
 * a record with a flaw; where it ends is where its brackets close, or else before the next line that begins like a
 * record.
 */
export function* jsonRecords(text: string): Generator<JsonRecord> {
  const places = new Places(text);
  const reader = new RecordReader(text, places);
  let lists = 0;
  for (let at = 0; ; ) {
    const start = skip(text, at, /[\s,]/);
    if (start >= text.length) return;
    const char = text[start];
    if ((char === '[' || char === '(') && text[skip(text, start + 1, /\s/)] === '{') {
      lists += 1;
      at = start + 1;
      continue;
    }
    if (lists > 0 && (char === ']' || char === ')')) {
      lists -= 1;
      at = start + 1;
      continue;
    }
    const line = places.line(start);
    const { end, value, flaw } = reader.read(start);
    yield { line, lines: places.line(end) - line + 1, text: text.slice(start, end).trimEnd(), value, flaw };
    at = end;
  }
}

interface Found {
  end: number;
  value: unknown;
  flaw: RecordFlaw | undefined;
}

/** Reads records one by one; what a file taught it makes the next one faster. */
class RecordReader {
  #torn = 0;
  #parts = 0;
  #languages: readonly ((text: string) => unknown)[] = [JSON.parse, parseLiteral];
  readonly #text: string;
  readonly #places: Places;

  constructor(text: string, places: Places) {
    this.#text = text;
    this.#places = places;
  }

  /** @param start where something begins, in the line that `places` were asked for last */
  read(start: number): Found {
    const char = this.#text[start];
    if (char !== '{' && char !== '[') return this.#other(start);
    return (char === '{' ? this.#line(start) : undefined) ?? this.#brackets(start);
  }

  /** The rest of the line as one record of JSON, as it is in most files. */
  #line(start: number): Found | undefined {
    if (this.#parts >= MAX_PARTS) return undefined;
    const end = endOfLine(this.#text, start);
    try {
      return { end, value: JSON.parse(this.#text.slice(start, end)), flaw: undefined };
    } catch {
      this.#parts += 1;
      return undefined;
    }
  }

  #brackets(start: number): Found {
    const text = this.#text;
    const close = behindBracket(text, start, this.#torn < MAX_TORN ? start + MAX_OPEN : this.#places.nextRecord());
    const value = close === undefined ? undefined : this.#parse(text.slice(start, close));
    if (close === undefined || value === undefined) {
      // The bracket may be that of a later record, if this one was never closed.
      const next = this.#places.nextRecord();
      if (close !== undefined && next >= close) return lost('neither JSON nor Python', close);
      this.#torn += 1;
      return lost('broken off in the middle', next);
    }
    const rest = /[^\S\n]*[^\s,{[\])]/y;
    rest.lastIndex = close;
    if (rest.test(text)) return lost('text after the record', endOfLine(text, close));
    return { end: close, value: value[0], flaw: undefined };
  }

  /** A line that begins like no record. */
  #other(start: number): Found {
    const end = endOfLine(this.#text, start);
    const value = this.#parse(this.#text.slice(start, end).replace(/[,\s]*$/, ''));
    return value === undefined ? lost('neither JSON nor Python', end) : { end, value: value[0], flaw: undefined };
  }

  /** A value in a list of one; undefined for what is neither JSON nor Python. The language that was right is tried first. */
  #parse(text: string): [unknown] | undefined {
    for (const language of this.#languages) {
      try {
        const value = language(text);
        if (language !== this.#languages[0]) this.#languages = this.#languages.toReversed();
        return [value];
      } catch {
        // The other one may know it.
      }
    }
    return undefined;
  }
}

function lost(flaw: RecordFlaw, end: number): Found {
  return { end, value: undefined, flaw };
}

function skip(text: string, from: number, what: RegExp): number {
  let at = from;
  while (at < text.length && what.test(text[at] ?? '')) at += 1;
  return at;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** Numbers of lines and places of records, from the front to the end: nothing is looked at twice. */
class Places {
  #line = 1;
  #lineStart = 0;
  #lineEnd: number;
  #next: { from: number; indent: number; at: number } | undefined;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    this.#lineEnd = endOfLine(text, 0);
  }

  /** The line of a place, from 1. @param at not before the one of the call before */
  line(at: number): number {
    while (this.#lineEnd < at) {
      this.#line += 1;
      this.#lineStart = this.#lineEnd + 1;
      this.#lineEnd = endOfLine(this.#text, this.#lineStart);
    }
    return this.#line;
  }

  /** Where the next line begins that looks like a record: with a brace, indented no further than this line. */
  nextRecord(): number {
    const from = this.#lineStart;
    const indent = Math.min(1000, skip(this.#text, from, /[^\S\n]/) - from);
    const known = this.#next;
    if (known?.indent === indent && known.from <= from && known.at > from) return known.at;
    const pattern = new RegExp(`\\n,?[^\\S\\n]{0,${indent}}\\{`, 'g');
    pattern.lastIndex = from;
    const at = pattern.exec(this.#text)?.index ?? this.#text.length;
    this.#next = { from, indent, at };
    return at;
  }
}
