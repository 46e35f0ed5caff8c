import { isObject } from '../../../base/json.ts';
import type { Reading } from '../reading.ts';
import type { Seen } from '../seen.ts';

/** A form in which servers write answers. One value holds all that is known of it: the table of shapes is the only list of them. */
export interface Shape {
  name: string;
  /** Who answers so. */
  of: string;
  /** Where that is documented. */
  source: string;
  /** Of which kind the rows are; undefined where only the rows show it. */
  kind?: string;
  /** Of which kinds the rows may be, the likeliest first, where it is one of a few. */
  kinds?(rows: readonly unknown[]): string[];
  /** Does the answer hold more than the rows, that may be an answer, too? */
  leaves?(seen: Seen): boolean;
  /** The rows of an answer, in a form that kinds read; undefined where it is of another shape. */
  rows(seen: Seen, reading?: Reading): unknown[] | undefined;
  /** The readings that a sample allows, the likeliest first, where there is more to decide than the kind. */
  readings?(sample: readonly Seen[]): Reading[];
}

/** Members that say something about the answer as a whole, and are none. */
const ABOUT = new Set([
  'id',
  'object',
  'created',
  'created_at',
  'model',
  'model_id',
  'model_name',
  'model_version',
  'version',
  'usage',
  'parameters',
  'recommendationId',
  'system_fingerprint',
  'service_tier',
  'obfuscation',
  'inputTextTokenCount',
  'request_id',
  'requestId',
  'trace_id',
  'timestamp',
  'latency',
  'latency_ms',
  'duration',
  'meta',
  'metadata',
  'status',
  'success',
]);

/** Does this member say something about the answer as a whole, as ids and times do? */
export const isAbout = (key: string): boolean => ABOUT.has(key);

/** Of a shape that reads these members: are there others, in the answer or in its rows? */
export function othersThan(...names: readonly string[]): (seen: Seen) => boolean {
  const known = new Set(names);
  const hasOthers = (value: unknown): boolean =>
    Array.isArray(value)
      ? value.some(hasOthers)
      : isObject(value) &&
        Object.entries(value).some(([key, inner]) => (known.has(key) ? hasRows(inner, hasOthers) : !ABOUT.has(key)));
  return ({ values }) => values.some(hasOthers);
}

/** Rows lie in a list of records. */
function hasRows(value: unknown, hasOthers: (value: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isObject) && value.some(hasOthers);
}

/** The one JSON value of an answer; undefined where there are several, or none. */
export function single({ form, values }: Seen): unknown {
  return form === 'json' && values.length === 1 ? values[0] : undefined;
}
