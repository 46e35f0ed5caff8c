import {
  CreateBucketCommand,
  type CreateBucketCommandInput,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  type HeadBucketCommandInput,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import { environmentError } from '../base/errors.ts';
import type { Aws } from './clients.ts';
import { denialAdvice, parseDenial } from './denial.ts';
import { AwsProblem, call } from './errors.ts';
import { inBucket, type S3Place, s3Object, s3Place, s3Uri } from './s3-uri.ts';

/** What S3 knows of an object. */
export interface ObjectFacts {
  bytes: number;
  etag: string;
  /** Undefined where the bucket keeps no versions. */
  version: string | undefined;
  /** Milliseconds since the epoch. */
  modified: number;
  /** Keys in lower case, as S3 gives them. */
  metadata: Readonly<Record<string, string>>;
}

/** An object as listed. `modified` in milliseconds since the epoch. */
export interface ListedObject {
  key: string;
  bytes: number;
  etag: string;
  modified: number;
}

/** The object's facts, or undefined where there is none, or no such bucket. */
export async function headObject(aws: Aws, uri: string): Promise<ObjectFacts | undefined> {
  const client = await aws.s3();
  const { bucket, key } = s3Object(uri);
  const reply = await present(
    call(
      aws.target,
      `look at ${uri}`,
      () => client.send(new HeadObjectCommand({ ...inBucket(bucket), Key: key })),
      // Without s3:ListBucket an object that is missing is refused in the same way.
      `s3:GetObject on ${uri} (and s3:ListBucket on s3://${bucket})`,
    ),
  );
  if (reply === undefined) return undefined;
  return {
    bytes: reply.ContentLength ?? 0,
    etag: reply.ETag ?? '',
    version: reply.VersionId,
    modified: reply.LastModified?.getTime() ?? 0,
    metadata: reply.Metadata ?? {},
  };
}

/** The bytes of an object. @throws Problem (cannot-run) where there is none, or where it is larger than `limit` bytes */
export async function readObject(aws: Aws, uri: string, limit: number, signal?: AbortSignal): Promise<Uint8Array> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await readOnce(aws, uri, limit, signal);
    } catch (error) {
      // The SDK sends a request again by itself, but does not see a body that breaks off.
      if (!(error instanceof AwsProblem) || !error.transient || error.attempts > 1 || tries >= READ_TRIES) throw error;
    }
  }
}

const READ_TRIES = 3;

async function readOnce(aws: Aws, uri: string, limit: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const client = await aws.s3();
  const { bucket, key } = s3Object(uri);
  const read = <T>(send: () => Promise<T>) => call(aws.target, `read ${uri}`, send, `s3:GetObject on ${uri}`);
  const reply = await present(
    read(() => client.send(new GetObjectCommand({ ...inBucket(bucket), Key: key }), { abortSignal: signal })).catch(
      (error: unknown) => {
        if (error instanceof AwsProblem && error.code === 'NoSuchBucket')
          throw environmentError(
            `There is no bucket "${bucket}", which ${uri} names.`,
            'Check the name of the bucket.',
          );
        throw error;
      },
    ),
  );
  if (reply?.Body === undefined)
    throw environmentError(`There is no object ${uri}.`, 'Check the bucket, the key and the region.');
  if ((reply.ContentLength ?? 0) > limit) {
    throw environmentError(
      `${uri} holds ${reply.ContentLength} bytes; shadowctl reads at most ${limit}.`,
      'Give a smaller file.',
    );
  }
  const { Body } = reply;
  return read(() => Body.transformToByteArray());
}

/**
 * Every object under a prefix, page by page, in the order of their keys.
 *
 * @param missing what a bucket that does not exist is: nothing in it, or a Problem
 */
export async function* listObjects(
  aws: Aws,
  prefix: S3Place,
  signal?: AbortSignal,
  missing: 'empty' | 'problem' = 'empty',
): AsyncGenerator<ListedObject> {
  const client = await aws.s3();
  let token: string | undefined;
  do {
    const reply = call(
      aws.target,
      `list ${s3Uri(prefix)}`,
      () =>
        client.send(
          new ListObjectsV2Command({ ...inBucket(prefix.bucket), Prefix: prefix.key, ContinuationToken: token }),
          {
            abortSignal: signal,
          },
        ),
      `s3:ListBucket on s3://${prefix.bucket}`,
    );
    const page = await (missing === 'empty' ? present(reply) : reply);
    for (const item of page?.Contents ?? []) {
      yield {
        key: item.Key ?? '',
        bytes: item.Size ?? 0,
        etag: item.ETag ?? '',
        modified: item.LastModified?.getTime() ?? 0,
      };
    }
    token = page?.NextContinuationToken;
  } while (token !== undefined);
}

/** Deletes one object. S3 answers the same whether it was there or not. */
export async function deleteObject(aws: Aws, uri: string): Promise<'deleted' | 'gone'> {
  const client = await aws.s3();
  const { bucket, key } = s3Object(uri);
  const reply = await present(
    call(aws.target, `delete ${uri}`, () => client.send(new DeleteObjectCommand({ ...inBucket(bucket), Key: key }))),
  );
  return reply === undefined ? 'gone' : 'deleted';
}

