import type {
  ContainerDefinition,
  CreateModelPackageGroupInput,
  CreateModelPackageInput,
  DescribeModelPackageGroupOutput,
  DescribeModelPackageOutput,
  UpdateModelPackageInput,
} from '@aws-sdk/client-sagemaker';
import type { Context } from '../operation.ts';
import {
  keyOf,
  type PackageGroupRecord,
  type PackageRecord,
  packageGroupsOf,
  packagesOf,
} from '../../world/endpoints/records.ts';
import { arnOf } from '../../world/endpoints/arns.ts';
import { notBuilt, notFound, validationError } from './errors.ts';
import { checkTags, removeTags, setTags } from './tags.ts';

/*
 * The Model Registry: groups of versions. What must hold is what the API reference says of CreateModelPackage; AWS's words
 * are not sourced unless noted.
 */

export function createModelPackageGroup(
  context: Context,
  input: CreateModelPackageGroupInput,
): { ModelPackageGroupArn: string } {
  const name = input.ModelPackageGroupName ?? '';
  const groups = packageGroupsOf(context.world.store);
  const key = keyOf(context, name);
  const arn = arnOf(context, 'model-package-group', name);
  if (groups.get(key)) throw validationError(`Model Package Group already exists: ${arn}`);
  checkTags(input.Tags);
  const record: PackageGroupRecord = { name, arn, createdAt: context.world.clock.now(), versions: 0 };
  if (input.ModelPackageGroupDescription !== undefined) record.description = input.ModelPackageGroupDescription;
  groups.set(key, record);
  setTags(context, arn, input.Tags);
  return { ModelPackageGroupArn: arn };
}

export function describeModelPackageGroup(
  context: Context,
  input: { ModelPackageGroupName: string },
): DescribeModelPackageGroupOutput {
  const record = groupNamed(context, input.ModelPackageGroupName);
  return {
    ModelPackageGroupName: record.name,
    ModelPackageGroupArn: record.arn,
    ...(record.description !== undefined && { ModelPackageGroupDescription: record.description }),
    CreationTime: new Date(record.createdAt),
    CreatedBy: {},
    ModelPackageGroupStatus: 'Completed',
  };
}

/** A group that holds versions is not deleted. */
export function deleteModelPackageGroup(
  context: Context,
  input: { ModelPackageGroupName: string },
): Record<string, never> {
  const record = groupNamed(context, input.ModelPackageGroupName);
  if (versionsOf(context, record.name).length > 0)
    throw validationError(`Model Package Group ${record.arn} cannot be deleted: it contains model packages.`);
  packageGroupsOf(context.world.store).delete(keyOf(context, record.name));
  removeTags(context, record.arn);
  return {};
}

export function createModelPackage(context: Context, input: CreateModelPackageInput): { ModelPackageArn: string } {
  const { ModelPackageName: unversioned, ModelPackageGroupName: named, InferenceSpecification: inference } = input;
  // The words of these two are quoted in moto's pull request 7165.
  if (unversioned !== undefined && named !== undefined)
    throw validationError(
      'Both ModelPackageName and ModelPackageGroupName are provided in the input. Cannot determine which one to use.',
    );
  if (unversioned === undefined && named === undefined) throw validationError('Missing ARN.');
  if (named === undefined) throw notBuilt('model packages without a group (ModelPackageName)');
  if (input.ValidationSpecification) throw notBuilt('the validation of model packages (ValidationSpecification)');
  if (input.SourceUri !== undefined || input.SourceAlgorithmSpecification || inference === undefined)
    throw notBuilt('model packages without an InferenceSpecification');
  // "You cannot supply a tag argument": versions use the tags of their group.
  if ((input.Tags ?? []).length > 0)
    throw validationError('Tags cannot be given to a versioned model package: it uses the tags of its group.');
  if (inference.Containers?.length !== 1) throw notBuilt('model packages of several containers');
  const group = groupNamed(context, named);
  const version = group.versions + 1;
  packageGroupsOf(context.world.store).set(keyOf(context, group.name), { ...group, versions: version });
  const arn = arnOf(context, 'model-package', `${group.name}/${version}`);
  const now = context.world.clock.now();
  const { ModelPackageDescription, Domain, Task, SamplePayloadUrl, ModelMetrics, MetadataProperties } = input;
  const record: PackageRecord = {
    name: group.name,
    version,
    arn,
    createdAt: now,
    modifiedAt: now,
    approval: input.ModelApprovalStatus ?? 'PendingManualApproval',
    inference,
    metadata: { ...input.CustomerMetadataProperties },
    rest: { ModelPackageDescription, Domain, Task, SamplePayloadUrl, ModelMetrics, MetadataProperties },
  };
  packagesOf(context.world.store).set(keyOf(context, arn.toLowerCase()), record);
  announce(context, record);
  return { ModelPackageArn: arn };
}

