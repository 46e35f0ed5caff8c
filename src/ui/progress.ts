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

/**
 * Begins to show progress on standard error; the spinner appears as soon as it is loaded.
 * @param make gives a spinner that is not started yet
 */
export function startProgress(io: Io, text: string, make: MakeSpinner = ora): Progress {
  if (!io.interactive) return plainProgress(io, text);
  const own = { text: plain(text) };
  onSpinner.push(own);
  void spin(io, make);
  const end = () => {
    const at = onSpinner.indexOf(own);
    if (at !== -1) onSpinner.splice(at, 1);
    const outer = onSpinner.at(-1);
    if (spinner === undefined) return;
    if (outer !== undefined) spinner.text = outer.text;
    else {
      spinner.stop();
      spinner = undefined;
    }
  };
  const persist = (symbol: string, last: string) => {
    end();
    io.err(`${symbol} ${plain(last)}`);
  };
  return {
    update(next) {
      own.text = plain(next);
      if (spinner !== undefined && onSpinner.at(-1) === own) spinner.text = own.text;
    },
    done: (last) => persist(paint(io, 'good', '✓'), last),
    fail: (last) => persist(paint(io, 'bad', '✗'), last),
    stop: end,
  };
}

/** Work under way that a terminal is told of, the innermost last: a command of the demo runs inside the demo's own. */
const onSpinner: { text: string }[] = [];
/** The one spinner of this terminal; two would draw over each other. */
let spinner: Spinner | undefined;

let loading = false;

async function spin(io: Io, make: MakeSpinner): Promise<void> {
  if (spinner !== undefined || loading) return;
  loading = true;
  const made = await make(io.color);
  loading = false;
  const now = onSpinner.at(-1);
  if (now === undefined) return;
  made.text = now.text;
  spinner = made;
  made.start();
}

/** As much of ora as is used. */
interface Spinner {
  text: string;
  start(): unknown;
  stop(): unknown;
}

type MakeSpinner = (color: boolean) => Promise<Spinner>;

/** 50 ms to load: only where it is seen. */
async function ora(color: boolean): Promise<Spinner> {
  const { default: make } = await import('ora');
  return make({ stream: process.stderr, color: color ? 'cyan' : false, discardStdin: false });
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
