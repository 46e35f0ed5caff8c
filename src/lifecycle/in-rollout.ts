import { environmentError, type Problem } from '../base/errors.ts';
import { lines, shown, type Text, text } from '../base/text.ts';
import { percent } from '../base/units.ts';
import { HeldByAnother } from '../state/lock.ts';
import type { State } from '../state/replay.ts';
import { type Position, positionOf } from '../state/rollouts.ts';

/** What stands in a rollout: `A rollout of m2 on hail is under way: m2 takes 10 % of the requests, m1 the others.` */
function standing(endpoint: string, { rollout, step }: Position): string {
  const { model, previousModel, steps } = rollout;
  const shares =
    step === undefined
      ? 'its first step has not begun'
      : `${model} takes ${percent(steps[step])} of the requests, and ${previousModel} the others`;
  return `A rollout of ${model} on ${endpoint} is under way: ${shares}.`;
}

function waysOn(endpoint: string): Text {
  return lines(
    text`To go back to production alone: ${shown('rollout', { endpoint, cancel: true })}`,
    text`To go on with it: ${shown('rollout', { endpoint, resume: true })}`,
  );
}

/**
 * What a command says that cannot work on an endpoint whose requests a rollout of ours divides.
 * @param until what must wait, as the beginning of a sentence: `A guarded way back begins only after`
 */
export function inRollout(endpoint: string, position: Position, until?: string): Problem {
  const waits = until === undefined ? '' : ` ${until} that has ended.`;
  return environmentError(`${standing(endpoint, position)}${waits}`, waysOn(endpoint));
}

/** Commands that watch a rollout, and hold the endpoint's lock for as long. */
const WATCHES: ReadonlySet<string> = new Set(['rollout', 'rollout --resume']);

/**
 * Where a process that watches a rollout holds the lock, waiting is no advice: it takes hours, and the one who wants to go
 * back needs to know how that process is stopped.
 */
export function lockedByRollout(endpoint: string, error: unknown, state: State): unknown {
  const position = positionOf(state);
  if (!(error instanceof HeldByAnother) || position === undefined) return error;
  if (!WATCHES.has(state.runs.at(-1)?.command ?? '')) return error;
  const { pid, host } = error.holder;
  return new HeldByAnother(
    `${error.message} ${standing(endpoint, position)}`,
    lines(
      `That process watches the rollout. Interrupt it: Ctrl-C where it runs, or, on ${host}, kill -INT ${pid}. Requests then stay divided until one of these:`,
      waysOn(endpoint),
    ),
    error.holder,
  );
}
