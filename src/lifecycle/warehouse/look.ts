import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type {
  CompareInWarehouse,
  PlanInWarehouse,
  Warehouse,
  WarehouseCompared,
  WarehousePlan,
  WarehouseRecords,
  WarehouseTable,
} from '../../analysis/compare/warehouse/warehouse.ts';
import { emptyPredictions } from '../../analysis/compare/compare.ts';
import type { CapturesFolder } from '../../analysis/observe/captures.ts';
import type { CapturesThere, ComparedElsewhere } from '../../analysis/observe/elsewhere.ts';
import type { ReadElsewhere } from '../../analysis/observations.ts';
import { type Execution, readExecution, type Workgroup } from '../../aws/athena.ts';
import type { Aws } from '../../aws/clients.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { createGlueTable, glueDatabase } from '../../aws/glue.ts';
import { bucketExists, deletePrefix, listObjects } from '../../aws/s3.ts';
import { putObject } from '../../aws/s3-text.ts';
import { s3Place, s3Uri } from '../../aws/s3-uri.ts';
import { isAlive, startOf } from '../../base/process-alive.ts';
import { Problem, usageError } from '../../base/errors.ts';
import type { AthenaSettings } from '../../base/project.ts';
import { bytes, HOUR } from '../../base/units.ts';
import { apply, newRun } from '../../resources/apply.ts';
import { ourPrefix } from '../../resources/artifact/candidate.ts';
import { lookName, removeResults } from '../../resources/athena-look.ts';
import type { Step } from '../../resources/steps.ts';
import { runBegan, tagList } from '../../resources/tags.ts';
import { existing, type TrackedResource, trackedResource } from '../../state/replay.ts';
import { lockEndpoint, type LockedEndpoint, openRun, type Session } from '../session.ts';
import {
  type Estimate,
  estimate,
  type HourPlan,
  type HoursPlan,
  keptHours,
  planHours,
  type RawHour,
  readPart,
  scanDollars,
  tooMuch,
  wholeMark,
} from './plan.ts';
import { type Queries, queriesIn } from './queries.ts';
import { glueInput, tablePrefix } from './tables.ts';
import { asAthenaProblem, requireOutput, requireWorkgroup } from './workgroup.ts';

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
    for (const { template } of staged) {
      const { kept, broken } = keptHours(await listBelow(aws, `${place}${template}`, signal));
      found.set(template, { ...planHours(raw, kept, run), broken });
    }
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
    ...{ session, aws, run, place, settings, workgroup, there, plan, staged },
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

/** A look that is under way. */
interface Look {
  session: Session;
  aws: Aws;
  run: string;
  /** Where everything lies that is written for this endpoint; ends with a slash. */
  place: string;
  settings: AthenaSettings;
  workgroup: Workgroup;
  there: CapturesThere;
  plan: WarehousePlan;
  /** Tables of staged records. */
  staged: readonly WarehouseTable[];
  /** What of each of these is read and kept, by its template; known once the look has begun. */
  hours: Map<string, Staged>;
  /** Folders of records that were asked for, that are being written, and that are whole: each below `place`. */
  used: Set<string>;
  begun: Set<string>;
  whole: Set<string>;
}

interface Staged extends HoursPlan {
  /** Folders that are not whole. */
  broken: readonly string[];
}

/** Begins the folders of all records, as the tables of a comparison have it. */
const RECORDS = 'records/';
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

/** What only this look needs: cells, and results. */
function ownFolder({ place, run }: Pick<Look, 'place' | 'run'>): string {
  return `${place}looks/${run}/`;
}

async function placeOf(aws: Aws, { output }: AthenaSettings, endpoint: string): Promise<string> {
  const account = await aws.account(endpoint);
  const { region } = aws.target;
  if (output === undefined) return `${ourPrefix(region, account, endpoint)}athena/`;
  return `${output.replace(/\/*$/, '/')}${account}/${region}/${endpoint}/`;
}

function rawHour({ variant, hour, objects }: CapturesFolder): RawHour {
  const read = objects.filter(({ uri }) => isRead(uri));
  return {
    variant,
    hour,
    objects: read.length,
    bytes: read.reduce((sum, one) => sum + one.bytes, 0),
    digest: listingDigest(read),
  };
}

