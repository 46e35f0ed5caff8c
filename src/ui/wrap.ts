import { type CommandLine, isCommandLine, linesOf, printCommand, printText, type Text } from '../base/text.ts';
import { graphemes, takeStart, textWidth } from './width.ts';

/** Breaks prose into lines of at most `width`, every line after the first indented. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lead = /^ */.exec(text)?.[0] ?? '';
  const lines: string[] = [];
  let line = '';
  // A number stays with its unit and its thousands.
  for (const word of text.slice(lead.length).split(/ (?!%)(?!(?<=\d )\d{3}(?!\d))/)) {
    const start = lines.length === 0 ? lead : indent;
    if (line !== '' && textWidth(start) + textWidth(line) + 1 + textWidth(word) > width) {
      lines.push(start + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
    // Scripts without spaces break anywhere; a name or path in ASCII stays whole, to be copied.
    while (textWidth(line) > graphemes(line).length) {
      const before = lines.length === 0 ? lead : indent;
      const room = Math.max(2, width - textWidth(before));
      const head = takeStart(line, room);
      if (textWidth(line) <= room || head === '') break;
      lines.push(before + head);
      line = line.slice(head.length);
    }
  }
  return [...lines, (lines.length === 0 ? lead : indent) + line];
}

/** A space at which no line is broken, until it is printed: a character for private use, as wide as a space. */
const GLUE = '\ue000';

/** A command with the label before it, if it has one: each on lines of its own where both do not fit into one. */
function commandLine(line: Text, width: number, indent: string, print: (line: CommandLine) => string): string[] {
  const whole = printText(line, print);
  if (typeof line === 'string' || textWidth(whole) <= width) return [whole];
  const [label, ...command] = line;
  if (typeof label !== 'string' || label.trim() === '') return [whole];
  const start = `${/^ */.exec(label)?.[0] ?? ''}  `;
  return [...wrap(label.trimEnd(), width, indent), start + printText(command, print)];
}

/**
 * A text in lines of at most `width`. A line that is a command, alone or after a label, stays whole, to be copied; in a
 * sentence a command stays together up to its first flag.
 *
 * @param print how a command is written
 */
export function layout(
  text: Text,
  width: number,
  indent = '',
  print: (line: CommandLine) => string = printCommand,
): string[] {
  return linesOf(text).flatMap((line) => {
    if (isCommandLine(line)) return commandLine(line, width, indent, print);
    const head = (command: CommandLine) => {
      const [lead, ...rest] = print(command).split(' --');
      return [
        [lead?.replaceAll(' ', GLUE), rest[0]].filter((part) => part !== undefined).join(`${GLUE}--`),
        ...rest.slice(1),
      ].join(' --');
    };
    return wrap(printText(line, head), width, indent).map((one) => one.replaceAll(GLUE, ' '));
  });
}
