import { behindBracket, behindString } from '../../base/brackets.ts';
import { usageError } from '../../base/errors.ts';

/** What a placeholder stands for; `*` is anything that is not needed. */
const NAMES = ['request', 'answer', 'id', 'time', 'variant', '*'] as const;
type PlaceholderName = (typeof NAMES)[number];

/** How the lines of a log are written: `Input: {request}, Prediction: {answer}`. */
export interface LinePattern {
  /** As the user wrote it. */
  text: string;
  /** Each placeholder, with what stands before it; what stands behind the last is `end`. */
  parts: readonly { before: Literal; name: PlaceholderName }[];
  end: Literal;
}

interface Literal {
  /** As it is shown. */
  text: string;
  /** Finds it; blanks are as many as there are. */
  source: string;
}

const BLANK: Literal = { text: ' ', source: String.raw`[^\S\n]+` };

/** The texts that stand in place of the placeholders. */
export type LineFields = Partial<Record<PlaceholderName, string>>;

/** A place in a text where the pattern fits, or what keeps it from fitting. */
export type LineMatch =
  | { kind: 'fits'; fields: LineFields; start: number; end: number }
  /** It could be read in several ways. */
  | { kind: 'ambiguous'; between: string }
  /** So many literals were found, and then not this one. */
  | { kind: 'other'; found: number; missing: string };

/** Longest value that goes over lines. */
const MAX_VALUE = 1_000_000;

/**
 * A pattern of log lines: text, and placeholders in braces; `{{` is a brace.
 * @throws Problem (usage) for a name that is not known, comes twice or is missing, or for placeholders without text between
 */
export function parseLinePattern(text: string): LinePattern {
  const parts: { before: Literal; name: PlaceholderName }[] = [];
  const syntax = /\{\{|\}\}|\{([^{}]*)\}/g;
  let literal = '';
  let from = 0;
  for (const match of text.matchAll(syntax)) {
    literal += text.slice(from, match.index);
    from = match.index + match[0].length;
    if (match[1] === undefined) {
      literal += match[0].slice(1);
      continue;
    }
    const name = (match[1].trim() || '*') as PlaceholderName;
    if (!NAMES.includes(name))
      throw wrong(
        text,
        `{${match[1]}} is not known`,
        'Known are {request}, {answer}, {id}, {time}, {variant}, and {*} for anything else.',
      );
    if (name !== '*' && parts.some((part) => part.name === name)) throw wrong(text, `{${name}} occurs twice`);
    const before = parts.at(-1)?.name;
    // A word ends at a blank; a value may hold some.
    const isBlank = literal.trim() === '';
    if (before !== undefined && isBlank && (literal === '' || isValue(before)))
      throw wrong(
        text,
        `nothing tells where {${before}} ends and {${name}} begins`,
        'Put the text between them that the lines have there.',
      );
    parts.push({ before: before !== undefined && isBlank ? BLANK : literalOf(literal), name });
    literal = '';
  }
  const names = parts.map(({ name }) => name);
  if (!names.includes('answer')) throw wrong(text, '{answer} is missing', EXAMPLE);
  if (!names.includes('request') && !names.includes('id'))
    throw wrong(text, 'neither {request} nor {id} is in it, so nothing would pair the lines of both models', EXAMPLE);
  return { text, parts, end: literalOf(literal + text.slice(from)) };
}

const EXAMPLE = "Write it like 'Input: {request}, Prediction: {answer}'.";

function wrong(text: string, why: string, next?: string): Error {
  return usageError(`--line '${text}': ${why}.`, next);
}

/** Blanks beside a placeholder or a sign may be missing; those between words may be more. */
function literalOf(text: string): Literal {
  const source = text
    .trim()
    .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/(?<=\w)\s+(?=\w)/g, String.raw`[^\S\n]+`)
    .replaceAll(/\s+/g, String.raw`[^\S\n]*`);
  return { text: text.trim(), source };
}

/** Does the pattern fit into the line that begins at `start`? Values in brackets may go over lines. */
export function matchLine(pattern: LinePattern, text: string, start: number): LineMatch {
  const lineEnd = endOfLine(text, start);
  const [first] = pattern.parts;
  let best: LineMatch = { kind: 'other', found: 0, missing: first?.before.text ?? '' };
  if (first === undefined) return best;
  for (const begin of occurrences(first.before, text, start, lineEnd)) {
    const match = matchFrom(pattern, text, { start: begin.start, at: begin.end });
    if (match.kind !== 'other') return match;
    if (best.kind === 'other' && match.found > best.found) best = match;
  }
  return best;
}

/** @param begin where the first literal stands, and where it ends */
function matchFrom({ parts, end }: LinePattern, text: string, begin: { start: number; at: number }): LineMatch {
  const fields: LineFields = {};
  let { at } = begin;
  for (const [i, { name }] of parts.entries()) {
    const next = parts[i + 1]?.before ?? end;
    const from = blanks(text, at);
    const found = isValue(name) ? valueAt(text, from, next) : undefined;
    if (found !== undefined) {
      fields[name] = text.slice(from, found.end);
      at = found.next;
      continue;
    }
    const lineEnd = endOfLine(text, from);
    if (next.text === '') {
      fields[name] = text.slice(from, lineEnd).trim();
      at = lineEnd;
      continue;
    }
    const [one, another] = occurrences(next, text, from, lineEnd);
    if (one === undefined)
      return { kind: 'other', found: i + (parts[0]?.before.text === '' ? 0 : 1), missing: next.text };
    if (another !== undefined && isValue(name)) return { kind: 'ambiguous', between: next.text };
    fields[name] = text.slice(from, one.start).trim();
    at = one.end;
  }
  return { kind: 'fits', fields, start: begin.start, end: at };
}

function isValue(name: PlaceholderName): boolean {
  return name === 'request' || name === 'answer';
}

/** A value in brackets or quotes that what comes next in the pattern follows at once; else it is no more than text. */
function valueAt(text: string, from: number, next: Literal): { end: number; next: number } | undefined {
  const prefix = /(?:[A-Za-z_][\w.]*(?=\()|[bBuU](?=['"]))?/y;
  prefix.lastIndex = from;
  prefix.test(text);
  const open = Math.max(from, prefix.lastIndex);
  const char = text[open] ?? '';
  const end = /['"]/.test(char)
    ? behindString(text, open + 1, char)
    : /[{[(]/.test(char)
      ? behindBracket(text, open, open + MAX_VALUE)
      : undefined;
  if (end === undefined) return undefined;
  const rest = next.text === '' ? /[^\S\n]*(?=\n|$)/y : new RegExp(String.raw`[^\S\n]*${next.source}`, 'y');
  rest.lastIndex = end;
  return rest.test(text) ? { end, next: rest.lastIndex } : undefined;
}

/** Where a literal stands in [from, to): an empty one stands at the beginning alone. */
function occurrences(literal: Literal, text: string, from: number, to: number): { start: number; end: number }[] {
  if (literal.text === '') return [{ start: from, end: from }];
  const line = text.slice(from, to);
  return Array.from(line.matchAll(new RegExp(literal.source, 'g')), ({ 0: found, index }) => ({
    start: from + index,
    end: from + index + found.length,
  }));
}

function blanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at += 1;
  return at;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : text[end - 1] === '\r' ? end - 1 : end;
}
