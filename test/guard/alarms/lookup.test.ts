import { describe, expect, test } from 'vitest';
import { examineNonMetricAlarm } from '../../../src/guard/alarms/lookup.ts';
import { hourlyCost } from '../../../src/guard/prices.ts';

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
  expect(hourlyCost('ml.m5.large', 3)).toBe('about $0.35 an hour (estimate: us-east-1, from public sources)');
  expect(hourlyCost('ml.p5.48xlarge', 3)).toBeUndefined();
  expect(hourlyCost(undefined, 3)).toBeUndefined();
});
