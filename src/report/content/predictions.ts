import type { Observations } from '../../analysis/observations.ts';
import type {
  AnswerSums,
  ComparatorSums,
  LabelSums,
  LossStratum,
  NumberSums,
  Predictions,
  SideCounts,
  TruthSums,
} from '../../analysis/predictions.ts';
import type { Report } from '../report.ts';
import { kindNamed } from '../../analysis/answers/kinds/table.ts';
import { toleranceText } from '../../analysis/judge/tolerance.ts';
import { noiseText, pairingText, alikeText, repeatsText, symmetryText } from '../words.ts';
import { classSlices, columnSlices, fieldsSection, riskSection, topSection, truthSlices } from './differences.ts';
import type { Column, Section } from './section.ts';
import { count, counted, number, percent } from '../../base/units.ts';

/** What the two variants predicted for the same requests, in the order in which it is read. */
export function predictionContent({ observations, policy }: Report): Section[] {
  const { predictions: found } = observations;
  if (found === undefined) return [];
  if (observations.live === 'nothing') return [alone(found)];
  const sections = [
    pairing(found, observations),
    found.labels && labels(found, found.labels),
    found.labels && found.task !== 'json' ? classSlices(found.labels, found.repeats) : undefined,
    found.answers && likeness(found.answers),
    found.comparator && compared(found.comparator),
    columnSlices(found),
    riskSection(found),
    fieldsSection(found.fields ?? []),
    found.numbers && numbers(found.numbers, found.answers?.kind),
    found.truth && truth(found.truth),
    truthSlices(found, policy),
    topSection(found.top),
  ];
  return sections.filter((section) => section !== undefined);
}

/** Of a model beside which nothing is live: what was captured, and how many labels there are. */
function alone({ shadow, truth: known }: Predictions): Section {
  const rows = [
    ['capture files', count(shadow.files)],
    ['records', count(shadow.records)],
    ['records without an answer', count(shadow.withoutAnswer)],
    ['records with an answer that could not be read', count(shadow.unparsed)],
    ['distinct answers', count(shadow.distinct)],
    ...(known === undefined ? [] : [['rows with a label', `${count(known.rows)} of ${count(known.of)}`]]),
  ];
  return {
    title: 'Predictions',
    sentences: ['No model is live, so there is nothing to compare the answers with.'],
    tables: [{ caption: 'What was captured', columns: [{ title: '' }, { title: 'shadow', number: true }], rows }],
  };
}

const BOTH: readonly Column[] = [
  { title: '' },
  { title: 'production', number: true },
  { title: 'shadow', number: true },
];

function pairing(found: Predictions, observations: Observations): Section {
  const { noise } = observations;
  const row = (title: string, of: (side: SideCounts) => number) => [
    title,
    count(of(found.production)),
    count(of(found.shadow)),
  ];
  const always = [row('capture files', (side) => side.files), row('records', (side) => side.records)];
  const odd = [
    row('records unmatched', (side) => side.unmatched),
    row('records of an id or input that occurs several times, left out', (side) => side.ambiguous),
    row('records without an answer', (side) => side.withoutAnswer),
    row('records with an answer that could not be read', (side) => side.unparsed),
    row('lines not readable', (side) => side.unreadable),
    row('outside of the window', (side) => side.outside),
  ].filter(([, production, shadow], i) => i === 0 || production !== '0' || shadow !== '0');
  const rows = [...always, ...odd, row('distinct answers', (side) => side.distinct)];
  const { differentRows } = found;
  const examples = [...found.production.examples, ...found.shadow.examples].slice(0, 5);
  return {
    title: 'Predictions',
    sentences: [
      pairingText(found, observations),
      retriesText(found),
      repeatsText(found),
      alikeText(found),
      noise === undefined ? '' : noiseText(noise),
      differentRows === 0
        ? ''
        : `${counted(differentRows, 'pairs')} left out: the answers have different numbers of rows.`,
    ].filter((words) => words !== ''),
    tables: [{ caption: 'How the captured records were used', columns: BOTH, rows }],
    ...(examples.length === 0
      ? {}
      : { quotes: { title: 'Answers that could not be read, for example', lines: examples } }),
  };
}

/** Requests that were sent again with the id that they had. */
function retriesText({ retried = 0 }: Predictions): string {
  if (retried === 0) return '';
  return `${counted(retried, 'pairs')} ${retried === 1 ? 'has' : 'have'} an id that occurs several times on both sides, as when a client sends a request again: they were told apart by input and order.`;
}

function labels(found: Predictions, sums: LabelSums): Section {
  const { rows, agree, classes, kappa } = sums;
  const equal = `${count(agree)} of ${count(rows)} equal (${percent(agree / rows)})`;
  // Whole documents are no classes: which became which says nothing.
  if (found.task === 'json') {
    const alike =
      kindNamed(found.answers?.kind)?.comparison === undefined ? equal : equal.replace(' equal ', ' alike ');
    return { title: 'Answers', sentences: [`${alike}.`], tables: [] };
  }
  const beyond = kappa === undefined ? '' : `, Cohen's kappa ${number(kappa)}`;
  return {
    title: 'Labels',
    sentences: [`${equal}${beyond}, ${counted(classes, 'classes')}.`, symmetryText(sums, found.repeats)].filter(
      (words) => words !== '',
    ),
    tables: [],
    confusion: sums,
  };
}

const MEASURED: readonly Column[] = [
  { title: '' },
  { title: 'rows', number: true },
  { title: 'mean', number: true },
  { title: 'least', number: true },
  { title: 'most', number: true },
];

