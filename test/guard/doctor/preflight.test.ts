import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { describe, expect, test } from 'vitest';
import { printText } from '../../../src/base/text.ts';
import { planAlarms } from '../../../src/guard/alarms/plan.ts';
import { firstBake, preflight, type PreflightFacts } from '../../../src/guard/doctor/preflight.ts';
import type { Finding } from '../../../src/guard/finding.ts';
import { planStrategy, type StrategyRequest } from '../../../src/guard/strategy.ts';
import type { Baseline, Limits } from '../../../src/guard/thresholds.ts';

const LIMITS: Limits = {
  rate5xx: 0.01,
  rate4xx: 0.05,
  latency: { statistic: 'p90', milliseconds: 100 },
  reasons: { rate5xx: '', rate4xx: '', latency: '' },
};

/** An hour of 240 requests a minute, of which a canary of 1 in 3 takes 80. */
const BUSY: Baseline = {
  minutes: 60,
  activeMinutes: 60,
  servedMinutes: 60,
  requests: 14_400,
  failures4xx: 0,
  failures5xx: 0,
  latency: [50, 50, 50],
};

const strategy = (request: Partial<StrategyRequest> = {}, fleet = 3) =>
  planStrategy({ strategy: 'canary', ...request }, fleet);

function facts(change: Partial<PreflightFacts> = {}): PreflightFacts {
  return {
    endpoint: 'weather',
    variant: 'AllTraffic',
    liveConfig: 'v1',
    newConfig: 'v2',
    instanceType: 'ml.m5.large',
    prices: { region: 'us-east-1', given: {} },
    strategy: strategy(),
    limits: LIMITS,
    baseline: BUSY,
    alarms: [],
    teamAlarms: [],
    endpointFindings: [],
    account: '123456789012',
    modelPackage: undefined,
    bringsTraffic: false,
    carriesShadow: false,
    ...change,
  };
}

/** `severity check` of everything but what the update costs, which is always said. */
function found(change: Partial<PreflightFacts> = {}): string[] {
  return preflight(facts(change))
    .filter(({ check }) => check !== 'capacity')
    .map(({ severity, check }) => `${severity} ${check}`);
}

function the(check: string, change: Partial<PreflightFacts> = {}) {
  const finding = preflight(facts(change)).find((one) => one.check === check);
  if (finding === undefined) throw new Error(`no finding ${check}`);
  return { ...finding, next: finding.next === undefined ? undefined : printText(finding.next) };
}

const baseline = (change: Partial<Baseline>) => ({ baseline: { ...BUSY, ...change } });

test('of a sound update only its cost is said, as a note', () => {
  expect(preflight(facts()).map(({ severity, check, subject }) => [severity, check, subject])).toEqual([
    ['note', 'capacity', 'endpoint weather'],
  ]);
});

describe('where SageMaker would silently do without the guardrail', () => {
  const packageOf = (owner: string) => `arn:aws:sagemaker:eu-west-1:${owner}:model-package/forecast/1`;
  test.each<[string, Partial<PreflightFacts>, string[]]>([
    ['Inferentia 1', { instanceType: 'ml.inf1.xlarge' }, ['blocking inferentia-1']],
    ['Inferentia 2', { instanceType: 'ml.inf2.xlarge' }, []],
    ['an unknown instance type', { instanceType: undefined }, []],
    ["another account's package", { modelPackage: packageOf('999999999999') }, ['blocking marketplace']],
    ['a package of this account', { modelPackage: packageOf('123456789012') }, []],
    ['a package that names no account', { modelPackage: 'forecast' }, []],
  ])('%s', (_, change, expected) => {
    expect(found(change)).toEqual(expected);
  });

  test('each names what it met', () => {
    expect(the('inferentia-1', { instanceType: 'ml.inf1.xlarge' })).toMatchObject({
      subject: 'endpoint weather',
      message: expect.stringContaining('ml.inf1.xlarge') as string,
      next: expect.stringContaining('shadowctl deploy') as string,
    });
    expect(the('marketplace', { modelPackage: packageOf('999999999999') })).toMatchObject({
      subject: 'endpoint weather',
      message: expect.stringContaining(packageOf('999999999999')) as string,
      next: expect.stringContaining('--unguarded') as string,
    });
  });
});

