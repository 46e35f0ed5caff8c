import { follow, parsePath, type Path } from '../analysis/answers/path.ts';
import { usageError } from '../base/errors.ts';
import { headerValue, type RawHeaders } from './headers.ts';

/** A part of the requests that is told by what they say: all with one value of a header, of a cookie, or in a JSON body. */
export type Slice =
  | { kind: 'header' | 'cookie'; name: string; value: string }
  | { kind: 'body'; path: Path; value: string };

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * `header:x-country=DE`, `cookie:beta=1`, `$.user.country=DE`.
 * @param where whose it is, for what is wrong with it
 * @throws Problem (usage) where it is none of these
 */
export function parseSlice(words: string, where: string): Slice {
  const at = words.startsWith('$') ? words.lastIndexOf('=') : words.indexOf('=');
  const [what, value] = [words.slice(0, Math.max(0, at)), words.slice(at + 1)];
  const [, kind, name = ''] = /^(header|cookie):(.+)$/.exec(what) ?? [];
  if (at > 0 && value !== '') {
    if (kind === 'header' && TOKEN.test(name)) return { kind, name: name.toLowerCase(), value };
    if (kind === 'cookie' && TOKEN.test(name)) return { kind, name, value };
    if (what.startsWith('$')) return { kind: 'body', path: parsePath(what), value };
  }
  throw usageError(
    `${where}: "${words}" is not a valid part of the requests.`,
    "Write header:NAME=VALUE, cookie:NAME=VALUE, or a path into a JSON body like '$.user.country=DE'.",
  );
}

/** Is a request in one of these parts, by its headers? */
export function isInHeaders(slices: readonly Slice[], headers: RawHeaders): boolean {
  return slices.some(
    (slice) =>
      (slice.kind === 'header' && headerValue(headers, slice.name) === slice.value) ||
      (slice.kind === 'cookie' && cookieValue(headers, slice.name) === slice.value),
  );
}

/** Is a request in one of these parts, by its body? What is no JSON is in none. */
export function isInBody(slices: readonly Slice[], body: Buffer): boolean {
  const asked = slices.filter((slice) => slice.kind === 'body');
  if (asked.length === 0) return false;
  let content: unknown;
  try {
    content = JSON.parse(body.toString('utf8'));
  } catch {
    return false;
  }
  return asked.some(({ path, value }) =>
    follow(content, path).some((one) => (typeof one === 'string' ? one : JSON.stringify(one)) === value),
  );
}

/** The value of a cookie; undefined where there is none of this name. */
export function cookieValue(headers: RawHeaders, name: string): string | undefined {
  const cookies = headerValue(headers, 'cookie')?.split(';') ?? [];
  const found = cookies.map((one) => one.trim()).find((one) => one.startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}
