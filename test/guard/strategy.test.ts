import { describe, expect, test } from 'vitest';
import { planStrategy, type StrategyRequest } from '../../src/guard/strategy.ts';

const asked = (request: Partial<StrategyRequest>): StrategyRequest => ({
  strategy: 'canary',
  size: undefined,
  rollbackSize: undefined,
  bakeSeconds: undefined,
  finalBakeSeconds: undefined,
  maxSeconds: undefined,
  ...request,
});

describe('what SageMaker is asked for', () => {
  test('a canary of one instance by default', () => {
    const strategy = planStrategy(asked({}), 3);
    expect(strategy.stages).toEqual([1, 3]);
    expect(strategy.config).toEqual({
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: {
          Type: 'CANARY',
          CanarySize: { Type: 'INSTANCE_COUNT', Value: 1 },
          WaitIntervalInSeconds: 300,
        },
        TerminationWaitInSeconds: 300,
      },
    });
  });

  test('linear steps up to the whole fleet', () => {
    const strategy = planStrategy(
      asked({ strategy: 'linear', size: { unit: 'percent', value: 30 }, bakeSeconds: 240, maxSeconds: 7200 }),
      10,
    );
    expect(strategy.stages).toEqual([3, 6, 9, 10]);
    expect(strategy.config).toEqual({
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: {
          Type: 'LINEAR',
          LinearStepSize: { Type: 'CAPACITY_PERCENT', Value: 30 },
          WaitIntervalInSeconds: 240,
        },
        TerminationWaitInSeconds: 300,
        MaximumExecutionTimeoutInSeconds: 7200,
      },
    });
  });

  test('rolling in batches, with the batch of the way back', () => {
    const strategy = planStrategy(
      asked({
        strategy: 'rolling',
        size: { unit: 'instances', value: 2 },
        rollbackSize: { unit: 'percent', value: 100 },
        bakeSeconds: 180,
      }),
      4,
    );
    expect(strategy.stages).toEqual([2, 4]);
    expect(strategy.config).toEqual({
      RollingUpdatePolicy: {
        MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 2 },
        WaitIntervalInSeconds: 180,
        RollbackMaximumBatchSize: { Type: 'CAPACITY_PERCENT', Value: 100 },
      },
    });
  });

  test('all at once bakes before the old fleet goes, with one instance too', () => {
    const strategy = planStrategy(asked({ strategy: 'all-at-once', bakeSeconds: 240 }), 1);
    expect(strategy.config).toEqual({
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0 },
        TerminationWaitInSeconds: 240,
      },
    });
  });
});

describe('every rule of UpdateEndpoint, before any call', () => {
  const instances = (value: number) => ({ unit: 'instances', value }) as const;
  const percent = (value: number) => ({ unit: 'percent', value }) as const;
  test.each<[string, Partial<StrategyRequest>, number, RegExp]>([
    ['a canary of a single instance', {}, 1, /needs at least 2 instances, and the new fleet has 1.*at most 50 %/],
    ['a canary above half', { size: instances(2) }, 3, /2 instances is more than half of 3 instances.*at most 50 %/],
    ['a canary of 51 %', { size: percent(51) }, 10, /51 % is more than half/],
    ['a bake above an hour', { bakeSeconds: 3601 }, 3, /--bake 1h1s.*0 to 1h/],
    ['a final bake above an hour', { finalBakeSeconds: 3601 }, 3, /--final-bake 1h1s.*0 to 1h/],
    ['a time limit below 10 minutes', { maxSeconds: 599 }, 3, /--max-time 9m59s.*10m to 8h/],
    ['a time limit above 8 hours', { maxSeconds: 28_801 }, 3, /--max-time 8h1s.*10m to 8h/],
    [
      'a time limit that the waits use up',
      { maxSeconds: 600 },
      3,
      /longer than all waiting together, which is 10 min \(1 × 5 min \+ 5 min\)/,
    ],
    ['linear with one instance', { strategy: 'linear' }, 1, /linear update needs at least 2/],
    ['a linear step below 10 %', { strategy: 'linear', size: instances(1) }, 11, /10 to 50 %/],
    ['a linear step above 50 %', { strategy: 'linear', size: percent(51) }, 4, /10 to 50 %/],
    [
      'the waits of every linear step',
      { strategy: 'linear', size: percent(10), bakeSeconds: 600, finalBakeSeconds: 0, maxSeconds: 5400 },
      10,
      /which is 1 h 30 min \(9 × 10 min \+ 0 s\)/,
    ],
    ['a batch below 5 %', { strategy: 'rolling', size: instances(1) }, 21, /5 to 50 %/],
    ['a batch above 50 %', { strategy: 'rolling', size: instances(3) }, 4, /5 to 50 %/],
    [
      'a final bake of a rolling update',
      { strategy: 'rolling', finalBakeSeconds: 60 },
      4,
      /--final-bake does not exist/,
    ],
    [
      'a rollback batch of a canary',
      { rollbackSize: percent(100) },
      4,
      /--rollback-batch-size belongs to --strategy rolling/,
    ],
    ['a size all at once', { strategy: 'all-at-once', size: instances(1) }, 4, /has no size/],
    ['two bakes all at once', { strategy: 'all-at-once', bakeSeconds: 60, finalBakeSeconds: 60 }, 4, /one bake only/],
  ])('%s', (_, request, fleet, words) => {
    expect(() => planStrategy(asked(request), fleet)).toThrow(words);
  });

  test('what lies on the edge is permitted', () => {
    expect(
      planStrategy(asked({ size: percent(50), bakeSeconds: 3600, finalBakeSeconds: 0, maxSeconds: 28_800 }), 2).stages,
    ).toEqual([1, 2]);
    expect(planStrategy(asked({ strategy: 'linear', size: percent(10) }), 10).stages).toHaveLength(10);
    expect(planStrategy(asked({ strategy: 'rolling', size: percent(5) }), 20).stages).toHaveLength(20);
    expect(planStrategy(asked({ maxSeconds: 601 }), 2).maxSeconds).toBe(601);
  });
});
