import type { LabelSums } from '../analysis/predictions.ts';
import { cut } from '../ui/cut.ts';
import { plain } from '../ui/io.ts';
import { contentOf } from './content/content.ts';
import { factsOf } from './content/facts.ts';
import { coveredText, errorText } from './content/covered.ts';
import { GATE_COLUMNS, gateGroups, type GateGroup, legendOf } from './content/gates.ts';
import { nextStep } from './content/next.ts';
import type { Section, Table } from './content/section.ts';
import type { RenderOptions, Report } from './report.ts';
import { printCommand } from '../base/text.ts';
import { count } from '../base/units.ts';

/** Of a table so many rows: a pull request is no place for all of them. */
const MAX_ROWS = 15;
/** Marks that a pull request shows in color. */
const MARK = { pass: '✅', fail: '❌', inconclusive: '❔' } as const;

/** The report for a pull request: verdict and gates on top, the rest folded away. */
export function renderMarkdown(
  report: Report,
  options: Pick<RenderOptions, 'command' | 'asked' | 'release'> = {},
): string {
  const { observations, verdict } = report;
  const about = factsOf(report);
  const parts = [
    report.batch === undefined ? `## Shadow report on ${code(about.endpoint)}` : `## Report on ${code(about.endpoint)}`,
    `${about.window}${about.policy === undefined ? '' : `; policy: ${code(about.policy)}`}`,
    ...(about.answers.length === 0 ? [] : [`Answers: ${text(about.answers.join('; or '))}`]),
    `Covered: ${text([coveredText(report), errorText(report)].filter((part) => part !== undefined).join('; '))}`,
  ];
  if (about.engine !== undefined) parts.push(text(about.engine));
  parts.push(...about.warnings.map((words) => `⚠️ ${text(words)}`));
  const { nothing, claims, days, metrics, predictions } = contentOf(report);
  if (nothing !== undefined) {
    const outcome = verdict === undefined ? '' : `**${MARK[verdict.outcome]} ${verdict.outcome}**: `;
    const command = nothing.command === undefined ? '' : ` ${code((options.command ?? printCommand)(nothing.command))}`;
    parts.push(`${outcome}There is nothing to compare: ${text(nothing.why)} ${text(nothing.next)}${command}`);
  } else if (verdict !== undefined) {
    parts.push(`**${MARK[verdict.outcome]} ${verdict.outcome}**: ${text(verdict.summary)}`);
    parts.push(...about.waived.map((words) => `⚠️ ${text(words)}`));
    if (about.fleets !== undefined) parts.push(`⚠️ ${text(about.fleets)}`);
    const next = nextStep(report, options.asked, options.release);
    if (next !== undefined) {
      const command = next.command === undefined ? '' : ` ${code((options.command ?? printCommand)(next.command))}`;
      parts.push(`Next: ${text(next.words)}${command}`);
    }
    parts.push(...gateGroups(report).map(gates));
    const legend = legendOf(report);
    if (legend.length > 0) parts.push(`_${text(legend.join(' '))}_`);
  }
  if (days !== undefined) parts.push(`**${text(days.title)}**\n\n${body(days)}`);
  const folds = [...(claims === undefined ? [] : [[claims]]), ...metrics.map((section) => [section]), predictions];
  parts.push(...folds.map(folded).filter((part) => part !== ''));
  if (observations.notes.length > 0) parts.push(observations.notes.map((note) => `- ${text(note)}`).join('\n'));
  return parts.join('\n\n');
}

function gates({ sort, title, rows }: GateGroup): string {
  const { id, seen, canBe, limit, why } = GATE_COLUMNS;
  // The numbers of a rule are in its sentence.
  const numbers = sort === 'rule' ? [] : [seen, canBe, limit];
  const table = tableOf(
    ['', id, ...numbers, why],
    rows.map((row) => [
      MARK[row.gate.outcome] +
        (row.gate.gating ? '' : row.gate.waived === undefined ? ' (for information)' : ' (waived)'),
      code(row.gate.id),
      ...(sort === 'rule' ? [] : [row.seen, row.canBe, text(row.limit)]),
      'sameAs' in row.why
        ? `as ${code(row.why.sameAs)}`
        : text(row.why.words + (row.why.needs === undefined ? '' : ` Needs ${row.why.needs}.`)),
    ]),
  );
  return `**${text(title)}**\n\n${table}`;
}

function body(section: Section): string {
  const { sentences, quotes, remark, confusion, notable } = section;
  const parts = [
    ...sentences.map(text),
    confusion === undefined ? '' : matrix(confusion),
    ...section.tables.map((table) => tableMarkdown(table, Math.min(notable ?? MAX_ROWS, MAX_ROWS))),
    quotes === undefined ? '' : `${quotes.title}: ${quotes.lines.map(code).join(', ')}`,
    remark === undefined ? '' : `_${text(remark)}_`,
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function tableMarkdown({ columns, rows }: Table, most: number): string {
  const shown = rows.slice(0, most).map((row) =>
    row.map((cell, i) => {
      const words = columns[i]?.words;
      return words === undefined ? text(cell) : code(cut(plain(cell), Math.max(words, 40)));
    }),
  );
  const more = rows.length > most ? `\n\n${rows.length - most} more in the other formats.` : '';
  const titles = columns.map((column) => text(column.title));
  const sides = columns.map((column) => (column.number === true ? '---:' : '---'));
  return `${tableOf(titles, shown, sides)}${more}`;
}

function matrix({ confusion: { labels, counts } }: LabelSums): string {
  const names = labels.map((name) => code(name));
  return tableOf(
    ['production \\ shadow', ...names],
    counts.map((row, i) => [names[i] ?? '', ...row.map(count)]),
  );
}

/** Sections behind the title of the first. */
function folded([first, ...rest]: readonly Section[]): string {
  if (first === undefined) return '';
  const inner = [body(first), ...rest.filter((section) => section.notable !== 0).map(titled)].join('\n\n');
  return `<details><summary>${text(first.title)}</summary>\n\n${inner}\n\n</details>`;
}

/** A pull request needs what stands out, not all that was looked at. */
function titled(section: Section): string {
  return `**${text(section.title)}**\n\n${body(section)}`;
}

function tableOf(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  sides: readonly string[] = head.map(() => '---'),
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(sides), ...rows.map(line)].join('\n');
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
