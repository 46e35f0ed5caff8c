import type { EventSource } from '../../timeline.ts';
import type { Platform } from '../../world.ts';

/** How often the running minute of metrics is written, in ms: a kill -9 loses no more of it. */
const EVERY = 2_000;

/**
 * Writes the open minutes of metrics now and then, while there are requests: a minute is otherwise written when it is
 * over, and an alarm must find what led to it also after a kill -9. However long nobody looked, it writes once.
 */
export function flushMetrics(world: Pick<Platform, 'clock' | 'metrics'>): EventSource {
  let due = world.clock.now() + EVERY;
  return {
    next: () => due,
    run() {
      world.metrics.flush();
      due = world.clock.now() + EVERY;
    },
  };
}
