import { expect, test } from 'vitest';
import { judgePart } from '../../../src/analysis/judge/slices.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';

test('inputs of a slice may all come again in each window that was added, so that it passes later, and fails as soon', () => {
  const slice = { column: 'column 1', part: 'villas', rows: 1200, hits: 1128, inputs: 1200 };
  const clustering = { repeats: 1, correlation: 1, bursts: 1, rows: 12_000, hits: 11_900 };
  const judged = (windows: number, hits = slice.hits) =>
    judgePart({ ...slice, hits }, 5, 0.9, { clustering, noise: undefined, policy: DEFAULT_POLICY, windows });
  expect([1, 3].map((windows) => judged(windows).outcome)).toEqual(['pass', 'inconclusive']);
  expect([1, 3].map((windows) => judged(windows, 900).outcome)).toEqual(['fail', 'fail']);
  // Where no input of any slice came again, none of this one did.
  const apart = judgePart(slice, 5, 0.9, {
    clustering: { ...clustering, correlation: 0 },
    noise: undefined,
    policy: DEFAULT_POLICY,
    windows: 3,
  });
  expect(apart.outcome).toBe('pass');
});
