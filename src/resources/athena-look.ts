import { type Execution, hasEnded, queriesSince, stopQuery } from '../aws/athena.ts';
import type { Aws } from '../aws/clients.ts';
import { AwsProblem } from '../aws/errors.ts';
import { deleteGlueDatabase, deleteGlueTable, glueTables, tableName } from '../aws/glue.ts';
import { deletePrefix, isEmpty } from '../aws/s3.ts';
import { MINUTE } from '../base/units.ts';
import { runBegan } from './tags.ts';

/*
 * A report that has captures read by Athena makes tables, runs queries and has their results written: all that belongs to
 * this one look, and is gone when it has ended. Each query says in its first line which run it is of, and each table in its
 * name: so what a killed report has left is found, however far it came.
 */

/** Of which run, where: the name of a look in the journal. */
export interface LookPlace {
  database: string;
  workgroup: string;
  run: string;
}

/** `shadowctl/primary/r-…` */
export function lookName({ database, workgroup, run }: LookPlace): string {
  return `${database}/${workgroup}/${run}`;
}

function lookOf(name: string): LookPlace {
  const [database = '', workgroup = '', run = ''] = name.split('/');
  return { database, workgroup, run };
}

/** The first line of every query of a run. */
export function queryMark(run: string): string {
  return `-- shadowctl:run=${run}`;
}

/** What every table of a run has in its name. */
export function tableMark(run: string): string {
  return `_${run.replaceAll('-', '_')}_`;
}

/** How far our clock and AWS's may differ. */
const CLOCK_SKEW = 5 * MINUTE;

/** The queries of a look, as Athena still has them. */
async function* queriesOf(aws: Aws, { workgroup, run }: LookPlace): AsyncGenerator<Execution> {
  const began = Date.parse(runBegan(run) ?? '') || 0;
  try {
    for await (const one of queriesSince(aws, workgroup, began - CLOCK_SKEW))
      if (one.sql.startsWith(queryMark(run))) yield one;
  } catch (error) {
    // Without its workgroup there is no query of it.
    if (!(error instanceof AwsProblem) || error.code !== 'InvalidRequestException' || !/not found/i.test(error.words))
      throw error;
  }
}

async function tablesOf(aws: Aws, { database, run }: LookPlace): Promise<string[]> {
  return (await glueTables(aws, database)).filter((name) => name.includes(tableMark(run)));
}

/** Where everything lies that Athena has written as the result of a query: `s3://…/ID`, of `ID.csv`, `ID.csv.metadata`, `ID-manifest.csv`. */
function resultsOf({ id, output }: Pick<Execution, 'id' | 'output'>): string | undefined {
  const at = output?.lastIndexOf(id) ?? -1;
  return output === undefined || id === '' || at < 0 ? undefined : output.slice(0, at + id.length);
}

/** Is anything left of a look: a query that runs, a result, a table? */
export async function hasRemains(aws: Aws, name: string): Promise<boolean> {
  const look = lookOf(name);
  for await (const one of queriesOf(aws, look)) {
    if (!hasEnded(one)) return true;
    const results = resultsOf(one);
    if (results !== undefined && !(await isEmpty(aws, results))) return true;
  }
  return (await tablesOf(aws, look)).length > 0;
}

/** Stops what still runs of a look, and deletes its results and its tables. */
export async function removeLook(aws: Aws, name: string): Promise<void> {
  const look = lookOf(name);
  const ended: Execution[] = [];
  for await (const one of queriesOf(aws, look)) {
    if (!hasEnded(one)) await stopQuery(aws, one.id);
    ended.push(one);
  }
  for (const one of ended) await removeResults(aws, one);
  for (const table of await tablesOf(aws, look)) await deleteGlueTable(aws, tableName(look.database, table));
}

/** Deletes what Athena has written as the result of one query. */
export async function removeResults(aws: Aws, query: Pick<Execution, 'id' | 'output'>): Promise<void> {
  const results = resultsOf(query);
  if (results !== undefined) await deletePrefix(aws, results);
}

/**
 * Deletes a database that holds no tables: Glue would delete these with it.
 * @throws AwsProblem where it holds any
 */
export async function deleteOwnDatabase(aws: Aws, name: string): Promise<void> {
  const tables = await glueTables(aws, name);
  if (tables.length > 0) {
    const words = `it holds ${tables.length === 1 ? 'the table' : `${tables.length} tables, as`} ${tables[0]}`;
    throw new AwsProblem(
      `Glue database "${name}" was not deleted: ${words}, which no journal here names.`,
      { code: 'DatabaseNotEmpty', words, attempts: 1, clientFault: true, throttled: false },
      { next: 'Delete these tables, or leave the database where it is: it costs nothing.' },
    );
  }
  await deleteGlueDatabase(aws, name);
}
