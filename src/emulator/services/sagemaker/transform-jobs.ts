import type {
  CreateTransformJobRequest,
  DescribeTransformJobResponse,
  TransformJobSummary,
} from '@aws-sdk/client-sagemaker';
import { AwsError } from '../../model/aws-error.ts';
import { builtInImage } from '../../containers/images.ts';
import { arnOf } from '../../world/endpoints/arns.ts';
import { keyOf, type ModelRecord, modelsOf } from '../../world/endpoints/records.ts';
import { roleGone } from '../../world/roles.ts';
import { keysUnder, mayUse, reaches, uriParts } from '../../world/transform/inputs.ts';
import { type TransformRecord, transformsOf } from '../../world/transform/records.ts';
import { ruleBroken } from '../../world/transform/rules.ts';
import type { Context } from '../operation.ts';
import { notBuilt, notFound, validationError } from './errors.ts';
import { checkTags, setTags } from './tags.ts';

// What is said of transform jobs is documented or was recorded (facts 16); where the words of a refusal are ours, it says so.

/** Of MaxConcurrentTransforms × MaxPayloadInMB, and of MaxPayloadInMB alone. */
const MAX_MEGABYTES = 100;
const MAX_INSTANCES = 100;
/** Families with disks of their own, among those that transform jobs may have. */
const LOCAL_STORAGE = /^ml\.(?:g4dn|g5|g6|trn1)\./;

export function createTransformJob(context: Context, input: CreateTransformJobRequest): { TransformJobArn: string } {
  const { world, account, region } = context;
  const name = input.TransformJobName ?? '';
  const arn = arnOf(context, 'transform-job', name);
  // Names are not given free: there is no operation that deletes a job. SageMaker's words for another kind of job (facts 16.1).
  if (transformsOf(world.store).get(keyOf(context, name)) !== undefined)
    throw new AwsError(
      'ResourceInUse',
      `Job name must be unique within an AWS account and region, and a job with this name already exists (${arn})`,
    );
  const model = modelsOf(world.store).get(keyOf(context, input.ModelName ?? ''));
  if (model === undefined) throw notFound(context, 'model', input.ModelName ?? '');
  const containers = model.primary ? [model.primary] : (model.containers ?? []);
  checkTags(input.Tags);
  checkNumbers(input);
  refuseUnbuilt(input, model);
  const { TransformJobName: _name, ModelName: modelName = '', Tags: tags, ...rest } = input;
  const now = world.clock.now();
  const record: TransformRecord = {
    account,
    region,
    name,
    arn,
    createdAt: now,
    modifiedAt: now,
    status: 'InProgress',
    request: completed(rest),
    modelName,
    containers,
    instances: [],
    stage: { kind: 'launch', dueAt: now + world.latencies.launchTransformJob },
    ...(model.roleArn !== undefined && { roleArn: model.roleArn }),
  };
  const rule = world.switches.transformRules === 'refuse' ? ruleBroken(record.request) : undefined;
  if (rule !== undefined) throw validationError(rule);
  checkPlaces(context, record);
  checkQuota(context, record);
  setTags(context, arn, tags);
  world.transforms.add(record);
  return { TransformJobArn: arn };
}

/** With what AWS shows of a job that did not say it (facts 16.1). */
function completed(request: TransformRecord['request']): TransformRecord['request'] {
  return {
    ...request,
    TransformInput: { CompressionType: 'None', SplitType: 'None', ...request.TransformInput } as NonNullable<
      CreateTransformJobRequest['TransformInput']
    >,
    TransformOutput: { AssembleWith: 'None', KmsKeyId: '', ...request.TransformOutput } as NonNullable<
      CreateTransformJobRequest['TransformOutput']
    >,
    DataProcessing: { InputFilter: '$', OutputFilter: '$', JoinSource: 'None', ...request.DataProcessing },
  };
}

/** What AWS documents as rules beside its description; the words are ours. */
function checkNumbers(input: CreateTransformJobRequest): void {
  const { MaxConcurrentTransforms: concurrent, MaxPayloadInMB: payload = 6, TransformResources: resources } = input;
  if (payload > MAX_MEGABYTES)
    throw validationError(`MaxPayloadInMB cannot be greater than ${MAX_MEGABYTES} MB, and is ${payload}.`);
  if (concurrent !== undefined && concurrent * payload > MAX_MEGABYTES)
    throw validationError(
      `MaxConcurrentTransforms * MaxPayloadInMB cannot be greater than ${MAX_MEGABYTES} MB: ${concurrent} * ${payload} is ${concurrent * payload}.`,
    );
  if ((resources?.InstanceCount ?? 1) > MAX_INSTANCES)
    throw validationError(`InstanceCount cannot be greater than ${MAX_INSTANCES}, and is ${resources?.InstanceCount}.`);
  if (resources?.VolumeKmsKeyId !== undefined && LOCAL_STORAGE.test(resources.InstanceType ?? ''))
    throw validationError(`VolumeKmsKeyId is not supported for ${resources.InstanceType}, which has local storage.`);
}

