import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  CompareInWarehouse,
  PlanInWarehouse,
  Warehouse,
  WarehouseCompared,
  WarehousePlan,
  WarehouseRecords,
} from '../../analysis/compare/warehouse/warehouse.ts';
import { emptyPredictions } from '../../analysis/compare/compare.ts';
import type { CapturesThere, ComparedElsewhere } from '../../analysis/observe/elsewhere.ts';
import type { ReadElsewhere } from '../../analysis/observations.ts';
import type { Workgroup } from '../../aws/athena.ts';
import type { Aws } from '../../aws/clients.ts';
import { putObject } from '../../aws/s3-text.ts';
import { usageError } from '../../base/errors.ts';
import type { AthenaSettings } from '../../base/project.ts';
import { bytes } from '../../base/units.ts';
import { newRun } from '../../resources/apply.ts';
import { ourPrefix } from '../../resources/artifact/candidate.ts';
import type { Session } from '../session.ts';
import { foreignNote, hourOf, markWhole, rawHour, type Staged, stagedHours } from './hours.ts';
import { begin, finish, type Look, makeTables, ownFolder } from './lifetime.ts';
import { type Estimate, estimate, type HoursPlan, type RawHour, scanDollars, tooMuch } from './plan.ts';
import { type Queries, queriesIn } from './queries.ts';
import { tablePrefix } from './tables.ts';
import { asAthenaProblem, requireWorkgroup } from './workgroup.ts';

/** How captures are compared in a warehouse: what `analysis/compare/warehouse` does. */
export interface Comparison {
  plan: PlanInWarehouse;
  compare: CompareInWarehouse;
}

/** What a look will read and cost, before its first query. */
export interface Expected extends Estimate {
  workgroup: string;
  price: number;
  /** Where evidence and results go, an `s3://` URI. */
  output: string;
}

export interface LookOptions {
  settings: AthenaSettings;
  comparison: Comparison;
  /** Is told before the first query; throws where it must not run. */
  before(expected: Expected): Promise<void>;
}

/** Requests that are compared here, where SQL cannot read or compare their answers. */
const SAMPLE = 20_000;

/**
 * Has captures compared by Athena, where they lie: what earlier looks have read is not read again, and of all that this one
 * makes only the records of hours stay, until cleanup. Interrupted or failed, it stops its queries and tidies up; killed, the
 * next command does, for the journal has it.
 * @throws Problem
 */
export async function compareByAthena(
  session: Session,
  there: CapturesThere,
  options: LookOptions,
): Promise<ComparedElsewhere> {
  try {
    return await look(session, there, options);
  } catch (error) {
    throw asAthenaProblem(error);
  }
}

async function look(session: Session, there: CapturesThere, options: LookOptions): Promise<ComparedElsewhere> {
  const { settings, comparison, before } = options;
  const { signal, clock } = session;
  const { endpoint, variants, root } = there;
  const aws = await session.aws();
  const workgroup = await requireWorkgroup(aws, settings.workgroup, signal);
  const place = await placeOf(aws, settings, endpoint);
  const run = newRun(clock);
  const raw = there.folders.map(rawHour);
  const { records, window, notes } = await there.sample();
  if (raw.every(({ objects }) => objects === 0))
    return { predictions: emptyPredictions(there.comparison), notes, engine: nothingRead(settings) };
  const asked: WarehouseRecords = {
    prefix: tablePrefix(endpoint, root, run),
    variants,
    hours: [...new Set(raw.map(({ hour }) => hour))].toSorted(),
    window,
    sampling: there.sampling,
    files: filesOf(there),
    requests: nextPower(there.requests ?? weightOf(raw, variants.production) / BYTES_A_REQUEST),
    sample: records,
  };
  const plan = comparison.plan(asked, there.comparison, { sample: SAMPLE });
  const staged = plan.tables.filter(({ template }) => template.startsWith(RECORDS));
  const planned = staged.filter(({ template }) => plan.folders.some((folder) => folder.startsWith(template)));
  const hoursOf = async () => {
    const found = new Map<string, Staged>();
    for (const { template } of staged)
      found.set(template, await stagedHours(aws, `${place}${template}`, { raw, run }, signal));
    return found;
  };
  const now = await hoursOf();
  const expected = expectedOf(
    planned.flatMap(({ template }) => now.get(template) ?? []),
    plan,
    settings,
  );
  requireWithin(expected, settings, workgroup);
  await before({ ...expected, workgroup: workgroup.name, price: settings.price, output: place });
  const task: Look = {
    ...{ session, aws, run, place, settings, there, plan, staged },
    hours: new Map(),
    used: new Set(),
    begun: new Set(),
    whole: new Set(),
  };
  await begin(task, hoursOf);
  const queries = queriesIn({
    aws,
    clock,
    run,
    workgroup,
    database: settings.database,
    // Where the workgroup says where results go, whatever is asked, it must not be asked.
    output: workgroup.enforced || workgroup.managed ? undefined : `${ownFolder(task)}results/`,
    kmsKey: settings.kmsKey,
    captures: root,
    maxScan: settings.maxScan,
    signal,
    ended: (about, done) =>
      there.comparison.progress?.({ step: 'asking-athena', about, done, of: Math.max(done, expected.queries) }),
  });
  const folder = await mkdtemp(join(there.comparison.spill, 'athena-'));
  try {
    await makeTables(task);
    const warehouse = warehouseOf(task, queries);
    const compared = await comparison.compare(warehouse, asked, there.comparison, { sample: SAMPLE, folder });
    const { queries: count, scanned, billed } = queries.meter;
    const plans = [...task.hours].flatMap(([template, { hours }]) =>
      hours.filter(({ part }) => task.used.has(`${template}${part}`)),
    );
    const engine: ReadElsewhere = {
      name: 'athena',
      workgroup: workgroup.name,
      database: settings.database,
      queries: count,
      scanned,
      billed,
      dollars: scanDollars(billed, settings.price),
      expected: { queries: expected.queries, bytes: expected.bytes, dollars: expected.dollars },
      hours: {
        read: plans.filter(({ kept }) => kept === undefined).length,
        kept: plans.filter(({ kept }) => kept !== undefined).length,
      },
      ...(compared.sampled && { sampled: sampledFacts(compared.sampled) }),
    };
    return {
      predictions: compared.predictions,
      notes: [...notes, ...foreignNote(there.folders), ...compared.notes],
      engine,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
    await finish(task, queries);
  }
}

/** Begins the folders of all records, as the tables of a comparison have it. */
const RECORDS = 'records/';

async function placeOf(aws: Aws, { output }: AthenaSettings, endpoint: string): Promise<string> {
  const account = await aws.account(endpoint);
  const { region } = aws.target;
  if (output === undefined) return `${ourPrefix(region, account, endpoint)}athena/`;
  return `${output.replace(/\/*$/, '/')}${account}/${region}/${endpoint}/`;
}

/** A capture of few features, with its answer; where CloudWatch does not tell how many requests there were. */
const BYTES_A_REQUEST = 1_000;

function filesOf({ folders, variants }: CapturesThere): WarehouseRecords['files'] {
  const of = (variant: string) =>
    folders.reduce((sum, one) => sum + (one.variant === variant ? one.objects.length : 0), 0);
  return { production: of(variants.production), shadow: of(variants.shadow) };
}

function weightOf(raw: readonly RawHour[], variant: string): number {
  return raw.reduce((sum, one) => sum + (one.variant === variant ? one.bytes : 0), 0);
}

/** The next power of two: how many requests there are decides what is kept of a sample, and a few more must not have all read anew. */
function nextPower(requests: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, requests)));
}

