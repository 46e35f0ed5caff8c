import { QueryFailure } from './failure.ts';

/** A piece of a statement as it stands there; comments and blanks are none. */
export interface Token {
  kind: 'word' | 'quoted' | 'text' | 'bytes' | 'number' | 'mark';
  /** As it is written. */
  text: string;
  /** Where it begins. */
  at: number;
}

const SHAPES: readonly [Token['kind'] | undefined, RegExp][] = [
  [undefined, /\s+|--[^\n]*|\/\*[^]*?\*\//y],
  ['bytes', /x'[^']*'/iy],
  ['text', /'(?:[^']|'')*'/y],
  ['quoted', /"(?:[^"]|"")*"/y],
  ['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?/iy],
  ['word', /[a-z_][\w@]*/iy],
  ['mark', /<>|!=|<=|>=|\|\||->|=>|[-+*/%<>=(),.;?[\]]/y],
];

/** A statement's tokens. @throws QueryFailure at what Trino's SQL has not */
export function tokensOf(sql: string): Token[] {
  const found: Token[] = [];
  for (let at = 0; at < sql.length; ) {
    const shape = SHAPES.find(([, one]) => {
      one.lastIndex = at;
      return one.test(sql);
    });
    if (shape === undefined)
      throw syntaxError(sql, at, `unexpected '${String.fromCodePoint(sql.codePointAt(at) ?? 0)}'`);
    const end = shape[1].lastIndex;
    if (shape[0] !== undefined) found.push({ kind: shape[0], text: sql.slice(at, end), at });
    at = end;
  }
  return found;
}

/** `SYNTAX_ERROR: line 1:8: …` */
export function syntaxError(sql: string, at: number, words: string): QueryFailure {
  return new QueryFailure('SYNTAX_ERROR', `${place(sql, at)}: ${words}`);
}

/** Where in a statement, as Trino says it: `line 1:15`. */
function place(sql: string, at: number): string {
  const before = sql.slice(0, Math.max(0, at)).split('\n');
  return `line ${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

/** Where a name is first used. */
export function placeOf(sql: string, name: string): string {
  const lower = name.toLowerCase();
  const token = tokensOf(sql).find(({ text }) => text.toLowerCase().replace(/^"|"$/g, '') === lower);
  return place(sql, token?.at ?? 0);
}

/** Is the token this word or sign? Literals never are. @param text in lower case */
export function is(token: Token | undefined, text: string): boolean {
  return token !== undefined && token.kind !== 'text' && token.text.toLowerCase() === text;
}
