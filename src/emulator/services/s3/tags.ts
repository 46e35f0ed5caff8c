import type { Tag } from '../../world/objects/records.ts';
import { AwsError } from '../../model/aws-error.ts';

/** The `x-amz-tagging` header, `key=value&key=value`, as tags. */
export function tagsOfHeader(header: string | undefined): Tag[] {
  if (header === undefined || header === '') return [];
  const tags = [...new URLSearchParams(header)].map(([Key, Value]) => ({ Key, Value }));
  return checkTags(tags, 10);
}

/** Refuses what S3 refuses: too many, too long, the same key twice. */
export function checkTags(tags: readonly Partial<Tag>[], most: 10 | 50): Tag[] {
  if (tags.length > most) {
    const what = most === 10 ? 'Object tags cannot be greater than 10' : 'Bucket tag count cannot be greater than 50';
    throw new AwsError('BadRequest', what);
  }
  const seen = new Set<string>();
  return tags.map(({ Key = '', Value = '' }) => {
    if (Key.length === 0 || Key.length > 128)
      throw invalidTag('The TagKey you have provided is invalid', { TagKey: Key });
    if (Value.length > 256)
      throw invalidTag('The TagValue you have provided is invalid', { TagKey: Key, TagValue: Value });
    if (Key.startsWith('aws:')) throw invalidTag('System tags cannot be added/updated by requester', { TagKey: Key });
    if (seen.has(Key)) throw invalidTag('Cannot provide multiple Tags with the same key', { TagKey: Key });
    seen.add(Key);
    return { Key, Value };
  });
}

function invalidTag(message: string, details: Record<string, string>): AwsError {
  return new AwsError('InvalidTag', message, { details });
}
