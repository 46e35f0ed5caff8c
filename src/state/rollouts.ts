import type { CreateEndpointConfigCommandInput } from '@aws-sdk/client-sagemaker';
import type { State } from './replay.ts';

/** What takes a candidate back at once. SageMaker guards no change of weights, so the command watches it itself. */
export interface RolloutLimits {
  /** Shares of the requests of a minute. */
  rate5xx?: number | undefined;
  rate4xx?: number | undefined;
  latency?: { statistic: string; milliseconds: number; minutes: number } | undefined;
  /** Alarms of the team's own. */
  alarms: readonly string[];
}

/** A rollout as the journal keeps it: enough to go on after a crash. */
export interface Rollout {
  previous: string;
  /** The config with both variants, and the one that is left when all steps have passed. */
  config: string;
  final: string;
  model: string;
  previousModel: string;
  production: string;
  candidate: string;
  steps: readonly number[];
  bakeSeconds: number;
  /** What the config at the end will hold: production with the new model. */
  finalInput: CreateEndpointConfigCommandInput;
  /** What takes it back at once; absent in journals of earlier versions. */
  limits?: RolloutLimits | undefined;
}

export type RolloutEnd = 'passed' | 'failed' | 'cancelled';

/** Where a rollout stands. */
export interface Position {
  rollout: Rollout;
  /** The step under way, and since when, ms since the epoch; undefined before the first. */
  step: number | undefined;
  since: number | undefined;
  /** When the first step began. */
  began: number | undefined;
}

export const FACTS = { begun: 'rollout-begun', step: 'rollout-step', ended: 'rollout-ended' } as const;

/** The rollout that is under way, out of the journal. Pure. */
export function positionOf(state: Pick<State, 'facts'>): Position | undefined {
  let position: Position | undefined;
  for (const fact of state.facts) {
    if (fact.name === FACTS.begun)
      position = { rollout: fact.value as unknown as Rollout, step: undefined, since: undefined, began: undefined };
    // Cleanup ends it too, by taking away what it stood on.
    if (fact.name === FACTS.ended || fact.name === 'clean') position = undefined;
    if (fact.name === FACTS.step && position !== undefined) {
      const { step, since } = fact.value as { step: number; since: number };
      position = { ...position, step, since, began: position.began ?? since };
    }
  }
  return position;
}
