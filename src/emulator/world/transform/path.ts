import { isObject } from '../../../base/json.ts';
/** A part of an array: an index, or a slice whose ends may be left out. Negative numbers count from the end. */
type Place = number | { start: number | undefined; end: number | undefined };

type Segment = { kind: 'names'; names: string[] } | { kind: 'places'; places: Place[] } | { kind: 'all' };

/** A JSONPath of the subset that batch transform knows (Developer Guide, "Supported JSONPath Operators"). */
export interface Path {
  text: string;
  segments: Segment[];
}

/** Why a path cannot be read, or does not fit a value. */
export class PathError extends Error {}

/** How the end of a slice is meant: the Developer Guide's prose and example say inclusive, JSONPath itself exclusive. */
export type SliceEnd = 'inclusive' | 'exclusive';

/** Reads `$`, `.name`, `['a','b']`, `[0,2]`, `[1:4]` and `*`. @throws PathError */
export function readPath(text: string): Path {
  if (!text.startsWith('$')) throw new PathError(`"${text}" is no JSONPath: it does not begin with $.`);
  const segments: Segment[] = [];
  let rest = text.slice(1);
  while (rest !== '') {
    const match = /^(?:\.(\*)|\.([^.[\]*'"\s]+)|\.?\[([^\]]*)\])/.exec(rest);
    if (match === null) throw new PathError(`"${text}" is no JSONPath that batch transform supports, from "${rest}".`);
    const [whole, wildcard, name, inner = ''] = match;
    if (wildcard !== undefined || inner.trim() === '*') segments.push({ kind: 'all' });
    else if (name !== undefined) segments.push({ kind: 'names', names: [name] });
    else segments.push(bracket(text, inner));
    rest = rest.slice(whole.length);
  }
  return { text, segments };
}

function bracket(text: string, inner: string): Segment {
  const parts = inner.split(',').map((part) => part.trim());
  const names = parts.map((part) => /^(?:'([^']*)'|"([^"]*)")$/.exec(part));
  if (names.every((one) => one !== null))
    return { kind: 'names', names: names.map((one) => one?.[1] ?? one?.[2] ?? '') };
  return {
    kind: 'places',
    places: parts.map((part) => {
      const [, start, colon, end] = /^(-?\d+)?(:)?(-?\d+)?$/.exec(part) ?? [];
      const number = (digits: string | undefined) => (digits === undefined ? undefined : Number(digits));
      if (colon !== undefined) return { start: number(start), end: number(end) };
      if (start === undefined)
        throw new PathError(`"${text}" is no JSONPath that batch transform supports: [${inner}].`);
      return Number(start);
    }),
  };
}

/** Does the path take a value as it is? */
export const isRoot = ({ segments }: Path): boolean => segments.length === 0;

/** "For CSV data … only index based JSONPaths can be applied." */
export const isIndexed = ({ segments }: Path): boolean =>
  segments.length <= 1 && segments.every(({ kind }) => kind === 'places');

/**
 * The part of a value that a path names: several names give an object of them, several places or a slice an array. "If
 * you specify indexes that aren't within the dimension size … you get an error" (API_DataProcessing). @throws PathError
 */
export function select({ text, segments }: Path, value: unknown, end: SliceEnd): unknown {
  return segments.reduce<{ value: unknown; many: boolean }>(
    (now, segment) => {
      if (!now.many) return one(text, segment, now.value, end);
      const found = (now.value as unknown[]).map((each) => one(text, segment, each, end));
      return { value: found.flatMap((each) => (each.many ? (each.value as unknown[]) : [each.value])), many: true };
    },
    { value, many: false },
  ).value;
}

function one(text: string, segment: Segment, value: unknown, end: SliceEnd): { value: unknown; many: boolean } {
  if (segment.kind === 'all') {
    if (typeof value !== 'object' || value === null) throw new PathError(`"${text}" has nothing to choose from.`);
    return { value: Object.values(value), many: true };
  }
  if (segment.kind === 'names') {
    const { names } = segment;
    const missing = names.find((name) => !isObject(value) || !Object.hasOwn(value, name));
    if (missing !== undefined) throw new PathError(`"${text}" finds no attribute "${missing}".`);
    const record = value as Record<string, unknown>;
    const [name = ''] = names;
    if (names.length === 1) return { value: record[name], many: false };
    return { value: Object.fromEntries(names.map((each) => [each, record[each]])), many: false };
  }
  if (!Array.isArray(value)) throw new PathError(`"${text}" needs an array.`);
  const [first] = segment.places;
  if (segment.places.length === 1 && typeof first === 'number')
    return { value: value[at(text, first, value.length)], many: false };
  const found = segment.places.flatMap((place): unknown[] => {
    if (typeof place === 'number') return [value[at(text, place, value.length)]];
    const start = place.start === undefined ? 0 : at(text, place.start, value.length);
    if (place.end === undefined) return value.slice(start);
    const last = place.end < 0 ? value.length + place.end : place.end;
    return value.slice(start, Math.max(0, last + (end === 'inclusive' ? 1 : 0)));
  });
  return { value: found, many: false };
}

function at(text: string, place: number, length: number): number {
  const index = place < 0 ? length + place : place;
  if (index < 0 || index >= length) throw new PathError(`"${text}" asks for ${place}, of ${length}.`);
  return index;
}
