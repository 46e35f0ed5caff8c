import { expect, test } from 'vitest';
import { type AlarmPoint, evaluateAlarm } from '../../../../src/emulator/world/cloudwatch/alarms/evaluation.ts';
import { javaDouble, stateReason, stateReasonData } from '../../../../src/emulator/world/cloudwatch/alarms/reason.ts';
import type { AlarmSettings } from '../../../../src/emulator/world/cloudwatch/alarms/record.ts';

const SETTINGS: AlarmSettings = {
  AlarmName: 'a',
  ActionsEnabled: true,
  OKActions: [],
  AlarmActions: [],
  InsufficientDataActions: [],
  Dimensions: [],
  Statistic: 'Sum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 1,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
};

function reason(settings: Partial<AlarmSettings>, points: [number, number][]): string {
  const full = { ...SETTINGS, ...settings };
  const range: AlarmPoint[] = points.map(([at, value]) => ({ at, value, sampleCount: 1 }));
  const verdict = evaluateAlarm(full, range);
  if (verdict.state === undefined) throw new Error('no state');
  return stateReason(full, verdict, verdict.state);
}

// Texts printed by CloudWatch in real accounts.
test('one datapoint, without and with DatapointsToAlarm', () => {
  expect(reason({}, [[Date.UTC(2026, 8, 18, 23, 29), 1]])).toBe(
    'Threshold Crossed: 1 datapoint [1.0 (18/09/26 23:29:00)] was greater than or equal to the threshold (1.0).',
  );
  expect(
    reason({ DatapointsToAlarm: 1, Threshold: 0.02, ComparisonOperator: 'GreaterThanThreshold' }, [
      [Date.UTC(2021, 11, 18, 2, 8), 0],
    ]),
  ).toBe(
    'Threshold Crossed: 1 out of the last 1 datapoints [0.0 (18/12/21 02:08:00)] was not greater than the threshold (0.02) (minimum 1 datapoint for ALARM -> OK transition).',
  );
});

test('several datapoints, newest first', () => {
  const points: [number, number][] = [
    [Date.UTC(2023, 5, 2, 12, 21), 1],
    [Date.UTC(2023, 5, 2, 12, 20), 1],
  ];
  expect(reason({ EvaluationPeriods: 2, DatapointsToAlarm: 2 }, points)).toBe(
    'Threshold Crossed: 2 out of the last 2 datapoints [1.0 (02/06/23 12:21:00), 1.0 (02/06/23 12:20:00)] were greater than or equal to the threshold (1.0) (minimum 2 datapoints for OK -> ALARM transition).',
  );
});

test('five and more are told in a sentence of their own', () => {
  const points = [32, 31, 30, 29, 28].map((minute): [number, number] => [Date.UTC(2020, 3, 29, 23, minute), 0]);
  const settings = { EvaluationPeriods: 5, Threshold: 65, ComparisonOperator: 'LessThanThreshold' } as const;
  const list =
    '[0.0 (29/04/20 23:32:00), 0.0 (29/04/20 23:31:00), 0.0 (29/04/20 23:30:00), 0.0 (29/04/20 23:29:00), 0.0 (29/04/20 23:28:00)]';
  expect(reason({ ...settings, DatapointsToAlarm: 5 }, points)).toBe(
    `Threshold Crossed: 5 out of the last 5 datapoints were less than the threshold (65.0). The most recent datapoints which crossed the threshold: ${list} (minimum 5 datapoints for OK -> ALARM transition).`,
  );
  expect(reason(settings, points)).toBe(
    `Threshold Crossed: 5 datapoints were less than the threshold (65.0). The most recent datapoints which crossed the threshold: ${list}.`,
  );
});

test('missing datapoints', () => {
  expect(reason({ TreatMissingData: 'notBreaching' }, [])).toBe(
    'Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].',
  );
  expect(reason({ EvaluationPeriods: 2, TreatMissingData: 'breaching' }, [])).toBe(
    'Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching].',
  );
  expect(reason({}, [])).toBe('Insufficient Data: 1 datapoint was unknown.');
  expect(
    reason({ EvaluationPeriods: 20, DatapointsToAlarm: 1, TreatMissingData: 'notBreaching' }, [
      [Date.UTC(2024, 2, 16, 12, 15), 613],
    ]),
  ).toBe(
    'Threshold Crossed: 1 out of the last 20 datapoints [613.0 (16/03/24 12:15:00)] was greater than or equal to the threshold (1.0) and 19 missing datapoints were treated as [NonBreaching] (minimum 1 datapoint for OK -> ALARM transition).',
  );
  expect(
    reason(
      {
        EvaluationPeriods: 8,
        TreatMissingData: 'breaching',
        Threshold: 0,
        ComparisonOperator: 'LessThanOrEqualToThreshold',
      },
      [[Date.UTC(2026, 7, 19, 9, 36), 2]],
    ),
  ).toBe(
    'Threshold Crossed: 1 datapoint [2.0 (19/08/26 09:36:00)] was not less than or equal to the threshold (0.0) and 7 missing datapoints were treated as [Breaching].',
  );
});

test('StateReasonData, as a real alarm carried it', () => {
  const settings = { ...SETTINGS, Threshold: 0, ComparisonOperator: 'GreaterThanThreshold' as const };
  const range = [{ at: Date.UTC(2025, 4, 15, 15, 29), value: 1, sampleCount: 1 }];
  const at = Date.UTC(2025, 4, 15, 15, 31, 44, 984);
  expect(stateReasonData(settings, evaluateAlarm(settings, range), at, range)).toBe(
    '{"version":"1.0","queryDate":"2025-05-15T15:31:44.984+0000","startDate":"2025-05-15T15:29:00.000+0000","statistic":"Sum","period":60,"recentDatapoints":[1.0],"threshold":0.0,"evaluatedDatapoints":[{"timestamp":"2025-05-15T15:29:00.000+0000","sampleCount":1.0,"value":1.0}]}',
  );
});

test('doubles as Java prints them', () => {
  const printed = [0, 1, -2, 0.02, 21.5, 1234567, 1e7, 12345678.5, 1e-4, 0.001, 1e21].map(javaDouble);
  expect(printed).toEqual([
    '0.0',
    '1.0',
    '-2.0',
    '0.02',
    '21.5',
    '1234567.0',
    '1.0E7',
    '1.23456785E7',
    '1.0E-4',
    '0.001',
    '1.0E21',
  ]);
});
