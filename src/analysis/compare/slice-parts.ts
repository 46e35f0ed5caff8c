/** At most so many columns of the inputs are cut. */
export const MAX_COLUMNS = 50;
/** Numbers with more different values than this are cut at their quartiles. */
export const MAX_CATEGORIES = 8;
/** A slice of fewer inputs says nothing. */
export const MIN_INPUTS = 30;
/** Longer values are cut off. */
export const MAX_VALUE_CHARACTERS = 40;

/** Names of the parts between these edges, and of what is no number. */
export function quarterNames(edges: readonly number[]): string[] {
  const short = (value: number | undefined) => String(Number((value ?? Number.NaN).toPrecision(4)));
  return [
    `≤ ${short(edges[0])}`,
    ...edges.slice(1).map((edge, i) => `${short(edges[i])} … ${short(edge)}`),
    `> ${short(edges.at(-1))}`,
    'no number',
  ];
}
