import { expect, test } from 'vitest';
import { inferPhase } from '../../src/guard/phase.ts';

const START = new Date(Date.UTC(2026, 0, 5, 9));
const old = (current: number) => ({
  VariantName: 'AllTraffic',
  CurrentInstanceCount: current,
  DesiredInstanceCount: 3,
  CurrentWeight: 1,
});

function pending(current: number, status: string, message: string) {
  return {
    EndpointStatus: 'Updating' as const,
    EndpointConfigName: 'v1',
    ProductionVariants: [old(3)],
    PendingDeploymentSummary: {
      EndpointConfigName: 'v2',
      ProductionVariants: [
        {
          VariantName: 'AllTraffic',
          CurrentInstanceCount: current,
          DesiredInstanceCount: 3,
          VariantStatus: [{ Status: status as 'Baking', StatusMessage: message, StartTime: START }],
        },
      ],
    },
  };
}

test.each([
  [
    'InService',
    { EndpointStatus: 'InService' as const, EndpointConfigName: 'v1', ProductionVariants: [old(3)] },
    'settled',
    0,
  ],
  [
    'the first second of an update has no pending summary',
    { EndpointStatus: 'Updating' as const, EndpointConfigName: 'v1', ProductionVariants: [old(3)] },
    'starting',
    0,
  ],
  ['launching', pending(0, 'Creating', 'Launching 3 instance(s).'), 'launching', 0],
  [
    'shifting',
    pending(1, 'ActivatingTraffic', 'Activating traffic on canary capacity of 1 instance(s).'),
    'shifting',
    1 / 3,
  ],
  // AWS's own sample says TerminationWaitInSeconds in the canary stage too (facts 4.2).
  [
    'canary bake',
    pending(
      1,
      'Baking',
      'Baking for 600 seconds (TerminationWaitInSeconds) with traffic enabled on canary capacity of 1 instance(s).',
    ),
    'baking',
    1 / 3,
  ],
  [
    'canary bake told apart by the words where all instances are counted',
    pending(
      3,
      'Baking',
      'Baking for 600 seconds (TerminationWaitInSeconds) with traffic enabled on canary capacity of 1 instance(s).',
    ),
    'baking',
    1 / 3,
  ],
  [
    'final bake',
    pending(
      3,
      'Baking',
      'Baking for 120 seconds (TerminationWaitInSeconds) with traffic enabled on full capacity of 3 instance(s).',
    ),
    'final-bake',
    1,
  ],
  [
    'the new fleet is taken away: rolling back, though the status does not say so',
    pending(1, 'Deleting', 'Terminating 1 instance(s).'),
    'rolling-back',
    1 / 3,
  ],
  [
    'rolling back',
    { ...pending(1, 'Deleting', 'Terminating 1 instance(s).'), EndpointStatus: 'RollingBack' as const },
    'rolling-back',
    1 / 3,
  ],
])('%s', (_, description, name, share) => {
  const stage = inferPhase(description);
  expect(stage.name).toBe(name);
  expect(stage.share).toBeCloseTo(share, 12);
});

test('a bake ends when its words say', () => {
  const stage = inferPhase(
    pending(
      1,
      'Baking',
      'Baking for 600 seconds (TerminationWaitInSeconds) with traffic enabled on canary capacity of 1 instance(s).',
    ),
  );
  expect(stage.bakeEnds).toBe(START.getTime() + 600_000);
  expect(stage.target).toBe('v2');
  expect(stage.newFleet).toEqual({ config: 'v2', current: 1, desired: 3 });
});
