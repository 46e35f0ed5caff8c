import type {
  ListEndpointConfigsOutput,
  ListEndpointsOutput,
  ListInferenceExperimentsResponse,
  ListModelPackagesInput,
  ListModelPackagesOutput,
  ListModelsOutput,
  ListTransformJobsResponse,
} from '@aws-sdk/client-sagemaker';
import type { Table } from '../../storage/store.ts';
import type { Context } from '../operation.ts';
import { configsOf, endpointsOf, modelsOf, packagesOf } from '../../world/endpoints/records.ts';
import { experimentsOf } from '../../world/experiments/records.ts';
import { transformsOf } from '../../world/transform/records.ts';
import { type Page, pageAfter } from '../paging.ts';
import { invalidNextToken } from './errors.ts';
import { summaryOf } from './experiments.ts';
import { jobSummary } from './transform-jobs.ts';

interface ListInput {
  SortBy?: string;
  SortOrder?: string;
  NextToken?: string;
  MaxResults?: number;
  NameContains?: string;
  CreationTimeAfter?: Date;
  CreationTimeBefore?: Date;
  LastModifiedTimeAfter?: Date;
  LastModifiedTimeBefore?: Date;
  StatusEquals?: string;
}

interface Listed {
  name: string;
  createdAt: number;
  modifiedAt?: number;
  status?: string;
}

/** ListEndpoints documents 10; the other lists answer as many. */
const PAGE = 10;

/** Filters, sorts (newest first by default, ties by name) and cuts a page; the token names the last one given. */
function page<T extends Listed>(records: readonly T[], input: ListInput): Page<T> {
  const direction = input.SortOrder === 'Ascending' ? 1 : -1;
  const byName = (a: Listed, b: Listed) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const rank = (record: Listed) => (input.SortBy === 'Status' ? (record.status ?? '') : record.createdAt);
  const compare = (a: Listed, b: Listed) => {
    if (input.SortBy !== 'Name') {
      const [x, y] = [rank(a), rank(b)];
      if (x !== y) return (x < y ? -1 : 1) * direction;
    }
    return byName(a, b) * direction;
  };
  const kept = records.filter((record) => matches(record, input)).sort(compare);
  return pageAfter(kept, {
    size: input.MaxResults ?? PAGE,
    token: input.NextToken,
    invalidToken: invalidNextToken,
    keyOf: ({ name, createdAt, status }) => JSON.stringify([name, createdAt, status ?? null]),
    isAfter: (record, key) => compare(record, readKey(key)) > 0,
  });
}

function matches(record: Listed, input: ListInput): boolean {
  const modifiedAt = record.modifiedAt ?? record.createdAt;
  return (
    (input.NameContains === undefined || record.name.toLowerCase().includes(input.NameContains.toLowerCase())) &&
    (input.CreationTimeAfter === undefined || record.createdAt > input.CreationTimeAfter.getTime()) &&
    (input.CreationTimeBefore === undefined || record.createdAt < input.CreationTimeBefore.getTime()) &&
    (input.LastModifiedTimeAfter === undefined || modifiedAt > input.LastModifiedTimeAfter.getTime()) &&
    (input.LastModifiedTimeBefore === undefined || modifiedAt < input.LastModifiedTimeBefore.getTime()) &&
    (input.StatusEquals === undefined || record.status === input.StatusEquals)
  );
}

function readKey(key: string): Listed {
  try {
    const [name, createdAt, status] = JSON.parse(key) as [unknown, unknown, string | null];
    if (typeof name === 'string' && typeof createdAt === 'number')
      return { name, createdAt, ...(status !== null && { status }) };
  } catch {
    // Falls through to the refusal.
  }
  throw invalidNextToken();
}

/** A page of the caller's own records, in their account and region. */
function pageOf<T extends Listed>(
  { account, region }: Context,
  table: Table<T>,
  input: ListInput,
  among: (record: T) => boolean = () => true,
): { items: T[]; token: { NextToken?: string } } {
  const records = table.entries(`${account}/${region}/`).map(([, record]) => record);
  const { items, next } = page(records.filter(among), input);
  return { items, token: next === undefined ? {} : { NextToken: next } };
}

export function listModels(context: Context, input: ListInput): ListModelsOutput {
  const { items, token } = pageOf(context, modelsOf(context.world.store), input);
  const Models = items.map((record) => ({
    ModelName: record.name,
    ModelArn: record.arn,
    CreationTime: new Date(record.createdAt),
  }));
  return { Models, ...token };
}

/** Lists versions in the Model Registry, of one group or of all, by their approval. */
export function listModelPackages(
  context: Context,
  input: ListInput & Pick<ListModelPackagesInput, 'ModelPackageGroupName' | 'ModelApprovalStatus'>,
): ListModelPackagesOutput {
  const { ModelPackageGroupName: group, ModelApprovalStatus: approval } = input;
  const { items, token } = pageOf(
    context,
    packagesOf(context.world.store),
    input,
    (record) =>
      (group === undefined || isGroup(record.name, group)) && (approval === undefined || record.approval === approval),
  );
  const ModelPackageSummaryList = items.map((record) => ({
    ModelPackageGroupName: record.name,
    ModelPackageVersion: record.version,
    ModelPackageArn: record.arn,
    CreationTime: new Date(record.createdAt),
    ModelPackageStatus: 'Completed' as const,
    ModelApprovalStatus: record.approval,
  }));
  return { ModelPackageSummaryList, ...token };
}

/** Groups are named by name or by ARN. */
function isGroup(of: string, group: string): boolean {
  return of.toLowerCase() === group.split('/').at(-1)?.toLowerCase();
}

export function listEndpointConfigs(context: Context, input: ListInput): ListEndpointConfigsOutput {
  const { items, token } = pageOf(context, configsOf(context.world.store), input);
  const EndpointConfigs = items.map((record) => ({
    EndpointConfigName: record.name,
    EndpointConfigArn: record.arn,
    CreationTime: new Date(record.createdAt),
  }));
  return { EndpointConfigs, ...token };
}

export function listInferenceExperiments(context: Context, input: ListInput): ListInferenceExperimentsResponse {
  const { items, token } = pageOf(context, experimentsOf(context.world.store), input);
  return { InferenceExperiments: items.map(summaryOf), ...token };
}

export function listTransformJobs(context: Context, input: ListInput): ListTransformJobsResponse {
  const { items, token } = pageOf(context, transformsOf(context.world.store), input);
  return { TransformJobSummaries: items.map(jobSummary), ...token };
}

export function listEndpoints(context: Context, input: ListInput): ListEndpointsOutput {
  const { items, token } = pageOf(context, endpointsOf(context.world.store), input);
  const Endpoints = items.map((record) => ({
    EndpointName: record.name,
    EndpointArn: record.arn,
    CreationTime: new Date(record.createdAt),
    LastModifiedTime: new Date(record.modifiedAt),
    EndpointStatus: record.status,
  }));
  return { Endpoints, ...token };
}
