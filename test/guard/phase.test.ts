import { describe, expect, test } from 'vitest';
import { inferPhase, samePhase, standsBy, type Phase } from '../../src/guard/phase.ts';

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
  const phase = inferPhase(description);
  expect(phase.name).toBe(name);
  expect(phase.share).toBeCloseTo(share, 12);
});

test('a bake ends when its words say', () => {
  const phase = inferPhase(
    pending(
      1,
      'Baking',
      'Baking for 600 seconds (TerminationWaitInSeconds) with traffic enabled on canary capacity of 1 instance(s).',
    ),
  );
  expect(phase.bakeEnds).toBe(START.getTime() + 600_000);
  expect(phase.target).toBe('v2');
  expect(phase.newFleet).toEqual({ config: 'v2', current: 1, desired: 3 });
});

describe('statuses of the endpoint', () => {
  test.each([
    ['InService', 'settled'],
    ['Failed', 'failed'],
    ['UpdateRollbackFailed', 'failed'],
    ['OutOfService', 'failed'],
    ['Creating', 'creating'],
    ['Deleting', 'deleting'],
    ['RollingBack', 'rolling-back'],
    ['SystemUpdating', 'updating'],
    ['Updating', 'starting'],
  ] as const)('%s alone means %s', (EndpointStatus, name) => {
    expect(inferPhase({ EndpointStatus, EndpointConfigName: 'v1', ProductionVariants: [old(3)] }).name).toBe(name);
  });

  test('nothing is known: nothing is made up', () => {
    expect(inferPhase({ EndpointStatus: 'Updating', EndpointConfigName: undefined })).toEqual({
      name: 'starting',
      words: undefined,
      share: 0,
      oldFleet: undefined,
      newFleet: undefined,
      bakeEnds: undefined,
      target: undefined,
    });
  });
});

describe('statuses of the variant, while the endpoint is updating', () => {
  test.each([
    ['Creating', 'launching', 0],
    ['Updating', 'launching', 0],
    ['ActivatingTraffic', 'shifting', 2 / 3],
    ['Baking', 'baking', 2 / 3],
    ['Deleting', 'rolling-back', 2 / 3],
    ['Unheard', 'updating', 2 / 3],
  ])('%s means %s', (status, name, share) => {
    const phase = inferPhase(pending(2, status, ''));
    expect(phase.name).toBe(name);
    expect(phase.share).toBeCloseTo(share, 12);
  });

  test('a whole fleet bakes for the last time', () => {
    expect(inferPhase(pending(3, 'Baking', '')).name).toBe('final-bake');
  });

  test('the old fleet goes: its own status says so', () => {
    const description = {
      ...pending(3, 'Baking', ''),
      ProductionVariants: [{ ...old(3), VariantStatus: [{ Status: 'Deleting' as const, StatusMessage: 'gone soon' }] }],
      PendingDeploymentSummary: {
        EndpointConfigName: 'v2',
        ProductionVariants: [{ VariantName: 'AllTraffic', CurrentInstanceCount: 3, DesiredInstanceCount: 3 }],
      },
    };
    expect(inferPhase(description)).toMatchObject({ name: 'terminating', words: 'gone soon', share: 1 });
  });

  test.each([[[]], [undefined]])('a new fleet whose status is %j is counted', (VariantStatus) => {
    const description = {
      ...pending(0, 'Baking', ''),
      PendingDeploymentSummary: {
        EndpointConfigName: 'v2',
        ProductionVariants: [
          { VariantName: 'AllTraffic', CurrentInstanceCount: 1, DesiredInstanceCount: 4, VariantStatus },
        ],
      },
    };
    expect(inferPhase(description)).toMatchObject({ name: 'updating', share: 0.25, words: undefined });
  });

  test('an update whose fleets are not shown yet', () => {
    const description = { ...pending(0, 'Baking', ''), PendingDeploymentSummary: { EndpointConfigName: 'v2' } };
    expect(inferPhase(description)).toMatchObject({ name: 'updating', share: 0, newFleet: undefined, target: 'v2' });
  });
});