function sampledFacts({ requests, of, why }: NonNullable<WarehouseCompared['sampled']>): ReadElsewhere['sampled'] {
  return { requests, of, why };
}

function nothingRead({ workgroup, database }: AthenaSettings): ReadElsewhere {
  const none = { queries: 0, bytes: 0, dollars: 0 };
  const counts = { queries: 0, scanned: 0, billed: 0, dollars: 0 };
  return { name: 'athena', workgroup, database, ...counts, expected: none, hours: { read: 0, kept: 0 } };
}

function expectedOf(all: readonly HoursPlan[], plan: WarehousePlan, { price }: AthenaSettings): Estimate {
  const hours = all.flatMap((one) => one.hours);
  return estimate({ hours }, all.length, plan.statements, price);
}

/** @throws Problem (usage) where a look would scan more than it may */
function requireWithin(expected: Estimate, settings: AthenaSettings, workgroup: Workgroup): void {
  const found = tooMuch(expected, settings, workgroup.cutoff);
  if (found === undefined) return;
  if (found.kind === 'max-scan')
    throw usageError(
      `Athena would scan about ${bytes(found.bytes)} for this report, and athena.maxScan in shadowctl.yaml permits ${bytes(found.limit)}. Nothing was begun.`,
      'Raise athena.maxScan, shorten the window (--last), or judge without Athena: --engine local.',
    );
  throw usageError(
    `A query of this report would scan about ${bytes(found.largest)}, and workgroup "${workgroup.name}" cancels one that scans more than ${bytes(found.limit)}. Nothing was begun.`,
    'Raise the scan limit of the workgroup, name another as athena.workgroup in shadowctl.yaml, or judge without Athena: --engine local.',
  );
}

/** Athena, as comparisons know a warehouse. */
function warehouseOf(task: Look, queries: Queries): Warehouse {
  return {
    async rows(questions) {
      const answers: Awaited<ReturnType<Queries['rows']>>[] = questions.map(() => []);
      await queries.together([...questions.entries()], async ([index, { sql, about }]) => {
        answers[index] = await queries.rows(sql, about);
      });
      return answers;
    },
    unload: (writes) =>
      queries.together(writes, async ({ select, folder, about }) => {
        const table = task.staged.find(({ template }) => folder.startsWith(template));
        if (table === undefined) {
          await queries.run(unloadOf(select, `${ownFolder(task)}${folder}`), about);
          return;
        }
        const hours = task.hours.get(table.template);
        const hour = hours && hourOf(hours, folder.slice(table.template.length));
        if (hour === undefined) return;
        const part = `${table.template}${hour.part}`;
        task.used.add(part);
        if (hour.kept !== undefined) return;
        const into = `${task.place}${part}/`;
        task.begun.add(part);
        await queries.run(unloadOf(select, into), about);
        if (
          await markWhole(task.aws, task.there.root, { hour, into, kmsKey: task.settings.kmsKey }, task.session.signal)
        )
          task.whole.add(part);
      }),
    put: ({ path, body }) =>
      putObject(
        task.aws,
        `${ownFolder(task)}${path}`,
        { body, type: 'application/vnd.apache.parquet', kmsKey: task.settings.kmsKey },
        task.session.signal,
      ),
  };
}

function unloadOf(select: string, into: string): string {
  return `UNLOAD (\n${select}\n)\nTO '${into.replaceAll("'", "''")}'\nWITH (format = 'PARQUET')`;
}
