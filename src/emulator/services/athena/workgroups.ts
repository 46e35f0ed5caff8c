import type {
  CreateWorkGroupInput,
  DeleteWorkGroupInput,
  GetWorkGroupInput,
  ListWorkGroupsInput,
  ResultConfiguration,
  ResultConfigurationUpdates,
  Tag,
  UpdateWorkGroupInput,
} from '@aws-sdk/client-athena';
import {
  queriesOf,
  type WorkGroupRecord,
  workGroupArn,
  workGroupOf,
  workGroupsOf,
} from '../../world/queries/records.ts';
import type { Context, Operations } from '../operation.ts';
import { pageAfter } from '../paging.ts';
import { invalidRequest, notBuilt, resourceNotFound } from './errors.ts';
import { tagsOf, tagsWithout } from '../tags.ts';

const ENGINE = 'Athena engine version 3';

export const workGroupOperations = {
  CreateWorkGroup(context, input: CreateWorkGroupInput) {
    const name = input.Name ?? '';
    if (workGroupOf(context.world.store, context, name) !== undefined)
      throw invalidRequest('WorkGroup is already created');
    const { Configuration: given = {} } = input;
    refuse(given);
    const record: WorkGroupRecord = {
      account: context.account,
      region: context.region,
      name,
      state: 'ENABLED',
      createdAt: context.world.clock.now(),
      // "The default is true" of both (API_WorkGroupConfiguration).
      isEnforced: given.EnforceWorkGroupConfiguration ?? true,
      publishesMetrics: given.PublishCloudWatchMetricsEnabled ?? true,
      requesterPays: given.RequesterPaysEnabled ?? false,
      engine: given.EngineVersion?.SelectedEngineVersion ?? 'AUTO',
      tags: tagsOf(input.Tags),
    };
    if (input.Description !== undefined) record.description = input.Description;
    if (given.BytesScannedCutoffPerQuery !== undefined) record.cutoff = given.BytesScannedCutoffPerQuery;
    locate(record, given.ResultConfiguration);
    keep(context, record);
    return {};
  },

  GetWorkGroup(context, { WorkGroup: name = '' }: GetWorkGroupInput) {
    const record = named(context, name);
    return {
      WorkGroup: {
        Name: record.name,
        State: record.state,
        ...(record.description !== undefined && { Description: record.description }),
        ...(record.createdAt > 0 && { CreationTime: new Date(record.createdAt) }),
        Configuration: {
          ResultConfiguration: {
            ...(record.outputLocation !== undefined && { OutputLocation: record.outputLocation }),
            ...(record.expectedBucketOwner !== undefined && { ExpectedBucketOwner: record.expectedBucketOwner }),
          },
          EnforceWorkGroupConfiguration: record.isEnforced,
          PublishCloudWatchMetricsEnabled: record.publishesMetrics,
          ...(record.cutoff !== undefined && { BytesScannedCutoffPerQuery: record.cutoff }),
          RequesterPaysEnabled: record.requesterPays,
          EngineVersion: { SelectedEngineVersion: record.engine, EffectiveEngineVersion: ENGINE },
        },
      },
    };
  },

  UpdateWorkGroup(context, input: UpdateWorkGroupInput) {
    const record = { ...named(context, input.WorkGroup ?? '') };
    const { ConfigurationUpdates: given = {} } = input;
    refuse(given);
    if (given.ManagedQueryResultsConfigurationUpdates !== undefined) throw notBuilt('managed query results');
    if (input.Description !== undefined) record.description = input.Description;
    if (input.State !== undefined) record.state = input.State;
    if (given.EnforceWorkGroupConfiguration !== undefined) record.isEnforced = given.EnforceWorkGroupConfiguration;
    if (given.PublishCloudWatchMetricsEnabled !== undefined)
      record.publishesMetrics = given.PublishCloudWatchMetricsEnabled;
    if (given.RequesterPaysEnabled !== undefined) record.requesterPays = given.RequesterPaysEnabled;
    if (given.EngineVersion?.SelectedEngineVersion !== undefined)
      record.engine = given.EngineVersion.SelectedEngineVersion;
    if (given.BytesScannedCutoffPerQuery !== undefined) record.cutoff = given.BytesScannedCutoffPerQuery;
    if (given.RemoveBytesScannedCutoffPerQuery === true) delete record.cutoff;
    const { ResultConfigurationUpdates: results } = given;
    locate(record, results);
    if (results?.RemoveOutputLocation === true) delete record.outputLocation;
    if (results?.RemoveExpectedBucketOwner === true) delete record.expectedBucketOwner;
    // The group `primary` is kept from its first change on.
    if (record.createdAt === 0) record.createdAt = context.world.clock.now();
    keep(context, record);
    return {};
  },

  DeleteWorkGroup(context, input: DeleteWorkGroupInput) {
    const { WorkGroup: name = '' } = input;
    if (name === 'primary') throw invalidRequest('Cannot delete the primary WorkGroup');
    named(context, name);
    const { account, region, world } = context;
    const of = queriesOf(world.store)
      .entries(`${account}/${region}/`)
      .filter(([, one]) => one.workGroup === name);
    if (of.length > 0 && input.RecursiveDeleteOption !== true) throw invalidRequest(`WorkGroup ${name} is not empty`);
    for (const [key] of of) queriesOf(world.store).delete(key);
    workGroupsOf(world.store).delete(`${account}/${region}/${name}`);
    return {};
  },

  ListWorkGroups(context, input: ListWorkGroupsInput) {
    const { account, region, world } = context;
    const kept = workGroupsOf(world.store)
      .entries(`${account}/${region}/`)
      .map(([, one]) => one);
    const primary = workGroupOf(world.store, context, 'primary');
    const all = [...kept, ...(kept.some(({ name }) => name === 'primary') || primary === undefined ? [] : [primary])];
    const { items, next } = pageAfter(
      all.sort((a, b) => (a.name < b.name ? -1 : 1)),
      {
        size: input.MaxResults ?? 50,
        token: input.NextToken,
        keyOf: ({ name }) => name,
        invalidToken: () => invalidRequest('Invalid NextToken.'),
      },
    );
    return {
      WorkGroups: items.map((one) => ({
        Name: one.name,
        State: one.state,
        ...(one.description !== undefined && { Description: one.description }),
        ...(one.createdAt > 0 && { CreationTime: new Date(one.createdAt) }),
        EngineVersion: { SelectedEngineVersion: one.engine, EffectiveEngineVersion: ENGINE },
      })),
      ...(next !== undefined && { NextToken: next }),
    };
  },

  ListTagsForResource(context, { ResourceARN: arn = '' }: { ResourceARN?: string }) {
    return { Tags: Object.entries(tagged(context, arn).tags).map(([Key, Value]) => ({ Key, Value })) };
  },

  TagResource(context, { ResourceARN: arn = '', Tags: tags }: { ResourceARN?: string; Tags?: Tag[] }) {
    const record = tagged(context, arn);
    keep(context, { ...record, tags: { ...record.tags, ...tagsOf(tags) } });
    return {};
  },

  UntagResource(context, { ResourceARN: arn = '', TagKeys: keys = [] }: { ResourceARN?: string; TagKeys?: string[] }) {
    const record = tagged(context, arn);
    keep(context, { ...record, tags: tagsWithout(record.tags, keys) });
    return {};
  },
} satisfies Operations;

