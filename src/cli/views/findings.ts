import { text } from '../../base/text.ts';
import { blocking, type Finding, worstFirst } from '../../guard/finding.ts';
import type { Io } from '../../ui/io.ts';
import { paint } from '../../ui/theme.ts';
import { layout, wrap } from '../../ui/wrap.ts';

const MARKS = {
  blocking: ['✖', 'bad'],
  warning: ['!', 'warning'],
  note: ['·', 'quiet'],
  ok: ['✔', 'good'],
} as const;

/** A finding and what to do about it, in lines that fit. */
export function showFinding(io: Pick<Io, 'color' | 'columns' | 'command'>, finding: Finding): string[] {
  const [mark, meaning] = MARKS[finding.severity];
  const [head = '', ...more] = wrap(`${finding.subject}: ${finding.message}`, io.columns - 2);
  const lines = [`${paint(io, meaning, mark)} ${head}`, ...more.map((line) => `  ${line}`)];
  if (finding.next === undefined) return lines;
  return [...lines, ...layout(text`    ${finding.next}`, io.columns, '    ', io.command)];
}

/** What an examination found, the worst first; with `force` it is said that blocking findings are overruled. */
export function findingLines(
  io: Pick<Io, 'color' | 'columns' | 'command'>,
  findings: readonly Finding[],
  force: boolean,
): string[] {
  const lines = worstFirst(findings)
    .filter((finding) => finding.severity !== 'ok')
    .flatMap((finding) => showFinding(io, finding));
  const overruled = force && blocking(findings).length > 0;
  return overruled ? [...lines, `${paint(io, 'warning', '!')} Continuing anyway (--force).`] : lines;
}
