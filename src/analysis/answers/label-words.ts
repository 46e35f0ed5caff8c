import { isObject } from '../../base/json.ts';
import type { WordLabels } from '../predictions.ts';
import { pathText, type Path } from './path.ts';
import type { Reading } from './reading.ts';
import type { Seen } from './seen.ts';
import { className } from './strata.ts';
import type { Truth } from './truth.ts';

/** Members below this depth, or beyond the first of a list, are not looked at. */
const MAX_DEPTH = 6;
const MAX_MEMBERS = 500;

/** A member is what labels are about where so many of its values are the words of labels. */
const NEARLY_ALL = 0.95;

/** So many different labels are looked for in answers: classes are few. */
const MAX_WORDS = 1000;

/** How many labels are words, such as true and false, and no numbers. */
export function countWords(truth: Truth): number {
  let words = 0;
  for (const [, label] of truth.entries()) if (Number.isNaN(Number(label))) words += 1;
  return words;
}

/**
 * Labels that are words though answers are read as numbers; undefined where there are none. Which number a word stands for is
 * not guessed: a score may be the probability of true, or of the answer beside it.
 *
 * @param sample answers of a few records of production
 */
export function wordLabels(
  truth: Truth | undefined,
  { kind }: Reading,
  sample: readonly Seen[],
): WordLabels | undefined {
  const labels = truth === undefined || kind !== 'number' ? 0 : countWords(truth);
  if (truth === undefined || labels === 0) return undefined;
  const words = new Set<string>();
  for (const [, label] of truth.entries()) if (words.size < MAX_WORDS) words.add(className(label));
  return { labels, of: truth.size, member: memberOf(sample, words) };
}

/** The path of the member that holds the words of labels; undefined where there is none, or more than one. */
function memberOf(sample: readonly Seen[], words: ReadonlySet<string>): string | undefined {
  const found = new Map<string, { values: number; words: number }>();
  for (const { form, quoted, values } of sample)
    if (form === 'json' && quoted !== true)
      for (const value of values)
        walk(value, [], (path, text) => {
          const seen = found.get(path) ?? { values: 0, words: 0 };
          if (found.size >= MAX_MEMBERS && !found.has(path)) return;
          found.set(path, { values: seen.values + 1, words: seen.words + (words.has(className(text)) ? 1 : 0) });
        });
  const own = [...found].filter(([, seen]) => seen.words >= NEARLY_ALL * seen.values);
  return own.length === 1 ? own[0]?.[0] : undefined;
}

function walk(value: unknown, path: Path, tell: (path: string, text: string) => void): void {
  if (typeof value === 'boolean' || typeof value === 'string') tell(pathText(path), String(value));
  else if (path.length >= MAX_DEPTH) return;
  else if (Array.isArray(value)) for (const one of value) walk(one, [...path, null], tell);
  else if (isObject(value)) for (const [name, one] of Object.entries(value)) walk(one, [...path, name], tell);
}
