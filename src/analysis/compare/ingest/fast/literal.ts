/** Bytes that must stand somewhere, ready to be compared eight at a time. */
export interface Literal {
  bytes: Uint8Array;
  /** The same as doubles, which for ASCII are neither NaN nor zero: they are equal where all eight bytes are. */
  eights: Float64Array;
}

/** Bytes to be found again; the part that is compared eight bytes at a time is empty unless they are ASCII. */
export function literal(bytes: Uint8Array): Literal {
  const own = Uint8Array.from(bytes);
  const ascii = own.every((byte) => byte > 0 && byte < 127);
  return { bytes: own, eights: new Float64Array(own.buffer, 0, ascii ? own.length >> 3 : 0) };
}

/** Does the literal stand at this place? `view` and `bytes` are the same memory, with room behind every place asked about. */
export function standsAt(view: DataView, bytes: Uint8Array, at: number, { bytes: own, eights }: Literal): boolean {
  const { length } = own;
  if (at + length > bytes.length) return false;
  const count = eights.length;
  for (let i = 0; i < count; i += 1) if (view.getFloat64(at + 8 * i, true) !== eights[i]) return false;
  for (let i = count << 3; i < length; i += 1) if (bytes[at + i] !== own[i]) return false;
  return true;
}
