import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { usageError } from '../../../base/errors.ts';
import { dateAndTime } from '../../../base/units.ts';
import { LIVE_FOLDER } from '../../mirrored/record.ts';
import { readRemoved, REMOVED_FILE, type Removed } from '../../mirrored/removed.ts';
import { type MirrorRun, readRun, runOfFile, RUNS_FOLDER } from '../../mirrored/run.ts';

/** A run of a mirror, and what a bound on the folder has removed of its records. */
export interface FoundRun extends MirrorRun {
  removed: Removed[string] | undefined;
}

/** A record file, and the run of the mirror that wrote it. */
export interface RecordFile {
  path: string;
  run: FoundRun;
}

/** The records of a mirror, as they lie in a folder. */
export interface MirrorFolder {
  runs: readonly FoundRun[];
  /** The side that callers got their answers from, and the shadow that is judged. */
  live: readonly RecordFile[];
  shadow: readonly RecordFile[];
  name: string;
  /** Record files of runs of which nothing says how far they are whole. */
  orphans: number;
  /** Other pairs of sides that were recorded under the same names before. */
  others: readonly string[];
  /** Records of the same pair lie before those of others, and are left out with them. */
  resumed: boolean;
  /** The shadow answered before the live side was promoted, and is the way back. */
  wayBack: boolean;
  /** The newest run, where its live side or this shadow is another, or this shadow is none of its own any more. */
  since: FoundRun | undefined;
}

/** Whether a mirror has written this folder. */
export async function isMirrorFolder(path: string): Promise<boolean> {
  return (await runFiles(path)).length > 0;
}

/**
 * Finds the records of the live side and of one shadow.
 *
 * @param variants `live` and the shadow's name, where there are several shadows
 * @throws Problem (usage) where it cannot be told which shadow is meant, as after a promotion: what answered before is judged only
 * where it is named
 */
export async function openMirrorFolder(
  path: string,
  variants: readonly [production: string, shadow: string] | undefined,
): Promise<MirrorFolder> {
  const runs: FoundRun[] = [];
  const removed = await removedOf(path);
  for (const file of await runFiles(path)) {
    const run = readRun(await readFile(file, 'utf8'));
    if (run === undefined)
      throw usageError(
        `${file} says nothing of a mirror's records that this version can read.`,
        'Use the version of shadowctl that recorded them, or a newer one.',
      );
    runs.push({ ...run, removed: removed[run.run] });
  }
  runs.sort((a, b) => a.from - b.from);
  const names = [...new Set(runs.flatMap(({ shadows }) => shadows.map(({ name }) => name)))];
  const newest = runs.at(-1);
  const present = newest?.shadows ?? [];
  const candidates = present.filter(({ wayBack }) => wayBack !== true);
  const back = present.find(({ wayBack }) => wayBack === true);
  const name =
    variants?.[1] ??
    (candidates.length === 1 ? candidates[0]?.name : names.length === 1 && back === undefined ? names[0] : undefined);
  const listed = names.join(', ');
  if (name === undefined && back !== undefined && candidates.length === 0)
    throw usageError(
      `${path}: ${newest?.live} was promoted and answers since ${dateAndTime(newest?.from ?? 0)} UTC. The only shadow is ${back.name}, which answered before: it is the way back, and no candidate.`,
      `Name what is to be judged: --variants ${LIVE_FOLDER},${back.name} for the way back${names
        .filter((one) => one !== back.name)
        .map((one) => `, --variants ${LIVE_FOLDER},${one} for what was recorded of ${one} before`)
        .join('')}.`,
    );
  if (name === undefined)
    throw usageError(
      `${path} holds the records of several shadows: ${listed}.`,
      `Name one with --variants ${LIVE_FOLDER},NAME.`,
    );
  if (!names.includes(name) || (variants !== undefined && variants[0] !== LIVE_FOLDER))
    throw usageError(
      `${path} has no records of '${variants?.join(',')}'; it has ${LIVE_FOLDER}, and of shadows ${listed}.`,
      `Name them with --variants ${LIVE_FOLDER},NAME.`,
    );
  const [live, shadow] = [await filesOf(path, LIVE_FOLDER, runs), await filesOf(path, name, runs)];
  const { same, others, resumed } = sameSides(runs, name);
  const last = same.at(-1);
  const of = (files: readonly RecordFile[]) => files.filter(({ run }) => same.includes(run));
  return {
    runs: same,
    live: of(live.files),
    shadow: of(shadow.files),
    name,
    orphans: live.orphans + shadow.orphans,
    others,
    resumed,
    wayBack: last?.shadows.find((one) => one.name === name)?.wayBack === true,
    since: newest === undefined || last === undefined || same.includes(newest) ? undefined : newest,
  };
}

