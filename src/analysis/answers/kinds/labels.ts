import { isObject } from '../../../base/json.ts';
import type { Answer } from '../answer.ts';
import { isUsable } from '../answer.ts';
import { areVectors, isNumbers, sumsToOne } from './lists.ts';
import type { Fit, Kind } from './kind.ts';

/** Members that name the class, the first of them that is there; `closest_cluster` is k-means'. */
const LABEL_KEYS = ['predicted_label', 'predicted_class', 'label', 'class', 'closest_cluster'];
/** Members that hold a number or the scores of all classes, likewise. */
const NUMBER_KEYS = [
  'score',
  'probability',
  'prediction',
  'predicted_value',
  'predicted_score',
  'value',
  'scores',
  'probabilities',
  'raw_score',
  'raw_scores',
  'distance_to_cluster',
];
/** Members beside a class that say no more than it does: how sure the model is of it and of the others, and their names. */
const BESIDE_LABEL = new Set([
  'score',
  'scores',
  'probability',
  'probabilities',
  'raw_score',
  'raw_scores',
  'predicted_score',
  'distance_to_cluster',
]);

/** A class as text. */
function atom(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? `${value}` : undefined;
}

/** The place of the largest score. */
function largest(scores: readonly number[]): number {
  return scores.reduce((best, score, index) => (score > (scores[best] ?? Number.NEGATIVE_INFINITY) ? index : best), 0);
}

/** Members of a class in a list of classes; with more it is a record of its own. */
const OF_SCORE = new Set(['label', 'score', 'index', 'id']);

/** Classes with their scores, as a map or as a list of `{label, score}`; undefined where it is neither, or a class comes twice. */
export function namedScores(value: unknown): [name: string, score: number][] | undefined {
  const pairs = Array.isArray(value)
    ? value.map((one): [unknown, unknown] =>
        isObject(one) && Object.keys(one).every((key) => OF_SCORE.has(key))
          ? [one.label, one.score]
          : Array.isArray(one) && one.length === 2 && typeof one[0] === 'string'
            ? [one[0], one[1]]
            : [undefined, undefined],
      )
    : isObject(value)
      ? Object.entries(value)
      : [];
  if (pairs.length === 0) return undefined;
  const found: [string, number][] = [];
  for (const [name, score] of pairs) {
    const label = atom(name);
    if (label === undefined || typeof score !== 'number' || !isUsable(score)) return undefined;
    found.push([label, score]);
  }
  return new Set(found.map(([name]) => name)).size === found.length ? found : undefined;
}

/**
 * A class with the scores of all, or with its own and those of the others, by name: of the first few, each side may name others.
 *
 * @param label the class, where the answer says so; undefined: that of the largest score
 * @param classes all there are, in the order of scores; none: answers do not name the same ones; undefined: nobody has looked
 */
function scoredClass(
  named: readonly (readonly [string, number])[],
  label: string | undefined,
  classes: readonly string[] | undefined,
): Answer {
  const best = named.reduce((most, one) => (one[1] > most[1] ? one : most));
  const own = (label === undefined ? undefined : named.find(([name]) => name === label)) ?? best;
  const chosen = label ?? best[0];
  const given = new Map(named);
  const order =
    classes ?? (label !== undefined || sumsToOne(named.map(([, score]) => score)) ? ofNames([...given.keys()]) : []);
  if (named.length > 1 && order.length === named.length && order.every((name) => given.has(name)))
    return { label: chosen, scores: order.map((name) => given.get(name) as number) };
  if (named.length === 1) return { label: chosen, number: own[1] };
  return { label: chosen, number: own[1], others: named.filter(([name]) => name !== own[0]) };
}

/** Names of classes in the order of their scores; numbers among names are ordered as numbers: the place of a class is its number. */
export function ofNames(names: readonly string[]): string[] {
  const numbered = names.every((name) => NUMERIC.test(name));
  const before = (a: string, b: string) => (numbered ? Number(a) < Number(b) : a < b);
  return names.toSorted((a, b) => (before(a, b) ? -1 : 1));
}

/** The classes that a row names, with their scores; undefined where it names none. */
export function namesAndScores(value: unknown): [name: string, score: number][] | undefined {
  if (!isObject(value) || memberOf(value).score === undefined) return namedScores(value);
  const { score } = memberOf(value);
  if (!Array.isArray(score)) return undefined;
  return namesOf(value, score)?.map((name, i) => [name, score[i] as number]);
}

/** The names of the classes that a list of scores belongs to, in its order; undefined where the record has none, or one twice. */
function namesOf(record: Readonly<Record<string, unknown>>, scores: unknown): string[] | undefined {
  if (!Array.isArray(scores) || scores.length < 2) return undefined;
  for (const key of NAMES) {
    const list = record[key];
    if (!Array.isArray(list) || list.length !== scores.length) continue;
    const names = list.map(atom).filter((one) => one !== undefined);
    if (new Set(names).size === scores.length) return names;
  }
  return undefined;
}

