import type { ReadStream, WriteStream } from 'node:tty';

/** The whole terminal, drawn over and over, with keys as they are pressed. `close` gives it back as it was. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  draw(lines: readonly string[]): void;
  /** Calls `onKey` for each key, those pressed before too, and for a change of size (''); gives what ends that. */
  listen(onKey: (key: string) => void): () => void;
  close(): void;
}

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** Takes the terminal over: its other screen, without a cursor, each key by itself. */
export function openScreen(
  stdin: Pick<ReadStream, 'setRawMode' | 'resume' | 'pause' | 'on' | 'off'>,
  output: Pick<WriteStream, 'write' | 'columns' | 'rows' | 'on' | 'off'>,
): Screen {
  const pressed: string[] = [];
  let hear: ((key: string) => void) | undefined;
  const take = (key: string) => (hear === undefined ? void pressed.push(key) : hear(key));
  // Letters by themselves; an escape sequence (an arrow) is one key, which means nothing here.
  const onData = (data: Buffer) => {
    const text = data.toString('utf8');
    for (const key of text.startsWith('\u001b') ? [text] : text) take(key);
  };
  const onResize = () => hear?.('');
  stdin.setRawMode(true);
  stdin.on('data', onData);
  stdin.resume();
  output.on('resize', onResize);
  output.write(ENTER);
  let open = true;
  return {
    get columns() {
      return output.columns || 80;
    },
    get rows() {
      return output.rows || 24;
    },
    draw(lines) {
      output.write(`${HOME}${lines.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')}${CLEAR_BELOW}`);
    },
    listen(onKey) {
      hear = onKey;
      for (const key of pressed.splice(0)) onKey(key);
      return () => {
        if (hear === onKey) hear = undefined;
      };
    },
    close() {
      if (!open) return;
      open = false;
      stdin.off('data', onData);
      output.off('resize', onResize);
      stdin.setRawMode(false);
      stdin.pause();
      output.write(LEAVE);
    },
  };
}
