import type { Context } from '../operation.ts';
import type { AlarmRecord, AlarmSettings, Comparison } from '../../world/cloudwatch/alarms/record.ts';
import { alarmJson } from './alarm-view.ts';
import { checkAlarm, type PutMetricAlarmInput } from './check-alarm.ts';
import { notBuilt, validationError } from './errors.ts';

/**
 * PutMetricAlarm: a new alarm begins in INSUFFICIENT_DATA; an existing one is overwritten as a whole, but keeps its
 * state (and its tags: those of an update are ignored).
 */
export const putMetricAlarm = (context: Context, input: PutMetricAlarmInput) => {
  if (input.ThresholdMetricId !== undefined || /Upper|Lower/.test(input.ComparisonOperator ?? '')) {
    throw notBuilt('Alarms on anomaly detection are');
  }
  if (input.EvaluationCriteria !== undefined) throw notBuilt('Alarms on PromQL are');
  if (input.EvaluationInterval !== undefined) {
    throw validationError('EvaluationInterval cannot be specified for alarms configured with MetricName or Metrics.');
  }
  checkAlarm(input);
  const { alarms } = context.world;
  const now = context.world.clock.now();
  const { firstEvaluation } = context.world.latencies;
  const old = alarms.get(context.account, context.region, input.AlarmName);
  const alarm: AlarmRecord = {
    account: context.account,
    region: context.region,
    settings: settingsOf(input),
    configurationUpdated: now,
    state: old?.state ?? 'INSUFFICIENT_DATA',
    reason: old?.reason ?? 'Unchecked: Initial alarm creation',
    ...(old?.reasonData !== undefined && { reasonData: old.reasonData }),
    stateUpdated: old?.stateUpdated ?? now,
    nextEvaluation: Math.min(old?.nextEvaluation ?? Number.POSITIVE_INFINITY, now + firstEvaluation),
    tags: old?.tags ?? Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key, Value])),
  };
  alarms.put(alarm);
  alarms.record(alarm, {
    name: input.AlarmName,
    at: now,
    type: 'ConfigurationUpdate',
    summary: `Alarm "${input.AlarmName}" ${old === undefined ? 'created' : 'updated'}`,
    data:
      old === undefined
        ? JSON.stringify({ version: '1.0', type: 'Create', createdAlarm: alarmJson(alarm) })
        : JSON.stringify({ version: '1.0', type: 'Update', updatedAlarm: alarmJson(alarm) }),
  });
  return {};
};

function settingsOf(input: PutMetricAlarmInput): AlarmSettings {
  const { Tags: _tags, ThresholdMetricId: _id, EvaluationCriteria: _criteria, ...given } = input;
  return {
    ...given,
    ActionsEnabled: input.ActionsEnabled ?? true,
    OKActions: input.OKActions ?? [],
    AlarmActions: input.AlarmActions ?? [],
    InsufficientDataActions: input.InsufficientDataActions ?? [],
    Dimensions: input.Dimensions ?? [],
    EvaluationPeriods: input.EvaluationPeriods as number,
    Threshold: input.Threshold as number,
    ComparisonOperator: input.ComparisonOperator as Comparison,
  };
}
