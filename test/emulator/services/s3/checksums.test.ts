import * as fc from 'fast-check';
import { CreateBucketCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CRC32, CRC32C, CRC64NVME, combineCrc, crc } from '../../../../src/emulator/services/s3/crc.ts';
import { refusal, type S3World, s3World } from './world.ts';

const KINDS = { CRC32, CRC32C, CRC64NVME };
const bytes = fc.uint8Array({ maxLength: 100 });

describe('the CRCs of S3', () => {
  it('have the check values of the catalogue', () => {
    const check = Buffer.from('123456789');
    const values = Object.values(KINDS).map((kind) => crc(kind, check).toString(16));
    expect(values).toEqual(['cbf43926', 'e3069283', 'ae8b14860a799888']);
  });

  it.each(Object.entries(KINDS))('%s goes on from where it stopped, and combines', (_, kind) => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const whole = crc(kind, Buffer.concat([a, b]));
        expect(crc(kind, b, crc(kind, a))).toBe(whole);
        expect(combineCrc(kind, crc(kind, a), crc(kind, b), b.length)).toBe(whole);
      }),
    );
  });
});

describe('checksums on the wire', () => {
  const Bucket = 'sums';
  let world: S3World;
  beforeAll(async () => {
    world = await s3World();
    await world.s3.send(new CreateBucketCommand({ Bucket }));
  });
  afterAll(() => world.close());

  // Known values of "hello world", from coreutils, zlib and the AWS CLI.
  it.each([
    ['CRC32', 'ChecksumCRC32', 'DUoRhQ=='],
    ['CRC32C', 'ChecksumCRC32C', 'yZRlqg=='],
    ['SHA1', 'ChecksumSHA1', 'Kq5sNclPz7QV2+lfQIuc6R7oRu0='],
    ['SHA256', 'ChecksumSHA256', 'uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek='],
  ] as const)('%s is verified, kept and given back', async (ChecksumAlgorithm, member, value) => {
    const input = { Bucket, Key: ChecksumAlgorithm };
    const put = await world.s3.send(new PutObjectCommand({ ...input, Body: 'hello world', ChecksumAlgorithm }));
    expect(put[member]).toBe(value);
    const head = await world.s3.send(new HeadObjectCommand({ ...input, ChecksumMode: 'ENABLED' }));
    expect([head[member], head.ChecksumType]).toEqual([value, 'FULL_OBJECT']);
    const got = await world.s3.send(new GetObjectCommand({ ...input, ChecksumMode: 'ENABLED' }));
    expect([got[member], await got.Body?.transformToString()]).toEqual([value, 'hello world']);
    const quiet = await world.s3.send(new HeadObjectCommand(input));
    expect(quiet[member]).toBeUndefined();
    const wrong = new PutObjectCommand({ ...input, Body: 'hello World', [member]: value });
    expect(await refusal(world.s3.send(wrong))).toBe('400 BadDigest');
  });

  it('S3 adds its own where the client sends none', async () => {
    await fetch(`${world.emulator.url}/${Bucket}/plain`, { method: 'PUT', body: '123456789' });
    const head = await world.s3.send(new HeadObjectCommand({ Bucket, Key: 'plain', ChecksumMode: 'ENABLED' }));
    expect(head.ChecksumCRC64NVME).toBe(Buffer.from('ae8b14860a799888', 'hex').toString('base64'));
  });

  it('Content-MD5 is compared', async () => {
    const put = (md5: string) =>
      fetch(`${world.emulator.url}/${Bucket}/md5`, { method: 'PUT', body: 'x', headers: { 'content-md5': md5 } });
    expect((await put('nd1CljMUHG2QPCLCIhr4vQ==')).status).toBe(400);
    expect(await (await put('nonsense')).text()).toContain('<Code>InvalidDigest</Code>');
    expect((await put('ndTkYyzg42EbTt0dG4z2KQ==')).status).toBe(400);
    expect((await put('nd1CljMUHG2QPCLCIhr4vA==')).status).toBe(400);
    expect((await put(Buffer.from('9dd4e461268c8034f5c8564e155c67a6', 'hex').toString('base64'))).status).toBe(200);
  });
});
