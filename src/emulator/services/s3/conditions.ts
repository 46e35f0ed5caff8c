import type { ObjectRecord } from '../../world/objects/records.ts';
import { noSuchKey, notImplemented, notModified, preconditionFailed } from './errors.ts';

interface ReadConditions {
  IfMatch?: string | undefined;
  IfNoneMatch?: string | undefined;
  IfModifiedSince?: Date | undefined;
  IfUnmodifiedSince?: Date | undefined;
}

/**
 * Refuses with 412 or 304 as RFC 9110 section 13.2.2 orders it: an entity tag that matches outweighs the date, and so
 * does one that does not.
 */
export function checkRead(conditions: ReadConditions, record: ObjectRecord): void {
  const { etag, modifiedAt } = record;
  const { IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince } = conditions;
  if (IfMatch !== undefined) {
    if (!matches(IfMatch, etag)) throw preconditionFailed('If-Match');
  } else if (IfUnmodifiedSince !== undefined && seconds(modifiedAt) > seconds(IfUnmodifiedSince.getTime())) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  if (IfNoneMatch !== undefined) {
    if (matches(IfNoneMatch, etag)) throw notModified(record);
  } else if (IfModifiedSince !== undefined && seconds(modifiedAt) <= seconds(IfModifiedSince.getTime())) {
    throw notModified(record);
  }
}

/** Checks the conditions on the source of a copy, where nothing answers 304. */
export function checkCopySource(conditions: ReadConditions, record: ObjectRecord): void {
  const { IfNoneMatch, IfModifiedSince, ...rest } = conditions;
  checkRead(rest, record);
  if (IfNoneMatch !== undefined) {
    if (matches(IfNoneMatch, record.etag)) throw preconditionFailed('x-amz-copy-source-If-None-Match');
  } else if (IfModifiedSince !== undefined && seconds(record.modifiedAt) <= seconds(IfModifiedSince.getTime())) {
    throw preconditionFailed('x-amz-copy-source-If-Modified-Since');
  }
}

/** May the object under the key, if there is one, be replaced? Asked before the bytes are written and again after. */
export function checkWrite(
  conditions: { IfMatch?: string | undefined; IfNoneMatch?: string | undefined },
  key: string,
  present: ObjectRecord | undefined,
): void {
  const { IfMatch, IfNoneMatch } = conditions;
  if (IfNoneMatch !== undefined && IfNoneMatch !== '*') throw notImplemented('If-None-Match');
  if (IfMatch === '*' || (IfMatch !== undefined && IfNoneMatch !== undefined)) throw notImplemented('If-Match');
  if (IfNoneMatch !== undefined && present !== undefined) throw preconditionFailed('If-None-Match');
  if (IfMatch === undefined) return;
  if (present === undefined) throw noSuchKey(key);
  if (!matches(IfMatch, present.etag)) throw preconditionFailed('If-Match');
}

/** Does one of the entity tags of a header (quoted or not, or `*`) name this one? */
export function matches(header: string, etag: string): boolean {
  return header.split(',').some((one) => ['*', etag, etag.slice(1, -1)].includes(one.trim().replace(/^W\//, '')));
}

/** Dates in headers have whole seconds. */
function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
