import type { EndpointStatus } from '@aws-sdk/client-sagemaker';
import { type Context, validation } from '../operation.ts';
import { configsOf, endpointsOf, modelsOf } from '../../world/endpoints/records.ts';

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
  StatusEquals?: EndpointStatus;
}

interface Listed {
  name: string;
  createdAt: number;
  modifiedAt?: number;
  status?: EndpointStatus;
}

/** ListEndpoints documents 10; the other lists answer as many. */
const PAGE = 10;

/** Filters, sorts (newest first by default, ties by name) and cuts a page; the token names the last one given. */
function page<T extends Listed>(records: readonly T[], input: ListInput): { items: T[]; NextToken?: string } {
  const kept = records.filter((record) => matches(record, input));
  const direction = input.SortOrder === 'Ascending' ? 1 : -1;
  const byName = (a: T, b: T) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const rank = (record: T) => (input.SortBy === 'Status' ? (record.status ?? '') : record.createdAt);
  const compare = (a: T, b: T) => {
    if (input.SortBy !== 'Name') {
      const [x, y] = [rank(a), rank(b)];
      if (x !== y) return (x < y ? -1 : 1) * direction;
    }
    return byName(a, b) * direction;
  };
  kept.sort(compare);
  let from = 0;
  if (input.NextToken !== undefined) {
    const last = decode<T>(input.NextToken);
    // The one it names may be gone: go on behind where it stood.
    from = kept.findIndex((record) => compare(record, last) > 0);
    if (from < 0) from = kept.length;
  }
  const items = kept.slice(from, from + (input.MaxResults ?? PAGE));
  const last = items.at(-1);
  return { items, ...(last && from + items.length < kept.length && { NextToken: encode(last) }) };
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

function encode({ name, createdAt, status }: Listed): string {
  return Buffer.from(JSON.stringify([name, createdAt, status ?? null])).toString('base64url');
}

function decode<T extends Listed>(token: string): T {
  try {
    const [name, createdAt, status] = JSON.parse(Buffer.from(token, 'base64url').toString()) as [
      unknown,
      unknown,
      unknown,
    ];
    if (typeof name === 'string' && typeof createdAt === 'number') return { name, createdAt, status } as unknown as T;
  } catch {
    // Falls through to the refusal.
  }
  throw validation('Invalid NextToken.');
}

const prefix = (context: Context) => `${context.account}/${context.region}/`;

export function listModels(context: Context, input: ListInput): unknown {
  const records = modelsOf(context.world.store)
    .entries(prefix(context))
    .map(([, record]) => record);
  const { items, ...more } = page(records, input);
  const Models = items.map((record) => ({
    ModelName: record.name,
    ModelArn: record.arn,
    CreationTime: new Date(record.createdAt),
  }));
  return { Models, ...more };
}

export function listEndpointConfigs(context: Context, input: ListInput): unknown {
  const records = configsOf(context.world.store)
    .entries(prefix(context))
    .map(([, record]) => record);
  const { items, ...more } = page(records, input);
  const EndpointConfigs = items.map((record) => ({
    EndpointConfigName: record.name,
    EndpointConfigArn: record.arn,
    CreationTime: new Date(record.createdAt),
  }));
  return { EndpointConfigs, ...more };
}

export function listEndpoints(context: Context, input: ListInput): unknown {
  const records = endpointsOf(context.world.store)
    .entries(prefix(context))
    .map(([, record]) => record);
  const { items, ...more } = page(records, input);
  const Endpoints = items.map((record) => ({
    EndpointName: record.name,
    EndpointArn: record.arn,
    CreationTime: new Date(record.createdAt),
    LastModifiedTime: new Date(record.modifiedAt),
    EndpointStatus: record.status,
  }));
  return { Endpoints, ...more };
}
