import { notBuiltHere } from './failure.ts';
import { is, syntaxError, type Token, tokensOf } from './tokens.ts';

/** What a statement asks for. */
export type Statement = { kind: 'select'; select: string } | Unload;

export interface Unload {
  kind: 'unload';
  select: string;
  /** `s3://bucket/folder/` */
  to: string;
  /** By their names in lower case: `format`, `compression`. */
  properties: Readonly<Record<string, string>>;
}

/**
 * Reads what a statement is, with its parameters (`?`) filled in.
 *
 * @throws QueryFailure where it is malformed, or of a kind that is not built here
 */
export function readStatement(sql: string, parameters: readonly string[] = []): Statement {
  const text = filled(sql, parameters);
  const tokens = tokensOf(text);
  while (is(tokens.at(-1), ';')) tokens.pop();
  const [first] = tokens;
  if (first === undefined) throw syntaxError(text, 0, 'the statement is empty');
  const inner = tokens.find((one) => is(one, ';'));
  if (inner !== undefined) throw syntaxError(text, inner.at, "mismatched input ';'. Expecting: <EOF>");
  const kind = first.text.toLowerCase();
  if (['select', 'with', 'values', '('].includes(kind)) return { kind: 'select', select: upTo(text, tokens) };
  if (kind === 'unload') return unload(text, tokens);
  if (KNOWN.has(kind)) throw notBuiltHere(`statements that begin with ${first.text.toUpperCase()}`);
  throw syntaxError(text, first.at, `mismatched input '${first.text}'`);
}

/** What other statements of Athena begin with. */
const KNOWN = new Set(
  'alter analyze create deallocate delete describe drop execute explain insert merge msck optimize prepare show update using vacuum'.split(
    ' ',
  ),
);

function upTo(text: string, tokens: readonly Token[]): string {
  const last = tokens.at(-1);
  return last === undefined ? '' : text.slice(0, last.at + last.text.length);
}

function filled(sql: string, parameters: readonly string[]): string {
  const marks = tokensOf(sql).filter((one) => is(one, '?'));
  if (marks.length !== parameters.length)
    throw syntaxError(
      sql,
      0,
      `Incorrect number of parameters: expected ${marks.length} but found ${parameters.length}`,
    );
  let text = sql;
  for (const [index, { at }] of [...marks.entries()].toReversed())
    text = `${text.slice(0, at)}${parameters[index]}${text.slice(at + 1)}`;
  return text;
}

/** `UNLOAD (SELECT …) TO 's3://…' WITH (format = 'PARQUET', …)` */
function unload(text: string, tokens: readonly Token[]): Unload {
  let at = 1;
  const expect = (word: string): Token => {
    const token = tokens[at];
    if (token === undefined || !is(token, word))
      throw syntaxError(
        text,
        token?.at ?? text.length,
        `mismatched input '${token?.text ?? '<EOF>'}'. Expecting: '${word}'`,
      );
    at += 1;
    return token;
  };
  const open = expect('(');
  let depth = 1;
  while (depth > 0) {
    const token = tokens[at];
    if (token === undefined) throw syntaxError(text, text.length, "mismatched input '<EOF>'. Expecting: ')'");
    depth += is(token, '(') ? 1 : is(token, ')') ? -1 : 0;
    at += 1;
  }
  const select = text.slice(open.at + 1, tokens[at - 1]?.at);
  expect('to');
  const to = tokens[at];
  if (to?.kind !== 'text') throw syntaxError(text, to?.at ?? text.length, 'Expecting: a location in quotes');
  at += 1;
  expect('with');
  expect('(');
  const properties: Record<string, string> = {};
  for (;;) {
    const name = tokens[at];
    if (name?.kind !== 'word') throw syntaxError(text, name?.at ?? text.length, 'Expecting: the name of a property');
    at += 1;
    expect('=');
    let value = '';
    while (at < tokens.length && (value === '' || (!is(tokens[at], ',') && !is(tokens[at], ')')))) {
      const token = tokens[at];
      value += token?.kind === 'text' ? unquoted(token.text) : (token?.text ?? '');
      at += 1;
    }
    properties[name.text.toLowerCase()] = value;
    if (is(tokens[at], ')')) break;
    expect(',');
  }
  at += 1;
  const rest = tokens[at];
  if (rest !== undefined) throw syntaxError(text, rest.at, `mismatched input '${rest.text}'. Expecting: <EOF>`);
  return { kind: 'unload', select, to: unquoted(to.text), properties };
}

function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll("''", "'");
}

/**
 * The same statement as DuckDB's parser takes it: types `ARRAY(T)` as `T[]`, `TIMESTAMP(3)` without its precision, `X'…'` as
 * a cast. All else is done to the parsed statement.
 */
export function forDuckdb(select: string): string {
  const tokens = tokensOf(select);
  let sql = '';
  let copied = 0;
  const replace = (from: number, to: number, by: string) => {
    sql += select.slice(copied, from) + by;
    copied = to;
  };
  /** The closing parentheses of types that are arrays, by the index of their tokens. */
  const closing = new Set<number>();
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1];
    const end = token.at + token.text.length;
    if (closing.has(index)) replace(token.at, end, '[]');
    else if (is(token, 'array') && next !== undefined && is(next, '(')) {
      replace(token.at, next.at + 1, '');
      closing.add(closingOf(tokens, index + 1));
    } else if ((is(token, 'timestamp') || is(token, 'time')) && next !== undefined && is(next, '(')) {
      const close = tokens[closingOf(tokens, index + 1)];
      replace(next.at, (close?.at ?? next.at) + 1, '');
    } else if (token.kind === 'bytes') {
      const hex = token.text.slice(2, -1).replace(/\s/g, '');
      if (!/^(?:[0-9a-f]{2})*$/i.test(hex))
        throw syntaxError(select, token.at, 'Binary literal can only contain hexadecimal digits');
      replace(token.at, end, `CAST('${hex.replace(/../g, (byte) => `\\x${byte}`)}' AS BLOB)`);
    }
  }
  return sql + select.slice(copied);
}

/** The index of the parenthesis that closes the one at `open`. */
function closingOf(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let index = open; index < tokens.length; index += 1) {
    if (is(tokens[index], '(')) depth += 1;
    if (is(tokens[index], ')')) depth -= 1;
    if (depth === 0) return index;
  }
  return tokens.length;
}
