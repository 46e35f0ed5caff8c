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
  refuseForeign(sql, found);
  return found;
}

/** After these words begins an expression: a bracket there is a list of DuckDB's, after a name it is a subscript. */
const BEFORE_EXPRESSION = new Set('select in and or not when then else by where on having case'.split(' '));

/** What DuckDB would take and Trino does not. @throws QueryFailure */
function refuseForeign(sql: string, tokens: readonly Token[]): void {
  for (const [i, token] of tokens.entries()) {
    const [before, next] = [tokens[i - 1], tokens[i + 1]];
    const joined = next !== undefined && next.at === token.at + token.text.length;
    const endsList = next === undefined || is(next, 'from') || is(next, ')') || is(next, ']') || is(next, 'where');
    const isList = before === undefined || (before.kind === 'mark' && !is(before, ')') && !is(before, ']'));
    if (token.kind === 'number' && joined && next.kind === 'word')
      throw syntaxError(sql, next.at, `mismatched input '${next.text}'`);
    if (is(token, 'e') && joined && next.kind === 'text') throw syntaxError(sql, token.at, "mismatched input 'e'");
    if (is(token, ',') && endsList) throw syntaxError(sql, token.at, "mismatched input ','");
    if (is(token, '[') && (isList || (before.kind === 'word' && BEFORE_EXPRESSION.has(before.text.toLowerCase()))))
      throw syntaxError(sql, token.at, "mismatched input '['");
    if (is(token, '.') && is(before, ')') && next?.kind === 'word' && is(tokens[i + 2], '('))
      throw syntaxError(sql, token.at, "mismatched input '('");
  }
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
