import type { Ora } from 'ora';
import { type Io, plain } from './io.ts';
import { paint } from './theme.ts';

/**
 * Tells that something is under way: a spinner on a terminal; elsewhere a line for each step, and one at each quarter of
 * a step that is counted.
 */
export interface Progress {
  /** What is happening now, and of which step that is news; without one, every other text is news. */
  update(text: string, of?: Step): void;
  /** It is over; the last line stays. */
  done(text: string): void;
  /** It did not succeed; the last line stays. */
  fail(text: string): void;
  /** Takes the spinner away without a word, for example because an error is going to be shown. */
  stop(): void;
}

/** A step of the work, and how much of it is done, from 0 to 1. */
export interface Step {
  step: string;
  share?: number;
}

/** Begins to show progress on standard error; the spinner appears as soon as it is loaded. */
export function startProgress(io: Io, text: string): Progress {
  if (!io.interactive) return plainProgress(io, text);
  let now = plain(text);
  let over = false;
  let spinner: Ora | undefined;
  // 50 ms to load: only where it is seen.
  void import('ora').then(({ default: ora }) => {
    if (over) return;
    spinner = ora({ text: now, stream: process.stderr, color: io.color ? 'cyan' : false, discardStdin: false }).start();
  });
  const end = (symbol: string, last: string) => {
    over = true;
    if (spinner === undefined) io.err(`${symbol} ${plain(last)}`);
    else spinner.stopAndPersist({ symbol, text: plain(last) });
  };
  return {
    update(next) {
      now = plain(next);
      if (spinner !== undefined) spinner.text = now;
    },
    done: (last) => end(paint(io, 'good', '✓'), last),
    fail: (last) => end(paint(io, 'bad', '✗'), last),
    stop() {
      over = true;
      spinner?.stop();
    },
  };
}

function plainProgress(io: Io, text: string): Progress {
  let last = '';
  const quarters = new Map<string, number>();
  const print = (next: string, { step, share }: Step = { step: next }) => {
    const quarter = share === undefined ? undefined : Math.min(4, Math.floor(4 * share));
    // Two steps may go on in turn.
    const isNews = quarter === undefined ? step !== last : quarter !== quarters.get(step);
    if (isNews) io.err(plain(next));
    if (quarter !== undefined) quarters.set(step, quarter);
    last = step;
  };
  print(text);
  const end = (words: string) => print(words);
  return { update: print, done: end, fail: end, stop: () => undefined };
}

/** Shows progress while `work` runs; the spinner is gone when it ends, however it ends. */
export async function withProgress<T>(io: Io, text: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  const progress = startProgress(io, text);
  try {
    return await work(progress);
  } finally {
    progress.stop();
  }
}