describe('what the examination of the endpoint found', () => {
  const finding = (severity: Finding['severity'], check: string): Finding => ({
    severity,
    check,
    subject: 'endpoint weather',
    message: check,
  });

  test('of that what bears on the update is kept, as it is and in its order', () => {
    const kept = [finding('warning', 'several-variants'), finding('blocking', 'model-deleted')];
    const endpointFindings = [finding('ok', 'settled'), finding('note', 'quota'), ...kept];
    expect(preflight(facts({ endpointFindings })).filter(({ check }) => check !== 'capacity')).toEqual(kept);
  });

  test.each(['no-traffic', 'inferentia-1', 'one-instance', 'serverless', 'in-progress', 'broken'])(
    '%s is examined here with more knowledge, or refused before',
    (check) => {
      expect(found({ endpointFindings: [finding('blocking', check), finding('warning', check)] })).toEqual([]);
    },
  );

  test.each<[StrategyRequest['strategy'], string]>([
    ['rolling', 'blocking artifact-missing'],
    ['canary', 'warning artifact-missing'],
    ['linear', 'warning artifact-missing'],
    ['all-at-once', 'warning artifact-missing'],
  ])('%s: an artifact that is gone stops an update only where old instances go before the end', (name, expected) => {
    const endpointFindings = [finding('blocking', 'artifact-missing')];
    expect(found({ endpointFindings, strategy: strategy({ strategy: name }, 4) })).toEqual([expected]);
  });

  test('no other blocking finding is weakened', () => {
    expect(found({ endpointFindings: [finding('blocking', 'config-deleted')] })).toEqual(['blocking config-deleted']);
  });
});

describe('alarms', () => {
  const ours = planAlarms({ endpoint: 'weather', variant: 'AllTraffic', config: 'v2' }, LIMITS, 300).map(
    ({ input }) => input,
  );
  const team: MetricAlarm = { ...ours[0], AlarmName: 'team', StateValue: 'OK' };

  test('ours are examined for this update', () => {
    expect(found({ alarms: ours })).toEqual(['ok can-fire', 'ok can-fire', 'ok can-fire']);
    expect(found({ alarms: ours, newConfig: 'v3' })).toContain('blocking other-fleet');
    expect(found({ alarms: ours, endpoint: 'other' })).toContain('blocking other-endpoint');
    expect(found({ alarms: ours, variant: 'b' })).toContain('blocking no-such-variant');
  });

  test('the config that runs now is known as the fleet being replaced', () => {
    const onOld = planAlarms({ endpoint: 'weather', variant: 'AllTraffic', config: 'v1' }, LIMITS, 300);
    expect(the('other-fleet', { alarms: onOld.map(({ input }) => input) }).message).toContain('being replaced');
  });

  test("the team's: examined where CloudWatch has them, named where it has none or only a composite one", () => {
    const composite = { AlarmName: 'both', AlarmRule: 'ALARM(a)', StateValue: 'OK' as const };
    expect(
      found({
        teamAlarms: [
          { name: 'team', found: team, composite: undefined },
          { name: 'fires', found: { ...team, StateValue: 'ALARM' }, composite: undefined },
          { name: 'gone', found: undefined, composite: undefined },
          { name: 'both', found: undefined, composite },
        ],
      }),
    ).toEqual(['ok can-fire', 'blocking already-in-alarm', 'blocking no-such-alarm', 'warning composite-alarm']);
    expect(
      the('no-such-alarm', { teamAlarms: [{ name: 'gone', found: undefined, composite: undefined }] }).subject,
    ).toBe('alarm gone');
  });

  test('they must be able to fire in the first stage', () => {
    expect(found({ alarms: ours, strategy: strategy({ bakeSeconds: 179 }) })).toContain('blocking longer-than-bake');
    expect(
      found({
        teamAlarms: [{ name: 'team', found: team, composite: undefined }],
        strategy: strategy({ bakeSeconds: 180 }),
      }),
    ).toEqual(['ok can-fire']);
  });

  test.each([
    // Half of the fleet answers first: of an average over both fleets, half is what the new one can reach.
    [{ unit: 'instances', value: 2 } as const, 0.5, 'blocking diluted-by-old-fleet'],
    [{ unit: 'instances', value: 2 } as const, 0.49, 'warning both-fleets'],
    [{ unit: 'instances', value: 1 } as const, 0.25, 'blocking diluted-by-old-fleet'],
    [{ unit: 'instances', value: 1 } as const, 0.24, 'warning both-fleets'],
  ])('a canary of %o of 4, an alarm on both fleets above %s', (size, threshold, expected) => {
    const both: MetricAlarm = { ...team, Dimensions: team.Dimensions?.slice(0, 2), Threshold: threshold };
    expect(
      found({ strategy: strategy({ size }, 4), teamAlarms: [{ name: 'team', found: both, composite: undefined }] }),
    ).toEqual([expected]);
  });
});

