import { stripVTControlCharacters } from 'node:util';
import { isCommandLine, linesOf, printCommand, printText, type TargetFlags, type Text } from '../base/text.ts';
import type { Io } from './io.ts';
import { layout, wrap } from './wrap.ts';

/** A command line of ours that is to be typed: before a flag, before `…`, or all that follows a colon. */
const NEXT_STEP =
  /(?<!\$ )(?<lead>: )?\bshadowctl (?<command>emulator [a-z]+|shadow detach|[a-z]+)(?= --| …|(?<end>$))/g;
/** They ask no AWS. */
const NOWHERE = /^(demo|policy)$/;

/**
 * A line of text in which every command of ours that is to be typed carries the flags that were given: without them the
 * next step would go to another account. A flag that stands there already is left out. Pure.
 */
export function withGivenFlags(line: string, given: TargetFlags): string {
  return line.replace(NEXT_STEP, (found, ...rest) => {
    const { lead, command = '', end } = rest.at(-1) as Record<string, string | undefined>;
    if (NOWHERE.test(command) || (end !== undefined && lead === undefined)) return found;
    const after = line.slice((rest.at(-3) as number) + found.length).split(/\bshadowctl /)[0] ?? '';
    const flags = flagsOf(command.startsWith('emulator') ? { config: given.config } : given);
    return [found, ...flags.filter(([name]) => !after.includes(name)).map((flag) => flag.join(' '))].join(' ');
  });
}

function flagsOf({ emulator, endpointUrl, profile, region, config }: TargetFlags): [name: string, value?: string][] {
  const flags: [string, string | undefined][] = [
    ['--endpoint-url', endpointUrl],
    ['--profile', profile],
    ['--region', region],
    ['--config', config],
  ];
  return [
    ...(emulator === true ? [['--emulator'] as [string]] : []),
    ...flags.flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, quoted(value)]])),
  ];
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * The same way to the user, on which next steps carry the flags that were given. A line that did fit still does, unless
 * all of it, after a label, is a command: that stays whole.
 * @param results false where standard output is read by a program
 */
export function echoing(io: Io, given: TargetFlags, results: boolean): Io {
  const fits = (line: string) => stripVTControlCharacters(line).length <= io.columns;
  const told = (line: string): string[] => {
    const longer = withGivenFlags(line, given);
    const whole = /^(\s*|[^.;]*: +)shadowctl [^.;]*$/.test(line);
    if (longer === line || fits(longer) || !fits(line) || whole) return [longer];
    return wrap(longer, io.columns, `${/^ */.exec(longer)?.[0] ?? ''}  `);
  };
  const command: Io['command'] = (line) => printCommand(line, given);
  /** A line that would have fit without the flags still does, unless it is a command to be copied. */
  const printed = (line: Text): string[] => {
    if (typeof line === 'string') return told(line);
    const longer = printText(line, command);
    if (isCommandLine(line) || fits(longer) || !fits(printText(line))) return [longer];
    return layout(line, io.columns, `${/^ */.exec(longer)?.[0] ?? ''}  `, command);
  };
  const text = (whole: Text = '') => linesOf(whole).flatMap(printed).join('\n');
  return {
    ...io,
    command,
    out: (line) => io.out(results ? text(line) : line),
    err: (line) => io.err(text(line)),
    alert: (line) => io.alert(text(line)),
  };
}
