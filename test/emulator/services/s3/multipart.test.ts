import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checksumOf } from '../../../../src/emulator/services/s3/checksums.ts';
import { refusal, type S3World, s3World } from './world.ts';

const Bucket = 'uploads';
const MIB = 1024 * 1024;
let dir: string;
let world: S3World;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shadowctl-s3-'));
  world = await s3World(dir);
  await world.s3.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
  await world.close();
  await rm(dir, { recursive: true });
});

const begin = async (Key: string, more = {}) => {
  const { UploadId = '' } = await world.s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
  return { Bucket, Key, UploadId };
};
type Upload = Awaited<ReturnType<typeof begin>>;
const part = async (upload: Upload, PartNumber: number, Body: Uint8Array, more = {}): Promise<CompletedPart> => {
  const { $metadata: _metadata, ...sent } = await world.s3.send(
    new UploadPartCommand({ ...upload, PartNumber, Body, ...more }),
  );
  const { ETag, ChecksumCRC32, ChecksumSHA256, ChecksumCRC64NVME } = sent;
  return { PartNumber, ETag, ChecksumCRC32, ChecksumSHA256, ChecksumCRC64NVME };
};
const complete = (upload: Upload, Parts: CompletedPart[], more = {}) =>
  world.s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...more }));
const bytesOf = async (Key: string, more = {}) => {
  const reply = await world.s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return Buffer.from((await reply.Body?.transformToByteArray()) ?? []);
};
const digest = (algorithm: string, ...parts: Uint8Array[]) => {
  const hash = createHash(algorithm);
  for (const one of parts) hash.update(one);
  return hash.digest();
};

