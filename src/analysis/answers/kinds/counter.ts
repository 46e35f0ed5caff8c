import type { FieldValue, FlagSums, MeasureSums } from '../../predictions.ts';
import type { CompareRules, Spreads } from '../compare-rules.ts';
import { ValueCounter } from '../values.ts';

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
  /** Answers by each of the names in them; undefined where their kind has none. */
  names(): FieldValue[] | undefined;
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
  /** What stands by name in an answer, each perhaps several times: labels of boxes, tools that are called. One that is rare may vanish. */
  names?(answer: unknown): readonly string[];
}

/** A counter of a kind. */
export function counterOf({ compare, flags = {}, names }: Comparison, rules: CompareRules): WholeCounter {
  const named = names && new ValueCounter(MAX_NAMES);
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
      if (names !== undefined) named?.add(names(production), names(shadow), alike);
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
    names: () => named?.values(),
    measures: () => [...measures.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    flags: () =>
      counted
        .filter(({ sums }) => sums.rows > 0)
        .map(({ sums, minutes }) => ({ ...sums, minutes: [...minutes.values()].sort((a, b) => a.at - b.at) })),
  };
}

/** Of more names, as of items that may be recommended, those that come first are counted. */
export const MAX_NAMES = 1000;

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