/**
 * The runs of the same two sides, back to where either was another one: a name may come to mean another server, as after a
 * promotion, and evidence belongs to the one that gave it. What lies behind that does not count even where the addresses are the
 * same: whoever deploys to two addresses by turns has the same pair again after two promotions, with two other models.
 */
function sameSides(runs: readonly FoundRun[], name: string): { same: FoundRun[]; others: string[]; resumed: boolean } {
  const sideIn = ({ shadows }: MirrorRun) => shadows.find((one) => one.name === name)?.url;
  const last = runs.findLast((run) => sideIn(run) !== undefined);
  if (last === undefined) return { same: [], others: [], resumed: false };
  const isSame = (run: MirrorRun) => run.live === last.live && sideIn(run) === sideIn(last);
  // What has no such shadow, or never wrote anything down, tells nothing of it.
  const told = (run: MirrorRun) => sideIn(run) !== undefined && run.wholeUntil > run.from;
  const cut = runs.findLastIndex((run) => told(run) && !isSame(run));
  const before = runs.slice(0, cut + 1).filter(told);
  const others = before.filter((run) => !isSame(run));
  return {
    same: runs.slice(cut + 1).filter(isSame),
    others: [...new Set(others.map((run) => `${name} at ${sideIn(run)} beside ${run.live}`))],
    resumed: others.length < before.length,
  };
}

/** The newest run that this folder knows; undefined where none can be read. */
export async function lastRun(path: string): Promise<MirrorRun | undefined> {
  const runs: MirrorRun[] = [];
  for (const file of await runFiles(path)) {
    const run = readRun(await readFile(file, 'utf8'));
    if (run !== undefined) runs.push(run);
  }
  return runs.toSorted((a, b) => a.from - b.from).at(-1);
}

/** @throws Problem (usage) where that is written down in a way that cannot be read */
async function removedOf(folder: string): Promise<Removed> {
  const path = join(folder, REMOVED_FILE);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const removed = text === undefined ? {} : readRemoved(text);
  if (removed !== undefined) return removed;
  throw usageError(
    `${path} says nothing that this version can read of what was removed.`,
    'Use the version of shadowctl that recorded these, or a newer one.',
  );
}

async function runFiles(path: string): Promise<string[]> {
  const folder = join(path, RUNS_FOLDER);
  const entries = await readdir(folder).catch(() => []);
  return entries
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(folder, name))
    .sort();
}

async function filesOf(
  path: string,
  side: string,
  runs: readonly FoundRun[],
): Promise<{ files: RecordFile[]; orphans: number }> {
  const names = await readdir(join(path, side)).catch(() => [] as string[]);
  const all = new Set(names);
  const files: RecordFile[] = [];
  let orphans = 0;
  for (const name of names.toSorted()) {
    if (!/\.jsonl(\.gz)?$/.test(name)) continue;
    // Packed a moment ago: the plain file is about to go, and holds the same.
    if (name.endsWith('.gz') && all.has(name.slice(0, -3))) continue;
    const run = runs.find((one) => one.run === runOfFile(name));
    if (run === undefined) orphans += 1;
    else files.push({ path: join(path, side, name), run });
  }
  return { files, orphans };
}

/** Whether records of this time are whole, as far as their run tells: not still to come, not in a gap, and not removed. */
export function placeOf(run: FoundRun, at: number): 'whole' | 'open' | 'gap' | 'removed' {
  if (at < (run.removed?.until ?? 0)) return 'removed';
  if (at >= run.wholeUntil) return 'open';
  return run.gaps.some(({ from, to }) => at >= from && at <= to) ? 'gap' : 'whole';
}
