/*
 * JSON as Trino's functions read it: along a path, no further than they must, so that what follows may be malformed; numbers
 * as they stand there; of members with the same name the first.
 */

import { javaDouble } from './java-numbers.ts';

/** A step of a path: a member's name, or an index. */
type Step = string | number;

class Malformed extends Error {}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
// oxlint-disable-next-line no-control-regex -- JSON forbids them in strings
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const BLANK = /[ \t\n\r]*/y;

/** Steps through a text, value by value. */
class Scanner {
  at = 0;
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  blank(): void {
    BLANK.lastIndex = this.at;
    BLANK.test(this.text);
    this.at = BLANK.lastIndex;
  }

  take(shape: RegExp): string {
    shape.lastIndex = this.at;
    const found = shape.exec(this.text)?.[0];
    if (found === undefined) throw new Malformed();
    this.at += found.length;
    return found;
  }

  mark(mark: string): boolean {
    this.blank();
    if (this.text[this.at] !== mark) return false;
    this.at += 1;
    return true;
  }

  expect(mark: string): void {
    if (!this.mark(mark)) throw new Malformed();
  }

  string(): string {
    this.blank();
    return JSON.parse(this.take(STRING)) as string;
  }

  /** A scalar as it stands there; undefined where an object or an array begins. */
  scalar(): string | undefined {
    this.blank();
    switch (this.text[this.at]) {
      case '{':
      case '[':
        return undefined;
      case '"':
        return this.take(STRING);
      case 't':
      case 'f':
      case 'n':
        return this.take(/true|false|null/y);
      default: {
        const number = this.take(NUMBER);
        if (/[\w.+-]/.test(this.text[this.at] ?? '')) throw new Malformed();
        return number;
      }
    }
  }

  /** Goes over a value; gives its members or items to `each`, which goes over them or returns true to stop. */
  value(each: (step: Step) => boolean | undefined = () => void this.value()): boolean {
    if (this.scalar() !== undefined) return false;
    if (this.mark('{')) {
      if (this.mark('}')) return false;
      do {
        const name = this.string();
        this.expect(':');
        if (each(name) === true) return true;
      } while (this.mark(','));
      this.expect('}');
      return false;
    }
    this.expect('[');
    if (this.mark(']')) return false;
    let index = 0;
    do {
      if (each(index) === true) return true;
      index += 1;
    } while (this.mark(','));
    this.expect(']');
    return false;
  }
}

const paths = new Map<string, readonly Step[]>();

