import { attachedShadow } from './calibration.ts';
import type { State } from './replay.ts';

/** How long a shadow is to be attached, as was said when that was done. */
export interface TimeBox {
  /** The config with that shadow. */
  config: string;
  /** Milliseconds since the epoch. */
  until: number;
  over: boolean;
}

/**
 * The time box of the shadow that an endpoint carries; undefined where it has none. Pure.
 * @param config what the endpoint runs
 * @param now milliseconds since the epoch
 */
export function timeBoxOf(state: Pick<State, 'facts'>, config: string | undefined, now: number): TimeBox | undefined {
  const until = attachedShadow(state, config)?.until;
  return until === undefined || config === undefined ? undefined : { config, until, over: now >= until };
}
