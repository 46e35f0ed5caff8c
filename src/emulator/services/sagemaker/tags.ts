import type { Tag } from '@aws-sdk/client-sagemaker';
import type { Context } from '../operation.ts';
import { keyOf, tagsOf } from '../../world/endpoints/records.ts';
import { pageFrom } from '../paging.ts';
import { invalidNextToken, validationError } from './errors.ts';

/** SageMaker keeps at most 50 tags a resource. */
const MAX_TAGS = 50;

/** Refuses a key given twice; AWS's words are not sourced. */
export function checkTags(tags: readonly Tag[] | undefined): void {
  const keys = (tags ?? []).map((tag) => tag.Key);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw validationError(`Duplicate tag key found: ${twice}`);
}

/** Keeps the tags that a resource is created with. */
export function setTags(context: Context, arn: string, tags: readonly Tag[] | undefined): void {
  if (tags && tags.length > 0) tagsOf(context.world.store).set(keyOf(context, arn.toLowerCase()), [...tags]);
}

/** Forgets the tags of a resource that is deleted. */
export function removeTags(context: Context, arn: string): void {
  tagsOf(context.world.store).delete(keyOf(context, arn.toLowerCase()));
}

function current(context: Context, arn: string): Tag[] {
  return tagsOf(context.world.store).get(keyOf(context, arn.toLowerCase())) ?? [];
}

export function addTags(context: Context, input: { ResourceArn: string; Tags: Tag[] }): { Tags: Tag[] } {
  checkTags(input.Tags);
  const added = new Map(current(context, input.ResourceArn).map((tag) => [tag.Key, tag]));
  for (const tag of input.Tags) added.set(tag.Key, tag);
  if (added.size > MAX_TAGS) throw validationError(`The number of tags exceeds the limit of ${MAX_TAGS}.`);
  const all = [...added.values()];
  setTags(context, input.ResourceArn, all);
  return { Tags: all };
}

export function deleteTags(context: Context, input: { ResourceArn: string; TagKeys: string[] }): Record<string, never> {
  const gone = new Set(input.TagKeys);
  const left = current(context, input.ResourceArn).filter((tag) => !gone.has(tag.Key ?? ''));
  if (left.length === 0) removeTags(context, input.ResourceArn);
  else setTags(context, input.ResourceArn, left);
  return {};
}

/** Pages of at least 50 (the model's minimum): one page is nearly always all. */
export function listTags(
  context: Context,
  input: { ResourceArn: string; MaxResults?: number; NextToken?: string },
): { Tags: Tag[]; NextToken?: string } {
  const all = current(context, input.ResourceArn);
  const { items, next } = pageFrom(all, {
    size: input.MaxResults ?? MAX_TAGS,
    token: input.NextToken,
    invalidToken: invalidNextToken,
  });
  return {
    Tags: items,
    ...(next !== undefined && { NextToken: next }),
  };
}
