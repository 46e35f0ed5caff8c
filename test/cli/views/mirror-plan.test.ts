import { expect, test } from 'vitest';
import { mirrorPlanLines } from '../../../src/cli/views/mirror-rollout.ts';
import type { MirrorRolloutPlan } from '../../../src/lifecycle/plans.ts';

const plan = (steps: string[]): MirrorRolloutPlan => ({
  kind: 'mirror-rollout',
  mirror: 'records',
  fallback: 'unreachable',
  division: undefined,
  rollout: {
    ...{ id: 'r', command: 'promote', shadow: 'c', candidate: 'http://c', production: 'http://live' },
    ...{ by: 'request', bakeSeconds: 180, judging: 'policy', limits: {} },
    steps: steps.map((words) => ({ words, share: 1, slices: [] })),
  },
});
const said = (steps: string[]) => mirrorPlanLines({ columns: 400 }, plan(steps)).join(' ');

test('a plan says which steps are watched: all of them', () => {
  expect(said(['10%', '100%'])).toContain('answers 10%, then 100%, for at least 3 min each');
  expect(said(['100%'])).toContain('answers 100%, for at least 3 min');
});
