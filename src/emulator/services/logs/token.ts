import type { StoredLogEvent } from '../../world/logs/logs.ts';
import { invalidParameter } from './refusals.ts';

const DIGITS = 56;

/** An event's id: 56 digits that sort as the events do (time, then order of arrival). */
export function eventId(event: Pick<StoredLogEvent, 'timestamp' | 'sequence'>): string {
  return `3${String(event.timestamp).padStart(15, '0')}${String(event.sequence).padStart(40, '0')}`;
}

/** The id next to this one: nothing lies between them. */
export function neighbour(id: string, step: 1n | -1n): string {
  return String(BigInt(id) + step).padStart(DIGITS, '0');
}

/** Before every event. */
export const BEFORE_ALL = '0'.repeat(DIGITS);

/** Reads `f/…` (after the id) or `b/…` (before it). */
export function readToken(token: string): { direction: 'f' | 'b'; id: string } {
  const match = /^([fb])\/(\d{56})$/.exec(token);
  if (match === null) throw invalidParameter('The specified nextToken is invalid.');
  return { direction: match[1] as 'f' | 'b', id: match[2] as string };
}

/** A token of a list by name: where the next page begins. */
export function encodeKey(key: string): string {
  return Buffer.from(`1:${key}`).toString('base64url');
}

export function decodeKey(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (!text.startsWith('1:') || encodeKey(text.slice(2)) !== token) {
    throw invalidParameter('The specified nextToken is invalid.');
  }
  return text.slice(2);
}

/** A page of a list whose keys rise, or fall where `falling` says so, and the token of the next. */
export function pageOf<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  size: number,
  token: string | undefined,
  falling = false,
): { items: T[]; next: string | undefined } {
  const after = token === undefined ? undefined : decodeKey(token);
  const rest = after === undefined ? all : all.filter((item) => (falling ? keyOf(item) < after : keyOf(item) > after));
  const items = rest.slice(0, size);
  const last = items.at(-1);
  return { items, next: last === undefined || rest.length <= size ? undefined : encodeKey(keyOf(last)) };
}
