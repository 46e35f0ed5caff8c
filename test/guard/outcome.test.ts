import { describe, expect, test } from 'vitest';
import { alarmsIn, classifyEnding, type EndingKind, type Evidence } from '../../src/guard/outcome.ts';

const ALARM = 'One or more configured alarm for automatic rollback deployment is in ALARM state: [weather-5XXError].';
const PING =
  'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint.';
const CAPACITY =
  'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please retry using a different ML instance type.';

function evidence(change: Partial<Evidence> & { config?: string; status?: string; reason?: string }): Evidence {
  const { config = 'v1', status = 'InService', reason, ...rest } = change;
  return {
    endpoint: 'weather',
    requested: 'v2',
    previous: 'v1',
    now: { status, config, failureReason: reason },
    reasonBefore: undefined,
    firedAlarms: [],
    foreignTargets: [],
    elapsedSeconds: 900,
    maxSeconds: undefined,
    aborted: false,
    ...rest,
  };
}

describe('how an update ended', () => {
  test.each<[string, Evidence, EndingKind]>([
    ['the config asked for runs', evidence({ config: 'v2' }), 'updated'],
    ['even when an old reason is still shown', evidence({ config: 'v2', reason: ALARM }), 'updated'],
    ['InService with the old config and an alarm', evidence({ reason: ALARM }), 'rolled-back-by-alarm'],
    [
      'the same text as the last time, and the alarm has fired again',
      evidence({ reason: ALARM, reasonBefore: ALARM, firedAlarms: ['weather-5XXError'] }),
      'rolled-back-by-alarm',
    ],
    [
      'the same text as the last time, and the alarm has not fired',
      evidence({ reason: ALARM, reasonBefore: ALARM }),
      'rolled-back',
    ],
    ['no reason, but an alarm fired', evidence({ firedAlarms: ['weather-5XXError'] }), 'rolled-back-by-alarm'],
    ['no health', evidence({ reason: PING }), 'rolled-back-for-health'],
    ['no instances', evidence({ reason: CAPACITY }), 'rolled-back-for-capacity'],
    ['no reason at all (AWS may leave it empty)', evidence({}), 'rolled-back'],
    ['out of time', evidence({ maxSeconds: 900 }), 'timed-out'],
    ['aborted', evidence({ aborted: true }), 'aborted'],
    ['a third config runs', evidence({ config: 'v3' }), 'taken-over'],
    ['an update to a third config was seen', evidence({ foreignTargets: ['v3'] }), 'taken-over'],
    ['Failed', evidence({ status: 'Failed', reason: PING }), 'failed'],
    ['the rollback failed', evidence({ status: 'UpdateRollbackFailed' }), 'failed'],
    ['gone', { ...evidence({}), now: undefined }, 'deleted'],
  ])('%s', (_, given, kind) => {
    expect(classifyEnding(given).kind).toBe(kind);
  });

  test('names the alarm', () => {
    expect(classifyEnding(evidence({ reason: ALARM }))).toMatchObject({
      sentence: 'weather was rolled back to v1 by alarm weather-5XXError.',
      alarms: ['weather-5XXError'],
      reason: ALARM,
    });
  });

  test('a stale reason is not passed off as this one', () => {
    expect(classifyEnding(evidence({ reason: PING, reasonBefore: PING })).reason).toBeUndefined();
  });

  test('several alarms', () => {
    expect(alarmsIn(ALARM.replace(']', ', team-alarm]'))).toEqual(['weather-5XXError', 'team-alarm']);
    expect(alarmsIn(PING)).toEqual([]);
  });
});
