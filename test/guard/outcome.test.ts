import { describe, expect, test } from 'vitest';
import {
  alarmsIn,
  classifyOutcome,
  type UpdateOutcome,
  type UpdateOutcomeKind,
  type OutcomeFacts,
} from '../../src/guard/outcome.ts';

const ALARM = 'One or more configured alarm for automatic rollback deployment is in ALARM state: [weather-5XXError].';
const BOTH = ALARM.replace('weather-5XXError', 'a, b');
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
    expect(classifyOutcome(facts({ firedAlarms: ['a', 'b'] })).sentence).toContain('by alarms a, b.');
  });
});

describe('what is said of an ending', () => {
  const FRESH = { reasonBefore: 'an older reason' };
  test.each<[string, OutcomeFacts, Partial<UpdateOutcome>]>([
    [
      'updated',
      facts({ config: 'v2', reason: PING }),
      { kind: 'updated', reason: undefined, alarms: [], running: 'v2' },
    ],
    ['rolled back', facts({}), { kind: 'rolled-back', reason: undefined, alarms: [], running: 'v1' }],
    [
      'by an alarm that SageMaker names',
      facts({ reason: ALARM, firedAlarms: ['team'], ...FRESH }),
      { kind: 'rolled-back-by-alarm', reason: ALARM, alarms: ['weather-5XXError'], running: 'v1' },
    ],
    [
      'by an alarm that nobody but the alarm itself names: an old reason is not its',
      facts({ reason: PING, reasonBefore: PING, firedAlarms: ['team'] }),
      { kind: 'rolled-back-by-alarm', reason: undefined, alarms: ['team'] },
    ],
    [
      'of two that the same old text names, only the one that fired again is to blame',
      facts({ reason: BOTH, reasonBefore: BOTH, firedAlarms: ['b'] }),
      { kind: 'rolled-back-by-alarm', reason: BOTH, alarms: ['b'] },
    ],
    [
      'an alarm fired, and SageMaker gives another reason that is new',
      facts({ reason: PING, firedAlarms: ['team'], ...FRESH }),
      { kind: 'rolled-back-for-health', reason: PING, alarms: [] },
    ],
    ['for health', facts({ reason: PING, ...FRESH }), { kind: 'rolled-back-for-health', reason: PING }],
    ['for capacity', facts({ reason: CAPACITY, ...FRESH }), { kind: 'rolled-back-for-capacity', reason: CAPACITY }],
    [
      'out of time, for a new reason',
      facts({ reason: 'It timed out.' }),
      { kind: 'timed-out', reason: 'It timed out.' },
    ],
    [
      'for a new reason of no known kind',
      facts({ reason: 'Internal error' }),
      { kind: 'rolled-back', reason: 'Internal error' },
    ],
    [
      'aborted: its alarm is not to blame',
      facts({ aborted: true, reason: ALARM, firedAlarms: ['weather-5XXError'] }),
      { kind: 'aborted', reason: undefined, alarms: [] },
    ],
    ['taken over', facts({ config: 'v3', reason: PING }), { kind: 'taken-over', reason: undefined, running: 'v3' }],
    [
      'no config at all',
      { ...facts({}), now: { status: 'InService', config: undefined, failureReason: undefined } },
      { kind: 'taken-over', running: undefined },
    ],
    [
      'failed',
      facts({ status: 'Failed', config: 'v2', reason: PING }),
      { kind: 'failed', reason: PING, running: 'v2' },
    ],
    ['out of service', facts({ status: 'OutOfService' }), { kind: 'failed', reason: undefined }],
    ['deleted', { ...facts({}), now: undefined }, { kind: 'deleted', reason: undefined, running: undefined }],
  ])('%s', (_, given, expected) => {
    expect(classifyOutcome(given)).toMatchObject(expected);
  });

  test.each([
    [facts({}), ', and SageMaker gives no reason.'],
    [facts({ reason: 'Internal error' }), 'weather was rolled back to v1.'],
    [facts({ status: 'Failed', reason: 'No disk. None.' }), 'weather is Failed: No disk. None.'],
    [facts({ status: 'Failed' }), 'weather is Failed.'],
    [facts({ config: 'v3' }), 'weather runs v3,'],
    [{ ...facts({}), now: { status: 'InService', config: undefined, failureReason: undefined } }, 'runs no config,'],
    [facts({ foreignTargets: ['v3', 'v4'] }), 'to v3, v4 intervened'],
  ])('its sentence names what was met: %#', (given, words) => {
    expect(classifyOutcome(given).sentence).toContain(words);
  });
});

describe('reasons, as AWS may word them', () => {
  test.each<[string, UpdateOutcomeKind]>([
    ['The container did not pass the health check.', 'rolled-back-for-health'],
    ['The container did not pass the Ping Health Check.', 'rolled-back-for-health'],
    ['Unable to provision requested ML compute capacity.', 'rolled-back-for-capacity'],
    ['InsufficientInstanceCapacity', 'rolled-back-for-capacity'],
    ['The account-level service limit is 2 instances.', 'rolled-back-for-capacity'],
    ['ResourceLimitExceeded', 'rolled-back-for-capacity'],
    ['The update timed out.', 'timed-out'],
    ['Timed-out', 'timed-out'],
    ['Timeout', 'timed-out'],
    ['a time out', 'timed-out'],
    ['time-out', 'timed-out'],
    ['It exceeded the maximum execution time.', 'timed-out'],
    ['At that time nobody was out.', 'rolled-back'],
    ['Something else', 'rolled-back'],
  ])('%s', (reason, kind) => {
    expect(classifyOutcome(facts({ reason })).kind).toBe(kind);
    // The same text as before this update says nothing about it.
    expect(classifyOutcome(facts({ reason, reasonBefore: reason }))).toMatchObject({
      kind: 'rolled-back',
      reason: undefined,
    });
  });

  test.each([
    [899, 900, 'rolled-back'],
    [900, 900, 'timed-out'],
    [901, 900, 'timed-out'],
    [100_000, undefined, 'rolled-back'],
  ])('after %i s of %s', (elapsedSeconds, maxSeconds, kind) => {
    expect(classifyOutcome(facts({ elapsedSeconds, maxSeconds })).kind).toBe(kind);
  });

  test.each([
    ['alarm is in ALARM state: [a]', ['a']],
    ['Alarms in ALARM state: [ a ,b, ]', ['a', 'b']],
    ['One ALARM in alarm state: []', []],
    ['alarm: it is in ALARM state: [a]', []],
    ['in ALARM state: [a]', []],
    [undefined, []],
  ])('the alarms of "%s"', (reason, names) => {
    expect(alarmsIn(reason)).toEqual(names);
  });
});
