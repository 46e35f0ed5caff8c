import type { Outcome } from '../../analysis/judge/verdict.ts';
import { plain } from '../../ui/io.ts';
import { table } from '../../ui/table.ts';
import { paint } from '../../ui/theme.ts';
import type { Meaning } from '../../ui/theme.ts';
import type { Report, RenderOptions } from '../report.ts';
import { wrap } from '../../ui/wrap.ts';
import { contentOf } from '../content/content.ts';
import { factsOf } from '../content/facts.ts';
import { GATE_COLUMNS, gateTable, MARK, reasonsToSay, unitsText } from '../content/gates.ts';
import type { NoData } from '../content/no-data.ts';
import { charts } from './charts.ts';
import { drawSection } from './sections.ts';
import { printCommand } from '../../base/text.ts';

const MEANING: Record<Outcome, Meaning> = { pass: 'good', fail: 'bad', inconclusive: 'warning' };

/** The report for a terminal: verdict first, then why, then everything it rests on. Fits the columns it is given. */
export async function renderTerminal(report: Report, options: RenderOptions): Promise<string> {
  const { nothing, metrics, predictions } = contentOf(report);
  const drawn: string[] = [];
  for (const section of metrics) drawn.push(await drawSection(section, options));
  if (metrics.length > 0) drawn.push(...charts(report, options));
  for (const section of predictions) drawn.push(await drawSection(section, options));
  const top = nothing === undefined ? await verdict(report, options) : renderNoData(nothing, report, options);
  return [header(report, options), top, ...drawn, notes(report, options)]
    .filter((section) => section !== '')
    .join('\n\n');
}

/** Why there is nothing to compare, and what to do: gates without any evidence would say the same nine times over. */
function renderNoData(nothing: NoData, { verdict }: Report, options: RenderOptions): string {
  const word = verdict === undefined ? '' : `Verdict: ${verdict.outcome.toUpperCase()}. `;
  const [first = '', ...rest] = wrap(
    `${word}There is nothing to compare: ${plain(nothing.why)}`,
    options.columns,
    '  ',
  );
  const colored = verdict === undefined ? first : colorOutcome(first, verdict.outcome, options);
  const command =
    nothing.command === undefined ? [] : [`    ${plain((options.command ?? printCommand)(nothing.command))}`];
  return [colored, ...rest, ...wrap(`  ${nothing.next}`, options.columns, '  '), ...command].join('\n');
}

function colorOutcome(line: string, outcome: Outcome, options: RenderOptions): string {
  return line.replace(outcome.toUpperCase(), paint(options, MEANING[outcome], outcome.toUpperCase()));
}

function header(report: Report, options: RenderOptions): string {
  const { endpoint, window, variants, sampling, unread, answers, policy } = factsOf(report);
  const lines = [
    `${paint(options, 'title', `Report on ${plain(endpoint)}`)}  ${window}`,
    ...variants.map(({ role, name, model, instances }) => {
      const sees = role === 'shadow' ? sampling : undefined;
      const known = [name, model, instances, sees].filter((part) => part !== undefined);
      return `  ${role.padEnd(10)}  ${plain(known.join(', '))}`;
    }),
    ...answers.map((words, i) => `  ${(i === 0 ? 'answers' : 'or').padEnd(10)}  ${plain(words)}`),
    ...(policy === undefined ? [] : [`  policy      ${plain(policy)}`]),
  ];
  const warnings = unread
    .flatMap((words) => wrap(`! ${plain(words)}`, options.columns - 2, '  '))
    .map((line) => `  ${paint(options, 'warning', line)}`);
  return [...lines.flatMap((line) => wrap(line, options.columns, ' '.repeat(14))), ...warnings].join('\n');
}

async function verdict(report: Report, options: RenderOptions): Promise<string> {
  const { verdict } = report;
  if (verdict === undefined) return '';
  const head = wrap(`Verdict: ${verdict.outcome.toUpperCase()}. ${plain(verdict.summary)}`, options.columns, '  ');
  head[0] = colorOutcome(head[0] ?? '', verdict.outcome, options);
  const rows = gateTable(report).map(({ gate, seen, canBe, limit, from }) => [
    gate.gating ? ` ${MARK[gate.outcome]} ` : `(${MARK[gate.outcome]})`,
    gate.id,
    seen,
    canBe,
    limit,
    from,
  ]);
  const { id, seen, canBe, limit, from } = GATE_COLUMNS;
  const gates = await table(options, ['', id, seen, canBe, limit, from], rows, {
    right: [2],
    indent: '  ',
  });
  const all = reasonsToSay(report);
  const reasons = all.flatMap(({ gates: [gate, ...more], words, needs }, i) => {
    if (gate === undefined) return [];
    const names = [gate, ...more].map((one) => one.id).join(', ');
    const lines = wrap(`${MARK[gate.outcome]} ${names}: ${plain(words)}`, options.columns - 2, '  ');
    // What several gates in a row need is said once, after the last.
    const said = needs === undefined || all[i + 1]?.needs === needs;
    const takes = said ? [] : wrap(`  Needs ${plain(needs ?? '')}.`, options.columns - 2, '  ');
    return [...lines, ...takes].map((line) => `  ${line}`);
  });
  const units = unitsText(report);
  const legend = ['✓ pass  ✗ fail  ? inconclusive  ( ) for information, does not decide', units]
    .filter((words) => words !== '')
    .flatMap((words) => wrap(words, options.columns - 2))
    .map((line) => paint(options, 'quiet', `  ${line}`));
  return [...head, '', gates, ...legend, ...(reasons.length === 0 ? [] : ['', ...reasons])].join('\n');
}

function notes(report: Report, options: RenderOptions): string {
  const lines = report.observations.notes.flatMap((note) => wrap(`- ${plain(note)}`, options.columns - 2, '  '));
  return lines.length === 0 ? '' : [paint(options, 'title', 'Notes'), ...lines.map((line) => `  ${line}`)].join('\n');
}
