import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { type AlarmRecord, alarmArn } from '../../world/cloudwatch/alarms/record.ts';

/** An alarm as DescribeAlarms shows it. */
export function metricAlarm(alarm: AlarmRecord): MetricAlarm {
  return {
    ...alarm.settings,
    AlarmArn: alarmArn(alarm.account, alarm.region, alarm.settings.AlarmName),
    AlarmConfigurationUpdatedTimestamp: new Date(alarm.configurationUpdated),
    StateValue: alarm.state,
    StateReason: alarm.reason,
    ...(alarm.reasonData !== undefined && { StateReasonData: alarm.reasonData }),
    StateUpdatedTimestamp: new Date(alarm.stateUpdated),
    StateTransitionedTimestamp: new Date(alarm.stateUpdated),
  };
}

/** An alarm's settings as HistoryData shows them: members in lower camel case. */
export function alarmJson(alarm: AlarmRecord): Record<string, unknown> {
  return {
    alarmArn: alarmArn(alarm.account, alarm.region, alarm.settings.AlarmName),
    ...Object.fromEntries(Object.entries(alarm.settings).map(([name, value]) => [lowerFirst(name), value])),
  };
}

/** `OKActions` becomes `okactions`, as in AWS's own history. */
function lowerFirst(name: string): string {
  return name === 'OKActions' ? 'okactions' : `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
}
