import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Outcome as Verdict } from '../../analysis/judge/verdict.ts';
import { dayPlus } from '../../analysis/batch/period.ts';
import type { App, Outcome } from '../../app.ts';
import { takeCensus } from '../../aws/census.ts';
import { createBucket } from '../../aws/s3.ts';
import { putObject } from '../../aws/s3-text.ts';
import { count, DAY, duration, HOUR, points } from '../../base/units.ts';
import { type Io, plain } from '../../ui/io.ts';
import { paint } from '../../ui/theme.ts';
import { textWidth } from '../../ui/width.ts';
import { unplanned } from './playing.ts';
import { PARCEL_COLUMNS, parcels } from './parcels.ts';
import { onStage, type Stage } from './stage.ts';

const LAKE = 'shadowctl-demo-lake';
const LIVE = 'artifacts/parcels-1.tar.gz';
/** By what their batches are called. */
const CANDIDATES = { 'parcels-2': 'artifacts/parcels-2.tar.gz', 'parcels-3': 'artifacts/parcels-3.tar.gz' } as const;
const DAYS = 14;
/** Rows a day; on Sundays fewer. */
const ROWS = 420;
const SUNDAY_ROWS = 260;
/** Whether a parcel was late is known so many days after. */
const LATE_LABELS = 5;
/** A retrained model may answer otherwise, and must not break much of what was right. */
const POLICY = 'policy:\n  regressions: 0.08 # rows that are right with production and wrong with the candidate\n';

/** What is read of a report, as `--format json` prints it. */
interface Seen {
  verdict: {
    outcome: Verdict;
    gates: { id: string; outcome: Verdict; gating: boolean; estimate: number | null; byDay?: { days: unknown[] } }[];
  };
  observations: {
    days: { day: string; rows: { delivered: number; judged: number } }[];
    predictions: { slices: Part[] | null };
    labelled: { slices: Part[] | null } | null;
  };
}

/** A part of the inputs: rows with a label, and how many more of them the candidate has wrong than production. */
interface Part {
  column: string;
  part: string;
  truth?: { rows: number; loss: number };
}

type Batch = keyof typeof CANDIDATES;

/** Fourteen days of generated rows, on an emulator in this process: a candidate that is better on average and breaks a part, and its successor. */
export async function run(app: App): Promise<Outcome> {
  const began = app.clock.now();
  const start = mondayBefore(began - (DAYS + 1) * DAY) + 6 * HOUR;
  return onStage<Outcome>(app, { start, env: {} }, async (stage) => {
    const demo = new BatchDemo(stage, start, await deployLive(stage));
    await demo.playFirst();
    await demo.playSecond();
    await demo.end(app.clock.now() - began);
    return 'done';
  });
}

/** The first chapter. @returns the name of the model in production */
async function deployLive(stage: Stage): Promise<string> {
  await stage.copy([LIVE, ...Object.values(CANDIDATES)]);
  await writeFile(join(stage.project, 'policy.yaml'), POLICY);
  await createBucket(stage.aws, LAKE);
  stage.say(
    `shadowctl demo batch: a shadow that needs no endpoint. Will a parcel be late? The rows are generated for this demo: some hundreds a day, with the columns ${PARCEL_COLUMNS.join(', ')}; whether a parcel was late is known five days after. Everything runs against the emulator at ${stage.emulatorUrl}; only time is virtual.`,
  );
  stage.chapter('Production');
  const deploy = ['deploy', '--endpoint', 'parcels', '--artifact', basename(LIVE), '--algorithm', 'linear-learner'];
  stage.show([...deploy, '--yes']);
  await runAsPlanned(stage, [...deploy, '--instance-type', 'ml.m5.large', '--yes']);
  const [live = ''] = (await takeCensus(stage.aws)).models;
  stage.say(`${live} is in production. It knows nothing of who takes a parcel: four carriers, the last four columns.`);
  return live;
}

/** Runs a command that must end well. */
async function runAsPlanned(stage: Stage, argv: readonly string[]): Promise<void> {
  stage.app.signal.throwIfAborted();
  const { ended } = await stage.run(argv);
  if (ended !== 'done') throw unplanned(`\`shadowctl ${argv.join(' ')}\` ended "${ended}"`);
}

/** The chapters of the two candidates, which are judged over the same days. */
class BatchDemo {
  readonly #stage: Stage;
  /** Of the demo's time, in milliseconds since the epoch. */
  readonly #start: number;
  readonly #live: string;
  /** Days that were delivered: `2026-11-16`. */
  readonly #days: string[] = [];

