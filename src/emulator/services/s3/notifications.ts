import type { NotificationConfiguration, PutBucketNotificationConfigurationCommandInput } from '@aws-sdk/client-s3';
import type { Operations } from '../operation.ts';
import { buckets } from '../../world/objects/records.ts';
import { bucketOf } from './access.ts';

// What a bucket tells of its objects, and whom. A configuration is put as a whole: what it leaves out is gone.

export const notificationOperations = {
  PutBucketNotificationConfiguration(context, input: PutBucketNotificationConfigurationCommandInput) {
    const bucket = bucketOf(context, input);
    const notifications = withIds(input.NotificationConfiguration ?? {}, () => context.world.random.uuid());
    buckets(context.world.store).set(input.Bucket ?? '', { ...bucket, notifications });
    return {};
  },

  GetBucketNotificationConfiguration(context, input: { Bucket?: string }): NotificationConfiguration {
    return bucketOf(context, input).notifications ?? {};
  },
} satisfies Operations;

/** "If you don't provide one, Amazon S3 will assign an ID" (API_QueueConfiguration). */
function withIds(given: NotificationConfiguration, id: () => string): NotificationConfiguration {
  const named = <T extends { Id?: string | undefined }>(all: T[] | undefined) =>
    all?.map((one) => ({ ...one, Id: one.Id ?? id() }));
  const { TopicConfigurations, QueueConfigurations, LambdaFunctionConfigurations, EventBridgeConfiguration } = given;
  return {
    ...(TopicConfigurations !== undefined && { TopicConfigurations: named(TopicConfigurations) }),
    ...(QueueConfigurations !== undefined && { QueueConfigurations: named(QueueConfigurations) }),
    ...(LambdaFunctionConfigurations !== undefined && {
      LambdaFunctionConfigurations: named(LambdaFunctionConfigurations),
    }),
    ...(EventBridgeConfiguration !== undefined && { EventBridgeConfiguration: {} }),
  };
}
