import type { FlagSums, MeasureSums } from '../../predictions.ts';
import type { CompareRules, Spreads } from '../compare-rules.ts';

/** What two answers of one request have in common. */
export interface Compared {
  alike: boolean;
  /** By name; what a mean says something about. */
  measures: Readonly<Record<string, number>>;
}

/** Compares answers that are carried whole: pair by pair, and keeps sums. A comparator of another make fits in here. */
export interface WholeCounter {
  /** @param at start of the minute, milliseconds since the epoch. @returns whether they count as alike */
  add(production: unknown, shadow: unknown, at: number): boolean;
  measures(): MeasureSums[];
  flags(): FlagSums[];
}

/** What a kind knows about comparing. */
export interface Comparison {
  compare(production: unknown, shadow: unknown, rules: CompareRules): Compared;
  /**
   * What production's answers show about how far they lie apart, for the rules of comparing.
   *
   * @param answers of a sample of production
   */
  learn?(answers: readonly unknown[]): Spreads | undefined;
  /** Where too few are alike: are they so near, all together, that this need be no fault? Asked where the policy says nothing of tolerance. */
  areNear?(measures: readonly MeasureSums[]): boolean;
  /** What is true of an answer that a reader would want to know: it refuses, it was cut off. */
  flags?: Readonly<Record<string, (answer: unknown, rules: CompareRules) => boolean>>;
}

/** A counter of a kind. */
export function counterOf({ compare, flags = {} }: Comparison, rules: CompareRules): WholeCounter {
  const measures = new Map<string, MeasureSums>();
  const counted = Object.entries(flags).map(([name, is]) => ({
    is,
    sums: emptyFlag(name),
    minutes: new Map<number, Minute>(),
  }));
  return {
    add(production, shadow, at) {
      const { alike, measures: found } = compare(production, shadow, rules);
      for (const [name, value] of Object.entries(found)) measure(measures, name, value);
      for (const { is, sums, minutes } of counted) {
        const [left, right] = [is(production, rules), is(shadow, rules)];
        const minute = minutes.get(at) ?? { at, rows: 0, onlyProduction: 0, onlyShadow: 0 };
        minutes.set(at, minute);
        sums.rows += 1;
        minute.rows += 1;
        if (left) sums.production += 1;
        if (right) sums.shadow += 1;
        if (left && !right) minute.onlyProduction += 1;
        if (right && !left) minute.onlyShadow += 1;
      }
      return alike;
    },
    measures: () => [...measures.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    flags: () =>
      counted
        .filter(({ sums }) => sums.rows > 0)
        .map(({ sums, minutes }) => ({ ...sums, minutes: [...minutes.values()].sort((a, b) => a.at - b.at) })),
  };
}

type Minute = FlagSums['minutes'][number];

function emptyFlag(name: string): Omit<FlagSums, 'minutes'> {
  return { name, rows: 0, production: 0, shadow: 0 };
}

function measure(all: Map<string, MeasureSums>, name: string, value: number): void {
  const sums = all.get(name);
  if (sums === undefined) all.set(name, { name, rows: 1, sum: value, least: value, most: value });
  else {
    sums.rows += 1;
    sums.sum += value;
    sums.least = Math.min(sums.least, value);
    sums.most = Math.max(sums.most, value);
  }
}