  constructor(stage: Stage, start: number, live: string) {
    this.#stage = stage;
    this.#start = start;
    this.#live = live;
  }

  /** A candidate that is judged every morning until it fails. */
  async playFirst(): Promise<void> {
    const stage = this.#stage;
    stage.chapter('A candidate that is better on average');
    stage.say(
      'parcels-2 was trained on the rows of last year, with the carriers. Every morning it answers what was asked the day before, as production does; then the batch is judged by its days: none passes before seven of them have labels.',
    );
    stage.show(this.#runLine('parcels-2'));
    stage.show(reportLine('parcels-2'));
    const seen = await this.#judgeByMorning('parcels-2', undefined);
    if (seen?.verdict.outcome !== 'fail')
      throw unplanned(`the first batch ended "${seen?.verdict.outcome ?? 'nothing'}"`);
    stage.io.out();
    await this.#showReport('parcels-2', 'no');
    const worst = worstPart(seen);
    stage.say(
      `It is right more often than production, and yet it breaks too much of what was right. Where: of the rows with ${worst.column} = ${worst.part} (${PARCEL_COLUMNS[columnNumber(worst) - 1] ?? ''}, whose parcels were late until spring) it is wrong ${points(lossOf(worst))} more often than production, more than on any other part.`,
    );
  }

  /** Its successor, which answers the recorded days first. */
  async playSecond(): Promise<void> {
    const stage = this.#stage;
    stage.chapter('Its successor, over the same days');
    stage.say(
      'parcels-3 was trained on rows since spring. The days that were recorded are there: it need not wait for new ones.',
    );
    stage.show(this.#runLine('parcels-3'));
    for (const day of this.#days) await this.#answer('parcels-3', day);
    const first = await this.#judge('parcels-3', this.#days.at(-1) ?? '');
    const seen = await this.#judgeByMorning('parcels-3', first);
    if (seen?.verdict.outcome !== 'pass')
      throw unplanned(`the second batch ended "${seen?.verdict.outcome ?? 'nothing'}"`);
    stage.io.out();
    await this.#showReport('parcels-3', 'done');
  }

  /** @param took milliseconds of the user's time */
  async end(took: number): Promise<void> {
    const stage = this.#stage;
    stage.chapter('The end');
    for (const batch of Object.keys(CANDIDATES)) {
      const cleanup = ['cleanup', '--batch', batch, '--yes'];
      stage.show(cleanup);
      await runAsPlanned(stage, cleanup);
    }
    stage.say(
      `Everything went as planned: ${duration(stage.clock.now() - this.#start)} in ${duration(took)} of yours. Models, copies and outputs of both batches are deleted.`,
    );
  }

  /** Judges morning by morning, until it is decided or the days are over. @param seen by an earlier look */
  async #judgeByMorning(batch: Batch, seen: Seen | undefined): Promise<Seen | undefined> {
    let last = seen;
    while (this.#days.length < DAYS && (last === undefined || last.verdict.outcome === 'inconclusive')) {
      const day = await this.#deliverDay();
      await this.#answer(batch, day);
      last = await this.#judge(batch, day);
    }
    return last;
  }

  /** A new morning: yesterday's rows are there, and what became of those of some days before. */
  async #deliverDay(): Promise<string> {
    const { aws, clock, app } = this.#stage;
    const first = new Date(this.#start).toISOString().slice(0, 10);
    const number = this.#days.length;
    const day = dayPlus(first, number);
    const rows = rowsOf(day, number);
    await putObject(aws, placeOf(day), { body: rows.map(({ row }) => `${row}\n`).join(''), type: 'text/csv' });
    const known = number - LATE_LABELS + 1;
    if (known >= 0) {
      const of = dayPlus(first, known);
      const labels = rowsOf(of, known).map(({ late }, i) => `${placeOf(of)}:${i + 1},${late ? 1 : 0}`);
      await putObject(aws, `s3://${LAKE}/labels/${of}.csv`, {
        body: `${['inferenceId,late', ...labels].join('\n')}\n`,
        type: 'text/csv',
      });
    }
    this.#days.push(day);
    await clock.sleep(Math.max(0, this.#start + (number + 1) * DAY - clock.now()), app.signal);
    return day;
  }

  #runLine(batch: Batch): string[] {
    return [
      ...['batch', 'run', '--batch', batch, '--input', `s3://${LAKE}/in/{yyyy}/{MM}/{dd}/`],
      ...['--output', `s3://${LAKE}/batches`, '--artifact', basename(CANDIDATES[batch])],
      ...['--algorithm', 'linear-learner', '--against', `model:${this.#live}`, '--no-header', '--yes'],
    ];
  }

  async #answer(batch: Batch, day: string): Promise<void> {
    await runAsPlanned(this.#stage, [...this.#runLine(batch), '--day', day]);
  }

  /** Judges a batch, and says of it in a line what a day has brought. */
  async #judge(batch: Batch, day: string): Promise<Seen> {
    this.#stage.app.signal.throwIfAborted();
    const { output } = await this.#stage.run([...reportLine(batch), '--format', 'json']);
    const seen = JSON.parse(output) as Seen;
    this.#stage.io.out(dayLine(this.#stage.io, day, seen));
    return seen;
  }

  /** Shows the first lines of a report, and its days. */
  async #showReport(batch: Batch, planned: Outcome): Promise<void> {
    const { ended, output } = await this.#stage.run(reportLine(batch));
    if (ended !== planned) throw unplanned('a report ended otherwise');
    const blocks = output.split('\n\n');
    const why = blocks.findIndex((block) => /^\S*Why/.test(block));
    const days = blocks.filter((block) => block.includes('Days of '));
    for (const block of [...blocks.slice(0, why), ...days]) this.#stage.io.out(`${block}\n`);
  }
}

function reportLine(batch: Batch): string[] {
  return [...['batch', 'report', '--batch', batch, '--labels', `s3://${LAKE}/labels/:late`, '--policy', 'policy.yaml']];
}

/** So that the days are the same whenever the demo is played, and all of them are over. 1970-01-05 was a Monday. */
function mondayBefore(at: number): number {
  const week = 7 * DAY;
  return Math.floor((at - 4 * DAY) / week) * week + 4 * DAY;
}

function rowsOf(day: string, number: number) {
  return parcels(number, new Date(`${day}T00:00:00Z`).getUTCDay() === 0 ? SUNDAY_ROWS : ROWS);
}

function placeOf(day: string): string {
  return `s3://${LAKE}/in/${day.replaceAll('-', '/')}/parcels.csv`;
}

const MEANING = { pass: 'good', fail: 'bad', inconclusive: 'warning' } as const;

/** A day in a line: `2026-11-16 Mon  420 rows, labels of 3 days  INCONCLUSIVE: truth.accuracy and 1 more`. */
function dayLine(io: Io, day: string, { verdict, observations }: Seen): string {
  const rows = observations.days.find((one) => one.day === day)?.rows.judged ?? 0;
  const open = verdict.gates.filter(({ gating, outcome }) => gating && outcome === verdict.outcome).map(({ id }) => id);
  const labelled = Math.max(
    0,
    ...verdict.gates.filter(({ id }) => id.startsWith('truth.')).map(({ byDay }) => byDay?.days.length ?? 0),
  );
  const weekday = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][new Date(`${day}T00:00:00Z`).getUTCDay()] ?? '';
  const word = verdict.outcome.toUpperCase();
  const begin = `${day} ${weekday}  ${count(rows).padStart(3)} rows, labels of ${labelled} ${labelled === 1 ? 'day' : 'days'}  `;
  // As many of the gates as the line has room for, and how many more there are.
  const why = (n: number) =>
    open.length === 0 || verdict.outcome === 'pass'
      ? ''
      : `: ${plain(open.slice(0, n).join(', '))}${open.length > n ? ` and ${open.length - n} more` : ''}`;
  let n = Math.min(open.length, 3);
  while (n > 1 && textWidth(begin + word + why(n)) > io.columns) n -= 1;
  return `${begin}${paint(io, MEANING[verdict.outcome], word)}${why(n)}`;
}

/** The part of the inputs on which the candidate loses most. */
function worstPart({ observations: { predictions, labelled } }: Seen): Part {
  const [worst] = ((labelled ?? predictions).slices ?? []).toSorted((a, b) => lossOf(b) - lossOf(a));
  if (worst === undefined) throw unplanned('no part of the inputs was found');
  return worst;
}

/** A row. */
function lossOf({ truth }: Part): number {
  return truth === undefined || truth.rows === 0 ? 0 : truth.loss / truth.rows;
}

function columnNumber({ column }: Part): number {
  return Number(/\d+$/.exec(column)?.[0] ?? 0);
}
