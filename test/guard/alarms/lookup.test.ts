import { describe, expect, test } from 'vitest';
import { examineNonMetricAlarm } from '../../../src/guard/alarms/lookup.ts';
import { hourlyCost, hourlySum } from '../../../src/guard/prices.ts';

describe('an alarm that is no metric alarm', () => {
  const composite = { AlarmName: 'team', AlarmRule: 'ALARM(a) OR ALARM(b)' };
  test.each([
    ['does not exist', undefined, 'blocking', 'no-such-alarm', 'There is no alarm team'],
    ['fires', { ...composite, StateValue: 'ALARM' as const }, 'blocking', 'already-in-alarm', 'rolled back at once'],
    [
      'is composite',
      { ...composite, StateValue: 'OK' as const },
      'warning',
      'composite-alarm',
      'It is a composite alarm (ALARM(a) OR ALARM(b))',
    ],
  ])('%s', (_, found, severity, check, words) => {
    const finding = examineNonMetricAlarm('team', found);
    expect(finding).toMatchObject({ severity, check, subject: 'alarm team' });
    expect(finding.message).toContain(words);
  });
});

test('a composite alarm whose rule CloudWatch does not show', () => {
  const finding = examineNonMetricAlarm('team', { AlarmName: 'team' });
  expect(finding).toMatchObject({ severity: 'warning', check: 'composite-alarm' });
  expect(finding.message).toContain('(its rule is not shown)');
});

test('costs are said to be estimates, and not invented', () => {
  const large = [{ instanceType: 'ml.m5.large', count: 3 }];
  const here = { region: 'us-east-1', given: {} };
  expect(hourlyCost(here, large)).toBe('about $0.35 an hour (estimate of 2026-09 for us-east-1, from public sources)');
  // Never at another region's price.
  expect(hourlyCost({ ...here, region: 'eu-west-1' }, large)).toBe('price not known (ml.m5.large in eu-west-1)');
  expect(hourlyCost(here, [{ instanceType: 'ml.p5.48xlarge', count: 3 }])).toContain('price not known');
  const given = { region: 'eu-west-1', given: { 'ml.m5.large': 0.2 } };
  expect(hourlyCost(given, large)).toBe('about $0.60 an hour (prices of shadowctl.yaml)');
  expect(hourlySum(given, [...large, { instanceType: 'ml.m5.xlarge', count: 1 }])).toBeUndefined();
});