/** How far apart answers are that are more than equal or not. */
function likeness({ measures, flags }: AnswerSums): Section | undefined {
  if (measures.length + flags.length === 0) return undefined;
  const measured = measures.map(({ name, rows, sum, least, most }) => [
    name,
    count(rows),
    number(sum / rows),
    number(least),
    number(most),
  ]);
  const said = flags.map(({ name, rows, production, shadow }) => [
    name,
    percent(production / rows),
    percent(shadow / rows),
  ]);
  return {
    title: 'How alike the answers are',
    sentences: [],
    tables: [
      ...(measured.length === 0
        ? []
        : [
            {
              caption: 'Measures of each pair',
              columns: MEASURED,
              rows: measured,
            },
          ]),
      ...(said.length === 0 ? [] : [{ caption: 'What is true of answers', columns: BOTH, rows: said }]),
    ],
  };
}

const GIVEN: readonly Column[] = [
  { title: '' },
  { title: 'pairs', number: true },
  { title: 'mean', number: true },
  { title: 'least', number: true },
  { title: 'most', number: true },
];
const LOWEST: readonly Column[] = [{ title: '' }, { title: 'value', number: true }, { title: 'pair' }];

/** What the user's own comparator says. */
function compared({ command, pairs, of, halvings, scores }: ComparatorSums): Section {
  const drawn =
    pairs === of
      ? `all ${counted(of, 'pairs')}`
      : `${count(pairs)} of ${counted(of, 'pairs')}, one in ${count(2 ** halvings)} drawn at random`;
  return {
    title: 'Your comparator',
    sentences: [`${command} was asked about ${drawn}; 0 is unlike, 1 alike.`],
    tables:
      scores.length === 0
        ? []
        : [
            {
              caption: 'What it gave',
              columns: GIVEN,
              rows: scores.map(({ name, rows, sum, least, most }) => [
                name,
                count(rows),
                number(sum / rows),
                number(least),
                number(most),
              ]),
            },
            ...(scores.every(({ lowest }) => lowest.length === 0)
              ? []
              : [
                  {
                    caption: 'Least alike',
                    columns: LOWEST,
                    rows: scores.flatMap(({ name, lowest }) =>
                      lowest.map(({ id, value }) => [name, number(value), id]),
                    ),
                  },
                ]),
          ],
  };
}

/** What the numbers beside labels are: only of a score for each class is it known whose they are. */
function numbersTitle(of: NumberSums['of'], kind: string | undefined): string {
  if (of === 'value') return 'Numbers';
  return kind === 'scores' ? 'Scores of the class that production chose' : 'Scores beside the labels';
}

function numbers(sums: NumberSums, kind: string | undefined): Section {
  const { distances, bias, deviation } = sums;
  const spread = (['mean', 'deviation', 'min', 'p10', 'p50', 'p90', 'max'] as const).map((name) => [
    name,
    number(sums.production[name]),
    number(sums.shadow[name]),
  ]);
  const apart = [
    ['bias (shadow − production)', number(bias)],
    ['limits of agreement', `${number(bias - 1.96 * deviation)} … ${number(bias + 1.96 * deviation)}`],
    [`further apart than ${toleranceText(sums)}`, percent(sums.beyond / sums.rows)],
    ['mean absolute difference', number(sums.mae)],
    ['root mean square', number(sums.rmse)],
    ['correlation', number(sums.correlation)],
    ['Kolmogorov-Smirnov', number(distances.ks)],
    ['Wasserstein', number(distances.wasserstein)],
    ['population stability index', number(distances.psi)],
    ['Jensen-Shannon, bits', number(distances.jensenShannon)],
  ];
  return {
    title: numbersTitle(sums.of, kind),
    sentences: [],
    tables: [
      { caption: 'Spread', columns: BOTH, rows: spread },
      {
        caption: `How far apart they are, over ${counted(sums.rows, 'rows')}`,
        columns: [{ title: '' }, { title: 'value', number: true }],
        rows: apart,
      },
    ],
    spread: sums,
  };
}

function truth(sums: TruthSums): Section {
  const share = percent(sums.of === 0 ? undefined : sums.rows / sums.of);
  const base = {
    title: 'Against the truth',
    sentences: [`${count(sums.rows)} of ${count(sums.of)} compared predictions have a label (${share}).`],
  };
  if (sums.labels !== undefined) {
    const { production, shadow, onlyProduction, onlyShadow } = sums.labels;
    const rows = [
      ['right (accuracy)', percent(production / sums.rows), percent(shadow / sums.rows)],
      ['correct where the other is wrong', count(onlyProduction), count(onlyShadow)],
    ];
    return { ...base, tables: [{ caption: 'How often each is correct', columns: BOTH, rows, inShort: [0, 1] }] };
  }
  if (sums.numbers === undefined) return { ...base, tables: [] };
  const rows = [['mean absolute error', number(sums.numbers.maeProduction), number(sums.numbers.maeShadow)]];
  const { losses } = sums;
  const squares = (of: (one: LossStratum) => number) =>
    (losses ?? []).reduce((sum, one) => sum + of(one), 0) / sums.rows;
  if (losses !== undefined) {
    const title = sums.binary?.rows === sums.rows ? 'mean squared error (Brier score)' : 'mean squared error';
    const [production, loss] = [squares((one) => one.squared.production), squares((one) => one.squared.loss)];
    rows.push([title, number(production), number(production + loss)]);
  }
  if (sums.binary?.rows === sums.rows)
    rows.push(['area under the curve', number(sums.binary.production), number(sums.binary.shadow)]);
  return { ...base, tables: [{ caption: 'How far off each is', columns: BOTH, rows, inShort: [0] }] };
}
