import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { environmentError, usageError } from '../base/errors.ts';
import type { LockHolder } from '../base/process-lock.ts';
import { type JournalEvent, parseEvent, type Recorded } from './events.ts';
import type { JournalFact } from './facts.ts';
import { takeLock } from './lock.ts';

export type { JournalEvent, Recorded, StepOutcome } from './events.ts';
export type { ResourceKind, ResourceRef } from './resource-ref.ts';

/** What the user should know about the file of a journal. */
export type JournalNote =
  /** The last line was written incompletely; it is left out. */
  | { kind: 'incomplete-line'; path: string }
  /** Its holder had ended without releasing the lock. */
  | { kind: 'lock-taken-over'; from: LockHolder };

export interface Journal {
  readonly path: string;
  readonly endpoint: string;
  readonly account: string;
  readonly region: string;
  /** Every event so far, oldest first. */
  events(): readonly Recorded[];
  notes(): readonly JournalNote[];
  /** Appends and flushes to disk before it resolves. Needs the lock. */
  append(event: JournalEvent): Promise<void>;
  /** Holds the journal's lock while `work` runs; refuses, saying who holds it, what for and since when. */
  locked<T>(why: string, work: () => Promise<T>): Promise<T>;
}

/** A run of a command that may write to a journal. */
export interface JournalWriter {
  journal: Journal;
  /** Identifies the run. */
  id: string;
}

/** Records a fact. Needs the journal's lock. */
export async function recordFact({ journal, id }: JournalWriter, fact: JournalFact): Promise<void> {
  await journal.append({ type: 'fact', run: id, ...fact });
}

export interface JournalPlace {
  stateDir: string;
  account: string;
  region: string;
  endpoint: string;
  clock: Clock;
}

/** `<stateDir>/<account>/<region>/<endpoint>.jsonl` */
function journalPath(place: Omit<JournalPlace, 'clock'>): string {
  return join(place.stateDir, place.account, place.region, `${place.endpoint}.jsonl`);
}

/**
 * Reads the journal of one endpoint; nothing is written before the first `append`.
 * @throws Problem (usage) for a name that cannot be an endpoint's, (cannot-run) for a damaged file
 */
export async function openJournal(place: JournalPlace): Promise<Journal> {
  // The name becomes part of a path.
  if (!/^[a-zA-Z0-9-]+$/.test(place.endpoint)) {
    throw usageError(
      `"${place.endpoint}" cannot be the name of an endpoint.`,
      'Use at most 63 letters, digits and single hyphens.',
    );
  }
  const path = journalPath(place);
  let content = await readJournal(path);
  const notes: JournalNote[] = [...content.notes];
  let lockHeld = false;
  let file: FileHandle | undefined;

  /** Opened by the first event: who only looks must leave no file behind. */
  const opened = async (): Promise<FileHandle> => {
    if (!lockHeld) throw new Error('the journal was written to without its lock');
    if (file === undefined) {
      file = await open(path, 'a');
      await mend(file, content);
    }
    return file;
  };
  const write = async (handle: FileHandle, event: JournalEvent) => {
    const line = JSON.stringify({ ...event, at: new Date(place.clock.now()).toISOString() });
    // What could not be read back would make the whole journal useless.
    const parsed = parseEvent(JSON.parse(line));
    if ('wrong' in parsed) throw new Error(`the journal was given a line of a wrong shape: ${parsed.wrong}`);
    await handle.appendFile(`${line}\n`);
    await handle.sync();
    content.events.push(parsed.event);
  };

  return {
    path,
    endpoint: place.endpoint,
    account: place.account,
    region: place.region,
    events: () => content.events,
    notes: () => notes,
    async append(event) {
      const handle = await opened();
      if (content.events.length === 0) {
        await write(handle, {
          type: 'open',
          version: 1,
          account: place.account,
          region: place.region,
          endpoint: place.endpoint,
        });
        await syncFolder(dirname(path));
      }
      await write(handle, event);
    },
    async locked(why, work) {
      await mkdir(dirname(path), { recursive: true });
      const lock = await takeLock(`${path}.lock`, why, place.clock);
      if (lock.after !== undefined) notes.push({ kind: 'lock-taken-over', from: lock.after });
      try {
        // Another command may have written between opening and locking.
        content = await readJournal(path);
        lockHeld = true;
        return await work();
      } finally {
        await file?.close();
        file = undefined;
        lockHeld = false;
        await lock.release();
      }
    },
  };
}

interface Content {
  events: Recorded[];
  notes: JournalNote[];
  /** Bytes up to and including the last whole line; what follows is torn. */
  whole: number;
  /** The last whole line lacks its line feed. */
  unended: boolean;
}

/**
 * A torn last line is left out: it was being written when the program was killed, so its flush never returned and what
 * it announced was never begun.
 */
async function readJournal(path: string): Promise<Content> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { events: [], notes: [], whole: 0, unended: false };
    throw environmentError(
      `The journal ${path} cannot be read: ${(error as Error).message}`,
      'Check the permissions of the file.',
      error,
    );
  }
  const content: Content = { events: [], notes: [], whole: 0, unended: false };
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const last = index === lines.length - 1;
    if (line.trim() !== '') {
      const parsed = parseJson(line);
      if (parsed === undefined && last) {
        content.notes.push({ kind: 'incomplete-line', path });
        return content;
      }
      content.events.push(eventOf(path, index + 1, line, parsed));
    }
    content.whole += Buffer.byteLength(line) + (last ? 0 : 1);
    content.unended = last && line !== '';
  }
  return content;
}

/** The content of a line; undefined where it is not JSON. */
function parseJson(line: string): { content: unknown } | undefined {
  try {
    return { content: JSON.parse(line) as unknown };
  } catch {
    return undefined;
  }
}

function eventOf(path: string, number: number, line: string, parsed: { content: unknown } | undefined): Recorded {
  const found = parsed === undefined ? { wrong: `not JSON: ${line.slice(0, 60)}` } : parseEvent(parsed.content);
  // Before the lines that follow are looked at: another version may write them in another shape.
  if ('event' in found && found.event.type === 'open' && found.event.version !== 1)
    throw environmentError(
      `The journal ${path} is of version ${found.event.version}; this shadowctl knows version 1.`,
      'Use the shadowctl that wrote it, or a newer one.',
    );
  if ('event' in found) return found.event;
  throw environmentError(
    `The journal ${path} is damaged at line ${number}: ${found.wrong}.`,
    'Restore the file from a copy, or correct that line: each line is one JSON object.',
  );
}

/** Cuts a torn line off, so that the next event starts a line of its own. */
async function mend(file: FileHandle, content: Content): Promise<void> {
  const { size } = await file.stat();
  if (size > content.whole) await file.truncate(content.whole);
  if (content.unended) await file.appendFile('\n');
}

/** Makes the name of a new file survive a crash; systems that cannot sync a folder do without. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
