import { summarizeEffect } from '../analysis/judge/effect.ts';
import type { Predictions } from '../analysis/observations.ts';
import { slicesByClass, slicesByColumn } from '../analysis/slices.ts';
import { designEffect } from '../analysis/statistics/repeats.ts';
import type { Gate } from '../analysis/verdict.ts';
import { plain } from '../ui/io.ts';
import type { Report } from './report.ts';
import {
  count,
  difference,
  effectRows,
  gateInterval,
  gateValue,
  number,
  noiseText,
  pairsText,
  percent,
  symmetryText,
  windowText,
} from './words.ts';

const MARK = { pass: '✅', fail: '❌', inconclusive: '❔' } as const;

/** The report for a pull request: verdict and gates on top, the rest folded away. */
export function renderMarkdown(report: Report): string {
  const { observations, verdict } = report;
  const parts = [`## Shadow report on ${code(observations.endpoint)}`, windowText(observations.window)];
  if (verdict === undefined) parts.push('There is nothing to compare: the endpoint has no shadow variant.');
  else {
    parts.push(`**${MARK[verdict.outcome]} ${verdict.outcome}**: ${text(verdict.summary)}`);
    parts.push(
      tableOf(
        ['', 'gate', 'seen', 'can be', 'limit', 'why'],
        verdict.gates.map((gate) => [
          MARK[gate.outcome] + (gate.gating ? '' : ' (for information)'),
          code(gate.id),
          gateValue(gate, gate.estimate),
          gateInterval(gate),
          limit(gate),
          text(gate.reason + (gate.needs === undefined ? '' : ` It takes ${gate.needs}.`)),
        ]),
      ),
    );
  }
  parts.push(folded('Requests, errors, latency', metrics(report)));
  const effect = summarizeEffect(observations.metrics, report.policy.warmupMinutes);
  if (effect !== undefined)
    parts.push(
      folded(
        'Production before and with the shadow',
        tableOf(['', 'before', 'with shadow', 'difference'], effectRows(effect)),
      ),
    );
  const predictions = predictionParts(report);
  if (predictions !== '') parts.push(folded('Predictions', predictions));
  if (observations.notes.length > 0) parts.push(observations.notes.map((note) => `- ${text(note)}`).join('\n'));
  return parts.join('\n\n');
}

function limit(gate: Gate): string {
  return gate.margin === undefined ? '–' : `${text(gate.relation)} ${gateValue(gate, gate.margin)}`;
}

function metrics({ summaries }: Report): string {
  const { production, shadow } = summaries;
  const row = (
    title: string,
    ours: number | undefined,
    theirs: number | undefined,
    show: (value: number | undefined) => string,
  ) => [title, show(ours), shadow === undefined ? '–' : show(theirs), difference(ours, theirs)];
  const whole = (value: number | undefined) => (value === undefined ? '–' : count(value));
  const time = (value: number | undefined) => number(value, 'ms');
  return tableOf(
    ['', 'production', 'shadow', 'difference'],
    [
      row('requests', production.invocations, shadow?.invocations, whole),
      row('4XX errors', production.errors4xx, shadow?.errors4xx, whole),
      row('5XX errors', production.errors5xx, shadow?.errors5xx, whole),
      row('failed', production.errorRate, shadow?.errorRate, percent),
      row('latency mean', production.latency.mean, shadow?.latency.mean, time),
      row('latency p50', production.latency.p50, shadow?.latency.p50, time),
      row('latency p90', production.latency.p90, shadow?.latency.p90, time),
      row('latency p99', production.latency.p99, shadow?.latency.p99, time),
      row('CPU', production.cpu, shadow?.cpu, (value) => number(value, '%')),
      row('memory', production.memory, shadow?.memory, (value) => number(value, '%')),
    ],
  );
}

