import { isUsable } from '../answer.ts';

/** Numbers that arithmetic can use, at least one. */
export function isNumbers(list: readonly unknown[]): list is number[] {
  return list.length > 0 && list.every((one) => typeof one === 'number' && isUsable(one));
}

/** Rounding of probabilities to three digits, of a few classes, moves their sum by no more. */
const ROUNDING = 0.005;

/** Probabilities of all classes: none negative, and about 1 together. */
export function sumsToOne(scores: readonly number[]): boolean {
  const sum = scores.reduce((total, score) => total + score, 0);
  return Math.abs(sum - 1) <= ROUNDING && scores.every((score) => score >= 0);
}

/** Rounding moves the length of a vector by less. */
const ROUNDING_OF_LENGTH = 0.001;
/** So many lists have a length of 1 by no chance, however few numbers are in each. */
const MANY_LISTS = 10;
/** Lists of as many numbers, or more, are rather vectors than a few numbers that each mean something. */
export const VECTOR = 32;

/**
 * Lists of numbers that are no scores of classes: they have not as many numbers each, or are vectors of length 1 with numbers
 * below 0, as embeddings are that were normalized. Logits have no such length.
 */
export function areVectors(lists: readonly (readonly number[])[]): boolean {
  const [first] = lists;
  if (first === undefined) return false;
  if (lists.some((list) => list.length !== first.length)) return lists.every((list) => list.length >= VECTOR);
  if (first.length < 3 || (lists.length < MANY_LISTS && first.length < VECTOR)) return false;
  return lists.every(
    (list) =>
      list.some((one) => one < 0) &&
      Math.abs(Math.sqrt(list.reduce((sum, one) => sum + one * one, 0)) - 1) <= ROUNDING_OF_LENGTH,
  );
}

/** All numbers of a list of lists of any depth, in order; undefined where something else is among them. */
export function flatNumbers(value: unknown): number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const flat = value.flat(16) as unknown[];
  return isNumbers(flat) ? flat : undefined;
}
