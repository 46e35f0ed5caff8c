/**
 * Is the judge honest? `npm run calibrate` simulates endpoints whose truth is known, looks at each again and again as
 * people do, and counts how often a gate ever says the wrong thing. Nominal is alpha = 5 %. Lines are shared out among
 * workers; every trial has a seed of its own, so what is found does not depend on who simulated it.
 *
 * Arguments: trials a line, and words that the title of a line must hold. SHADOWCTL_MINUTES ends a run that takes too long.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { seededRandom } from '../support/random.ts';
import type { Outcome } from '../../src/analysis/judge/verdict.ts';
import { type Ended, HOURS, type Line, LOOK, policy, RATE } from './calibrate-frame.ts';
import { LINES } from './lines/lines.ts';

/** What a line came to. */
interface Found {
  trials: number;
  shares: Record<Outcome, number>;
  /** Minutes, or labels, until half of all trials had ended in a decision. */
  median: number | undefined;
}

function summed(ended: readonly Ended[]): Found {
  const count = ended.length;
  const share = (outcome: Outcome) => ended.filter((one) => one.outcome === outcome).length / count;
  const decided = ended
    .filter((one) => one.outcome !== 'inconclusive')
    .map((one) => one.minutes)
    .sort((a, b) => a - b);
  return {
    trials: count,
    shares: { pass: share('pass'), fail: share('fail'), inconclusive: share('inconclusive') },
    median: decided.length * 2 > count ? decided[Math.floor(count / 2)] : undefined,
  };
}

/** How often it was wrong, and whether that is too often. */
function judged({ class: of, wrong, within, unit }: Line, found: Found) {
  const { trials, shares, median } = found;
  // Nominal 5 %, and two standard errors of the simulation itself.
  const allowed = policy.alpha + 2 * Math.sqrt((policy.alpha * (1 - policy.alpha)) / trials);
  const rate = Math.max(...wrong.map((outcome) => shares[outcome]));
  if (of === 'power') {
    const late = within !== undefined && (median ?? Number.POSITIVE_INFINITY) > within;
    return { rate, exceeds: false, late, words: late ? `later than ${within} ${unit ?? 'min'}` : '' };
  }
  if (of === 'not knowable') return { rate, exceeds: false, late: false, words: of };
  const exceeds = rate > allowed;
  return { rate, exceeds, late: false, words: exceeds ? 'DOES NOT HOLD' : of === 'held' ? 'holds' : of };
}

const percent = (value: number) => `${(value * 100).toFixed(1)} %`;

function row(line: Line, found: Found): string {
  const { trials, shares, median } = found;
  const at = median === undefined ? '–' : `${median} ${line.unit ?? 'min'}`;
  const cells = [line.title, trials, percent(shares.pass), percent(shares.fail), percent(shares.inconclusive), at];
  return `| ${[...cells, judged(line, found).words].join(' | ')} |`;
}

/** One line in so many is simulated, drawn by a seed: what `npm test` runs. */
function chosen(words: string): readonly Line[] {
  const oneIn = Number(process.env.SHADOWCTL_ONE_IN ?? 1);
  const random = seededRandom(Number(process.env.SHADOWCTL_SEED ?? 1));
  return LINES.filter(
    (line) => random.next() * oneIn < 1 && words.split('|').some((word) => line.title.includes(word)),
  );
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const trials = Number(process.argv[2] ?? 1000);
  const lines = chosen(process.argv[3] ?? '');
  say(
    `At most ${trials} simulated endpoints a line, ${RATE} requests a minute, ${HOURS} hours unless it says otherwise, a look every ${LOOK} minutes until the first decision.`,
  );
  const ended = await simulateAll(lines, trials);
  sayTable(lines, ended);
  const found = ended.map(summed);
  const results = lines.map((line, i) => ({ line, ...judged(line, found[i] as Found) }));
  const titles = (list: typeof results) => list.map(({ line }) => line.title);
  const bounded = results.filter(({ line }) => line.class === 'held' || line.class === 'noticed');
  const wrong = titles(results.filter(({ exceeds }) => exceeds));
  const late = titles(results.filter((one) => one.late));
  const worst = bounded.toSorted((a, b) => b.rate - a.rate)[0];
  const count = (of: Line['class']) => lines.filter((line) => line.class === of).length;
  say(
    `\n${count('held')} lines that must hold, ${count('noticed')} noticed, ${count('not knowable')} not knowable from the window, ${count('power')} of power; ${wrong.length === 0 ? 'none exceeds' : `${wrong.length} exceed`} 5 % by more than chance. ${worst === undefined ? '' : `The worst errs in ${percent(worst.rate)}: ${worst.line.title}.`}`,
  );
  if (wrong.length > 0) process.exitCode = 1;
  const { SHADOWCTL_RESULTS } = process.env;
  if (SHADOWCTL_RESULTS === undefined) return;
  const classes = Object.fromEntries(
    (['held', 'noticed', 'not knowable', 'power'] as const).map((of) => [of, count(of)]),
  );
  const simulated = found.map((one) => one.trials).sort((a, b) => a - b);
  const counts = { trials: { least: simulated[0], most: simulated.at(-1) }, lines: lines.length, classes, wrong, late };
  writeFileSync(
    SHADOWCTL_RESULTS,
    JSON.stringify({
      ...counts,
      ...(worst === undefined ? {} : { worst: { title: worst.line.title, rate: worst.rate, alpha: policy.alpha } }),
    }),
  );
}

