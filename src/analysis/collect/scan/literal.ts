/** Bytes that must stand somewhere, ready to be compared four at a time. */
export interface Literal {
  bytes: Uint8Array;
  words: Int32Array;
}

export function literal(bytes: Uint8Array): Literal {
  const own = Uint8Array.from(bytes);
  return { bytes: own, words: new Int32Array(own.buffer, 0, own.length >> 2) };
}

/** Does the literal stand at this place? `view` and `bytes` are the same memory, with room behind every place asked about. */
export function standsAt(view: DataView, bytes: Uint8Array, at: number, { bytes: own, words }: Literal): boolean {
  const { length } = own;
  if (at + length > bytes.length) return false;
  const count = words.length;
  for (let i = 0; i < count; i += 1) if (view.getInt32(at + 4 * i, true) !== words[i]) return false;
  for (let i = count << 2; i < length; i += 1) if (bytes[at + i] !== own[i]) return false;
  return true;
}
