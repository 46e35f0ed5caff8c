import type { Platform } from '../world.ts';
import { endpointDescription } from './describe.ts';
import { type EndpointRecord, keyOf, tagsOf } from './records.ts';

// What SageMaker tells EventBridge of endpoints (Developer Guide, "Events that Amazon SageMaker AI sends to Amazon
// EventBridge"; facts 15.3).

/** An endpoint has another status. */
export function announceStatus(world: Platform, record: EndpointRecord, at: number): void {
  const { ProductionVariants: variants = [] } = endpointDescription(record);
  world.bus.put(
    record,
    {
      source: 'aws.sagemaker',
      'detail-type': 'SageMaker Endpoint State Change',
      resources: [record.arn],
      detail: {
        ...common(world, record),
        ProductionVariants: variants.map(({ DesiredWeight, DesiredInstanceCount }) => ({
          DesiredWeight,
          DesiredInstanceCount,
        })),
      },
    },
    at,
  );
}

/** An update of an endpoint has come to another stage. */
export function announceDeployment(world: Platform, record: EndpointRecord, at: number): void {
  const { ProductionVariants: variants = [], PendingDeploymentSummary: pending } = endpointDescription(record);
  world.bus.put(
    record,
    {
      source: 'aws.sagemaker',
      'detail-type': 'SageMaker Endpoint Deployment State Change',
      resources: [record.arn],
      detail: {
        ...common(world, record),
        ProductionVariants: variants.map(plain),
        ...(pending !== undefined && {
          PendingDeploymentSummary: {
            EndpointConfigName: pending.EndpointConfigName,
            StartTime: pending.StartTime?.getTime(),
            ProductionVariants: pending.ProductionVariants?.map(plain),
          },
        }),
      },
    },
    at,
  );
}

function common(world: Platform, record: EndpointRecord): object {
  const tags = tagsOf(world.store).get(keyOf(record, record.arn.toLowerCase())) ?? [];
  return {
    EndpointName: record.name,
    EndpointArn: record.arn,
    EndpointConfigName: record.configName,
    // `InService` is IN_SERVICE here.
    EndpointStatus: record.status.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase(),
    CreationTime: record.createdAt,
    LastModifiedTime: record.modifiedAt,
    Tags: Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value])),
  };
}

interface Variant {
  VariantName?: string | undefined;
  CurrentWeight?: number | undefined;
  DesiredWeight?: number | undefined;
  CurrentInstanceCount?: number | undefined;
  DesiredInstanceCount?: number | undefined;
  VariantStatus?:
    | { Status?: string | undefined; StatusMessage?: string | undefined; StartTime?: Date | undefined }[]
    | undefined;
}

function plain({ VariantStatus: status, ...variant }: Variant): object {
  const { VariantName, CurrentWeight, DesiredWeight, CurrentInstanceCount, DesiredInstanceCount } = variant;
  return {
    VariantName,
    CurrentWeight,
    DesiredWeight,
    CurrentInstanceCount,
    DesiredInstanceCount,
    ...(status !== undefined && {
      VariantStatus: status.map((one) => ({ ...one, StartTime: one.StartTime?.getTime() })),
    }),
  };
}
