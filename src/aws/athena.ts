import {
  BatchGetQueryExecutionCommand,
  type ColumnInfo,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  GetWorkGroupCommand,
  ListQueryExecutionsCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import type { Clock } from '../base/clock.ts';
import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';
import { pages } from './pages.ts';

/** A workgroup, as far as it decides how queries run. */
export interface Workgroup {
  name: string;
  enabled: boolean;
  /** It overrides what a query says of where its results go and how they are encrypted. */
  enforced: boolean;
  /** Where results go, where the query does not say, or may not. */
  output: string | undefined;
  /** Results lie in Athena's own storage, and in no bucket. */
  managed: boolean;
  /** Bytes that one query may scan; undefined: any number. */
  cutoff: number | undefined;
  /** Its queries may read buckets whose requester pays. */
  requesterPays: boolean;
  /** `Athena engine version 3`, as in effect. */
  engine: string | undefined;
}

/** The workgroup of this name; undefined where there is none. */
export async function readWorkgroup(aws: Aws, name: string, signal?: AbortSignal): Promise<Workgroup | undefined> {
  const client = await aws.athena();
  try {
    const { WorkGroup } = await call(aws.target, `look at workgroup "${name}" of Athena`, () =>
      client.send(new GetWorkGroupCommand({ WorkGroup: name }), { abortSignal: signal }),
    );
    const { Configuration = {} } = WorkGroup ?? {};
    return {
      name,
      enabled: WorkGroup?.State !== 'DISABLED',
      enforced: Configuration.EnforceWorkGroupConfiguration === true,
      output: Configuration.ResultConfiguration?.OutputLocation,
      managed: Configuration.ManagedQueryResultsConfiguration?.Enabled === true,
      cutoff: Configuration.BytesScannedCutoffPerQuery,
      requesterPays: Configuration.RequesterPaysEnabled === true,
      engine: Configuration.EngineVersion?.EffectiveEngineVersion,
    };
  } catch (error) {
    // "WorkGroup … is not found."
    if (error instanceof AwsProblem && error.code === 'InvalidRequestException' && /not found/i.test(error.words))
      return undefined;
    throw error;
  }
}

/** A query that is to run. */
export interface Query {
  sql: string;
  database: string;
  workgroup: string;
  /** Where its results go, `s3://…/`; undefined: as the workgroup says. */
  output: string | undefined;
  /** ARN of the KMS key that encrypts what it writes; undefined: as the bucket says. */
  kmsKey: string | undefined;
  /** 32 to 128 characters: the same request, sent again, begins no second query. */
  token: string;
  /** What it is for, to follow "could not run": `the question "pairs"`. */
  about: string;
}

/** How a query stands, or how it ended. */
export interface Execution {
  id: string;
  state: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
  /** Athena's words on why it failed or was cancelled. */
  reason: string | undefined;
  /** Athena says that the same query may succeed when it is sent again. */
  retryable: boolean;
  /** So far, where it runs. */
  scanned: number;
  /** The object that its results are in, where they are in a bucket. */
  output: string | undefined;
  /** The SQL. */
  sql: string;
  /** When it was sent, milliseconds since the epoch. */
  submitted: number;
}

/** A query that has come to its end, whichever. */
export function hasEnded({ state }: Execution): boolean {
  return state === 'SUCCEEDED' || state === 'FAILED' || state === 'CANCELLED';
}

/** An account runs so many queries at once; those of others take their share. */
const BUSY_WAIT_MS = 5_000;
const BUSY_TRIES = 60;

/** Begins a query; where the account runs as many as it may, waits. @returns its id */
export async function startQuery(aws: Aws, clock: Clock, query: Query, signal: AbortSignal): Promise<string> {
  const client = await aws.athena();
  const { sql, database, workgroup, output, kmsKey, token, about } = query;
  const encryption =
    kmsKey === undefined ? {} : { EncryptionConfiguration: { EncryptionOption: 'SSE_KMS' as const, KmsKey: kmsKey } };
  const command = new StartQueryExecutionCommand({
    QueryString: sql,
    ClientRequestToken: token,
    WorkGroup: workgroup,
    QueryExecutionContext: { Database: database },
    ...(output !== undefined && { ResultConfiguration: { OutputLocation: output, ...encryption } }),
  });
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted();
    try {
      // Not aborted: a query whose id is not known cannot be stopped.
      const reply = await call(
        aws.target,
        `run ${about} by Athena`,
        () => client.send(command),
        `athena:StartQueryExecution on workgroup ${workgroup}`,
      );
      return reply.QueryExecutionId ?? '';
    } catch (error) {
      if (!(error instanceof AwsProblem) || !error.throttled || tries >= BUSY_TRIES) throw error;
      await clock.sleep(BUSY_WAIT_MS, signal);
    }
  }
}

