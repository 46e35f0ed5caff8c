import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import { withWaivers } from '../../../src/cli/flags/waivers.ts';

test('gates that are waived by flags join those of the policy', () => {
  const policy = { ...DEFAULT_POLICY, waivers: [{ gate: 'slices', reason: 'too few' }] };
  expect(withWaivers(policy, { waive: ['errors'], reason: 'so' }).waivers).toEqual([
    { gate: 'errors', reason: 'so' },
    { gate: 'slices', reason: 'too few' },
  ]);
  expect(withWaivers(policy, { waive: [], reason: undefined })).toBe(policy);
  // What a report calls the gate of labels that fit nothing.
  expect(withWaivers(policy, { waive: ['truth'], reason: 'none yet' }).waivers[0]?.gate).toBe('truth');
});

test.each([
  [['errors'], undefined, 'has no reason'],
  [['errors'], ' ', 'has no reason'],
  [[], 'so', '--reason says why gates are waived'],
  [['latency.p98'], 'so', '--waive "latency.p98" is not a gate, did you mean latency.p9'],
  [['output.reading'], 'so', 'is not a gate that can be waived'],
])('--waive %j --reason %j is refused', (waive, reason, words) => {
  expect(() => withWaivers(DEFAULT_POLICY, { waive, reason })).toThrow(words);
});