function listingDigest(objects: readonly { uri: string; etag: string; bytes: number }[]): string {
  const lines = objects.map(({ uri, etag, bytes: size }) => `${uri} ${etag} ${size}`).toSorted();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** Athena leaves aside what begins with _ or . (docs/sagemaker-facts.md, "Athena and Glue"). */
function isRead(uri: string): boolean {
  return !/\/[_.][^/]*$/.test(uri);
}

/** A report on this machine reads capture files alone; Athena reads all that lies in their folders. */
function foreignNote(folders: readonly CapturesFolder[]): string[] {
  const foreign = folders.flatMap(({ objects }) =>
    objects.filter(({ uri }) => isRead(uri) && !/\.jsonl(\.gz)?$/.test(uri)),
  );
  const [first] = foreign;
  return first === undefined
    ? []
    : [
        `${foreign.length === 1 ? 'An object' : `${foreign.length} objects`} among the captures ${foreign.length === 1 ? 'is' : 'are'} no capture file (${first.uri}): Athena reads what lies there, and a report on this machine would not.`,
      ];
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

/** Everything below a folder, without the folder's own name. */
async function listBelow(aws: Aws, uri: string, signal?: AbortSignal): Promise<{ path: string; bytes: number }[]> {
  const prefix = s3Place(uri);
  if (prefix === undefined) return [];
  const found: { path: string; bytes: number }[] = [];
  for await (const { key, bytes: size } of listObjects(aws, prefix, signal))
    found.push({ path: key.slice(prefix.key.length), bytes: size });
  return found;
}

/** After so long a look whose process nobody can ask is over: Athena ends a query after half an hour. */
const LONGEST_LOOK = 6 * HOUR;

/** Is the process that a look belongs to known to be gone? */
function isOver({ ref, input }: TrackedResource, now: number): boolean {
  const { host, pid, started } = input;
  const began = Date.parse(runBegan(ref.name.split('/').at(-1) ?? '') ?? '') || 0;
  if (now - began > LONGEST_LOOK) return true;
  if (host !== hostname() || typeof pid !== 'number') return false;
  return pid === process.pid ? false : !isAlive(pid, typeof started === 'string' ? started : undefined);
}

/** Looks of others that may be under way. */
function otherLooks(on: LockedEndpoint, run: string): TrackedResource[] {
  return existing(on.state(), 'athena-look').filter(({ ref }) => !ref.name.endsWith(`/${run}`));
}

/**
 * Writes down that the look begins, and makes what it needs: after that, whatever it leaves is found. What killed looks have
 * left goes first.
 */
async function begin(task: Look, hoursOf: () => Promise<Map<string, Staged>>): Promise<void> {
  const { session, aws, run, place, there } = task;
  const words = { endpoint: there.endpoint, command: 'report' };
  await lockEndpoint(session, words, async (on) => {
    const journaled = await openRun(on, 'report --engine athena', run);
    for (const { ref } of otherLooks(on, run).filter((one) => isOver(one, session.clock.now()))) {
      await deletePrefix(aws, ownFolder({ place, run: ref.name.split('/').at(-1) ?? '' }));
      await apply(journaled, { action: 'delete', kind: 'athena-look', name: ref.name });
    }
    for (const step of await stepsOf(task, on)) await apply(journaled, step);
    // From here on nobody else deletes what it reads: what was deleted meanwhile is read again.
    task.hours = await hoursOf();
  });
}

async function stepsOf({ session, aws, run, place, settings, there }: Look, on: LockedEndpoint): Promise<Step[]> {
  const steps: Step[] = [];
  const { bucket } = s3Place(place) ?? { bucket: '' };
  if (settings.output !== undefined) await requireOutput(aws, bucket);
  else if (!(await bucketExists(aws, bucket))) steps.push({ action: 'create', kind: 's3-bucket', name: bucket });
  if (trackedResource(on.state(), { kind: 'athena-data', name: place })?.state !== 'exists')
    steps.push({ action: 'create', kind: 'athena-data', name: place });
  if ((await glueDatabase(aws, settings.database)) === undefined)
    steps.push({
      action: 'create',
      kind: 'glue-database',
      name: settings.database,
      input: await owned(session, there, run),
    });
  const { database, workgroup } = settings;
  const started = startOf(process.pid);
  steps.push({
    action: 'create',
    kind: 'athena-look',
    name: lookName({ database, workgroup, run }),
    input: { host: hostname(), pid: process.pid, ...(started !== undefined && { started }) },
  });
  return steps;
}

/** What says whose a database or a table is: a table takes no tags. */
async function owned(session: Session, { endpoint }: CapturesThere, run: string) {
  const { name, tags } = await session.project();
  const list = tagList({ project: name, endpoint, run }, tags).map(({ Key, Value }) => [Key, Value] as const);
  const own = Object.fromEntries(list);
  return { parameters: own, tags: own };
}

async function makeTables(task: Look): Promise<void> {
  const { session, aws, run, place, settings, there, plan, staged, hours } = task;
  const { parameters } = await owned(session, there, run);
  const all = there.folders.map(({ hour }) => hour).toSorted();
  const range = [all[0] ?? '', all.at(-1) ?? ''] as const;
  for (const table of plan.tables) {
    const parts = staged.includes(table) ? hours.get(table.template)?.hours.map(({ part }) => part) : undefined;
    const root = table.format === 'lines' ? there.root : parts === undefined ? ownFolder(task) : place;
    await createGlueTable(aws, settings.database, glueInput(table, { root, hours: range, parts, parameters }));
  }
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
        const hour = hourOf(task, table, folder);
        if (hour === undefined) return;
        const part = `${table.template}${hour.part}`;
        task.used.add(part);
        if (hour.kept !== undefined) return;
        const into = `${task.place}${part}/`;
        task.begun.add(part);
        await queries.run(unloadOf(select, into), about);
        if (await markWhole(task, hour, into)) task.whole.add(part);
      }),
  };
}

