import type { EventSource } from '../timeline.ts';
import type { Platform } from '../world.ts';
import { messagesIn, queuesOf } from './queues.ts';

const MINUTE = 60_000;
/** What is missed while nobody looks for long is not made up for beyond this. */
const LONGEST = 3 * 3_600_000;

/**
 * How many messages every queue holds, each minute, as SQS tells CloudWatch in AWS/SQS ("available at one-minute
 * intervals", SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS").
 */
export function queueMetrics(world: Platform): EventSource {
  let last: number | undefined;
  return {
    next() {
      if (queuesOf(world.store).size === 0) {
        last = undefined;
        return undefined;
      }
      const now = world.clock.now();
      if (last === undefined || now - last > LONGEST) last = now - (now % MINUTE);
      return last + MINUTE;
    },
    run(at) {
      last = at;
      for (const [, queue] of queuesOf(world.store).entries()) {
        const { account, region, name } = queue;
        const messages = messagesIn(world.store, queue, at).map(([, one]) => one);
        const visible = messages.filter(({ visibleAt }) => visibleAt <= at).length;
        const dimensions = [{ Name: 'QueueName', Value: name }];
        for (const [metric, value] of [
          ['ApproximateNumberOfMessagesVisible', visible],
          ['ApproximateNumberOfMessagesNotVisible', messages.length - visible],
        ] as const)
          world.metrics.record(
            { account, region, namespace: 'AWS/SQS', name: metric, dimensions },
            { at: at - MINUTE, value, unit: 'Count' },
          );
      }
    },
  };
}
