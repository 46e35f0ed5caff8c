import type { Release } from '../../state/releases.ts';
import type { State } from '../../state/replay.ts';

/** The config that the endpoint ran before the release's shadow was attached; by a batch, beside which it was judged. Pure. */
export function beforeRelease(
  state: Pick<State, 'facts'>,
  { shadows, production }: Pick<Release, 'shadows' | 'production'>,
): string | undefined {
  if (production !== undefined) return production;
  const [first] = shadows;
  return state.facts.flatMap((fact) =>
    fact.name === 'shadow' && fact.value.config === first ? [fact.value.before] : [],
  )[0];
}
