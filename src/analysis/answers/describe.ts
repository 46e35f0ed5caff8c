import type { Answer } from './answer.ts';

const MAX_CHARACTERS = 200;

/** An answer in a few words: its label, then its number (or largest score) in parentheses; free JSON as it is. */
export function describe(answer: Answer): string {
  const parts: string[] = [];
  if (answer.label !== undefined) parts.push(answer.label);
  if (answer.number !== undefined) parts.push(parts.length > 0 ? `(${round(answer.number)})` : String(answer.number));
  else if (answer.scores !== undefined) parts.push(`(${round(Math.max(...answer.scores))})`);
  if (answer.other !== undefined) parts.push(answer.other);
  return parts.join(' ').slice(0, MAX_CHARACTERS);
}

function round(value: number): string {
  return String(Number(value.toPrecision(4)));
}
