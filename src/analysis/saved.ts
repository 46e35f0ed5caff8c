import type { Observations } from './observations.ts';

/**
 * Observations as they were saved, as JSON: what was undefined is left out there, or null. Columns of numbers keep their nulls.
 * @param value what `JSON.parse` gave
 * @returns undefined where it holds no observations that this version can read
 */
export function restoreObservations(value: unknown): Observations | undefined {
  const saved = value as Partial<Observations> | null;
  return saved?.schema === 'shadowctl-observations/1' ? (restore(saved) as Observations) : undefined;
}

function restore(value: unknown): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value))
    return value.some((one) => typeof one === 'number')
      ? value
      : value.map((one) => (one === null ? null : restore(one)));
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, restore(inner)]));
}
