import type { CreateDatabaseRequest, Database } from '@aws-sdk/client-glue';
import { databaseArn, databaseKey, type DatabaseRecord, databasesOf, tablesOf } from '../../world/catalog.ts';
import type { Context, Operations } from '../operation.ts';
import { pageAfter } from '../paging.ts';
import { alreadyExists, entityNotFound, invalidInput, lakeFormation, notBuilt } from './errors.ts';
import { tagsWithout } from '../tags.ts';

type InCatalog = { CatalogId?: string };

export const databaseOperations = {
  CreateDatabase(context, input: CreateDatabaseRequest) {
    ownCatalog(context, input);
    const { account, region, world } = context;
    const { DatabaseInput: given = { Name: '' }, Tags: tags = {} } = input;
    const name = (given.Name ?? '').toLowerCase();
    guard(context, 'Create Database', 'Catalog');
    if (given.TargetDatabase !== undefined || given.FederatedDatabase !== undefined)
      throw notBuilt('links to databases');
    if (databasesOf(world.store).get(databaseKey(context, name)) !== undefined)
      throw alreadyExists('Database already exists.');
    const record: DatabaseRecord = {
      account,
      region,
      name,
      input: { ...given, Name: name },
      createdAt: world.clock.now(),
      tags,
    };
    databasesOf(world.store).set(databaseKey(context, name), record);
    return {};
  },

  GetDatabase(context, input: InCatalog & { Name?: string }) {
    ownCatalog(context, input);
    const record = databaseNamed(context, input.Name ?? '');
    guard(context, 'Describe', record.name);
    return { Database: described(record) };
  },

  GetDatabases(context, input: InCatalog & { NextToken?: string; MaxResults?: number }) {
    ownCatalog(context, input);
    const { account, region, world } = context;
    const { items, next } = pageAfter(databasesOf(world.store).entries(`${account}/${region}/`), {
      size: input.MaxResults ?? 100,
      token: input.NextToken,
      keyOf: ([key]) => key,
      invalidToken: () => invalidInput('Invalid NextToken.'),
    });
    return { DatabaseList: items.map(([, one]) => described(one)), ...(next !== undefined && { NextToken: next }) };
  },

  /** Its tables go with it. */
  DeleteDatabase(context, input: InCatalog & { Name?: string }) {
    ownCatalog(context, input);
    const { world } = context;
    const record = databaseNamed(context, input.Name ?? '');
    guard(context, 'Drop', record.name);
    const key = databaseKey(context, record.name);
    for (const [table] of tablesOf(world.store).entries(`${key}/`)) tablesOf(world.store).delete(table);
    databasesOf(world.store).delete(key);
    return {};
  },

  GetTags(context, { ResourceArn: arn = '' }: { ResourceArn?: string }) {
    return { Tags: tagged(context, arn).tags };
  },

  TagResource(
    context,
    { ResourceArn: arn = '', TagsToAdd: tags = {} }: { ResourceArn?: string; TagsToAdd?: Record<string, string> },
  ) {
    const record = tagged(context, arn);
    keep(context, { ...record, tags: { ...record.tags, ...tags } });
    return {};
  },

  UntagResource(
    context,
    { ResourceArn: arn = '', TagsToRemove: keys = [] }: { ResourceArn?: string; TagsToRemove?: string[] },
  ) {
    const record = tagged(context, arn);
    keep(context, { ...record, tags: tagsWithout(record.tags, keys) });
    return {};
  },
} satisfies Operations;

/** A database by its name. @throws the refusal of Glue where there is none */
export function databaseNamed(context: Context, name: string): DatabaseRecord {
  const record = databasesOf(context.world.store).get(databaseKey(context, name));
  if (record === undefined) throw entityNotFound(`Database ${name.toLowerCase()} not found.`);
  return record;
}

/** Only databases carry tags here. */
function tagged(context: Context, arn: string): DatabaseRecord {
  const name = /:database\/([^/]+)$/.exec(arn)?.[1];
  if (name === undefined) throw notBuilt(`tags of ${arn}: of databases alone`);
  const record = databaseNamed(context, name);
  if (databaseArn(context, name) !== arn) throw entityNotFound(`Database ${name} not found.`);
  return record;
}

function keep({ world, account, region }: Context, record: DatabaseRecord): void {
  databasesOf(world.store).set(databaseKey({ account, region }, record.name), record);
}

/** The account's own catalog is the one there is. */
export function ownCatalog({ account }: Context, { CatalogId: id }: InCatalog): void {
  if (id !== undefined && id !== account) throw notBuilt(`the catalog ${id}: the account's own alone`);
}

/** Refuses what Lake Formation would, where a switch says that it denies all. */
export function guard({ world }: Context, permission: string, on: string): void {
  if (world.switches.lakeFormation === 'all') throw lakeFormation(permission, on);
}

function described(record: DatabaseRecord): Database {
  return { ...record.input, Name: record.name, CreateTime: new Date(record.createdAt), CatalogId: record.account };
}
