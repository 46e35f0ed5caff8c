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
import { plain } from '../../ui/io.ts';
import { table } from '../../ui/table.ts';
import { paint } from '../../ui/theme.ts';
import type { Report, RenderOptions } from '../report.ts';
import { count, noiseText, number, pairingText, percent, repeatsText, symmetryText } from '../words.ts';
import { wrap } from '../../ui/wrap.ts';

/** What the two variants predicted for the same requests. */
export async function predictionSections(report: Report, options: RenderOptions): Promise<string[]> {
  const { predictions } = report.observations;
  if (predictions === undefined) return [];
  return [
    await pairing(predictions, report.observations.noise, options),
    predictions.labels === undefined ? '' : labels(predictions.labels, predictions.repeats, options),
    predictions.labels === undefined ? '' : await slices(predictions.labels, predictions.repeats, options),
    await columnSlices(predictions, options),
    await fields(predictions.fields ?? [], options),
    predictions.numbers === undefined ? '' : await numbers(predictions.numbers, options),
    predictions.truth === undefined ? '' : truth(predictions.truth, options),
    await top(predictions.top, options),
  ];
}

async function pairing(
  predictions: Predictions,
  noise: NoiseFloor | undefined,
  options: RenderOptions,
): Promise<string> {
  const row = (title: string, of: (side: SideCounts) => number) => [
    title,
    count(of(predictions.production)),
    count(of(predictions.shadow)),
  ];
  const rows = [
    row('capture files', (side) => side.files),
    row('records', (side) => side.records),
    row('  unmatched', (side) => side.unmatched),
    row('  same id or input twice', (side) => side.ambiguous),
    row('  without an answer', (side) => side.withoutAnswer),
    row('  answer not understood', (side) => side.unparsed),
    row('lines not readable', (side) => side.unreadable),
    row('outside of the window', (side) => side.outside),
    row('different answers', (side) => side.distinct),
  ].filter(([title, ours, theirs], i) => i < 3 || title === 'different answers' || ours !== '0' || theirs !== '0');
  const drawn = await table(options, ['', 'production', 'shadow'], rows, { right: [1, 2], indent: '  ' });
  const odd =
    predictions.differentRows === 0
      ? []
      : [`  ${count(predictions.differentRows)} pairs left out: the answers have different numbers of rows.`];
  const examples = [...predictions.production.examples, ...predictions.shadow.examples].slice(0, 5);
  const shown = examples.map((example) => `  ${plain(example)}`.slice(0, options.columns));
  return [
    paint(options, 'title', 'Predictions'),
    ...[pairingText(predictions), repeatsText(predictions), noise === undefined ? '' : plain(noiseText(noise))]
      .filter((words) => words !== '')
      .flatMap((words) => wrap(words, options.columns - 2, ''))
      .map((line) => `  ${line}`),
    drawn,
    ...odd,
    ...(shown.length === 0
      ? []
      : ['  Not understood, for example:', ...shown.map((line) => `  ${line}`.slice(0, options.columns))]),
  ].join('\n');
}

function labels(sums: LabelSums, repeats: Repeats | undefined, options: RenderOptions): string {
  const { labels: names, counts } = sums.confusion;
  const shown = names.map((name) => plain(name).slice(0, 10) || "''");
  const cells = counts.map((row) => row.map(count));
  const width = Math.max(6, ...shown.map((name) => name.length), ...cells.flat().map((cell) => cell.length)) + 2;
  const rowHead = Math.max(14, ...shown.map((name) => name.length + 2));
  const fits = Math.max(1, Math.floor((options.columns - rowHead - 2) / width));
  const line = (head: string, values: readonly string[]) =>
    `  ${head.padEnd(rowHead)}${values
      .slice(0, fits)
      .map((value) => value.padStart(width))
      .join('')}`.trimEnd();
  const kappa = sums.kappa === undefined ? '' : `, Cohen's kappa ${number(sums.kappa)}`;
  return [
    paint(options, 'title', 'Labels'),
    `  ${count(sums.agree)} of ${count(sums.rows)} equal (${percent(sums.agree / sums.rows)})${kappa}, ${count(sums.classes)} classes`,
    line('production ↓', ['shadow →']),
    line('', shown),
    ...shown.map((name, i) => line(name, cells[i] ?? [])),
    ...(fits < shown.length ? [`  ${shown.length - fits} more columns do not fit; --format json has them all.`] : []),
    ...wrap(symmetryText(sums, repeats), options.columns - 2, '').map((one) => `  ${one}`),
  ].join('\n');
}

/** Where it differs: only worth a table when one class stands out. */
async function slices(sums: LabelSums, repeats: Repeats | undefined, options: RenderOptions): Promise<string> {
  const standing = slicesByClass(sums, designEffect(repeats?.agreement)).filter((slice) => slice.adjusted < 0.05);
  if (standing.length === 0) return '';
  const rows = standing.map((slice) => [
    plain(slice.name).slice(0, 20),
    count(slice.rows),
    percent(slice.agree / slice.rows),
    slice.interval.map(percent).join(' … '),
    number(slice.adjusted),
  ]);
  const drawn = await table(options, ["production's label", 'rows', 'equal', 'can be', 'adjusted p'], rows, {
    right: [1, 2, 3, 4],
    indent: '  ',
  });
  return `${paint(options, 'title', 'Where it differs from the rest')}\n${drawn}`;
}

