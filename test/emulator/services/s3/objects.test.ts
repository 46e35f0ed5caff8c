import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal, type S3World, s3World } from './world.ts';

const Bucket = 'models';
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

const put = (Key: string, Body: string | Uint8Array, more = {}) =>
  world.s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = async (Key: string, more = {}) => {
  const reply = await world.s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return { ...reply, text: await reply.Body?.transformToString() };
};
const md5 = (text: string) => `"${createHash('md5').update(text).digest('hex')}"`;

describe('an object', () => {
  it('comes back as it went, under any key', async () => {
    for (const Key of [
      'a/b c+d%e',
      'über/日本/🚀',
      '../../etc/passwd',
      'trailing/',
      'q\'u"o&t<e>s',
      'a//b',
      'tilde~(1)!*',
    ]) {
      await put(Key, Key);
      expect((await get(Key)).text).toBe(Key);
    }
    expect((await get('über/日本/🚀')).ETag).toBe(md5('über/日本/🚀'));
  });

  it('keeps bytes, headers, metadata and tags', async () => {
    const Body = Uint8Array.from({ length: 256 }, (_, i) => i);
    await put('full', Body, {
      ContentType: 'application/x-tar',
      ContentEncoding: 'gzip',
      CacheControl: 'no-store',
      ContentDisposition: 'attachment',
      ContentLanguage: 'de',
      Metadata: { commit: 'abc', Stage: 'Prod' },
      Tagging: 'team=a%20b&x=1',
      StorageClass: 'STANDARD_IA',
    });
    const reply = await world.s3.send(new GetObjectCommand({ Bucket, Key: 'full' }));
    expect(await reply.Body?.transformToByteArray()).toEqual(Body);
    expect(reply).toMatchObject({
      ContentType: 'application/x-tar',
      ContentEncoding: 'gzip',
      CacheControl: 'no-store',
      ContentDisposition: 'attachment',
      ContentLanguage: 'de',
      Metadata: { commit: 'abc', stage: 'Prod' },
      TagCount: 2,
      StorageClass: 'STANDARD_IA',
      ServerSideEncryption: 'AES256',
      AcceptRanges: 'bytes',
      ContentLength: 256,
      LastModified: new Date(Date.UTC(2026, 0, 5, 9)),
    });
    const { TagSet } = await world.s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'full' }));
    expect(TagSet).toEqual([
      { Key: 'team', Value: 'a b' },
      { Key: 'x', Value: '1' },
    ]);
    await world.s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'full', Tagging: { TagSet: [] } }));
    expect((await world.s3.send(new HeadObjectCommand({ Bucket, Key: 'full' }))).TagCount).toBeUndefined();
  });

  it('is given in ranges', async () => {
    await put('digits', '0123456789');
    const ranges = {
      'bytes=2-4': '234',
      'bytes=7-': '789',
      'bytes=-2': '89',
      'bytes=-99': '0123456789',
      'bytes=8-99': '89',
    };
    for (const [Range, text] of Object.entries(ranges)) {
      const reply = await get('digits', { Range });
      expect([Range, reply.text, reply.$metadata.httpStatusCode]).toEqual([Range, text, 206]);
    }
    expect((await get('digits', { Range: 'bytes=2-4' })).ContentRange).toBe('bytes 2-4/10');
    for (const Range of ['bytes=4-2', 'lines=1-2', 'bytes=1-2,4-5']) {
      const reply = await get('digits', { Range });
      expect([Range, reply.text, reply.$metadata.httpStatusCode]).toEqual([Range, '0123456789', 200]);
    }
    for (const Range of ['bytes=10-', 'bytes=10-20', 'bytes=-0'])
      expect(await refusal(get('digits', { Range }))).toBe('416 InvalidRange');
    const head = await world.s3.send(new HeadObjectCommand({ Bucket, Key: 'digits', Range: 'bytes=2-4' }));
    expect([head.ContentLength, head.ContentRange]).toEqual([3, 'bytes 2-4/10']);
    await put('empty', '');
    expect((await get('empty')).ContentLength).toBe(0);
    expect(await refusal(get('empty', { Range: 'bytes=0-' }))).toBe('416 InvalidRange');
  });

  it('is given under conditions', async () => {
    await put('read', 'text');
    const etag = md5('text');
    const at = (ms: number) => new Date(Date.UTC(2026, 0, 5, 9) + ms);
    expect((await get('read', { IfMatch: etag, IfUnmodifiedSince: at(-1000) })).text).toBe('text');
    expect((await get('read', { IfNoneMatch: '"other"', IfModifiedSince: at(1000) })).text).toBe('text');
    expect(await refusal(get('read', { IfMatch: '"other"' }))).toBe('412 PreconditionFailed');
    expect(await refusal(get('read', { IfUnmodifiedSince: at(-1000) }))).toBe('412 PreconditionFailed');
    for (const condition of [{ IfNoneMatch: etag }, { IfNoneMatch: '*' }, { IfModifiedSince: at(0) }]) {
      await expect(get('read', condition)).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } });
    }
    await put('cached', 'text', { CacheControl: 'max-age=60' });
    const fresh = await fetch(`${world.emulator.url}/${Bucket}/cached`, { headers: { 'if-none-match': etag } });
    expect([fresh.status, fresh.headers.get('etag'), fresh.headers.get('cache-control')]).toEqual([
      304,
      etag,
      'max-age=60',
    ]);
    // A quote that does not end is part of no entity tag.
    for (const IfMatch of [etag.slice(0, -1), etag.slice(1)])
      expect(await refusal(get('read', { IfMatch }))).toBe('412 PreconditionFailed');
    // The object was written in the first second of the hour and a quarter: dates know only the second.
    expect((await get('read', { IfUnmodifiedSince: at(0) })).text).toBe('text');
  });

  it('is written under conditions', async () => {
    await put('once', 'a', { IfNoneMatch: '*' });
    expect(await refusal(put('once', 'b', { IfNoneMatch: '*' }))).toBe('412 PreconditionFailed');
    expect(await refusal(put('once', 'b', { IfMatch: md5('x') }))).toBe('412 PreconditionFailed');
    await put('once', 'b', { IfMatch: md5('a') });
    expect((await get('once')).text).toBe('b');
    expect(await refusal(put('never', 'b', { IfMatch: md5('a') }))).toBe('404 NoSuchKey');
    expect(await refusal(put('never', 'b', { IfNoneMatch: '"x"' }))).toBe('501 NotImplemented');
    for (const IfMatch of [md5('b').slice(0, -1), md5('b').slice(1)])
      expect(await refusal(put('once', 'c', { IfMatch }))).toBe('412 PreconditionFailed');
  });

  it('has a storage class that there is, and none that must be restored first', async () => {
    const copy = (StorageClass: string) =>
      world.s3.send(
        new CopyObjectCommand({
          Bucket,
          Key: 'classed',
          CopySource: `${Bucket}/classed`,
          StorageClass: StorageClass as never,
        }),
      );
    await put('classed', 'x', { StorageClass: 'GLACIER_IR' });
    expect(await refusal(put('classed', 'x', { StorageClass: 'COLD' as never }))).toBe('400 InvalidStorageClass');
    expect(await refusal(copy('OUTPOSTS'))).toBe('400 InvalidStorageClass');
    expect(await refusal(put('classed', 'x', { StorageClass: 'DEEP_ARCHIVE' }))).toBe('501 NotImplemented');
    expect(await refusal(copy('GLACIER'))).toBe('501 NotImplemented');
    expect((await get('classed')).StorageClass).toBe('GLACIER_IR');
  });

  it('is refused by name where it asks for what is not built', async () => {
    await put('plain', 'x');
    const key = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: 'k'.repeat(32) };
    const locked = { Bucket: 'locked', ObjectLockEnabledForBucket: true };
    const source = { Bucket, Key: 'plain2', CopySource: `${Bucket}/plain` };
    for (const call of [
      () => put('plain', 'x', { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: new Date() }),
      () => put('plain', 'x', { GrantRead: 'id=1' }),
      () => get('plain', key),
      () => world.s3.send(new CopyObjectCommand({ ...source, ObjectLockLegalHoldStatus: 'ON' })),
      () => world.s3.send(new CopyObjectCommand({ ...source, CopySourceSSECustomerAlgorithm: 'AES256' })),
      () => world.s3.send(new DeleteObjectCommand({ Bucket, Key: 'plain', BypassGovernanceRetention: true })),
      () => world.s3.send(new CreateBucketCommand(locked)),
    ])
      expect(await refusal(call())).toBe('501 NotImplemented');
    const other = { ...source, ExpectedSourceBucketOwner: '111122223333' };
    expect(await refusal(world.s3.send(new CopyObjectCommand(other)))).toBe('403 AccessDenied');
    expect((await get('plain')).text).toBe('x');
  });

  it('is written once of many at the same moment under If-None-Match', async () => {
    const all = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => put('race', `writer ${i}`, { IfNoneMatch: '*' })),
    );
    expect(all.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
  });

  it('is never half of two when many write and read at once', async () => {
    const text = (i: number) => String(i).repeat(20_000);
    await put('busy', text(0));
    const turns = Array.from({ length: 20 }, (_, i) => i % 10);
    const [read] = await Promise.all([
      Promise.all(turns.map(async () => (await get('busy')).text)),
      Promise.all(turns.map((i) => put('busy', text(i)))),
    ]);
    for (const one of read) expect(turns.map(text)).toContain(one);
  });

  it('answers with the headers a presigned URL asks for', async () => {
    await put('signed', 'x', { ContentType: 'text/csv' });
    const query = 'response-content-type=text%2Fplain&response-content-disposition=inline&X-Amz-Signature=abc';
    const reply = await fetch(`${world.emulator.url}/${Bucket}/signed?${query}`);
    expect([reply.status, reply.headers.get('content-type'), reply.headers.get('content-disposition')]).toEqual([
      200,
      'text/plain',
      'inline',
    ]);
  });

  it('refuses what it cannot keep', async () => {
    expect(await refusal(get('missing'))).toBe('404 NoSuchKey');
    expect(await refusal(world.s3.send(new HeadObjectCommand({ Bucket, Key: 'missing' })))).toBe('404 NotFound');
    expect(await refusal(world.s3.send(new GetObjectCommand({ Bucket: 'nobodys', Key: 'k' })))).toBe(
      '404 NoSuchBucket',
    );
    expect(await refusal(put('k'.repeat(1025), 'x'))).toBe('400 KeyTooLongError');
    expect(await refusal(put('k', 'x', { Metadata: { big: 'x'.repeat(2049) } }))).toBe('400 MetadataTooLarge');
    expect(await refusal(put('k', 'x', { ACL: 'public-read' }))).toBe('400 AccessControlListNotSupported');
    expect(await refusal(put('k', 'x', { SSECustomerAlgorithm: 'AES256', SSECustomerKey: 'k'.repeat(32) }))).toBe(
      '501 NotImplemented',
    );
    expect(await refusal(put('k', 'x', { ExpectedBucketOwner: '999999999999' }))).toBe('403 AccessDenied');
    expect(await refusal(put('k', 'x', { Tagging: Array.from({ length: 11 }, (_, i) => `t${i}=1`).join('&') }))).toBe(
      '400 BadRequest',
    );
    expect(await refusal(get('signed', { VersionId: 'abc' }))).toBe('400 InvalidArgument');
  });

  it('tells its attributes', async () => {
    await put('attributes', 'x');
    const reply = await world.s3.send(
      new GetObjectAttributesCommand({
        Bucket,
        Key: 'attributes',
        ObjectAttributes: ['ETag', 'ObjectSize', 'StorageClass', 'Checksum'],
      }),
    );
    expect(reply).toMatchObject({
      ETag: md5('x').slice(1, -1),
      ObjectSize: 1,
      StorageClass: 'STANDARD',
      Checksum: { ChecksumType: 'FULL_OBJECT' },
    });
    expect(reply.Checksum?.ChecksumCRC32).toBe('jNwWgw==');
  });
});

