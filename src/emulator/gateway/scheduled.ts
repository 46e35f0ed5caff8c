import { createHash } from 'node:crypto';
import { AwsError } from '../model/aws-error.ts';
import type { ServiceId } from '../model/shapes.ts';
import { inRole, roleDenial } from '../world/callers.ts';
import { sendAsRole } from '../world/deliver.ts';
import { functionOfArn } from '../world/functions/records.ts';
import { type ScheduleRecord, universalTarget } from '../world/schedules.ts';
import type { EventSource } from '../world/timeline.ts';
import type { World } from '../world/world.ts';
import { asOf } from './as-of.ts';
import { callOperation } from './call.ts';

/** How long after a refused call the next is made, in milliseconds; it doubles each time. AWS says "exponential backoff", and no numbers. */
const FIRST_RETRY = 60_000;
const LONGEST_RETRY = 3_600_000;

/**
 * The calls that schedules make, as their roles: through the same checks as anybody's. What becomes of a call, nobody is
 * told: "No event and no log is written for a successful invocation".
 */
export function scheduledCalls(world: World): EventSource {
  return {
    next: () => world.schedules.next(),
    async run(at) {
      for (const record of world.schedules.due(at)) {
        record.attempts += 1;
        const payload = payloadOf(record);
        const refusal = await call(asOf(world, at), record, payload).then(
          () => undefined,
          (error: unknown) => {
            if (error instanceof AwsError) return error;
            throw error;
          },
        );
        let again = refusal === undefined ? undefined : nextAttempt(world, record, at);
        if (refusal !== undefined && again === undefined) bury(world, record, refusal, payload, at);
        if (again === undefined && record.period !== undefined) {
          record.attempts = 0;
          record.firstDueAt = again = nextPeriod(world, record, at);
        }
        if (again !== undefined) record.dueAt = again;
        else delete record.dueAt;
        // "deleted after its invocation" (Scheduler User Guide, "Deleting a schedule").
        if (again === undefined && record.after === 'DELETE') world.schedules.forget(record);
        else world.schedules.keep(record);
      }
    },
  };
}

function nextAttempt(world: World, { attempts, firstDueAt, target }: ScheduleRecord, at: number): number | undefined {
  if (!world.switches.retrySchedules || attempts > target.maxAttempts) return undefined;
  const next = at + Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** (attempts - 1));
  return next - firstDueAt > target.maxAgeSeconds * 1000 ? undefined : next;
}

/** When a rate calls next. What came due while no emulator ran is not made up for. */
function nextPeriod(world: World, { firstDueAt, period = 0 }: ScheduleRecord, at: number): number {
  const now = world.clock.virtual ? at : world.clock.now();
  return firstDueAt + period * (Math.floor((now - firstDueAt) / period) + 1);
}

/** What the target gets: the schedule's input with Scheduler's own attributes filled in, or a notification. */
function payloadOf({ account, region, arn, firstDueAt, attempts, target }: ScheduleRecord): string {
  const time = `${new Date(firstDueAt).toISOString().slice(0, 19)}Z`;
  const id = executionOf(arn, firstDueAt);
  if (target.input !== undefined)
    return target.input
      .replaceAll('<aws.scheduler.schedule-arn>', arn)
      .replaceAll('<aws.scheduler.scheduled-time>', time)
      .replaceAll('<aws.scheduler.execution-id>', id)
      .replaceAll('<aws.scheduler.attempt-number>', String(attempts));
  const detail = { 'detail-type': 'Scheduled Event', source: 'aws.scheduler', account, time, region };
  return JSON.stringify({ version: '0', id, ...detail, resources: [arn], detail: '{}' });
}

/** The id of what a schedule does at a time: the same for each attempt. */
function executionOf(arn: string, at: number): string {
  const hex = createHash('sha256').update(`${arn} ${at}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

/** What could not be delivered goes to the dead-letter queue, with the rights of the schedule's role. */
function bury(world: World, record: ScheduleRecord, refusal: AwsError, payload: string, at: number): void {
  const { target, arn, attempts, firstDueAt } = record;
  if (target.deadLetterArn === undefined) return;
  const given = {
    ERROR_CODE: refusal.code,
    ERROR_MESSAGE: refusal.message.slice(0, 1024),
    EXECUTION_ID: executionOf(arn, firstDueAt),
    EXHAUSTED_RETRY_CONDITION: attempts > target.maxAttempts ? 'MaximumRetryAttempts' : 'MaximumEventAgeInSeconds',
    IS_PAYLOAD_TRUNCATED: 'false',
    RETRY_ATTEMPTS: String(attempts - 1),
    SCHEDULED_TIME: `${new Date(firstDueAt).toISOString().slice(0, 19)}Z`,
    SCHEDULE_ARN: arn,
    TARGET_ARN: target.arn,
  };
  const attributes = Object.fromEntries(
    Object.entries(given).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
  sendAsRole(asOf(world, at), target.roleArn, target.deadLetterArn, payload, attributes);
}

/** @throws AwsError where the API refuses it, or the role may not */
async function call(
  world: World,
  { account, region, arn, name, target }: ScheduleRecord,
  payload: string,
): Promise<void> {
  if (target.arn.split(':')[2] === 'lambda') return callFunction(world, target, payload);
  const { service = '', action = '' } = universalTarget(target.arn) ?? {};
  const caller = inRole(world, { account, region }, target.roleArn, { session: name, userId: arn });
  await callOperation(
    { account, region, caller, requestId: arn, baseUrl: 'http://127.0.0.1', world },
    // CreateSchedule has let no other service through.
    service as ServiceId,
    action.charAt(0).toUpperCase() + action.slice(1),
    parse(payload),
  );
}

/** A function is given the event, and runs by itself. */
function callFunction(world: World, { arn, roleArn }: ScheduleRecord['target'], payload: string): void {
  const record = functionOfArn(world.store, arn);
  if (record === undefined)
    throw new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, { status: 404 });
  const question = { action: 'lambda:InvokeFunction', resource: record.arn };
  const denial = world.iam.enforced() ? roleDenial(world.iam, roleArn, question) : undefined;
  if (denial !== undefined)
    throw new AwsError('AccessDeniedException', `${roleArn} may not lambda:InvokeFunction on ${record.arn}`);
  world.functionEvents.add(record, payload, world.clock.now());
}

/** An input is not looked at before the call is made. */
function parse(text: string): Record<string, unknown> {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    input = undefined;
  }
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return { ...input };
  throw new AwsError('SerializationException', 'The input of the schedule is no JSON object.');
}
