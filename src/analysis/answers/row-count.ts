import { payloadText } from './captures.ts';
import type { Payload } from './captures.ts';
import { jsonValues } from './json.ts';
import { follow } from './path.ts';

/** Rows of a request: lines of CSV or JSON Lines, members of `instances`; undefined where the text does not show it. */
export function countRows(payload: Payload): number | undefined {
  const text = payloadText(payload).trim();
  if (text.startsWith('{') || text.startsWith('[')) {
    const values = jsonValues(text);
    const instances = values?.length === 1 ? follow(values[0], ['instances'])[0] : undefined;
    return Array.isArray(instances) ? instances.length : values?.length;
  }
  return text === '' ? undefined : text.split('\n').length;
}
