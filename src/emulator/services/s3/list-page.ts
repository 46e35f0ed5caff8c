/** One page of a list, keys and common prefixes together at most `limit`. */
interface ListPage<T> {
  items: [string, T][];
  /** Common prefixes, delimiter included. */
  groups: string[];
  /** The last key or common prefix of the page. */
  last: string | undefined;
  /** The first key that found no place; undefined when the list is at its end. */
  next: string | undefined;
}

/**
 * Takes a page out of `entries`, sorted by key, all of which begin with `prefix`. Keys that hold the delimiter after the
 * prefix are rolled up into their common prefix, which counts once. `skip` says what an earlier page gave out.
 */
export function listPage<T>(
  entries: readonly [string, T][],
  options: {
    prefix: string;
    delimiter: string | undefined;
    limit: number;
    skip: (key: string, group: string | undefined) => boolean;
  },
): ListPage<T> {
  const { prefix, delimiter, limit, skip } = options;
  const page: ListPage<T> = { items: [], groups: [], last: undefined, next: undefined };
  if (limit === 0) return page;
  for (const [key, value] of entries) {
    const found = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
    const group = delimiter && found !== -1 ? key.slice(0, found + delimiter.length) : undefined;
    if (skip(key, group)) continue;
    if (group !== undefined && group === page.groups.at(-1)) continue;
    if (page.items.length + page.groups.length === limit) return { ...page, next: key };
    if (group === undefined) page.items.push([key, value]);
    else page.groups.push(group);
    page.last = group ?? key;
  }
  return page;
}

/** As S3 writes names under `encoding-type=url`: a form's encoding, but `/` and `*` stand for themselves. */
export function urlEncode(name: string): string {
  return encodeURIComponent(name)
    .replace(/%20/g, '+')
    .replace(/%2F/g, '/')
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
