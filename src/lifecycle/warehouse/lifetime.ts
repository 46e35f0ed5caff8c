import { hostname } from 'node:os';
import type { WarehousePlan, WarehouseTable } from '../../analysis/compare/warehouse/warehouse.ts';
import type { CapturesThere } from '../../analysis/observe/elsewhere.ts';
import { type Execution, readExecution } from '../../aws/athena.ts';
import type { Aws } from '../../aws/clients.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { createGlueTable, glueDatabase } from '../../aws/glue.ts';
import { bucketExists, deletePrefix } from '../../aws/s3.ts';
import { s3Place } from '../../aws/s3-uri.ts';
import { Problem } from '../../base/errors.ts';
import { isAlive, startOf } from '../../base/process-alive.ts';
import type { AthenaSettings } from '../../base/project.ts';
import { HOUR } from '../../base/units.ts';
import { apply } from '../../resources/apply.ts';
import { lookName, removeResults } from '../../resources/athena-look.ts';
import type { Step } from '../../resources/steps.ts';
import { runBegan, tagList } from '../../resources/tags.ts';
import { existing, type TrackedResource, trackedResource } from '../../state/replay.ts';
import { lockEndpoint, type LockedEndpoint, openRun, type Session } from '../session.ts';
import type { Staged } from './hours.ts';
import { readPart } from './plan.ts';
import type { Queries } from './queries.ts';
import { glueInput } from './tables.ts';
import { requireOutput } from './workgroup.ts';

/*
 * How a look begins and ends: what it writes into the journal, what it makes, and what it deletes.
 */

/** A look that is under way. */
export interface Look {
  session: Session;
  aws: Aws;
  run: string;
  /** Where everything lies that is written for this endpoint; ends with a slash. */
  place: string;
  settings: AthenaSettings;
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

/** What only this look needs: cells, and results. */
export function ownFolder({ place, run }: Pick<Look, 'place' | 'run'>): string {
  return `${place}looks/${run}/`;
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
export async function begin(task: Look, hoursOf: () => Promise<Map<string, Staged>>): Promise<void> {
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

/** Makes the tables that statements name. */
export async function makeTables(task: Look): Promise<void> {
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

/**
 * Ends a look, however it went: its queries are stopped, and what only it needs is deleted. What cannot be is told by the
 * journal, and the next look or a cleanup does it.
 */
export async function finish(task: Look, queries: Queries): Promise<void> {
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