/** The hour that a comparison names by its folder, `records/…/shadow/2026/11/30/09/`; undefined where nothing was captured. */
function hourOf({ hours }: Look, { template }: WarehouseTable, folder: string): HourPlan | undefined {
  const [, variant, hour] = /^([^/]+)\/(.+?)\/?$/.exec(folder.slice(template.length)) ?? [];
  return hours.get(template)?.hours.find((one) => one.variant === variant && one.hour === hour);
}

function unloadOf(select: string, into: string): string {
  return `UNLOAD (\n${select}\n)\nTO '${into.replaceAll("'", "''")}'\nWITH (format = 'PARQUET')`;
}

/**
 * Writes down that the records of an hour are whole, where its captures are as they were when the look began. A capture that
 * has come meanwhile is in no look that this one's records are kept for. @returns whether they are kept
 */
async function markWhole({ aws, there, session }: Look, hour: HourPlan, into: string): Promise<boolean> {
  const root = s3Place(there.root);
  if (root === undefined) return false;
  const now: { uri: string; etag: string; bytes: number }[] = [];
  const prefix = { bucket: root.bucket, key: `${root.key}${hour.variant}/${hour.hour}/` };
  for await (const { key, etag, bytes: size } of listObjects(aws, prefix, session.signal))
    now.push({ uri: s3Uri({ bucket: root.bucket, key }), etag, bytes: size });
  if (listingDigest(now.filter(({ uri }) => isRead(uri))) !== hour.digest) return false;
  const written = await listBelow(aws, into, session.signal);
  const size = written.reduce((sum, one) => sum + one.bytes, 0);
  await putObject(aws, `${into}${wholeMark(written.length, size)}`, { body: '', type: 'text/plain' });
  return true;
}

/**
 * Ends a look, however it went: its queries are stopped, and what only it needs is deleted. What cannot be is told by the
 * journal, and the next look or a cleanup does it.
 */
async function finish(task: Look, queries: Queries): Promise<void> {
  const { session, aws, run, place, settings, there, hours, begun, whole } = task;
  // An interrupt ends the work, not the tidying up.
  const calm: Session = { ...session, signal: new AbortController().signal };
  try {
    await queries.stop();
    for (const one of queries.begun) await removeResults(aws, await withOutput(aws, one));
    const name = lookName({ database: settings.database, workgroup: settings.workgroup, run });
    await lockEndpoint(calm, { endpoint: there.endpoint, command: 'report' }, async (on) => {
      await deletePrefix(aws, ownFolder(task));
      const unfinished = [...begun].filter((part) => !whole.has(part));
      // What another look may be reading stays.
      const alone = otherLooks(on, run).length === 0;
      const others = [...hours].flatMap(([template, { stale, broken }]) =>
        [...stale.map(({ part }) => part), ...broken.filter((part) => readPart(part) !== undefined)].map(
          (part) => `${template}${part}`,
        ),
      );
      for (const part of [...unfinished, ...(alone ? others : [])]) await deletePrefix(aws, `${place}${part}/`);
      const journaled = { aws, journal: on.journal, clock: calm.clock, signal: calm.signal, id: run };
      await apply(journaled, { action: 'delete', kind: 'athena-look', name });
    });
  } catch (error) {
    // Whatever keeps it from tidying up must not hide what the look came to, or why it failed.
    if (!(error instanceof Problem)) throw error;
    session.emit({ kind: 'look-left', run, words: error.message });
  }
}

/** Where the results of a query lie, which it does not say before it has run. */
async function withOutput(aws: Aws, one: Execution): Promise<Execution> {
  if (one.output !== undefined) return one;
  try {
    return await readExecution(aws, one.id);
  } catch (error) {
    if (error instanceof AwsProblem) return one;
    throw error;
  }
}
