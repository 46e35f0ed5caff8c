/** Deeper nesting is refused: what reads a value member by member would exhaust the stack. */
export const MAX_DEPTH = 500;

/** Why a text is no literal. */
export class NoLiteral extends Error {}

/**
 * A value as JSON or Python writes it (`json.dumps`, `str(dict)`, `repr`): single quotes, `True`, `None`, `nan`, tuples and
 * sets as lists, a comma at the end, bytes as text, an array as numpy prints it, and what wraps a value: `np.float64(0.5)`,
 * `array([1, 2])`, `Row(label=1)`. Any other call is the text that stands there. An integer too large for a number is
 * the text of its digits, so that ids stay whole.
 *
 * @throws NoLiteral saying what is wrong and where
 */
export function parseLiteral(text: string): unknown {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.blanks();
  if (reader.at < text.length) throw reader.wrong('more after the value');
  return value;
}

const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const NAME = /[A-Za-z_][\w.]*/y;
const CONSTANTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['True', true],
  ['np.True_', true],
  ['false', false],
  ['False', false],
  ['np.False_', false],
  ['null', null],
  ['None', null],
  ['nan', Number.NaN],
  ['NaN', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['Infinity', Number.POSITIVE_INFINITY],
]);
/** Calls that stand for their first argument. */
const WRAPPERS =
  /^(?:(?:np|numpy|jnp|torch|decimal|uuid|collections)\.\w+|array|tensor|matrix|Decimal|UUID|OrderedDict|dict|list|tuple|set|frozenset|deque|str|int|float|bool)$/;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\u0007',
  '\n': '',
};

class Reader {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  blanks(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.at);
      // Most characters are letters.
      if (code > 0x20 && code < 0x80) return;
      if (Number.isNaN(code) || !/\s/.test(this.#text[this.at] ?? '')) return;
      this.at += 1;
    }
  }

