import type { LifecycleEvent } from '../../lifecycle/events.ts';
import type { Io } from '../../ui/io.ts';
import { eventLines } from './event-lines.ts';
import { taskView } from './task-view.ts';
import { liveView } from './update-live.ts';

/**
 * Draws what a session is told, as chatter: a line each, a spinner for work that takes a while, a view of an update.
 * @param plan only a plan was asked for: it is the result, in text or, by whoever prints it, in JSON
 */
export function drawEvents(io: Io, plan?: 'text' | 'json'): (event: LifecycleEvent) => void {
  const task = taskView(io);
  const update = liveView(io);
  let isReadHere = false;
  return (event) => {
    switch (event.kind) {
      case 'captures-read-here':
        // Of a command that looks again and again, the first look tells.
        if (isReadHere) return;
        isReadHere = true;
        break;
      case 'task-started':
      case 'task-progressed':
      case 'task-ended':
        return task(event);
      case 'update-seen':
        return update(event.update, event.snapshot);
    }
    if (plan === 'json' && PLANS.has(event.kind)) return;
    for (const line of eventLines(io, event))
      if (plan === 'text' && PLANS.has(event.kind)) io.out(line);
      else io.err(line);
  };
}

/** Events that show what would be done. */
const PLANS: ReadonlySet<LifecycleEvent['kind']> = new Set([
  'plan-notes',
  'update-examined',
  'rollout-planned',
  'mirror-rollout-planned',
]);
