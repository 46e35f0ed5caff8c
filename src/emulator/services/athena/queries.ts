import type { EncryptionConfiguration, QueryExecution, StartQueryExecutionInput } from '@aws-sdk/client-athena';
import { QueryFailure } from '../../sql/failure.ts';
import { readStatement, type Statement } from '../../sql/statement.ts';
import { buckets } from '../../world/objects/records.ts';
import { partitionOf } from '../../world/partition.ts';
import { queriesOf, queryKey, type QueryRecord, workGroupOf } from '../../world/queries/records.ts';
import type { Context, Operations } from '../operation.ts';
import { pageAfter } from '../paging.ts';
import { invalidRequest, notBuilt, tooManyQueries } from './errors.ts';

/** Of Service Quotas: queries of an account that run or wait. */
const QUOTA = 'Active DML queries';
/** The form of an execution's id is that of a UUID. */
const DAY = 86_400_000;
/** The history of queries is kept for 45 days (Athena User Guide, "Considerations"). */
const KEPT = 45 * DAY;

export const queryOperations = {
  StartQueryExecution(context, input: StartQueryExecutionInput) {
    const { world, account, region } = context;
    const { QueryString: statement = '', WorkGroup: workGroup = 'primary', ClientRequestToken: token } = input;
    const group = workGroupOf(world.store, context, workGroup);
    if (group === undefined) throw invalidRequest(`WorkGroup ${workGroup} is not found.`);
    if (group.state === 'DISABLED') throw invalidRequest(`WorkGroup ${workGroup} is disabled.`);
    const known =
      token === undefined ? undefined : all(context).find((one) => one.token === token && one.workGroup === workGroup);
    if (known !== undefined) {
      // "If a parameter has changed … an error is returned" (API_StartQueryExecution, ClientRequestToken).
      if (known.statement !== statement || known.database !== input.QueryExecutionContext?.Database?.toLowerCase())
        throw invalidRequest('Idempotent parameters do not match');
      return { QueryExecutionId: known.id };
    }
    const {
      EncryptionConfiguration: encryption,
      AclConfiguration: acl,
      OutputLocation,
    } = input.ResultConfiguration ?? {};
    const asked = group.isEnforced ? undefined : OutputLocation;
    if (!group.isEnforced && encryption?.EncryptionOption === 'CSE_KMS')
      throw notBuilt('results encrypted by the client (CSE_KMS)');
    const kmsKey = group.isEnforced ? undefined : keyOf(encryption);
    if (!group.isEnforced && acl !== undefined) throw notBuilt('ACLs of results');
    if (input.EngineConfiguration !== undefined) throw notBuilt('EngineConfiguration');
    const location = asked ?? group.outputLocation;
    if (location === undefined)
      throw invalidRequest(
        'No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.',
      );
    const catalog = input.QueryExecutionContext?.Catalog;
    if (catalog !== undefined && catalog.toLowerCase() !== 'awsdatacatalog')
      throw notBuilt(`the data catalog ${catalog}`);
    const folder = outputFolder(context, location);
    const read = readAtOnce(statement, input.ExecutionParameters ?? []);
    const active = all(context).filter((one) => one.stage !== undefined).length;
    const limit = world.quotas.find(({ name }) => name === QUOTA)?.limit;
    if (limit !== undefined && active >= limit) throw tooManyQueries();
    const now = world.clock.now();
    for (const one of all(context))
      if (one.submittedAt < now - KEPT) queriesOf(world.store).delete(queryKey(one, one.id));
    const id = world.random.uuid();
    const database = input.QueryExecutionContext?.Database?.toLowerCase();
    const record: QueryRecord = {
      account,
      region,
      id,
      statement,
      kind: 'DML',
      substatement: read?.kind === 'unload' ? 'UNLOAD' : 'SELECT',
      ...(input.ExecutionParameters !== undefined && { parameters: input.ExecutionParameters }),
      ...(database !== undefined && { database }),
      ...(catalog !== undefined && { catalog }),
      workGroup,
      folder,
      output: read?.kind === 'unload' ? `${folder}${id}` : `${folder}${id}.csv`,
      ...(group.cutoff !== undefined && { cutoff: group.cutoff }),
      ...(kmsKey !== undefined && { kmsKey }),
      ...(context.accessKeyId !== undefined && { accessKeyId: context.accessKeyId }),
      ...(token !== undefined && { token }),
      submittedAt: now,
      state: 'QUEUED',
      scanned: 0,
      stage: { kind: 'run', dueAt: now + world.latencies.queueQuery },
    };
    world.queries.add(record);
    return { QueryExecutionId: id };
  },

  GetQueryExecution(context, { QueryExecutionId: id = '' }: { QueryExecutionId?: string }) {
    return { QueryExecution: described(queryOf(context, id)) };
  },

  BatchGetQueryExecution(context, { QueryExecutionIds: ids = [] }: { QueryExecutionIds?: string[] }) {
    const table = queriesOf(context.world.store);
    const found = ids.map((id) => ({ id, record: table.get(queryKey(context, id)) }));
    return {
      QueryExecutions: found.flatMap(({ record }) => (record === undefined ? [] : [described(record)])),
      UnprocessedQueryExecutionIds: found
        .filter(({ record }) => record === undefined)
        .map(({ id }) => ({
          QueryExecutionId: id,
          ErrorCode: 'INVALID_QUERY_EXECUTION_ID',
          ErrorMessage: `QueryExecution ${id} was not found`,
        })),
    };
  },

  ListQueryExecutions(context, input: { WorkGroup?: string; MaxResults?: number; NextToken?: string }) {
    const { WorkGroup: name = 'primary' } = input;
    if (workGroupOf(context.world.store, context, name) === undefined)
      throw invalidRequest(`WorkGroup ${name} is not found.`);
    // The newest first.
    const found = all(context)
      .filter(({ workGroup }) => workGroup === name)
      .map(({ id, submittedAt }) => ({ id, key: `${String(submittedAt).padStart(16, '0')}/${id}` }))
      .sort((a, b) => (a.key < b.key ? 1 : -1));
    const { items, next } = pageAfter(found, {
      size: input.MaxResults ?? 50,
      token: input.NextToken,
      keyOf: ({ key }) => key,
      isAfter: ({ key }, last) => key < last,
      invalidToken: () => invalidRequest('Invalid NextToken.'),
    });
    return { QueryExecutionIds: items.map(({ id }) => id), ...(next !== undefined && { NextToken: next }) };
  },

  StopQueryExecution(context, { QueryExecutionId: id = '' }: { QueryExecutionId?: string }) {
    const record = queryOf(context, id);
    // One that has ended is left as it is.
    if (record.stage !== undefined) context.world.queries.stop(record);
    return {};
  },
} satisfies Operations;

