import { wrap } from './wrap.ts';

/**
 * A help page that fits: prose is broken at words, an example before a flag (with a backslash, so that it can still be
 * copied), a line of a list under its own last column.
 */
export function fitHelp(text: string, width: number): string {
  const fitted: string[] = [];
  let prose: string[] = [];
  const flush = () => {
    // Lines that fit were broken by hand where they should be.
    fitted.push(...(prose.every((line) => line.length <= width) ? prose : wrap(prose.join(' '), width)));
    prose = [];
  };
  for (const line of text.split('\n')) {
    const begins = /^(Exit codes|Examples?|Usage|Options)\b/.test(line) || HEADING.test(line);
    if (line === '' || line.startsWith(' ') || begins) flush();
    if (line === '' || line.startsWith(' ')) fitted.push(...fitLine(line, width));
    else prose.push(line);
    if (HEADING.test(line)) flush();
  }
  flush();
  return fitted.join('\n');
}

/** `Permissions:` alone on a line. */
const HEADING = /^[A-Z][a-z ]*:$/;

function fitLine(line: string, width: number): string[] {
  if (line.length <= width) return [line];
  if (line.startsWith('  $ ')) return fitExample(line, width);
  const lastColumn = [...line.matchAll(/\S {2,}(?=\S)/g)].at(-1);
  const from = lastColumn === undefined ? 0 : lastColumn.index + lastColumn[0].length;
  if (from === 0 || from > width / 2) return wrap(line, width, '    ');
  // wrap() keeps only what leads a text: the columns before stay as they are.
  const [first = '', ...rest] = wrap(line.slice(from), width - from);
  return [line.slice(0, from) + first, ...rest.map((more) => ' '.repeat(from) + more)];
}

/** `  $ shadowctl deploy --endpoint weather \` and what follows, each flag with its value. */
function fitExample(line: string, width: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const part of line.slice(4).split(/ (?=--)/)) {
    const start = lines.length === 0 ? '  $ ' : '      ';
    if (current !== '' && start.length + current.length + part.length + 3 > width) {
      lines.push(`${start}${current} \\`);
      current = part;
    } else current = current === '' ? part : `${current} ${part}`;
  }
  return [...lines, (lines.length === 0 ? '  $ ' : '      ') + current];
}
