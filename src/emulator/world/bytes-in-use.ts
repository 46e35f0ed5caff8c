import { artifactBlob } from './fleet/instance.ts';
import { endpointsOf, variantsOf } from './endpoints/records.ts';
import type { StreamRecord } from './logs/stream.ts';
import { objects, parts } from './objects/records.ts';
import type { Store } from '../storage/store.ts';

/** The keys of all bytes that a record of the store speaks of; other bytes were left behind by a process that died. */
export function* bytesInUse(store: Store): Iterable<string> {
  for (const [, object] of objects(store).entries()) for (const { blob } of object.pieces) yield blob;
  for (const [, { piece }] of parts(store).entries()) yield piece.blob;
  for (const [, stream] of store.table<StreamRecord>('log-streams').entries())
    for (const { key } of stream.chunks) yield key;
  // A capture on its way lies under the key of its record.
  for (const [blob] of store.table('sagemaker-captures').entries()) yield blob;
  for (const [, { fleet, change }] of endpointsOf(store).entries()) {
    for (const one of [fleet, change?.next]) {
      for (const variant of one ? variantsOf(one) : [])
        for (const index of variant.containers.keys()) if (one) yield artifactBlob(one, variant, index);
    }
  }
}