/** The member that a record is read by; undefined for what is no record, or has none. */
export function keyOf(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const { labelKey, scoreKey } = memberOf(value);
  return labelKey ?? scoreKey;
}

/** What a record names, and by which members: a class, a number or scores. */
function memberOf(record: Readonly<Record<string, unknown>>): {
  labelKey: string | undefined;
  label: string | undefined;
  scoreKey: string | undefined;
  score: unknown;
} {
  const labelKey =
    LABEL_KEYS.find((key) => atom(record[key]) !== undefined) ??
    // A prediction in words is a class; a number may be one, too, but nothing says so.
    (typeof record.prediction === 'string' || typeof record.prediction === 'boolean' ? 'prediction' : undefined);
  const isNumber = (one: unknown) => typeof one === 'number' || (Array.isArray(one) && isNumbers(one));
  // A score for each class, with their names, says more than that of one.
  const scoreKey =
    NUMBER_KEYS.find((key) => isNumber(record[key]) && namesOf(record, record[key]) !== undefined) ??
    NUMBER_KEYS.find((key) => isNumber(record[key]));
  return {
    labelKey,
    label: labelKey === undefined ? undefined : atom(record[labelKey]),
    scoreKey,
    score: scoreKey === undefined ? undefined : record[scoreKey],
  };
}

/** A class, a number, scores of classes, or a record that names one of these by the usual words. */
function readValue(value: unknown, classes?: readonly string[]): Answer | undefined {
  if (typeof value === 'number') return isUsable(value) ? { number: value } : undefined;
  if (typeof value === 'string') return isBroken(value) ? undefined : { label: value };
  if (typeof value === 'boolean') return { label: String(value) };
  if (Array.isArray(value)) {
    if (value.length === 1 && !isObject(value[0])) return readValue(value[0], classes);
    if (isNumbers(value)) return { label: String(largest(value)), scores: value };
    const named = namedScores(value);
    return named === undefined ? undefined : scoredClass(named, undefined, classes);
  }
  if (!isObject(value)) return undefined;
  const { label, score } = memberOf(value);
  if (typeof score === 'number') {
    if (!isUsable(score)) return undefined;
    return label === undefined ? { number: score } : { label, number: score };
  }
  if (Array.isArray(score)) {
    const scores = score as number[];
    if (scores.length === 1)
      return label === undefined ? { number: scores[0] as number } : { label, number: scores[0] as number };
    const names = namesOf(value, scores);
    if (names === undefined) return { label: label ?? String(largest(scores)), scores };
    return scoredClass(
      names.map((name, i) => [name, scores[i] as number] as const),
      label,
      classes,
    );
  }
  return label === undefined ? undefined : { label };
}

/** No class, but what a model prints that has lost its way. */
function isBroken(word: string): boolean {
  return word === '' || /^[+-]?(nan|inf|infinity)$/i.test(word);
}

/** Records with these parts; only possible where they hold more than that, which the reading would leave aside. */
function recordsWith(values: readonly unknown[], is: (answer: Answer) => boolean): Fit {
  if (!values.every(isObject)) return undefined;
  if (!values.every((value) => is(readValue(value) ?? {}))) return undefined;
  return values.some(holdsMore) ? 'possible' : 'certain';
}

/** Its score is no number that anybody can use. */
export function isBrokenRecord(value: unknown): boolean {
  return isObject(value) && NUMBER_KEYS.some((key) => typeof value[key] === 'number' && !isUsable(value[key]));
}

/** Holds this record more than what it is read by, and what says no more than that? */
export function holdsMore(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { labelKey, scoreKey } = memberOf(value);
  const says = (key: string) =>
    NAMES.has(key) ? !namesClasses(value, key) : labelKey === undefined || !BESIDE_LABEL.has(key);
  return Object.keys(value).some((key) => key !== labelKey && key !== scoreKey && says(key));
}

/** Members that name the classes whose scores stand beside them; without those, they are classes that all apply. */
const NAMES = new Set(['labels', 'classes']);

function namesClasses(record: Readonly<Record<string, unknown>>, key: string): boolean {
  const names = record[key];
  return (
    Array.isArray(names) &&
    Object.values(record).some((list) => Array.isArray(list) && list.length === names.length && isNumbers(list))
  );
}

/** The list of numbers that a record without a class holds, where they are no probabilities of all classes. */
export function listWithoutLabel(value: unknown): number[] | undefined {
  if (!isObject(value)) return undefined;
  const { labelKey, score } = memberOf(value);
  if (labelKey !== undefined || !Array.isArray(score) || score.length < 2) return undefined;
  return sumsToOne(score as number[]) ? undefined : (score as number[]);
}

/** Longer texts, or texts of more words, are sentences and no names of classes. */
const LONG = 60;
const MANY_WORDS = 6;

