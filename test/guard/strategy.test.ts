import { describe, expect, test } from 'vitest';
import { Problem } from '../../src/base/errors.ts';
import { printText } from '../../src/base/text.ts';
import { instances, planStrategy, type Size, STRATEGIES, type StrategyRequest } from '../../src/guard/strategy.ts';

const asked = (request: Partial<StrategyRequest>): StrategyRequest => ({
  strategy: 'canary',
  size: undefined,
  rollbackSize: undefined,
  bakeSeconds: undefined,
  finalBakeSeconds: undefined,
  maxSeconds: undefined,
  ...request,
});

const of = (value: number): Size => ({ unit: 'instances', value });
const percent = (value: number): Size => ({ unit: 'percent', value });

/** What is refused, its next step as it is printed. */
function refusal(request: Partial<StrategyRequest>, fleet: number) {
  try {
    planStrategy(asked(request), fleet);
  } catch (error) {
    if (error instanceof Problem)
      return { kind: error.kind, message: error.message, next: error.next && printText(error.next) };
  }
  throw new Error('not refused');
}

describe('what SageMaker is asked for', () => {
  test('a canary of one instance by default', () => {
    const strategy = planStrategy(asked({}), 3);
    expect(strategy.stages).toEqual([1, 3]);
    expect(strategy.config).toStrictEqual({
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: {
          Type: 'CANARY',
          CanarySize: { Type: 'INSTANCE_COUNT', Value: 1 },
          WaitIntervalInSeconds: 300,
        },
        TerminationWaitInSeconds: 300,
        MaximumExecutionTimeoutInSeconds: 28_800,
      },
    });
  });

  test('linear steps up to the whole fleet', () => {
    const strategy = planStrategy(
      asked({ strategy: 'linear', size: { unit: 'percent', value: 30 }, bakeSeconds: 240, maxSeconds: 7200 }),
      10,
    );
    expect(strategy.stages).toEqual([3, 6, 9, 10]);
    expect(strategy.config).toStrictEqual({
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
    expect(strategy.config).toStrictEqual({
      RollingUpdatePolicy: {
        MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 2 },
        WaitIntervalInSeconds: 180,
        RollbackMaximumBatchSize: { Type: 'CAPACITY_PERCENT', Value: 100 },
        MaximumExecutionTimeoutInSeconds: 28_800,
      },
    });
  });

  test('all at once bakes before the old fleet goes, with one instance too', () => {
    const strategy = planStrategy(asked({ strategy: 'all-at-once', bakeSeconds: 240 }), 1);
    expect(strategy.config).toStrictEqual({
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0 },
        TerminationWaitInSeconds: 240,
        MaximumExecutionTimeoutInSeconds: 28_800,
      },
    });
  });

  test('the longest time where none is asked for, unless the waits are longer still', () => {
    expect(planStrategy(asked({}), 3).maxSeconds).toBe(28_800);
    const long = planStrategy(
      asked({ strategy: 'linear', size: percent(10), bakeSeconds: 3600, finalBakeSeconds: 3600 }),
      10,
    );
    expect([long.maxSeconds, JSON.stringify(long.config)]).toEqual([undefined, expect.not.stringContaining('Maximum')]);
  });
});

test('a fleet of one: nothing is advised that a shadow forbids', () => {
  const advice = (besideShadow: boolean) => {
    try {
      planStrategy(asked({}), 1, 'w', besideShadow);
    } catch (error) {
      return printText((error as Problem).next ?? '');
    }
    return '';
  };
  expect(advice(false)).toContain('deploy --endpoint w --instances 2');
  expect(advice(true)).toMatch(/^Use --strategy all-at-once/);
  expect(advice(true)).not.toContain('deploy');
});

