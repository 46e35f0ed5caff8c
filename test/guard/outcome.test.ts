import { describe, expect, test } from 'vitest';
import { alarmsIn, classifyOutcome, type UpdateOutcomeKind, type OutcomeFacts } from '../../src/guard/outcome.ts';

const ALARM = 'One or more configured alarm for automatic rollback deployment is in ALARM state: [weather-5XXError].';
const PING =
  'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint.';
const CAPACITY =
  'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please retry using a different ML instance type.';

function facts(change: Partial<OutcomeFacts> & { config?: string; status?: string; reason?: string }): OutcomeFacts {
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
  test.each<[string, OutcomeFacts, UpdateOutcomeKind]>([
    ['the config asked for runs', facts({ config: 'v2' }), 'updated'],
    ['even when an old reason is still shown', facts({ config: 'v2', reason: ALARM }), 'updated'],
    ['InService with the old config and an alarm', facts({ reason: ALARM }), 'rolled-back-by-alarm'],
    [
      'the same text as the last time, and the alarm has fired again',
      facts({ reason: ALARM, reasonBefore: ALARM, firedAlarms: ['weather-5XXError'] }),
      'rolled-back-by-alarm',
    ],
    [
      'the same text as the last time, and the alarm has not fired',
      facts({ reason: ALARM, reasonBefore: ALARM }),
      'rolled-back',
    ],
    ['no reason, but an alarm fired', facts({ firedAlarms: ['weather-5XXError'] }), 'rolled-back-by-alarm'],
    ['no health', facts({ reason: PING }), 'rolled-back-for-health'],
    ['no instances', facts({ reason: CAPACITY }), 'rolled-back-for-capacity'],
    ['no reason at all (AWS may leave it empty)', facts({}), 'rolled-back'],
    ['out of time', facts({ maxSeconds: 900 }), 'timed-out'],
    ['aborted', facts({ aborted: true }), 'aborted'],
    ['a third config runs', facts({ config: 'v3' }), 'taken-over'],
    ['an update to a third config was seen', facts({ foreignTargets: ['v3'] }), 'taken-over'],
    ['Failed', facts({ status: 'Failed', reason: PING }), 'failed'],
    ['the rollback failed', facts({ status: 'UpdateRollbackFailed' }), 'failed'],
    ['gone', { ...facts({}), now: undefined }, 'deleted'],
  ])('%s', (_, given, kind) => {
    expect(classifyOutcome(given).kind).toBe(kind);
  });

  test('names the alarm', () => {
    expect(classifyOutcome(facts({ reason: ALARM }))).toMatchObject({
      sentence: 'weather was rolled back to v1 by alarm weather-5XXError.',
      alarms: ['weather-5XXError'],
      reason: ALARM,
    });
  });

  test('a stale reason is not passed off as this one', () => {
    expect(classifyOutcome(facts({ reason: PING, reasonBefore: PING })).reason).toBeUndefined();
  });

  test('several alarms', () => {
    expect(alarmsIn(ALARM.replace(']', ', team-alarm]'))).toEqual(['weather-5XXError', 'team-alarm']);
    expect(alarmsIn(PING)).toEqual([]);
  });
});