describe('a copy', () => {
  it('takes bytes, metadata and tags along, unless they are replaced', async () => {
    await put('from/ä b', 'source', { Metadata: { a: '1' }, Tagging: 'k=v', ContentType: 'text/csv' });
    const CopySource = `${Bucket}/${encodeURIComponent('from/ä b')}`;
    const reply = await world.s3.send(new CopyObjectCommand({ Bucket, Key: 'copied', CopySource }));
    expect(reply.CopyObjectResult?.ETag).toBe(md5('source'));
    expect(await get('copied')).toMatchObject({
      text: 'source',
      Metadata: { a: '1' },
      TagCount: 1,
      ContentType: 'text/csv',
    });
    await world.s3.send(
      new CopyObjectCommand({
        Bucket,
        Key: 'replaced',
        CopySource,
        MetadataDirective: 'REPLACE',
        Metadata: { b: '2' },
        TaggingDirective: 'REPLACE',
      }),
    );
    const replaced = await get('replaced');
    expect(replaced).toMatchObject({ text: 'source', Metadata: { b: '2' }, ContentType: 'binary/octet-stream' });
    expect(replaced.TagCount).toBeUndefined();
    await world.s3.send(new DeleteObjectCommand({ Bucket, Key: 'from/ä b' }));
    expect((await get('copied')).text).toBe('source');
  });

  it('onto itself needs a change', async () => {
    await put('self', 'x');
    const input = { Bucket, Key: 'self', CopySource: `/${Bucket}/self` };
    expect(await refusal(world.s3.send(new CopyObjectCommand(input)))).toBe('400 InvalidRequest');
    await world.s3.send(new CopyObjectCommand({ ...input, MetadataDirective: 'REPLACE', Metadata: { now: 'set' } }));
    expect(await get('self')).toMatchObject({ text: 'x', Metadata: { now: 'set' } });
  });

  it('obeys conditions on its source and its destination', async () => {
    const input = { Bucket, Key: 'conditional', CopySource: `${Bucket}/self` };
    const copy = (more: object) => world.s3.send(new CopyObjectCommand({ ...input, ...more }));
    expect(await refusal(copy({ CopySourceIfMatch: '"other"' }))).toBe('412 PreconditionFailed');
    expect(await refusal(copy({ CopySourceIfNoneMatch: md5('x') }))).toBe('412 PreconditionFailed');
    await copy({ CopySourceIfMatch: md5('x'), IfNoneMatch: '*' });
    expect(await refusal(copy({ IfNoneMatch: '*' }))).toBe('412 PreconditionFailed');
    expect(await refusal(copy({ CopySource: `${Bucket}/missing` }))).toBe('404 NoSuchKey');
    expect(await refusal(copy({ CopySource: 'nonsense' }))).toBe('400 InvalidArgument');
  });
});

