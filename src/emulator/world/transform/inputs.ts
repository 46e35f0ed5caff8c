import { buckets, objects } from '../objects/records.ts';
import { roleDenial } from '../callers.ts';
import { s3Location } from '../fleet/instance.ts';
import { partitionOf } from '../partition.ts';
import type { Platform } from '../world.ts';
import type { TransformRecord } from './records.ts';

/** An object to be transformed, and where its output goes below S3OutputPath. */
export interface TransformInputObject {
  bucket: string;
  key: string;
  /** Without a slash in front. */
  outputName: string;
}

/** Bucket and prefix of an S3 URI; the prefix may be empty. */
export function uriParts(uri: string): { bucket: string; prefix: string } | undefined {
  const web = uri.startsWith('https:') ? s3Location(uri) : undefined;
  if (web !== undefined) return { bucket: web.bucket, prefix: web.key };
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(uri) ?? [];
  return bucket === undefined ? undefined : { bucket, prefix };
}

/** Has the account such a bucket, in this region? */
export function reaches(
  { store }: Pick<Platform, 'store'>,
  { account, region }: { account: string; region: string },
  bucket: string,
): boolean {
  const record = buckets(store).get(bucket);
  return record?.account === account && record.region === region;
}

/** May the job's role do something to an object or bucket? */
export function mayUse(
  { iam }: Pick<Platform, 'iam'>,
  { roleArn, region }: Pick<TransformRecord, 'roleArn' | 'region'>,
  action: 's3:GetObject' | 's3:PutObject' | 's3:ListBucket',
  resource: string,
  keys: Readonly<Record<string, string>> = {},
): boolean {
  if (!iam.enforced() || roleArn === undefined) return true;
  const question = {
    action,
    resource: `arn:${partitionOf(region)}:s3:::${resource}`,
    keys: new Map(Object.entries(keys).map(([name, value]) => [name, [value]])),
  };
  return roleDenial(iam, roleArn, question) === undefined;
}

/**
 * The keys under a prefix, in S3's order. A prefix is a string: `in/1` has `in/10` too. Empty objects that stand for a
 * folder are left out (not sourced).
 */
export function keysUnder({ store }: Pick<Platform, 'store'>, bucket: string, prefix: string): string[] {
  return objects(store)
    .entries(`${bucket}/${prefix}`)
    .filter(([id, { size }]) => size > 0 || !id.endsWith('/'))
    .map(([id]) => id.slice(bucket.length + 1));
}

/**
 * What an output is called below S3OutputPath: the part of the key below the prefix. Where the prefix ends within a name,
 * its folder counts, or the prefix as it is (a switch, facts 16.2); of an object that is named whole, its last part.
 */
function outputName(key: string, prefix: string, by: 'folder' | 'prefix'): string {
  const cut = by === 'prefix' && key !== prefix ? prefix.length : prefix.lastIndexOf('/') + 1;
  return `${key.slice(cut).replace(/^\/+/, '')}.out`;
}

/** Below a path, which may end with a slash or not. */
export function below(prefix: string, name: string): string {
  const folder = prefix.replace(/\/+$/, '');
  return folder === '' ? name : `${folder}/${name}`;
}

/** Why a manifest cannot be used. */
export class ManifestError extends Error {}

/**
 * What a manifest names: `[{"prefix":"s3://bucket/some/"},"a","b"]`. A prefix holds for what follows it.
 * @throws ManifestError
 */
function manifestEntries(text: string): { bucket: string; prefix: string; name: string }[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw new ManifestError(`The manifest is no JSON: ${(error as Error).message}`);
  }
  if (!Array.isArray(list)) throw new ManifestError('The manifest is no list.');
  const found: { bucket: string; prefix: string; name: string }[] = [];
  let place: { bucket: string; prefix: string } | undefined;
  for (const one of list as unknown[]) {
    if (typeof one === 'string' && place !== undefined) found.push({ ...place, name: one });
    else {
      const { prefix } = Object(one) as { prefix?: unknown };
      place = typeof prefix === 'string' ? uriParts(prefix) : undefined;
      if (place === undefined)
        throw new ManifestError('The manifest has an entry that is neither {"prefix": "s3://…"} nor a key below one.');
    }
  }
  return found;
}

/** The objects of a job, as they lie in S3 now. @throws ManifestError */
export async function inputsOf(
  world: Pick<Platform, 'store' | 'objects' | 'switches' | 'iam'>,
  record: TransformRecord,
): Promise<TransformInputObject[]> {
  const source = record.request.TransformInput?.DataSource?.S3DataSource;
  const place = uriParts(source?.S3Uri ?? '');
  if (place === undefined) return [];
  const { bucket, prefix } = place;
  if (source?.S3DataType !== 'ManifestFile') {
    if (!reaches(world, record, bucket)) return [];
    return keysUnder(world, bucket, prefix).map((key) => ({
      bucket,
      key,
      outputName: outputName(key, prefix, world.switches.transformOutputPath),
    }));
  }
  const readable = reaches(world, record, bucket) && mayUse(world, record, 's3:GetObject', `${bucket}/${prefix}`);
  const bytes = readable ? await world.objects.get(record.account, bucket, prefix) : undefined;
  if (bytes === undefined) throw new ManifestError(`The manifest ${source.S3Uri} cannot be read.`);
  return manifestEntries(Buffer.from(bytes).toString('utf8')).map((entry) => ({
    bucket: entry.bucket,
    key: `${entry.prefix}${entry.name}`,
    outputName: `${entry.name.replace(/^\/+/, '')}.out`,
  }));
}
