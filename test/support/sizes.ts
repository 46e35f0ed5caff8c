import { test } from 'vitest';
import { seededRandom } from './random.ts';

/**
 * The checks that take too long for `npm test` run whole by themselves: `npm run matrix`, `npm run calibrate` and
 * `npm run peers` (scripts/whole.mjs) set SHADOWCTL_WHOLE to their name. `npm test` runs a sample of the first two.
 */
export type Size = 'matrix' | 'calibrate' | 'peers';

export function isWhole(size: Size): boolean {
  return process.env.SHADOWCTL_WHOLE === size;
}

/** A test, or a table of them, that only the matrix runs: its kind is in `npm test` by a quicker one. */
// oxlint-disable-next-line vitest/valid-title vitest/no-disabled-tests -- whoever calls it gives it both
export const matrixTest = test.runIf(isWhole('matrix'));

/** SHADOWCTL_SEED draws another sample than the usual. */
const seed = Number(process.env.SHADOWCTL_SEED ?? 1);

/** Every case where the matrix runs whole, else `count` of them in their order, drawn by a seed. */
export function sampled<T>(cases: readonly T[], count: number): readonly T[] {
  if (isWhole('matrix')) return cases;
  const random = seededRandom(seed);
  const drawn = cases.map((one, index) => ({ one, index, key: random.next() }));
  return drawn
    .toSorted((a, b) => a.key - b.key)
    .slice(0, count)
    .toSorted((a, b) => a.index - b.index)
    .map(({ one }) => one);
}

/** Asked again and again: true where the matrix runs whole, else the first of every `n` times. */
export function oneIn(n: number): () => boolean {
  let asked = -1;
  return () => {
    asked += 1;
    return isWhole('matrix') || asked % n === 0;
  };
}
