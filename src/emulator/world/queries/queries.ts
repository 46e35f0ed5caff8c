import { createSqlEngine } from '../../sql/execute.ts';
import { createAgenda } from '../agenda.ts';
import { buckets } from '../objects/records.ts';
import type { Platform } from '../world.ts';
import { type Queries, queriesOf, queryKey, type QueryRecord } from './records.ts';
import { type Outcome, runQuery } from './run.ts';
import { rightsOf } from './tables.ts';
import { callOff, type Work } from '../work.ts';

/** Athena's queries, and the event source that moves them on: queued, running, ended. */
export function createQueries(world: Platform): Queries {
  const table = queriesOf(world.store);
  const agenda = createAgenda();
  const sql = createSqlEngine();
  const outcomes = new Map<string, Outcome>();
  const working: Work = new Map();
  const keep = (record: QueryRecord) => {
    const key = queryKey(record, record.id);
    table.set(key, record);
    agenda.set(key, record.state === 'RUNNING' && working.has(key) ? undefined : record.stage?.dueAt);
  };
  // What had not ended with the process before begins again.
  for (const [key, record] of table.entries()) {
    if (record.stage?.kind === 'end') record.stage = { kind: 'run', dueAt: record.stage.dueAt };
    agenda.set(key, record.stage?.dueAt);
  }

  const end = async (record: QueryRecord, at: number) => {
    const key = queryKey(record, record.id);
    const outcome = outcomes.get(key);
    outcomes.delete(key);
    delete record.stage;
    record.endedAt = at;
    if (outcome === undefined) throw new Error(`the query ${record.id} ends without an outcome`);
    record.scanned = outcome.scanned;
    const ended = outcome.ended ?? (await written(world, record, outcome, at));
    record.state = ended?.state ?? 'SUCCEEDED';
    if (ended !== undefined) {
      record.reason = ended.reason;
      if (ended.error !== undefined) record.error = ended.error;
    } else {
      if (outcome.columns !== undefined) record.columns = outcome.columns;
      if (outcome.manifest !== undefined) record.manifest = outcome.manifest;
    }
    keep(record);
  };
  /** Runs a query in the background; when it is done is not when it ends. */
  const begin = (record: QueryRecord) => {
    const key = queryKey(record, record.id);
    const calledOff = new AbortController();
    const done = runQuery({ ...world, sql }, record, calledOff.signal)
      .catch((error: unknown): Outcome => {
        const words = `GENERIC_INTERNAL_ERROR: ${error instanceof Error ? error.message : String(error)}`;
        const failed = { state: 'FAILED', reason: words, error: { category: 1, type: 1, message: words } } as const;
        return { scanned: 0, files: [], ended: failed };
      })
      .then((outcome) => {
        working.delete(key);
        if (calledOff.signal.aborted) return;
        outcomes.set(key, outcome);
        if (record.state === 'RUNNING') finish(record, world.clock.virtual ? 0 : world.clock.now());
      });
    working.set(key, { calledOff, done });
    return done;
  };
  const finish = (record: QueryRecord, notBefore: number) => {
    const dueAt = (record.startedAt ?? record.submittedAt) + world.latencies.runQuery;
    record.stage = { kind: 'end', dueAt: Math.max(dueAt, notBefore) };
    keep(record);
  };
  const run = async (record: QueryRecord, at: number) => {
    const key = queryKey(record, record.id);
    record.state = 'RUNNING';
    record.startedAt = at;
    if (outcomes.has(key)) return finish(record, 0);
    const done = working.get(key)?.done ?? begin(record);
    keep(record);
    // In simulated time nothing else can happen meanwhile; real callers must not wait. Trino asks this emulator for tables and
    // objects, with the key of a session; whom that waits for, the gateway knows.
    if (world.clock.virtual) await (world.trino === undefined ? done : world.timeline.outside(done, Infinity));
    return undefined;
  };
  return {
    add(record) {
      // Nobody need look at it for it to run.
      if (!world.clock.virtual) begin(record).catch(() => {});
      keep(record);
    },
    stop(record) {
      const key = queryKey(record, record.id);
      working.get(key)?.calledOff.abort(new Error('The query was stopped.'));
      working.delete(key);
      outcomes.delete(key);
      delete record.stage;
      record.state = 'CANCELLED';
      record.endedAt = world.clock.now();
      record.reason = 'Query cancelled by user';
      keep(record);
    },
    next: agenda.next,
    async run(at) {
      for (const key of agenda.due(at)) {
        const record = table.get(key);
        if (record?.stage === undefined) agenda.set(key, undefined);
        else await (record.stage.kind === 'run' ? run(record, at) : end(record, at));
      }
    },
    async close() {
      await callOff(working);
      await sql.close();
    },
  };
}

/** What S3 tells of an object that a query has encrypted; which callers a key lets is not asked. */
function encryptionOf({ kmsKey }: QueryRecord) {
  return kmsKey === undefined ? {} : { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: kmsKey };
}

/** Writes a result to S3; why that failed, where it did. */
async function written(
  world: Platform,
  record: QueryRecord,
  { files }: Outcome,
  at: number,
): Promise<Outcome['ended']> {
  try {
    const rights = rightsOf(world, record);
    for (const { uri } of files) rights.s3('PutObject', uri.slice('s3://'.length));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { state: 'FAILED', reason, error: { category: 2, type: 1200, message: reason } };
  }
  for (const { uri, bytes, contentType } of files) {
    const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.*)$/s.exec(uri) ?? [];
    if (
      buckets(world.store).get(bucket)?.account === record.account &&
      (await world.objects.put(record.account, bucket, key, bytes, contentType, at, encryptionOf(record)))
    )
      continue;
    const reason = `HIVE_WRITER_OPEN_ERROR: The specified bucket does not exist: ${bucket}`;
    return { state: 'FAILED', reason, error: { category: 2, type: 1003, message: reason } };
  }
  return undefined;
}
