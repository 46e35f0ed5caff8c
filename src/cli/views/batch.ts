import type { BatchDay, RowAccount } from '../../analysis/batch/day.ts';
import { shown, text } from '../../base/text.ts';
import { bytes, count, counted, duration, isoSeconds, percent } from '../../base/units.ts';
import { dollars, hourlyCost } from '../../guard/prices.ts';
import type { BatchRun } from '../../lifecycle/batch/decision.ts';
import type { BatchStatus } from '../../lifecycle/batch/status.ts';
import type { BatchPlan } from '../../lifecycle/plans.ts';
import { nameOf } from '../../resources/steps.ts';
import { describeHolder } from '../../state/lock.ts';
import { type Io, plain } from '../../ui/io.ts';
import { table } from '../../ui/table.ts';
import { paint } from '../../ui/theme.ts';
import { wrap } from '../../ui/wrap.ts';
import { placeLine } from './plan.ts';
import { nextLines } from './next.ts';
import { describeStep, stepsJson } from './steps.ts';

type ViewIo = Pick<Io, 'color' | 'columns'>;

/** Where rows can be, in words. */
const ACCOUNT: readonly (readonly [key: keyof RowAccount, words: string])[] = [
  ['judged', 'judged'],
  ['withoutCounterpart', 'without a counterpart'],
  ['unreadable', 'unreadable'],
  ['inFailedObject', 'in an object that failed'],
  ['late', 'came too late'],
];

/** What a run of a day would do. */
export function batchPlanLines(io: ViewIo, plan: BatchPlan): string[] {
  const { batch, day, zone, places, objects, rows, jobs, before, maxCost, searches, prices } = plan;
  const fold = (text: string) => wrap(plain(text), io.columns, '    ');
  const more = places.length > 1 ? ` and ${counted(places.length - 1, 'more folders')}` : '';
  return [
    placeLine(plan.place),
    ...fold(
      `Batch ${batch}, ${day} (${zone}): ${counted(rows, 'rows')} in ${counted(objects, 'objects')} (${bytes(plan.bytes)}) under ${places[0]}${more}`,
    ),
    ...(plan.resumes ? ['Continues where an earlier run stopped: rows that have an output are not sent again.'] : []),
    ...plan.steps.flatMap((step) => describeStep(step, io.columns)),
    ...jobs.flatMap((job) =>
      fold(
        `+ transform job: ${job.side} ${job.model} over ${counted(job.objects, 'objects')} of ${job.contentType}, answers as ${job.accept}, on ${job.instances} × ${job.instanceType}`,
      ),
    ),
    ...(searches > 0
      ? fold(
          `If objects fail, up to ${counted(searches, 'further jobs')} search for the rows that made them fail (--find-bad-rows); each takes some minutes to start.`,
        )
      : []),
    ...jobs.slice(0, 1).flatMap(() =>
      fold(
        `  Together ${hourlyCost(
          prices,
          jobs.map(({ instanceType, instances }) => ({ instanceType, count: instances })),
        )}, from when their instances start working until they stop.`,
      ),
    ),
    ...(before === undefined
      ? []
      : fold(
          `  ${before.day} had ${counted(before.rows, 'rows')}; its jobs took ${duration(before.ms)}${before.dollars === undefined ? '' : ` and cost about ${dollars(before.dollars)}`}.`,
        )),
    ...(maxCost === undefined ? [] : fold(`  Jobs that would cost more than ${dollars(maxCost)} are stopped.`)),
    ...plan.notes.flatMap((note) => fold(`  ${note}`)),
  ];
}

/** What a day came to. */
export function batchRunLines(
  io: ViewIo & Pick<Io, 'command'>,
  run: Exclude<BatchRun, { kind: 'planned' | 'missing' }>,
): string[] {
  const { day } = run;
  const head =
    run.kind === 'unchanged'
      ? [`${day.day} has already been run, and no objects have arrived since.`]
      : run.kind === 'late'
        ? [
            `${day.day} has already been run; ${counted(run.objects, 'objects')} arrived later: they are counted but not judged.`,
            'To judge the day again, add --rerun.',
          ]
        : [];
  return [
    ...head,
    ...dayLines(io, day),
    `Kept in ${run.path}`,
    ...(day.failedObjects.some(({ line }) => line === undefined)
      ? wrap('To find the line that made an object fail, add --find-bad-rows.', io.columns, '  ')
      : []),
    ...nextLines(io, text`the verdict over its days: ${shown('batch report', { batch: day.batch })}`),
  ];
}

function dayLines(io: ViewIo, day: BatchDay): string[] {
  const fold = (text: string) => wrap(plain(text), io.columns, '    ');
  const { rows, failedObjects, jobs, cost } = day;
  const width = Math.max(...ACCOUNT.map(([key]) => count(rows[key]).length));
  const ran = jobs.reduce((sum, { start, end }) => sum + ((end ?? start ?? 0) - (start ?? 0)), 0);
  return [
    ...fold(
      `Batch ${day.batch}, ${day.day} (${day.zone})${day.attempt > 1 ? `, attempt ${day.attempt}` : ''}: ${counted(rows.delivered, 'rows')} in ${counted(day.objects, 'objects')}`,
    ),
    ...ACCOUNT.map(([key, words]) => `  ${count(rows[key]).padStart(width)}  ${words}`),
    ...failedObjects.flatMap(({ side, key, reason, line, rows: lost }) =>
      fold(
        `${paint(io, 'warning', '!')} ${key} (${side}, ${counted(lost, 'rows')}${line === undefined ? '' : `, line ${line}`}): ${reason}`,
      ),
    ),
    ...day.notes.flatMap((note) => fold(`  ${note}`)),
    ...answerLines(day),
    `${counted(jobs.length, 'jobs')}, ${duration(ran)}${cost === undefined ? ', price not known' : `, about ${dollars(cost)}`}`,
  ];
}

