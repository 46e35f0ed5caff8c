import { printText } from '../../base/text.ts';
import type { Io } from '../../ui/io.ts';
import { paint } from '../../ui/theme.ts';
import { wrap } from '../../ui/wrap.ts';
import type { Line } from './story.ts';

/** Results that the short form is taken from are not broken into lines first. */
const WIDE = 1_000;

/** An io that keeps the results and drops the rest. */
export function keeping(io: Io): { io: Io; lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    io: {
      ...io,
      columns: WIDE,
      color: false,
      interactive: false,
      terminal: false,
      out: (line = '') => void lines.push(...printText(line).split('\n')),
      err: () => undefined,
      alert: () => undefined,
    },
  };
}

/** What each command's results come to: the first line that fits, without what stands before the first group. */
const TELLING: Readonly<Record<string, readonly RegExp[]>> = {
  deploy: [/^(Endpoint .*)/],
  canary: [/^([✓✗] .*)/, /^.*(RuntimeError: .*)/],
  undo: [/^(Endpoint .*?)(?:; before.*)?\.?$/],
  shadow: [/^(Endpoint .*?)(?:; before.*)?\.?$/],
  invoke: [/^answered +(.*)/, /^accuracy +(.*)/],
  report: [/^(Verdict: .*)/],
  cleanup: [/^(Checked: .*)/],
};

/** A command and what came of it, in as few lines as a screen has room for: the command line is cut, the outcome has two. */
export function briefLines(
  io: Pick<Io, 'columns' | 'color'>,
  { argv, outcome }: Line,
  results: readonly string[],
): string[] {
  const width = Math.min(io.columns, 100);
  const [command = ''] = argv;
  const told = (TELLING[command] ?? []).flatMap((pattern) => {
    const found = results.map((line) => pattern.exec(line)?.[1]).find((line) => line !== undefined);
    return found === undefined ? [] : [found];
  });
  if (command === 'invoke')
    return [
      cutEnd(
        `  ${told[0] ?? ''} of the requests answered${told[1] === undefined ? '' : `, accuracy ${told[1]}`}`,
        width,
      ),
    ];
  const line = paint(io, 'title', cutEnd(`$ shadowctl ${withoutCommon(argv).join(' ')}`, width));
  const came = told.flatMap((one) => twoLines(one, width));
  return [line, ...came.map((one) => paint(io, outcome === 'done' ? 'good' : 'bad', one))];
}

/** Without what every command of the demo has. */
function withoutCommon(argv: readonly string[]): string[] {
  return argv.filter((word, index) => word !== '--endpoint' && argv[index - 1] !== '--endpoint' && word !== '--yes');
}

/** What came of it is worth a second line. */
function twoLines(text: string, width: number): string[] {
  const [first = '', ...rest] = wrap(text, width - 4);
  return rest.length === 0 ? [`  ${first}`] : [`  ${first}`, cutEnd(`    ${rest.join(' ')}`, width)];
}

/** Cut at its end: a line begins with what matters. */
function cutEnd(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1).trimEnd()}…`;
}
