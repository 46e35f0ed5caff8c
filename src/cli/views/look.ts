import { stripVTControlCharacters } from 'node:util';
import type { Io } from '../../ui/io.ts';
import { textWidth } from '../../ui/width.ts';

/** What is drawn over itself on a terminal, look by look. */
export interface LiveText {
  draw(text: string): void;
  /** Takes it away, for what is shown in its place. */
  clear(): void;
}

/** Draws on standard error, where that is a terminal. */
export function liveText(io: Pick<Io, 'err' | 'rewind' | 'columns'>): LiveText {
  let rows = 0;
  return {
    draw(text) {
      io.rewind?.(rows);
      io.err(text);
      // A line that does not fit takes more than one row.
      const width = (line: string) => textWidth(stripVTControlCharacters(line));
      rows = text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(width(line) / io.columns)), 0);
    },
    clear() {
      // The line that follows begins where the drawing did.
      io.rewind?.(rows);
      rows = 0;
    },
  };
}
