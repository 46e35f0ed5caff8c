import { closeSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { interrupted } from '../base/errors.ts';
import { openScreen, type Screen } from './screen.ts';
import { type CommandLine, printCommand, printText, type Text } from '../base/text.ts';

/**
 * The only way to the user. Results go to `out`, everything else (progress, notes, questions) to `err`, so that
 * `shadowctl report --format json > file` keeps a clean file.
 */
export interface Io {
  /** Writes one result line to standard output. */
  out(line?: Text): void;
  /** Writes one line of chatter to standard error. Silent under `--quiet`. */
  err(line?: Text): void;
  /**
   * Moves up so many rows of standard error and clears what stands there and below: what is written next stands in its place. None
   * where nothing can be redrawn.
   */
  readonly rewind?: ((rows: number) => void) | undefined;
  /** Writes one line to standard error, `--quiet` or not: for errors. */
  alert(line: Text): void;
  /** A command that is shown, as it is to be typed here: with the flags that say where it works. */
  command(line: CommandLine): string;
  /** True where standard error is a terminal: progress may be drawn there. */
  readonly interactive: boolean;
  /** True where standard output is a terminal. */
  readonly terminal: boolean;
  /** Colour on standard output and standard error. */
  readonly color: boolean;
  /** Columns to draw for: the terminal's, or 80 where it tells none (0 too is none). Never less than 40. */
  readonly columns: number;
  /** Rows of the terminal, or 24 where it tells none. */
  readonly rows: number;
  /** Takes the whole terminal over; undefined where there is none to draw on, or no keys. */
  readonly screen?: (() => Screen) | undefined;
  /** Ends standard output, for whoever reads it while this process goes on; none where it is no process's own. */
  readonly close?: (() => void) | undefined;
  /**
   * Asks a question on the terminal; undefined when nobody can answer.
   * @throws Problem (interrupted) at Ctrl-C or Ctrl-D, or when `signal` aborts
   */
  ask(question: string, signal?: AbortSignal): Promise<string | undefined>;
}

// Control characters, and those that turn the direction of writing.
// oxlint-disable-next-line no-control-regex
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Control characters and escape sequences taken out: for text that comes from models, logs or AWS. Tabs and newlines become spaces. */
export function plain(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\t\r\n]+/g, ' ')
    .replace(INVISIBLE, '');
}

