import { configRuns } from './config-runs.ts';
import { configBefore } from './earlier-configs.ts';
import { factsNamed, type FactValue } from './facts.ts';
import type { State } from './replay.ts';
import { positionOf } from './rollouts.ts';
import { unfinishedUpdate } from './updates.ts';

/** What an endpoint should run, as far as its journal knows. */
export interface Expected {
  config: string;
  /** Where nobody waited for the end of the last change: what ran before may run as well. */
  orElse: string | undefined;
  /** Instances, weights and alarms as they were seen when the config came into service; undefined where nobody looked. */
  stands: FactValue<'stands'> | undefined;
}

/**
 * What the endpoint should run: what the last change that took effect asked for, or what was adopted after it. Undefined where
 * the journal does not know, and while something that shadowctl began has no end. Pure.
 */
export function expected(state: State): Expected | undefined {
  if (state.open.length > 0 || positionOf(state) !== undefined || unfinishedUpdate(state) !== undefined)
    return undefined;
  const last = state.configs.at(-1);
  const adopted = state.resources.findLast((one) => one.adopted && one.ref.kind === 'endpoint-config');
  const config =
    last === undefined || (adopted !== undefined && adopted.at > last.at)
      ? adopted?.ref.name
      : configRuns({ ...state, lifetimes: [state.configs] }).at(-1)?.config;
  if (config === undefined) return undefined;
  const stands = factsNamed(state.facts, 'stands').at(-1);
  const shifted = factsNamed(state.facts, 'shifted').at(-1);
  const holds = stands?.value.config === config && (shifted === undefined || shifted.at <= stands.at);
  return {
    config,
    orElse: last?.config === config ? configBefore(state, last) : undefined,
    stands: holds ? stands.value : undefined,
  };
}
