import type { GetQueryResultsCommandInput, StartQueryCommandInput } from '@aws-sdk/client-cloudwatch-logs';
import type { Context, Operations } from '../operation.ts';
import type { LogGroup } from '../../world/logs/logs.ts';
import { readQuery } from './insights/query.ts';
import { Row } from './insights/row.ts';
import { malformed } from './insights/tokens.ts';
import { invalidParameter, invalidToken } from './errors.ts';
import { pageFrom } from '../paging.ts';
import { eventId } from './event-id.ts';
import { AwsError } from '../../model/aws-error.ts';
import { groupOf } from './groups.ts';

const DAY = 86_400_000;
/** How long a query runs, in ms. No source says; what matters is that it is not done at once. */
const RUNS = 1_000;
const QUEUED = 100;
/** "You can have up to 100 concurrent CloudWatch Logs insights queries" (StartQuery). */
const CONCURRENT = 100;
/** Results are kept for 7 days (quotas of CloudWatch Logs). */
const KEPT = 7 * DAY;
const DEFAULT_LIMIT = 10_000;
const PAGE = 10_000;

interface QueryRecord {
  id: string;
  groups: string[];
  /** Milliseconds since the epoch, both ends included. */
  from: number;
  to: number;
  text: string;
  limit: number;
  started: number;
  /** When StopQuery ended it. */
  stopped?: number;
}

type Status = 'Scheduled' | 'Running' | 'Complete' | 'Cancelled';

/** CloudWatch Logs Insights: a query is kept as it was asked, and evaluated when its results are read. */
export const queryOperations = {
  StartQuery(context, input: StartQueryCommandInput) {
    const groups = groupsOf(context, input);
    const { startTime = 0, endTime = 0, queryString: text = '' } = input;
    if (input.queryLanguage !== undefined && input.queryLanguage !== 'CWLI')
      throw malformed(
        `This emulator does not know the query language ${input.queryLanguage}; AWS does.`,
        0,
        text.length,
      );
    if (endTime < startTime) throw invalidParameter('endTime must not be before startTime.');
    readQuery(text);
    const now = context.world.clock.now();
    if (groups.every((group) => endTime * 1000 < oldest(group, now))) {
      throw malformed(
        "Query's end date and time is either before the log groups creation time or exceeds the log groups log retention settings",
        0,
        text.length,
      );
    }
    const table = queries(context);
    const mine = table.entries(prefix(context));
    for (const [key, record] of mine) if (record.started < now - KEPT) table.delete(key);
    if (mine.filter(([, record]) => isActive(statusOf(record, now))).length >= CONCURRENT) {
      const words = `Account maximum query concurrency limit of [${CONCURRENT}] reached.`;
      throw new AwsError('LimitExceededException', words);
    }
    const id = context.world.random.uuid();
    table.set(`${prefix(context)}${id}`, {
      id,
      groups: groups.map((group) => group.name),
      from: startTime * 1000,
      to: endTime * 1000,
      text,
      limit: input.limit ?? DEFAULT_LIMIT,
      started: now,
    });
    return { queryId: id };
  },

  async GetQueryResults(context, input: GetQueryResultsCommandInput) {
    const record = queryOf(context, input.queryId);
    const status = statusOf(record, context.world.clock.now());
    const answer = { queryLanguage: 'CWLI' as const, status };
    // "Running: only partial results": here none yet.
    if (status !== 'Complete') return { ...answer, results: [], statistics: statistics(0, [], 0) };
    const rows = await eventsOf(context, record);
    const { results, matched } = readQuery(record.text).run(rows, record.limit);
    // Zero is within the model's bounds, and would be a page that leads nowhere.
    const size = Math.max(1, input.maxItems ?? PAGE);
    const { items, next } = pageFrom(results, { size, token: input.nextToken, invalidToken });
    return {
      ...answer,
      results: items.map(({ fields, row }) => [
        ...fields.map(([field, value]) => ({ field, value })),
        ...(row === undefined ? [] : [{ field: '@ptr', value: pointer(row) }]),
      ]),
      statistics: statistics(matched, rows, record.groups.length),
      ...(next !== undefined && { nextToken: next }),
    };
  },

  StopQuery(context, input: { queryId: string }) {
    const record = queryOf(context, input.queryId);
    const now = context.world.clock.now();
    if (!isActive(statusOf(record, now))) {
      throw invalidParameter(`Query with id ${record.id} is not running.`);
    }
    queries(context).set(`${prefix(context)}${record.id}`, { ...record, stopped: now });
    return { success: true };
  },
} satisfies Operations;

function groupsOf(context: Context, input: StartQueryCommandInput): LogGroup[] {
  const { logGroupName, logGroupNames, logGroupIdentifiers } = input;
  const given = [logGroupName, logGroupNames, logGroupIdentifiers].filter((one) => one !== undefined);
  if (given.length !== 1)
    throw invalidParameter('Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified.');
  const names = logGroupNames ?? (logGroupName === undefined ? [] : [logGroupName]);
  const groups = [
    ...names.map((name) => groupOf(context, { logGroupName: name })),
    ...(logGroupIdentifiers ?? []).map((name) => groupOf(context, { logGroupIdentifier: name })),
  ];
  if (groups.length === 0 || groups.length > 50)
    throw invalidParameter(`A query reads 1 to 50 log groups; ${groups.length} were named.`);
  return groups;
}

/** The first moment that a group can have events of. */
function oldest(group: LogGroup, now: number): number {
  const kept = group.retentionInDays === undefined ? 0 : now - group.retentionInDays * DAY;
  return Math.max(kept, group.creationTime);
}

/** The newest first, as they were when the query began. */
async function eventsOf(context: Context, record: QueryRecord): Promise<Row[]> {
  const { account, region, world } = context;
  const rows: Row[] = [];
  for (const name of record.groups) {
    const events = await world.logs.read({ account, region, name }, { startMs: record.from, endMs: record.to + 1 });
    for (const event of events)
      if (event.ingestionTime <= record.started) rows.push(new Row(event, `${account}:${name}`));
  }
  return rows.sort((a, b) => b.event.timestamp - a.event.timestamp || b.event.sequence - a.event.sequence);
}

function statistics(matched: number, rows: readonly Row[], groups: number) {
  return {
    recordsMatched: matched,
    recordsScanned: rows.length,
    bytesScanned: rows.reduce((sum, row) => sum + Buffer.byteLength(row.event.message), 0),
    estimatedRecordsSkipped: 0,
    estimatedBytesSkipped: 0,
    logGroupsScanned: groups,
  };
}

function pointer({ event }: Row): string {
  return Buffer.from(`${event.stream} ${eventId(event)}`).toString('base64');
}

function statusOf(record: QueryRecord, now: number): Status {
  if (record.stopped !== undefined) return 'Cancelled';
  if (now < record.started + QUEUED) return 'Scheduled';
  return now < record.started + RUNS ? 'Running' : 'Complete';
}

function isActive(status: Status): boolean {
  return status === 'Scheduled' || status === 'Running';
}

function queries(context: Context) {
  return context.world.store.table<QueryRecord>('log-queries');
}

function prefix({ account, region }: Context): string {
  return `${account}/${region}/`;
}

function queryOf(context: Context, id: string | undefined): QueryRecord {
  const record = queries(context).get(`${prefix(context)}${id}`);
  if (record === undefined) throw new AwsError('ResourceNotFoundException', `Query with id ${id} does not exist.`);
  return record;
}
