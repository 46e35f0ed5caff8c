import { usageError } from '../../base/errors.ts';

/** A share of the requests, `100%`, `25%` or `0.25`: above 0, at most 1. @throws Problem (usage) */
export function parseShare(option: string, text: string): number {
  const value = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (text !== '' && text !== '%' && value > 0 && value <= 1) return value;
  throw usageError(
    `${option}: "${text}" is not a share of the requests.`,
    'Write for example 100%, 25% or 0.25: more than 0 and at most 100%.',
  );
}
