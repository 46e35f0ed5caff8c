import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { count, counted, dateAndTime, milliseconds, MINUTE, percent } from '../../../base/units.ts';
import { withSpill } from '../../compare/spill.ts';
import { LIVE_FOLDER, LOSSES, type Loss, type RecordFacts } from '../../mirrored/record.ts';
import type { Observations, Window } from '../../observations.ts';
import type { Predictions } from '../../predictions.ts';
import type { QuantileMargins } from '../exceedances.ts';
import { linesOf } from '../../mirrored/lines.ts';
import { type FoundRun, type MirrorFolder, openMirrorFolder, placeOf, type RecordFile } from './folder.ts';
import { streamNotes, StreamTable } from './streams.ts';
import { isWell, metricsOf, PairTable, SideTable } from './table.ts';

export interface FromMirrorOptions {
  path: string;
  variants: readonly [production: string, shadow: string] | undefined;
  /** Undefined: all that is whole. */
  window: Window | undefined;
  latency: QuantileMargins;
  /** Where files without what does not count are written. */
  spill: string;
}

/** Compares the answers in these files. */
type Compare = (found: {
  names: readonly [string, string];
  production: { files: readonly string[] };
  shadow: { files: readonly string[] };
  notes: readonly string[];
}) => Promise<Observations>;

/**
 * Observations from the records of a mirror: answers as from captures, and of each request how it ended and how long it took,
 * on both sides. What the shadow left unanswered has a record without an answer, and counts against it; pairs that the mirror
 * itself lost are left out on both sides, and lower the coverage.
 */
export async function collectFromMirror(options: FromMirrorOptions, compare: Compare): Promise<Observations> {
  const folder = await openMirrorFolder(options.path, options.variants);
  // Of one that runs no more, because another came after it, nothing is still to come.
  const running = folder.since === undefined ? folder.runs.at(-1) : undefined;
  const runs = folder.runs.map((run) => (run === running ? wholeMinutes(run) : run));
  const runIndex = new Map(runs.map((run, i) => [run.run, { run, i }] as const));
  const replay = runs.findLast(({ kind }) => kind === 'replay')?.replay;
  const sides = {
    live: await readSide(folder.live, runIndex, options.window, replay?.statuses === false ? assumedWell : asWritten),
    shadow: await readSide(folder.shadow, runIndex, options.window, asWritten),
  };
  const lost = new Map<number, Loss>();
  for (const { losses } of [sides.live, sides.shadow])
    for (const [key, loss] of losses) if (!lost.has(key)) lost.set(key, loss);
  for (const [key, facts] of sides.live.facts)
    if (speaksForShadow(facts, sides.shadow.facts.get(key)) && !lost.has(key)) lost.set(key, 'live-copy');
  const production = new SideTable();
  const shadow = new SideTable();
  const pairs = new PairTable();
  const streams = { production: new StreamTable(), shadow: new StreamTable() };
  const mine = new Set<number>();
  for (const [key, facts] of sides.live.facts) {
    if (!facts.copies.includes(folder.name)) continue;
    mine.add(key);
    if (lost.has(key)) continue;
    production.add(facts, 0);
    streams.production.add(facts);
    const other = sides.shadow.facts.get(key);
    if (other !== undefined) pairs.add(facts, other, waitedFor(other, folder, runIndex));
  }
  for (const [key, facts] of sides.shadow.facts) {
    if (lost.has(key) || !mine.has(key)) continue;
    shadow.add(facts, waitedFor(facts, folder, runIndex));
    streams.shadow.add(facts);
  }
  const chats = { production: streams.production.sums(), shadow: streams.shadow.sums() };
  const isKept = (key: number) => mine.has(key) && !lost.has(key);
  const found = await withSpill(options.spill, async (spill) =>
    compare({
      names: [LIVE_FOLDER, folder.name],
      production: {
        files: await keptFiles(folder.live, sides.live, isKept, runIndex, options.window, join(spill, 'live')),
      },
      shadow: {
        files: await keptFiles(folder.shadow, sides.shadow, isKept, runIndex, options.window, join(spill, 'shadow')),
      },
      notes: [],
    }),
  );
  const lostHere = [...lost].filter(([key]) => mine.has(key));
  const inGaps = gapLosses(runs, sides.live.inGaps, options.window);
  const gone = lostHere.length + inGaps;
  const kept = mine.size - lostHere.length;
  return {
    ...found,
    ...(byCallers(runs) ? { loggedBy: 'callers' as const } : sidesOf(found, folder)),
    ...(replay === undefined
      ? {}
      : { replayed: { speed: replay.speed, latencies: replay.latencies, statuses: replay.statuses } }),
    metrics: metricsOf(production, shadow, pairs, options.latency),
    predictions: found.predictions && covered(found.predictions, kept, gone),
    ...(chats.production === undefined && chats.shadow === undefined ? {} : { streams: chats }),
    notes: [
      ...notesOf(folder, runs, lostHere, inGaps, kept),
      ...streamNotes([
        [LIVE_FOLDER, chats.production],
        [folder.name, chats.shadow],
      ]),
      ...dividedNotes(folder.name, [...sides.live.facts.values()]),
      ...found.notes,
    ],
  };
}

