import { s3Place } from '../../aws/s3-uri.ts';
import { listObjects } from '../../aws/s3.ts';
import { ourPrefix } from '../../resources/artifact/candidate.ts';
import { type Keep, planTeardown, type Teardown } from '../../resources/teardown.ts';
import type { Ground } from '../shared/on-endpoint.ts';
import { neededByAdopted, inventory } from '../../resources/inventory.ts';

/** The other endpoints that have a journal in this folder, account and region. */
export interface Neighbours {
  /** Those that this very command cleans up as well. */
  going: readonly string[];
  staying: readonly string[];
}

/** What is to be deleted of an endpoint, and what stays: a bucket is planned only where nothing else will lie in it. */
export async function planCleanup(ground: Ground, keep: Keep, neighbours: Neighbours): Promise<Teardown> {
  const plan = planTeardown(await inventory(ground), await neededByAdopted(ground), keep);
  for (const step of plan.steps.filter(({ kind }) => kind === 's3-bucket')) {
    const why = await whyBucketStays(ground, step.name, plan, neighbours);
    if (why === undefined) continue;
    plan.steps = plan.steps.filter((other) => other !== step);
    plan.left.push({ ref: { kind: step.kind, name: step.name }, why });
  }
  return plan;
}

/** Looks for an object that this command will not delete; AWS refuses to delete a bucket that holds any. */
async function whyBucketStays(
  { aws, account }: Ground,
  bucket: string,
  { steps }: Teardown,
  { going, staying }: Neighbours,
): Promise<string | undefined> {
  const prefixOf = (endpoint: string) => ourPrefix(aws.target.region, account, endpoint);
  const objects = new Set(steps.filter((step) => step.kind === 's3-object').map((step) => step.name));
  const prefixes = [
    ...steps.filter((step) => step.kind === 's3-prefix').map((step) => step.name),
    ...going.map(prefixOf),
  ];
  for await (const { key } of listObjects(aws, { bucket, key: '' })) {
    const uri = `s3://${bucket}/${key}`;
    if (objects.has(uri) || prefixes.some((prefix) => uri.startsWith(prefix))) continue;
    const user = staying.find(
      (endpoint) => s3Place(prefixOf(endpoint))?.bucket === bucket && uri.startsWith(prefixOf(endpoint)),
    );
    return user === undefined
      ? 'it holds objects that are not ours'
      : `in use by endpoint ${user}; cleanup --all removes both`;
  }
  return undefined;
}
