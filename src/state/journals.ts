import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The endpoints that have a journal in this account and region, sorted by name; none where there is no state folder. */
export async function journaledEndpoints(stateDir: string, account: string, region: string): Promise<string[]> {
  const files = await readdir(join(stateDir, account, region)).catch(() => []);
  return files
    .filter((file) => file.endsWith('.jsonl'))
    .map((file) => file.slice(0, -'.jsonl'.length))
    .toSorted();
}

/** One endpoint that has a journal for this region, in whichever account: a name with which AWS can be asked whose account it is. */
export async function anyJournaled(stateDir: string, region: string): Promise<string | undefined> {
  for (const account of await readdir(stateDir).catch(() => [])) {
    if (!/^\d{12}$/.test(account)) continue;
    const [endpoint] = await journaledEndpoints(stateDir, account, region);
    if (endpoint !== undefined) return endpoint;
  }
  return undefined;
}
