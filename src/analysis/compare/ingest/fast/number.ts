import { isUsable } from '../../../answers/answer.ts';
import type { Scratch } from './scratch.ts';

const POWERS = Float64Array.from({ length: 23 }, (_, i) => 10 ** i);
const EXACT = 9_007_199_254_740_992;
/** Digits of the first of two halves, so that it is exact. */
const HALF = 15;

/**
 * Reads a JSON number into the scratch, exactly as Number() does. Something else must follow it.
 *
 * @returns the place behind it, or -1 where there is none that arithmetic can use
 */
export function readNumber(scratch: Scratch, bytes: Uint8Array, start: number): number {
  let at = start;
  const negative = bytes[at] === 45;
  if (negative) at += 1;
  const digits = at;
  let mantissa = 0;
  let c = bytes[at] as number;
  while (c >= 48 && c <= 57) {
    mantissa = mantissa * 10 + (c - 48);
    c = bytes[(at += 1)] as number;
  }
  if (at === digits || (bytes[digits] === 48 && at > digits + 1)) return -1;
  let shift = 0;
  if (c === 46) {
    const fraction = (at += 1);
    c = bytes[at] as number;
    while (c >= 48 && c <= 57) {
      mantissa = mantissa * 10 + (c - 48);
      c = bytes[(at += 1)] as number;
    }
    if (at === fraction) return -1;
    shift = at - fraction;
  }
  const exponent = c === 101 || c === 69;
  if (!exponent && shift <= 22) {
    // Both factors are exact below 2^53 and up to 10^22, so one division rounds once (Clinger 1990).
    const value = mantissa < EXACT ? mantissa / (POWERS[shift] as number) : quotient(bytes, digits, at, shift);
    if (!Number.isNaN(value)) {
      scratch.number[0] = negative ? -value : value;
      return at;
    }
  }
  if (exponent) {
    at += 1;
    if (bytes[at] === 43 || bytes[at] === 45) at += 1;
    const from = at;
    while ((bytes[at] as number) >= 48 && (bytes[at] as number) <= 57) at += 1;
    if (at === from) return -1;
  }
  const value = Number(Buffer.from(bytes.buffer, bytes.byteOffset + start, at - start).toString('latin1'));
  scratch.number[0] = value;
  return isUsable(value) ? at : -1;
}

/**
 * More digits than a double holds, divided by 10^shift: both halves of the digits and of the quotient are kept, so that
 * the error is below 2^-100 of the value (Dekker 1971); NaN where even that leaves the last bit open.
 */
function quotient(bytes: Uint8Array, start: number, end: number, shift: number): number {
  let [head, rest, count] = [0, 0, 0];
  for (let i = start; i < end; i += 1) {
    const digit = (bytes[i] as number) - 48;
    // The point.
    if (digit < 0) continue;
    if (count < HALF) head = head * 10 + digit;
    else rest = rest * 10 + digit;
    count += 1;
  }
  if (count - HALF > HALF) return Number.NaN;
  const scale = POWERS[count - HALF] as number;
  const product = head * scale;
  const high = product + rest;
  const low = lost(head, scale, product) + (rest - (high - product));
  const divisor = POWERS[shift] as number;
  const first = high / divisor;
  const back = first * divisor;
  const second = (high - back - lost(first, divisor, back) + low) / divisor;
  const value = first + second;
  return first + second * (1 + 2 ** -45) === value && first + second * (1 - 2 ** -45) === value ? value : Number.NaN;
}

/** What rounding took from a product of two doubles (Veltkamp's split, Dekker's product). */
function lost(a: number, b: number, product: number): number {
  const [splitA, splitB] = [134_217_729 * a, 134_217_729 * b];
  const [highA, highB] = [splitA - (splitA - a), splitB - (splitB - b)];
  const [lowA, lowB] = [a - highA, b - highB];
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
}
