import { expect, test } from 'vitest';
import { mirrorHistoryRow } from '../../../src/cli/views/mirror-rollout.ts';

test('what was promoted by --force has not passed', () => {
  const entry = {
    at: 0,
    command: 'promote',
    by: 'ann',
    rollout: 'r',
    shadow: 'c',
    what: 'ended',
    outcome: 'passed',
  } as const;
  expect(mirrorHistoryRow(entry).join(' ')).not.toContain('passed');
  expect(mirrorHistoryRow({ ...entry, outcome: 'failed' }).join(' ')).toContain('failed');
});
