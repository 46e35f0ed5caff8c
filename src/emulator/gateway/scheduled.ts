import { AwsError } from '../model/aws-error.ts';
import type { ServiceId } from '../model/shapes.ts';
import { validate } from '../model/validate.ts';
import type { Context } from '../services/operation.ts';
import { loadService } from '../services/registry.ts';
import { partitionOf } from '../world/partition.ts';
import { type ScheduleRecord, universalTarget } from '../world/schedules.ts';
import type { EventSource } from '../world/timeline.ts';
import type { World } from '../world/world.ts';
import { authorize } from './authorization/authorize.ts';

/** Services by the name that a universal target has for them: the SDK's service id in lower case. */
const SERVICES: ReadonlyMap<string, ServiceId> = new Map([['sagemaker', 'sagemaker']]);

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
        const refused = await call(asOf(world, at), record).then(
          () => false,
          (error: unknown) => {
            if (error instanceof AwsError) return true;
            throw error;
          },
        );
        const again = refused ? nextAttempt(world, record, at) : undefined;
        if (again !== undefined) record.dueAt = again;
        else delete record.dueAt;
        // "deleted after its invocation" (Scheduler User Guide, "Deleting a schedule").
        if (again === undefined && record.after === 'DELETE') world.schedules.forget(record);
        else world.schedules.keep(record);
      }
    },
  };
}

/** The world with its clock at a moment: a call happens at its time, though somebody looks later. */
function asOf(world: World, at: number): World {
  const { clock } = world;
  return {
    ...world,
    clock: {
      virtual: clock.virtual,
      now: () => at,
      sleep: (ms, signal) => clock.sleep(ms, signal),
      all: (branches) => clock.all(branches),
    },
  };
}

function nextAttempt(world: World, { attempts, firstDueAt, target }: ScheduleRecord, at: number): number | undefined {
  if (!world.switches.retrySchedules || attempts > target.maxAttempts) return undefined;
  const next = at + Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** (attempts - 1));
  return next - firstDueAt > target.maxAgeSeconds * 1000 ? undefined : next;
}

/** @throws AwsError where the API refuses it, or the role may not */
async function call(world: World, { account, region, arn, name, target }: ScheduleRecord): Promise<void> {
  const { service = '', action = '' } = universalTarget(target.arn) ?? {};
  const { model, operations } = await loadService(SERVICES.get(service) ?? 'sagemaker');
  const operation = model.operation(action.charAt(0).toUpperCase() + action.slice(1));
  const implementation = operation && operations[operation.name];
  if (operation === undefined || implementation === undefined) return;
  const input = parse(target.input);
  validate(operation, input);
  const role = target.roleArn.slice(target.roleArn.lastIndexOf('/') + 1);
  const caller = {
    account,
    arn: `arn:${partitionOf(region)}:sts::${account}:assumed-role/${role}/${name}`,
    userId: arn,
    policies: world.iam.policiesOf(`role/${role}`, false, account),
  };
  const context: Context = { account, region, caller, requestId: arn, baseUrl: 'http://127.0.0.1', world };
  if (world.iam.enforced()) authorize(caller, operation, input, context);
  // `validate` has found that the input is what the operation's description says.
  await implementation(context, input as never);
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
