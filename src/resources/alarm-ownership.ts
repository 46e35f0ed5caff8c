import type { PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import { alarmTags, type ExistingAlarm, putMetricAlarm } from '../aws/cloudwatch.ts';
import type { Aws } from '../aws/clients.ts';
import { AwsProblem } from '../aws/errors.ts';
import { ENDPOINT_TAG, RUN_TAG } from './tags.ts';

/** Characters that AlarmDescription holds (API_PutMetricAlarm). */
const DESCRIPTION = 1024;

/** Whose alarm it is, at the end of its description: `[shadowctl weather 01J…]`. */
const MARK = /\[shadowctl ([\w-]+) ([\w-]+)\]$/;

/**
 * Creates an alarm, or overwrites ours, with tags and with what they say at the end of its description: tags may be
 * forbidden (cloudwatch:TagResource, which AmazonSageMakerFullAccess lacks), and of an alarm that exists "any tags you
 * specify in this parameter are ignored" (API_PutMetricAlarm): one that was created without would stay without.
 *
 * @throws AwsProblem where the alarm may not be created either way
 */
export async function putOwnAlarm(aws: Aws, input: PutMetricAlarmCommandInput): Promise<void> {
  const marked = withMark(input);
  try {
    await putMetricAlarm(aws, marked);
  } catch (error) {
    if (!(error instanceof AwsProblem) || !error.denied || input.Tags === undefined) throw error;
    const { Tags: _, ...untagged } = marked;
    await putMetricAlarm(aws, untagged);
  }
}

function withMark(input: PutMetricAlarmCommandInput): PutMetricAlarmCommandInput {
  const tag = (key: string) => input.Tags?.find(({ Key }) => Key === key)?.Value;
  const [endpoint, run] = [tag(ENDPOINT_TAG), tag(RUN_TAG)];
  if (endpoint === undefined || run === undefined) return input;
  const mark = ` [shadowctl ${endpoint} ${run}]`;
  return { ...input, AlarmDescription: `${(input.AlarmDescription ?? '').slice(0, DESCRIPTION - mark.length)}${mark}` };
}

/**
 * Whose an alarm is: what its description says, or, where somebody has written another one, its tags.
 *
 * @throws AwsProblem (denied) where neither tells
 */
export async function alarmOwnership(
  aws: Aws,
  { AlarmArn, AlarmDescription = '' }: ExistingAlarm,
): Promise<Record<string, string>> {
  const [, endpoint, run] = MARK.exec(AlarmDescription) ?? [];
  if (endpoint !== undefined && run !== undefined) return { [ENDPOINT_TAG]: endpoint, [RUN_TAG]: run };
  return alarmTags(aws, AlarmArn);
}
