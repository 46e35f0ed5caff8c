import { keyOf, tagsOf } from '../endpoints/records.ts';
import type { Platform } from '../world.ts';
import type { TransformRecord } from './records.ts';

/**
 * Tells EventBridge that a job has another status. Real events have CamelCase statuses, times in milliseconds as numbers,
 * null for what there is not, and tags as a map; the Developer Guide's sample shows ISO times (facts 16.6).
 */
export function announceTransform(world: Platform, record: TransformRecord, at: number): void {
  const { request } = record;
  const tags = tagsOf(world.store).get(keyOf(record, record.arn.toLowerCase())) ?? [];
  world.bus.put(
    record,
    {
      source: 'aws.sagemaker',
      'detail-type': 'SageMaker Transform Job State Change',
      resources: [record.arn],
      detail: {
        TransformJobName: record.name,
        TransformJobArn: record.arn,
        TransformJobStatus: record.status,
        FailureReason: record.failureReason ?? null,
        ModelName: record.modelName,
        MaxConcurrentTransforms: request.MaxConcurrentTransforms ?? null,
        MaxPayloadInMB: request.MaxPayloadInMB ?? null,
        BatchStrategy: request.BatchStrategy ?? null,
        Environment: request.Environment ?? {},
        TransformInput: request.TransformInput,
        TransformOutput: request.TransformOutput,
        TransformResources: request.TransformResources,
        CreationTime: record.createdAt,
        TransformStartTime: record.startedAt ?? null,
        TransformEndTime: record.endedAt ?? null,
        Tags: Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value])),
      },
    },
    at,
  );
}
