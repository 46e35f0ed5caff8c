import type { RolloutEnd } from '../../state/rollouts.ts';

/** What a rollout is to do, and how long each step is watched. */
export interface RolloutPlan {
  /** Shares of the requests that the candidate takes, rising; the last is 1. */
  steps: readonly number[];
  /** How long each step is watched at least, seconds. */
  bakeSeconds: number;
  /** How much longer a step that is not decided is watched before the rollout pauses, seconds; anew when it is resumed. */
  patienceSeconds: number;
}

/** Where a rollout stands. Times are milliseconds since the epoch. */
export type RolloutState =
  /** Nothing is known of the router yet. `since`: when the step took its share, `began`: when the first step did. */
  | { at: 'resuming'; step: number; since: number | undefined; began: number | undefined }
  /** The share of this step is being set. */
  | { at: 'moving'; step: number; began: number | undefined }
  /** `from`: when this command began to watch it, which is later than `since` where it was resumed. */
  | { at: 'watching'; step: number; since: number; began: number; from: number }
  /** All requests go back to production. */
  | { at: 'returning'; why: 'failed' | 'cancelled' }
  /** Not decided in time: it stays as it is until somebody resumes or cancels. */
  | { at: 'paused'; step: number }
  /** `refused`: the router did not take the candidate at all. */
  | { at: 'ended'; how: RolloutEnd; refused?: true };

/** What has happened. `at` is milliseconds since the epoch. */
export type RolloutEvent =
  /** The router was asked whether the candidate takes requests, and whether it is production already. */
  | { kind: 'found'; candidate: 'absent' | 'attached' | 'production'; at: number }
  | { kind: 'moved'; at: number }
  /** The router did not take the share; it serves as before. */
  | { kind: 'refused' }
  | { kind: 'judged'; outcome: 'pass' | 'fail' | 'inconclusive'; at: number }
  | { kind: 'returned' }
  | { kind: 'cancel' };

/** What is to be done next. */
export type RolloutAction =
  | { kind: 'read-shares' }
  | { kind: 'set-share'; step: number; share: number }
  /** Judge the candidate, at this moment or as soon as possible after it. */
  | { kind: 'judge'; at: number }
  | { kind: 'give-back' }
  | { kind: 'none' };

/** A state, and what it asks for. */
export interface RolloutMove {
  state: RolloutState;
  action: RolloutAction;
}

/** Time between two looks at a step. */
const LOOK_MS = 60_000;
/** Between a look and the end of a bake that is nearer than that. */
const MIN_WAIT_MS = 1_000;

/** Where a rollout begins or goes on: the router is asked first. `position` is what the journal knows. Pure. */
export function startOfRollout(position: {
  step: number | undefined;
  since: number | undefined;
  began: number | undefined;
}): RolloutMove {
  const { step = 0, since, began } = position;
  return { state: { at: 'resuming', step, since, began }, action: { kind: 'read-shares' } };
}

/**
 * The whole rollout as a table: what a state makes of an event. Pure.
 * @throws Error for an event that cannot happen in that state: a defect of the caller
 */
export function nextMove(plan: RolloutPlan, state: RolloutState, event: RolloutEvent): RolloutMove {
  if (event.kind === 'cancel' && state.at !== 'ended') return rollBack('cancelled');
  switch (state.at) {
    case 'resuming':
      if (event.kind === 'found') return resume(plan, state, event);
      break;
    case 'moving':
      if (event.kind === 'refused')
        return { state: { at: 'ended', how: 'failed', refused: true }, action: { kind: 'none' } };
      if (event.kind === 'moved') return arrive(plan, state, event.at);
      break;
    case 'watching':
      if (event.kind === 'judged') return decide(plan, state, event);
      break;
    case 'returning':
      if (event.kind === 'returned') return end(state.why);
      break;
    case 'paused':
    case 'ended':
  }
  throw new Error(`a rollout that is ${state.at} does not expect "${event.kind}"`);
}

type In<At extends RolloutState['at']> = Extract<RolloutState, { at: At }>;

function resume(
  plan: RolloutPlan,
  { step, since, began }: In<'resuming'>,
  { candidate, at }: Extract<RolloutEvent, { kind: 'found' }>,
): RolloutMove {
  // It becomes production only after all steps have passed: they are not judged again.
  if (candidate === 'production') return move(plan, plan.steps.length - 1, began);
  // A step counts once its beginning is in the journal; without the candidate there is nothing to watch.
  if (candidate === 'absent' || since === undefined || began === undefined) return move(plan, step, began);
  return { state: { at: 'watching', step, since, began, from: at }, action: { kind: 'judge', at: since } };
}

function arrive(plan: RolloutPlan, { step, began }: In<'moving'>, at: number): RolloutMove {
  if (step >= plan.steps.length - 1) return end('passed');
  return { state: { at: 'watching', step, since: at, began: began ?? at, from: at }, action: { kind: 'judge', at } };
}

/** A failure counts at once, a pass when the step has been watched for as long as was asked for. */
function decide(
  plan: RolloutPlan,
  state: In<'watching'>,
  { outcome, at }: Extract<RolloutEvent, { kind: 'judged' }>,
): RolloutMove {
  const baked = state.since + plan.bakeSeconds * 1000;
  const patience = Math.max(baked, state.from) + plan.patienceSeconds * 1000;
  if (outcome === 'fail') return rollBack('failed');
  if (outcome === 'pass' && at >= baked) return move(plan, state.step + 1, state.began);
  if (at >= patience) return { state: { at: 'paused', step: state.step }, action: { kind: 'none' } };
  const boundary = at < baked ? baked : patience;
  return { state, action: { kind: 'judge', at: at + Math.max(MIN_WAIT_MS, Math.min(LOOK_MS, boundary - at)) } };
}

function move({ steps }: RolloutPlan, step: number, began: number | undefined): RolloutMove {
  return { state: { at: 'moving', step, began }, action: { kind: 'set-share', step, share: steps[step] ?? 1 } };
}

function rollBack(why: 'failed' | 'cancelled'): RolloutMove {
  return { state: { at: 'returning', why }, action: { kind: 'give-back' } };
}

function end(how: RolloutEnd): RolloutMove {
  return { state: { at: 'ended', how }, action: { kind: 'none' } };
}
