/**
 * Keeps the emulator's records. One table per kind of record; keys are `account/region/name` (`account/name` where the
 * thing is global). A record must be `set` again after it was changed, else the change is not kept.
 */
export interface Store {
  table<T>(name: string): Table<T>;
  /** Bytes too large for a table (objects, log batches), by a key that may hold `/`. */
  readonly blobs: Blobs;
  /**
   * Deletes bytes that no record refers to: where the process before was killed, it takes away everything but the bytes
   * of the keys `inUse` (which is not asked otherwise). Call it before anything is written.
   */
  sweep(inUse: () => Iterable<string>): Promise<void>;
  /** Resolves once everything set so far would survive a crash. */
  flush(): Promise<void>;
  /** Flushes and lets go of the folder. */
  close(): Promise<void>;
}

export interface Table<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
  delete(key: string): boolean;
  /** Entries whose key starts with `prefix`, sorted by key in UTF-8 order. */
  entries(prefix?: string): [string, T][];
  readonly size: number;
}

export interface Blobs {
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** The bytes, or those from `start` up to and including `end`. */
  get(key: string, range?: { start: number; end: number }): Promise<Uint8Array | undefined>;
  append(key: string, bytes: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
}
