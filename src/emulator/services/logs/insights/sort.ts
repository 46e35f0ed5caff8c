import { isNumber } from './expression.ts';

/**
 * The order of `sort`, as its page describes it: what is not a number comes before all numbers, and is compared by chunks
 * of digits (by length, then size) and of other characters (by Unicode). A missing value comes first (no source).
 */
export function naturalOrder(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  const [left, right] = [isNumber(a), isNumber(b)];
  if (left && right) return Number(a) - Number(b);
  if (left !== right) return left ? 1 : -1;
  const [first, second] = [chunks(a), chunks(b)];
  for (const [i, chunk] of first.entries()) {
    const other = second[i];
    if (other === undefined) return 1;
    if (chunk === other) continue;
    if (/^\d/.test(chunk) && /^\d/.test(other) && chunk.length !== other.length) return chunk.length - other.length;
    return chunk < other ? -1 : 1;
  }
  return first.length - second.length;
}

function chunks(text: string): string[] {
  return text.match(/\d+|[A-Za-z]+|[^\dA-Za-z]/g) ?? [];
}
