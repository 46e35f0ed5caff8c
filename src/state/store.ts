import type { LockHolder } from '../base/process-lock.ts';
import type { Recorded } from './events.ts';

/** What the user should know about where a journal is kept. */
export type JournalNote =
  /** The last line was written incompletely; it is left out. */
  | { kind: 'incomplete-line'; path: string }
  /** Its holder had ended without releasing the lock. */
  | { kind: 'lock-taken-over'; from: LockHolder };

/** What is kept of one endpoint, oldest first. */
export interface Stored {
  events: Recorded[];
  notes: JournalNote[];
}

/** The right to write, as long as it is held. */
export interface StoreLock {
  /** Whose lock was taken over: its holder had ended without releasing it. */
  after: LockHolder | undefined;
  /**
   * Writes one event as the next after `before` others; it lasts when this resolves.
   * @throws Problem (cannot-run) where the lock has been lost, or another has written since: then nothing was written
   */
  append(event: Recorded, before: number): Promise<void>;
  /** @throws Problem (cannot-run) where the lock is known to be lost, or may be by now */
  requireHeld(): void;
  release(): Promise<void>;
}

/** Where the events of one endpoint are kept. The journal knows no more of files or buckets than this. */
export interface JournalStore {
  /** For people: the path of a file, or an `s3://` URI. */
  readonly path: string;
  /** @throws Problem (cannot-run) where what is kept cannot be read, or is damaged */
  read(): Promise<Stored>;
  /**
   * Does `work` with the lock, which is kept up meanwhile.
   * @param why the command, for whoever finds it locked
   * @throws Problem (cannot-run) naming the holder where somebody else has it
   */
  locked<T>(why: string, work: (lock: StoreLock) => Promise<T>): Promise<T>;
  /** Who holds the lock at this moment. */
  holder(): Promise<LockHolder | undefined>;
  /** Takes the lock away from whoever holds it, for a person who knows that its holder has ended; undefined where it is free. */
  breakLock(): Promise<LockHolder | 'damaged' | undefined>;
  /** Says who watches an update, while `work` lasts; it hinders nobody. */
  watching<T>(why: string, work: () => Promise<T>): Promise<T>;
  /** Who watches an update at this moment. */
  watcher(): Promise<LockHolder | undefined>;
}

/** Whose events. */
export interface JournalPlace {
  account: string;
  region: string;
  endpoint: string;
}

/** Where journals are kept: a folder, or a place in S3. */
export interface JournalRoot {
  /** For people: the path of a folder, or an `s3://` URI. */
  readonly place: string;
  store(place: JournalPlace): JournalStore;
  /** The accounts that have journals, twelve digits each. */
  accounts(): Promise<string[]>;
  /** The endpoints (or batches) that have a journal in this account and region, sorted by name. */
  endpoints(account: string, region: string): Promise<string[]>;
}

/** Documents that are written whole and may be replaced, by name: `2026-11-29`. */
export interface DocumentStore {
  /** For people: the path of a folder, or an `s3://` URI. */
  readonly path: string;
  /** Sorted. */
  names(): Promise<string[]>;
  /** Undefined where there is none. */
  read(name: string): Promise<string | undefined>;
  /**
   * Writes a document, or replaces it; it lasts when this resolves. Whoever writes holds the lock of the journal beside it.
   * @throws Problem (cannot-run) where it cannot be written, or another has written it at this moment
   */
  write(name: string, text: string): Promise<void>;
  /** Deletes a document; one that is gone is no error. */
  remove(name: string): Promise<void>;
}

/** Where all state is kept: the journals of endpoints, and apart from them what is kept of batches. */
export interface StateRoot extends JournalRoot {
  /** Batches: a journal each, as endpoints have, and a document for each of their days. */
  batches: {
    journals: JournalRoot;
    days(place: JournalPlace): DocumentStore;
  };
}
