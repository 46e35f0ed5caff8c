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
 * Creates an alarm with tags, or, where these credentials may not tag it (cloudwatch:TagResource, which
 * AmazonSageMakerFullAccess lacks), with what they say at the end of its description.
 *
 * @throws AwsProblem where the alarm may not be created either way
 */
export async function putOwnAlarm(aws: Aws, input: PutMetricAlarmCommandInput): Promise<void> {
  try {
    await putMetricAlarm(aws, input);
  } catch (error) {
    if (!(error instanceof AwsProblem) || !error.denied || input.Tags === undefined) throw error;
    const tag = (key: string) => input.Tags?.find(({ Key }) => Key === key)?.Value ?? '';
    const mark = ` [shadowctl ${tag(ENDPOINT_TAG)} ${tag(RUN_TAG)}]`;
    const { Tags: _, AlarmDescription = '', ...untagged } = input;
    await putMetricAlarm(aws, {
      ...untagged,
      AlarmDescription: `${AlarmDescription.slice(0, DESCRIPTION - mark.length)}${mark}`,
    });
  }
}

/**
 * The tags of an alarm; where these credentials may not read them (cloudwatch:ListTagsForResource), what its description
 * says instead.
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
