import type { ContainerDefinition, CreateModelInput, DescribeModelOutput } from '@aws-sdk/client-sagemaker';
import type { Context } from '../operation.ts';
import {
  configsOf,
  endpointsOf,
  keyOf,
  type ModelRecord,
  modelsOf,
  variantsOf,
} from '../../world/endpoints/records.ts';
import { artifactUrl, s3Location } from '../../world/fleet/instance.ts';
import { resolvePackage } from './model-packages.ts';
import { checkTags, removeTags, setTags } from './tags.ts';
import { roleDenial } from '../../world/callers.ts';
import { imageGone } from '../../world/images.ts';
import { partitionOf } from '../../world/partition.ts';
import { roleGone } from '../../world/roles.ts';
import { arnOf } from '../../world/endpoints/arns.ts';
import { alreadyExists, notBuilt, notFound, validationError } from './errors.ts';

export async function createModel(context: Context, input: CreateModelInput): Promise<{ ModelArn: string }> {
  const name = input.ModelName ?? '';
  const models = modelsOf(context.world.store);
  const key = keyOf(context, name);
  if (models.get(key)) throw alreadyExists(context, 'model', name);
  // AWS's words for these two are not sourced.
  if (input.PrimaryContainer && input.Containers?.length) {
    throw validationError('Specify either PrimaryContainer or Containers, but not both.');
  }
  if (!input.PrimaryContainer && !input.Containers?.length) {
    throw validationError('A model needs a container: specify PrimaryContainer or Containers.');
  }
  checkTags(input.Tags);
  // The words are those that users report of a role that was made a moment ago (facts 8.1).
  if (input.ExecutionRoleArn !== undefined && roleGone(context.world, input.ExecutionRoleArn))
    throw validationError(
      `Could not assume role ${input.ExecutionRoleArn}. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role.`,
    );
  const containers = [input.PrimaryContainer ?? [], input.Containers ?? []]
    .flat()
    .map((container) => resolvePackage(context, container));
  for (const container of containers) await checkContainer(context, container, input.ExecutionRoleArn);
  // While the artifacts were looked up, another call may have created the model.
  if (models.get(key)) throw alreadyExists(context, 'model', name);
  const arn = arnOf(context, 'model', name);
  const record: ModelRecord = {
    account: context.account,
    region: context.region,
    name,
    arn,
    createdAt: context.world.clock.now(),
    networkIsolation: input.EnableNetworkIsolation ?? false,
  };
  const completed = containers.map((container) => ({ Mode: 'SingleModel' as const, ...container }));
  if (input.PrimaryContainer && completed[0] !== undefined) record.primary = completed[0];
  if (input.Containers) record.containers = completed;
  if (input.InferenceExecutionConfig?.Mode) record.executionMode = input.InferenceExecutionConfig.Mode;
  if (input.ExecutionRoleArn !== undefined) record.roleArn = input.ExecutionRoleArn;
  if (input.VpcConfig) record.vpc = input.VpcConfig as NonNullable<ModelRecord['vpc']>;
  models.set(key, record);
  setTags(context, arn, input.Tags);
  return { ModelArn: arn };
}

/**
 * CreateModel looks at once whether the artifact is there (facts 7.5); the wording is not sourced, it follows what
 * people quote.
 */
async function checkContainer(
  context: Context,
  container: ContainerDefinition,
  role: string | undefined,
): Promise<void> {
  if (container.Mode === 'MultiModel') throw notBuilt('multi-model containers (Mode MultiModel)');
  const source = container.ModelDataSource?.S3DataSource;
  if (source && (source.S3DataType === 'S3Prefix' || source.CompressionType === 'None')) {
    throw notBuilt('uncompressed artifacts (ModelDataSource other than one S3Object compressed with Gzip)');
  }
  if (container.Image === undefined) throw validationError('A container needs an Image.');
  // As it is quoted in github.com/aws-samples/easy-amazon-sagemaker-deployments/issues/4.
  if (imageGone(context.world, container.Image)) throw validationError(`Requested image ${container.Image} not found.`);
  const url = artifactUrl(container);
  if (url === undefined) return;
  const place = s3Location(url);
  if (!place) throw validationError(`Invalid ModelDataUrl "${url}": it must be the S3 location of a tar.gz archive.`);
  const resource = `arn:${partitionOf(context.region)}:s3:::${place.bucket}/${place.key}`;
  if (role !== undefined && roleDenial(context.world.iam, role, { action: 's3:GetObject', resource }) !== undefined)
    throw validationError(mayNotRead(url, role, context.region));
  if (!(await context.world.objects.get(context.account, place.bucket, place.key))) {
    throw validationError(`Could not find model data at ${url}.`);
  }
}

/** As it is quoted in github.com/philschmid/llm-sagemaker-sample/issues/2. */
function mayNotRead(url: string, role: string, region: string): string {
  return `Could not access model data at ${url}. Please ensure that the role "${role}" exists and that its trust relationship policy allows the action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that the object is located in ${region}. If your Model uses multiple models or uncompressed models, please ensure that the role has "s3:ListBucket" permission.`;
}

export function describeModel(context: Context, input: { ModelName: string }): DescribeModelOutput {
  const record = modelsOf(context.world.store).get(keyOf(context, input.ModelName));
  if (!record) throw notFound(context, 'model', input.ModelName);
  return {
    ModelName: record.name,
    ...(record.primary && { PrimaryContainer: asGiven(record.primary) }),
    ...(record.containers && { Containers: record.containers.map(asGiven) }),
    ...(record.executionMode && { InferenceExecutionConfig: { Mode: record.executionMode } }),
    ...(record.roleArn !== undefined && { ExecutionRoleArn: record.roleArn }),
    ...(record.vpc && { VpcConfig: record.vpc }),
    CreationTime: new Date(record.createdAt),
    ModelArn: record.arn,
    EnableNetworkIsolation: record.networkIsolation,
  };
}

/** Of a container from a package only the package is shown: image and artifact are the package's. */
function asGiven(container: ContainerDefinition): ContainerDefinition {
  if (container.ModelPackageName === undefined) return container;
  const { Image: _image, ModelDataUrl: _url, ...shown } = container;
  return shown;
}

/** The ARN of a config or an endpoint that uses a model. */
function userOf({ world, account, region }: Context, model: string): string | undefined {
  const prefix = `${account}/${region}/`;
  const configs = configsOf(world.store).entries(prefix);
  const endpoints = endpointsOf(world.store).entries(prefix);
  const [, config] =
    configs.find(([, one]) => [...one.production, ...one.shadow].some(({ ModelName }) => ModelName === model)) ?? [];
  const [, endpoint] =
    endpoints.find(([, { fleet }]) => fleet && variantsOf(fleet).some(({ modelName }) => modelName === model)) ?? [];
  return (config ?? endpoint)?.arn;
}

/** A model in use may be deleted: no source says otherwise (facts 8.1), and fleets keep a copy. A switch says otherwise. */
export function deleteModel(context: Context, input: { ModelName: string }): Record<string, never> {
  const key = keyOf(context, input.ModelName);
  const models = modelsOf(context.world.store);
  const record = models.get(key);
  if (!record) throw notFound(context, 'model', input.ModelName);
  const user = context.world.switches.refuseModelInUse ? userOf(context, input.ModelName) : undefined;
  if (user !== undefined) throw validationError(`Cannot delete model "${record.arn}": "${user}" uses it.`);
  models.delete(key);
  removeTags(context, record.arn);
  return {};
}
