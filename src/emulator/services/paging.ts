import type { AwsError } from '../model/aws-error.ts';

// Lists that are read in pages: a token says where the next page begins. AWS's tokens are opaque, and so are these: a
// client can do no more with one than hand it back.

/** A page of a list, and the token of the next page; undefined where this one is the last. */
export interface Page<T> {
  items: T[];
  next: string | undefined;
}

/** How a list is cut into pages. */
interface Cut<T> {
  size: number;
  /** The token that the caller sent. */
  token: string | undefined;
  /** The refusal of a token that this service did not give out. */
  invalidToken: () => AwsError;
  /** What a token says of the last item of a page. */
  keyOf: (item: T) => string;
  /** Does an item come after the one with this key? By default keys rise through the list. */
  isAfter?: (item: T, key: string) => boolean;
}

/**
 * The page that begins after the item the token names. The token names an item, not a position, so that it stays true
 * when entries come and go, also when the item itself is gone.
 */
export function pageAfter<T>(
  all: readonly T[],
  { size, token, invalidToken, keyOf, isAfter = (item, key) => keyOf(item) > key }: Cut<T>,
): Page<T> {
  const key = token === undefined ? undefined : decodeToken(token, invalidToken);
  const first = key === undefined ? 0 : all.findIndex((item) => isAfter(item, key));
  const start = first === -1 ? all.length : first;
  const items = all.slice(start, start + size);
  const last = items.at(-1);
  return { items, next: last === undefined || start + size >= all.length ? undefined : encodeToken(keyOf(last)) };
}

/** The page that begins at the position the token names: for what has no key, or does not change. */
export function pageFrom<T>(
  all: readonly T[],
  { size, token, invalidToken }: Pick<Cut<T>, 'size' | 'token' | 'invalidToken'>,
): Page<T> {
  const start = token === undefined ? 0 : Number(decodeToken(token, invalidToken));
  if (!Number.isInteger(start) || start < 0) throw invalidToken();
  const end = start + size;
  return { items: all.slice(start, end), next: end < all.length ? encodeToken(String(end)) : undefined };
}

/** The token of a page: what callers must not read or build. */
export function encodeToken(text: string): string {
  return Buffer.from(`1:${text}`).toString('base64url');
}

/** The text that `encodeToken` was given; throws `invalidToken()` for any other token. */
export function decodeToken(token: string, invalidToken: () => AwsError): string {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (!text.startsWith('1:') || encodeToken(text.slice(2)) !== token) throw invalidToken();
  return text.slice(2);
}