  value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw this.wrong(`nested deeper than ${MAX_DEPTH}`);
    this.blanks();
    const char = this.#text[this.at];
    if (char === undefined) throw this.wrong('a value is missing');
    if (char === '{') return this.#members(depth);
    if (char === '[' || char === '(') return this.#list(char === '[' ? ']' : ')', depth);
    if (char === '"' || char === "'") return this.#string(false);
    const number = this.#match(NUMBER);
    if (number !== undefined) return this.#number(number);
    if (char === '-' || char === '+') {
      this.at += 1;
      const value = this.value(depth + 1);
      if (typeof value !== 'number') throw this.wrong('a sign before no number');
      return char === '-' ? -value : value;
    }
    return this.#name(depth);
  }

  wrong(what: string): NoLiteral {
    const rest = this.#text.slice(this.at, this.at + 20);
    return new NoLiteral(`${what} at character ${this.at + 1}${rest === '' ? '' : ` (${rest})`}`);
  }

  #number(text: string): unknown {
    // Python 2 wrote an L behind long integers.
    if (this.#text[this.at] === 'L') this.at += 1;
    if (/\w/.test(this.#text[this.at] ?? '')) throw this.wrong('letters after a number');
    const value = Number(text);
    return /^[+-]?\d+$/.test(text) && !Number.isSafeInteger(value) ? text : value;
  }

  #members(depth: number): unknown {
    const start = this.at;
    this.at += 1;
    const members: Record<string, unknown> = {};
    const items: unknown[] = [];
    for (let first = true; ; first = false) {
      if (this.#takes('}')) return items.length > 0 ? items : members;
      if (!first && !this.#takes(',')) throw this.wrong('a comma or } is missing');
      if (!first && this.#takes('}')) return items.length > 0 ? items : members;
      const key = this.value(depth + 1);
      if (!this.#takes(':')) {
        if (Object.keys(members).length > 0) throw this.wrong('a colon is missing');
        items.push(key);
      } else if (items.length > 0) {
        this.at = start;
        throw this.wrong('neither members nor a set');
      } else define(members, typeof key === 'string' ? key : JSON.stringify(key), this.value(depth + 1));
    }
  }

  #list(end: string, depth: number): unknown[] {
    this.at += 1;
    const items: unknown[] = [];
    for (;;) {
      const behind = this.at;
      if (this.#takes(end)) return items;
      if (items.length > 0 && !this.#takes(',') && !this.#follows(items.at(-1), behind))
        throw this.wrong(`a comma or ${end} is missing`);
      if (items.length > 0 && this.#takes(end)) return items;
      items.push(this.value(depth + 1));
    }
  }

  /** numpy prints arrays without commas: numbers and rows of numbers, with blanks between them. */
  #follows(last: unknown, behind: number): boolean {
    if (this.at === behind) return false;
    return typeof last === 'number'
      ? /^(?:[+-]?[\d.]|nan|[+-]?inf)(?!\.\.)/.test(this.#text.slice(this.at, this.at + 4))
      : Array.isArray(last) && this.#text[this.at] === '[';
  }

  #string(bytes: boolean): string {
    const end = this.#text[this.at] === '"' ? /["\\\n]/g : /['\\\n]/g;
    let value = '';
    this.at += 1;
    for (;;) {
      end.lastIndex = this.at;
      const found = end.exec(this.#text);
      if (found === null || found[0] === '\n') throw this.wrong('a string is not closed');
      value += this.#text.slice(this.at, found.index);
      this.at = found.index + 1;
      if (found[0] !== '\\') return bytes ? Buffer.from(value, 'latin1').toString('utf8') : value;
      value += this.#escaped();
    }
  }

  #escaped(): string {
    const char = this.#text[this.at] ?? '';
    const digits = char === 'x' ? 2 : char === 'u' ? 4 : char === 'U' ? 8 : 0;
    this.at += 1;
    if (digits === 0) return ESCAPES[char] ?? (char === '0' ? '\0' : char);
    const hex = this.#text.slice(this.at, this.at + digits);
    const code = Number.parseInt(hex, 16);
    if (!/^[\da-fA-F]+$/.test(hex) || hex.length < digits || code > 0x10ffff) throw this.wrong('a broken escape');
    this.at += digits;
    return String.fromCodePoint(code);
  }

  #name(depth: number): unknown {
    const start = this.at;
    const name = this.#match(NAME);
    if (name === undefined) throw this.wrong('no value begins');
    const next = this.#text[this.at];
    if (/^[bBuUrR]$/.test(name) && (next === '"' || next === "'")) return this.#string(/b/i.test(name));
    if (next === '(') return this.#call(name, start, depth);
    if (!CONSTANTS.has(name)) {
      this.at = start;
      throw this.wrong('a word without quotes');
    }
    return CONSTANTS.get(name);
  }

  /** `name(value)`, `name(value, dtype=…)`, `name(member=value, …)`. */
  #call(name: string, start: number, depth: number): unknown {
    this.at += 1;
    const plain: unknown[] = [];
    const named: Record<string, unknown> = {};
    while (!this.#takes(')')) {
      if (plain.length + Object.keys(named).length > 0 && !this.#takes(','))
        throw this.wrong('a comma or ) is missing');
      if (this.#takes(')')) break;
      const before = this.at;
      const member = this.#match(NAME);
      if (member !== undefined && this.#takes('=')) define(named, member, this.#argument(depth));
      else {
        this.at = before;
        plain.push(this.value(depth + 1));
      }
    }
    if (plain.length === 0 && Object.keys(named).length > 0) return named;
    if (!WRAPPERS.test(name) || plain.length > 1) return this.#text.slice(start, this.at);
    const [value = []] = plain;
    return name.endsWith('OrderedDict') && isPairs(value) ? Object.fromEntries(value) : value;
  }

  /** The value behind `dtype=` may be a bare word, `float32`, or what only people read: `grad_fn=<MulBackward0>`. */
  #argument(depth: number): unknown {
    this.blanks();
    const word = /(?:[A-Za-z_][\w.]*|<[^<>]*>)(?=\s*[,)])/y;
    word.lastIndex = this.at;
    const found = word.exec(this.#text)?.[0];
    if (found === undefined || CONSTANTS.has(found)) return this.value(depth + 1);
    this.at += found.length;
    return found;
  }

  /** Steps over blanks and a character, where it is next. */
  #takes(char: string): boolean {
    this.blanks();
    if (this.#text[this.at] !== char) return false;
    this.at += 1;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }
}

/** Also where the name is `__proto__`. */
function define(members: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(members, name, { value, enumerable: true, configurable: true, writable: true });
}

function isPairs(value: unknown): value is [string, unknown][] {
  return (
    Array.isArray(value) && value.every((one) => Array.isArray(one) && one.length === 2 && typeof one[0] === 'string')
  );
}
