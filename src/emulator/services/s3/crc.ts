/** A reflected CRC: all bits set before and inverted after, as the three that S3 knows. */
interface Kind {
  bits: 32 | 64;
  /** Reversed polynomial. */
  polynomial: bigint;
}

/** https://reveng.sourceforge.io/crc-catalogue/: CRC-32/ISO-HDLC, CRC-32/ISCSI, CRC-64/NVME. */
export const CRC32: Kind = { bits: 32, polynomial: 0xedb88320n };
export const CRC32C: Kind = { bits: 32, polynomial: 0x82f63b78n };
export const CRC64NVME: Kind = { bits: 64, polynomial: 0x9a6c9329ac4bc9b5n };

/** Eight tables of 256 entries, each entry a low and a high word: one lookup per byte, eight bytes a turn. */
const tables = new Map<Kind, { low: Int32Array; high: Int32Array }>();

function tablesOf(kind: Kind): { low: Int32Array; high: Int32Array } {
  let made = tables.get(kind);
  if (made !== undefined) return made;
  const low = new Int32Array(8 * 256);
  const high = new Int32Array(8 * 256);
  const first: bigint[] = [];
  for (let byte = 0; byte < 256; byte += 1) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) value = value & 1n ? (value >> 1n) ^ kind.polynomial : value >> 1n;
    first.push(value);
  }
  for (let byte = 0; byte < 256; byte += 1) {
    let value = first[byte] as bigint;
    for (let table = 0; table < 8; table += 1) {
      low[table * 256 + byte] = Number(value & 0xffffffffn) | 0;
      high[table * 256 + byte] = Number(value >> 32n) | 0;
      value = (value >> 8n) ^ (first[Number(value & 0xffn)] as bigint);
    }
  }
  made = { low, high };
  tables.set(kind, made);
  return made;
}

/** The CRC of `bytes`; given the CRC of what goes before them, of both together. */
export function crc(kind: Kind, bytes: Uint8Array, before = 0n): bigint {
  const { low, high } = tablesOf(kind);
  const mask = (1n << BigInt(kind.bits)) - 1n;
  const inverted = before ^ mask;
  let a = Number(inverted & 0xffffffffn) | 0;
  let b = Number(inverted >> 32n) | 0;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) {
    a ^= word(bytes, i);
    b ^= word(bytes, i + 4);
    const at = [a, b] as const;
    const t0 = 1792 + (at[0] & 255);
    const t1 = 1536 + ((at[0] >>> 8) & 255);
    const t2 = 1280 + ((at[0] >>> 16) & 255);
    const t3 = 1024 + (at[0] >>> 24);
    const t4 = 768 + (at[1] & 255);
    const t5 = 512 + ((at[1] >>> 8) & 255);
    const t6 = 256 + ((at[1] >>> 16) & 255);
    const t7 = at[1] >>> 24;
    a =
      entry(low, t0) ^
      entry(low, t1) ^
      entry(low, t2) ^
      entry(low, t3) ^
      entry(low, t4) ^
      entry(low, t5) ^
      entry(low, t6) ^
      entry(low, t7);
    b =
      entry(high, t0) ^
      entry(high, t1) ^
      entry(high, t2) ^
      entry(high, t3) ^
      entry(high, t4) ^
      entry(high, t5) ^
      entry(high, t6) ^
      entry(high, t7);
  }
  for (; i < bytes.length; i += 1) {
    const index = (a ^ (bytes[i] as number)) & 255;
    a = ((a >>> 8) | (b << 24)) ^ entry(low, index);
    b = (b >>> 8) ^ entry(high, index);
  }
  return ((BigInt(b >>> 0) << 32n) | BigInt(a >>> 0)) ^ mask;
}

function entry(table: Int32Array, index: number): number {
  return table[index] as number;
}

function word(bytes: Uint8Array, i: number): number {
  return (
    (bytes[i] as number) |
    ((bytes[i + 1] as number) << 8) |
    ((bytes[i + 2] as number) << 16) |
    ((bytes[i + 3] as number) << 24)
  );
}

/**
 * The CRC of two stretches of bytes from the CRC of each and the length of the second, without their bytes: the first
 * is moved on by that many zero bytes, as a matrix over GF(2) squared again and again (zlib's crc32_combine).
 */
export function combineCrc(kind: Kind, first: bigint, second: bigint, lengthOfSecond: number): bigint {
  let matrix: bigint[] = [kind.polynomial];
  for (let bit = 0; bit < kind.bits - 1; bit += 1) matrix.push(1n << BigInt(bit));
  // One bit, two, four: eight bits are one byte.
  for (let i = 0; i < 3; i += 1) matrix = square(matrix);
  let moved = first;
  for (let rest = lengthOfSecond; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) moved = times(matrix, moved);
    matrix = square(matrix);
  }
  return moved ^ second;
}

function times(matrix: readonly bigint[], vector: bigint): bigint {
  let sum = 0n;
  for (let bit = 0, rest = vector; rest > 0n; bit += 1, rest >>= 1n) if (rest & 1n) sum ^= matrix[bit] as bigint;
  return sum;
}

function square(matrix: readonly bigint[]): bigint[] {
  return matrix.map((column) => times(matrix, column));
}
