import type {
  DeployedImage,
  DescribeEndpointOutput,
  PendingDeploymentSummary,
  ProductionVariantStatus,
  ProductionVariantSummary,
} from '@aws-sdk/client-sagemaker';
import { standIn } from '../images.ts';
import type { EndpointRecord, FleetRecord, VariantRecord } from './records.ts';

/** What DescribeEndpoint answers (facts 1.1, 4.2). Keys that are not set are absent, as AWS leaves them out. */
export function endpointDescription(record: EndpointRecord): DescribeEndpointOutput {
  const { fleet } = record;
  const pending = pendingSummary(record);
  return {
    EndpointName: record.name,
    EndpointArn: record.arn,
    EndpointConfigName: record.configName,
    ...(fleet && { ProductionVariants: fleet.production.map((variant) => summary(fleet, variant)) }),
    ...(fleet?.capture && {
      DataCaptureConfig: {
        EnableCapture: fleet.capture.EnableCapture ?? true,
        CaptureStatus: fleet.capture.EnableCapture === false ? 'Stopped' : 'Started',
        CurrentSamplingPercentage: fleet.capture.InitialSamplingPercentage,
        DestinationS3Uri: fleet.capture.DestinationS3Uri,
        KmsKeyId: fleet.capture.KmsKeyId,
      },
    }),
    EndpointStatus: record.status,
    ...(record.failureReason !== undefined && { FailureReason: record.failureReason.slice(0, 1024) }),
    CreationTime: new Date(record.createdAt),
    LastModifiedTime: new Date(record.modifiedAt),
    ...(record.lastDeployment && { LastDeploymentConfig: record.lastDeployment }),
    ...(pending && { PendingDeploymentSummary: pending }),
    ...(fleet &&
      fleet.shadow.length > 0 && { ShadowProductionVariants: fleet.shadow.map((variant) => summary(fleet, variant)) }),
    ...(fleet?.metrics && { MetricsConfig: fleet.metrics }),
  };
}

function summary(fleet: FleetRecord, variant: VariantRecord): ProductionVariantSummary {
  return {
    VariantName: variant.name,
    DeployedImages: images(fleet, variant),
    CurrentWeight: variant.weight,
    DesiredWeight: variant.desiredWeight,
    // A fleet that takes no more requests counts 0 in the final bake, though its machines still run (facts 4.2).
    CurrentInstanceCount: variant.serving === 0 ? 0 : variant.instances.filter((instance) => instance.healthy).length,
    DesiredInstanceCount: variant.desiredCount,
    ...(variant.doing && { VariantStatus: [status(variant.doing)] }),
  };
}

function pendingSummary({ change }: EndpointRecord): PendingDeploymentSummary | undefined {
  const next = change?.next;
  if (!next || change.pendingSince === undefined) return undefined;
  const entry = (variant: VariantRecord) => ({
    VariantName: variant.name,
    DeployedImages: images(next, variant),
    CurrentWeight: variant.serving === 0 ? 0 : variant.weight,
    DesiredWeight: variant.desiredWeight,
    CurrentInstanceCount: variant.serving,
    DesiredInstanceCount: variant.desiredCount,
    // Only here AWS drops the `ml.` of the type (facts 4.2).
    InstanceType: variant.instanceType.replace(/^ml\./, '') as never,
    ...(variant.doing && { VariantStatus: [status(variant.doing)] }),
  });
  return {
    EndpointConfigName: next.configName,
    ProductionVariants: next.production.map(entry),
    StartTime: new Date(change.pendingSince),
    ...(next.shadow.length > 0 && { ShadowProductionVariants: next.shadow.map(entry) }),
  };
}

function status(doing: NonNullable<VariantRecord['doing']>): ProductionVariantStatus {
  return { Status: doing.status, StatusMessage: doing.message, StartTime: new Date(doing.since) };
}

/** As they were when the fleet was made: a tag that is moved moves nothing that runs. */
function images(fleet: FleetRecord, variant: VariantRecord): DeployedImage[] {
  return variant.containers.map(({ Image: image = '' }, index) => ({
    SpecifiedImage: image,
    ResolvedImage: variant.images?.[index] ?? standIn(image),
    ResolutionTime: new Date(fleet.createdAt),
  }));
}
