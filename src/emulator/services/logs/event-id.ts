import type { StoredLogEvent } from '../../world/logs/logs.ts';
import { invalidToken } from './errors.ts';

const DIGITS = 56;

/** An event's id: 56 digits that sort as the events do (time, then order of arrival). */
export function eventId(event: Pick<StoredLogEvent, 'timestamp' | 'sequence'>): string {
  return `3${String(event.timestamp).padStart(15, '0')}${String(event.sequence).padStart(40, '0')}`;
}

/** The id right after or before this one. */
export function neighbour(id: string, step: 1n | -1n): string {
  return String(BigInt(id) + step).padStart(DIGITS, '0');
}

/** Before every event. */
export const BEFORE_ALL = '0'.repeat(DIGITS);

/** Reads `f/…` (after the id) or `b/…` (before it). */
export function readToken(token: string): { direction: 'f' | 'b'; id: string } {
  const match = /^([fb])\/(\d{56})$/.exec(token);
  if (match === null) throw invalidToken();
  return { direction: match[1] as 'f' | 'b', id: match[2] as string };
}
