import { isUsable } from '../answers/answer.ts';
import { className } from '../answers/strata.ts';
import type { Truth } from '../answers/truth.ts';

/** A label, and where it belongs. */
export interface TruthRow {
  /** An id, or the features of a row. */
  key: string;
  /** Which row of the request. */
  place: number;
  label: string;
  /** The label as a class, as `className` writes it. */
  name: string;
  /** The label as a number that can be calculated with. */
  number: number | undefined;
  /** The place of the class among all, where it is known by that. */
  class: number | undefined;
  /** When it came, in milliseconds since the epoch. */
  at: number | undefined;
}

/**
 * Labels as engines join them with rows: one for each key and place. A key like `id#2` is row 2 of request `id`, and also the
 * first row of a request that is really called that; where there are both `id#0` and `id`, the first row of `id` has the
 * label of `id#0`, as `Truth.of` says.
 */
export function* truthRows(truth: Truth): Generator<TruthRow> {
  const first = new Set<string>();
  if (truth.by === 'id') for (const [key] of truth.entries()) if (key.endsWith('#0')) first.add(key.slice(0, -2));
  for (const [key, label, at] of truth.entries()) {
    const number = label === '' ? Number.NaN : Number(label);
    const name = className(label);
    const row = {
      ...{ label, name, at, number: isUsable(number) ? number : undefined },
      class: /^\d+$/.test(name) ? Number(name) : undefined,
    };
    if (!first.has(key)) yield { key, place: 0, ...row };
    const [, id, place] = truth.by === 'id' ? (/^(.*)#(0|[1-9]\d{0,8})$/s.exec(key) ?? []) : [];
    if (id !== undefined) yield { key: id, place: Number(place), ...row };
  }
}