describe('an upload in parts', () => {
  const first = randomBytes(5 * MIB);
  const second = randomBytes(5 * MIB + 3);
  const third = randomBytes(11);
  const whole = Buffer.concat([first, second, third]);

  it('becomes one object with the entity tag of its parts', async () => {
    const upload = await begin('big', { ContentType: 'application/x-tar', Metadata: { a: '1' } });
    // In any order, and one twice: the last counts.
    const c = await part(upload, 9, third);
    await part(upload, 2, Buffer.alloc(5 * MIB));
    const b = await part(upload, 2, second);
    const a = await part(upload, 1, first);
    const unused = await part(upload, 10, third);
    expect(unused.ETag).toBe(c.ETag);
    const done = await complete(upload, [a, b, c]);
    const md5s = [first, second, third].map((one) => digest('md5', one));
    expect(done.ETag).toBe(`"${digest('md5', ...md5s).toString('hex')}-3"`);
    expect((await bytesOf('big')).equals(whole)).toBe(true);
    const across = await bytesOf('big', { Range: `bytes=${5 * MIB - 2}-${5 * MIB + 1}` });
    expect(across.equals(whole.subarray(5 * MIB - 2, 5 * MIB + 2))).toBe(true);
    expect((await bytesOf('big', { PartNumber: 2 })).equals(second)).toBe(true);
    const head = await world.s3.send(new HeadObjectCommand({ Bucket, Key: 'big', PartNumber: 3 }));
    expect(head).toMatchObject({
      PartsCount: 3,
      ContentLength: 11,
      ContentType: 'application/x-tar',
      Metadata: { a: '1' },
    });
    expect(await refusal(bytesOf('big', { PartNumber: 4 }))).toBe('416 InvalidPartNumber');
  });

  it('gets the checksum of all its bytes without their being read again', async () => {
    const { ChecksumCRC64NVME, ChecksumType } = await world.s3.send(
      new HeadObjectCommand({ Bucket, Key: 'big', ChecksumMode: 'ENABLED' }),
    );
    expect([ChecksumCRC64NVME, ChecksumType]).toEqual([checksumOf('ChecksumCRC64NVME', whole), 'FULL_OBJECT']);
  });

  it('can be copied, as one piece', async () => {
    await world.s3.send(new CopyObjectCommand({ Bucket, Key: 'copy of big', CopySource: `${Bucket}/big` }));
    const head = await world.s3.send(new HeadObjectCommand({ Bucket, Key: 'copy of big' }));
    expect(head.ETag).toBe(`"${digest('md5', whole).toString('hex')}"`);
    expect((await bytesOf('copy of big')).equals(whole)).toBe(true);
  });

  it('has a checksum of checksums where the client asks for it', async () => {
    const upload = await begin('composite', { ChecksumAlgorithm: 'SHA256' });
    const a = await part(upload, 1, first, { ChecksumAlgorithm: 'SHA256' });
    const b = await part(upload, 2, third, { ChecksumAlgorithm: 'SHA256' });
    expect(await refusal(complete(upload, [{ PartNumber: 1, ETag: a.ETag }, b]))).toBe('400 InvalidRequest');
    const done = await complete(upload, [a, b]);
    const sums = [first, third].map((one) => digest('sha256', one));
    expect(done.ChecksumSHA256).toBe(`${digest('sha256', ...sums).toString('base64')}-2`);
    const { ObjectParts } = await world.s3.send(
      new GetObjectAttributesCommand({ Bucket, Key: 'composite', ObjectAttributes: ['ObjectParts'], MaxParts: 1 }),
    );
    expect(ObjectParts).toMatchObject({
      TotalPartsCount: 2,
      IsTruncated: true,
      Parts: [{ PartNumber: 1, Size: 5 * MIB, ChecksumSHA256: a.ChecksumSHA256 }],
    });
  });

  it('refuses parts of another checksum, and wrong sums of the whole', async () => {
    const upload = await begin('typed', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
    expect(await refusal(part(upload, 1, third, { ChecksumAlgorithm: 'SHA256' }))).toBe('400 InvalidRequest');
    const a = await part(upload, 1, first, { ChecksumAlgorithm: 'CRC32' });
    const b = await part(upload, 2, third, { ChecksumAlgorithm: 'CRC32' });
    expect(await refusal(complete(upload, [a, b], { ChecksumCRC32: 'AAAAAA==' }))).toBe('400 BadDigest');
    const right = checksumOf('ChecksumCRC32', Buffer.concat([first, third]));
    expect((await complete(upload, [a, b], { ChecksumCRC32: right })).ChecksumCRC32).toBe(right);
    expect(await refusal(begin('bad', { ChecksumAlgorithm: 'SHA256', ChecksumType: 'FULL_OBJECT' }))).toBe(
      '400 InvalidRequest',
    );
  });

  it('is completed only from what was uploaded, in order, large enough', async () => {
    const upload = await begin('strict');
    const a = await part(upload, 1, third);
    const b = await part(upload, 2, third);
    expect(await refusal(complete(upload, [a, b]))).toBe('400 EntityTooSmall');
    expect(await refusal(complete(upload, [b, a]))).toBe('400 InvalidPartOrder');
    expect(await refusal(complete(upload, [{ ...a, ETag: '"0"' }]))).toBe('400 InvalidPart');
    expect(await refusal(complete(upload, [{ PartNumber: 7, ETag: '"0"' }]))).toBe('400 InvalidPart');
    expect(await refusal(complete(upload, []))).toBe('400 MalformedXML');
    expect(await refusal(part(upload, 10_001, third))).toBe('400 InvalidArgument');
    expect(await refusal(part({ ...upload, UploadId: 'none' }, 1, third))).toBe('404 NoSuchUpload');
    expect(await refusal(part({ ...upload, Key: 'other' }, 1, third))).toBe('404 NoSuchUpload');
    await world.s3.send(new PutObjectCommand({ Bucket, Key: 'strict', Body: 'here first' }));
    expect(await refusal(complete(upload, [b], { IfNoneMatch: '*' }))).toBe('412 PreconditionFailed');
    await complete(upload, [b]);
    expect((await bytesOf('strict')).equals(third)).toBe(true);
    expect(await refusal(complete(upload, [b]))).toBe('404 NoSuchUpload');
  });

  it('takes parts out of other objects', async () => {
    const upload = await begin('pieced');
    const copied = (PartNumber: number, CopySourceRange?: string) =>
      world.s3.send(
        new UploadPartCopyCommand({
          ...upload,
          PartNumber,
          CopySource: `${Bucket}/big`,
          ...(CopySourceRange && { CopySourceRange }),
        }),
      );
    const { CopyPartResult: a } = await copied(1, `bytes=3-${5 * MIB + 2}`);
    const { CopyPartResult: b } = await copied(2);
    expect(await refusal(copied(3, 'bytes=5-'))).toBe('400 InvalidArgument');
    expect(await refusal(copied(3, `bytes=0-${whole.length}`))).toBe('400 InvalidArgument');
    await complete(upload, [
      { PartNumber: 1, ETag: a?.ETag },
      { PartNumber: 2, ETag: b?.ETag },
    ]);
    expect((await bytesOf('pieced')).equals(Buffer.concat([whole.subarray(3, 5 * MIB + 3), whole]))).toBe(true);
  });

  it('is listed until it is aborted', async () => {
    const x = await begin('open/x');
    const y = await begin('open/y');
    for (let n = 1; n <= 3; n += 1) await part(x, n, third);
    const list = (more = {}) => world.s3.send(new ListMultipartUploadsCommand({ Bucket, ...more }));
    expect((await list({ Prefix: 'open/' })).Uploads?.map((one) => one.Key)).toEqual(['open/x', 'open/y']);
    expect((await list({ Delimiter: '/' })).CommonPrefixes).toEqual([{ Prefix: 'open/' }]);
    const page = await list({ MaxUploads: 1, Prefix: 'open/' });
    expect([page.IsTruncated, page.NextKeyMarker, page.NextUploadIdMarker]).toEqual([true, 'open/x', x.UploadId]);
    const next = await list({ Prefix: 'open/', KeyMarker: 'open/x', UploadIdMarker: x.UploadId });
    expect(next.Uploads?.map((one) => one.UploadId)).toEqual([y.UploadId]);
    const parts = await world.s3.send(new ListPartsCommand({ ...x, MaxParts: 2 }));
    expect(parts).toMatchObject({
      IsTruncated: true,
      NextPartNumberMarker: '2',
      Parts: [{ PartNumber: 1, Size: 11 }, { PartNumber: 2 }],
    });
    const rest = await world.s3.send(new ListPartsCommand({ ...x, PartNumberMarker: '2' }));
    expect([rest.Parts?.map((one) => one.PartNumber), rest.IsTruncated]).toEqual([[3], false]);
    await world.s3.send(new AbortMultipartUploadCommand(x));
    expect(await refusal(world.s3.send(new ListPartsCommand(x)))).toBe('404 NoSuchUpload');
    expect((await list({ Prefix: 'open/' })).Uploads).toHaveLength(1);
  });
});