function named(context: Context, name: string): WorkGroupRecord {
  const record = workGroupOf(context.world.store, context, name);
  if (record === undefined) throw invalidRequest(`WorkGroup ${name} is not found.`);
  return record;
}

function tagged(context: Context, arn: string): WorkGroupRecord {
  const name = /:workgroup\/([^/]+)$/.exec(arn)?.[1] ?? '';
  const record = workGroupOf(context.world.store, context, name);
  if (record === undefined || workGroupArn(context, name) !== arn)
    throw resourceNotFound(`Resource ${arn} is not found.`, arn);
  return record;
}

function keep({ world, account, region }: Context, record: WorkGroupRecord): void {
  workGroupsOf(world.store).set(`${account}/${region}/${record.name}`, record);
}

function locate(record: WorkGroupRecord, given: ResultConfiguration | ResultConfigurationUpdates | undefined): void {
  if (given?.OutputLocation !== undefined) record.outputLocation = given.OutputLocation;
  if (given?.ExpectedBucketOwner !== undefined) record.expectedBucketOwner = given.ExpectedBucketOwner;
  if (given?.EncryptionConfiguration?.EncryptionOption?.endsWith('KMS') === true)
    throw notBuilt('results encrypted with KMS');
  if (given?.AclConfiguration !== undefined) throw notBuilt('ACLs of results');
}

/** Settings of a group that are not built. */
const UNBUILT: Readonly<Record<string, string>> = {
  ManagedQueryResultsConfiguration: 'managed query results',
  ExecutionRole: 'groups of Spark (ExecutionRole)',
  AdditionalConfiguration: 'groups of Spark (AdditionalConfiguration)',
  CustomerContentEncryptionConfiguration: 'results encrypted with KMS',
  IdentityCenterConfiguration: 'IAM Identity Center',
  QueryResultsS3AccessGrantsConfiguration: 'S3 Access Grants',
  EngineConfiguration: 'EngineConfiguration',
  MonitoringConfiguration: 'MonitoringConfiguration',
  EnableMinimumEncryptionConfiguration: 'a minimum of encryption',
};

function refuse(given: object): void {
  for (const [member, words] of Object.entries(UNBUILT))
    if ((given as Record<string, unknown>)[member] !== undefined) throw notBuilt(words);
}
