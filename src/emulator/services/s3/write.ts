import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { Context, Operations } from '../operation.ts';
import { announceObject, type Written } from '../../world/objects/announce.ts';
import { dropPieces, etagOf, writePiece } from '../../world/objects/bytes.ts';
import { type ObjectRecord, objects } from '../../world/objects/records.ts';
import { bucketOf, objectId } from './access.ts';
import { attributesOf, encryptionOf } from './attributes.ts';
import { checksumToKeep, verifyBody } from './checksums.ts';
import { checkWrite } from './conditions.ts';
import { tagsOfHeader } from './tagging.ts';

/** What a new object is written under, and on which conditions. */
interface Destination {
  Bucket?: string | undefined;
  Key?: string | undefined;
  IfMatch?: string | undefined;
  IfNoneMatch?: string | undefined;
}

export const writeOperations = {
  async PutObject(context, input: Omit<PutObjectCommandInput, 'Body'> & { Body?: Uint8Array }) {
    bucketOf(context, input);
    const attributes = attributesOf(input);
    const tags = tagsOfHeader(input.Tagging);
    const body = input.Body ?? new Uint8Array();
    verifyBody(input, body);
    checkWrite(input, input.Key ?? '', objects(context.world.store).get(objectId(input)));
    const checksum = checksumToKeep(input, body);
    const etag = etagOf(body);
    const piece = await writePiece(context.world.store, body);
    await storeObject(context, input, 'PutObject', {
      pieces: [piece],
      size: body.length,
      etag,
      attributes,
      tags,
      checksum,
    });
    return {
      ETag: etag,
      [checksum.member]: checksum.value,
      ChecksumType: checksum.type,
      ...encryptionOf(attributes),
    };
  },
} satisfies Operations;

/**
 * Puts a written object in its place, if the conditions still hold, and takes away the bytes of what lay there. On
 * refusal the new bytes are taken away.
 */
export async function storeObject(
  context: Context,
  to: Destination,
  reason: Written['reason'],
  record: Omit<ObjectRecord, 'modifiedAt'>,
): Promise<ObjectRecord> {
  const { store, clock } = context.world;
  const id = objectId(to);
  const present = objects(store).get(id);
  try {
    // The bucket may have gone, and the key may have been taken, while the bytes were written.
    bucketOf(context, to);
    checkWrite(to, to.Key ?? '', present);
  } catch (error) {
    await dropPieces(store, record.pieces);
    throw error;
  }
  const kept = { ...record, modifiedAt: clock.now() };
  objects(store).set(id, kept);
  const bucket = bucketOf(context, to);
  const written = { reason, requestId: context.requestId, requester: context.account };
  announceObject(context.world.bus, bucket, { name: to.Bucket ?? '', key: to.Key ?? '' }, kept, written);
  await dropPieces(store, present?.pieces ?? []);
  return kept;
}
