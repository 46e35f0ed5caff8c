import { sendAsRole, type SentAttributes } from '../deliver.ts';
import type { World } from '../world.ts';
import { type FunctionEvents, type FunctionRecord, functionsOf, type PendingEvent, pendingOf } from './records.ts';
import { count, type Outcome, runFunction } from './run.ts';

/** Twice again, and for six hours at most, where nothing else is said (Lambda Developer Guide, "Asynchronous invocation"). */
const MAX_RETRIES = 2;
const MAX_AGE_SECONDS = 21_600;
/** A function that is throttled is tried again "from 1 second after the first attempt to a maximum of 5 minutes". */
const FIRST_THROTTLED = 1_000;
const LONGEST_THROTTLED = 300_000;

/**
 * Gives functions their events. On the machine's clock a function runs beside everything else, as it may wait for what
 * only time brings; in simulated time everything waits for it, as time would run on otherwise.
 */
export function createFunctionEvents(world: World): FunctionEvents {
  const table = pendingOf(world.store);
  const waiting = new Map(table.entries());
  const underWay = new Set<Promise<void>>();
  const attempt = async (event: PendingEvent, at: number) => {
    const record = functionsOf(world.store).get(event.key);
    const again = record === undefined ? undefined : await deliver(world, record, event, at);
    if (again === undefined) table.delete(event.id);
    else {
      table.set(event.id, again);
      waiting.set(event.id, again);
    }
    await world.store.flush();
  };
  return {
    next() {
      let next: number | undefined;
      for (const { dueAt } of waiting.values()) if (dueAt < (next ?? Infinity)) next = dueAt;
      return next;
    },
    async run(at) {
      for (const [id, event] of waiting) {
        if (event.dueAt > at) continue;
        waiting.delete(id);
        const work = attempt(event, at);
        if (world.clock.virtual) await world.timeline.outside(work);
        else {
          const done = work.catch((error: unknown) => {
            process.stderr.write(`shadowctl emulator: ${error instanceof Error ? error.stack : String(error)}\n`);
          });
          underWay.add(done);
          void done.finally(() => {
            underWay.delete(done);
          });
        }
      }
    },
    add(record, payload, at, id = world.random.uuid()) {
      const key = `${record.account}/${record.region}/${record.name}`;
      const event = { id, key, payload, sentAt: at, dueAt: at, attempts: 0 };
      table.set(id, event);
      waiting.set(id, event);
      count(world, record, 'AsyncEventsReceived', 1, at);
      return id;
    },
    async settle() {
      await Promise.all(underWay);
    },
  };
}

/** One attempt. The event as it has to be tried again; undefined where it is done with. */
async function deliver(
  world: World,
  record: FunctionRecord,
  event: PendingEvent,
  at: number,
): Promise<PendingEvent | undefined> {
  const { maxRetries = MAX_RETRIES, maxAgeSeconds = MAX_AGE_SECONDS } = record.async ?? {};
  const until = event.sentAt + maxAgeSeconds * 1000;
  const outcome = await runFunction(world, record, event.id, event.payload);
  if (outcome === undefined) return later(world, record, event, at, until);
  const attempts = event.attempts + 1;
  if (outcome.how === 'result') {
    if (record.async?.onSuccess !== undefined)
      tell(world, record, record.async.onSuccess, invocation(world, record, event, 'Success', attempts, outcome));
    return undefined;
  }
  const failure = { payload: outcome.payload, errorType: outcome.errorType ?? 'Unhandled' };
  const dueAt = Math.max(at, world.clock.virtual ? at : world.clock.now()) + world.latencies.functionRetry * attempts;
  if (attempts <= maxRetries && dueAt <= until) return { ...event, attempts, failure, dueAt };
  const condition = attempts > maxRetries ? 'RetriesExhausted' : 'EventAgeExceeded';
  giveUp(world, record, { ...event, attempts, failure }, condition, outcome);
  return undefined;
}

/** A throttled event waits, and does not count as tried. */
function later(
  world: World,
  record: FunctionRecord,
  event: PendingEvent,
  at: number,
  until: number,
): PendingEvent | undefined {
  const waited = event.dueAt - event.sentAt;
  const dueAt = at + Math.min(LONGEST_THROTTLED, Math.max(FIRST_THROTTLED, waited));
  if (dueAt <= until) return { ...event, dueAt };
  giveUp(world, record, event, 'EventAgeExceeded', undefined);
  return undefined;
}

/** An event that is given up goes to the dead-letter queue as it was, and to the destination with what became of it. */
function giveUp(
  world: World,
  record: FunctionRecord,
  event: PendingEvent,
  condition: string,
  outcome: Outcome | undefined,
): void {
  count(world, record, 'AsyncEventsDropped', 1);
  const { deadLetterArn } = record;
  if (deadLetterArn !== undefined) {
    const { errorMessage = '' } = (event.failure === undefined ? {} : JSON.parse(event.failure.payload)) as {
      errorMessage?: string;
    };
    const attributes: SentAttributes = {
      RequestID: { DataType: 'String', StringValue: event.id },
      ErrorCode: { DataType: 'Number', StringValue: outcome === undefined ? '429' : '200' },
      ErrorMessage: { DataType: 'String', StringValue: errorMessage.slice(0, 1024) || condition },
    };
    if (sendAsRole(world, record.roleArn, deadLetterArn, event.payload, attributes) !== undefined)
      count(world, record, 'DeadLetterErrors', 1);
  }
  const { onFailure } = record.async ?? {};
  if (onFailure !== undefined)
    tell(world, record, onFailure, invocation(world, record, event, condition, event.attempts, outcome));
}

/** The record of an invocation, as a destination gets it (Lambda Developer Guide, "Capturing records of asynchronous invocations"). */
function invocation(
  world: World,
  record: FunctionRecord,
  event: PendingEvent,
  condition: string,
  attempts: number,
  outcome: Outcome | undefined,
): object {
  return {
    version: '1.0',
    timestamp: new Date(world.clock.now()).toISOString(),
    requestContext: {
      requestId: event.id,
      functionArn: `${record.arn}:$LATEST`,
      condition,
      approximateInvokeCount: attempts,
    },
    requestPayload: JSON.parse(event.payload) as unknown,
    ...(outcome !== undefined && {
      responseContext: {
        statusCode: 200,
        executedVersion: '$LATEST',
        ...(outcome.how !== 'result' && { functionError: 'Unhandled' }),
      },
      responsePayload: JSON.parse(outcome.payload) as unknown,
    }),
  };
}

function tell(world: World, record: FunctionRecord, destination: string, what: object): void {
  if (sendAsRole(world, record.roleArn, destination, JSON.stringify(what), {}) !== undefined)
    count(world, record, 'DestinationDeliveryFailures', 1);
}
