import type { Answer } from './answer.ts';

const MAX_CHARACTERS = 200;

/** An answer in a few words: its label, then its number (or largest score) in parentheses; free JSON as it is. */
export function describe(answer: Answer): string {
  return words(answer).slice(0, MAX_CHARACTERS);
}

function words(answer: Answer): string {
  const parts: string[] = [];
  if (answer.label !== undefined) parts.push(answer.label);
  if (answer.number !== undefined) parts.push(parts.length > 0 ? `(${round(answer.number)})` : String(answer.number));
  else if (answer.scores !== undefined) parts.push(`(${round(Math.max(...answer.scores))})`);
  if (answer.other !== undefined) parts.push(answer.other);
  return parts.join(' ');
}

/** Longer answers that begin alike are shown from a little before where they part. */
const SHARED = 40;
const BEFORE = 16;

/** Two answers of one request, each from where they begin to differ, so that a difference at the end of a long text is seen. */
export function describePair(production: Answer, shadow: Answer): { production: string; shadow: string } {
  const [a, b] = [words(production), words(shadow)];
  let same = 0;
  while (same < a.length && a[same] === b[same]) same += 1;
  const from = same < SHARED || same === a.length || same === b.length ? 0 : same - BEFORE;
  const shown = (all: string) => `${from > 0 ? '…' : ''}${all.slice(from)}`.slice(0, MAX_CHARACTERS);
  return { production: shown(a), shadow: shown(b) };
}

function round(value: number): string {
  return String(Number(value.toPrecision(4)));
}
