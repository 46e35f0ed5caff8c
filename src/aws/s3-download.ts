import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { Aws } from './clients.ts';
import { call } from './errors.ts';
import { s3Object } from './s3-uri.ts';

/**
 * Puts an object into a file, unless the file is there already: it appears only once it is whole, so that an
 * interrupted download is simply made again. Gives whether it had to be fetched.
 */
export async function downloadObject(aws: Aws, uri: string, path: string, signal?: AbortSignal): Promise<boolean> {
  if (existsSync(path)) return false;
  const client = await aws.s3();
  const { bucket, key } = s3Object(uri);
  const part = `${path}.${process.pid}.part`;
  await mkdir(dirname(path), { recursive: true });
  await call(aws.target, `read ${uri}`, async () => {
    const reply = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal });
    await pipeline(reply.Body as Readable, createWriteStream(part), { signal });
  });
  await rename(part, path);
  return true;
}
