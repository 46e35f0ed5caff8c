import type { Context, Operations } from '../operation.ts';
import { type AlarmRecord, type StateValue, alarmArn } from '../../world/cloudwatch/alarms/record.ts';
import { changeState } from '../../world/cloudwatch/alarms/events.ts';
import { isJson } from '../is-json.ts';
import { alarmJson } from './alarm-view.ts';
import { AwsError } from '../../model/aws-error.ts';
import { tagsWithout } from '../tags.ts';

const find = (context: Context, name: string) => context.world.alarms.get(context.account, context.region, name);

/** "If you specify any incorrect alarm names, the alarms you specify with correct names are still deleted." */
const deleteAlarms = (context: Context, input: { AlarmNames: string[] }) => {
  const { alarms } = context.world;
  for (const name of input.AlarmNames) {
    const alarm = find(context, name);
    if (alarm === undefined) continue;
    alarms.delete(alarm);
    alarms.record(alarm, {
      name: alarm.settings.AlarmName,
      at: context.world.clock.now(),
      type: 'ConfigurationUpdate',
      summary: `Alarm "${alarm.settings.AlarmName}" deleted`,
      data: JSON.stringify({ version: '1.0', type: 'Delete', deletedAlarm: alarmJson(alarm) }),
    });
  }
  return {};
};

interface SetAlarmStateInput {
  AlarmName: string;
  StateValue: StateValue;
  StateReason: string;
  StateReasonData?: string;
}

/** SetAlarmState: lasts until the next evaluation comes to another state. */
const setAlarmState = (context: Context, input: SetAlarmStateInput) => {
  if (input.StateReasonData !== undefined && !isJson(input.StateReasonData)) {
    throw new AwsError('InvalidFormat', 'Data was not syntactically valid JSON.');
  }
  const alarm = find(context, input.AlarmName);
  if (alarm === undefined) throw new AwsError('ResourceNotFound', '', { status: 404 });
  const { StateValue: state, StateReason: reason, StateReasonData: reasonData } = input;
  changeState(
    context.world,
    alarm,
    reasonData === undefined ? { state, reason } : { state, reason, reasonData },
    context.world.clock.now(),
  );
  return {};
};

/** Names that do not exist are passed over, as on AWS. */
function switchActions(enabled: boolean) {
  return (context: Context, input: { AlarmNames: string[] }) => {
    for (const name of input.AlarmNames) {
      const alarm = find(context, name);
      if (alarm === undefined || alarm.settings.ActionsEnabled === enabled) continue;
      alarm.settings = { ...alarm.settings, ActionsEnabled: enabled };
      alarm.configurationUpdated = context.world.clock.now();
      context.world.alarms.put(alarm);
    }
    return {};
  };
}

const listTagsForResource = (context: Context, input: { ResourceARN: string }) => ({
  Tags: Object.entries(tagged(context, input.ResourceARN).tags).map(([Key, Value]) => ({ Key, Value })),
});

const tagResource = (context: Context, input: { ResourceARN: string; Tags: { Key: string; Value: string }[] }) => {
  const alarm = tagged(context, input.ResourceARN);
  alarm.tags = { ...alarm.tags, ...Object.fromEntries(input.Tags.map(({ Key, Value }) => [Key, Value])) };
  context.world.alarms.put(alarm);
  return {};
};

const untagResource = (context: Context, input: { ResourceARN: string; TagKeys: string[] }) => {
  const alarm = tagged(context, input.ResourceARN);
  alarm.tags = tagsWithout(alarm.tags, input.TagKeys);
  context.world.alarms.put(alarm);
  return {};
};

function tagged(context: Context, arn: string): AlarmRecord {
  const prefix = alarmArn(context.account, context.region, '');
  const alarm = arn.startsWith(prefix) ? find(context, arn.slice(prefix.length)) : undefined;
  if (alarm === undefined) {
    throw new AwsError('ResourceNotFoundException', `The resource ${arn} does not exist.`, {
      status: 404,
      details: { ResourceType: 'alarm', ResourceId: arn },
    });
  }
  return alarm;
}

/** What changes alarms that are there. */
export const changeOperations = {
  DeleteAlarms: deleteAlarms,
  SetAlarmState: setAlarmState,
  EnableAlarmActions: switchActions(true),
  DisableAlarmActions: switchActions(false),
  ListTagsForResource: listTagsForResource,
  TagResource: tagResource,
  UntagResource: untagResource,
} satisfies Operations;