/**
 * What the statement is. A syntax error is refused at once (`MALFORMED_QUERY`); what is not built fails when it runs, as what
 * cannot be run does.
 */
function readAtOnce(statement: string, parameters: readonly string[]): Statement | undefined {
  try {
    return readStatement(statement, parameters);
  } catch (error) {
    if (!(error instanceof QueryFailure)) throw error;
    if (error.code === 'SYNTAX_ERROR')
      throw invalidRequest(error.message.replace(/^SYNTAX_ERROR: /, ''), 'MALFORMED_QUERY');
    return undefined;
  }
}

/** `s3://bucket/prefix/` of where results go. @throws AwsError where the caller cannot write there */
function outputFolder({ world, account, region, refusal }: Context, location: string): string {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(location) ?? [];
  if (bucket === '') throw invalidRequest(`outputLocation is not a valid S3 path.`);
  const denied = refusal?.('s3:GetBucketLocation', `arn:${partitionOf(region)}:s3:::${bucket}`);
  const owner = buckets(world.store).get(bucket);
  // In AWS's words, whatever the reason is (pyathena-dev/PyAthena#67).
  if (owner === undefined || owner.account !== account || denied !== undefined)
    throw invalidRequest(`Unable to verify/create output bucket ${bucket}`);
  return `s3://${bucket}/${prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`}`;
}

function all({ world, account, region }: Context): QueryRecord[] {
  return queriesOf(world.store)
    .entries(`${account}/${region}/`)
    .map(([, record]) => record);
}

/** A query by its id. @throws the refusal of Athena where there is none */
export function queryOf(context: Context, id: string): QueryRecord {
  const record = queriesOf(context.world.store).get(queryKey(context, id));
  if (record === undefined) throw invalidRequest(`QueryExecution ${id} was not found`, 'INVALID_QUERY_EXECUTION_ID');
  return record;
}

/** @throws AwsError where encryption by KMS names no key */
function keyOf(encryption: EncryptionConfiguration | undefined): string | undefined {
  if (encryption?.EncryptionOption !== 'SSE_KMS') return undefined;
  if (encryption.KmsKey === undefined) throw notBuilt('SSE_KMS without a KmsKey');
  return encryption.KmsKey;
}

function described(record: QueryRecord): QueryExecution {
  const { startedAt, endedAt, submittedAt, error } = record;
  return {
    QueryExecutionId: record.id,
    Query: record.statement,
    StatementType: record.kind,
    SubstatementType: record.substatement,
    ResultConfiguration: {
      OutputLocation: record.output,
      ...(record.kmsKey !== undefined && {
        EncryptionConfiguration: { EncryptionOption: 'SSE_KMS', KmsKey: record.kmsKey },
      }),
    },
    QueryExecutionContext: {
      ...(record.database !== undefined && { Database: record.database }),
      ...(record.catalog !== undefined && { Catalog: record.catalog }),
    },
    Status: {
      State: record.state,
      ...(record.reason !== undefined && { StateChangeReason: record.reason }),
      SubmissionDateTime: new Date(submittedAt),
      ...(endedAt !== undefined && { CompletionDateTime: new Date(endedAt) }),
      ...(error !== undefined && {
        AthenaError: {
          ErrorCategory: error.category,
          ErrorType: error.type,
          Retryable: false,
          ErrorMessage: error.message,
        },
      }),
    },
    Statistics: {
      DataScannedInBytes: record.scanned,
      QueryQueueTimeInMillis: (startedAt ?? endedAt ?? submittedAt) - submittedAt,
      ...(startedAt !== undefined && endedAt !== undefined && { EngineExecutionTimeInMillis: endedAt - startedAt }),
      ...(endedAt !== undefined && { TotalExecutionTimeInMillis: endedAt - submittedAt }),
      ...(record.manifest !== undefined && { DataManifestLocation: record.manifest }),
      ResultReuseInformation: { ReusedPreviousResult: false },
    },
    WorkGroup: record.workGroup,
    EngineVersion: { SelectedEngineVersion: 'AUTO', EffectiveEngineVersion: 'Athena engine version 3' },
    ...(record.parameters !== undefined && { ExecutionParameters: record.parameters }),
  };
}
