import type { Payload } from './captures.ts';
import { payloadText } from './captures.ts';
import { featuresOf } from './features.ts';
import { follow, parsePath } from './path.ts';

/**
 * Which rows of a request hang together, by what the policy's `cluster` names: a column of the inputs (`user`, `column 3`),
 * a member of the request beside its rows, or a path into it (`$.user.id`). Undefined for a row of which it says nothing.
 */
export function clustersOf(payload: Payload | undefined, rows: number, cluster: string): (string | undefined)[] {
  const none = Array.from({ length: rows }, () => undefined);
  if (payload === undefined) return none;
  if (cluster.startsWith('$')) return fromPath(payload, rows, cluster) ?? none;
  const found = featuresOf(payload, rows).map((row) => row.find(([name]) => name === cluster)?.[1]);
  if (found.some((value) => value !== undefined)) return found.map((value) => value || undefined);
  return fromPath(payload, rows, `$['${cluster}']`) ?? none;
}

/** One value for each row, or one for all. */
function fromPath(payload: Payload, rows: number, words: string): (string | undefined)[] | undefined {
  const path = parsePath(words);
  const text = payloadText(payload).trim();
  const documents = parsed(text) ?? parsedLines(text);
  if (documents === undefined) return undefined;
  const values = documents.flatMap((one) => follow(one, path)).map(textOf);
  if (values.length === rows) return values;
  return values.length === 1 ? Array.from({ length: rows }, () => values[0]) : undefined;
}

function parsed(text: string): unknown[] | undefined {
  try {
    return [JSON.parse(text)];
  } catch {
    return undefined;
  }
}

function parsedLines(text: string): unknown[] | undefined {
  const lines = text.split('\n').map(parsed);
  return lines.some((line) => line === undefined) ? undefined : lines.flatMap((line) => line ?? []);
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