/** The parts of the inputs where it differs most from the rest, at most eight. */
async function columnSlices(predictions: Predictions, options: RenderOptions): Promise<string> {
  const all = slicesByColumn(predictions);
  const standing = all.filter((slice) => slice.adjusted < 0.05).sort((a, b) => a.p - b.p);
  if (standing.length === 0) return '';
  const rows = standing
    .slice(0, 8)
    .map((slice) => [
      plain(slice.column).slice(0, 20),
      plain(slice.part).slice(0, 20),
      count(slice.inputs),
      percent(slice.hits / slice.rows),
      number(slice.adjusted),
    ]);
  const head = ['input', 'where', 'inputs', 'equal', 'adjusted p'];
  const drawn = await table(options, head, rows, { right: [2, 3, 4], indent: '  ' });
  const remark = `  ${count(all.length)} parts of columns looked at; false discoveries held to 5 % (Benjamini-Hochberg).`;
  return [
    paint(options, 'title', 'Inputs where it differs from the rest'),
    drawn,
    paint(options, 'quiet', remark),
  ].join('\n');
}

/** Free JSON: the fields that differ. */
async function fields(all: readonly FieldSums[], options: RenderOptions): Promise<string> {
  const differing = all.filter((field) => field.differing > 0).slice(0, 15);
  if (differing.length === 0) return '';
  const rows = differing.map((field) => [
    `${plain(field.path).slice(0, 26)}${field.ignored ? ' (ignored)' : ''}`,
    percent(field.differing / field.rows),
    field.missing + field.extra === 0 ? '' : percent((field.missing + field.extra) / field.rows),
    field.largest === 0 ? '' : number(field.largest),
    plain(field.example?.production ?? '').slice(0, 12),
    plain(field.example?.shadow ?? '').slice(0, 12),
  ]);
  const head = ['field', 'differs', 'one side', 'largest', 'production', 'shadow'];
  const drawn = await table(options, head, rows, { right: [1, 2, 3], indent: '  ' });
  return `${paint(options, 'title', 'Fields that differ')}\n${drawn}`;
}

async function numbers(sums: NumberSums, options: RenderOptions): Promise<string> {
  const title = sums.of === 'value' ? 'Numbers' : 'Scores of the class that production chose';
  const text = (name: keyof NumberSums['production']) => [
    name,
    number(sums.production[name]),
    number(sums.shadow[name]),
  ];
  const drawn = await table(
    options,
    ['', 'production', 'shadow'],
    (['mean', 'deviation', 'p10', 'p50', 'p90', 'min', 'max'] as const).map(text),
    {
      right: [1, 2],
      indent: '  ',
    },
  );
  const { distances } = sums;
  return [
    paint(options, 'title', title),
    `  bias ${number(sums.bias)}, MAE ${number(sums.mae)}, RMSE ${number(sums.rmse)}, correlation ${number(sums.correlation)}`,
    `  limits of agreement ${number(sums.bias - 1.96 * sums.deviation)} … ${number(sums.bias + 1.96 * sums.deviation)}; ${percent(sums.beyond / sums.rows)} differ by more than ${number(sums.tolerance)}`,
    `  distances: KS ${number(distances.ks)}, Wasserstein ${number(distances.wasserstein)}, PSI ${number(distances.psi)}, Jensen-Shannon ${number(distances.jensenShannon)}`,
    drawn,
  ].join('\n');
}

function truth(sums: TruthSums, options: RenderOptions): string {
  const head = `${paint(options, 'title', 'Against the truth')}\n  ${count(sums.rows)} of ${count(sums.of)} compared predictions have a label (${percent(sums.of === 0 ? undefined : sums.rows / sums.of)})`;
  if (sums.labels !== undefined) {
    const { production, shadow, onlyProduction, onlyShadow } = sums.labels;
    return [
      head,
      `  accuracy: production ${percent(production / sums.rows)}, shadow ${percent(shadow / sums.rows)}`,
      `  only production right ${count(onlyProduction)}, only the shadow right ${count(onlyShadow)}`,
    ].join('\n');
  }
  if (sums.numbers === undefined) return head;
  return `${head}\n  mean absolute error: production ${number(sums.numbers.maeProduction)}, shadow ${number(sums.numbers.maeShadow)}`;
}

async function top(pairs: readonly DivergingPair[], options: RenderOptions): Promise<string> {
  if (pairs.length === 0) return '';
  const room = Math.max(12, options.columns - 68);
  const rows = pairs.map((pair) => [
    `${plain(pair.id).slice(0, 24)}${pair.row > 0 ? ` #${pair.row}` : ''}`,
    plain(pair.production).slice(0, 14),
    plain(pair.shadow).slice(0, 14),
    pair.times === undefined ? '' : `×${count(pair.times)}`,
    plain(pair.input ?? '').slice(0, room),
  ]);
  const drawn = await table(options, ['id', 'production', 'shadow', '', 'input'], rows, { indent: '  ' });
  return `${paint(options, 'title', 'Most diverging pairs')}\n${drawn}`;
}
