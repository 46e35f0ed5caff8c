import { invalidNextToken } from './refusals.ts';

/**
 * A page of a list and the token of the next. A token names the key the next page begins after, so that it stays true
 * when entries come and go; keys must rise, or fall where `falling` says so.
 */
export function pageOf<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  size: number,
  token: string | undefined,
  falling = false,
): { items: T[]; next: string | undefined } {
  const after = token === undefined ? undefined : decode(token);
  const start = after === undefined ? 0 : firstAfter(all, keyOf, after, falling);
  const items = all.slice(start, start + size);
  const last = items.at(-1);
  const next = last === undefined || start + size >= all.length ? undefined : encode(keyOf(last));
  return { items, next };
}

function firstAfter<T>(all: readonly T[], keyOf: (item: T) => string, after: string, falling: boolean): number {
  const index = all.findIndex((item) => (falling ? keyOf(item) < after : keyOf(item) > after));
  return index === -1 ? all.length : index;
}

function encode(key: string): string {
  return Buffer.from(`1:${key}`).toString('base64url');
}

function decode(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (!text.startsWith('1:') || encode(text.slice(2)) !== token) throw invalidNextToken();
  return text.slice(2);
}
