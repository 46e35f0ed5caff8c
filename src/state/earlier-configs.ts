import { factsNamed } from './facts.ts';
import type { ConfigChange, State } from './replay.ts';
import { recordedUpdates } from './updates.ts';

type Past = Pick<State, 'configs' | 'facts'>;

/**
 * What the endpoint ran when it was told to run another config, where the journal has it. What only leads from one
 * release to the next (a calibration, a rollout's config with both variants) is no release: what ran before that counts.
 */
export function configBefore({ facts }: Pick<State, 'facts'>, { run, config }: ConfigChange): string | undefined {
  const rollout = factsNamed(facts, 'rollout-begun').findLast(
    ({ value }) => value.config === config || value.final === config,
  );
  const shadow = factsNamed(facts, 'shadow').findLast((fact) => fact.run === run && fact.value.config === config);
  const update = recordedUpdates({ facts }).find((one) => one.run === run && one.started.requested === config);
  const replaced = factsNamed(facts, 'replaces').findLast(
    (fact) => fact.run === run && fact.value.requested === config,
  );
  const takenOver = factsNamed(facts, 'taken-over').findLast(
    (fact) => fact.run === run && fact.value.config === config,
  );
  return (
    takenOver?.value.previous ??
    rollout?.value.previous ??
    shadow?.value.before ??
    update?.started.previous ??
    replaced?.value.previous
  );
}

/**
 * The configs that lie behind the one the endpoint runs, the latest last: each ran until the next took its place. What
 * was rolled back is not among them, nor what an undo has left: a second undo goes further back, never forward. Pure.
 * @param current what the endpoint runs
 */
export function earlierConfigs(state: Past, current: string | undefined): string[] {
  const stack: string[] = [];
  const goTo = (config: string) => {
    const at = stack.lastIndexOf(config);
    if (at < 0) stack.push(config);
    else stack.length = at + 1;
  };
  for (const change of state.configs) {
    const before = configBefore(state, change);
    if (before !== undefined) goTo(before);
    goTo(change.config);
  }
  if (current !== undefined) goTo(current);
  return stack.slice(0, -1);
}

/** Every config that the endpoint is known to have run or been told to run, oldest first, with the change that did so. */
export function knownConfigs(state: Past): { config: string; change: ConfigChange | undefined }[] {
  const known = new Map<string, ConfigChange | undefined>();
  for (const change of state.configs) {
    const before = configBefore(state, change);
    if (before !== undefined && !known.has(before)) known.set(before, undefined);
    if (!known.has(change.config)) known.set(change.config, change);
  }
  return [...known].map(([config, change]) => ({ config, change }));
}
