import type { Kind } from './kind.ts';
import { label, number, scoredLabel, scores } from './labels.ts';
import { boxes, bytes, chat, json, labels, numbers, ranking, spans, text, vector } from './whole.ts';

/** Every kind of answers, those that are recognized by more first. */
export const KINDS: Kind[] = [
  bytes,
  chat,
  boxes,
  spans,
  vector,
  scoredLabel,
  scores,
  labels,
  label,
  text,
  number,
  numbers,
  ranking,
  json,
];

/** The kind of this name; undefined for what an older or a newer version called it, and where each record was read by itself. */
export function kindNamed(name: string | undefined): Kind | undefined {
  return KINDS.find((one) => one.name === name);
}

/** @throws Error where there is none of this name: it was chosen from the table */
export function kindOf(name: string): Kind {
  const kind = kindNamed(name);
  if (kind === undefined) throw new Error(`there is no kind of answers called ${name}`);
  return kind;
}

/** The kinds that these rows may be of, the likeliest first: one, where nothing else is possible; free JSON, where nothing is. */
export function kindsOf(values: readonly unknown[]): Kind[] {
  const held = values.filter((value) => !(Array.isArray(value) && value.length === 0));
  if (held.length === 0) return [json];
  const fits = KINDS.map((kind) => ({ kind, fit: kind.recognize(held) }));
  const certain = fits.filter(({ fit }) => fit === 'certain');
  const found = certain.length > 0 ? certain : fits.filter(({ fit }) => fit === 'possible');
  return found.length === 0 ? [json] : found.map(({ kind }) => kind);
}