/** Are these names of classes, sentences, or could they be either? */
export function wordsOrText(values: readonly string[]): 'words' | 'text' | 'either' {
  const long = values.filter((one) => one.length > LONG || one.includes('\n') || one.split(/\s+/).length > MANY_WORDS);
  if (long.length > values.length / 2) return 'text';
  const distinct = new Set(values).size;
  const sentences = values.filter((one) => /\s/.test(one)).length;
  return distinct > 20 && distinct > values.length / 2 && sentences > values.length / 2 ? 'either' : 'words';
}

/**
 * Bare whole numbers, the classes of `multi:softmax` and of scikit-learn, or counts; and numbers that are written as text.
 * Nothing in them tells whether they are classes.
 */
function areWhole(values: readonly unknown[]): boolean {
  return values.map(single).every((one) => Number.isInteger(one) || (typeof one === 'string' && NUMERIC.test(one)));
}

/** A number in quotation marks, or one of more digits than arithmetic keeps (json.ts). */
const NUMERIC = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

const single = (value: unknown) => (Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value);

const isWord = (value: unknown): value is string | boolean => typeof value === 'string' || typeof value === 'boolean';

export const label: Kind = {
  name: 'label',
  title: 'a label',
  compared: 'equal or not; agreement by class',
  recognize(values) {
    if (areWhole(values)) return 'possible';
    if (values.every(isWord)) {
      const look = wordsOrText(values.map(String));
      return look === 'text' ? undefined : look === 'either' ? 'possible' : 'certain';
    }
    return recordsWith(
      values,
      (answer) => answer.label !== undefined && answer.number === undefined && answer.scores === undefined,
    );
  },
  read(value) {
    const answer = readValue(value);
    if (answer?.label !== undefined) return { label: answer.label };
    return answer?.number === undefined ? undefined : { label: String(answer.number) };
  },
};

export const scoredLabel: Kind = {
  name: 'scored-label',
  title: 'a label with its score',
  compared: 'the label, equal or not; the score beside it, within a tolerance',
  recognize: (values) => recordsWith(values, (answer) => answer.label !== undefined && answer.number !== undefined),
  read(value, classes) {
    const answer = readValue(value, classes);
    return answer?.label === undefined ? undefined : answer;
  },
};

export const scores: Kind = {
  name: 'scores',
  title: 'a score for each class',
  compared:
    'the class with the largest score, equal or not; its score, and those of the others together, within a tolerance',
  recognize(values) {
    if (values.every((value) => Array.isArray(value) && value.length > 1 && isNumbers(value))) {
      const lists = values as number[][];
      if (areVectors(lists)) return undefined;
      return lists.every(sumsToOne) ? 'certain' : 'possible';
    }
    const named = values.map((value) =>
      isObject(value) && memberOf(value).score !== undefined ? undefined : namedScores(value),
    );
    if (named.every((one) => one !== undefined)) {
      if (exceedsOne(values)) return 'possible';
      if (values.every(Array.isArray)) return 'certain';
      const all = named.map((one) => one.map(([, score]) => score));
      if (all.every((one) => one.length > 1 && sumsToOne(one))) return 'certain';
      return all.every((one) => one.length > 1 && one.every((score) => score >= 0 && score <= 1))
        ? 'possible'
        : undefined;
    }
    const fit = recordsWith(values, (answer) => answer.scores !== undefined);
    return fit === 'certain' && values.some((value) => listWithoutLabel(value) !== undefined) ? 'possible' : fit;
  },
  read(value, classes) {
    if (isObject(value) && memberOf(value).score === undefined) {
      const named = namedScores(value);
      return named === undefined ? undefined : scoredClass(named, undefined, classes);
    }
    const answer = readValue(value, classes);
    return answer?.label === undefined ? undefined : answer;
  },
};

/** Scores of one answer that are more than 1 together: each class has one of its own, and several may apply. */
export function exceedsOne(values: readonly unknown[]): boolean {
  return values.some((value) => {
    const named = namedScores(value)?.map(([, score]) => score) ?? [];
    return named.every((score) => score >= 0 && score <= 1) && named.reduce((sum, one) => sum + one, 0) > MORE_THAN_ONE;
  });
}

/** Rounding of probabilities moves their sum by less. */
const MORE_THAN_ONE = 1.01;

export const number: Kind = {
  name: 'number',
  title: 'a number',
  compared: 'the difference, within a tolerance; bias, spread and distances are shown',
  recognize(values) {
    if (areWhole(values)) return 'possible';
    if (values.map(single).every((value) => typeof value === 'number')) return 'certain';
    return recordsWith(values, (answer) => answer.label === undefined && answer.number !== undefined);
  },
  read(value) {
    if (typeof value === 'string' && value.trim() !== '') {
      const parsed = Number(value);
      return isUsable(parsed) ? { number: parsed } : undefined;
    }
    const answer = readValue(value);
    return answer?.number === undefined || answer.label !== undefined ? undefined : { number: answer.number };
  },
};
