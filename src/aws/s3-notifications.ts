import {
  GetBucketNotificationConfigurationCommand,
  type NotificationConfiguration,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3';
import type { Aws } from './clients.ts';
import { call } from './errors.ts';
import { inBucket } from './s3-uri.ts';

/** What a bucket tells others, whole: every field is kept as S3 gave it. */
export type BucketNotifications = NotificationConfiguration;

/** The notifications of a bucket, all kinds: `PutBucketNotificationConfiguration` replaces them as a whole. */
export async function readNotifications(aws: Aws, bucket: string, signal?: AbortSignal): Promise<BucketNotifications> {
  const client = await aws.s3();
  const { $metadata: _, ...found } = await call(
    aws.target,
    `read the notifications of bucket "${bucket}"`,
    () => client.send(new GetBucketNotificationConfigurationCommand(inBucket(bucket)), { abortSignal: signal }),
    `s3:GetBucketNotification on s3://${bucket}`,
  );
  return found;
}

/** "This action replaces the existing notification configuration" (API reference): only ever what was read, with one change. */
export async function writeNotifications(
  aws: Aws,
  bucket: string,
  notifications: BucketNotifications,
  signal?: AbortSignal,
): Promise<void> {
  const client = await aws.s3();
  await call(
    aws.target,
    `change the notifications of bucket "${bucket}"`,
    () =>
      client.send(
        new PutBucketNotificationConfigurationCommand({
          ...inBucket(bucket),
          NotificationConfiguration: notifications,
          // Queues and functions of others that S3 cannot reach now are none of ours.
          SkipDestinationValidation: true,
        }),
        { abortSignal: signal },
      ),
    `s3:PutBucketNotification on s3://${bucket}`,
  );
}
