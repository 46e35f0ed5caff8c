import { type FactValue, factsNamed } from './facts.ts';
import type { State } from './replay.ts';

/** A calibration that has begun: production's own model is its shadow. */
export interface Calibration {
  /** The config with the copy as shadow, and the one before it, to which `shadow detach` returns. */
  config: string;
  before: string;
  /** The model, on both sides. */
  model: string;
  /** When it was begun, milliseconds since the epoch. */
  since: number;
}

/** What was recorded when the shadow of this config was attached; undefined where it was not attached from here. */
export function attachedShadow(
  state: Pick<State, 'facts'>,
  config: string | undefined,
): (FactValue<'shadow'> & { at: string }) | undefined {
  const fact = factsNamed(state.facts, 'shadow').findLast((one) => one.value.config === config);
  return fact && { ...fact.value, at: fact.at };
}

/**
 * The calibration that is under way, as the journal has it: the command that began it may have been stopped or killed
 * since. Pure.
 *
 * @param config what the endpoint runs
 */
export function calibrationOf(state: Pick<State, 'facts'>, config: string | undefined): Calibration | undefined {
  const { before, calibrates, at } = attachedShadow(state, config) ?? {};
  if (config === undefined || before === undefined || calibrates === undefined || at === undefined) return undefined;
  return { config, before, model: calibrates, since: Date.parse(at) };
}
