import { Scratch } from './scratch.ts';

/**
 * A 64-bit hash of some bytes, left in the scratch; never zero, which stands for "none". Two multiplicative lanes crossed
 * at the end (after cyrb53): among ten million ids a collision has a chance of about three in a million.
 */
export function hashBytes(scratch: Scratch, bytes: Uint8Array, start: number, end: number): void {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i] as number;
    a = Math.imul(a ^ byte, 2654435761);
    b = Math.imul(b ^ byte, 1597334677);
  }
  finish(scratch, a, b);
}

function finish(scratch: Scratch, low: number, high: number): void {
  const a = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  const b = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  scratch.hash[0] = a === 0 && b === 0 ? 1 : a;
  scratch.hash[1] = b;
}

/** The same hash of text, as the decimal number that SQL reads. */
export function hashText(text: string): bigint {
  const scratch = new Scratch();
  const bytes = Buffer.from(text);
  hashBytes(scratch, bytes, 0, bytes.length);
  return (BigInt(scratch.hash[1] as number) << 32n) | BigInt(scratch.hash[0] as number);
}

/** Not zero where one of four bytes is a quote, a backslash or a control character; the lowest of such bytes is exact. */
function ends(word: number): number {
  const quote = word ^ 0x22222222;
  const slash = word ^ 0x5c5c5c5c;
  const found = ((quote - 0x01010101) & ~quote) | ((slash - 0x01010101) & ~slash) | ((word - 0x20202020) & ~word);
  return found & 0x80808080;
}

/** The place of the quote that ends plain text, or -1 where something else ends it. `view` has four bytes behind each line. */
export function endOfText(view: DataView, bytes: Uint8Array, start: number): number {
  let at = start;
  while (ends(view.getInt32(at, true)) === 0) at += 4;
  let byte = bytes[at] as number;
  while (byte !== 34 && byte !== 92 && byte >= 32) byte = bytes[(at += 1)] as number;
  return byte === 34 ? at : -1;
}

/** `hashBytes` of plain text up to its quote. @returns the place of the quote, or -1 where something else ends the text */
export function hashId(scratch: Scratch, bytes: Uint8Array, start: number): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  let at = start;
  let byte = bytes[at] as number;
  while (byte !== 34) {
    if (byte === 92 || byte < 32) return -1;
    a = Math.imul(a ^ byte, 2654435761);
    b = Math.imul(b ^ byte, 1597334677);
    byte = bytes[(at += 1)] as number;
  }
  finish(scratch, a, b);
  return at;
}

/**
 * A hash of longer plain text up to its quote, four bytes at a time; another one than `hashBytes`.
 *
 * @returns the place of the quote, or -1 where something else ends the text
 */
export function hashPlain(scratch: Scratch, view: DataView, bytes: Uint8Array, start: number): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  let at = start;
  let word = view.getInt32(at, true);
  while (ends(word) === 0) {
    a = Math.imul(a ^ word, 2654435761);
    b = Math.imul(b ^ word ^ (a >>> 15), 1597334677);
    word = view.getInt32((at += 4), true);
  }
  let byte = bytes[at] as number;
  while (byte !== 34) {
    if (byte === 92 || byte < 32) return -1;
    a = Math.imul(a ^ byte, 2654435761);
    b = Math.imul(b ^ byte ^ (a >>> 15), 1597334677);
    byte = bytes[(at += 1)] as number;
  }
  finish(scratch, a ^ (at - start), b);
  return at;
}

/** This hash, made another for each place in an answer. */
export function hashPlace(scratch: Scratch, low: number, high: number, place: number): void {
  finish(scratch, Math.imul(low ^ place, 2654435761), Math.imul(high ^ (place + 1), 1597334677));
}

/** Leaves the hash of text; zero for none. */
export function hashOf(scratch: Scratch, text: string | undefined): void {
  if (text === undefined || text === '') scratch.hash.fill(0);
  else {
    const bytes = Buffer.from(text);
    hashBytes(scratch, bytes, 0, bytes.length);
  }
}

/** The hash that `hashPlain` leaves, of text; what is no plain text is hashed byte by byte. */
export function hashLong(scratch: Scratch, text: string | undefined): void {
  if (text === undefined) {
    scratch.hash.fill(0);
    return;
  }
  const bytes = Buffer.from(`${text}"    `);
  const end = hashPlain(scratch, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), bytes, 0);
  if (end !== bytes.length - 5) hashOf(scratch, text);
}