describe('deleting', () => {
  it('succeeds for what is not there, and fails under If-Match', async () => {
    await world.s3.send(new DeleteObjectCommand({ Bucket, Key: 'never was' }));
    const conditional = (Key: string, IfMatch: string) =>
      world.s3.send(new DeleteObjectCommand({ Bucket, Key, IfMatch }));
    expect(await refusal(conditional('never was', '*'))).toBe('404 NoSuchKey');
    await put('guarded', 'x');
    expect(await refusal(conditional('guarded', '"other"'))).toBe('412 PreconditionFailed');
    await conditional('guarded', md5('x'));
    expect(await refusal(get('guarded'))).toBe('404 NoSuchKey');
  });

  it('takes up to a thousand keys at once and reports each', async () => {
    await put('d1', 'x');
    await put('d2', 'y');
    const reply = await world.s3.send(
      new DeleteObjectsCommand({
        Bucket,
        Delete: { Objects: [{ Key: 'd1' }, { Key: 'd2', ETag: '"wrong"' }, { Key: 'd3' }] },
      }),
    );
    expect(reply.Deleted?.map((one) => one.Key)).toEqual(['d1', 'd3']);
    expect(reply.Errors).toMatchObject([{ Key: 'd2', Code: 'PreconditionFailed' }]);
    const quiet = await world.s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Quiet: true, Objects: [{ Key: 'd2' }] } }),
    );
    expect(quiet.Deleted).toBeUndefined();
    const many = Array.from({ length: 1001 }, (_, i) => ({ Key: `k${i}` }));
    expect(await refusal(world.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: many } })))).toBe(
      '400 MalformedXML',
    );
  });
});