/** Deletes every object under a prefix; gives how many. */
export async function deletePrefix(aws: Aws, uri: string): Promise<number> {
  const client = await aws.s3();
  const prefix = s3Object(uri);
  let count = 0;
  let batch: { Key: string }[] = [];
  const flush = async () => {
    if (batch.length === 0) return;
    const Objects = batch;
    batch = [];
    const reply = await call(aws.target, `delete objects under ${uri}`, () =>
      client.send(new DeleteObjectsCommand({ ...inBucket(prefix.bucket), Delete: { Objects, Quiet: true } })),
    );
    const failed = reply.Errors?.[0];
    if (failed?.Code === 'AccessDenied') throw deniedKey(prefix.bucket, failed);
    if (failed !== undefined) {
      throw environmentError(
        `Could not delete s3://${prefix.bucket}/${failed.Key}: ${failed.Message} (${failed.Code})`,
        'Run the command again.',
      );
    }
    count += Objects.length;
  };
  for await (const { key } of listObjects(aws, prefix)) {
    batch.push({ Key: key });
    // AWS takes at most 1000 a call.
    if (batch.length === 1000) await flush();
  }
  await flush();
  return count;
}

/** Of a batch S3 refuses each key by itself, in a reply that is no error. */
function deniedKey(bucket: string, { Key, Message = '' }: { Key?: string; Message?: string }): AwsProblem {
  const uri = `s3://${bucket}/${Key}`;
  const needs = `s3:DeleteObject on ${uri}`;
  const facts = { code: 'AccessDenied', words: Message, attempts: 1, clientFault: true, throttled: false };
  return new AwsProblem(
    `Could not delete ${uri}: ${Message} (AccessDenied)`,
    { ...facts, missing: needs },
    { next: denialAdvice(parseDenial(Message), needs) },
  );
}

/**
 * Is there such a bucket that we may use?
 * @throws Problem (cannot-run) where it belongs to another account than its name says; AwsProblem (denied) where these
 * credentials may not look
 */
export async function bucketExists(aws: Aws, bucket: string): Promise<boolean> {
  const head = async (input: HeadBucketCommandInput) => {
    const client = await aws.s3();
    const look = () => client.send(new HeadBucketCommand(input));
    return present(call(aws.target, `look at bucket "${bucket}"`, look, `s3:ListBucket on s3://${bucket}`));
  };
  const named = inBucket(bucket);
  try {
    return (await head(named)) !== undefined;
  } catch (error) {
    if (!(error instanceof AwsProblem) || !error.denied || named.ExpectedBucketOwner === undefined) throw error;
    // S3 says the same of a bucket of others and of one that may not be looked at.
    const open = await head({ Bucket: bucket }).catch(() => undefined);
    if (open === undefined) throw error;
    throw environmentError(
      `Bucket "${bucket}" does not belong to account ${named.ExpectedBucketOwner}, although it has the name of that account's default bucket. Nothing was written there.`,
      'Someone else created it first: keep models and captures in a bucket of your own (--artifact s3://…, --capture-to s3://…), and tell AWS Support.',
    );
  }
}

/** The region of a bucket, where S3 tells; undefined where there is no such bucket. */
export async function bucketRegion(aws: Aws, bucket: string): Promise<string | undefined> {
  const client = await aws.s3();
  const look = () => client.send(new HeadBucketCommand(inBucket(bucket)));
  const reply = await present(call(aws.target, `look at bucket "${bucket}"`, look, `s3:ListBucket on s3://${bucket}`));
  return reply?.BucketRegion;
}

/** When a bucket of this account was created, in milliseconds since the epoch; undefined where there is none. */
export async function bucketCreated(aws: Aws, bucket: string): Promise<number | undefined> {
  const client = await aws.s3();
  let ContinuationToken: string | undefined;
  do {
    const page = await call(aws.target, 'list buckets', () =>
      client.send(new ListBucketsCommand({ Prefix: bucket, ContinuationToken })),
    );
    const found = page.Buckets?.find((one) => one.Name === bucket);
    // "This date can change when making changes to your bucket, such as editing its bucket policy" (API_Bucket): later only.
    if (found !== undefined) return found.CreationDate?.getTime();
    ContinuationToken = page.ContinuationToken;
  } while (ContinuationToken !== undefined);
  return undefined;
}

/** Creates a bucket in the region of the target. */
export async function createBucket(aws: Aws, bucket: string): Promise<void> {
  const client = await aws.s3();
  const { region } = aws.target;
  const input: CreateBucketCommandInput = { Bucket: bucket };
  // us-east-1 refuses its own name here.
  if (region !== 'us-east-1') {
    input.CreateBucketConfiguration = {
      LocationConstraint: region as NonNullable<
        CreateBucketCommandInput['CreateBucketConfiguration']
      >['LocationConstraint'],
    };
  }
  await call(aws.target, `create bucket "${bucket}"`, () => client.send(new CreateBucketCommand(input)));
}

/** Deletes a bucket. S3 refuses while anything is in it (`BucketNotEmpty`). */
export async function deleteBucket(aws: Aws, bucket: string): Promise<'deleted' | 'gone'> {
  const client = await aws.s3();
  const reply = await present(
    call(aws.target, `delete bucket "${bucket}"`, () => client.send(new DeleteBucketCommand(inBucket(bucket)))),
  );
  return reply === undefined ? 'gone' : 'deleted';
}

/** Does any object lie under this prefix (or, with an empty key, in this bucket)? */
export async function isEmpty(aws: Aws, uri: string): Promise<boolean> {
  const place = s3Place(uri);
  if (place === undefined) return true;
  for await (const object of listObjects(aws, place)) return object === undefined;
  return true;
}

/** HEAD replies have no body, so the SDK only knows the status: NotFound. */
const MISSING = new Set(['NotFound', 'NoSuchKey', 'NoSuchBucket']);

async function present<T>(reply: Promise<T>): Promise<T | undefined> {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof AwsProblem && MISSING.has(error.code)) return undefined;
    throw error;
  }
}
