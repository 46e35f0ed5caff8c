import { type FactValue } from './facts.ts';
import type { State } from './replay.ts';

/** A rollout as the journal keeps it: enough to go on after a crash. */
export type Rollout = FactValue<'rollout-begun'>;

/** What returns all requests at once. SageMaker guards no change of weights, so the command itself watches. */
export type RolloutLimits = NonNullable<Rollout['limits']>;

export type RolloutEnd = 'passed' | 'failed' | 'cancelled';

/** How far a rollout has come. */
export interface Position {
  rollout: Rollout;
  /** The step under way, and since when, ms since the epoch; undefined before the first. */
  step: number | undefined;
  since: number | undefined;
  /** When the first step began. */
  began: number | undefined;
}

/** The rollout that is under way, out of the journal. Pure. */
export function positionOf(state: Pick<State, 'facts'>): Position | undefined {
  let position: Position | undefined;
  for (const fact of state.facts) {
    if (fact.name === 'rollout-begun')
      position = { rollout: fact.value, step: undefined, since: undefined, began: undefined };
    // Cleanup ends it too, by deleting what it stood on.
    if (fact.name === 'rollout-ended' || fact.name === 'clean') position = undefined;
    if (fact.name === 'rollout-step' && position !== undefined) {
      const { step, since } = fact.value;
      position = { ...position, step, since, began: position.began ?? since };
    }
  }
  return position;
}
