/** A scene of the recording: a command as it is typed, and what it printed. */
export interface Scene {
  /** Lines of the command, as the shell shows them. */
  command: readonly string[];
  /** Lines with ANSI colours, as a terminal of `COLUMNS` gets them. */
  output: readonly string[];
  /** What stands in the title bar meanwhile. */
  title: string;
}

export const COLUMNS = 80;
const CHARACTER = { width: 8.43, height: 18 };
const MARGIN = 20;
const TITLE_BAR = 36;
/** Seconds: to type a command, until its output is there, to read it. */
const TYPING = 1.6;
const PAUSE = 0.7;
const READING = 7;

/**
 * An animated SVG of a terminal. It needs nothing from outside and no script, so that it runs in a README too, where the
 * page's own style does not reach; colours follow the reader's preference. Whoever asks for less motion sees one scene.
 *
 * @param still which scene stands where there is no motion
 */
export function recordingSvg(scenes: readonly Scene[], still: number): string {
  const rows = Math.max(...scenes.map(({ command, output }) => command.length + output.length));
  const width = Math.round(2 * MARGIN + COLUMNS * CHARACTER.width);
  const height = TITLE_BAR + 2 * MARGIN + rows * CHARACTER.height;
  const starts = scenes.map((_, index) => index * (TYPING + PAUSE + READING));
  const total = scenes.length * (TYPING + PAUSE + READING);
  const share = (seconds: number) => `${((100 * seconds) / total).toFixed(3)}%`;
  const keyframes = scenes.flatMap((scene, index) => {
    const start = starts[index] ?? 0;
    const end = starts[index + 1] ?? total;
    const typed = start + TYPING;
    return [
      visible(`s${index}`, share(start), share(end)),
      visible(`o${index}`, share(typed + PAUSE), share(end)),
      ...scene.command.map((_, line) =>
        visible(`c${index}-${line}`, share(start + (TYPING * (line + 1)) / (scene.command.length + 1)), share(end)),
      ),
    ];
  });
  const style = `
svg{--paper:#fff;--bar:#f6f8fa;--edge:#d1d9e0;--ink:#1f2328;--dim:#6e7781;--red:#cf222e;--green:#1a7f37;--yellow:#9a6700;--cyan:#0969da}
@media(prefers-color-scheme:dark){svg{--paper:#0d1117;--bar:#161b22;--edge:#30363d;--ink:#e6edf3;--dim:#8b949e;--red:#ff7b72;--green:#56d364;--yellow:#e3b341;--cyan:#79c0ff}}
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace;fill:var(--ink);white-space:pre}
.title{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:var(--dim);text-anchor:middle}
.b{font-weight:700}.d{fill:var(--dim)}.r{fill:var(--red)}.g{fill:var(--green)}.y{fill:var(--yellow)}.c{fill:var(--cyan)}
.scene,.part{visibility:hidden;animation:${total}s step-end infinite}
${keyframes.map(({ name, rule }) => `@keyframes ${name}{${rule}}#${name}{animation-name:${name}}`).join('\n')}
@media(prefers-reduced-motion:reduce){.scene,.part{animation:none}#s${still},#s${still} .part{visibility:visible}}`;
  const drawn = scenes.map((scene, index) => {
    const command = scene.command.map((line, at) =>
      part(`c${index}-${at}`, [textLine(at === 0 ? `${BOLD}${line}${RESET}` : `${BOLD}${line}${RESET}`, at)]),
    );
    const output = scene.output.map((line, at) => textLine(line, scene.command.length + at));
    return `<g id="s${index}" class="scene"><text class="title" x="${width / 2}" y="23">${escapeXml(scene.title)}</text>${command.join('')}${part(`o${index}`, output)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="A terminal: ${escapeXml(scenes.map(({ title }) => title).join('; '))}">
<style>${style}
</style>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="10" fill="var(--paper)" stroke="var(--edge)"/>
<path d="M.5 ${TITLE_BAR}V10.5a10 10 0 0 1 10-10h${width - 21}a10 10 0 0 1 10 10V${TITLE_BAR}z" fill="var(--bar)" stroke="var(--edge)"/>
<circle cx="20" cy="18" r="6" fill="#ff5f57"/><circle cx="40" cy="18" r="6" fill="#febc2e"/><circle cx="60" cy="18" r="6" fill="#28c840"/>
${drawn.join('\n')}
</svg>
`;
}

const BOLD = '\u001b[1m';
const RESET = '\u001b[0m';

function visible(name: string, from: string, to: string): { name: string; rule: string } {
  const before = from === '0.000%' ? '' : '0%{visibility:hidden}';
  const after = to === '100.000%' ? '' : `${to}{visibility:hidden}`;
  return { name, rule: `${before}${from}{visibility:visible}${after}` };
}

function part(id: string, lines: readonly string[]): string {
  return `<g id="${id}" class="part">${lines.join('')}</g>`;
}

/** One row. Every run of one style has its own place, so that columns meet whatever the font. */
function textLine(line: string, row: number): string {
  const y = TITLE_BAR + MARGIN + (row + 0.72) * CHARACTER.height;
  const runs = runsOf(line).flatMap(({ text, classes, column }) => {
    // What stands far right of a gap gets a place of its own as well.
    return [...text.matchAll(/\S(?:.*?\S)??(?= {2,}|\s*$)/g)].map((piece) => {
      const x = MARGIN + (column + width(text.slice(0, piece.index))) * CHARACTER.width;
      const name = classes === '' ? '' : ` class="${classes}"`;
      return `<tspan x="${x.toFixed(1)}"${name}>${escapeXml(piece[0])}</tspan>`;
    });
  });
  return runs.length === 0 ? '' : `<text y="${y.toFixed(1)}">${runs.join('')}</text>`;
}

const width = (text: string): number => Array.from(text).length;

const STYLES: Readonly<Record<string, string>> = {
  1: 'b',
  2: 'd',
  31: 'r',
  32: 'g',
  33: 'y',
  36: 'c',
  34: 'c',
};

/** A line with ANSI codes as runs of one style each. */
function runsOf(line: string): { text: string; classes: string; column: number }[] {
  const runs: { text: string; classes: string; column: number }[] = [];
  const on = new Set<string>();
  let column = 0;
  // oxlint-disable-next-line no-control-regex
  for (const [token, codes] of line.matchAll(/\u001b\[([\d;]*)m|[^\u001b]+/g)) {
    if (codes === undefined) {
      runs.push({ text: token, classes: [...on].join(' '), column });
      column += width(token);
      continue;
    }
    for (const code of codes === '' ? ['0'] : codes.split(';')) {
      if (code === '0') on.clear();
      else if (code === '22') ['b', 'd'].forEach((one) => on.delete(one));
      else if (code === '39') ['r', 'g', 'y', 'c'].forEach((one) => on.delete(one));
      else if (STYLES[code] !== undefined) on.add(STYLES[code]);
    }
  }
  return runs;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
