import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Aws } from './clients.ts';
import { call } from './errors.ts';
import { inBucket, s3Object } from './s3-uri.ts';

/**
 * Writes an object in one request, in place of whatever lies there.
 * @param object.kmsKey encrypts it; undefined: as the bucket encrypts
 */
export async function putObject(
  aws: Aws,
  uri: string,
  { body, type, kmsKey }: { body: string | Uint8Array; type: string; kmsKey?: string | undefined },
  signal?: AbortSignal,
): Promise<void> {
  const client = await aws.s3();
  const { bucket, key: Key } = s3Object(uri);
  const encrypted = kmsKey !== undefined && { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: kmsKey };
  const command = new PutObjectCommand({ ...inBucket(bucket), Key, Body: body, ContentType: type, ...encrypted });
  await call(aws.target, `write ${uri}`, () => client.send(command, { abortSignal: signal }), `s3:PutObject on ${uri}`);
}

/**
 * A URL by which anybody can read this object for so long. It is made here, without a request: whether there is such an object,
 * and whether these credentials may read it, shows when it is followed.
 */
export async function signedUrl(aws: Aws, uri: string, seconds: number): Promise<string> {
  const client = await aws.s3();
  const { bucket, key: Key } = s3Object(uri);
  return getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key }), { expiresIn: seconds });
}
