import { mediaType } from '../../containers/media-type.ts';
import type { Platform } from '../world.ts';
import { below, mayUse, reaches, uriParts } from './inputs.ts';
import { dataLog } from './log.ts';
import type { TransformOutput, TransformRecord } from './records.ts';

/**
 * Writes what a job has made to S3, with the model's role, in uploads of one part ("uses the Amazon S3 Multipart Upload API", Developer
 * Guide, "Troubleshooting"); and the manifests of its data capture. Returns whether anything
 * could not be written, which the data log tells: in which words AWS does is not sourced.
 */
export async function storeOutputs(world: Platform, record: TransformRecord, at: number): Promise<boolean> {
  const { TransformOutput: output } = record.request;
  const { bucket = '' } = uriParts(output?.S3OutputPath ?? '') ?? {};
  const tell = dataLog(world, record, record.instances[0] ?? '', () => at);
  const type = mediaType(output?.Accept) || 'binary/octet-stream';
  const stored: TransformOutput[] = [];
  for (const one of record.outputs ?? []) {
    const problem = mayWrite(world, record, bucket, one.key);
    const place = { account: record.account, bucket, key: one.key };
    const taken =
      problem === undefined &&
      (await world.objects.adopt(
        place,
        { blob: one.blob, size: one.size },
        one.etag,
        type,
        at,
        'CompleteMultipartUpload',
      ));
    if (taken) stored.push(one);
    else {
      tell(
        `${one.input.bucket}/${one.input.key}: ${problem ?? 'NoSuchBucket'}: s3://${bucket}/${one.key} could not be written.`,
      );
      await discard(world, [one]);
    }
  }
  const captured = await capture(world, record, bucket, stored, at);
  if (captured !== undefined) tell(captured);
  return stored.length < (record.outputs ?? []).length || captured !== undefined;
}

function mayWrite(world: Platform, record: TransformRecord, bucket: string, key: string): string | undefined {
  if (!reaches(world, record, bucket)) return 'NoSuchBucket';
  return mayUse(world, record, 's3:PutObject', `${bucket}/${key}`) ? undefined : 'AccessDenied';
}

/** Forgets outputs that are not stored. */
export async function discard({ store }: Platform, outputs: readonly TransformOutput[]): Promise<void> {
  for (const { blob } of outputs) await store.blobs.delete(blob);
}

/**
 * The manifests of what went in and came out: `<destination>/input/yyyy/mm/dd/hh/<uuid>.json` and `…/output/…` (facts 16.5).
 * Returns why they could not be written.
 */
async function capture(
  world: Platform,
  record: TransformRecord,
  outputBucket: string,
  stored: readonly TransformOutput[],
  at: number,
): Promise<string | undefined> {
  const place = uriParts(record.request.DataCaptureConfig?.DestinationS3Uri ?? '');
  if (place === undefined || stored.length === 0) return undefined;
  const hour = new Date(at).toISOString().slice(0, 13).replace(/[-T]/g, '/');
  const lists = {
    input: stored.map(({ input }) => [input.bucket, input.key] as const),
    output: stored.map(({ key }) => [outputBucket, key] as const),
  };
  for (const [side, list] of Object.entries(lists)) {
    const key = below(place.prefix, `${side}/${hour}/${world.random.uuid()}.json`);
    const problem = mayWrite(world, record, place.bucket, key);
    const body = Buffer.from(JSON.stringify(manifest(list)));
    const taken =
      problem === undefined &&
      (await world.objects.put(record.account, place.bucket, key, body, 'application/json', at));
    if (!taken) return `${problem ?? 'NoSuchBucket'}: s3://${place.bucket}/${key} could not be written.`;
  }
  return undefined;
}

/** `[{"prefix":"s3://bucket/folder/"},"a","b"]`, with a prefix wherever the folder is another. */
function manifest(objects: readonly (readonly [bucket: string, key: string])[]): (string | { prefix: string })[] {
  const entries: (string | { prefix: string })[] = [];
  let last: string | undefined;
  for (const [bucket, key] of objects) {
    const cut = key.lastIndexOf('/') + 1;
    const prefix = `s3://${bucket}/${key.slice(0, cut)}`;
    if (prefix !== last) entries.push({ prefix });
    last = prefix;
    entries.push(key.slice(cut));
  }
  return entries;
}
