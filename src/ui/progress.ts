import { type Io, plain } from './io.ts';
import { paint } from './theme.ts';

/** Tells that something is under way: a spinner on a terminal, a line per change of text elsewhere. */
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

/** Begins to show progress on standard error. */
async function startProgress(io: Io, text: string): Promise<Progress> {
  if (!io.interactive) return plainProgress(io, text);
  // 50 ms to load: only where it is seen.
  const { default: ora } = await import('ora');
  const spinner = ora({
    text: plain(text),
    stream: process.stderr,
    color: io.color ? 'cyan' : false,
    discardStdin: false,
  }).start();
  return {
    update: (next) => void (spinner.text = plain(next)),
    done: (last) => void spinner.stopAndPersist({ symbol: paint(io, 'good', '✓'), text: plain(last) }),
    fail: (last) => void spinner.stopAndPersist({ symbol: paint(io, 'bad', '✗'), text: plain(last) }),
    stop: () => void spinner.stop(),
  };
}

function plainProgress(io: Io, text: string): Progress {
  let last = '';
  const say = (next: string) => {
    // A count that goes up is for a terminal; in a log the first line of it says enough.
    const gist = next.replace(/\d+/g, '0');
    if (gist !== last) io.err(plain(next));
    last = gist;
  };
  say(text);
  return { update: say, done: say, fail: say, stop: () => undefined };
}

/** Shows progress while `work` runs; the spinner is gone when it ends, however it ends. */
export async function withProgress<T>(io: Io, text: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  const progress = await startProgress(io, text);
  try {
    return await work(progress);
  } finally {
    progress.stop();
  }
}
