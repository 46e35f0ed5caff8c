import type { Observations } from './observations.ts';
import type { ComparatorSums, DivergingPair, FieldValue, LabelSums, Predictions, SideCounts } from './predictions.ts';

/** Up to so many different labels are the names of classes; more are texts, which may say anything. */
const MAX_CLASSES = 100;
const HIDDEN = 'hidden';

/**
 * Observations that say what was found without what was sent or who sent it. Taken out: inputs, ids, the parts of
 * columns (they are cut from inputs), examples of lines and answers that could not be read, answers in free JSON, and
 * labels where there are too many to be names of classes. What stays: counts and sums, predicted numbers, class names,
 * names of JSON fields and input columns, and what the endpoint is made of.
 */
export function redact(observations: Observations): Observations {
  const { predictions, gap, labelled } = observations;
  const notes = [
    ...observations.notes,
    'Inputs, ids and free answers were left out (--redact); predicted numbers and names of classes and fields are kept.',
  ];
  return {
    ...observations,
    predictions: predictions && quiet(predictions),
    ...(labelled === undefined ? {} : { labelled: quiet(labelled) }),
    ...(gap === undefined ? {} : { gap: { ...gap, after: quiet(gap.after) } }),
    notes,
  };
}

function quiet(found: Predictions): Predictions {
  const many = found.task === 'json' || (found.labels?.classes ?? 0) > MAX_CLASSES;
  const answer = (words: string) => (tellsNothing(words, many) ? words : HIDDEN);
  const side = (one: SideCounts): SideCounts => ({
    ...one,
    examples: [],
    commonest: one.commonest && {
      ...one.commonest,
      answer: tellsNothing(one.commonest.answer, many || one.distinct > MAX_CLASSES) ? one.commonest.answer : HIDDEN,
    },
  });
  // Rows of one class stay together, whatever it is called.
  const hidden = new Map<string, string>();
  const name = (label: string) => {
    if (label === '…' || tellsNothing(label, many)) return label;
    const known = hidden.get(label) ?? `label ${hidden.size + 1}`;
    hidden.set(label, known);
    return known;
  };
  const pair = (one: DivergingPair, i: number): DivergingPair => ({
    ...one,
    id: `pair ${i + 1}`,
    production: answer(one.production),
    shadow: answer(one.shadow),
    input: undefined,
  });
  return {
    ...found,
    production: side(found.production),
    shadow: side(found.shadow),
    labels: found.labels && labels(found.labels, many),
    truth: found.truth && {
      ...found.truth,
      strata: found.truth.strata?.map((one) => ({ ...one, production: name(one.production) })),
      outcomes: found.truth.outcomes?.map((one) => ({
        ...one,
        production: name(one.production),
        shadow: name(one.shadow),
        truth: name(one.truth),
      })),
      cells: found.truth.cells?.map((one) => ({ ...one, production: name(one.production), truth: name(one.truth) })),
    },
    answers: found.answers && {
      ...found.answers,
      ...(found.answers.names === undefined ? {} : { names: hiddenValues(found.answers.names) }),
      production: { ...found.answers.production, example: undefined },
      shadow: { ...found.answers.shadow, example: undefined },
    },
    ...(found.comparator === undefined ? {} : { comparator: comparator(found.comparator) }),
    alternatives: found.alternatives?.map(quiet),
    // Whoever knows an input could find its hash.
    ...(found.repeats === undefined ? {} : { repeats: { ...found.repeats, sample: undefined } }),
    top: found.top.map(pair),
    slices: found.slices?.map((slice, i) => ({ ...slice, part: `part ${i + 1}` })),
    columns: undefined,
    fields: found.fields?.map((field) => ({
      ...field,
      example: undefined,
      values: field.values && hiddenValues(field.values),
    })),
  };
}

function comparator(sums: ComparatorSums): ComparatorSums {
  const scores = sums.scores.map((score) => ({
    ...score,
    lowest: score.lowest.map((one, i) => ({ ...one, id: `pair ${i + 1}` })),
  }));
  return { ...sums, scores };
}

/** How often each was given stays: a gate that asks for it must not be passed over. */
function hiddenValues(values: readonly FieldValue[]): FieldValue[] {
  return values.map((one, i) => ({ ...one, value: `value ${i + 1}`, hidden: true }));
}

/** Labels keep their places in the matrix; `…`, all the rest together, keeps its name too. */
function labels(sums: LabelSums, many: boolean): LabelSums {
  const names = sums.confusion.labels.map((name, i) =>
    name === '…' || tellsNothing(name, many) ? name : `label ${i + 1}`,
  );
  const byClass = sums.byClass?.map((one, i) => ({
    ...one,
    label: tellsNothing(one.label, many) ? one.label : `class ${i + 1}`,
  }));
  return { ...sums, confusion: { ...sums.confusion, labels: names }, byClass };
}

/** A number, or one of few classes, alone or with its score: `4`, `rain (0.98)`. JSON may hold anything. */
function tellsNothing(words: string, many: boolean): boolean {
  return isNumber(words) || (!many && !/^[[{]/.test(words.trim()) && !/[\n\r]/.test(words));
}

function isNumber(words: string): boolean {
  return words.trim() !== '' && !Number.isNaN(Number(words));
}
