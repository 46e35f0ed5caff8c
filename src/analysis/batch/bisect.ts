/** A run of lines of one object, from 0; `to` is exclusive. */
export interface Span {
  object: string;
  from: number;
  to: number;
}

/** Rounds of jobs that are begun at the most to find the lines that a model refuses. */
export const MAX_ROUNDS = 3;
/** Pieces of which every round looks at most, over all objects: each failing one is looked at again. */
const MAX_FOLLOWED = 10;

/**
 * The pieces that the next round asks about, so that after the last one every piece that fails is one line: as many pieces as
 * the root says. Pure.
 * @param round from 1
 */
export function piecesOf(span: Span, round: number): Span[] {
  const lines = span.to - span.from;
  const rounds = MAX_ROUNDS - round + 1;
  const pieces = Math.max(1, Math.min(lines, Math.ceil(lines ** (1 / rounds))));
  const cut = (i: number) => span.from + Math.round((lines * i) / pieces);
  return Array.from({ length: pieces }, (_, i) => ({ object: span.object, from: cut(i), to: cut(i + 1) })).filter(
    ({ from, to }) => to > from,
  );
}

/** Of the pieces that failed, those that are looked at again: the first ones of every object. Pure. */
export function followed(failed: readonly Span[]): Span[] {
  return failed.filter(({ from, to }) => to - from > 1).slice(0, MAX_FOLLOWED);
}