// Whatever else begins with ESC moves the cursor, the title or the clipboard.
// oxlint-disable-next-line no-control-regex
const COLORS = /(\u001b\[[0-9;]*m)/;
// Bold, dim, the eight colors of a text, and their ends: all that is drawn here. Others hide what follows, or what stands behind it.
// oxlint-disable-next-line no-control-regex
const OURS = /^\u001b\[(?:0|[12]|22|3[0-79])m$/;
const RESET = '\u001b[0m';
// oxlint-disable-next-line no-control-regex
const DRIVES = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * A text of several lines as it may stand on a terminal and in the log of a CI system, whatever content is in it: control
 * characters and those that turn the direction of writing are taken out; what GitHub, Azure or TeamCity would obey at a line's
 * beginning, or anywhere, is broken by a space. With colors, those that this program draws with stay, and end with the text.
 */
export function inert(text: string, colors = false): string {
  let open = false;
  const parts = text.split(COLORS).map((part, index) => {
    if (index % 2 === 1) {
      if (!colors || !OURS.test(part)) return '';
      open = !/\[(?:0|22|39)m$/.test(part);
      return part;
    }
    // The rest of a sequence that was cut out of its ESC would stand there as text: it goes with it.
    return stripVTControlCharacters(part).replace(DRIVES, '');
  });
  return `${parts
    .join('')
    .replace(LINE_COMMAND, '$1: ')
    .replace(/##(?=(?:vso|teamcity)?\[)/g, '## ')}${open ? RESET : ''}`;
}

// GitHub looks for `::` at a line's beginning, which colors do not hide from everybody who cleans a log of them.
// oxlint-disable-next-line no-control-regex
const LINE_COMMAND = /^((?:[^\S\n]|\u001b\[[0-9]*m)*):(?=(?:\u001b\[[0-9]*m)*:)/gm;

export interface ProcessStreams {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  env: Record<string, string | undefined>;
}

/** Colour as https://no-color.org and FORCE_COLOR ask, else only on a terminal. */
function wantsColor(env: Record<string, string | undefined>, terminal: boolean): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '' && env.FORCE_COLOR !== '0') return true;
  return terminal && env.TERM !== 'dumb';
}

function someColumns(columns: number | undefined): number | undefined {
  return columns !== undefined && Number.isFinite(columns) && columns > 0 ? columns : undefined;
}

/**
 * A terminal without a size (a pty of 0 × 0, as `script` and some CI runners make) is 80 columns wide for whoever asks
 * the stream itself: the spinner counts its lines by it, and by 0 they are endless. Holds through a resize too.
 */
function giveColumns(stream: NodeJS.WriteStream): void {
  if (stream.isTTY !== true) return;
  let { columns } = stream;
  Object.defineProperty(stream, 'columns', {
    configurable: true,
    enumerable: true,
    get: () => someColumns(columns) ?? DEFAULT_COLUMNS,
    set: (resized: number) => {
      columns = resized;
    },
  });
}

const DEFAULT_COLUMNS = 80;
const MIN_COLUMNS = 40;
const DEFAULT_ROWS = 24;

/** Columns to draw for: COLUMNS, else the terminal's, on whichever stream one is. */
export function columnsOf({ stdout, stderr, env }: Omit<ProcessStreams, 'stdin'>): number {
  const columns =
    someColumns(Number(env.COLUMNS)) ?? someColumns(stdout.columns) ?? someColumns(stderr.columns) ?? DEFAULT_COLUMNS;
  return Math.max(MIN_COLUMNS, columns);
}

/** The process's own streams. */
export function processIo(streams: ProcessStreams, options: { quiet: boolean; color: boolean }): Io {
  const { stdin, stdout, stderr, env } = streams;
  const terminal = stdout.isTTY === true;
  const interactive = stderr.isTTY === true && env.CI === undefined;
  const color = options.color && wantsColor(env, terminal);
  giveColumns(stdout);
  giveColumns(stderr);
  return {
    out: (line = '') => void stdout.write(`${inert(printText(line), color)}\n`),
    err: (line = '') => void (options.quiet || stderr.write(`${inert(printText(line), color)}\n`)),
    rewind:
      interactive && !options.quiet ? (rows) => void (rows > 0 && stderr.write(`\u001b[${rows}A\u001b[J`)) : undefined,
    alert: (line) => void stderr.write(`${inert(printText(line), color)}\n`),
    command: (line) => printCommand(line),
    interactive: interactive && !options.quiet,
    terminal,
    color,
    columns: columnsOf(streams),
    rows: someColumns(stdout.rows) ?? someColumns(stderr.rows) ?? DEFAULT_ROWS,
    screen: interactive && !options.quiet && stdin.isTTY === true ? () => openScreen(stdin, stderr) : undefined,
    close: terminal ? undefined : () => closeSync(1),
    async ask(question, signal) {
      if (!stdin.isTTY || !stderr.isTTY) return undefined;
      const { createInterface } = await import('node:readline');
      const asker = createInterface({ input: stdin, output: stderr });
      const stop = () => asker.close();
      let answered = false;
      signal?.addEventListener('abort', stop);
      try {
        return await new Promise((resolve, reject) => {
          // Ctrl-C and Ctrl-D both close it; the terminal's cursor still stands behind the question.
          asker.once('close', () => {
            if (answered) return;
            stderr.write('\n');
            reject(interrupted('Stopped at a question.'));
          });
          if (signal?.aborted === true) asker.close();
          else
            asker.question(inert(question, color), (answer) => {
              answered = true;
              resolve(answer.trim());
            });
        });
      } finally {
        signal?.removeEventListener('abort', stop);
        // Its own listener takes those off that it has on standard input: keys that come later are not its.
        asker.close();
      }
    },
  };
}
