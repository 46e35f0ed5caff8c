import type { Ora } from 'ora';
import { type Io, plain } from './io.ts';
import { paint } from './theme.ts';

/**
 * Tells that something is under way: a spinner on a terminal; elsewhere a line where the words change, and of a count
 * one at its start and at each quarter.
 */
export interface Progress {
  /** What is happening now. */
  update(text: string): void;
  /** It is over; the last line stays. */
  done(text: string): void;
  /** It did not succeed; the last line stays. */
  fail(text: string): void;
  /** Takes the spinner away without a word, for example because an error is going to be shown. */
  stop(): void;
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
  const print = (next: string) => {
    const gist = next.replace(/\d+(?:[.,]\d+)*/g, '0');
    const quarter = quarterOf(next);
    // Two counts may go up in turn: each is known by its own words.
    const tells = quarter === undefined ? gist !== last : quarter !== quarters.get(gist);
    if (tells) io.err(plain(next));
    if (quarter !== undefined) quarters.set(gist, quarter);
    last = gist;
  };
  print(text);
  return { update: print, done: print, fail: print, stop: () => undefined };
}

/** How many quarters are done, 0 to 4, where a text counts ("42 of 95", "42 %"); undefined where it does not. */
function quarterOf(text: string): number | undefined {
  const [, percent, done, of] = /(\d+) ?%|(\d+) of (\d+)/.exec(text) ?? [];
  if (percent !== undefined) return Math.min(4, Math.floor(Number(percent) / 25));
  if (done === undefined || Number(of) === 0) return undefined;
  return Math.min(4, Math.floor((4 * Number(done)) / Number(of)));
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
