import type { Answer } from './answer.ts';

/** Scores of the classes that were not chosen: of a list by their places, of a few named classes by their names. */
type Others = readonly (readonly [name: string, score: number])[];

/** Fewer answers say too little about how far apart their scores lie: then less of it is allowed. */
const ENOUGH = 20;
/** The other scores may move together by so much of what they differ among themselves, as the score beside a label may. */
const HALF = 0.5;
const OF_FEW = 0.05;
/** Engines add in different orders. */
const ROUNDING = 1e-9;
/** Further than any scores lie apart: of a list that has other places than production's. SQL has the same number. */
const FAR = 1e308;

const sum = (list: readonly number[]) => list.reduce((total, one) => total + one, 0);

function chosenOf(scores: readonly number[]): number {
  return scores.indexOf(Math.max(...scores));
}

/** What two other scores or more are there; undefined where an answer has none. */
function othersOf({ scores, others }: Answer): readonly number[] | undefined {
  if (scores !== undefined) {
    const chosen = chosenOf(scores);
    return scores.length < 3 ? undefined : scores.filter((_, i) => i !== chosen);
  }
  return others === undefined || others.length < 2 ? undefined : others.map(([, score]) => score);
}

/**
 * How far the other scores of two answers may lie apart together: half of the mean of what production's differ among themselves,
 * Σ |score − their mean|. So near ties may change places, and a list whose lower ranks are shuffled lies beyond, whatever scale
 * scores have. Of fewer than twenty answers, as of a small window that is added to others, a tenth of that.
 *
 * @param answers of a sample of production
 * @returns undefined where none of them has two other scores
 */
export function othersTolerance(answers: readonly Answer[]): number | undefined {
  const known = answers.flatMap((answer) => {
    const list = othersOf(answer);
    return list === undefined ? [] : [list];
  });
  if (known.length === 0) return undefined;
  const apart = known.map((list) => {
    const mean = sum(list) / list.length;
    return sum(list.map((one) => Math.abs(one - mean)));
  });
  return Math.max(ROUNDING, ((known.length < ENOUGH ? OF_FEW : HALF) * sum(apart)) / known.length);
}

/**
 * How far the scores of the classes that were not chosen lie apart together, beyond what the score of production's class moved by:
 * Σ |shadow − production| − |that one's|. Where all scores are 1 together, the others must move by so much, and `labels.scores` asks
 * about it. A class that a side does not name has at most the least score that it names.
 *
 * @returns undefined where production has fewer than two other scores, or names and the shadow does not; `FAR` of lists of other lengths
 */
export function othersApart(production: Answer, shadow: Answer): number | undefined {
  if (production.scores !== undefined) {
    const { scores } = production;
    const own = shadow.scores;
    if (scores.length < 3) return undefined;
    if (own?.length !== scores.length) return FAR;
    const chosen = chosenOf(scores);
    const d = scores.map((score, i) => Math.abs((own[i] as number) - score));
    return sum(d) - 2 * (d[chosen] as number);
  }
  const [a, b] = [production.others, shadow.others];
  if (a === undefined || b === undefined || production.number === undefined || shadow.number === undefined)
    return undefined;
  const names = new Set([...a, ...b].map(([name]) => name));
  const scoresIn = (list: Others) => {
    const known = new Map(list);
    const least = Math.min(...known.values());
    return (name: string) => known.get(name) ?? least;
  };
  const [ours, theirs] = [scoresIn(a), scoresIn(b)];
  const apart = sum([...names].map((name) => Math.abs(theirs(name) - ours(name))));
  return apart - Math.abs(shadow.number - production.number);
}
