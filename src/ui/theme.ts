import { styleText } from 'node:util';
import type { Io } from './io.ts';

/** What text can mean; how that looks is decided here alone. */
export type Meaning = 'good' | 'bad' | 'warning' | 'name' | 'quiet' | 'title';

const STYLES: Readonly<Record<Meaning, Parameters<typeof styleText>[0]>> = {
  good: 'green',
  bad: 'red',
  warning: 'yellow',
  name: 'cyan',
  quiet: 'dim',
  title: 'bold',
};

/** Colours text by its meaning where the user's terminal wants colour; otherwise gives it back as it is. */
export function paint(io: Pick<Io, 'color'>, meaning: Meaning, text: string): string {
  return io.color ? styleText(STYLES[meaning], text, { validateStream: false }) : text;
}
