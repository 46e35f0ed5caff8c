import { createHash } from 'node:crypto';
import {
  type Execution,
  hasEnded,
  queryRows,
  readExecution,
  startQuery,
  stopQuery,
  type Workgroup,
} from '../../aws/athena.ts';
import { failureOf, QueryFailed, refusalOf } from '../../aws/athena-failure.ts';
import type { Aws } from '../../aws/clients.ts';
import { AwsProblem } from '../../aws/errors.ts';
import type { Clock } from '../../base/clock.ts';
import { bytes } from '../../base/units.ts';
import type { WarehouseRow } from '../../analysis/compare/warehouse/warehouse.ts';
import { queryMark } from '../../resources/athena-look.ts';
import { billed } from './plan.ts';

/** Where queries of one look run, and within which limits. */
export interface QueryPlace {
  aws: Aws;
  clock: Clock;
  run: string;
  workgroup: Workgroup;
  database: string;
  /** Where results go, an `s3://` URI; undefined: as the workgroup says. */
  output: string | undefined;
  kmsKey: string | undefined;
  /** Where captures lie, for words. */
  captures: string;
  /** Bytes that may be billed in all; undefined: any number. */
  maxScan: number | undefined;
  /** Aborts when the user interrupts. */
  signal: AbortSignal;
  /** Is told of each query that has ended. */
  ended(about: string, done: number): void;
}

/** What the queries of a look came to. */
interface Meter {
  queries: number;
  scanned: number;
  billed: number;
}

/** The queries of one look. */
export interface Queries {
  readonly meter: Meter;
  /** Every query that was begun. */
  readonly begun: readonly Execution[];
  /** Runs one to its end. @throws QueryFailed where it does not succeed */
  run(sql: string, about: string): Promise<Execution>;
  rows(sql: string, about: string): Promise<WarehouseRow[]>;
  /** Does work side by side, so much at once as an account may; the first failure stops the rest. */
  together<One>(list: readonly One[], work: (one: One) => Promise<void>): Promise<void>;
  /** Stops what still runs. */
  stop(): Promise<void>;
}

/** Queries at once: an account has 20 to 200, and others run some, too (docs/sagemaker-facts.md, "Athena and Glue"). */
const AT_ONCE = 8;
const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 4_000;
/** How often a query is run that Athena says may be run again. */
const TRIES = 3;
const AGAIN_MS = 5_000;

/** The queries of a look: begun, followed, counted, and stopped where it ends early. */
export function queriesIn(place: QueryPlace): Queries {
  const { aws, clock, workgroup, captures, maxScan } = place;
  const meter: Meter = { queries: 0, scanned: 0, billed: 0 };
  const begun = new Map<string, Execution>();
  const failed = new AbortController();
  const signal = AbortSignal.any([place.signal, failed.signal]);
  let asked = 0;

  const note = (execution: Execution) => {
    meter.scanned += execution.scanned;
    // Failed ones are free, cancelled ones are not.
    if (execution.state !== 'FAILED') meter.billed += billed(execution.scanned);
  };
  const requireWithin = () => {
    if (maxScan === undefined || meter.billed <= maxScan) return;
    throw new QueryFailed(
      'max-scan',
      `The queries of this report have scanned ${bytes(meter.billed)}, and athena.maxScan in shadowctl.yaml permits ${bytes(maxScan)}: they were stopped.`,
      'Raise athena.maxScan, shorten the window (--last), or judge without Athena: --engine local.',
    );
  };
  const follow = async (id: string): Promise<Execution> => {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(MAX_WAIT_MS, wait * 2)) {
      await clock.sleep(wait, signal);
      const execution = await readExecution(aws, id, signal);
      begun.set(id, execution);
      if (hasEnded(execution)) return execution;
    }
  };
  const run: Queries['run'] = async (sql, about) => {
    for (let tries = 1; ; tries += 1) {
      signal.throwIfAborted();
      requireWithin();
      asked += 1;
      const { run: of, database, output, kmsKey } = place;
      const token = createHash('sha256').update(`${of} ${asked}`).digest('hex');
      const text = `${queryMark(of)}\n${sql}`;
      const what = `the query that ${about}`;
      const query = { sql: text, database, workgroup: workgroup.name, output, kmsKey, token, about: what };
      const id = await startQuery(aws, clock, query, signal).catch((error: unknown) => {
        throw refusalOf(error, { about: what, workgroup, captures });
      });
      const began: Execution = {
        id,
        state: 'QUEUED',
        reason: undefined,
        retryable: false,
        scanned: 0,
        output: undefined,
        sql: text,
        submitted: clock.now(),
      };
      begun.set(id, began);
      const execution = await follow(id);
      meter.queries += 1;
      note(execution);
      place.ended(about, meter.queries);
      if (execution.state === 'SUCCEEDED') {
        requireWithin();
        return execution;
      }
      if (execution.state === 'CANCELLED' || !execution.retryable || tries >= TRIES)
        throw failureOf(execution, { about: what, workgroup, captures });
      await clock.sleep(AGAIN_MS, signal);
    }
  };
  return {
    meter,
    get begun() {
      return [...begun.values()];
    },
    run,
    async rows(sql, about) {
      const { id } = await run(sql, about);
      return queryRows(aws, id, signal);
    },
    async together(list, work) {
      const waiting = list.values();
      let first: { error: unknown } | undefined;
      const worker = async () => {
        for (const one of waiting) {
          if (signal.aborted) return;
          try {
            await work(one);
          } catch (error) {
            first ??= { error };
            failed.abort();
            return;
          }
        }
      };
      await clock.all(Array.from({ length: Math.min(AT_ONCE, list.length) }, () => worker));
      // Those that were stopped because of it say nothing of their own.
      if (first !== undefined) throw place.signal.aborted ? place.signal.reason : first.error;
      place.signal.throwIfAborted();
    },
    async stop() {
      for (const one of begun.values()) {
        if (hasEnded(one)) continue;
        await stopQuery(aws, one.id).catch((error: unknown) => {
          // It may have ended meanwhile; what runs on ends by itself, and the next command looks.
          if (!(error instanceof AwsProblem)) throw error;
        });
      }
    },
  };
}
