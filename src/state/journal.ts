import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { cannotRun, usage } from '../base/errors.ts';
import { takeLock } from './lock.ts';

/** Kinds of things shadowctl creates, in the words of AWS. */
export type ResourceKind =
  | 'model'
  | 'endpoint-config'
  | 'endpoint'
  | 'alarm'
  | 's3-object'
  | 's3-bucket'
  | 'log-group'
  | 's3-prefix';

/** Names one thing in AWS: for S3 objects and prefixes the name is the `s3://` URI. */
export interface ResourceRef {
  kind: ResourceKind;
  name: string;
}

/**
 * One line of a journal. A step is begun on disk before AWS is called and ended after; a begun step without an end is
 * a question that `recover` asks AWS.
 */
export type JournalEvent =
  | { type: 'open'; version: 1; account: string; region: string; endpoint: string }
  | { type: 'run'; run: string; command: string; by: string }
  | {
      type: 'begin';
      run: string;
      step: string;
      action: 'create' | 'update' | 'delete';
      resource: ResourceRef;
      /** What is asked for, as far as it is needed to understand the step later. */
      input?: Record<string, unknown>;
    }
  | { type: 'end'; step: string; outcome: StepOutcome; error?: string; recovered?: boolean }
  /** Something worth remembering that is not a resource: how an update ended, a verdict. */
  | { type: 'fact'; run: string; name: string; value: Record<string, unknown> };

/**
 * - `done`: AWS accepted it
 * - `refused`: AWS said no on the first attempt, so nothing happened
 * - `absent`: afterwards AWS was asked, and the thing is not there
 */
export type StepOutcome = 'done' | 'refused' | 'absent';

/** An event as it lies on disk. */
export type Recorded = JournalEvent & { at: string };

export interface Journal {
  readonly path: string;
  readonly endpoint: string;
  readonly account: string;
  readonly region: string;
  /** Every event so far, oldest first. */
  events(): readonly Recorded[];
  /** What the user should know about the file itself: a torn last line, a lock taken over. */
  notes(): readonly string[];
  /** Appends and flushes to disk before it resolves. Needs the lock. */
  append(event: JournalEvent): Promise<void>;
  /** Holds the journal's lock while `work` runs; refuses, saying who holds it, what for and since when. */
  locked<T>(why: string, work: () => Promise<T>): Promise<T>;
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
    throw usage(
      `"${place.endpoint}" cannot be the name of an endpoint.`,
      'Letters, digits and single hyphens, 63 at the most.',
    );
  }
  const path = journalPath(place);
  let content = await readJournal(path);
  const notes: string[] = [...content.notes];
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
    const recorded: Recorded = { ...event, at: new Date(place.clock.now()).toISOString() };
    await handle.appendFile(`${JSON.stringify(recorded)}\n`);
    await handle.sync();
    content.events.push(recorded);
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
      notes.push(...lock.notes);
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
  notes: string[];
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
    throw cannotRun(
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
      const event = parseEvent(line);
      if (event === undefined) {
        if (last) {
          content.notes.push(`The last line of ${path} was torn when it was written; it is left out.`);
          return content;
        }
        throw cannotRun(
          `The journal ${path} is damaged at line ${index + 1}: ${line.slice(0, 60)}`,
          'Restore the file from a copy, or mend that line; each line is one JSON object.',
        );
      }
      content.events.push(event);
    }
    content.whole += Buffer.byteLength(line) + (last ? 0 : 1);
    content.unended = last && line !== '';
  }
  const version = content.events.find((event) => event.type === 'open')?.version;
  if (version !== undefined && version !== 1) {
    throw cannotRun(
      `The journal ${path} is of version ${String(version)}; this shadowctl knows version 1.`,
      'Use the shadowctl that wrote it, or a newer one.',
    );
  }
  return content;
}

function parseEvent(line: string): Recorded | undefined {
  try {
    const event = JSON.parse(line) as Partial<Recorded> | null;
    return typeof event === 'object' && event !== null && typeof event.type === 'string'
      ? (event as Recorded)
      : undefined;
  } catch {
    return undefined;
  }
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
