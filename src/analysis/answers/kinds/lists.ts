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

/** All numbers of a list of lists of any depth, in order; undefined where something else is among them. */
export function flatNumbers(value: unknown): number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const flat = value.flat(16) as unknown[];
  return isNumbers(flat) ? flat : undefined;
}