describe('every rule of UpdateEndpoint, before any call', () => {
  test.each<[string, Partial<StrategyRequest>, number, RegExp]>([
    ['a canary of a single instance', {}, 1, /needs at least 2 instances, and the new fleet has 1.*at most 50 %/],
    ['a canary above half', { size: of(2) }, 3, /2 instances is more than half of 3 instances.*at most 50 %/],
    ['a canary of 51 %', { size: percent(51) }, 10, /51 % is more than half/],
    ['a bake above an hour', { bakeSeconds: 3601 }, 3, /--bake 1h1s.*0 to 1h/],
    ['a final bake above an hour', { finalBakeSeconds: 3601 }, 3, /--final-bake 1h1s.*0 to 1h/],
    ['a time limit below 10 minutes', { maxSeconds: 599 }, 3, /--max-time 9m59s.*10m to 8h/],
    ['a time limit above 8 hours', { maxSeconds: 28_801 }, 3, /--max-time 8h1s.*10m to 8h/],
    [
      'a time limit that the waits use up',
      { maxSeconds: 600 },
      3,
      /longer than all the waits together, which are 10 min \(1 × 5 min \+ 5 min\)/,
    ],
    ['linear with one instance', { strategy: 'linear' }, 1, /linear update needs at least 2/],
    ['a linear step below 10 %', { strategy: 'linear', size: of(1) }, 11, /10 to 50 %/],
    ['a linear step above 50 %', { strategy: 'linear', size: percent(51) }, 4, /10 to 50 %/],
    [
      'the waits of every linear step',
      { strategy: 'linear', size: percent(10), bakeSeconds: 600, finalBakeSeconds: 0, maxSeconds: 5400 },
      10,
      /which are 1 h 30 min \(9 × 10 min \+ 0 s\)/,
    ],
    ['a batch below 5 %', { strategy: 'rolling', size: of(1) }, 21, /5 to 50 %/],
    ['a batch above 50 %', { strategy: 'rolling', size: of(3) }, 4, /5 to 50 %/],
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
    ['a size all at once', { strategy: 'all-at-once', size: of(1) }, 4, /has no size/],
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

test('every strategy that is named can be planned, and keeps its name and its fleet', () => {
  expect(STRATEGIES.map((name) => planStrategy(asked({ strategy: name }), 4))).toMatchObject([
    { name: 'canary', fleet: 4, stages: [1, 4], bakeSeconds: 300, finalBakeSeconds: 300 },
    { name: 'linear', fleet: 4, stages: [2, 4], bakeSeconds: 300, finalBakeSeconds: 300 },
    { name: 'rolling', fleet: 4, stages: [2, 4], bakeSeconds: 300, finalBakeSeconds: 0 },
    { name: 'all-at-once', fleet: 4, stages: [4], bakeSeconds: 0, finalBakeSeconds: 300 },
  ]);
});

describe('the fields of the request that only some are given', () => {
  test('a canary with everything', () => {
    const strategy = planStrategy(
      asked({ size: percent(34), bakeSeconds: 240, finalBakeSeconds: 120, maxSeconds: 1800 }),
      3,
    );
    expect(strategy).toMatchObject({ stages: [1, 3], bakeSeconds: 240, finalBakeSeconds: 120, maxSeconds: 1800 });
    expect(strategy.config).toStrictEqual({
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: {
          Type: 'CANARY',
          CanarySize: { Type: 'CAPACITY_PERCENT', Value: 34 },
          WaitIntervalInSeconds: 240,
        },
        TerminationWaitInSeconds: 120,
        MaximumExecutionTimeoutInSeconds: 1800,
      },
    });
  });

  test('a linear update with a size in instances and its final bake', () => {
    const strategy = planStrategy(asked({ strategy: 'linear', size: of(2), finalBakeSeconds: 60 }), 5);
    expect(strategy).toMatchObject({ stages: [2, 4, 5], bakeSeconds: 300, finalBakeSeconds: 60 });
    expect(strategy.config.BlueGreenUpdatePolicy).toMatchObject({
      TrafficRoutingConfiguration: { LinearStepSize: { Type: 'INSTANCE_COUNT', Value: 2 } },
      TerminationWaitInSeconds: 60,
    });
  });

  test('a rolling update with a size in per cent and its time limit', () => {
    const strategy = planStrategy(
      asked({ strategy: 'rolling', size: percent(40), bakeSeconds: 60, maxSeconds: 3600 }),
      5,
    );
    expect(strategy).toMatchObject({ stages: [2, 4, 5], bakeSeconds: 60, maxSeconds: 3600 });
    expect(strategy.config).toStrictEqual({
      RollingUpdatePolicy: {
        MaximumBatchSize: { Type: 'CAPACITY_PERCENT', Value: 40 },
        WaitIntervalInSeconds: 60,
        MaximumExecutionTimeoutInSeconds: 3600,
      },
    });
  });

  test('all at once: the bake may be called by either name, and has a time limit too', () => {
    const strategy = planStrategy(asked({ strategy: 'all-at-once', finalBakeSeconds: 120, maxSeconds: 700 }), 2);
    expect(strategy).toMatchObject({ bakeSeconds: 0, finalBakeSeconds: 120 });
    expect(strategy.config.BlueGreenUpdatePolicy).toMatchObject({
      TerminationWaitInSeconds: 120,
      MaximumExecutionTimeoutInSeconds: 700,
    });
  });

  test('what was not asked for is not sent', () => {
    for (const strategy of STRATEGIES)
      expect(JSON.stringify(planStrategy(asked({ strategy }), 4).config)).not.toMatch(/RollbackMaximum/);
  });
});

describe('a share in whole instances: at least one, and no part of one', () => {
  test.each<[StrategyRequest['strategy'], Size, number, number[]]>([
    ['canary', percent(1), 3, [1, 3]],
    ['canary', percent(50), 3, [1, 3]],
    ['canary', percent(50), 4, [2, 4]],
    ['canary', percent(39), 10, [3, 10]],
    // More than 50 instances are no more than 50 %.
    ['canary', of(60), 200, [60, 200]],
    ['canary', of(1), 2, [1, 2]],
    ['linear', percent(50), 2, [1, 2]],
    ['linear', percent(10), 5, [1, 2, 3, 4, 5]],
    ['linear', percent(33), 10, [3, 6, 9, 10]],
    ['linear', of(5), 10, [5, 10]],
    ['linear', of(1), 10, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ['rolling', of(10), 20, [10, 20]],
    ['rolling', percent(50), 5, [2, 4, 5]],
  ])('%s %o of %i', (strategy, size, fleet, stages) => {
    expect(planStrategy(asked({ strategy, size }), fleet).stages).toEqual(stages);
  });

  test('one instance in twenty is the smallest batch', () => {
    expect(planStrategy(asked({ strategy: 'rolling', size: of(1) }), 20).stages).toHaveLength(20);
  });
});

describe('what is refused is a wrong call, and names what is permitted', () => {
  test.each<[string, Partial<StrategyRequest>, number, string | RegExp, string | undefined]>([
    ['one instance', {}, 1, 'the new fleet has 1:', 'shadowctl deploy --endpoint NAME --instances 2'],
    ['one instance, rolling', { strategy: 'rolling' }, 1, 'A rolling update', '--strategy all-at-once'],
    ['a canary too large', { size: of(3) }, 5, 'A canary of 3 instances', 'Use --canary-size 2 or less.'],
    ['a canary of half and one more', { size: percent(51) }, 100, 'A canary of 51 %', 'Use --canary-size 50 or less.'],
    [
      'a step too small',
      { strategy: 'linear', size: of(1) },
      11,
      'step of 1 instance with 11 instances',
      '--step-size 2 to 5,',
    ],
    ['a step of 9 %', { strategy: 'linear', size: percent(9) }, 10, 'step of 9 %', '--step-size 1 to 5,'],
    ['a step too large', { strategy: 'linear', size: of(6) }, 10, 'step of 6 instances', '--step-size 1 to 5,'],
    [
      'a batch too small',
      { strategy: 'rolling', size: of(1) },
      21,
      'batch of 1 instance with 21',
      '--batch-size 2 to 10,',
    ],
    ['a batch of 4 %', { strategy: 'rolling', size: percent(4) }, 20, 'batch of 4 %', '--batch-size 1 to 10,'],
    ['a batch too large', { strategy: 'rolling', size: percent(51) }, 10, 'batch of 51 %', '--batch-size 1 to 5,'],
    ['a final bake, rolling', { strategy: 'rolling', finalBakeSeconds: 0 }, 4, '--final-bake', '--bake'],
    ['a bake below 0', { bakeSeconds: -1 }, 4, '--bake 0s:', undefined],
    [
      'the final bake of a linear update',
      { strategy: 'linear', finalBakeSeconds: 3601 },
      4,
      '--final-bake 1h1s',
      undefined,
    ],
    ['the bake of all at once', { strategy: 'all-at-once', finalBakeSeconds: 3601 }, 4, '--bake 1h1s', undefined],
    ['a time limit that the waits use up', { maxSeconds: 600 }, 4, '--max-time 10m: it must', undefined],
    [
      'a rollback batch, linear',
      { strategy: 'linear', rollbackSize: of(1) },
      4,
      'with linear the old fleet',
      undefined,
    ],
  ])('%s', (_, request, fleet, message, next) => {
    const problem = refusal(request, fleet);
    expect(problem.kind).toBe('usage');
    expect(problem.message).toContain(message);
    if (next === undefined) expect(problem.next).toBeUndefined();
    else expect(problem.next).toContain(next);
  });

  test.each<[Partial<StrategyRequest>, number | undefined]>([
    [{ maxSeconds: 600, bakeSeconds: 300, finalBakeSeconds: 299 }, 600],
    [{ maxSeconds: 28_800 }, 28_800],
    [{ bakeSeconds: 0, finalBakeSeconds: 3600 }, 28_800],
    [{}, 28_800],
  ])('on the edge: %o', (request, maxSeconds) => {
    expect(planStrategy(asked(request), 2).maxSeconds).toBe(maxSeconds);
  });

  test('a time limit must be longer than all waiting together, in its own words', () => {
    expect(refusal({ strategy: 'rolling', bakeSeconds: 300, size: of(1), maxSeconds: 900 }, 4).message).toContain(
      'which are 15 min (3 × 5 min + 0 s)',
    );
    expect(
      planStrategy(asked({ strategy: 'rolling', bakeSeconds: 300, size: of(1), maxSeconds: 901 }), 4).maxSeconds,
    ).toBe(901);
  });
});

test('instances are counted in words', () => {
  expect([0, 1, 2].map(instances)).toEqual(['0 instances', '1 instance', '2 instances']);
});