test.each<[string, Partial<StrategyRequest>, number]>([
  ['canary', { bakeSeconds: 240, finalBakeSeconds: 60 }, 240],
  ['linear', { strategy: 'linear', bakeSeconds: 200, finalBakeSeconds: 60 }, 200],
  ['rolling', { strategy: 'rolling', bakeSeconds: 240 }, 240],
  ['all at once: its only bake is the final one', { strategy: 'all-at-once', bakeSeconds: 240 }, 240],
])('the bake of the first stage: %s', (_, request, expected) => {
  expect(firstBake(strategy(request, 4))).toBe(expected);
});

describe('traffic', () => {
  test.each<[string, Partial<PreflightFacts>, string[]]>([
    ['none', baseline({ requests: 0, activeMinutes: 0, servedMinutes: 0, latency: [] }), ['warning no-traffic']],
    [
      'none, but shadowctl sends',
      { ...baseline({ requests: 0, activeMinutes: 0 }), bringsTraffic: true },
      ['note own-traffic'],
    ],
    ['enough, and shadowctl sends too', { bringsTraffic: true }, ['note own-traffic']],
    // A third of them reaches the first stage.
    ['30 a minute', baseline({ requests: 1800 }), []],
    ['a little less', baseline({ requests: 1799 }), ['warning little-traffic']],
    ['30 a minute in the ten minutes it has lived', baseline({ requests: 300, activeMinutes: 10 }), []],
    ['all of them within one minute', baseline({ requests: 30, activeMinutes: 1 }), []],
  ])('%s', (_, change, expected) => {
    expect(found(change)).toEqual(expected);
  });

  test('how many reach the first stage, and what one failure is then', () => {
    // 15 a minute, of which a third.
    const few = the('little-traffic', baseline({ requests: 900 }));
    expect(few.subject).toBe('endpoint weather');
    expect(few.message).toContain('about 5 requests a minute');
    expect(few.message).toContain('20 % of a minute');
    expect(few.next).toContain('--bake');
    // Less than one a minute: a failure is the whole minute, not more.
    expect(the('little-traffic', baseline({ requests: 60 })).message).toContain('about 0.33 requests a minute');
    expect(the('little-traffic', baseline({ requests: 60 })).message).toContain('100 % of a minute');
    expect(the('no-traffic', baseline({ requests: 0 })).message).toContain('last 60 minutes');
    expect(the('no-traffic', baseline({ requests: 0 })).next).toContain('shadowctl invoke');
  });
});

