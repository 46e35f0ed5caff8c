import type { App, Outcome } from '../../app.ts';
import { interrupted, Problem } from '../../base/errors.ts';
import { type CommandLine, text, wordsOf } from '../../base/text.ts';
import type { Screen } from '../../ui/screen.ts';
import type { ScreenSize } from './watch-screen.ts';

/** Something that is looked at again and again on a whole screen. */
export interface OnScreen<Look> {
  /** Milliseconds between two looks. */
  every: number;
  look: () => Promise<Look>;
  first: Look;
  draw: (look: Look, size: ScreenSize) => string[];
  open: () => Screen;
  /** What a key runs; undefined where it means nothing now. */
  commandOf: (key: string, look: Look) => CommandLine | undefined;
}

const CTRL_C = '\u0003';
const ESCAPE = '\u001b';

/** Draws look after look until `q` is pressed, and runs what other keys ask for. @throws Problem (interrupted) for Ctrl-C, which is a key here */
export async function onScreen<Look>(app: App, on: OnScreen<Look>): Promise<Outcome> {
  const { every, look, first, draw, open, commandOf } = on;
  let seen = first;
  let screen = open();
  const show = () => screen.draw(draw(seen, { columns: screen.columns, rows: screen.rows, color: app.io.color }));
  try {
    for (;;) {
      show();
      const key = await keyWithin(app, screen, every, show);
      if (key === CTRL_C) throw interrupted('Interrupted.');
      if (key === 'q' || key === ESCAPE) return 'done';
      const command = key === undefined ? undefined : commandOf(key, seen);
      if (command !== undefined) {
        screen.close();
        await perform(app, command);
        screen = open();
      }
      seen = await look();
    }
  } finally {
    screen.close();
  }
}

/** The key that is pressed in the next `ms`; undefined where none is. */
async function keyWithin(app: App, screen: Screen, ms: number, resized: () => void): Promise<string | undefined> {
  const pressed = new AbortController();
  let key: string | undefined;
  const stop = screen.listen((input) => {
    if (input === '') return resized();
    key ??= input;
    pressed.abort();
  });
  try {
    if (key === undefined) await app.clock.sleep(ms, AbortSignal.any([app.signal, pressed.signal]));
  } catch (error) {
    if (app.signal.aborted) throw error;
  } finally {
    stop();
  }
  return key;
}

/** Runs a command below what stood on the terminal before, then waits until it was read. */
async function perform(app: App, command: CommandLine): Promise<void> {
  app.io.err(text`$ ${command}`);
  try {
    await app.execute(wordsOf(command));
  } catch (error) {
    if (!(error instanceof Problem) || app.signal.aborted) throw error;
    app.io.alert(error.message);
    if (error.next !== undefined) app.io.alert(error.next);
  }
  await app.io.ask('Press Enter to watch on. ', app.signal);
}
