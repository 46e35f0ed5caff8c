import type {
  DivergingPair,
  FieldSums,
  LabelSums,
  NoiseFloor,
  NumberSums,
  Predictions,
  Repeats,
  SideCounts,
  TruthSums,
} from '../../analysis/observations.ts';
import { slicesByClass, slicesByColumn } from '../../analysis/slices.ts';
import { designEffect } from '../../analysis/statistics/repeats.ts';
import { count, noiseText, number, pairingText, percent, repeatsText, symmetryText } from '../words.ts';
import { escapeHtml, htmlTable, proseHtml } from './escape.ts';
import { distributions, matrix, scatter } from './pictures.ts';

/** So many parts of the inputs' columns are listed; those that stand out come first. */
const COLUMN_SLICES = 20;

/** What the two variants predicted for the same requests. */
export function predictionSections(found: Predictions | undefined, noise: NoiseFloor | undefined): string {
  if (found === undefined) return '';
  return [
    '<h2>Predictions</h2>',
    pairing(found, noise),
    found.labels === undefined ? '' : labels(found.labels, found.repeats),
    columnSlices(found),
    fields(found.fields ?? []),
    found.numbers === undefined ? '' : numbers(found.numbers),
    found.truth === undefined ? '' : truth(found.truth),
    top(found.top),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function paragraph(words: string): string {
  return words === '' ? '' : `<p>${proseHtml(words)}</p>`;
}

function pairing(found: Predictions, noise: NoiseFloor | undefined): string {
  const { differentRows } = found;
  const odd =
    differentRows === 0 ? '' : `${count(differentRows)} pairs left out: the answers have different numbers of rows.`;
  const side = (title: string, of: (one: SideCounts) => number) => [
    title,
    count(of(found.production)),
    count(of(found.shadow)),
  ];
  const table = htmlTable(
    ['', 'production', 'shadow'],
    [
      side('capture files', (one) => one.files),
      side('records', (one) => one.records),
      side('unmatched', (one) => one.unmatched),
      side('same id or input twice', (one) => one.ambiguous),
      side('without an answer', (one) => one.withoutAnswer),
      side('answer not understood', (one) => one.unparsed),
      side('lines not readable', (one) => one.unreadable),
      side('outside of the window', (one) => one.outside),
      side('different answers', (one) => one.distinct),
    ],
    [1, 2],
    'What became of the captured records',
  );
  const examples = [...found.production.examples, ...found.shadow.examples].slice(0, 5);
  const shown = examples.map((example) => `<li><code>${escapeHtml(example)}</code></li>`).join('');
  return [
    ...[pairingText(found), repeatsText(found), noise === undefined ? '' : noiseText(noise)].map(paragraph),
    table,
    paragraph(odd),
    shown === '' ? '' : `<p>Not understood, for example:</p><ul>${shown}</ul>`,
  ].join('');
}

function labels(sums: LabelSums, repeats: Repeats | undefined): string {
  const { rows, agree, classes, kappa } = sums;
  const beyond = kappa === undefined ? '' : `, Cohen's kappa ${number(kappa)}`;
  return [
    '<h3>Labels</h3>',
    paragraph(
      `${count(agree)} of ${count(rows)} equal (${percent(agree / rows)})${beyond}, ${count(classes)} classes.`,
    ),
    matrix(sums),
    paragraph(symmetryText(sums, repeats)),
    classSlices(sums, repeats),
  ].join('\n');
}

/** Agreement by the class that production chose. */
function classSlices(sums: LabelSums, repeats: Repeats | undefined): string {
  const rows = slicesByClass(sums, designEffect(repeats?.agreement)).map((slice) => [
    slice.name,
    count(slice.rows),
    percent(slice.agree / slice.rows),
    slice.interval.map(percent).join(' … '),
    standing(slice.adjusted),
  ]);
  if (rows.length === 0) return '';
  const head = ["production's label", 'rows', 'equal', 'can be', 'differs from the rest'];
  const caption = 'False discoveries held to 5 % (Benjamini-Hochberg)';
  return `<h4>Agreement by label</h4>${htmlTable(head, rows, [1, 2, 3], caption)}`;
}

function standing(adjusted: number): string {
  if (adjusted >= 0.05) return 'no';
  return adjusted < 1e-4 ? 'yes (adjusted p < 0.0001)' : `yes (adjusted p = ${number(adjusted)})`;
}

/** Agreement by parts of the inputs' columns, the least likely by chance first. */
function columnSlices(found: Predictions): string {
  const all = slicesByColumn(found);
  if (all.length === 0) return '';
  const sorted = all.toSorted((a, b) => a.p - b.p).slice(0, COLUMN_SLICES);
  const head = ['input', 'where', 'rows', 'inputs', 'equal', 'differs from the rest'];
  const rows = sorted.map((slice) => [
    slice.column,
    slice.part,
    count(slice.rows),
    count(slice.inputs),
    percent(slice.hits / slice.rows),
    standing(slice.adjusted),
  ]);
  const caption = `${count(sorted.length)} of ${count(all.length)} parts of columns; false discoveries held to 5 % (Benjamini-Hochberg)`;
  return `<h3>Agreement by parts of the input</h3>${htmlTable(head, rows, [2, 3, 4], caption)}`;
}

/** Free JSON, field by field. */
function fields(all: readonly FieldSums[]): string {
  if (all.length === 0) return '';
  const differing = all.filter((field) => field.differing > 0);
  const equal = all.length - differing.length;
  const title = '<h3>Fields of the answers</h3>';
  if (differing.length === 0) return `${title}${paragraph(`All ${count(equal)} fields are equal.`)}`;
  const share = (n: number, of: number) => (n === 0 ? '–' : percent(n / of));
  const rows = differing.map((field) => [
    field.path + (field.ignored ? ' (ignored)' : ''),
    count(field.rows),
    percent(field.differing / field.rows),
    share(field.missing, field.rows),
    share(field.extra, field.rows),
    share(field.otherKind, field.rows),
    field.largest === 0 ? '–' : number(field.largest),
    field.example?.production ?? '–',
    field.example?.shadow ?? '–',
  ]);
  const head = [
    'field',
    'rows',
    'differs',
    'only production',
    'only shadow',
    'other kind',
    'largest',
    'e.g. production',
    'e.g. shadow',
  ];
  const caption = `Those that differ${equal === 0 ? '' : `; ${count(equal)} more equal`}`;
  return `${title}${htmlTable(head, rows, [1, 2, 3, 4, 5, 6], caption)}`;
}

function numbers(sums: NumberSums): string {
  const { distances, bias, deviation } = sums;
  const spread = (['mean', 'deviation', 'min', 'p10', 'p50', 'p90', 'max'] as const).map((name) => [
    name,
    number(sums.production[name]),
    number(sums.shadow[name]),
  ]);
  const facts: [string, string][] = [
    ['bias (shadow − production)', number(bias)],
    ['limits of agreement', `${number(bias - 1.96 * deviation)} … ${number(bias + 1.96 * deviation)}`],
    [`further apart than ${number(sums.tolerance)}`, percent(sums.beyond / sums.rows)],
    ['mean absolute difference', number(sums.mae)],
    ['root mean square', number(sums.rmse)],
    ['correlation', number(sums.correlation)],
    ['Kolmogorov-Smirnov', number(distances.ks)],
    ['Wasserstein', number(distances.wasserstein)],
    ['population stability index', number(distances.psi)],
    ['Jensen-Shannon, bits', number(distances.jensenShannon)],
  ];
  return `<h3>${sums.of === 'value' ? 'Numbers' : 'Scores of the class that production chose'}</h3>
<div class="beside">${htmlTable(['', 'production', 'shadow'], spread, [1, 2], 'Spread')}${htmlTable(['', 'value'], facts, [1], `How far apart, over ${count(sums.rows)} rows`)}</div>
<div class="pictures">${scatter(sums)}${distributions(sums)}</div>`;
}

function truth(sums: TruthSums): string {
  const title = '<h3>Against the truth</h3>';
  const share = percent(sums.of === 0 ? undefined : sums.rows / sums.of);
  const over = paragraph(`${count(sums.rows)} of ${count(sums.of)} compared predictions have a label (${share}).`);
  if (sums.labels !== undefined) {
    const { production, shadow, onlyProduction, onlyShadow } = sums.labels;
    const rows = [
      ['right (accuracy)', percent(production / sums.rows), percent(shadow / sums.rows)],
      ['right where the other is wrong', count(onlyProduction), count(onlyShadow)],
    ];
    return `${title}${over}${htmlTable(['', 'production', 'shadow'], rows, [1, 2], 'How often each is right')}`;
  }
  if (sums.numbers === undefined) return `${title}${over}`;
  const rows = [['mean absolute error', number(sums.numbers.maeProduction), number(sums.numbers.maeShadow)]];
  return `${title}${over}${htmlTable(['', 'production', 'shadow'], rows, [1, 2], 'How far off each is')}`;
}

function top(pairs: readonly DivergingPair[]): string {
  if (pairs.length === 0) return '';
  const rows = pairs.map((pair) => [
    pair.id + (pair.row > 0 ? ` #${pair.row}` : ''),
    pair.production,
    pair.shadow,
    `×${count(pair.times ?? 1)}`,
    pair.input ?? '–',
  ]);
  const head = ['id', 'production', 'shadow', 'times', 'input'];
  const caption = 'The worst first; an input stands here once, with how often it came and differed';
  return `<h3>Most diverging pairs</h3>${htmlTable(head, rows, [3], caption, 'words')}`;
}
