import type { Written } from './announce.ts';
import type { ObjectAttributes, Piece } from './records.ts';

/** How the emulator's own parts use S3; the S3 service uses the same store. */
export interface ObjectStore {
  /** The object's bytes; undefined when bucket or key does not exist. */
  get(account: string, bucket: string, key: string): Promise<Uint8Array | undefined>;
  /**
   * Writes an object, last modified at `at` (milliseconds since the epoch; now, where it is not given). Returns false
   * when the bucket does not exist.
   */
  put(
    account: string,
    bucket: string,
    key: string,
    body: Uint8Array,
    contentType?: string,
    at?: number,
    more?: Omit<ObjectAttributes, 'ContentType'>,
  ): Promise<boolean>;
  /** As `put`, of bytes that are in the store's blobs already and belong to the object from now on. `etag` in quotes. */
  adopt(
    place: { account: string; bucket: string; key: string },
    piece: Piece,
    etag: string,
    contentType: string,
    at: number,
    /** `PutObject` where it is left out. */
    reason?: Written['reason'],
  ): Promise<boolean>;
}
