import type { Table, TableInput } from '@aws-sdk/client-glue';
import { databaseKey, tableKey, type TableRecord, tablesOf } from '../../world/catalog.ts';
import type { Context, Operations } from '../operation.ts';
import { pageAfter } from '../paging.ts';
import { databaseNamed, guard, ownCatalog } from './databases.ts';
import { alreadyExists, entityNotFound, invalidInput, notBuilt } from './errors.ts';

interface Named {
  CatalogId?: string;
  DatabaseName?: string;
  Name?: string;
}

export const tableOperations = {
  CreateTable(
    context,
    input: Named & { TableInput?: TableInput; PartitionIndexes?: unknown[]; OpenTableFormatInput?: unknown },
  ) {
    ownCatalog(context, input);
    const { account, region, world, caller } = context;
    const database = databaseNamed(context, input.DatabaseName ?? '').name;
    guard(context, 'Create Table', database);
    if (input.OpenTableFormatInput !== undefined) throw notBuilt('Iceberg tables');
    if ((input.PartitionIndexes ?? []).length > 0) throw notBuilt('partition indexes');
    const given = checked(input.TableInput);
    const name = (given.Name ?? '').toLowerCase();
    if (tablesOf(world.store).get(tableKey(context, database, name)) !== undefined)
      throw alreadyExists('Table already exists.');
    const now = world.clock.now();
    keep(context, {
      account,
      region,
      database,
      name,
      input: { ...given, Name: name },
      createdAt: now,
      updatedAt: now,
      version: 0,
      createdBy: caller.arn,
    });
    return {};
  },

  GetTable(context, input: Named) {
    ownCatalog(context, input);
    const record = tableNamed(context, input);
    guard(context, 'Describe', record.name);
    return { Table: described(record) };
  },

  GetTables(context, input: Named & { Expression?: string; NextToken?: string; MaxResults?: number }) {
    ownCatalog(context, input);
    const database = databaseNamed(context, input.DatabaseName ?? '').name;
    guard(context, 'Describe', database);
    const shape = expression(input.Expression);
    const all = tablesOf(context.world.store)
      .entries(`${databaseKey(context, database)}/`)
      .filter(([, { name }]) => shape.test(name));
    const { items, next } = pageAfter(all, {
      size: input.MaxResults ?? 100,
      token: input.NextToken,
      keyOf: ([key]) => key,
      invalidToken: () => invalidInput('Invalid NextToken.'),
    });
    return { TableList: items.map(([, one]) => described(one)), ...(next !== undefined && { NextToken: next }) };
  },

  UpdateTable(context, input: Named & { TableInput?: TableInput; VersionId?: string }) {
    ownCatalog(context, input);
    const given = checked(input.TableInput);
    const record = tableNamed(context, { ...input, Name: input.Name ?? given.Name ?? '' });
    guard(context, 'Alter', record.name);
    if ((given.Name ?? '').toLowerCase() !== record.name) throw notBuilt('new names of tables');
    keep(context, {
      ...record,
      input: { ...given, Name: record.name },
      updatedAt: context.world.clock.now(),
      version: record.version + 1,
    });
    return {};
  },

  DeleteTable(context, input: Named) {
    ownCatalog(context, input);
    const record = tableNamed(context, input);
    guard(context, 'Drop', record.name);
    tablesOf(context.world.store).delete(tableKey(context, record.database, record.name));
    return {};
  },

  /** Partitions that the catalogue itself keeps are not built: those of projection are computed. */
  GetPartitions(context, input: Named & { TableName?: string }) {
    ownCatalog(context, input);
    const record = tableNamed(context, { ...input, Name: input.TableName ?? '' });
    guard(context, 'Select', record.name);
    return { Partitions: [] };
  },

  /** Statistics of columns are not kept: none has any. */
  GetColumnStatisticsForTable(context, input: Named & { TableName?: string; ColumnNames?: string[] }) {
    ownCatalog(context, input);
    tableNamed(context, { ...input, Name: input.TableName ?? '' });
    return {
      ColumnStatisticsList: [],
      Errors: (input.ColumnNames ?? []).map((name) => ({
        ColumnName: name,
        Error: { ErrorCode: 'EntityNotFoundException', ErrorMessage: `Column statistics of ${name} not found.` },
      })),
    };
  },

  /** What is not there is deleted: Trino, which works with AWS, asks for it of tables that are new. */
  DeleteColumnStatisticsForTable(context, input: Named & { TableName?: string; ColumnName?: string }) {
    ownCatalog(context, input);
    tableNamed(context, { ...input, Name: input.TableName ?? '' });
    return {};
  },
} satisfies Operations;

function tableNamed(context: Context, { DatabaseName: database = '', Name: name = '' }: Named): TableRecord {
  const record = tablesOf(context.world.store).get(tableKey(context, databaseNamed(context, database).name, name));
  if (record === undefined) throw entityNotFound(`Entity Not Found (Table ${name.toLowerCase()} not found.)`);
  return record;
}

function keep({ world, account, region }: Context, record: TableRecord): void {
  tablesOf(world.store).set(tableKey({ account, region }, record.database, record.name), record);
}

/** As it can be kept. @throws AwsError */
function checked(given: TableInput | undefined): TableInput {
  if (given === undefined) throw invalidInput('TableInput is required');
  if (given.TargetTable !== undefined) throw notBuilt('links to tables');
  if (given.LastAccessTime !== undefined || given.LastAnalyzedTime !== undefined)
    throw notBuilt('LastAccessTime and LastAnalyzedTime');
  return given;
}

/** "the format is a regular expression" (API_GetTables): of whole names, with `*` for anything. */
function expression(text: string | undefined): RegExp {
  if (text === undefined) return /^/;
  return new RegExp(`^(?:${text.replace(/[^\w*|]/g, '\\$&').replaceAll('*', '.*')})$`, 'i');
}

function described(record: TableRecord): Table {
  const { account, database, name, createdAt, updatedAt, version, createdBy } = record;
  return {
    Retention: 0,
    ...record.input,
    Name: name,
    DatabaseName: database,
    CreateTime: new Date(createdAt),
    UpdateTime: new Date(updatedAt),
    CreatedBy: createdBy,
    IsRegisteredWithLakeFormation: false,
    CatalogId: account,
    VersionId: String(version),
  };
}
