import type { FactValue } from './facts.ts';
import type { State } from './replay.ts';

/** How far callers have come who send a candidate slice after slice. */
export interface SlicesKnown {
  begun: FactValue<'slices-begun'>;
  /** By slice, the last verdict on it. */
  judged: ReadonlyMap<string, FactValue<'slice-judged'>>;
}

/** The slices under way, out of the journal; undefined where there are none. Pure. */
export function slicesKnown(state: Pick<State, 'facts'>): SlicesKnown | undefined {
  let known: { begun: SlicesKnown['begun']; judged: Map<string, FactValue<'slice-judged'>> } | undefined;
  for (const fact of state.facts) {
    if (fact.name === 'slices-begun') known = { begun: fact.value, judged: new Map() };
    if (fact.name === 'slices-ended' || fact.name === 'clean') known = undefined;
    if (fact.name === 'slice-judged') known?.judged.set(fact.value.slice, fact.value);
  }
  return known;
}