function refuseUnbuilt({ TransformInput: input, MaxPayloadInMB }: CreateTransformJobRequest, model: ModelRecord): void {
  const containers = model.primary ? [model.primary] : (model.containers ?? []);
  // "The following values are compatible: ManifestFile, S3Prefix" (API_TransformS3DataSource); the words are ours.
  const type = input?.DataSource?.S3DataSource?.S3DataType;
  if (type !== 'ManifestFile' && type !== 'S3Prefix')
    throw validationError(`S3DataType ${type} is not supported for transform jobs.`);
  // As it is quoted in github.com/aws/sagemaker-python-sdk/issues/4777.
  if (containers.some(({ ModelDataSource }) => ModelDataSource !== undefined))
    throw validationError(
      "SageMaker Batch currently doesn't support Model entity with container definitions which use ModelDataSource attribute",
    );
  if (input?.SplitType === 'TFRecord') throw notBuilt('SplitType TFRecord');
  // "Amazon SageMaker built-in algorithms do not support HTTP chunked encoding" (API_CreateTransformJob).
  if (MaxPayloadInMB === 0 && containers.some(({ Image }) => builtInImage(Image ?? '') !== undefined))
    throw notBuilt('MaxPayloadInMB 0 (chunked requests) for built-in algorithms');
}

/** CreateTransformJob looks at once whether there is something to transform (facts 16.1). */
function checkPlaces(context: Context, record: TransformRecord): void {
  const { world, region } = context;
  // As it is quoted in github.com/awslabs/predictive-maintenance-using-machine-learning/issues/3.
  if (record.roleArn !== undefined && roleGone(world, record.roleArn))
    throw validationError(
      `Could not assume role ${record.roleArn}. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role.`,
    );
  const uri = record.request.TransformInput?.DataSource?.S3DataSource?.S3Uri ?? '';
  const { bucket = '', prefix = '' } = uriParts(uri) ?? {};
  const found =
    reaches(world, record, bucket) &&
    mayUse(world, record, 's3:ListBucket', bucket, { 's3:prefix': prefix }) &&
    keysUnder(world, bucket, prefix).length > 0;
  if (!found)
    throw validationError(
      `No S3 objects found under S3 URL "${uri}" given in input data source. Please ensure that the bucket exists in the selected region (${region}), that objects exist under that S3 prefix, and that the role "${record.roleArn}" has "s3:ListBucket" permissions on bucket "${bucket}".`,
    );
  const output = uriParts(record.request.TransformOutput?.S3OutputPath ?? '');
  if (output === undefined)
    throw validationError(`S3OutputPath "${record.request.TransformOutput?.S3OutputPath}" is no S3 location.`);
  if (world.switches.transformOutputBucket === 'refuse' && !reaches(world, record, output.bucket))
    throw validationError(`The bucket "${output.bucket}" of S3OutputPath does not exist in ${region}.`);
}

/** The account-level quota of the instance type, counted over the jobs that have not ended. */
function checkQuota({ world, account, region }: Context, { request }: TransformRecord): void {
  const { InstanceType: type = '', InstanceCount: asked = 1 } = request.TransformResources ?? {};
  const name = `${type} for transform job usage`;
  const quota = world.quotas.find((one) => one.name === name);
  if (quota === undefined) return;
  const used = transformsOf(world.store)
    .entries(`${account}/${region}/`)
    .filter(([, { stage, request: other }]) => stage !== undefined && other.TransformResources?.InstanceType === type)
    .reduce((sum, [, { request: other }]) => sum + (other.TransformResources?.InstanceCount ?? 1), 0);
  if (used + asked <= quota.limit) return;
  throw new AwsError(
    'ResourceLimitExceeded',
    `The account-level service limit '${name}' is ${quota.limit} Instances, with current utilization of ${used} Instances and a request delta of ${asked} Instances. Please use AWS Service Quotas to request an increase for this quota. If AWS Service Quotas is not available, contact AWS support to request an increase for this quota.`,
  );
}

/** The job of this name, or SageMaker's refusal (facts 16.1). */
function jobNamed(context: Context, name: string | undefined, words: string): TransformRecord {
  const record = transformsOf(context.world.store).get(keyOf(context, name ?? ''));
  if (record === undefined) throw validationError(`${words}: ${name}`);
  return record;
}

export function describeTransformJob(
  context: Context,
  input: { TransformJobName?: string | undefined },
): DescribeTransformJobResponse {
  const record = jobNamed(context, input.TransformJobName, 'Could not find requested job with name');
  return {
    TransformJobName: record.name,
    TransformJobArn: record.arn,
    TransformJobStatus: record.status,
    // What has failed already is told when the job ends.
    ...(record.stage === undefined && record.failureReason !== undefined && { FailureReason: record.failureReason }),
    ModelName: record.modelName,
    ...record.request,
    CreationTime: new Date(record.createdAt),
    ...(record.startedAt !== undefined && { TransformStartTime: new Date(record.startedAt) }),
    ...(record.endedAt !== undefined && { TransformEndTime: new Date(record.endedAt) }),
  };
}

/** What a list shows of a job. */
export function jobSummary(record: TransformRecord): TransformJobSummary {
  return {
    TransformJobName: record.name,
    TransformJobArn: record.arn,
    CreationTime: new Date(record.createdAt),
    ...(record.endedAt !== undefined && { TransformEndTime: new Date(record.endedAt) }),
    LastModifiedTime: new Date(record.modifiedAt),
    TransformJobStatus: record.status,
    ...(record.stage === undefined && record.failureReason !== undefined && { FailureReason: record.failureReason }),
  };
}

export function stopTransformJob(
  context: Context,
  input: { TransformJobName?: string | undefined },
): Record<string, never> {
  const record = jobNamed(context, input.TransformJobName, 'Could not find job to update with name');
  if (record.status !== 'InProgress')
    throw validationError(`The request was rejected because the transform job is in status ${record.status}.`);
  context.world.transforms.stop(record);
  return {};
}
