import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { LIVE_FOLDER } from '../../analysis/mirrored/record.ts';
import { linesOf } from '../../analysis/mirrored/lines.ts';
import { newRunName } from '../../analysis/mirrored/run.ts';
import { isMirrorFolder, openMirrorFolder, placeOf } from '../../analysis/observe/mirror/folder.ts';
import { type Clock, stopwatch } from '../../base/clock.ts';
import { onDisk } from '../../base/disk.ts';
import { environmentError, interrupted, usageError } from '../../base/errors.ts';
import { claimLock } from '../../base/process-lock.ts';
import { type Address, DEFAULT_BOUNDS, DEFAULT_RECORDS } from '../../mirror/config.ts';
import { isLoopback, openEndpoint, WHY } from '../../mirror/logged/endpoint.ts';
import { Ledger, type LoggedCounts, SHADOW_SIDE } from '../../mirror/logged/ledger.ts';
import { readLine } from '../../mirror/logged/line.ts';
import type { MirrorEvent } from '../../mirror/events.ts';
import { Recorder } from '../../mirror/record/recorder.ts';
import { whoAmI } from '../../state/lock.ts';

export interface RecordSession {
  clock: Clock;
  /** Ends it in an orderly way. */
  signal: AbortSignal;
}

/** Where lines are recorded, and how. */
export interface RecordOptions {
  folder: string;
  /** Milliseconds in which the second side of a pair must come. */
  wait: number;
}

export type RecordEvent = Extract<MirrorEvent, { kind: 'records-lost' | 'records-resumed' }>;

/** What became of the lines. */
export interface RecordResult extends LoggedCounts {
  malformed: number;
  /** Records that the disk refused. */
  lost: number;
}

const TICK = 100;
/** Shorter ones are guessed. */
const SHORTEST_TOKEN = 16;

/**
 * Takes lines over HTTP until the session's signal aborts.
 *
 * @param endpoint.token undefined only on an address of this machine
 * @throws Problem (usage) without a token elsewhere; (cannot-run) where address or folder cannot be taken
 */
export async function serveRecord(
  session: RecordSession,
  options: RecordOptions,
  endpoint: { listen: Address; token: string | undefined; most: number },
  hooks: { onStarted: (started: { port: number; run: string }) => void; onEvent: (event: RecordEvent) => void },
): Promise<RecordResult> {
  requireToken(endpoint);
  return withLedger(session, options, { onEvent: hooks.onEvent, whole: 'always' }, async (book) => {
    const { ledger, recorder, wall, now } = book;
    const server = await openEndpoint({
      ...endpoint,
      take: (line) => ledger.take(line, wall(), now()),
      counts: () => ({ ...ledger.counts, waiting: ledger.waiting, malformed: book.malformed }),
      malformed: () => void (book.malformed += 1),
    });
    try {
      hooks.onStarted({ port: server.port, run: book.run });
      while (!session.signal.aborted) {
        await session.clock.sleep(TICK, session.signal).catch(() => undefined);
        ledger.expire(now());
        await recorder.tick();
      }
    } finally {
      await server.close();
      ledger.finish(true);
    }
  });
}

/** A line that was not recorded. */
export interface RefusedLine {
  file: string;
  line: number;
  why: string;
}

/**
 * Records lines of files. They count when all were read: until then, and where it was interrupted, none does.
 *
 * @param sources by name; undefined reads standard input, whose lines need no time
 * @throws Problem (interrupted)
 */
export async function recordFiles(
  session: RecordSession,
  options: RecordOptions,
  sources: readonly { name: string; stream: Readable | undefined }[],
  hooks: { onRefused: (line: RefusedLine) => void; onEvent: (event: RecordEvent) => void },
): Promise<RecordResult> {
  return withLedger(session, options, { onEvent: hooks.onEvent, whole: 'at-end' }, async (book) => {
    const { ledger, recorder, now } = book;
    const began = session.clock.now();
    for (const { name, stream } of sources) {
      const input = stream ?? createReadStream(name);
      let number = 0;
      for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        if (session.signal.aborted)
          throw interrupted(
            'Interrupted: none of the lines that were read counts.',
            'Run the command again: it starts over.',
          );
        number += 1;
        if (number % 1_000 === 0) await recorder.tick();
        if (text.trim() === '') continue;
        const read = readLine(text);
        const at =
          'wrong' in read ? undefined : (read.time ?? (stream === undefined ? undefined : session.clock.now()));
        if ('wrong' in read || at === undefined || at > Math.max(began, session.clock.now())) {
          book.malformed += 1;
          const why =
            'wrong' in read
              ? read.wrong
              : at === undefined
                ? 'time is missing: a file does not tell when a request was made'
                : 'its time lies in the future';
          hooks.onRefused({ file: name, line: number, why });
          continue;
        }
        const taken = ledger.take(read, at, now());
        if (taken !== 'recorded' && taken !== 'repeated')
          hooks.onRefused({ file: name, line: number, why: `${read.id}: ${WHY[taken]}` });
      }
    }
    ledger.finish(false);
  });
}

