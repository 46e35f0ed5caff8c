import { styleText } from 'node:util';
import type { Io } from '../../ui/io.ts';
import { wrap } from '../../ui/wrap.ts';

/** A numbered chapter heading, ruled to the width of the terminal. */
export function heading(io: Io, number: number, title: string): string {
  const text = `${number}. ${title}`;
  const rule = '─'.repeat(Math.max(4, Math.min(io.columns, 100) - text.length - 1));
  return io.color ? `${styleText(['bold', 'cyan'], text)} ${styleText('dim', rule)}` : `${text} ${rule}`;
}

/** Breaks prose into lines that fit. */
export function paragraph(io: Io, text: string): string[] {
  return wrap(text, Math.min(io.columns, 100));
}

/** A command line as it can be pasted into a shell, broken before its flags where it is too long for the terminal. */
export function shellLine(io: Io, argv: readonly string[], background = false): string[] {
  const words = argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  // A flag and its value stay together.
  const units = words.reduce<string[]>((units, word, index) => {
    const valueOf = !word.startsWith('--') && words[index - 1]?.startsWith('--') === true;
    return valueOf ? [...units.slice(0, -1), `${units.at(-1)} ${word}`] : [...units, word];
  }, []);
  const room = Math.min(io.columns, 100) - ' \\'.length;
  const parts: string[] = ['$ shadowctl'];
  for (const unit of units) {
    const longer = `${parts.at(-1)} ${unit}`;
    if (longer.length > room) parts.push(`    ${unit}`);
    else parts[parts.length - 1] = longer;
  }
  if (background) parts[parts.length - 1] += ' &';
  const lines = parts.map((part, index) => (index < parts.length - 1 ? `${part} \\` : part));
  return io.color ? lines.map((line) => styleText('bold', line)) : lines;
}
