import type { Bus } from '../rules/records.ts';
import type { BucketRecord, ObjectRecord } from './records.ts';
import { partitionOf } from '../partition.ts';

/** How an object was written, and by whom. */
export interface Written {
  reason: 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload';
  requestId: string;
  /** An account, or a service. */
  requester: string;
}

/**
 * Tells EventBridge of a new object, where the bucket's notification configuration says so (S3 User Guide, "EventBridge
 * event message structure"; facts 15.2). An upload in parts is told of once, when it is completed.
 */
export function announceObject(
  bus: Bus,
  bucket: BucketRecord,
  { name, key }: { name: string; key: string },
  { size, etag, modifiedAt, pieces }: Pick<ObjectRecord, 'size' | 'etag' | 'modifiedAt' | 'pieces'>,
  { reason, requestId, requester }: Written,
): void {
  if (bucket.notifications?.EventBridgeConfiguration === undefined) return;
  bus.put(
    bucket,
    {
      source: 'aws.s3',
      'detail-type': 'Object Created',
      resources: [`arn:${partitionOf(bucket.region)}:s3:::${name}`],
      detail: {
        version: '0',
        bucket: { name },
        object: { key, size, etag: etag.replaceAll('"', ''), sequencer: sequencer(pieces) },
        'request-id': requestId,
        requester,
        'source-ip-address': '127.0.0.1',
        reason,
      },
    },
    modifiedAt,
  );
}

/** Rises with every write, as the numbers of pieces do; hexadecimal. */
function sequencer(pieces: ObjectRecord['pieces']): string {
  const number = Number(/\d+$/.exec(pieces.at(-1)?.blob ?? '')?.[0] ?? 0);
  return number.toString(16).toUpperCase().padStart(18, '0');
}