describe('a limit that the fleet being replaced breaks itself', () => {
  test.each<[string, Partial<Baseline>, string[]]>([
    ['5XX at the limit', { failures5xx: 144 }, []],
    ['5XX above it', { failures5xx: 145 }, ['warning predecessor-fails']],
    ['4XX at the limit', { failures4xx: 720 }, []],
    ['4XX above it', { failures4xx: 721 }, ['warning predecessor-fails']],
    ['both', { failures4xx: 721, failures5xx: 145 }, ['warning predecessor-fails', 'warning predecessor-fails']],
    ['failures without requests are no rate', { requests: 0, failures5xx: 0 }, ['warning no-traffic']],
    ['too slow for three minutes', { latency: [101, 101, 101] }, ['warning predecessor-slow']],
    ['at the limit for three minutes', { latency: [100, 100, 100] }, []],
    ['too slow for two', { latency: [101, 101, 50, 101] }, []],
  ])('%s', (_, change, expected) => {
    expect(found(baseline(change))).toEqual(expected);
  });

  test('as many minutes in a row as the bake permits the alarm', () => {
    const slow = { ...baseline({ latency: [101, 101, 50, 101] }), strategy: strategy({ bakeSeconds: 240 }) };
    expect(found(slow)).toEqual(['warning predecessor-slow']);
    expect(the('predecessor-slow', slow).message).toContain('p90 > 100 ms, 2 minutes in a row');
    expect(the('predecessor-slow', slow).message).toContain('in 1 of the last 60 minutes');
    expect(the('predecessor-slow', slow).next).toContain('--max-latency');
  });

  test('each rate with its own code, limit and flag', () => {
    const fails5xx = the('predecessor-fails', baseline({ failures5xx: 288 }));
    expect(fails5xx.message).toContain('2 % of its requests with 5XX, and the limit is 1 %');
    expect(fails5xx.next).toContain('--max-5xx-rate');
    const fails4xx = the('predecessor-fails', baseline({ failures4xx: 1440 }));
    expect(fails4xx.message).toContain('10 % of its requests with 4XX, and the limit is 5 %');
    expect(fails4xx.next).toContain('--max-4xx-rate');
    expect(fails4xx.subject).toBe('endpoint weather');
  });
});

describe('the final bake, when all traffic is on the new fleet', () => {
  test.each<[string, Partial<StrategyRequest>, string[]]>([
    ['a canary, long enough for an alarm over one minute', { finalBakeSeconds: 180 }, []],
    ['a canary, a second too short', { finalBakeSeconds: 179 }, ['warning short-final-bake']],
    ['linear', { strategy: 'linear', finalBakeSeconds: 0 }, ['warning short-final-bake']],
    ['rolling has none', { strategy: 'rolling' }, []],
    ['all at once: what is short is the only bake', { strategy: 'all-at-once', bakeSeconds: 60 }, []],
  ])('%s', (_, request, expected) => {
    expect(found({ strategy: strategy(request, 4) })).toEqual(expected);
  });

  test('says how long it is, and how long it must be', () => {
    const short = the('short-final-bake', { strategy: strategy({ finalBakeSeconds: 60 }) });
    expect(short.subject).toBe('endpoint weather');
    expect(short.message).toContain('watched for 1 min, and an alarm needs about 3 min');
    expect(short.next).toContain('--final-bake 3m');
  });
});

describe('what it costs meanwhile', () => {
  test.each<[string, Partial<PreflightFacts>, string, string]>([
    ['blue/green: a whole fleet', {}, '3 instances of ml.m5.large', 'must permit 6.'],
    [
      'rolling: a batch',
      { strategy: strategy({ strategy: 'rolling', size: { unit: 'instances', value: 1 } }, 4) },
      '1 instance of ml.m5.large',
      'must permit 5.',
    ],
    ['of an unknown type', { instanceType: undefined }, '3 instances of its kind', 'must permit 6.'],
  ])('%s', (_, change, extra, quota) => {
    const { message } = the('capacity', change);
    expect(message).toContain(extra);
    expect(message).toContain(quota);
  });

  test('in dollars where the price is known', () => {
    expect(the('capacity').message).toContain('about $0.35 an hour');
    expect(the('capacity', { instanceType: 'ml.p5.48xlarge' }).message).toContain(
      'in addition to the 3 that run: price not known (ml.p5.48xlarge in us-east-1); the account',
    );
  });
});
