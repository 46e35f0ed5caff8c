import { type CommandLine, lines, linesOf, shown, text } from '../../base/text.ts';
import { blocking, type Finding, worstFirst } from '../../guard/finding.ts';
import { type Io, plain } from '../../ui/io.ts';
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
  const [first = '', ...more] = wrap(`${finding.subject}: ${finding.message}`, io.columns - 2);
  const head = [`${paint(io, meaning, mark)} ${first}`, ...more.map((line) => `  ${line}`)];
  if (finding.next === undefined) return head;
  const next = linesOf(finding.next).flatMap((line) => layout(text`    ${line}`, io.columns, '    ', io.command));
  return [...head, ...next];
}

/** What was asked for: the same is asked for again. */
interface CorrectionRequest {
  endpoint: string;
  /** None: every alarm on the endpoint. */
  alarms: readonly string[];
  file: string | undefined;
  configName: string | undefined;
}

/**
 * How the alarms that need it are corrected: a command each, or, before the config of the new fleet is known, the command
 * that prints those.
 */
export function correctionLines(
  io: Pick<Io, 'columns' | 'command'>,
  findings: readonly Finding[],
  { endpoint, alarms: named, file, configName }: CorrectionRequest,
): string[] {
  const corrections = findings.flatMap(({ correction }) => (correction === undefined ? [] : [correction]));
  if (corrections.length === 0) return [];
  const alarms = corrections.map(({ AlarmName }) => plain(AlarmName ?? '')).join(', ');
  const those = corrections.length === 1 ? `Alarm ${alarms} can be corrected` : `Alarms ${alarms} can be corrected`;
  const words =
    configName === undefined
      ? lines(
          `${those}, but must name the endpoint config that the new fleet will run. Choose its name, give the same one to canary (--config-name), and doctor prints the corrected ${corrections.length === 1 ? 'alarm' : 'alarms'}:`,
          text`  ${shown('doctor', { endpoint, alarm: named.length > 0 ? named : undefined, file, 'config-name': '…' })}`,
          'Or let canary and promote guard the update with alarms of their own, which they create on the new fleet.',
        )
      : lines(
          `${those}. ${corrections.length === 1 ? 'This replaces it' : 'These replace them'}:`,
          ...corrections.map((correction) => text`  ${putAlarm(correction)}`),
        );
  return ['', ...layout(words, io.columns, '  ', io.command)];
}

function putAlarm(correction: NonNullable<Finding['correction']>): CommandLine {
  const options = { 'cli-input-json': JSON.stringify(correction) };
  return { program: 'aws', command: 'cloudwatch put-metric-alarm', options, incomplete: false };
}

/** What an examination found, the worst first; with `unguarded` it is said that blocking findings are overruled. */
export function findingLines(
  io: Pick<Io, 'color' | 'columns' | 'command'>,
  findings: readonly Finding[],
  unguarded: boolean,
): string[] {
  const lines = worstFirst(findings)
    .filter((finding) => finding.severity !== 'ok')
    .flatMap((finding) => showFinding(io, finding));
  const overruled = unguarded && blocking(findings).length > 0;
  return overruled ? [...lines, `${paint(io, 'warning', '!')} Continuing anyway (--unguarded).`] : lines;
}
