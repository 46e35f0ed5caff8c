import { invalid } from './records.ts';

/** SNS lists a hundred a page. The token names the last key given out. */
export function pageOf<T>(
  entries: [string, T][],
  token: string | undefined,
): { page: [string, T][]; next: string | undefined } {
  const after = token === undefined ? undefined : Buffer.from(token, 'base64').toString();
  const start = after === undefined ? 0 : entries.findIndex(([key]) => key === after) + 1;
  if (after !== undefined && start === 0) throw invalid('NextToken');
  const page = entries.slice(start, start + 100);
  const last = page.at(-1);
  const more = last !== undefined && start + page.length < entries.length;
  return { page, next: more ? Buffer.from(last[0]).toString('base64') : undefined };
}
