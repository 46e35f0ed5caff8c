/** The 64 bits that `hashBytes` found last, as two unsigned halves: an allocation a record would cost more than the hash. */
export const hashed = new Uint32Array(2);

/**
 * A 64-bit hash of some bytes, left in `hashed`; never zero, which stands for "none". Two multiplicative lanes crossed
 * at the end (after cyrb53): among ten million ids a collision has a chance of about three in a million.
 */
export function hashBytes(bytes: Uint8Array, start: number, end: number): void {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i] as number;
    a = Math.imul(a ^ byte, 2654435761);
    b = Math.imul(b ^ byte, 1597334677);
  }
  finish(a, b);
}

function finish(low: number, high: number): void {
  const a = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  const b = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  hashed[0] = a === 0 && b === 0 ? 1 : a;
  hashed[1] = b;
}

/** The same hash of text, as the decimal number that SQL reads. */
export function hashText(text: string): bigint {
  const bytes = Buffer.from(text);
  hashBytes(bytes, 0, bytes.length);
  return (BigInt(hashed[1] as number) << 32n) | BigInt(hashed[0] as number);
}

/** A hash of longer text, four bytes at a time; another one than `hashBytes`. @returns false where there is a backslash or a control character */
export function hashWords(view: DataView, bytes: Uint8Array, start: number, end: number): boolean {
  let a = 0xdeadbeef ^ (end - start);
  let b = 0x41c6ce57;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const word = view.getInt32(i, true);
    const slash = word ^ 0x5c5c5c5c;
    // A backslash, or a byte below a blank: no plain text.
    if ((((slash - 0x01010101) & ~slash) | ((word - 0x20202020) & ~word)) & 0x80808080) return false;
    a = Math.imul(a ^ word, 2654435761);
    b = Math.imul(b ^ word ^ (a >>> 15), 1597334677);
  }
  for (; i < end; i += 1) {
    const byte = bytes[i] as number;
    if (byte === 92 || byte < 32) return false;
    a = Math.imul(a ^ byte, 2654435761);
    b = Math.imul(b ^ byte ^ (a >>> 15), 1597334677);
  }
  finish(a, b);
  return true;
}

/** The hash in `hashed`, made another for each place. */
export function hashPlace(low: number, high: number, place: number): void {
  finish(Math.imul(low ^ place, 2654435761), Math.imul(high ^ (place + 1), 1597334677));
}

/** Leaves the hash of text in `hashed`; zero for none. */
export function hashOf(text: string | undefined): void {
  if (text === undefined || text === '') hashed.fill(0);
  else {
    const bytes = Buffer.from(text);
    hashBytes(bytes, 0, bytes.length);
  }
}

/** The hash that `hashWords` gives, of text. A backslash in it is one that was written as two: such text is hashed byte by byte. */
export function hashLong(text: string | undefined): void {
  if (text === undefined) {
    hashed.fill(0);
    return;
  }
  const bytes = Buffer.from(text);
  if (!hashWords(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), bytes, 0, bytes.length)) hashOf(text);
}
