import type { Answer } from './answer.ts';
import type { Classes } from './classes.ts';
import { className } from './strata.ts';

/** Probabilities that are written with few digits do not sum up to 1 exactly. */
const ROUNDED = 0.01;

/**
 * The probabilities of all classes that an answer gives; undefined where its scores are none, or where it is not known which
 * score belongs to which class: the class must be that of the largest, by its place or by the names of `classes`.
 */
export function probabilitiesOf(
  { scores, number }: Answer,
  label: string,
  classes?: Classes,
): readonly number[] | undefined {
  if (classes?.number !== undefined) {
    const place = classes.names.indexOf(label);
    if (number === undefined || !(number >= 0 && number <= 1) || place < 0) return undefined;
    return classes.number === 'last' || place === 1 ? [1 - number, number] : [number, 1 - number];
  }
  if (scores === undefined || scores.length < 2) return undefined;
  const most = Math.max(...scores);
  const sum = scores.reduce((total, score) => total + score, 0);
  const usable = scores.every((score) => score >= 0 && score <= 1) && Math.abs(sum - 1) <= ROUNDED;
  const largest = scores.indexOf(most);
  const name =
    classes === undefined
      ? String(largest)
      : scores.length === classes.names.length
        ? classes.names[largest]
        : undefined;
  return usable && label === name ? scores : undefined;
}

/** The class as a place among so many; undefined for any other name. @param truth as `className` writes it */
export function placeOfClass(truth: string, count: number, classes?: Classes): number | undefined {
  if (classes !== undefined) {
    const place = classes.names.findIndex((name) => className(name) === truth);
    return place < 0 ? undefined : place;
  }
  return /^\d+$/.test(truth) && Number(truth) < count ? Number(truth) : undefined;
}

/** Squared error of the probabilities of all classes, from 0 to 2 (Brier 1950): Σ (p_k − 1 if k is the class)². */
export function brierScore(probabilities: readonly number[], place: number): number {
  return squares(probabilities) - 2 * (probabilities[place] ?? 0) + 1;
}

/** Half of what the squared errors of two answers differ by at the most, whatever the class is. */
export function brierApart(a: readonly number[], b: readonly number[]): number {
  const furthest = a.reduce((most, score, i) => Math.max(most, Math.abs(score - (b[i] ?? 0))), 0);
  return Math.abs(squares(a) - squares(b)) / 2 + furthest;
}

function squares(probabilities: readonly number[]): number {
  return probabilities.reduce((sum, one) => sum + one * one, 0);
}
