/** Where a hash or a number is left by what reads bytes: an allocation for each would cost more than the reading. */
export class Scratch {
  /** The last 64-bit hash, in two unsigned halves; zero for none. */
  readonly hash = new Uint32Array(2);
  /** The last number. */
  readonly number = new Float64Array(1);
}
