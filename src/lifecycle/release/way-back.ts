import type { Release } from '../../state/releases.ts';
import type { State } from '../../state/replay.ts';

/** The config that the endpoint ran before the release's shadow was attached. Pure. */
export function beforeRelease(state: Pick<State, 'facts'>, { shadows }: Pick<Release, 'shadows'>): string | undefined {
  const [first] = shadows;
  return state.facts.flatMap((fact) =>
    fact.name === 'shadow' && fact.value.config === first ? [fact.value.before] : [],
  )[0];
}
