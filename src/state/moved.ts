import { environmentError } from '../base/errors.ts';
import type { Recorded } from './events.ts';

/** The facts by which a journal goes from one place to another. */
type Move = Extract<Recorded, { type: 'fact' }> & {
  name: 'state-moved' | 'state-moving' | 'state-arrived';
};

/** Where a journal stands between two places. Pure. */
export type Standing =
  | { kind: 'here' }
  /** Its events have gone on elsewhere. */
  | { kind: 'moved'; to: string }
  /** It is being copied here, and not all of it has come. */
  | { kind: 'arriving'; from: string };

/** Where a journal stands by its last move: here, arriving from elsewhere, or moved away. */
export function standingOf(events: readonly Recorded[]): Standing {
  const last = events.findLast(isMove);
  if (last === undefined || last.name === 'state-arrived') return { kind: 'here' };
  if (last.name === 'state-moving') return { kind: 'arriving', from: last.value.from };
  return { kind: 'moved', to: last.value.to };
}

/** Is this a fact about a move of the journal? */
export function isMove(event: Recorded): event is Move {
  return event.type === 'fact' && /^state-(moved|moving|arrived)$/.test(event.name);
}

/** @throws Problem (cannot-run) where the journal at `path` has gone elsewhere, or has not come whole */
export function requireSettledPlace(events: readonly Recorded[], path: string): void {
  const standing = standingOf(events);
  if (standing.kind === 'moved')
    throw environmentError(
      `The journal ${path} was moved to ${standing.to}.`,
      `Give --state ${standing.to}, or write it as \`state:\` into shadowctl.yaml.`,
    );
  if (standing.kind === 'arriving')
    throw environmentError(
      `The journal ${path} is being moved here from ${standing.from}, and that has not finished.`,
      `Finish that: give shadowctl state move again, from ${standing.from} to here.`,
    );
}
