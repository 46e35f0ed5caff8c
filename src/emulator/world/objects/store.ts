import type { Clock } from '../../../base/clock.ts';
import type { Store } from '../../storage/store.ts';
import { dropPieces, etagOf, readPieces, writePiece } from './bytes.ts';
import { buckets, type ObjectAttributes, objects, type Piece } from './records.ts';
import { announceObject, type Written } from './announce.ts';
import type { Bus } from '../rules/records.ts';
import type { ObjectStore } from './objects.ts';

/** S3 as the emulator's own parts use it: they see the buckets of the account they work for. */
export function createObjectStore(store: Store, clock: Clock, bus?: Bus): ObjectStore {
  const owns = (account: string, bucket: string) => buckets(store).get(bucket)?.account === account;
  const set = async (
    id: string,
    piece: Piece,
    etag: string,
    attributes: ObjectAttributes,
    modifiedAt: number,
    reason: Written['reason'] = 'PutObject',
  ) => {
    const old = objects(store).get(id);
    const record = { pieces: [piece], size: piece.size, etag, modifiedAt, attributes, tags: [] };
    objects(store).set(id, record);
    const slash = id.indexOf('/');
    const [name, key] = [id.slice(0, slash), id.slice(slash + 1)];
    const bucket = buckets(store).get(name);
    // Nobody else writes here but SageMaker, whose requests have no ids to be seen.
    const written = {
      reason,
      requestId: etag.slice(1, 17).toUpperCase(),
      requester: 'sagemaker.amazonaws.com',
    } as const;
    if (bus !== undefined && bucket !== undefined) announceObject(bus, bucket, { name, key }, record, written);
    await dropPieces(store, old?.pieces ?? []);
  };
  return {
    async get(account, bucket, key) {
      for (;;) {
        const record = owns(account, bucket) ? objects(store).get(`${bucket}/${key}`) : undefined;
        if (record === undefined) return undefined;
        const bytes = await readPieces(store, record);
        if (bytes !== undefined) return bytes;
        if (objects(store).get(`${bucket}/${key}`) === record)
          throw new Error(`the bytes of s3://${bucket}/${key} are lost`);
      }
    },
    async put(account, bucket, key, body, contentType = 'binary/octet-stream', at = clock.now(), more = {}) {
      if (!owns(account, bucket)) return false;
      const piece = await writePiece(store, body);
      await set(`${bucket}/${key}`, piece, etagOf(body), { ...more, ContentType: contentType }, at);
      return true;
    },
    async adopt({ account, bucket, key }, piece, etag, contentType, at, reason) {
      if (!owns(account, bucket)) return false;
      await set(`${bucket}/${key}`, piece, etag, { ContentType: contentType }, at, reason);
      return true;
    },
  };
}
