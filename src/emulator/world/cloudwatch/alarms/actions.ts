import { publish } from '../../topics/publish.ts';
import { topicKey, topics } from '../../topics/records.ts';
import type { Platform } from '../../world.ts';
import { stamp } from './reason.ts';
import {
  type AlarmHistoryRecord,
  type AlarmRecord,
  type MetricDataQuery,
  type StateValue,
  alarmArn,
  periodOf,
} from './record.ts';

const REGIONS: Record<string, string> = {
  'us-east-1': 'US East (N. Virginia)',
  'us-east-2': 'US East (Ohio)',
  'us-west-1': 'US West (N. California)',
  'us-west-2': 'US West (Oregon)',
  'ca-central-1': 'Canada (Central)',
  'eu-west-1': 'EU (Ireland)',
  'eu-central-1': 'EU (Frankfurt)',
  'eu-north-1': 'EU (Stockholm)',
  'ap-northeast-1': 'Asia Pacific (Tokyo)',
  'ap-northeast-2': 'Asia Pacific (Seoul)',
  'ap-southeast-1': 'Asia Pacific (Singapore)',
  'ap-southeast-2': 'Asia Pacific (Sydney)',
};

/**
 * Carries out an alarm's actions for its new state and returns the entries of its history: SNS topics are published to;
 * every other kind of action fails by name, for nothing here could carry it out.
 */
export function runActions(world: Platform, alarm: AlarmRecord, from: StateValue, at: number): AlarmHistoryRecord[] {
  const { settings } = alarm;
  if (!settings.ActionsEnabled) return [];
  const actions = {
    OK: settings.OKActions,
    ALARM: settings.AlarmActions,
    INSUFFICIENT_DATA: settings.InsufficientDataActions,
  }[alarm.state];
  return actions.map((arn) => {
    const error = runAction(world, arn, alarm, from, at);
    const summary =
      error === undefined
        ? `Successfully executed action ${arn}`
        : `Failed to execute action ${arn}. Received error: "${error}"`;
    const data = {
      actionState: error === undefined ? 'Succeeded' : 'Failed',
      notificationResource: arn,
      stateUpdateTimestamp: at,
      ...(error !== undefined && { error }),
    };
    return { name: settings.AlarmName, at, type: 'Action', summary, data: JSON.stringify(data) };
  });
}

/** Undefined when it was carried out, else why not. */
function runAction(world: Platform, arn: string, alarm: AlarmRecord, from: StateValue, at: number): string | undefined {
  const [, region, account, name] = /^arn:aws[a-z-]*:sns:([^:]+):(\d{12}):([^:]+)$/.exec(arn) ?? [];
  if (region === undefined || account === undefined || name === undefined) {
    return 'This emulator carries out actions on SNS topics only';
  }
  const topic = { account, region, name };
  if (topics(world.store).get(topicKey(topic)) === undefined) return 'Topic does not exist';
  const place = REGIONS[alarm.region] ?? alarm.region;
  const subject = `${alarm.state}: "${alarm.settings.AlarmName}" in ${place}`;
  const body = JSON.stringify(notification(alarm, from, at, place));
  publish(world, topic, { subject: subject.slice(0, 100), bodies: { default: body }, attributes: {} }, at);
  return undefined;
}

/** The message CloudWatch sends to a topic. */
function notification(alarm: AlarmRecord, from: StateValue, at: number, place: string): Record<string, unknown> {
  const { settings } = alarm;
  return {
    AlarmName: settings.AlarmName,
    AlarmDescription: settings.AlarmDescription ?? null,
    AWSAccountId: alarm.account,
    AlarmConfigurationUpdatedTimestamp: stamp(alarm.configurationUpdated),
    NewStateValue: alarm.state,
    NewStateReason: alarm.reason,
    StateChangeTime: stamp(at),
    Region: place,
    AlarmArn: alarmArn(alarm.account, alarm.region, settings.AlarmName),
    OldStateValue: from,
    OKActions: settings.OKActions,
    AlarmActions: settings.AlarmActions,
    InsufficientDataActions: settings.InsufficientDataActions,
    Trigger: {
      ...(settings.Metrics === undefined ? metricTrigger(alarm) : {}),
      Period: periodOf(settings),
      EvaluationPeriods: settings.EvaluationPeriods,
      ...(settings.DatapointsToAlarm !== undefined && { DatapointsToAlarm: settings.DatapointsToAlarm }),
      ComparisonOperator: settings.ComparisonOperator,
      Threshold: settings.Threshold,
      TreatMissingData: settings.TreatMissingData ?? 'missing',
      EvaluateLowSampleCountPercentile: settings.EvaluateLowSampleCountPercentile ?? '',
      ...(settings.Metrics !== undefined && { Metrics: settings.Metrics.map(queryTrigger) }),
    },
  };
}

function metricTrigger({ settings }: AlarmRecord): Record<string, unknown> {
  return {
    MetricName: settings.MetricName,
    Namespace: settings.Namespace,
    ...(settings.Statistic === undefined
      ? { StatisticType: 'ExtendedStatistic', ExtendedStatistic: settings.ExtendedStatistic }
      : {
          StatisticType: 'Statistic',
          Statistic: settings.Statistic.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase(),
        }),
    Unit: settings.Unit ?? null,
    Dimensions: settings.Dimensions.map(({ Name, Value }) => ({ value: Value, name: Name })),
  };
}

function queryTrigger(query: MetricDataQuery): Record<string, unknown> {
  const stat = query.MetricStat;
  if (stat === undefined) return { ...query, ReturnData: query.ReturnData ?? true };
  const Dimensions = (stat.Metric.Dimensions ?? []).map(({ Name, Value }) => ({ value: Value, name: Name }));
  return {
    ...query,
    MetricStat: { ...stat, Metric: { ...stat.Metric, Dimensions } },
    ReturnData: query.ReturnData ?? true,
  };
}
