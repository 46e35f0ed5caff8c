import { invalidParameter } from './errors.ts';

/** Does a log event's message fit a filter pattern? */
export type MessageFilter = (message: string) => boolean;

type Test = (event: unknown) => boolean;

const TOKEN =
  /\s*(?:(\$(?:\.?\*|(?:\.[A-Za-z_@][\w@-]*)|(?:\.?\[(?:\d+|\*|'[^']*'|"[^"]*")\]))*)|"((?:[^"\\]|\\.)*)"|(&&|\|\||!=|<=|>=|[=<>(){}!])|([^\s(){}=<>!&|"]+))/y;
const MAX_DEPTH = 50;

/**
 * A JSON selector: `{ $.a.b = "x" }`, `{ ($.latency >= 100) && ($.items[0].id != 7*) }`, IS NULL, IS TRUE, IS FALSE,
 * EXISTS, NOT EXISTS. Messages that are no JSON never match.
 */
export function jsonFilter(text: string): MessageFilter {
  const tokens = tokenize(text);
  let position = 0;
  const peek = () => tokens[position];
  const take = (sign?: string) => {
    const token = tokens[position];
    if (token === undefined || (sign !== undefined && (token.kind !== 'sign' || token.text !== sign))) throw invalid();
    position += 1;
    return token;
  };
  const isSign = (sign: string) => peek()?.kind === 'sign' && peek()?.text === sign;

  const either = (depth: number): Test => {
    if (depth > MAX_DEPTH) throw invalid();
    const tests = [both(depth)];
    while (isSign('||')) {
      take();
      tests.push(both(depth));
    }
    return tests.length === 1 ? (tests[0] as Test) : (event) => tests.some((test) => test(event));
  };
  const both = (depth: number): Test => {
    const tests = [single(depth)];
    while (isSign('&&')) {
      take();
      tests.push(single(depth));
    }
    return tests.length === 1 ? (tests[0] as Test) : (event) => tests.every((test) => test(event));
  };
  const single = (depth: number): Test => {
    if (isSign('(')) {
      take();
      const inner = either(depth + 1);
      take(')');
      return inner;
    }
    const selector = take();
    if (selector.kind !== 'path') throw invalid();
    const values = (event: unknown) => select(event, selector.text);
    const next = take();
    if (next.kind === 'word') return keyword(next.text.toUpperCase(), values, () => take().text.toUpperCase());
    const operand = take();
    if (operand.kind === 'sign' || operand.kind === 'path') throw invalid();
    return comparison(next.text, operand, values);
  };

  take('{');
  const test = either(0);
  take('}');
  if (position !== tokens.length) throw invalid();
  return (message) => {
    // Most lines of a container are no JSON: spare the parser's exception.
    if (!/^\s*[[{]/.test(message)) return false;
    try {
      return test(JSON.parse(message));
    } catch {
      return false;
    }
  };
}

interface Token {
  kind: 'path' | 'text' | 'sign' | 'word';
  text: string;
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const match = pattern.exec(text);
    if (match === null) throw invalid();
    const [, path, quoted, sign, word] = match;
    if (path !== undefined) tokens.push({ kind: 'path', text: path });
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replaceAll(/\\(.)/g, '$1') });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
    else tokens.push({ kind: 'word', text: word as string });
  }
  return tokens;
}

function keyword(word: string, values: (event: unknown) => unknown[], next: () => string): Test {
  if (word === 'EXISTS') return (event) => values(event).length > 0;
  if (word === 'NOT' && next() === 'EXISTS') return (event) => values(event).length === 0;
  if (word !== 'IS') throw invalid();
  const wanted = { NULL: null, TRUE: true, FALSE: false }[next()];
  if (wanted === undefined) throw invalid();
  return (event) => values(event).some((value) => value === wanted);
}

/** Numbers are compared as numbers, text as text with `*` for anything. `!=` needs the field to be there. */
function comparison(operator: string, operand: Token, values: (event: unknown) => unknown[]): Test {
  const number = operand.kind === 'word' && operand.text.trim() !== '' ? Number(operand.text) : Number.NaN;
  if (operator === '=' || operator === '!=') {
    const equal = Number.isNaN(number)
      ? textEquals(operand.text)
      : (value: unknown) => value === number || String(value) === operand.text;
    const plain = (value: unknown) => typeof value !== 'object' && equal(value);
    if (operator === '=') return (event) => values(event).some(plain);
    return (event) => {
      const found = values(event);
      return found.length > 0 && !found.some(plain);
    };
  }
  if (Number.isNaN(number)) throw invalid();
  const compare = {
    '<': (value: number) => value < number,
    '<=': (value: number) => value <= number,
    '>': (value: number) => value > number,
    '>=': (value: number) => value >= number,
  }[operator];
  if (compare === undefined) throw invalid();
  return (event) => values(event).some((value) => typeof value === 'number' && compare(value));
}

/** Without a regular expression: a pattern of many `*` must not take long. */
function textEquals(pattern: string): (value: unknown) => boolean {
  if (!pattern.includes('*')) return (value) => String(value) === pattern;
  const parts = pattern.split('*');
  const first = parts[0] as string;
  const last = parts.at(-1) as string;
  return (value) => {
    const text = String(value);
    if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
    let from = first.length;
    for (const part of parts.slice(1, -1)) {
      const at = text.indexOf(part, from);
      if (at === -1 || at + part.length > text.length - last.length) return false;
      from = at + part.length;
    }
    return true;
  };
}

/** The values a selector leads to; none when the field is missing, several through `[*]`. */
function select(event: unknown, path: string): unknown[] {
  let found: unknown[] = [event];
  for (const [, name, index, quoted] of path.matchAll(/\.([A-Za-z_@][\w@-]*)|\[(\d+|\*)\]|\['?"?([^'"\]]*)'?"?\]/g)) {
    found = found.flatMap((value) => {
      if (value === null || typeof value !== 'object') return [];
      if (index === '*') return Object.values(value);
      const key = name ?? index ?? quoted ?? '';
      return Object.hasOwn(value, key) ? [(value as Record<string, unknown>)[key]] : [];
    });
  }
  return found;
}

function invalid(): Error {
  return invalidParameter('Invalid filter pattern');
}
