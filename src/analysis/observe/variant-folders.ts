import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { usageError } from '../../base/errors.ts';

/**
 * The folder that holds a folder for each variant, at the path that was given or below it: whoever copies captures from
 * S3 takes a level too many now and then. SageMaker's own folders (`variant/yyyy/mm/dd/hh/`) show where the variants are;
 * without them the first folder that branches is taken.
 *
 * @param files the capture files below `path`
 * @throws Problem (usage) where the path is too low, or holds the captures of several endpoints
 */
export function variantsRoot(path: string, files: readonly string[]): string {
  const places = files.map((file) => relative(path, file).split(sep).slice(0, -1));
  const dated = places.filter((folders) => yearOf(folders) >= 0);
  if (dated.some((folders) => yearOf(folders) === 0) || (files.length > 0 && isHour(path))) {
    throw usageError(
      `${path} lies within one variant: its capture files are ${where(places)}.`,
      `Give the folder that holds a folder for each variant, such as ${abovePath(path)}, or copy that from S3.`,
    );
  }
  if (dated.length > 0) {
    const roots = [...new Set(dated.map((folders) => folders.slice(0, yearOf(folders) - 1).join(sep)))];
    if (roots.length === 1) return join(path, roots[0] ?? '');
    throw usageError(
      `${path} holds the captures of several endpoints: ${roots.map((root) => root || '.').join(', ')}.`,
      `Name the folder of one, such as --files ${join(path, roots.find((root) => root !== '') ?? '')}.`,
    );
  }
  let shared = places[0] ?? [];
  for (const folders of places) shared = shared.slice(0, shared.findIndex((name, i) => name !== folders[i]) >>> 0);
  // The folder of a single variant is no branch.
  return places.some((folders) => folders.length > shared.length) ? join(path, ...shared) : path;
}

/** Where the folders of year, month, day and hour begin; -1 where there are none. */
function yearOf(folders: readonly string[]): number {
  return folders.findIndex(
    (name, i) => /^\d{4}$/.test(name) && [1, 2, 3].every((n) => /^\d\d$/.test(folders[i + n] ?? '')),
  );
}

/** The path itself ends among the folders of a variant's hours. */
function isHour(path: string): boolean {
  return /[/\\]\d{4}([/\\]\d\d){0,3}$/.test(resolve(path));
}

function where(places: readonly (readonly string[])[]): string {
  const first = places[0]?.join('/') ?? '';
  return first === '' ? 'directly in it' : `in ${first}${places.length > 1 ? ' and the like' : ''}`;
}

/** Above the hours, the day, the month, the year and the variant. */
function abovePath(path: string): string {
  let at = resolve(path);
  while (/^\d{2}$|^\d{4}$/.test(basename(at))) at = dirname(at);
  return dirname(at);
}
