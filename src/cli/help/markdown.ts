import { type Io, plain } from '../../ui/io.ts';
import { table } from '../../ui/table.ts';
import { paint } from '../../ui/theme.ts';
import { wrap } from '../../ui/wrap.ts';

type Screen = Pick<Io, 'color' | 'columns'>;

/** A piece of a page; code and tables are kept line by line. */
type Block =
  | { kind: 'heading'; level: number; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'item'; mark: string; text: string }
  | { kind: 'code' | 'table'; lines: readonly string[] };

/**
 * A page of our documentation as lines for a terminal: prose wrapped, code indented, tables drawn. Pictures, comments
 * and HTML tags are left out. It knows the Markdown that `docs/` uses, and no more.
 *
 * @param topics names of pages: a link to one of them says how to read it here
 */
export async function renderMarkdown(page: string, screen: Screen, topics: readonly string[] = []): Promise<string[]> {
  const lines: string[] = [];
  let before: Block['kind'] | undefined;
  for (const block of blocksOf(page)) {
    const isTight = before === 'item' && block.kind === 'item';
    if (lines.length > 0 && !isTight) lines.push('');
    lines.push(...(await draw(block, screen, topics)));
    before = block.kind;
  }
  return lines;
}

async function draw(block: Block, screen: Screen, topics: readonly string[]): Promise<string[]> {
  const stripMarks = (text: string) => withoutMarks(text, topics);
  switch (block.kind) {
    case 'heading': {
      const title = stripMarks(block.text).replaceAll('`', '');
      if (block.level === 1) return [paint(screen, 'title', title.toUpperCase())];
      const rule =
        block.level === 2 ? [paint(screen, 'quiet', '─'.repeat(Math.min(title.length, screen.columns)))] : [];
      return [paint(screen, 'title', title), ...rule];
    }
    case 'paragraph':
      return wrap(stripMarks(block.text), screen.columns).map((line) => withCode(line, screen));
    case 'item': {
      const hang = ' '.repeat(block.mark.length);
      const [first = '', ...rest] = wrap(stripMarks(block.text), screen.columns - hang.length);
      return [block.mark + first, ...rest.map((line) => hang + line)].map((line) => withCode(line, screen));
    }
    case 'code':
      return block.lines.map((line) => `    ${line}`.trimEnd()).map((line) => paint(screen, 'name', line));
    case 'table':
      return (await drawTable(block.lines, screen, stripMarks)).split('\n');
  }
}

/** `| a | b |`, the line of dashes (with a colon at the end: numbers), then the rows. */
async function drawTable(
  lines: readonly string[],
  screen: Screen,
  stripMarks: (text: string) => string,
): Promise<string> {
  const [head = [], dashes = [], ...rows] = lines.map((line) =>
    line
      .trim()
      .replace(/^\||\|$/g, '')
      .split(/(?<!\\)\|/)
      .map((cell) => stripMarks(cell.trim().replaceAll('\\|', '|')).replaceAll('`', '')),
  );
  const right = dashes.flatMap((cell, column) => (cell.endsWith(':') ? [column] : []));
  return table(screen, head, rows, { right, indent: '  ' });
}

/** Links, pictures and emphasis as plain words; code keeps its backticks until the lines are broken. */
function withoutMarks(text: string, topics: readonly string[]): string {
  const words = text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : withoutEmphasis(part)))
    .join('')
    .replace(/!\[[^\]]*\]\([^)]*\)/g, '')
    .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_, words: string, to: string) => words + whereTo(words, to, topics));
  return plain(words).trim();
}

function withoutEmphasis(text: string): string {
  return text
    .replace(/<\/?(?:b|i|em|strong|sub|sup|br|kbd)>/g, '')
    .replace(/\*\*(?=\S)([^*]+)\*\*/g, '$1')
    .replace(/(?<![\w/*])([*_])(?=\S)([^*_/]+?)\1(?![\w/*])/g, '$2');
}

/** What stands behind the words of a link. */
function whereTo(words: string, to: string, topics: readonly string[]): string {
  if (/^https?:/.test(to)) return words === to ? '' : ` (${to})`;
  const topic = /^(?:\.\/|docs\/)?([a-z-]+)\.md(?:#.*)?$/.exec(to)?.[1];
  return topic !== undefined && topics.includes(topic) ? ` (shadowctl help ${topic})` : '';
}

/** Coloured where there is colour; otherwise its backticks tell code from prose. */
function withCode(line: string, screen: Screen): string {
  return screen.color ? line.replace(/`([^`]+)`/g, (_, code: string) => paint(screen, 'name', code)) : line;
}

function blocksOf(page: string): Block[] {
  const lines = page.replace(/<!--[^]*?-->\n?/g, '').split('\n');
  const blocks: Block[] = [];
  let open: Block | undefined;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const fence = /^(\s*)(`{3,})/.exec(line);
    if (fence !== null) {
      const [, indent = '', ticks = ''] = fence;
      const end = lines.findIndex((one, index) => index > at && one.trim() === ticks);
      const code = lines.slice(at + 1, end === -1 ? undefined : end);
      blocks.push({
        kind: 'code',
        lines: code.map((one) => (one.startsWith(indent) ? one.slice(indent.length) : one)),
      });
      at = end === -1 ? lines.length : end;
      open = undefined;
    } else if (line.startsWith('|')) {
      const end = lines.findIndex((one, index) => index > at && !one.startsWith('|'));
      blocks.push({ kind: 'table', lines: lines.slice(at, end === -1 ? undefined : end) });
      at = (end === -1 ? lines.length : end) - 1;
      open = undefined;
    } else {
      open = addLine(blocks, open, line);
    }
  }
  return blocks;
}

/** Adds a line of prose; returns the block that the next line may go on with. */
function addLine(blocks: Block[], open: Block | undefined, line: string): Block | undefined {
  const heading = /^(#+) +(.*)$/.exec(line) ?? /^<(summary)>(.*?)<\/summary>$/.exec(line);
  const item = /^(\s*)(?:[-*]|(\d+\.)) +(.*)$/.exec(line);
  if (line.trim() === '' || /^<\/?(details|picture|p|br|source|img)\b[^>]*>$/.test(line.trim())) return undefined;
  const start = (block: Block) => {
    blocks.push(block);
    return block;
  };
  if (heading !== null) {
    const [, signs = '', text = ''] = heading;
    start({ kind: 'heading', level: signs === 'summary' ? 3 : signs.length, text });
    return undefined;
  }
  if (item !== null) {
    const [, indent = '', number, text = ''] = item;
    return start({ kind: 'item', mark: `${indent}${number ?? '-'} `, text });
  }
  if (open?.kind === 'paragraph' || open?.kind === 'item') {
    open.text += ` ${line.trim()}`;
    return open;
  }
  const text = line.trim();
  // A line that is nothing but a picture says nothing here.
  return /^!\[[^\]]*\]\([^)]*\)$/.test(text) ? undefined : start({ kind: 'paragraph', text });
}