/** The steps of a path: `$.a["b c"][0]`. @throws Error where it is none that is built here */
function readPath(path: string): readonly Step[] {
  const known = paths.get(path);
  if (known !== undefined) return known;
  const steps: Step[] = [];
  const shape = /\.([^\s.[\]"'*?@()]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/y;
  shape.lastIndex = 1;
  while (path.startsWith('$') && shape.lastIndex < path.length) {
    const found = shape.exec(path);
    if (found === null) break;
    const [, name, index, quoted] = found;
    steps.push(index === undefined ? (name ?? (quoted ?? '').replace(/\\(.)/g, '$1')) : Number(index));
    if (shape.lastIndex === path.length) {
      paths.set(path, steps);
      return steps;
    }
  }
  if (path === '$') return [];
  throw new Error(`INVALID_FUNCTION_ARGUMENT: Invalid JSON path: '${path}'`);
}

/** Where the value at a path begins; undefined where there is none, or the text is malformed before it. */
function find(text: string, path: readonly Step[]): Scanner | undefined {
  const scanner = new Scanner(text);
  const within = (depth: number): boolean => {
    if (depth === path.length) return true;
    const wanted = path[depth];
    const begins = scanner.text.slice(scanner.at).trimStart()[0];
    // An index is of arrays, a name of objects alone.
    if (typeof wanted === 'number' ? begins !== '[' : begins !== '{') return false;
    let missed = false;
    const stopped = scanner.value((step) => {
      if (step !== wanted) {
        scanner.value();
        return undefined;
      }
      missed = !within(depth + 1);
      return true;
    });
    return stopped && !missed;
  };
  try {
    return within(0) ? scanner : undefined;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** `json_extract_scalar`: a string's text, a number or boolean as it stands there, null for all else. */
export function extractScalar(text: string, path: string): string | null {
  const found = find(text, readPath(path));
  if (found === undefined) return null;
  try {
    const scalar = found.scalar();
    if (scalar === undefined || scalar === 'null') return null;
    return scalar.startsWith('"') ? (JSON.parse(scalar) as string) : scalar;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

/** `json_extract`: the value as JSON without blanks, its doubles as Java prints them; null where there is none. */
export function extract(text: string, path: string): string | null {
  const found = find(text, readPath(path));
  if (found === undefined) return null;
  try {
    return compact(found, { isSorted: false, number: javaNumber });
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

/** `json_parse`: the text in Trino's form: no blanks, keys sorted. @throws Error where it is no JSON */
export function parse(text: string): string {
  const scanner = new Scanner(text);
  try {
    const form = compact(scanner, { isSorted: true, number: javaNumber });
    scanner.blank();
    if (scanner.at < text.length) throw new Malformed();
    return form;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Error(`INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: '${text.slice(0, 100)}'`, {
      cause: error,
    });
  }
}

/** A number of a JSON text as it stands there. */
export class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A text's value, as JSON.parse reads it but for its numbers. The text has been found to be JSON. */
export function parseExact(text: string): unknown {
  return exact(new Scanner(text));
}

function exact(scanner: Scanner): unknown {
  const scalar = scanner.scalar();
  if (scalar !== undefined) return /^[-\d]/.test(scalar) ? new ExactNumber(scalar) : (JSON.parse(scalar) as unknown);
  const isArray = scanner.text.slice(scanner.at).trimStart().startsWith('[');
  const members: [string, unknown][] = [];
  scanner.value((step) => {
    members.push([String(step), exact(scanner)]);
    return undefined;
  });
  return isArray ? members.map(([, value]) => value) : Object.fromEntries(members);
}

/** JSON without blanks, of a value whose numbers are exact. */
export function printExact(value: unknown): string {
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(printExact).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, one]) => `${JSON.stringify(name)}:${printExact(one)}`)
    .join(',')}}`;
}

/** Whole numbers as they are, all others as doubles. */
function javaNumber(text: string): string {
  return /^-?\d+$/.test(text) ? text : javaDouble(Number(text));
}

interface Form {
  /** Are members in the order of their names? */
  isSorted: boolean;
  number(text: string): string;
}

function compact(scanner: Scanner, form: Form): string {
  const scalar = scanner.scalar();
  if (scalar !== undefined) {
    if (/^[-\d]/.test(scalar)) return form.number(scalar);
    return scalar.startsWith('"') ? JSON.stringify(JSON.parse(scalar)) : scalar;
  }
  const members: [Step, string][] = [];
  const isArray = scanner.text.slice(scanner.at).trimStart().startsWith('[');
  scanner.value((step) => {
    members.push([step, compact(scanner, form)]);
    return undefined;
  });
  if (isArray) return `[${members.map(([, value]) => value).join(',')}]`;
  // Sorted, of members with the same name the last, as in Jackson's maps.
  const shown = form.isSorted ? [...new Map(members)].sort(([a], [b]) => (a < b ? -1 : 1)) : members;
  return `{${shown.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}

/** How many items a JSON array has; null for all else. */
export function arrayLength(text: string): number | null {
  const scanner = new Scanner(text);
  try {
    scanner.blank();
    if (scanner.text[scanner.at] !== '[') return null;
    let count = 0;
    scanner.value(() => {
      count += 1;
      scanner.value();
      return undefined;
    });
    return count;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
