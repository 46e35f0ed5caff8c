import type { Row } from './row.ts';
import { malformed, type Reader, type Token, unknown } from './tokens.ts';

export type Value = (row: Row) => string | undefined;
export type Test = (row: Row) => boolean;

const MAX_DEPTH = 50;
const COMPARISONS: Record<string, (order: number) => boolean> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

/** Functions of fields and texts that give a text; a missing argument is undefined. */
const FUNCTIONS: Record<string, (...values: (string | undefined)[]) => string | undefined> = {
  coalesce: (...values) => values.find((value) => value !== undefined),
  concat: (...values) => values.map((value) => value ?? '').join(''),
  tolower: (value) => value?.toLowerCase(),
  toupper: (value) => value?.toUpperCase(),
  strlen: (value) => (value === undefined ? undefined : String(Array.from(value).length)),
};
const TESTS: Record<string, (value: string | undefined) => boolean> = {
  ispresent: (value) => value !== undefined,
  isempty: (value) => value === undefined || value === '',
  isblank: (value) => value === undefined || value.trim() === '',
};

/** A condition of `filter`: comparisons, `like`, `in`, `ispresent` and its like, joined by and, or, not. */
export function readTest(reader: Reader, depth = 0): Test {
  const here = reader.peek();
  if (depth > MAX_DEPTH && here !== undefined) throw malformed('nested too deeply', here.at, here.end);
  let test = readBoth(reader, depth);
  while (reader.skip('or')) {
    const [left, right] = [test, readBoth(reader, depth)];
    test = (row) => left(row) || right(row);
  }
  return test;
}

function readBoth(reader: Reader, depth: number): Test {
  let test = readSingle(reader, depth);
  while (reader.skip('and')) {
    const [left, right] = [test, readSingle(reader, depth)];
    test = (row) => left(row) && right(row);
  }
  return test;
}

function readSingle(reader: Reader, depth: number): Test {
  if (reader.skip('not')) {
    const inner = readSingle(reader, depth + 1);
    return (row) => !inner(row);
  }
  if (reader.skip('(')) {
    const inner = readTest(reader, depth + 1);
    reader.expect(')');
    return inner;
  }
  const test = TESTS[reader.peek()?.text.toLowerCase() ?? ''];
  if (test !== undefined && reader.next('(', 1)) {
    reader.take();
    reader.expect('(');
    const value = readValue(reader);
    reader.expect(')');
    return (row) => test(value(row));
  }
  return readComparison(reader);
}

/**
 * A field that is missing is equal to nothing, so that `!=` finds it (seen on AWS: DataBiosphere/azul#5884); `not like`
 * and `not in` are taken to do the same.
 */
function readComparison(reader: Reader): Test {
  const left = readValue(reader);
  const fits = (test: (value: string, row: Row) => boolean, missing = false): Test => {
    return (row) => {
      const value = left(row);
      return value === undefined ? missing : test(value, row);
    };
  };
  const negated = reader.next('not') && (reader.next('like', 1) || reader.next('in', 1));
  if (negated) reader.take();
  const operator = reader.take();
  const word = operator.text.toLowerCase();
  if (word === 'in') {
    reader.expect('[');
    const members = reader.list(() => readValue(reader));
    reader.expect(']');
    return fits((value, row) => members.some((member) => isEqual(value, member(row))) !== negated, negated);
  }
  if (word === 'like' || operator.text === '=~') {
    const matches = readPattern(reader.take());
    return fits((value) => matches(value) !== negated, negated);
  }
  const compare = operator.kind === 'sign' ? COMPARISONS[operator.text] : undefined;
  if (compare === undefined) throw unknown(operator, `'${operator.text}' in a condition`);
  const right = readValue(reader);
  return fits((value, row) => {
    const other = right(row);
    return other === undefined ? operator.text === '!=' : compare(order(value, other));
  }, operator.text === '!=');
}

function isEqual(value: string, other: string | undefined): boolean {
  return other !== undefined && order(value, other) === 0;
}

/** Two numbers by size, anything else as text. */
function order(a: string, b: string): number {
  if (isNumber(a) && isNumber(b)) return Number(a) - Number(b);
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Does Logs Insights take this text for a number? */
export function isNumber(text: string): boolean {
  return /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
}

/** `/…/` searches, `"…"` is found as it stands; case counts unless `(?i)` leads. */
function readPattern(token: Token): (value: string) => boolean {
  if (token.kind === 'text') return (value) => value.includes(token.text);
  if (token.kind !== 'regex')
    throw malformed(`mismatched input '${token.text}' expecting a pattern`, token.at, token.end);
  const pattern = readRegex(token);
  return (value) => pattern.test(value);
}

/** A regular expression as JavaScript has it. */
export function readRegex(token: Token): RegExp {
  const source = token.text.replace(/^(\^?)\(\?i\)/, '$1');
  try {
    return new RegExp(source, source === token.text ? '' : 'i');
  } catch {
    throw malformed(`invalid regular expression: ${token.text}`, token.at, token.end);
  }
}

/** A field, a text, a number, or a function of such. */
export function readValue(reader: Reader): Value {
  const token = reader.take();
  if (token.kind === 'text' || token.kind === 'number') return () => token.text;
  if (token.kind === 'word' && reader.next('(')) {
    const apply = FUNCTIONS[token.text.toLowerCase()];
    if (apply === undefined) throw unknown(token, `the function ${token.text}()`);
    reader.expect('(');
    const values = reader.list(() => readValue(reader));
    reader.expect(')');
    return (row) => apply(...values.map((value) => value(row)));
  }
  if (token.kind !== 'word' && token.kind !== 'field')
    throw malformed(`mismatched input '${token.text}' expecting a field or a value`, token.at, token.end);
  return (row) => row.get(token.text);
}
