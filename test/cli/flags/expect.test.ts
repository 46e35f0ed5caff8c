import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import { withExpectation } from '../../../src/cli/flags/judging.ts';

test('--expect stands over what the policy says, and is refused by name', () => {
  const same = { ...DEFAULT_POLICY, expect: { kind: 'same' as const } };
  expect(withExpectation(same, undefined).expect).toEqual({ kind: 'same' });
  expect(withExpectation(same, 'better by 2 points').expect).toEqual({ kind: 'better', by: 0.02 });
  expect(() => withExpectation(same, 'worse')).toThrow("--expect 'worse' is not known.");
});