function requireToken({ listen, token }: { listen: Address; token: string | undefined }): void {
  if (token === undefined && !isLoopback(listen.host))
    throw usageError(
      `Whoever reaches ${listen.host}:${listen.port} could send evidence.`,
      'Listen on 127.0.0.1, or give callers a token: --token-file FILE, or SHADOWCTL_RECORD_TOKEN.',
    );
  if (token !== undefined && token.length < SHORTEST_TOKEN)
    throw usageError(
      `The token is too short: it has ${token.length} characters, and could be guessed.`,
      `Use at least ${SHORTEST_TOKEN} characters; openssl rand -hex 32 makes a good one.`,
    );
}

interface Book {
  ledger: Ledger;
  recorder: Recorder;
  run: string;
  malformed: number;
  /** Milliseconds since the epoch, which never go back. */
  wall: () => number;
  /** Milliseconds on the stopwatch. */
  now: () => number;
}

const IMPORT = 'import';

/** Opens the folder for one process, with all that earlier ones recorded there; and closes it. */
async function withLedger(
  { clock }: RecordSession,
  { folder, wait }: RecordOptions,
  { onEvent, whole }: { onEvent: (event: RecordEvent) => void; whole: 'always' | 'at-end' },
  work: (book: Book) => Promise<void>,
): Promise<RecordResult> {
  const space = 'Make room, or name another folder with --records.';
  await onDisk(folder, space, () => mkdir(folder, { recursive: true, mode: 0o700 }));
  const claim = await onDisk(folder, space, () =>
    claimLock(join(folder, 'record.lock'), { by: whoAmI(), why: 'record', now: clock.now(), takeDamaged: true }),
  );
  if (claim.kind !== 'taken')
    throw environmentError(
      `Another process records into ${folder}${claim.kind === 'held' ? ` (${claim.holder.pid} on ${claim.holder.host})` : ''}.`,
      'Send the lines to that one, or name another folder with --records.',
    );
  try {
    let last = 0;
    const wall = () => (last = Math.max(last, clock.now()));
    const now = () => stopwatch(clock);
    const run = newRunName(wall());
    let reading = whole === 'at-end';
    const earlier = await knownIn(folder);
    const recorder = await onDisk(folder, space, () =>
      Recorder.open({
        folder,
        kind: 'record',
        run,
        live: 'callers',
        shadows: [{ name: SHADOW_SIDE, url: 'callers', share: 1, timeoutMs: wait }],
        ...DEFAULT_RECORDS,
        memory: DEFAULT_BOUNDS.memory / 4,
        // Times of files are of any past: none of them is whole before all are there.
        wall: () => (reading ? 0 : wall()),
        now,
        finished: () => undefined,
        onEvent,
      }),
    );
    if (reading) recorder.begin(IMPORT, 0);
    const ledger = new Ledger(recorder, { run, wait });
    for (const one of earlier) ledger.remember(one.id, one.side, one);
    const book: Book = { ledger, recorder, run, malformed: 0, wall, now };
    let done = false;
    try {
      await work(book);
      done = true;
    } finally {
      reading = reading && !done;
      if (!reading) recorder.end(IMPORT);
      await recorder.close();
    }
    return { ...ledger.counts, malformed: book.malformed, lost: recorder.lost };
  } finally {
    await claim.lock.release();
  }
}

/** What earlier runs recorded here, as far as it is whole: the rest counts nowhere, and may come again. */
async function knownIn(folder: string) {
  if (!(await isMirrorFolder(folder))) return [];
  const { runs, live, shadow } = await openMirrorFolder(folder, [LIVE_FOLDER, SHADOW_SIDE]);
  const mirror = runs.find(({ kind }) => kind !== 'record');
  if (mirror !== undefined)
    throw usageError(`${folder} holds the records of a mirror.`, 'Name another folder with --records.');
  const known: {
    id: string;
    side: 'live' | 'shadow';
    event: string;
    at: number;
    status: number | undefined;
    data: string | undefined;
  }[] = [];
  for (const [side, files] of [
    ['live', live],
    ['shadow', shadow],
  ] as const)
    for (const file of files)
      for await (const { text, facts } of linesOf(file)) {
        if (facts === undefined || placeOf(file.run, facts.at) !== 'whole') continue;
        const { captureData } = JSON.parse(text) as { captureData: { endpointOutput?: { data: string } } };
        const { id: event, key: id, at, status } = facts;
        known.push({ id, side, event, at, status, data: captureData.endpointOutput?.data });
      }
  return known;
}
