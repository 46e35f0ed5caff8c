/**
 * What the new model is expected to be: the same as production (a port, another runtime: to differ is a fault), or better (to
 * differ is what it is for; the labels decide). `by`: how much more accurate it must be, as a share: 0.02 is two points.
 */
export type Expectation = { kind: 'same'; by?: undefined } | { kind: 'better'; by?: number | undefined };

/** How an expectation is written. */
export const EXPECTATION = 'same, better, or better by a number of points (better by 2 points)';

/** `same`, `better`, `better by 2 points` (of a hundred) as a value; undefined for anything else. */
export function parseExpectation(words: string): Expectation | undefined {
  if (words === 'same' || words === 'better') return { kind: words };
  const [, points] = /^better by (\d+(?:\.\d+)?) points?$/.exec(words) ?? [];
  const by = Number(points) / 100;
  return by > 0 && by < 1 ? { kind: 'better', by } : undefined;
}

/** The value in the words of a policy. */
export function expectationText(expect: Expectation | undefined): string {
  if (expect === undefined) return 'not set';
  if (expect.by === undefined) return expect.kind;
  const points = Number((expect.by * 100).toPrecision(12));
  return `${expect.kind} by ${points} ${points === 1 ? 'point' : 'points'}`;
}