/** A mirror knows no models: a side is where it was asked. */
function sidesOf(found: Observations, { runs, name, since, wayBack }: MirrorFolder): Partial<Observations> {
  const last = runs.at(-1);
  const side = last?.shadows.find((one) => one.name === name)?.url;
  return {
    production: { ...found.production, model: last?.live },
    shadow: found.shadow && { ...found.shadow, model: side },
    ...(since !== undefined ? { sides: 'earlier' } : wayBack ? { sides: 'way-back' } : {}),
  };
}

/**
 * A copy that the live side did not answer, or refused, of a request that the shadow answered well: nobody asked the live side for
 * more than a copy, so its failure must not make the shadow look better. Where the shadow failed as well, both did.
 */
function speaksForShadow(live: RecordFacts, shadow: RecordFacts | undefined): boolean {
  if (live.answered === undefined || live.outcome === 'lost' || isWell(live)) return false;
  return shadow !== undefined && isWell(shadow);
}

/** Who answered callers, where that was not the live side alone. */
function dividedNotes(name: string, live: readonly RecordFacts[]): string[] {
  const answered = live.filter((one) => one.answered === name).length;
  const fell = live.filter((one) => one.fell !== undefined && one.failed === name).length;
  if (answered === 0 && fell === 0) return [];
  return [
    `Of these requests ${count(answered)} were ${name}'s to answer, and the live side got the copies${fell === 0 ? '' : `; ${count(fell)} more it failed, and the live side answered them`}.`,
  ];
}

/** What is read of one side, by request. */
interface Side {
  facts: ReadonlyMap<number, RecordFacts>;
  /** Requests that do not count, and why. */
  losses: ReadonlyMap<number, Loss>;
  /** Records that are there, in times of which others are not. */
  inGaps: number;
  /** Files in which everything counts, as far as their own side knows. */
  clean: ReadonlySet<string>;
}

type Runs = ReadonlyMap<string, { run: FoundRun; i: number }>;

/** While a mirror runs, minutes are looked at whole: what a look has seen stays as it was. */
function wholeMinutes(run: FoundRun): FoundRun {
  return run.ended ? run : { ...run, wholeUntil: Math.floor(run.wholeUntil / MINUTE) * MINUTE };
}

const asWritten = (facts: RecordFacts): RecordFacts => facts;

/** Of a recording without statuses: what was answered is taken for answered well, so that a failure of the shadow counts. */
function assumedWell(facts: RecordFacts): RecordFacts {
  return facts.outcome === 'answered' && facts.status === undefined ? { ...facts, status: 200 } : facts;
}

async function readSide(
  files: readonly RecordFile[],
  runs: Runs,
  window: Window | undefined,
  read: (facts: RecordFacts) => RecordFacts,
): Promise<Side> {
  const facts = new Map<number, RecordFacts>();
  const losses = new Map<number, Loss>();
  const clean = new Set<string>();
  let inGaps = 0;
  for (const file of files) {
    let whole = true;
    for await (const line of linesOf(file)) {
      const state = line.facts === undefined ? 'unreadable' : stateOf(line.facts, file, runs, window);
      if (state === 'gap') inGaps += 1;
      if (state !== 'whole') whole = false;
      if (state !== 'whole' || line.facts === undefined) continue;
      const key = keyOf(line.facts, runs);
      facts.set(key, read(line.facts));
      if (line.facts.outcome === 'lost') losses.set(key, line.facts.loss ?? 'memory');
    }
    if (whole) clean.add(file.path);
  }
  return { facts, losses, inGaps, clean };
}

