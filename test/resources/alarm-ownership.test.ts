import { expect, test } from 'vitest';
import type { PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import type { Aws } from '../../src/aws/clients.ts';
import { AwsProblem } from '../../src/aws/errors.ts';
import { alarmOwnership, putOwnAlarm } from '../../src/resources/alarm-ownership.ts';
import { isOurs, tagList } from '../../src/resources/tags.ts';

/** CloudWatch as these permissions leave it; keeps the alarms that were put. */
function cloudwatch(permitted: { put: boolean; tag: boolean; read: boolean }) {
  const alarms: PutMetricAlarmCommandInput[] = [];
  const denied = (action: string) =>
    Object.assign(new Error(`User: arn:aws:iam::000000000000:user/u is not authorized to perform: ${action}`), {
      name: 'AccessDenied',
      $fault: 'client',
      $metadata: { httpStatusCode: 403, attempts: 1 },
    });
  const send = async ({ input }: { input: PutMetricAlarmCommandInput & { ResourceARN?: string } }) => {
    if (input.ResourceARN !== undefined) {
      if (!permitted.read) throw denied('cloudwatch:ListTagsForResource');
      return { Tags: alarms[0]?.Tags ?? [] };
    }
    if (!permitted.put) throw denied('cloudwatch:PutMetricAlarm');
    if (input.Tags !== undefined && !permitted.tag) throw denied('cloudwatch:TagResource');
    alarms.push(input);
    return {};
  };
  const target = { region: 'us-east-1', endpointUrl: undefined, profile: undefined, credentials: undefined };
  return { aws: { target, cloudwatch: async () => ({ send }) } as unknown as Aws, alarms };
}

const INPUT = {
  AlarmName: 'a',
  AlarmDescription: 'd'.repeat(1024),
  Tags: tagList({ project: 'p', endpoint: 'weather', run: 'run-1' }),
} as PutMetricAlarmCommandInput;

const found = (input: PutMetricAlarmCommandInput | undefined) => ({
  AlarmName: 'a',
  AlarmArn: 'arn',
  AlarmDescription: input?.AlarmDescription ?? '',
});

test.each([
  ['with every permission', { put: true, tag: true, read: true }],
  ['without cloudwatch:TagResource', { put: true, tag: false, read: true }],
  ['without that and cloudwatch:ListTagsForResource', { put: true, tag: false, read: false }],
])('an alarm is known as ours again, %s', async (_, permitted) => {
  const { aws, alarms } = cloudwatch(permitted);
  await putOwnAlarm(aws, INPUT);
  expect(alarms).toHaveLength(1);
  expect(alarms[0]?.Tags === undefined).toBe(!permitted.tag);
  expect(alarms[0]?.AlarmDescription?.length).toBe(1024);
  const tags = await alarmOwnership(aws, found(alarms[0]));
  expect(isOurs(tags, 'weather', ['run-1'])).toBe(true);
  expect(isOurs(tags, 'other', ['run-1'])).toBe(false);
  expect(isOurs(tags, 'weather', ['run-2'])).toBe(false);
});

test('one that was made without tags is still ours after somebody who may tag has overwritten it', async () => {
  const first = cloudwatch({ put: true, tag: false, read: true });
  await putOwnAlarm(first.aws, INPUT);
  // CloudWatch ignores tags of an alarm that exists.
  const { Tags: _, ...second } = INPUT;
  const then = cloudwatch({ put: true, tag: true, read: true });
  await putOwnAlarm(then.aws, { ...INPUT, AlarmDescription: 'another limit' });
  const stands = { ...second, AlarmDescription: then.alarms[0]?.AlarmDescription };
  const nobody = cloudwatch({ put: true, tag: true, read: true });
  expect(isOurs(await alarmOwnership(nobody.aws, found(stands)), 'weather', ['run-1'])).toBe(true);
});

test('who may put no alarm is told so', async () => {
  const { aws } = cloudwatch({ put: false, tag: false, read: true });
  await expect(putOwnAlarm(aws, INPUT)).rejects.toThrow('cloudwatch:PutMetricAlarm');
});

test('whose alarm it is, is not guessed where neither tags nor description tell', async () => {
  const { aws } = cloudwatch({ put: true, tag: true, read: false });
  await expect(alarmOwnership(aws, found(INPUT))).rejects.toThrow(AwsProblem);
});
