import type { ComparisonOptions } from '../../../../src/analysis/compare/options.ts';
import { readTruth } from '../../read-truth.ts';
import { KINDS, START } from '../generated.ts';
import type { Ids, Kind } from '../generated.ts';

/** Answers with labels, which every engine must hold against each other alike. */
export interface Labelled {
  title: string;
  kind: Kind;
  ids: Ids;
  options: Partial<ComparisonOptions>;
}

/** Two thirds of the rows have a label. */
const some = (label: (i: number) => string | number, id = (i: number) => `request-${i}`) =>
  [
    'inferenceId,label',
    ...Array.from({ length: 400 }, (_, i) => i)
      .filter((i) => i % 3 > 0)
      .map((i) => `${id(i)},${label(i)}`),
  ].join('\n');

const [numbers, classes] = KINDS as [Kind, Kind];
const named = (title: string) => KINDS.find((kind) => kind.title === title) as Kind;
const PROBABILITIES: Kind = {
  ...{ title: 'probabilities', task: 'multiclass', type: 'application/json', encoding: 'JSON', rows: 2 },
  answer: (s) =>
    JSON.stringify({
      predictions: s.map((x) => {
        const score = [x / 2, 0.5 - x / 2, 0.5].map((one) => Number(one.toFixed(4)));
        return { score, predicted_label: score.indexOf(Math.max(...score)) };
      }),
    }),
};
const timed = Array.from({ length: 400 }, (_, i) => {
  const at = new Date(START + i * 8000 + (i < 100 ? (i * 37) % 30 : 1) * 60_000).toISOString();
  return `{"eventId": "event-${i}", "label": ${i % 2}, "labeledAt": "${i % 50 === 3 ? '' : at}"}`;
});

export const LABELLED: readonly Labelled[] = [
  {
    title: 'classes, written in several ways, with prices',
    kind: classes,
    ids: 'inferenceId',
    // What belongs to no request, and the first row by both of its names.
    options: {
      truth: readTruth(
        `${some((i) => (i % 4 === 0 ? `${i % 2}.0` : i % 2))}\nnobody,1\nrequest-4#0,1\nrequest-5#1,1`,
        'ids',
      ),
      prices: { '0→1': 5, '1→*': 1 },
    },
  },
  {
    title: 'numbers',
    kind: numbers,
    ids: 'inferenceId',
    options: {
      truth: readTruth(
        some((i) => 10 * (i % 9)),
        'n',
      ),
    },
  },
  {
    title: 'chances',
    kind: named('xgboost'),
    ids: 'inferenceId',
    options: {
      truth: readTruth(
        some((i) => i % 2),
        'chances',
      ),
    },
  },
  {
    title: 'probabilities of all classes, row by row',
    kind: PROBABILITIES,
    ids: 'inferenceId',
    options: {
      truth: readTruth(
        some(
          (i) => i % 3,
          (i) => `request-${i}#${i % 2}`,
        ),
        'rows',
      ),
    },
  },
  {
    title: 'words',
    kind: named('words'),
    ids: 'inferenceId',
    options: {
      truth: readTruth(
        some((i) => ['sun', 'rain', "fog's"][i % 3] ?? ''),
        'words',
      ),
    },
  },
  {
    title: 'labels of one age, by eventId',
    kind: classes,
    ids: 'eventId',
    options: { truth: readTruth(timed.join('\n'), 'timed'), maturity: { age: 600_000, now: 0 } },
  },
  {
    title: 'labels by the eventId of production, paired by input',
    kind: { ...classes, rows: 3 },
    ids: 'input',
    options: {
      truth: readTruth(
        some(
          (i) => i % 2,
          (i) => `production-${i}`,
        ).replace('inferenceId', 'eventId'),
        'own',
      ),
    },
  },
];