function stateOf(
  { at }: RecordFacts,
  file: RecordFile,
  runs: Runs,
  window: Window | undefined,
): 'whole' | 'open' | 'gap' | 'removed' | 'outside' {
  if (window !== undefined && (at < window.from || at >= window.to)) return 'outside';
  return placeOf(runs.get(file.run.run)?.run ?? file.run, at);
}

/** The mirror's number of a request is unique in its run. */
function keyOf({ id }: RecordFacts, runs: Runs): number {
  const at = id.lastIndexOf('-');
  return (runs.get(id.slice(0, at))?.i ?? 0) * 2 ** 40 + Number.parseInt(id.slice(at + 1), 36);
}

function waitedFor({ id }: RecordFacts, { name }: MirrorFolder, runs: Runs): number {
  const run = runs.get(id.slice(0, id.lastIndexOf('-')))?.run;
  return run?.shadows.find((one) => one.name === name)?.timeoutMs ?? 0;
}

/** The files as they are compared: those in which something does not count are written anew without it. */
async function keptFiles(
  files: readonly RecordFile[],
  side: Side,
  isKept: (key: number) => boolean,
  runs: Runs,
  window: Window | undefined,
  into: string,
): Promise<string[]> {
  const all = [...side.facts.keys()].every(isKept);
  const kept: string[] = [];
  for (const [i, file] of files.entries()) {
    // Of a mirror that runs, a plain file may grow, or be packed, while it is read.
    const stands = file.run.ended || file.path.endsWith('.gz');
    if (all && stands && side.clean.has(file.path)) {
      kept.push(file.path);
      continue;
    }
    const path = `${into}-${i}.jsonl`;
    const out = createWriteStream(path);
    for await (const { text, facts } of linesOf(file)) {
      // What cannot be read is handed on, to be counted as that.
      if (facts !== undefined && (stateOf(facts, file, runs, window) !== 'whole' || !isKept(keyOf(facts, runs))))
        continue;
      if (!out.write(`${text}\n`)) await once(out, 'drain');
    }
    out.end();
    await once(out, 'finish');
    kept.push(path);
  }
  return kept;
}

/** Requests that gaps took away: those of which a record is there, and as many as records could not be written. */
function gapLosses(runs: readonly FoundRun[], seen: number, window: Window | undefined): number {
  const gaps = runs.flatMap(({ gaps: own, removed }) => own.filter(({ to }) => to >= (removed?.until ?? 0)));
  const inside = gaps.filter(({ from, to }) => window === undefined || (to >= window.from && from < window.to));
  return seen + inside.reduce((sum, { records }) => sum + records, 0);
}

/** Pairs that the mirror lost are such as it should have had. */
function covered(predictions: Predictions, kept: number, lost: number): Predictions {
  if (lost === 0) return predictions;
  const { coverage, alternatives } = predictions;
  return {
    ...predictions,
    coverage: coverage === undefined ? undefined : (coverage * kept) / (kept + lost),
    alternatives: alternatives?.map((one) => covered(one, kept, lost)),
  };
}

/** Whether any of these records is what somebody said, and not what the mirror saw. */
function byCallers(runs: readonly FoundRun[]): boolean {
  return runs.some(({ kind }) => kind === 'record');
}

const LOST_WORDS: Readonly<Record<Loss, string>> = {
  memory: 'no memory was left for them',
  'request-size': 'their request was too large to be kept',
  'answer-size': 'their live answer was too large to be kept',
  disk: 'they could not be written',
  'client-gone': 'the caller went away',
  'not-sent': 'the live side did not take their whole request',
  stopped: 'the recording was stopped',
  unredacted: 'what was to be left out could not be found in their live answer',
  unlogged: "the shadow's line was logged and the live one was not",
  'live-copy': 'the live side did not answer the copy of what the shadow answered, or refused it',
  credentials: "the mirror's own credentials were missing, or AWS refused them",
  sender: 'the sender itself was behind',
};

