/** An object and its entity tag, with the moment at which the store gave it. */
export interface StoredObject {
  text: string;
  etag: string;
  /** Milliseconds since the epoch, by the store's own clock: those of laptops differ. */
  now: number;
}

/** Under which condition an object is written: that there is none, or that it is still the one with this entity tag. */
type WriteCondition = 'absent' | { etag: string };

/**
 * What the state needs of a store of objects, and S3 has: conditional writes and deletions, and lists that know what was
 * written a moment ago. Keys are relative to one place.
 */
export interface ObjectPort {
  /** For people: the `s3://` URI of a key. */
  uri(key: string): string;
  /** The keys that begin with `prefix`, in the order of their bytes: all, or those after one. */
  list(prefix: string, after?: string): Promise<string[]>;
  /** The names directly below a folder: what stands up to the next slash. */
  folders(prefix: string): Promise<string[]>;
  /** Undefined where there is none. */
  get(key: string): Promise<StoredObject | undefined>;
  /**
   * Writes an object where the condition holds. A reply that was lost is no failure: what lies there then is this very text.
   * @returns its entity tag; undefined where the condition does not hold
   */
  put(key: string, text: string, condition: WriteCondition): Promise<{ etag: string; now: number } | undefined>;
  /** Deletes an object where it is still the one with this entity tag, or whatever it is. @returns whether it is gone now */
  delete(key: string, etag?: string): Promise<boolean>;
}