/** How a query stands. */
export async function readExecution(aws: Aws, id: string, signal?: AbortSignal): Promise<Execution> {
  const client = await aws.athena();
  const reply = await call(aws.target, `look at query ${id} of Athena`, () =>
    client.send(new GetQueryExecutionCommand({ QueryExecutionId: id }), { abortSignal: signal }),
  );
  return executionOf(reply.QueryExecution ?? {}, id);
}

function executionOf(found: QueryExecution, id = ''): Execution {
  const { Status, Statistics, ResultConfiguration } = found;
  return {
    id: found.QueryExecutionId ?? id,
    state: Status?.State ?? 'QUEUED',
    reason: Status?.AthenaError?.ErrorMessage ?? Status?.StateChangeReason,
    retryable: Status?.AthenaError?.Retryable === true,
    scanned: Statistics?.DataScannedInBytes ?? 0,
    output: ResultConfiguration?.OutputLocation,
    sql: found.Query ?? '',
    submitted: Status?.SubmissionDateTime?.getTime() ?? 0,
  };
}

/** Stops a query. One that has ended stays as it is. */
export async function stopQuery(aws: Aws, id: string): Promise<void> {
  const client = await aws.athena();
  await call(aws.target, `stop query ${id} of Athena`, () =>
    client.send(new StopQueryExecutionCommand({ QueryExecutionId: id })),
  );
}

/** A value of a result. */
export type Value = string | number | boolean | null;

const NUMBERS = new Set(['tinyint', 'smallint', 'integer', 'int', 'bigint', 'float', 'real', 'double', 'decimal']);

/** Athena gives every value as text, and none at all for NULL. */
function valueOf(text: string | undefined, type: string): Value {
  if (text === undefined) return null;
  if (NUMBERS.has(type)) return Number(text);
  return type === 'boolean' ? text === 'true' : text;
}

/** The rows of a SELECT that has succeeded, by the names of its columns. */
export async function queryRows(aws: Aws, id: string, signal?: AbortSignal): Promise<Record<string, Value>[]> {
  const client = await aws.athena();
  const send = (NextToken: string | undefined) =>
    call(aws.target, `read the results of query ${id} of Athena`, () =>
      client.send(new GetQueryResultsCommand({ QueryExecutionId: id, NextToken, MaxResults: 1000 }), {
        abortSignal: signal,
      }),
    );
  const rows: Record<string, Value>[] = [];
  let header = true;
  for await (const page of pages(send, (one) => one.NextToken)) {
    const columns = page.ResultSet?.ResultSetMetadata?.ColumnInfo ?? [];
    for (const { Data = [] } of page.ResultSet?.Rows ?? []) {
      const texts = columns.map((_, i) => Data[i]?.VarCharValue);
      // The first row of the first page is the names of the columns.
      if (header && columns.every(({ Name }, i) => texts[i] === Name)) {
        header = false;
        continue;
      }
      header = false;
      rows.push(Object.fromEntries(columns.map((column, i) => named(column, texts[i]))));
    }
  }
  return rows;
}

function named({ Name = '', Type = '' }: ColumnInfo, text: string | undefined): [string, Value] {
  return [Name, valueOf(text, Type)];
}

/** Athena tells of so many at once (API_BatchGetQueryExecution). */
const MAX_BATCH = 50;

/** Queries of a workgroup that were sent at that moment or later (milliseconds since the epoch), the newest first. */
export async function* queriesSince(aws: Aws, workgroup: string, since: number): AsyncGenerator<Execution> {
  const client = await aws.athena();
  const send = (NextToken: string | undefined) =>
    call(aws.target, `list the queries of workgroup "${workgroup}" of Athena`, () =>
      client.send(new ListQueryExecutionsCommand({ WorkGroup: workgroup, NextToken, MaxResults: MAX_BATCH })),
    );
  for await (const { QueryExecutionIds = [] } of pages(send, (one) => one.NextToken)) {
    if (QueryExecutionIds.length === 0) continue;
    const { QueryExecutions = [] } = await call(aws.target, 'look at queries of Athena', () =>
      client.send(new BatchGetQueryExecutionCommand({ QueryExecutionIds })),
    );
    const found = QueryExecutions.map((one) => executionOf(one));
    for (const one of found) if (one.submitted >= since) yield one;
    // "a list of available query execution IDs for the queries in the specified workgroup", from the newest on.
    if (found.length > 0 && found.every(({ submitted }) => submitted < since)) return;
  }
}