/** The plainest that can be said of the answers: whether they are good enough, the judge says over days. */
function answerLines({ observations: { predictions } }: BatchDay): string[] {
  if (predictions === undefined || predictions.rows === 0) return [];
  const { labels, numbers } = predictions;
  if (labels !== undefined && labels.rows > 0)
    return [`Equal answers: ${percent(labels.agree / labels.rows)} of ${count(labels.rows)}`];
  if (numbers !== undefined && numbers.rows > 0)
    return [
      `Numbers further apart than ${Number(numbers.tolerance.toPrecision(3))}: ${percent(numbers.beyond / numbers.rows)} of ${count(numbers.rows)}`,
    ];
  return [];
}

/** Objects that either side failed on. */
function failedCount({ failedObjects }: BatchDay): number {
  return new Set(failedObjects.map(({ key }) => key)).size;
}

/** For programs: without the sums, which are kept. */
export function batchRunJson(run: BatchRun): object {
  if (run.kind === 'missing') return { result: 'missing', day: run.day };
  if (run.kind !== 'planned') return { result: run.kind, ...dayFacts(run.day), path: run.path };
  const { steps, prices, kind: _, ...plan } = run.plan;
  return {
    result: 'planned',
    plan: {
      ...plan,
      steps: stepsJson(steps),
      hourly: hourlyCost(
        prices,
        plan.jobs.map(({ instanceType, instances }) => ({ instanceType, count: instances })),
      ),
    },
  };
}

function dayFacts(whole: BatchDay) {
  const { from, to, at, ...rest } = whole;
  const { observations: _, schema: __, ...day } = rest;
  return {
    ...day,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    at: new Date(at).toISOString(),
    earlier: day.earlier.map((one) => ({ ...one, at: new Date(one.at).toISOString() })),
    jobs: day.jobs.map(({ start, end, ...job }) => ({
      ...job,
      start: start === undefined ? undefined : new Date(start).toISOString(),
      end: end === undefined ? undefined : new Date(end).toISOString(),
    })),
  };
}

/** The days of a batch, and what stands of it. */
export async function batchStatusLines(io: ViewIo, status: BatchStatus): Promise<string[]> {
  const { batch, candidate, against, days, missing, twice, open, made, holder } = status;
  const lines = [
    candidate === undefined
      ? `Batch ${batch}: ${made.length > 0 ? 'no journal names its candidate, and its cleanup has not ended.' : 'nothing runs, and it was cleaned up.'}`
      : `Batch ${batch}: ${candidate} against ${against}`,
  ];
  if (days.length > 0) {
    const again = new Map(twice.map(({ day, as }) => [day, as]));
    const rows = days.map((day) => [
      day.day,
      count(day.rows.delivered),
      ...ACCOUNT.map(([key]) => count(day.rows[key])),
      day.cost === undefined ? '' : dollars(day.cost),
      [
        day.attempt > 1 ? `attempt ${day.attempt}` : undefined,
        again.has(day.day) ? `the same content as ${again.get(day.day)}` : undefined,
        failedCount(day) > 0 ? `${counted(failedCount(day), 'objects')} failed` : undefined,
      ]
        .filter((one) => one !== undefined)
        .join(', '),
    ]);
    const head = ['day', 'rows', 'judged', 'alone', 'unreadable', 'failed', 'late', 'cost', ''];
    lines.push(await table(io, head, rows, { right: [1, 2, 3, 4, 5, 6, 7] }));
  }
  if (missing.length > 0) lines.push(...wrap(`Missing: ${missing.join(', ')}`, io.columns, '  '));
  for (const { day, attempt, jobs } of open)
    lines.push(
      ...wrap(
        `${day} was begun (attempt ${attempt}) and is not kept: ${jobs.length === 0 ? 'no job of it exists' : jobs.map(({ name, status: at }) => `${name} ${at}`).join(', ')}`,
        io.columns,
        '  ',
      ),
    );
  if (made.length > 0) lines.push(...wrap(`Made: ${made.map(nameOf).join(', ')}`, io.columns, '  '));
  if (holder !== undefined) lines.push(`At work on it: ${describeHolder(holder)}`);
  lines.push(`Days are kept in ${status.path}`);
  return lines;
}

/** A batch as it stands, as `batch status --format json` prints it. */
export function batchStatusJson({ days, open, holder, ...status }: BatchStatus): object {
  return {
    ...status,
    days: days.map(dayFacts),
    open: open.map((one) => ({
      ...one,
      jobs: one.jobs.map(({ name, status: state, started }) => ({
        name,
        status: state,
        started: started === undefined ? undefined : isoSeconds(started),
      })),
    })),
    lock: holder === undefined ? undefined : describeHolder(holder),
  };
}
