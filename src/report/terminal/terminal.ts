import { plain } from '../../ui/io.ts';
import { table } from '../../ui/table.ts';
import { paint } from '../../ui/theme.ts';
import type { Report, RenderOptions } from '../report.ts';
import { wrap } from '../../ui/wrap.ts';
import { contentOf } from '../content/content.ts';
import { factsOf } from '../content/facts.ts';
import { GATE_COLUMNS, gateGroups, type GateGroup, MARK, legendOf, reasonsToSay } from '../content/gates.ts';
import { charts } from './charts.ts';
import { drawHead } from './head.ts';
import { drawBrief, drawSection } from './sections.ts';

/**
 * The report for a terminal: what counts in the first lines, then why, then what it rests on: in short, or with `full` all
 * of it. Fits the columns it is given.
 */
export async function renderTerminal(report: Report, options: RenderOptions): Promise<string> {
  const { nothing, claims, days, metrics, predictions } = contentOf(report);
  const head = await drawHead(report, nothing, options);
  if (options.nextLook !== undefined) return head.lines.join('\n');
  const full = options.full === true;
  const drawn: string[] = [];
  if (nothing === undefined) drawn.push(legend(report, options), why(report, options));
  if (nothing === undefined && full) drawn.push(...(await gates(report, options)));
  if (full && claims !== undefined) drawn.push(await drawSection(claims, options));
  const draw = full ? drawSection : drawBrief;
  if (days !== undefined) drawn.push(await draw(days, options));
  for (const section of metrics) drawn.push(await draw(section, options));
  if (full && metrics.length > 0) drawn.push(...charts(report, options));
  for (const section of predictions) drawn.push(await draw(section, options));
  return [
    head.lines.join('\n'),
    paragraphs('In full', head.cut, options),
    ...drawn,
    paragraphs(
      'Notes',
      report.observations.notes.map((note) => `- ${plain(note)}`),
      options,
    ),
    last(report, full, options),
  ]
    .filter((section) => section !== '')
    .join('\n\n');
}

const MORE = 'This is the short form. All of it: --full, or with pictures: --format html --output report.html.';

function last(report: Report, full: boolean, options: RenderOptions): string {
  const { policy, engine } = factsOf(report);
  return [
    engine ?? '',
    policy === undefined ? '' : `policy: ${plain(policy)}`,
    full || report.verdict === undefined ? '' : MORE,
  ]
    .filter((words) => words !== '')
    .flatMap((words) => wrap(words, options.columns))
    .map((line) => paint(options, 'quiet', line))
    .join('\n');
}

function paragraphs(title: string, all: readonly string[], options: RenderOptions): string {
  const lines = all.flatMap((words) => wrap(words, options.columns - 2, '  '));
  return lines.length === 0 ? '' : [paint(options, 'title', title), ...lines.map((line) => `  ${line}`)].join('\n');
}

/** What the numbers of the gates mean: behind the first lines, which have no room for it. */
function legend(report: Report, options: RenderOptions): string {
  const lines = legendOf(report).flatMap((words) => wrap(words, options.columns - 2, '  '));
  return lines.map((line) => paint(options, 'quiet', `  ${line}`)).join('\n');
}

const LEGEND = '  ✓ pass  ✗ fail  ? inconclusive  ( ) for information, does not decide';

/** Every gate with its numbers, tests and rules apart. */
async function gates(report: Report, options: RenderOptions): Promise<string[]> {
  const drawn: string[] = [];
  for (const group of gateGroups(report)) drawn.push(await gateGroup(group, options));
  return [...drawn, paint(options, 'quiet', LEGEND)];
}

async function gateGroup({ sort, title, rows }: GateGroup, options: RenderOptions): Promise<string> {
  const heading = paint(options, 'title', title);
  const mark = ({ gate }: GateGroup['rows'][number]) =>
    gate.gating ? ` ${MARK[gate.outcome]} ` : `(${MARK[gate.outcome]})`;
  const { id, seen, canBe, limit, from } = GATE_COLUMNS;
  // The numbers of a rule are in its sentence.
  const drawn =
    sort === 'rule'
      ? await table(
          options,
          ['', '', ''],
          rows.map((row) => [mark(row), row.gate.id, row.gate.reason]),
          { whole: [1], indent: '  ' },
        )
      : await table(
          options,
          ['', id, seen, canBe, limit, from],
          rows.map((row) => [mark(row), row.gate.id, row.seen, row.canBe, row.limit, row.from]),
          { right: [2], whole: [1], indent: '  ' },
        );
  return `${heading}\n${drawn}`;
}

/** The sentences of what did not pass, and of what a row of numbers does not explain. */
function why(report: Report, options: RenderOptions): string {
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
  return reasons.length === 0 ? '' : [paint(options, 'title', 'Why'), ...reasons].join('\n');
}
