import { stripVTControlCharacters } from 'node:util';
import { isCommandLine, linesOf, printCommand, printText, type TargetFlags, type Text } from '../base/text.ts';
import type { Io } from './io.ts';
import { layout, wrap } from './wrap.ts';

/** It is there to be copied, alone or after a label. */
const COMMAND = /(^|: | {2})(shadowctl|aws) /;

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
  /** On a terminal a sentence that is too long is broken between words; where a program reads it a line stays a line. */
  const onTerminal = (whole: string) =>
    !io.interactive || fits(whole)
      ? whole
      : whole
          .split('\n')
          .flatMap((line) =>
            fits(line) || line.includes('\u001B') || COMMAND.test(line)
              ? [line]
              : wrap(line, io.columns, `${/^ */.exec(line)?.[0] ?? ''}  `),
          )
          .join('\n');
  return {
    ...io,
    command,
    out: (line) => io.out(results ? text(line) : line),
    err: (line) => io.err(onTerminal(text(line))),
    alert: (line) => io.alert(text(line)),
  };
}
