import { stripVTControlCharacters } from 'node:util';
import { interrupted } from '../../src/base/errors.ts';
import { printCommand, printText, type Text } from '../../src/base/text.ts';
import type { Io } from '../../src/ui/io.ts';

/** As an answer: the user stops the program at the question. */
export const CTRL_C = '\x03';

/** An io that keeps what is written, as lines of plain text, 100 columns wide, no terminal. */
export interface CapturedIo extends Io {
  outLines: string[];
  errLines: string[];
}

/** @param answers to questions, in their order; with none, nobody can answer */
export function capturedIo(answers: string[] = []): CapturedIo {
  const outLines: string[] = [];
  const errLines: string[] = [];
  const keep =
    (lines: string[]) =>
    (line: Text = '') =>
      void lines.push(...stripVTControlCharacters(printText(line)).split('\n'));
  return {
    outLines,
    errLines,
    out: keep(outLines),
    err: keep(errLines),
    alert: keep(errLines),
    command: (line) => printCommand(line),
    interactive: false,
    terminal: false,
    color: false,
    columns: 100,
    rows: 24,
    ask: async (question) => {
      errLines.push(question);
      const answer = answers.shift();
      if (answer === CTRL_C) throw interrupted('Stopped at a question.');
      return answer;
    },
  };
}
