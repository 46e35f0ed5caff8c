import { describe, expect, test } from 'vitest';
import { Problem } from '../../../src/base/errors.ts';
import { parseAlarmFile } from '../../../src/guard/alarms/file.ts';

const ALARM = { AlarmName: 'team', MetricName: 'Invocation5XXErrors' };

function refusal(text: string): Problem {
  try {
    parseAlarmFile('a.json', text);
  } catch (error) {
    if (error instanceof Problem) return error;
  }
  throw new Error(`not refused: ${text}`);
}

describe('alarms from a file', () => {
  test('one, several, or what the AWS CLI prints', () => {
    expect(parseAlarmFile('a.json', JSON.stringify(ALARM))).toEqual([ALARM]);
    expect(parseAlarmFile('a.json', JSON.stringify([ALARM, ALARM]))).toEqual([ALARM, ALARM]);
    expect(parseAlarmFile('a.json', JSON.stringify({ MetricAlarms: [ALARM], CompositeAlarms: [] }))).toEqual([ALARM]);
  });

  test.each([
    { ...ALARM, Threshold: 0 },
    { ...ALARM, Period: 1, EvaluationPeriods: 1, DatapointsToAlarm: 1 },
    { ...ALARM, Dimensions: [] },
    { ...ALARM, Dimensions: [{ Name: 'EndpointName', Value: 'weather' }] },
    { AlarmName: 'team', Metrics: [] },
  ])('is read whole: %j', (entry) => {
    expect(parseAlarmFile('a.json', JSON.stringify(entry))).toEqual([entry]);
  });

  test('what is no JSON is named, with what to give and the cause', () => {
    const problem = refusal('not json');
    expect(problem.kind).toBe('usage');
    expect(problem.message).toMatch(/^a.json is not JSON: ./);
    expect(problem.next).toContain('describe-alarms');
    expect(problem.cause).toBeInstanceOf(SyntaxError);
  });

  test.each<[unknown, string]>([
    [[], 'a.json holds no alarm.'],
    [{ MetricAlarms: [] }, 'a.json holds no alarm.'],
    [[1], 'a.json, alarm 1: not an object.'],
    [[ALARM, null], 'a.json, alarm 2: not an object.'],
    [{ MetricAlarms: 'all' }, 'a.json, alarm 1: AlarmName is missing.'],
    [{ ...ALARM, AlarmName: '' }, 'a.json, alarm 1: AlarmName is missing.'],
    [{ ...ALARM, AlarmName: 7 }, 'a.json, alarm 1: AlarmName is missing.'],
    [{ AlarmName: 'team' }, 'a.json, alarm 1: team has neither MetricName nor Metrics.'],
    [{ AlarmName: 'team', Metrics: {} }, 'a.json, alarm 1: team has neither MetricName nor Metrics.'],
    [{ ...ALARM, Threshold: '1' }, 'a.json, alarm 1: team: Threshold is not a number.'],
    [{ ...ALARM, Period: 0 }, 'a.json, alarm 1: team: Period is not a number above zero.'],
    [{ ...ALARM, Period: '60' }, 'a.json, alarm 1: team: Period is not a number above zero.'],
    [{ ...ALARM, EvaluationPeriods: 0 }, 'a.json, alarm 1: team: EvaluationPeriods is not a number above zero.'],
    [{ ...ALARM, DatapointsToAlarm: -1 }, 'a.json, alarm 1: team: DatapointsToAlarm is not a number above zero.'],
    ...[{ EndpointName: 'z' }, [{ Name: 'a', Value: 'b' }, { Name: 'a' }], [{ Value: 'b' }], ['a=b'], 'a=b'].map(
      (Dimensions): [unknown, string] => [
        { ...ALARM, Dimensions },
        'a.json, alarm 1: team: Dimensions is not a list of Name and Value.',
      ],
    ),
  ])('refuses %j', (content, message) => {
    expect(refusal(JSON.stringify(content))).toMatchObject({ kind: 'usage', message });
  });
});