/** What a reader must know of recorded requests that were sent again. */
function replayNotes(name: string, { live, shadows, replay }: FoundRun): string[] {
  if (replay === undefined) return [];
  const { speed, latencies, statuses, lag } = replay;
  return [
    `From a replay (${speed}): production is what was recorded (${live}), and ${name} what ${shadows.find((one) => one.name === name)?.url} answered when the requests were sent again. Nothing of this is live traffic.`,
    ...(latencies ? [] : ['The recording does not say how long its answers took: latencies are not compared.']),
    ...(statuses
      ? []
      : [
          'The recording does not say with which status its answers came: each is taken for a success, so that every failure counts against the candidate.',
        ]),
    ...(lag === undefined || lag.most < 10
      ? []
      : [
          `Requests were sent up to ${milliseconds(lag.most)} after their time (${milliseconds(lag.p99)} for 99 in 100), and the latencies of the candidate include that.`,
        ]),
  ];
}

/** Whose evidence it is, where the judged sides are no candidate beside what is live. */
function roleNotes({ name, since, wayBack }: MirrorFolder, last: FoundRun | undefined): string[] {
  const side = last?.shadows.find((one) => one.name === name)?.url;
  if (since !== undefined && last?.kind !== 'record')
    return [
      `These records are of ${name} at ${side} beside ${last?.live}, of before ${dateAndTime(since.from)} UTC: since then ${since.live} is live, with ${since.shadows.length === 0 ? 'no shadow' : since.shadows.map((one) => `${one.name} at ${one.url}`).join(', ')}, of which nothing is said here.`,
    ];
  if (!wayBack) return [];
  return [
    `${name} at ${side} answered before ${last?.live} was promoted: it is judged as the way back, beside what is live now.`,
  ];
}

function notesOf(
  folder: MirrorFolder,
  runs: readonly FoundRun[],
  lost: readonly (readonly [number, Loss])[],
  inGaps: number,
  kept: number,
): string[] {
  const last = runs.at(-1);
  const callers = byCallers(runs);
  const whose = callers ? 'what callers logged (record)' : 'the records of a mirror';
  const replayed = last?.kind === 'replay';
  const notes =
    last !== undefined && replayed
      ? replayNotes(folder.name, last)
      : [
          ...roleNotes(folder, last),
          `From ${whose}: requests, failures and latencies are those of ${counted(kept, 'requests')} that both sides were to answer, live and ${folder.name}.`,
        ];
  if (last !== undefined && !last.ended)
    notes.push(
      `The records are whole up to ${dateAndTime(last.wholeUntil)}: ${callers ? 'record' : replayed ? 'the replay' : 'the mirror'} runs on, or was killed; what came later is left out.`,
    );
  const removed = runs.flatMap((run) => (run.removed === undefined ? [] : [run.removed]));
  if (removed.length > 0) {
    const sum = (of: (one: (typeof removed)[number]) => number) => removed.reduce((n, one) => n + of(one), 0);
    notes.push(
      `The mirror has removed ${counted(
        sum(({ files }) => files),
        'record files',
      )} with ${counted(
        sum(({ records }) => records),
        'records',
      )}, since the folder had grown beyond its bounds (keepBytes, keepFor). What was recorded before ${dateAndTime(Math.max(...removed.map(({ until }) => until)))} is no part of this report.`,
    );
  }
  const gone = lost.length + inGaps;
  if (gone > 0) {
    const why = LOSSES.flatMap((loss) => {
      const n = lost.filter(([, one]) => one === loss).length;
      return n === 0 ? [] : [`${count(n)} because ${LOST_WORDS[loss]}`];
    });
    if (inGaps > 0) why.push(`${count(inGaps)} in times of which records could not be written`);
    notes.push(
      `${counted(gone, 'pairs')} (${percent(gone / (kept + gone))}) were lost${callers || replayed ? '' : ' to the mirror'}, and count for neither side: ${why.join(', ')}.`,
    );
  }
  if (folder.others.length > 0)
    notes.push(
      `Records of other sides under the same names were left out: ${folder.others.join('; ')}.${folder.resumed ? ' So were those of these sides from before that, because another model may have been behind the same address then.' : ''}`,
    );
  if (folder.orphans > 0)
    notes.push(
      `${counted(folder.orphans, 'record files')} belong to runs of the mirror of which nothing says how far they are whole, and were left out.`,
    );
  return notes;
}
