/** Our tags on everything we create, and what tells ours from others'. */
export interface Ownership {
  /** Name of the project: its folder's. */
  project: string;
  /** Its name, or the owner that a batch is (`batchOwner`). */
  endpoint: string;
  run: string;
}

export const PROJECT_TAG = 'shadowctl:project';
export const ENDPOINT_TAG = 'shadowctl:endpoint';
export const RUN_TAG = 'shadowctl:run';
export const BATCH_TAG = 'shadowctl:batch';

const BATCH_OWNER = 'batches/';

/** What a batch makes is a batch's: it stands where elsewhere the endpoint's name does, which holds no slash. */
export function batchOwner(batch: string): string {
  return `${BATCH_OWNER}${batch}`;
}

/** The tag that says whose something is: that of an endpoint, or of a batch. */
export function ownerTag(owner: string): [key: string, value: string] {
  return owner.startsWith(BATCH_OWNER) ? [BATCH_TAG, owner.slice(BATCH_OWNER.length)] : [ENDPOINT_TAG, owner];
}

/** Our tags, then the user's, as AWS takes them. Characters AWS refuses in a value become "-". */
export function tagList(
  own: Ownership,
  extra: Readonly<Record<string, string>> = {},
): { Key: string; Value: string }[] {
  const ours = { [PROJECT_TAG]: own.project, ...Object.fromEntries([ownerTag(own.endpoint)]), [RUN_TAG]: own.run };
  return Object.entries({ ...extra, ...ours }).map(([Key, value]) => ({
    Key,
    Value: value.replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, '-').slice(0, 256),
  }));
}

/** True when these tags say that one of these runs created it, for this endpoint (or batch). */
export function isOurs(tags: Readonly<Record<string, string>>, endpoint: string, runs: readonly string[]): boolean {
  const [key, value] = ownerTag(endpoint);
  return tags[key] === value && runs.includes(tags[RUN_TAG] ?? '');
}

/** A new run's id: unique, sorted by time, and it tells when the run began. @param at milliseconds since the epoch */
export function runId(at: number, random: string): string {
  return `r-${Math.round(at).toString(36)}-${random}`;
}

/** When a run began (ISO 8601), as its id tells; undefined for what is no such id. */
export function runBegan(run: string): string | undefined {
  const stamp = /^r-([0-9a-z]{1,9})-/.exec(run)?.[1];
  return stamp === undefined ? undefined : new Date(Number.parseInt(stamp, 36)).toISOString();
}
