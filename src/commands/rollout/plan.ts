import type { CreateEndpointConfigCommandInput, Tag } from '@aws-sdk/client-sagemaker';
import { deriveConfig } from '../../resources/derive-config.ts';
import { type Live, productionOf } from '../../resources/live.ts';
import type { State } from '../../state/fold.ts';
import type { RolloutLimits } from './limits.ts';

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
    if (fact.name === FACTS.ended) position = undefined;
    if (fact.name === FACTS.step && position !== undefined) {
      const { step, since } = fact.value as { step: number; since: number };
      position = { ...position, step, since, began: position.began ?? since };
    }
  }
  return position;
}

/** The name of the second variant; SageMaker tells variants apart by name only. */
const CANDIDATE = 'candidate';

/**
 * Both configs of a rollout: production and candidate side by side, the candidate as large as production, for it is
 * to carry as much; and what is left at the end, which is production with the new model. Pure.
 */
export function planConfigs(
  live: Live,
  change: { model: string; config: string; final: string; firstShare: number; tags: Tag[] },
): { both: CreateEndpointConfigCommandInput; final: CreateEndpointConfigCommandInput; candidate: string } {
  const { config, variant, instances } = productionOf(live);
  const count = instances === undefined ? {} : { InitialInstanceCount: instances };
  const candidate = variant.VariantName === CANDIDATE ? `${CANDIDATE}-2` : CANDIDATE;
  const production = { ...variant, ...count };
  return {
    candidate,
    both: deriveConfig(config, {
      name: change.config,
      production: [
        { ...production, InitialVariantWeight: 1 - change.firstShare },
        { ...production, VariantName: candidate, ModelName: change.model, InitialVariantWeight: change.firstShare },
      ],
      tags: change.tags,
    }),
    final: deriveConfig(config, {
      name: change.final,
      production: [{ ...production, ModelName: change.model }],
      tags: change.tags,
    }),
  };
}
