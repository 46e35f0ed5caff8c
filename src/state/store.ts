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

/** Where all journals are kept: a folder, or a place in S3. */
export interface StateRoot {
  /** For people: the path of a folder, or an `s3://` URI. */
  readonly place: string;
  store(place: JournalPlace): JournalStore;
  /** The accounts that have journals, twelve digits each. */
  accounts(): Promise<string[]>;
  /** The endpoints that have a journal in this account and region, sorted by name. */
  endpoints(account: string, region: string): Promise<string[]>;
}
