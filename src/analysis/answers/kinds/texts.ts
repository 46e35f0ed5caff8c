import { isObject } from '../../../base/json.ts';
import type { CompareRules } from '../compare-rules.ts';
import { canonicalJson } from '../json.ts';

/** How much two bags have in common, by Dice. */
export function dice(a: readonly string[], b: readonly string[]): number {
  if (a.length + b.length === 0) return 1;
  const counts = new Map<string, number>();
  for (const one of a) counts.set(one, (counts.get(one) ?? 0) + 1);
  let common = 0;
  for (const one of b) {
    const left = counts.get(one) ?? 0;
    if (left === 0) continue;
    counts.set(one, left - 1);
    common += 1;
  }
  return (2 * common) / (a.length + b.length);
}

/** Words without case and punctuation. */
function wordsOf(text: string): string[] {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .replaceAll('’', "'")
      .match(/[\p{L}\p{N}]+(?:['.,][\p{L}\p{N}]+)*/gu) ?? []
  );
}

/** Words that turn a sentence round, in the languages that have most texts. */
const NEGATION =
  /^(?:no|not|never|none|nor|neither|without|cannot|\p{L}+n't|nicht|kein\p{L}*|nie|niemals|ohne|pas|jamais|aucun\p{L}*|sans|ning[uú]n\p{L}*|nunca|jam[aá]s|sin|non|mai|senza|nessun\p{L}*|não|nem|sem|niet|geen|nooit|zonder|inte|aldrig|ikke|ei|ni[ec]|не|нет|никогда|без)$/u;
/** Numbers with their signs, and signs: of money, of comparing, of calculating. */
const SIGNS = /(?<![\p{L}\p{N}])[-−]?\p{N}+(?:[.,]\p{N}+)*|\p{S}|!=/gu;
/** What a text must say as the other does, however alike they are otherwise: numbers, signs, and how often it denies. */
const decisive = (text: string, words: readonly string[]) =>
  [...(text.match(SIGNS) ?? []), ...words.filter((word) => /\p{N}/u.test(word) || NEGATION.test(word))]
    .toSorted()
    .join(' ');

/** A text without what no reader sees: how its lines end, blanks behind them, which quotation marks it has. */
function plain(text: string): string {
  return text
    .normalize('NFC')
    .replaceAll(/[‘’]/g, "'")
    .replaceAll(/[“”]/g, '"')
    .replaceAll(/[^\S\n]+$/gm, '')
    .trim();
}

/**
 * Texts, and what they have in common. Two that are JSON are compared by their members, whose values are words with a meaning of their own:
 * only what is prose in them may have other words.
 */
export function compareTexts(
  a: string,
  b: string,
  rules: CompareRules,
): { alike: boolean; measures: Record<string, number> } {
  const [ours, theirs] = [documentIn(a), documentIn(b)];
  const found = compareWords(a, b, rules);
  if (ours === undefined || theirs === undefined) return found;
  const equal = canonicalJson(ours) === canonicalJson(theirs);
  return {
    alike: equal || alikeValues(ours, theirs, rules),
    measures: { ...found.measures, equal: Number(equal), ...(equal ? { similarity: 1 } : {}) },
  };
}

/** The object or list that a text is, in a block of code or without one; undefined where it is none. */
function documentIn(text: string): object | undefined {
  const inner = /^\s*(?:```(?:json)?\s*\n)?([[{].*[\]}])\s*(?:```\s*)?$/s.exec(text)?.[1];
  if (inner === undefined || isDeep(inner)) return undefined;
  try {
    const value: unknown = JSON.parse(inner);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Deeper than the stack may hold; brackets inside of strings count, too. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

const MAX_DEPTH = 500;

/** As many words as this are prose, fewer are a name or a choice. */
const PROSE = 5;

function alikeValues(a: unknown, b: unknown, rules: CompareRules): boolean {
  if (typeof a === 'string' && typeof b === 'string' && Math.min(wordsOf(a).length, wordsOf(b).length) >= PROSE)
    return compareWords(a, b, rules).alike;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, i) => alikeValues(one, b[i], rules));
  if (!isObject(a) || !isObject(b)) return canonicalJson(a) === canonicalJson(b);
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && alikeValues(a[key], b[key], rules))
  );
}

function compareWords(
  a: string,
  b: string,
  { similarity: least }: CompareRules,
): { alike: boolean; measures: Record<string, number> } {
  const [left, right] = [wordsOf(a), wordsOf(b)];
  const equal = plain(a) === plain(b);
  const pairs = (words: readonly string[]) => words.slice(1).map((word, i) => `${words[i]} ${word}`);
  // Words, and words beside each other: the same words in another order say something else.
  const similarity = equal
    ? 1
    : left.length + right.length === 0
      ? 0
      : dice([...left, ...pairs(left)], [...right, ...pairs(right)]);
  // One word may turn a text round: that some may differ is for the policy to say.
  const similar = least < 1 && similarity >= least && decisive(a, left) === decisive(b, right);
  return {
    alike: equal || similar,
    measures: {
      equal: Number(equal),
      similarity,
      'length (shadow ÷ production)': right.length / Math.max(1, left.length),
    },
  };
}
