import { stripVTControlCharacters } from 'node:util';
import { isCommandLine, linesOf, printCommand, printText, type TargetFlags, type Text } from '../base/text.ts';
import type { Io } from './io.ts';
import { layout, wrap } from './wrap.ts';

/** It is there to be copied, alone or after a label. */
const COMMAND = /(^|: | {2})(shadowctl|aws) /;

/**
 * A command that stands alone in a line which is too long: broken before flags, so that a shell still takes it as one. A
 * flag with its value stays whole.
 */
function foldCommand(line: string, width: number): string[] {
  const indent = /^ */.exec(line)?.[0] ?? '';
  if (!/^(shadowctl|aws) /.test(line.slice(indent.length))) return [line];
  const lines: string[] = [];
  let current = '';
  for (const part of flagsOf(line)) {
    if (current !== '' && current.length + part.length + ' \\'.length > width) {
      lines.push(`${current} \\`);
      current = `${indent}    ${part.trimStart()}`;
    } else current += part;
  }
  return [...lines, current];
}

/** The words before the first flag, then each flag with its value; those in quotes are none. */
function flagsOf(line: string): string[] {
  const parts: string[] = [];
  let quote = '';
  let from = 0;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '\\') at += 1;
    else if (character === "'" || character === '"') quote = character;
    else if (line.startsWith(' --', at)) {
      parts.push(line.slice(from, at));
      from = at;
    }
  }
  return [...parts, line.slice(from)];
}

/**
 * The same way to the user, on which every command that is shown carries the flags that say where it works: without
 * them the next step would go to another account. A line that fits without the flags still does with them, unless it
 * is a command to be copied.
 *
 * @param target the flags as they were typed
 * @param results false where standard output is read by a program
 */
export function withTargetFlags(io: Io, target: TargetFlags, results: boolean): Io {
  const fits = (line: string) => stripVTControlCharacters(line).length <= io.columns;
  const command: Io['command'] = (line) => printCommand(line, target);
  const printed = (line: Text): string[] => {
    if (typeof line === 'string') return [line];
    const longer = printText(line, command);
    if (isCommandLine(line) || fits(longer) || !fits(printText(line))) return [longer];
    return layout(line, io.columns, `${/^ */.exec(longer)?.[0] ?? ''}  `, command);
  };
  const text = (whole: Text = '') => linesOf(whole).flatMap(printed).join('\n');
  /** On a terminal what is too long is broken between words; where a program reads it a line stays a line. */
  const onTerminal = (whole: string, terminal: boolean, sentences: boolean) =>
    !terminal || fits(whole)
      ? whole
      : whole
          .split('\n')
          .flatMap((line) => {
            if (fits(line) || line.includes('\u001B')) return [line];
            if (COMMAND.test(line)) return foldCommand(line, io.columns);
            return sentences ? wrap(line, io.columns, `${/^ */.exec(line)?.[0] ?? ''}  `) : [line];
          })
          .join('\n');
  return {
    ...io,
    command,
    out: (line) => io.out(results ? onTerminal(text(line), io.terminal, false) : line),
    err: (line) => io.err(onTerminal(text(line), io.interactive, true)),
    alert: (line) => io.alert(onTerminal(text(line), io.interactive, true)),
  };
}
