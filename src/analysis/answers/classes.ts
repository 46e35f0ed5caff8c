import type { Answer } from './answer.ts';
import { sumsToOne } from './kinds/lists.ts';
import { namesAndScores, ofNames } from './kinds/labels.ts';
import { readWith, rowsWith } from './read-answers.ts';
import type { Reading } from './reading.ts';
import type { Seen } from './seen.ts';

/** Which probability belongs to which class: what a Brier score of answers with names needs. */
export interface Classes {
  /** In the order of scores; of a number beside the label, two. */
  names: readonly string[];
  /** The number beside a label is the probability of that class, or of the last of `names`; undefined: each class has a score. */
  number?: 'label' | 'last' | undefined;
}

/** Of fewer rows nobody learns what belongs to what. */
const ENOUGH = 20;
/** Of a probability of the chosen of two classes, rounding takes no more. */
const ROUNDED = 0.005;

/**
 * The names of all classes, where every answer of both samples gives each of them a probability; none where answers name some, or
 * others each time; undefined where they name none.
 */
export function classNames(sides: readonly { reading: Reading; sample: readonly Seen[] }[]): string[] | undefined {
  const rows = sides.flatMap(({ reading, sample }) => sample.flatMap((seen) => rowsWith(reading, seen) ?? []));
  const named = rows.map(namesAndScores).filter((one) => one !== undefined);
  if (named.length === 0) return undefined;
  const [first = []] = named;
  const names = ofNames(first.map(([name]) => name));
  const known = new Set(names);
  const all = named.every(
    (list) =>
      list.length === known.size &&
      list.every(([name]) => known.has(name)) &&
      sumsToOne(list.map(([, score]) => score)),
  );
  return all && named.length === rows.length ? names : [];
}

/** Which probability belongs to which class, by the samples of both sides; undefined where that does not show. */
export function chancesOf(sides: readonly { reading: Reading; sample: readonly Seen[] }[]): Classes | undefined {
  const [first] = sides;
  if (first?.reading.classes !== undefined)
    return first.reading.classes.length > 1 ? { names: first.reading.classes } : undefined;
  const answers = sides.map(({ reading, sample }) => sample.flatMap((seen) => readWith(reading, seen) ?? []));
  if (answers.some((list) => list.length < ENOUGH || !list.every(isChance))) return undefined;
  const names = ofNames([...new Set(answers.flat().flatMap(({ label = '' }) => label))]);
  if (names.length !== 2) return undefined;
  const numbers = (list: readonly Answer[], name: string) =>
    list.flatMap(({ label, number }) => (label === name && number !== undefined ? [number] : []));
  if (answers.flat().every(({ number = 0 }) => number >= 0.5 - ROUNDED)) return { names, number: 'label' };
  for (const order of [names, names.toReversed()]) {
    const isLast = answers.every((list) => {
      const [other, last] = order.map((name) => numbers(list, name)) as [number[], number[]];
      return Math.max(...other, 0) <= Math.min(...last, 1);
    });
    if (isLast) return { names: order, number: 'last' };
  }
  return undefined;
}

/** A label with one number that may be a probability, and no other scores. */
function isChance({ label, number, scores, others }: Answer): boolean {
  return (
    label !== undefined &&
    scores === undefined &&
    others === undefined &&
    number !== undefined &&
    number >= 0 &&
    number <= 1
  );
}
