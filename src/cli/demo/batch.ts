import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Outcome as Verdict } from '../../analysis/judge/verdict.ts';
import { dayPlus } from '../../analysis/batch/period.ts';
import type { App, Environment, ExecuteOverrides, Outcome } from '../../app.ts';
import { connect } from '../../aws/clients.ts';
import { takeCensus } from '../../aws/census.ts';
import { createBucket } from '../../aws/s3.ts';
import { putObject } from '../../aws/s3-text.ts';
import { VirtualClock } from '../../base/clock.ts';
import { interrupted } from '../../base/errors.ts';
import { printText } from '../../base/text.ts';
import { count, DAY, duration, HOUR, points } from '../../base/units.ts';
import { emulatorEnvironment } from '../../emulator/daemon/process.ts';
import { startEmulator } from '../../emulator/http/server.ts';
import { type Io, plain } from '../../ui/io.ts';
import { paint } from '../../ui/theme.ts';
import { fixture } from './fixtures.ts';
import { heading, paragraph, shellLine } from './narration.ts';
import { quiet, unplanned } from './playing.ts';
import { PARCEL_COLUMNS, parcels } from './parcels.ts';

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

/** Fourteen days of generated rows, on an emulator in this process: a candidate that is better on average and breaks a part, and its successor. */
export async function run(app: App): Promise<Outcome> {
  const { io } = app;
  const began = app.clock.now();
  const project = await mkdtemp(join(tmpdir(), 'shadowctl-demo-'));
  const start = mondayBefore(began - (DAYS + 1) * DAY) + 6 * HOUR;
  const clock = new VirtualClock(start);
  const emulator = await startEmulator({ clock, seed: 1 });
  const env: Environment = { ...app.env, AWS_PROFILE: undefined, ...emulatorEnvironment(emulator.url, {}) };
  const surroundings: ExecuteOverrides = { clock, cwd: project, env };
  const aws = connect({
    region: env.AWS_REGION ?? '',
    endpointUrl: env.AWS_ENDPOINT_URL,
    profile: undefined,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' },
  });
  const say = (text: string) => paragraph(io, text).forEach((line) => io.out(line));
  const show = (argv: readonly string[]) => shellLine(io, argv).forEach((line) => io.out(line));
  const chapter = (number: number, title: string) => {
    io.out();
    io.out(heading(io, number, title));
  };
  const silently = async (argv: readonly string[], planned: Outcome) => {
    app.signal.throwIfAborted();
    const lines: string[] = [];
    const kept: Io = { ...quiet(io), out: (line = '') => void lines.push(printText(line)) };
    const ended = await app.execute(argv, { ...surroundings, io: kept });
    if (ended !== planned && planned !== 'inconclusive')
      throw unplanned(`\`shadowctl ${argv.join(' ')}\` ended "${ended}"`);
    return lines.join('\n');
  };
  /** The first lines of a report, and its days. */
  const head = async (argv: readonly string[], planned: Outcome) => {
    const lines: string[] = [];
    const kept: Io = { ...quiet(io), out: (line = '') => void lines.push(printText(line)) };
    if ((await app.execute(argv, { ...surroundings, io: kept })) !== planned)
      throw unplanned('a report ended otherwise');
    const blocks = lines.join('\n').split('\n\n');
    const why = blocks.findIndex((block) => /^\S*Why/.test(block));
    const days = blocks.filter((block) => block.includes('Days of '));
    for (const block of [...blocks.slice(0, why), ...days]) io.out(`${block}\n`);
  };
  try {
    for (const file of [LIVE, ...Object.values(CANDIDATES)])
      await copyFile(fixture(file), join(project, basename(file)));
    await writeFile(join(project, 'policy.yaml'), POLICY);
    await createBucket(aws, LAKE);
    say(
      `shadowctl demo batch: a shadow that needs no endpoint. Will a parcel be late? The rows are generated for this demo: some hundreds a day, with the columns ${PARCEL_COLUMNS.join(', ')}; whether a parcel was late is known five days after. Everything runs against the emulator at ${emulator.url}; only time is virtual.`,
    );
    chapter(1, 'Production');
    const deploy = ['deploy', '--endpoint', 'parcels', '--artifact', basename(LIVE), '--algorithm', 'linear-learner'];
    show([...deploy, '--yes']);
    await silently([...deploy, '--instance-type', 'ml.m5.large', '--yes'], 'done');
    const [live = ''] = (await takeCensus(aws)).models;
    say(`${live} is in production. It knows nothing of who takes a parcel: four carriers, the last four columns.`);

    const line = (batch: keyof typeof CANDIDATES) => [
      ...['batch', 'run', '--batch', batch, '--input', `s3://${LAKE}/in/{yyyy}/{MM}/{dd}/`],
      ...[
        '--output',
        `s3://${LAKE}/batches`,
        '--artifact',
        basename(CANDIDATES[batch]),
        '--algorithm',
        'linear-learner',
      ],
      ...['--against', `model:${live}`, '--no-header', '--yes'],
    ];
    const report = (batch: keyof typeof CANDIDATES) => [
      ...['batch', 'report', '--batch', batch, '--labels', `s3://${LAKE}/labels/:late`, '--policy', 'policy.yaml'],
    ];
    const first = new Date(start).toISOString().slice(0, 10);
    let day = -1;
    /** A new morning: yesterday's rows are there, and what became of those of some days before. */
    const morning = async () => {
      day += 1;
      const name = dayPlus(first, day);
      const rows = rowsOf(name, day);
      await putObject(aws, placeOf(name), { body: rows.map(({ row }) => `${row}\n`).join(''), type: 'text/csv' });
      const known = day - LATE_LABELS + 1;
      if (known >= 0) {
        const of = dayPlus(first, known);
        const labels = rowsOf(of, known).map(({ late }, i) => `${placeOf(of)}:${i + 1},${late ? 1 : 0}`);
        await putObject(aws, `s3://${LAKE}/labels/${of}.csv`, {
          body: `${['inferenceId,late', ...labels].join('\n')}\n`,
          type: 'text/csv',
        });
      }
      await clock.sleep(Math.max(0, start + (day + 1) * DAY - clock.now()), app.signal);
      return name;
    };
    const judge = async (batch: keyof typeof CANDIDATES) =>
      JSON.parse(await silently([...report(batch), '--format', 'json'], 'inconclusive')) as Seen;
    const tell = (name: string, seen: Seen) => io.out(dayLine(io, name, seen));

    chapter(2, 'A candidate that is better on average');
    say(
      'parcels-2 was trained on the rows of last year, with the carriers. Every morning it answers what was asked the day before, as production does; then the batch is judged by its days: none passes before seven of them have labels.',
    );
    show(line('parcels-2'));
    show(report('parcels-2'));
    const days: string[] = [];
    let seen: Seen | undefined;
    while (day + 1 < DAYS && (seen === undefined || seen.verdict.outcome === 'inconclusive')) {
      const name = await morning();
      days.push(name);
      await silently([...line('parcels-2'), '--day', name], 'done');
      seen = await judge('parcels-2');
      tell(name, seen);
    }
    if (seen?.verdict.outcome !== 'fail')
      throw unplanned(`the first batch ended "${seen?.verdict.outcome ?? 'nothing'}"`);
    io.out();
    await head(report('parcels-2'), 'no');
    const worst = worstPart(seen);
    say(
      `It is right more often than production, and yet it breaks too much of what was right. Where: of the rows with ${worst.column} = ${worst.part} (${PARCEL_COLUMNS[columnNumber(worst) - 1] ?? ''}, whose parcels were late until spring) it is wrong ${points(lossOf(worst))} more often than production, more than on any other part.`,
    );

    chapter(3, 'Its successor, over the same days');
    say(
      'parcels-3 was trained on rows since spring. The days that were recorded are there: it need not wait for new ones.',
    );
    show(line('parcels-3'));
    seen = undefined;
    for (const name of days) await silently([...line('parcels-3'), '--day', name], 'done');
    seen = await judge('parcels-3');
    tell(days.at(-1) ?? '', seen);
    while (day + 1 < DAYS && seen.verdict.outcome === 'inconclusive') {
      const name = await morning();
      await silently([...line('parcels-3'), '--day', name], 'done');
      seen = await judge('parcels-3');
      tell(name, seen);
    }
    if (seen.verdict.outcome !== 'pass') throw unplanned(`the second batch ended "${seen.verdict.outcome}"`);
    io.out();
    await head(report('parcels-3'), 'done');

    chapter(4, 'The end');
    for (const batch of Object.keys(CANDIDATES)) {
      const cleanup = ['cleanup', '--batch', batch, '--yes'];
      show(cleanup);
      await silently(cleanup, 'done');
    }
    say(
      `Everything went as planned: ${duration(clock.now() - start)} in ${duration(app.clock.now() - began)} of yours. Models, copies and outputs of both batches are deleted.`,
    );
    return 'done';
  } catch (error) {
    if (app.signal.aborted)
      throw interrupted('Interrupted: the demo has ended. Nothing is left: its emulator and its folder are gone.');
    throw error;
  } finally {
    aws.close();
    await emulator.close();
    await rm(project, { recursive: true, force: true });
  }
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

/** A day in a line: `2026-11-16 Mon  420 rows, 3 days have labels  INCONCLUSIVE: truth.accuracy, truth.regressions`. */
function dayLine(io: Io, day: string, { verdict, observations }: Seen): string {
  const rows = observations.days.find((one) => one.day === day)?.rows.judged ?? 0;
  const open = verdict.gates.filter(({ gating, outcome }) => gating && outcome === verdict.outcome).map(({ id }) => id);
  const labelled = Math.max(
    0,
    ...verdict.gates.filter(({ id }) => id.startsWith('truth.')).map(({ byDay }) => byDay?.days.length ?? 0),
  );
  const weekday = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][new Date(`${day}T00:00:00Z`).getUTCDay()] ?? '';
  const why = verdict.outcome === 'pass' ? '' : `: ${plain(open.slice(0, 3).join(', '))}${open.length > 3 ? ' …' : ''}`;
  return `${day} ${weekday}  ${count(rows).padStart(3)} rows, ${labelled} ${labelled === 1 ? 'day has' : 'days have'} labels  ${paint(io, MEANING[verdict.outcome], verdict.outcome.toUpperCase())}${why}`;
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
