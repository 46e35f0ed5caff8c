import { chooseReadings } from '../answers/choose.ts';
import type { ChosenReading, ReadingPair } from '../answers/choose.ts';
import { formOf } from '../answers/form.ts';
import type { CompareRules, Spreads } from '../answers/compare-rules.ts';
import { counterOf } from '../answers/kinds/counter.ts';
import type { WholeCounter } from '../answers/kinds/counter.ts';
import { kindNamed } from '../answers/kinds/table.ts';
import { readWith } from '../answers/read-answers.ts';
import { EACH_BY_ITSELF } from '../answers/reading.ts';
import type { Reading } from '../answers/reading.ts';
import type { Seen } from '../answers/seen.ts';
import type { AnswerSums, Task } from '../predictions.ts';
import type { ComparisonOptions, Records } from './options.ts';
import { sampleOf } from './sample.ts';

/** Of answers of which no reading was chosen: each record is read by itself. */
export const UNCHOSEN: ReadingPair = { production: EACH_BY_ITSELF, shadow: EACH_BY_ITSELF };

/** The ways in which the answers of these records may be read, the likeliest first. */
export function readingsOf(
  records: Records,
  { answers = {}, task }: Pick<ComparisonOptions, 'answers'> & Partial<Pick<ComparisonOptions, 'task'>>,
): ChosenReading[] {
  const production = sampleOf(records.production, records.window);
  const shadow = sampleOf(records.shadow, records.window);
  return asTask(chooseReadings(production, shadow, answers), task).map((pair) => ({
    ...pair,
    forms: { production: formOf(pair.production, production), shadow: formOf(pair.shadow, shadow) },
    spreads: spreadsOf(pair.production, production),
  }));
}

function spreadsOf(reading: Reading, sample: readonly Seen[]): Spreads | undefined {
  const learn = kindNamed(reading.kind)?.comparison?.learn;
  if (learn === undefined) return undefined;
  const answers = sample.flatMap((seen) => readWith(reading, seen) ?? []);
  return learn(answers.map(({ other = 'null' }): unknown => JSON.parse(other)));
}

/** Bare whole numbers may be classes or numbers: the older `--task` chooses between these two, too. */
function asTask(pairs: readonly ReadingPair[], task: Task | undefined): readonly ReadingPair[] {
  const kind = task === 'regression' || task === 'scores' ? 'number' : 'label';
  const both = ['label', 'number'].every((one) => pairs.some(({ production }) => production.kind === one));
  return task === undefined || task === 'json' || !both
    ? pairs
    : pairs.filter(({ production }) => production.kind === kind);
}

/**
 * Compares answers that are carried whole, where both sides are of one kind that has its own measures; undefined where they
 * are not, and answers are compared field by field.
 */
export function wholeCounter(
  reading: Omit<ChosenReading, 'forms'> | undefined,
  rules: CompareRules,
): WholeCounter | undefined {
  if (reading === undefined || reading.production.kind !== reading.shadow.kind) return undefined;
  const comparison = kindNamed(reading.production.kind)?.comparison;
  return comparison && counterOf(comparison, { ...rules, spreads: reading.spreads });
}

/** What is said of answers beside sums; undefined where no reading was chosen. */
export function answerSums(
  reading: ChosenReading | undefined,
  counter: WholeCounter | undefined,
): AnswerSums | undefined {
  if (reading === undefined) return undefined;
  const { production, shadow, forms } = reading;
  // A label with a score and one without are both labels; a vector and a text have nothing in common.
  const bare = [production, shadow].every(({ kind }) => kindNamed(kind)?.comparison === undefined);
  const kind = production.kind === shadow.kind || bare ? production.kind : EACH_BY_ITSELF.kind;
  return { kind, ...forms, measures: counter?.measures() ?? [], flags: counter?.flags() ?? [] };
}
