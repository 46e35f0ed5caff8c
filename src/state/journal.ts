import type { Clock } from '../base/clock.ts';
import { usageError } from '../base/errors.ts';
import { type JournalEvent, parseEvent, type Recorded } from './events.ts';
import type { JournalFact } from './facts.ts';
import { requireSettledPlace } from './moved.ts';
import type { JournalNote, JournalPlace, JournalRoot, JournalStore, StoreLock } from './store.ts';

export type { JournalEvent, Recorded, StepOutcome } from './events.ts';
export type { ResourceKind, ResourceRef } from './resource-ref.ts';
export type { JournalNote } from './store.ts';

export interface Journal {
  /** For people: a path, or an `s3://` URI. */
  readonly path: string;
  readonly endpoint: string;
  readonly account: string;
  readonly region: string;
  /** Every event so far, oldest first. */
  events(): readonly Recorded[];
  notes(): readonly JournalNote[];
  /**
   * Appends, so that it lasts when this resolves. Needs the lock.
   * @throws Problem (cannot-run) where the lock was lost: then nothing was written, and what it announced must not be done
   */
  append(event: JournalEvent): Promise<void>;
  /** Holds the journal's lock while `work` runs; refuses, saying who holds it, what for and since when. */
  locked<T>(why: string, work: () => Promise<T>): Promise<T>;
  /** @throws Problem (cannot-run) where the lock is lost, or may be by now: another may work on the endpoint */
  requireLock(): void;
  /** The place itself: who holds its lock, who watches. */
  readonly store: JournalStore;
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

/**
 * Reads the journal of one endpoint; nothing is written before the first `append`.
 * @throws Problem (usage) for a name that cannot be an endpoint's, (cannot-run) for a damaged journal, or one that was moved
 */
export async function openJournal(root: JournalRoot, place: JournalPlace, clock: Clock): Promise<Journal> {
  // The name becomes part of a path.
  if (!/^[a-zA-Z0-9-]+$/.test(place.endpoint)) {
    throw usageError(
      `"${place.endpoint}" cannot be the name of an endpoint.`,
      'Use at most 63 letters, digits and single hyphens.',
    );
  }
  const store = root.store(place);
  let content = await store.read();
  requireSettledPlace(content.events, store.path);
  const notes: JournalNote[] = [...content.notes];
  let lock: StoreLock | undefined;

  const held = (): StoreLock => {
    if (lock === undefined) throw new Error('the journal was written to without its lock');
    return lock;
  };
  const write = async (event: JournalEvent) => {
    // What could not be read back would make the whole journal useless.
    const line = { ...event, at: new Date(clock.now()).toISOString() };
    const parsed = parseEvent(JSON.parse(JSON.stringify(line)));
    if ('wrong' in parsed) throw new Error(`the journal was given a line of a wrong shape: ${parsed.wrong}`);
    await held().append(line, content.events.length);
    content.events.push(parsed.event);
  };

  return {
    path: store.path,
    store,
    ...place,
    events: () => content.events,
    notes: () => notes,
    async append(event) {
      held();
      if (content.events.length === 0) await write({ type: 'open', version: 1, ...place });
      await write(event);
    },
    requireLock: () => held().requireHeld(),
    locked: (why, work) =>
      store.locked(why, async (taken) => {
        if (taken.after !== undefined) notes.push({ kind: 'lock-taken-over', from: taken.after });
        // Another command may have written between opening and locking.
        content = await store.read();
        requireSettledPlace(content.events, store.path);
        lock = taken;
        try {
          return await work();
        } finally {
          lock = undefined;
        }
      }),
  };
}
