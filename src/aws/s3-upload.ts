import { open } from 'node:fs/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { environmentError } from '../base/errors.ts';
import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';
import { inBucket, s3Object } from './s3-uri.ts';

/** Up to here a file goes in one request; above it in parts of this size, one in memory at a time. S3 takes 10,000 parts. */
const PART = 64 * 1024 * 1024;

/**
 * Aborts uploads in parts of an object that never became one: their parts cost money and are seen in no list of objects.
 * @param since those begun before this time, in milliseconds since the epoch, are somebody else's
 * @returns how many there were
 */
export async function abortUploads(aws: Aws, uri: string, since: number): Promise<number> {
  const client = await aws.s3();
  const { bucket, key } = s3Object(uri);
  const place = inBucket(bucket);
  const open: { Key: string; UploadId: string }[] = [];
  let after: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (let more = true; more; ) {
    const command = new ListMultipartUploadsCommand({ ...place, Prefix: key, ...after });
    const reply = await call(
      aws.target,
      `list unfinished uploads of ${uri}`,
      () => client.send(command),
      `s3:ListBucketMultipartUploads on s3://${bucket}`,
    );
    for (const { Key, UploadId, Initiated } of reply.Uploads ?? [])
      if (Key === key && UploadId !== undefined && (Initiated?.getTime() ?? 0) >= since) open.push({ Key, UploadId });
    after = { KeyMarker: reply.NextKeyMarker, UploadIdMarker: reply.NextUploadIdMarker };
    more = reply.IsTruncated === true;
  }
  for (const one of open)
    await call(aws.target, `abort an unfinished upload of ${uri}`, () =>
      client.send(new AbortMultipartUploadCommand({ ...place, ...one })),
    ).catch((error: unknown) => {
      // Ended meanwhile, by whoever began it.
      if (!(error instanceof AwsProblem) || error.code !== 'NoSuchUpload') throw error;
    });
  return open.length;
}

/** From this size on a file goes in parts. */
export function goesInParts(bytes: number): boolean {
  return bytes > PART;
}

/**
 * Uploads a file. Parts are held in memory, not streamed, because the SDK cannot send a stream a second time when the
 * first try fails.
 * @param file.bytes its size, as it was when it was checked
 */
export async function putFile(
  aws: Aws,
  uri: string,
  file: { path: string; bytes: number; metadata: Record<string, string> },
): Promise<void> {
  const client = await aws.s3();
  const { bucket, key: Key } = s3Object(uri);
  const place = { ...inBucket(bucket), Key };
  const target = { ...place, ContentType: 'application/gzip', Metadata: file.metadata };
  const handle = await open(file.path, 'r');
  try {
    const part = async (start: number) => {
      const buffer = Buffer.alloc(Math.min(PART, file.bytes - start));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
      if (bytesRead !== buffer.length)
        throw environmentError(`${file.path} changed while it was being uploaded.`, 'Run the command again.');
      return buffer;
    };
    if (!goesInParts(file.bytes)) {
      const Body = await part(0);
      await call(aws.target, `upload ${file.path} to ${uri}`, () =>
        client.send(new PutObjectCommand({ ...target, Body })),
      );
      return;
    }
    const { UploadId } = await call(aws.target, `upload ${file.path} to ${uri}`, () =>
      client.send(new CreateMultipartUploadCommand(target)),
    );
    try {
      const Parts: { ETag: string | undefined; PartNumber: number }[] = [];
      for (let start = 0; start < file.bytes; start += PART) {
        const PartNumber = Parts.length + 1;
        const Body = await part(start);
        const { ETag } = await call(aws.target, `upload part ${PartNumber} of ${file.path}`, () =>
          client.send(new UploadPartCommand({ ...place, UploadId, PartNumber, Body })),
        );
        Parts.push({ ETag, PartNumber });
      }
      await call(aws.target, `finish the upload of ${file.path}`, () =>
        client.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } })),
      );
    } catch (error) {
      // Parts that are left lying cost money and are seen in no list of objects.
      await client.send(new AbortMultipartUploadCommand({ ...place, UploadId })).catch(() => undefined);
      throw error;
    }
  } finally {
    await handle.close();
  }
}
