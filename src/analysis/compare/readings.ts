import { chooseReadings } from '../answers/choose.ts';
import type { ChosenReading, ReadingPair } from '../answers/choose.ts';
import { chancesOf, classNames } from '../answers/classes.ts';
import { columnWords, formOf } from '../answers/form.ts';
import type { CompareRules, Spreads } from '../answers/compare-rules.ts';
import { counterOf } from '../answers/kinds/counter.ts';
import type { WholeCounter } from '../answers/kinds/counter.ts';
import { kindNamed } from '../answers/kinds/table.ts';
import { wordLabels } from '../answers/label-words.ts';
import { lostMembers } from '../answers/members.ts';
import { othersTolerance } from '../answers/others.ts';
import { readWith } from '../answers/read-answers.ts';
import { EACH_BY_ITSELF } from '../answers/reading.ts';
import type { Reading } from '../answers/reading.ts';
import type { Seen } from '../answers/seen.ts';
import type { AnswerSums, LabelSums, LostMember, Task } from '../predictions.ts';
import type { ComparisonOptions, Records } from './options.ts';
import { sampleOf } from './sample.ts';

/** Of answers of which no reading was chosen: each record is read by itself. */
export const UNCHOSEN: ReadingPair = { production: EACH_BY_ITSELF, shadow: EACH_BY_ITSELF };

/** The ways in which the answers of these records may be read, the likeliest first. */
export function readingsOf(
  records: Records,
  {
    answers = {},
    task,
    truth,
  }: Pick<ComparisonOptions, 'answers'> & Partial<Pick<ComparisonOptions, 'task' | 'truth'>>,
): ChosenReading[] {
  const production = sampleOf(records.production, records.window);
  const shadow = sampleOf(records.shadow, records.window);
  // Where the user says what counts, the rest need not be there.
  const lost = answers.path === undefined ? lostMembers(production, shadow) : [];
  const pairs = asTask(chooseReadings(production, shadow, answers), task);
  return pairs
    .map((pair) => withClasses(pair, production, shadow))
    .map((pair) => ({
      ...pair,
      lost: [...lost, ...otherColumns(pair), ...otherScale(pair, production, shadow)],
      forms: { production: formOf(pair.production, production), shadow: formOf(pair.shadow, shadow) },
      spreads: spreadsOf(pair.production, production),
      others: othersOf(pair.production, production),
      words: wordLabels(truth, pair.production, production),
    }));
}

/** How answers of two samples are read, with what their scores belong to. */
function withClasses(
  pair: ReadingPair,
  production: readonly Seen[],
  shadow: readonly Seen[],
): ReadingPair & Pick<ChosenReading, 'classes'> {
  if (![pair.production, pair.shadow].every(({ kind }) => SCORED.has(kind))) return pair;
  const sides = (readings: ReadingPair) => [
    { reading: readings.production, sample: production },
    { reading: readings.shadow, sample: shadow },
  ];
  const classes = classNames(sides(pair));
  const named =
    classes === undefined ? pair : { production: { ...pair.production, classes }, shadow: { ...pair.shadow, classes } };
  return { ...named, classes: chancesOf(sides(named)) };
}

/** CSV whose class and score stand in other columns. */
function otherColumns({ production, shadow }: ReadingPair): LostMember[] {
  if (production.columns === undefined || shadow.columns === undefined) return [];
  const [ours, theirs] = [columnWords(production.columns), columnWords(shadow.columns)];
  return ours === theirs ? [] : [{ path: 'CSV', production: ours, shadow: theirs }];
}

/** Fewer scores may lie between 0 and 1 by chance. */
const MANY_SCORES = 50;
/** Of scores that are no probabilities, so many lie elsewhere. */
const ELSEWHERE = 0.05;

/** Scores of classes that lie between 0 and 1 on one side alone: probabilities, and logits or percents. */
function otherScale({ production, shadow }: ReadingPair, ours: readonly Seen[], theirs: readonly Seen[]): LostMember[] {
  if (![production, shadow].every(({ kind }) => SCORED.has(kind))) return [];
  const [left, right] = [scoresOf(production, ours), scoresOf(shadow, theirs)];
  if (left.length < MANY_SCORES || right.length < MANY_SCORES) return [];
  const elsewhere = (scores: readonly number[]) => scores.filter((one) => one < 0 || one > 1).length / scores.length;
  const [a, b] = [elsewhere(left), elsewhere(right)];
  if ((a > 0 && b > 0) || Math.max(a, b) < ELSEWHERE) return [];
  const words = (share: number) => (share > 0 ? 'beyond 0 to 1' : 'from 0 to 1');
  return [{ path: 'scores', production: words(a), shadow: words(b) }];
}

const SCORED = new Set(['scores', 'scored-label']);

function scoresOf(reading: Reading, sample: readonly Seen[]): number[] {
  const answers = sample.flatMap((seen) => readWith(reading, seen) ?? []);
  return answers.flatMap(({ number, scores }) => scores ?? (number === undefined ? [] : [number]));
}

function spreadsOf(reading: Reading, sample: readonly Seen[]): Spreads | undefined {
  const learn = kindNamed(reading.kind)?.comparison?.learn;
  if (learn === undefined) return undefined;
  const answers = sample.flatMap((seen) => readWith(reading, seen) ?? []);
  return learn(answers.map(({ other = 'null' }): unknown => JSON.parse(other)));
}

function othersOf(reading: Reading, sample: readonly Seen[]): number | undefined {
  return SCORED.has(reading.kind)
    ? othersTolerance(sample.flatMap((seen) => readWith(reading, seen) ?? []))
    : undefined;
}

/** What the other scores of two answers may differ by: as production's show, or as much as the policy allows of one. */
export function othersWithin({
  reading,
  tolerance,
}: Pick<ComparisonOptions, 'reading' | 'tolerance'>): number | undefined {
  return reading?.others === undefined ? undefined : Math.max(reading.others, tolerance ?? 0);
}

/** Labels with what is known of the other scores of their rows. @param others rows of which it is known, and that lie beyond `within` */
export function withOthers(
  labels: LabelSums | undefined,
  others: { rows: number; beyond: number },
  within: number | undefined,
): LabelSums | undefined {
  if (labels === undefined || within === undefined || others.rows === 0) return labels;
  return { ...labels, others: { beyond: others.beyond, tolerance: within } };
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
  const { production, shadow, forms, lost, words } = reading;
  // A label with a score and one without are both labels; a vector and a text have nothing in common.
  const bare = [production, shadow].every(({ kind }) => kindNamed(kind)?.comparison === undefined);
  const kind = production.kind === shadow.kind || bare ? production.kind : EACH_BY_ITSELF.kind;
  const names = counter?.names();
  return {
    kind,
    ...forms,
    measures: counter?.measures() ?? [],
    flags: counter?.flags() ?? [],
    ...(names === undefined ? {} : { names }),
    lost,
    ...(words === undefined ? {} : { words }),
  };
}
