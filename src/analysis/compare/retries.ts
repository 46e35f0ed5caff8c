import type { Capture } from '../answers/captures.ts';

/** With more records than this under ids that occur several times, ids are no ids: nobody is paired by their order. */
export const MAX_RETRIED = 20_000;

/**
 * The pairs among records of one id that occurs several times on each side: a client that sends a request again gives it
 * the same id. They are told apart by their inputs, and equal ones by their order; none where the two sides do not hold
 * the same inputs equally often, or an input was not captured.
 *
 * @param production records in the order of their time, as is `shadow`
 */
export function pairRetries<One extends Pick<Capture, 'input'>>(
  production: readonly One[],
  shadow: readonly One[],
): [production: One, shadow: One][] {
  if (production.length !== shadow.length) return [];
  const waiting = new Map<string, One[]>();
  for (const one of shadow) {
    if (one.input === undefined) return [];
    waiting.set(one.input.data, [...(waiting.get(one.input.data) ?? []), one]);
  }
  const pairs: [One, One][] = [];
  for (const one of production) {
    const other = one.input && waiting.get(one.input.data)?.shift();
    if (other === undefined) return [];
    pairs.push([one, other]);
  }
  return pairs;
}
