import type { FieldValue } from '../predictions.ts';

/**
 * Counts in how many rows production and the shadow have each of a few values, and in how many both have it and answer alike. Values that
 * come first are counted, up to `most` of them.
 */
export class ValueCounter {
  readonly #most: number;
  #counted: Map<string, FieldValue> | undefined = new Map();

  constructor(most: number) {
    this.#most = most;
  }

  /** The values of one row. What one side has several times counts once. */
  add(production: readonly string[], shadow: readonly string[], alike: boolean): void {
    const counted = this.#counted;
    if (counted === undefined) return;
    for (const value of new Set([...production, ...shadow])) {
      const known = counted.get(value);
      if (known === undefined && counted.size >= this.#most) continue;
      const one = known ?? { value, production: 0, shadow: 0, both: 0 };
      const [ours, theirs] = [Number(production.includes(value)), Number(shadow.includes(value))];
      counted.set(value, {
        value,
        production: one.production + ours,
        shadow: one.shadow + theirs,
        both: one.both + ours * theirs * Number(alike),
      });
    }
  }

  /** How many different values there are; none once it has stopped. */
  get size(): number {
    return this.#counted?.size ?? 0;
  }

  /** From now on nothing is kept. */
  stop(): void {
    this.#counted = undefined;
  }

  /** Production's commonest first. */
  values(): FieldValue[] {
    return sortedValues(this.#counted?.values() ?? []);
  }
}

/** Of two windows, production's `most` commonest. */
export function addedValues(a: readonly FieldValue[], b: readonly FieldValue[], most: number): readonly FieldValue[] {
  const merged = new Map(a.map((one) => [one.value, one]));
  for (const other of b) {
    const one = merged.get(other.value);
    merged.set(other.value, {
      value: other.value,
      production: other.production + (one?.production ?? 0),
      shadow: other.shadow + (one?.shadow ?? 0),
      both: other.both + (one?.both ?? 0),
    });
  }
  return sortedValues(merged.values()).slice(0, most);
}

function sortedValues(values: Iterable<FieldValue>): FieldValue[] {
  return [...values].sort((a, b) => b.production - a.production || (a.value < b.value ? -1 : 1));
}
