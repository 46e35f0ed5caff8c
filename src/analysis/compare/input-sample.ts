/** About so many inputs stand for all: two windows without a common one among them share less than 0.1 % of their inputs. */
const SAMPLED = 4096n;
const WHOLE = 1n << 64n;

/** The threshold below which the hashes (64 bits) of about four thousand of `rows` inputs lie; of fewer, all. */
export function sampledBelow(rows: number): bigint {
  return BigInt(rows) <= SAMPLED ? WHOLE : (WHOLE * SAMPLED) / BigInt(rows);
}
