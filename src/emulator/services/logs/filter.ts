import { jsonFilter, type MessageFilter } from './json-filter.ts';
import { invalidParameter } from './errors.ts';
import { AwsError } from '../../model/aws-error.ts';

/**
 * Reads a filter pattern (docs: "Filter pattern syntax"): nothing, terms, or a JSON selector in braces. Patterns for
 * space-delimited events (`[ip, user, …]`) and regular expressions (`%…%`) are refused by name.
 */
export function filterOf(pattern: string): MessageFilter {
  const text = pattern.trim();
  if (text === '') return () => true;
  if (text.startsWith('{')) return jsonFilter(text);
  if (text.startsWith('[')) throw notBuilt('space-delimited events', pattern);
  if (/(^|[\s?-])%.*%/.test(text)) throw notBuilt('regular expressions', pattern);
  return termFilter(text);
}

/** `a b` both, `"a b"` as it stands, `-a` not, `?a ?b` one of them. Case counts. */
function termFilter(text: string): MessageFilter {
  const every: RegExp[] = [];
  const none: RegExp[] = [];
  const some: RegExp[] = [];
  const pattern = /\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))/y;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null) throw invalidParameter('Invalid filter pattern');
    const [, sign, quoted, word] = match;
    const term = termOf(quoted?.replaceAll(/\\(.)/g, '$1') ?? word ?? '');
    if (sign === '-') none.push(term);
    else if (sign === '?') some.push(term);
    else every.push(term);
  }
  return (message) =>
    every.every((term) => term.test(message)) &&
    // "If you combine ? with other terms, the ? is ignored": the rest decides.
    (some.length === 0 || every.length + none.length > 0 || some.some((term) => term.test(message))) &&
    !none.some((term) => term.test(message));
}

/** A term is found as a whole word: `Error` does not find `ValueError`, `"[ERROR 400]"` is found as it stands. */
function termOf(term: string): RegExp {
  const escaped = term.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const left = /^\w/.test(term) ? '(?<!\\w)' : '';
  const right = /\w$/.test(term) ? '(?!\\w)' : '';
  return new RegExp(`${left}${escaped}${right}`);
}

function notBuilt(what: string, pattern: string): AwsError {
  return new AwsError('NotImplemented', `Filter patterns for ${what} are not built into this emulator: ${pattern}`, {
    status: 501,
  });
}