function predictionParts({ observations }: Report): string {
  const { predictions } = observations;
  if (predictions === undefined) return '';
  const parts = [
    `${pairsText(predictions)} by ${predictions.method ?? 'nothing'}, coverage ${percent(predictions.coverage)}; unmatched: production ${count(predictions.production.unmatched)}, shadow ${count(predictions.shadow.unmatched)}.`,
  ];
  if (observations.noise !== undefined) parts.push(text(noiseText(observations.noise)));
  const { labels, numbers, top } = predictions;
  if (labels !== undefined) {
    parts.push(
      `${count(labels.agree)} of ${count(labels.rows)} labels equal (${percent(labels.agree / labels.rows)}).`,
    );
    const names = labels.confusion.labels.map(code);
    parts.push(
      tableOf(
        ['production \\ shadow', ...names],
        labels.confusion.counts.map((row, i) => [names[i] ?? '', ...row.map(count)]),
      ),
    );
    const symmetry = symmetryText(labels, predictions.repeats);
    if (symmetry !== '') parts.push(text(symmetry));
  }
  const slices = standing(predictions);
  if (slices.length > 0) {
    parts.push(tableOf(['differs from the rest where', 'rows', 'equal', 'adjusted p'], slices));
  }
  if (numbers !== undefined) {
    parts.push(
      `bias ${number(numbers.bias)}, MAE ${number(numbers.mae)}, RMSE ${number(numbers.rmse)}, correlation ${number(numbers.correlation)}.`,
    );
  }
  const differing = (predictions.fields ?? []).filter((field) => field.differing > 0);
  if (differing.length > 0) {
    parts.push(
      tableOf(
        ['field', 'differs', 'largest', 'production', 'shadow'],
        differing.map((field) => [
          code(field.path) + (field.ignored ? ' (ignored)' : ''),
          percent(field.differing / field.rows),
          number(field.largest),
          code(field.example?.production ?? ''),
          code(field.example?.shadow ?? ''),
        ]),
      ),
    );
  }
  if (top.length > 0) {
    parts.push(
      tableOf(
        ['most diverging', 'production', 'shadow', 'times', 'input'],
        top.map((pair) => [
          ...[pair.id, pair.production, pair.shadow].map(code),
          count(pair.times ?? 1),
          code((pair.input ?? '').slice(0, 80)),
        ]),
      ),
    );
  }
  return parts.join('\n\n');
}

/** The parts of the traffic that stand out, least likely by chance first; at most five by label and five by input. */
function standing(predictions: Predictions): string[][] {
  const { labels, repeats } = predictions;
  const byLabel = labels === undefined ? [] : slicesByClass(labels, designEffect(repeats?.agreement));
  const worst = <Slice extends { p: number; adjusted: number }>(slices: readonly Slice[]) =>
    slices
      .filter((slice) => slice.adjusted < 0.05)
      .toSorted((a, b) => a.p - b.p)
      .slice(0, 5);
  const row = (where: string, rows: number, hits: number, p: number) => [
    where,
    count(rows),
    percent(hits / rows),
    p < 1e-4 ? '&lt; 0.0001' : number(p),
  ];
  return [
    ...worst(byLabel).map((slice) =>
      row(`production says ${code(slice.name)}`, slice.rows, slice.agree, slice.adjusted),
    ),
    ...worst(slicesByColumn(predictions)).map((slice) =>
      row(`${code(slice.column)} ${code(slice.part)}`, slice.rows, slice.hits, slice.adjusted),
    ),
  ];
}

function folded(title: string, content: string): string {
  return `<details><summary>${title}</summary>\n\n${content}\n\n</details>`;
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Words of models and logs as prose: no markup, no HTML, no mentions, no new table cell. */
function text(words: string): string {
  return plain(words)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/([\\`*_[\]|#~!])/g, '\\$1')
    .replace(/@(?=\w)/g, '@\u200b');
}

/** As code, which no Markdown reads into: fenced by more backticks than it holds; a pipe must be escaped even there. */
function code(words: string): string {
  const bare = plain(words).replaceAll('|', '\\|');
  if (bare.trim() === '') return '';
  const longest = Math.max(0, ...[...bare.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${bare}${fence}` : `${fence} ${bare} ${fence}`;
}
