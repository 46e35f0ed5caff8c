import { AwsError } from '../../../model/aws-error.ts';

/** A piece of a query. `at` is where it stands, in characters from the start. */
export interface Token {
  kind: 'word' | 'field' | 'text' | 'regex' | 'number' | 'sign';
  /** Without quotes, slashes or backticks. */
  text: string;
  at: number;
  end: number;
}

// Names of other characters than letters, digits, @, _ and the period stand in backticks ("fields", AWS's docs).
const TOKEN =
  /(?:\s+|#[^\n]*)*(?:`([^`]+)`|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\/((?:[^/\\\n]|\\.)+)\/|(-?\d+(?:\.\d+)?(?![\w.@]))|([@\w][\w@.]*)|(!=|<=|>=|=~|[=<>()[\],|*]))/y;
const REST = /(?:\s+|#[^\n]*)*$/y;

/** Takes a query of CloudWatch Logs Insights apart; `#` begins a comment. */
function tokenize(query: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  for (let at = 0; ; at = pattern.lastIndex) {
    const rest = new RegExp(REST);
    rest.lastIndex = at;
    if (rest.test(query)) return tokens;
    pattern.lastIndex = at;
    const match = pattern.exec(query);
    if (match === null)
      throw malformed(`unexpected symbol found: ${query.slice(at, at + 20).trim()}`, at, query.length);
    const [whole, field, double, single, regex, number, word, sign] = match;
    const text = double ?? single;
    const end = pattern.lastIndex;
    const token = (kind: Token['kind'], value: string): Token => ({ kind, text: value, at: at + leading(whole), end });
    if (field !== undefined) tokens.push(token('field', field));
    else if (text !== undefined) tokens.push(token('text', text.replaceAll(/\\(["'\\])/g, '$1')));
    else if (regex !== undefined) tokens.push(token('regex', regex));
    else if (number !== undefined) tokens.push(token('number', number));
    else if (word !== undefined) tokens.push(token('word', word));
    else tokens.push(token('sign', sign as string));
  }
}

function leading(whole: string): number {
  return /^(?:\s+|#[^\n]*)*/.exec(whole)?.[0].length ?? 0;
}

/** The refusal of a query, with the place in AWS's shape. */
export function malformed(message: string, start: number, end: number): AwsError {
  const words = `${message} ([${start},${end}])`;
  return new AwsError('MalformedQueryException', words, {
    details: {
      queryCompileError: { location: { startCharOffset: start, endCharOffset: end }, message: words },
    },
  });
}

/** What AWS may know and this emulator does not. */
export function unknown(token: Token, what = token.text): AwsError {
  return malformed(
    `This emulator does not know ${what} of the query language; AWS may. Built are fields, display, filter, parse, sort, limit and stats count().`,
    token.at,
    token.end,
  );
}

/** Reads tokens one after the other. */
export class Reader {
  readonly #tokens: readonly Token[];
  readonly #length: number;
  #position = 0;

  constructor(query: string) {
    this.#tokens = tokenize(query);
    this.#length = query.length;
  }

  peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#position + ahead];
  }

  /** The next token, left where it is. @throws MalformedQueryException at the end */
  here(): Token {
    const token = this.#tokens[this.#position];
    if (token === undefined) throw malformed('unexpected end of the query', this.#length, this.#length);
    return token;
  }

  /** The next token. @throws MalformedQueryException at the end */
  take(): Token {
    const token = this.here();
    this.#position += 1;
    return token;
  }

  /** Is the next token this sign, or this keyword in whatever case? */
  next(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return (
      (token?.kind === 'sign' && token.text === text) || (token?.kind === 'word' && token.text.toLowerCase() === text)
    );
  }

  /** Takes the next token if it is this one. */
  skip(text: string): boolean {
    if (!this.next(text)) return false;
    this.#position += 1;
    return true;
  }

  expect(text: string): Token {
    const token = this.take();
    if (token.text.toLowerCase() !== text || (token.kind !== 'sign' && token.kind !== 'word'))
      throw malformed(`mismatched input '${token.text}' expecting '${text}'`, token.at, token.end);
    return token;
  }

  /** A field's name. */
  name(): string {
    const token = this.take();
    if (token.kind !== 'word' && token.kind !== 'field')
      throw malformed(`mismatched input '${token.text}' expecting a field`, token.at, token.end);
    return token.text;
  }

  /** `one, two, three` */
  list<T>(read: () => T): T[] {
    const all = [read()];
    while (this.skip(',')) all.push(read());
    return all;
  }
}