function sayTable(lines: readonly Line[], ended: readonly (readonly Ended[])[]): void {
  for (const [i, line] of lines.entries()) {
    const [before, heading] = [lines[i - 1], headingOf(line)];
    if (before === undefined || headingOf(before) !== heading) say(head(heading));
    say(row(line, summed(ended[i] ?? [])));
  }
}

const head = (title: string) =>
  `\n${title}\n\n| truth | trials | pass | fail | open | median | 5 % |\n| --- | ---: | ---: | ---: | ---: | ---: | --- |`;
const headingOf = (line: Line) =>
  line.class === 'power'
    ? 'Power: how soon the right answer comes.'
    : 'Wrong answers: at A/A a fail is wrong, on the margin a decision is, and beyond it a pass.';

/** Trials that a worker simulates at a time, and those of them that are given out before any line gets more. */
const ROUND = 10;

/** Some trials of a line. */
interface Task {
  line: number;
  from: number;
  to: number;
}

/**
 * Shares trials out among workers, in rounds over all lines. Where SHADOWCTL_MINUTES are over, no more are given out: each line
 * then has as many as its row says, and no fewer than one round.
 */
async function simulateAll(lines: readonly Line[], trials: number): Promise<readonly (readonly Ended[])[]> {
  const ended: Ended[][] = lines.map(() => []);
  const rounds = Array.from({ length: Math.ceil(trials / ROUND) }, (_, i) => i * ROUND);
  const tasks = rounds.flatMap((from) =>
    lines.flatMap((line, i): Task[] => {
      const to = Math.min(line.trials ?? trials, trials, from + ROUND);
      return to > from ? [{ line: i, from, to }] : [];
    }),
  );
  const until = performance.now() + Number(process.env.SHADOWCTL_MINUTES ?? Number.POSITIVE_INFINITY) * 60_000;
  // Whoever cannot wait gets what there is, or sees it.
  let ends = false;
  process.once('SIGTERM', () => (ends = true));
  process.on('SIGUSR2', () => sayTable(lines, ended));
  let next = 0;
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(fileURLToPath(import.meta.url));
      let task: Task | undefined;
      const give = () => {
        task = tasks[next];
        if (task === undefined || (task.from > 0 && (ends || performance.now() > until)))
          return void worker.terminate().then(() => resolve());
        next += 1;
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
        worker.postMessage({ ...task, line: LINES.indexOf(lines[task.line] as Line) });
      };
      worker.on('error', reject);
      worker.on('message', (some: Ended[]) => {
        ended[task?.line ?? 0]?.push(...some);
        give();
      });
      give();
    });
  const workers = Math.min(tasks.length, Number(process.env.SHADOWCTL_WORKERS ?? availableParallelism()));
  await Promise.all(Array.from({ length: workers }, work));
  return ended;
}

if (isMainThread) await main();
else
  parentPort?.on('message', ({ line, from, to }: Task) => {
    const trial = (LINES[line] as Line).trial;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    parentPort?.postMessage(Array.from({ length: to - from }, (_, i) => trial(seededRandom(from + i + 1))));
  });