describe('the share of the new fleet', () => {
  const share = (current: number | undefined, desired: number | undefined, status: string, message: string) => {
    const description = pending(0, status, message);
    const [variant] = description.PendingDeploymentSummary.ProductionVariants;
    return inferPhase({
      ...description,
      PendingDeploymentSummary: {
        EndpointConfigName: 'v2',
        ProductionVariants: [
          {
            VariantName: 'AllTraffic',
            ...(current === undefined ? {} : { CurrentInstanceCount: current }),
            ...(desired === undefined ? {} : { DesiredInstanceCount: desired }),
            VariantStatus: variant?.VariantStatus,
          },
        ],
      },
    }).share;
  };
  test.each<[number | undefined, number | undefined, string, string, number]>([
    // Instances that are being started take nothing yet.
    [4, 4, 'Creating', '', 0],
    [4, 4, 'Updating', 'on full capacity', 0],
    [1, 4, 'Baking', '', 0.25],
    [4, 4, 'Baking', '', 1],
    [5, 4, 'Baking', '', 1],
    [0, 4, 'Baking', 'with traffic enabled on full capacity of 4 instance(s)', 1],
    [4, 4, 'Baking', 'on canary capacity of 1 instance(s)', 0.25],
    [20, 20, 'Baking', 'on canary capacity of 10 instance(s)', 0.5],
    [4, 4, 'Baking', 'on canary capacity of 6 instance(s)', 1],
    [0, 0, 'Baking', '', 0],
    [1, 0, 'Baking', '', 0],
    [0, 0, 'Baking', 'on full capacity', 0],
    [undefined, 4, 'Baking', '', 0],
    [4, undefined, 'Baking', '', 0],
  ])('%s of %s, %s "%s": %s', (current, desired, status, message, expected) => {
    expect(share(current, desired, status, message)).toBe(expected);
  });
});

describe('when a bake ends', () => {
  test.each<[string, string, number | undefined]>([
    ['Baking', 'Baking for 5 seconds', 5000],
    ['Baking', 'Baking for 3600 seconds (TerminationWaitInSeconds)', 3_600_000],
    ['Baking', 'Baking', undefined],
    ['ActivatingTraffic', 'Baking for 5 seconds', undefined],
  ])('%s "%s"', (status, message, after) => {
    expect(inferPhase(pending(1, status, message)).bakeEnds).toBe(
      after === undefined ? undefined : START.getTime() + after,
    );
  });

  test('not without its beginning', () => {
    const description = pending(1, 'Baking', '');
    const endpoint = {
      ...description,
      PendingDeploymentSummary: {
        EndpointConfigName: 'v2',
        ProductionVariants: [
          {
            VariantName: 'AllTraffic',
            CurrentInstanceCount: 1,
            DesiredInstanceCount: 3,
            VariantStatus: [{ Status: 'Baking' as const, StatusMessage: 'Baking for 600 seconds' }],
          },
        ],
      },
    };
    expect(inferPhase(endpoint)).toMatchObject({
      name: 'baking',
      words: 'Baking for 600 seconds',
      bakeEnds: undefined,
    });
  });
});

test('both fleets are counted, and what is not said counts 0', () => {
  expect(inferPhase(pending(1, 'Baking', ''))).toMatchObject({
    oldFleet: { config: 'v1', current: 3, desired: 3 },
    newFleet: { config: 'v2', current: 1, desired: 3 },
    target: 'v2',
  });
  expect(
    inferPhase({ EndpointStatus: 'InService', EndpointConfigName: 'v1', ProductionVariants: [{ VariantName: 'a' }] })
      .oldFleet,
  ).toEqual({ config: 'v1', current: 0, desired: 0 });
  expect(
    inferPhase({ EndpointStatus: 'InService', EndpointConfigName: undefined, ProductionVariants: [old(3)] }).oldFleet,
  ).toBeUndefined();
});

describe('two looks at one phase', () => {
  const phase = (name: Phase['name'], share: number): Phase => ({
    name,
    words: undefined,
    share,
    oldFleet: undefined,
    newFleet: undefined,
    bakeEnds: undefined,
    target: undefined,
  });
  test.each<[Phase, Phase, boolean]>([
    [phase('baking', 1 / 3), phase('baking', 1 / 3), true],
    [phase('baking', 1 / 3), phase('baking', 0.334), true],
    [phase('baking', 1 / 3), phase('baking', 2 / 3), false],
    [phase('baking', 0.01), phase('baking', 0.02), false],
    [phase('shifting', 1 / 3), phase('shifting', 2 / 3), false],
    [phase('shifting', 1 / 3), phase('baking', 1 / 3), false],
    [phase('rolling-back', 1 / 3), phase('rolling-back', 2 / 3), true],
    [phase('launching', 0), phase('starting', 0), false],
  ])('%#', (a, b, same) => {
    expect(samePhase(a, b)).toBe(same);
  });
});

test('only the old fleet of a final bake stands by: SageMaker counts 0 instances, and they run', () => {
  const baking = pending(
    3,
    'Baking',
    'Baking for 120 seconds (TerminationWaitInSeconds) on full capacity of 3 instance(s).',
  );
  const gone = { current: 0, desired: 3 };
  expect(standsBy(inferPhase(baking), gone)).toBe(true);
  expect(standsBy(inferPhase(baking), { current: 3, desired: 3 })).toBe(false);
  expect(standsBy(inferPhase(pending(3, 'Deleting', '')), gone)).toBe(false);
});
