import {
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteDatabaseCommand,
  DeleteTableCommand,
  GetDatabaseCommand,
  GetTablesCommand,
  type TableInput,
} from '@aws-sdk/client-glue';
import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';
import { pages } from './pages.ts';

/*
 * The Glue Data Catalog, where Athena's tables stand. Of databases and tables only what is used; `parameters`
 * hold whose something is, for tables take no tags.
 */

/** A database of the catalog. */
export interface GlueDatabase {
  name: string;
  parameters: Readonly<Record<string, string>>;
}

/** The database of this name; undefined where there is none. */
export async function glueDatabase(aws: Aws, name: string, signal?: AbortSignal): Promise<GlueDatabase | undefined> {
  const client = await aws.glue();
  const reply = await present(
    call(aws.target, `look at database "${name}" in the Glue Data Catalog`, () =>
      client.send(new GetDatabaseCommand({ Name: name }), { abortSignal: signal }),
    ),
  );
  return reply && { name, parameters: reply.Database?.Parameters ?? {} };
}

/** Creates a database. `tags` are for IAM and for bills, `parameters` say whose it is. */
export async function createGlueDatabase(
  aws: Aws,
  { name, parameters, tags }: GlueDatabase & { tags: Readonly<Record<string, string>> },
): Promise<void> {
  const client = await aws.glue();
  const input = { DatabaseInput: { Name: name, Parameters: { ...parameters } }, Tags: { ...tags } };
  await call(aws.target, `create database "${name}" in the Glue Data Catalog`, () =>
    client.send(new CreateDatabaseCommand(input)),
  );
}

/** Deletes a database. Glue deletes the tables in it as well: who calls has made sure that there are none. */
export async function deleteGlueDatabase(aws: Aws, name: string): Promise<'deleted' | 'gone'> {
  const client = await aws.glue();
  const reply = await present(
    call(aws.target, `delete database "${name}" from the Glue Data Catalog`, () =>
      client.send(new DeleteDatabaseCommand({ Name: name })),
    ),
  );
  return reply === undefined ? 'gone' : 'deleted';
}

/** Names of the tables of a database; none where there is no such database. */
export async function glueTables(aws: Aws, database: string, signal?: AbortSignal): Promise<string[]> {
  const client = await aws.glue();
  const names: string[] = [];
  const send = (NextToken: string | undefined) =>
    present(
      call(aws.target, `list the tables of database "${database}"`, () =>
        client.send(new GetTablesCommand({ DatabaseName: database, NextToken }), { abortSignal: signal }),
      ),
    );
  for await (const page of pages(send, (one) => one?.NextToken))
    for (const { Name } of page?.TableList ?? []) if (Name !== undefined) names.push(Name);
  return names;
}

/** `database.table` */
export function tableName(database: string, table: string): string {
  return `${database}.${table}`;
}

/** The parts of `database.table`. */
function tableOf(name: string): { database: string; table: string } {
  const dot = name.indexOf('.');
  return { database: name.slice(0, dot), table: name.slice(dot + 1) };
}

/** Creates a table in this database, under a name that nobody else gives. */
export async function createGlueTable(aws: Aws, database: string, input: TableInput): Promise<void> {
  const client = await aws.glue();
  try {
    await call(aws.target, `create table ${tableName(database, input.Name ?? '')} in the Glue Data Catalog`, () =>
      client.send(new CreateTableCommand({ DatabaseName: database, TableInput: input })),
    );
  } catch (error) {
    // The echo of our own first request, whose reply was lost.
    const echo = error instanceof AwsProblem && error.code === 'AlreadyExistsException' && error.attempts > 1;
    if (!echo) throw error;
  }
}

/** Deletes the table `database.table`; what lies in S3 stays. */
export async function deleteGlueTable(aws: Aws, name: string): Promise<'deleted' | 'gone'> {
  const client = await aws.glue();
  const { database, table } = tableOf(name);
  const reply = await present(
    call(aws.target, `delete table ${name} from the Glue Data Catalog`, () =>
      client.send(new DeleteTableCommand({ DatabaseName: database, Name: table })),
    ),
  );
  return reply === undefined ? 'gone' : 'deleted';
}

async function present<T>(reply: Promise<T>): Promise<T | undefined> {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof AwsProblem && error.code === 'EntityNotFoundException') return undefined;
    throw error;
  }
}
