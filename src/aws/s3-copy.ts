import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { environmentError } from '../base/errors.ts';
import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';
import { inBucket, s3Object } from './s3-uri.ts';

/** One content of an object: another may lie under the same key by now. */
export interface ExactObject {
  uri: string;
  etag: string;
  /** Undefined where the bucket keeps no versions. */
  version: string | undefined;
  bytes: number;
}

/** CopyObject copies up to 5 GB; above it, parts of this size. S3 takes 10,000 parts. */
const MAX_COPY = 5 * 1024 ** 3;
const PART = 1024 ** 3;

/**
 * Copies exactly this content within S3.
 * @param sizes for tests: from which size on in parts, and how large these are
 * @throws Problem (cannot-run) where another content lies there by now
 */
export async function copyObject(
  aws: Aws,
  from: ExactObject,
  to: string,
  metadata: Record<string, string>,
  sizes = { most: MAX_COPY, part: PART },
): Promise<void> {
  const client = await aws.s3();
  const place = s3Object(from.uri);
  const target = s3Object(to);
  const versioned = from.version === undefined ? '' : `?versionId=${encodeURIComponent(from.version)}`;
  const source = {
    CopySource: `${place.bucket}/${place.key.split('/').map(encodeURIComponent).join('/')}${versioned}`,
    CopySourceIfMatch: from.etag,
  };
  const goal = { ...inBucket(target.bucket), Key: target.key };
  const what = `copy ${from.uri} to ${to}`;
  const needs = `s3:GetObject on ${from.uri} and s3:PutObject on ${to}`;
  try {
    if (from.bytes <= sizes.most) {
      const input = { ...goal, ...source, MetadataDirective: 'REPLACE' as const, Metadata: metadata };
      await call(aws.target, what, () => client.send(new CopyObjectCommand(input)), needs);
      return;
    }
    const { UploadId } = await call(
      aws.target,
      what,
      () => client.send(new CreateMultipartUploadCommand({ ...goal, Metadata: metadata })),
      needs,
    );
    try {
      const Parts: { ETag: string | undefined; PartNumber: number }[] = [];
      for (let start = 0; start < from.bytes; start += sizes.part) {
        const PartNumber = Parts.length + 1;
        const CopySourceRange = `bytes=${start}-${Math.min(start + sizes.part, from.bytes) - 1}`;
        const { CopyPartResult } = await call(aws.target, what, () =>
          client.send(new UploadPartCopyCommand({ ...goal, ...source, UploadId, PartNumber, CopySourceRange })),
        );
        Parts.push({ ETag: CopyPartResult?.ETag, PartNumber });
      }
      await call(aws.target, what, () =>
        client.send(new CompleteMultipartUploadCommand({ ...goal, UploadId, MultipartUpload: { Parts } })),
      );
    } catch (error) {
      // Parts that are left lying cost money and are seen in no list of objects.
      await client.send(new AbortMultipartUploadCommand({ ...goal, UploadId })).catch(() => undefined);
      throw error;
    }
  } catch (error) {
    if (!(error instanceof AwsProblem) || error.code !== 'PreconditionFailed') throw error;
    throw environmentError(
      `${from.uri} holds another content by now than the one with the ETag ${from.etag}. It was not copied.`,
      'Begin another release with what lies there now.',
      error,
    );
  }
}
