import { type StackRecord, stacksOf } from '../stacks/records.ts';
import { step } from '../stacks/engine.ts';
import { callerOf, inRole, type Principal } from '../world/callers.ts';
import type { EventSource } from '../world/timeline.ts';
import type { World } from '../world/world.ts';
import { asOf } from './as-of.ts';
import { callOperation } from './call.ts';

/** What CloudFormation does by itself: a resource of a stack after the other. */
export function stackEvents(world: World): EventSource {
  for (const [id, { work }] of stacksOf(world.store).entries()) world.stackWork.set(id, work?.dueAt);
  return {
    next: () => world.stackWork.next(),
    async run(at) {
      for (const id of world.stackWork.due(at)) {
        const stack = stacksOf(world.store).get(id);
        if (stack !== undefined) await go(asOf(world, at), structuredClone(stack), at);
        world.stackWork.set(id, stacksOf(world.store).get(id)?.work?.dueAt);
      }
    },
  };
}

async function go(world: World, stack: StackRecord, at: number): Promise<void> {
  const { store, random, latencies } = world;
  await step(
    {
      store,
      random,
      pause: latencies.stackResource,
      call(of, service, name, input) {
        const { account, region, id, baseUrl } = of;
        const caller = changerOf(world, of);
        return callOperation({ account, region, caller, requestId: id, baseUrl, world }, service, name, input);
      },
    },
    stack,
    at,
  );
}

/** Who changes a stack: the role that it was given, or whoever asked. */
function changerOf(world: World, { account, region, name, roleArn, accessKeyId }: StackRecord): Principal {
  if (roleArn === undefined) return callerOf(world, accessKeyId, region);
  return inRole(world, { account, region }, roleArn, { session: 'AWSCloudFormation', userId: `AROA:${name}` });
}