export function describeModelPackage(
  context: Context,
  input: { ModelPackageName: string },
): DescribeModelPackageOutput {
  const record = packageNamed(context, input.ModelPackageName);
  return {
    ModelPackageName: record.name,
    ModelPackageGroupName: record.name,
    ModelPackageVersion: record.version,
    ModelPackageArn: record.arn,
    CreationTime: new Date(record.createdAt),
    LastModifiedTime: new Date(record.modifiedAt),
    InferenceSpecification: record.inference,
    ModelPackageStatus: 'Completed',
    ModelPackageStatusDetails: { ValidationStatuses: [] },
    ModelApprovalStatus: record.approval,
    ...(record.approvalDescription !== undefined && { ApprovalDescription: record.approvalDescription }),
    CertifyForMarketplace: false,
    CustomerMetadataProperties: record.metadata,
    ...Object.fromEntries(Object.entries(record.rest).filter(([, value]) => value !== undefined)),
  };
}

export function updateModelPackage(context: Context, input: UpdateModelPackageInput): { ModelPackageArn: string } {
  const record = packageNamed(context, input.ModelPackageArn ?? '');
  if (
    input.InferenceSpecification ||
    input.AdditionalInferenceSpecificationsToAdd ||
    input.SourceUri ||
    input.ModelCard
  )
    throw notBuilt('changes of a model package other than its approval and its metadata');
  const gone = new Set(input.CustomerMetadataPropertiesToRemove);
  const metadata = { ...record.metadata, ...input.CustomerMetadataProperties };
  const changed: PackageRecord = {
    ...record,
    approval: input.ModelApprovalStatus ?? record.approval,
    metadata: Object.fromEntries(Object.entries(metadata).filter(([name]) => !gone.has(name))),
    modifiedAt: context.world.clock.now(),
  };
  if (input.ApprovalDescription !== undefined) changed.approvalDescription = input.ApprovalDescription;
  packagesOf(context.world.store).set(keyOf(context, record.arn.toLowerCase()), changed);
  announce(context, changed);
  return { ModelPackageArn: record.arn };
}

/** Tells EventBridge of a version (Developer Guide, "SageMaker model package state change"; facts 15.3). */
function announce(context: Context, record: PackageRecord): void {
  const {
    CreationTime: _,
    LastModifiedTime: __,
    ...described
  } = describeModelPackage(context, {
    ModelPackageName: record.arn,
  });
  const seconds = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`;
  context.world.bus.put(
    context,
    {
      source: 'aws.sagemaker',
      'detail-type': 'SageMaker Model Package State Change',
      resources: [record.arn],
      detail: {
        ...described,
        ModelPackageStatusDetails: { ValidationStatuses: [], ImageScanStatuses: [] },
        CreationTime: seconds(record.createdAt),
        LastModifiedTime: seconds(record.modifiedAt),
      },
    },
    record.modifiedAt,
  );
}

export function deleteModelPackage(context: Context, input: { ModelPackageName: string }): Record<string, never> {
  const record = packageNamed(context, input.ModelPackageName);
  packagesOf(context.world.store).delete(keyOf(context, record.arn.toLowerCase()));
  return {};
}

/**
 * A container that names a package, with the image, the artifact and the environment of the package: what runs. A
 * version must be Approved to be deployed (API reference of CreateModelPackage, ModelApprovalStatus).
 */
export function resolvePackage(context: Context, container: ContainerDefinition): ContainerDefinition {
  const { ModelPackageName: name } = container;
  if (name === undefined) return container;
  if (container.Image !== undefined || container.ModelDataUrl !== undefined)
    throw validationError('ModelPackageName cannot be combined with Image or ModelDataUrl.');
  const record = packageNamed(context, name);
  if (record.approval !== 'Approved')
    throw validationError(
      `Model package ${record.arn} is not approved: its ModelApprovalStatus is ${record.approval}.`,
    );
  const [{ Image, ModelDataUrl, ModelDataSource, Environment } = {}] = record.inference.Containers ?? [];
  const environment = { ...Environment, ...container.Environment };
  return {
    ...container,
    ...(Image !== undefined && { Image }),
    ...(ModelDataUrl !== undefined && { ModelDataUrl }),
    ...(ModelDataSource !== undefined && { ModelDataSource }),
    ...(Object.keys(environment).length > 0 && { Environment: environment }),
  };
}

function versionsOf(context: Context, group: string): PackageRecord[] {
  return packagesOf(context.world.store)
    .entries(`${context.account}/${context.region}/`)
    .map(([, record]) => record)
    .filter((record) => record.name === group);
}

/** By name or by ARN. */
function groupNamed(context: Context, name: string): PackageGroupRecord {
  const bare = name.split('/').at(-1) ?? '';
  const record = packageGroupsOf(context.world.store).get(keyOf(context, bare));
  if (!record) throw notFound(context, 'model-package-group', bare);
  return record;
}

/** Versions are named by ARN alone. */
function packageNamed(context: Context, name: string): PackageRecord {
  const record = packagesOf(context.world.store).get(keyOf(context, name.toLowerCase()));
  if (!record) throw notFound(context, 'model-package', name.replace(/^.*:model-package\//, ''));
  return record;
}
