import {
  CreateBucketCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  paginateListObjectsV2,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listPage } from '../../../../src/emulator/services/s3/list-page.ts';
import { compareUtf8 } from '../../../../src/emulator/storage/table.ts';
import { refusal, type S3World, s3World } from './world.ts';

const Bucket = 'listed';
const KEYS = ['a.txt', 'dir/1', 'dir/2', 'dir/sub/3', 'dir2/4', 'e f', 'z', 'é', '\ufb01', '\u{1f680}'];
let world: S3World;
beforeAll(async () => {
  world = await s3World();
  await world.s3.send(new CreateBucketCommand({ Bucket }));
  for (const Key of KEYS) await world.s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
});
afterAll(() => world.close());

const v2 = (more = {}) => world.s3.send(new ListObjectsV2Command({ Bucket, ...more }));
const keys = (reply: Pick<ListObjectsV2CommandOutput, 'Contents'>) => reply.Contents?.map((one) => one.Key) ?? [];
const groups = (reply: Pick<ListObjectsV2CommandOutput, 'CommonPrefixes'>) =>
  reply.CommonPrefixes?.map((one) => one.Prefix) ?? [];

describe('a list of objects', () => {
  it('is sorted by the bytes of UTF-8', async () => {
    const reply = await v2();
    expect(keys(reply)).toEqual([...KEYS].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    // U+1F680 is beyond U+FFFF: UTF-16, JavaScript's own order, would put it before.
    expect(keys(reply).at(-1)).toBe('\u{1f680}');
    expect(reply).toMatchObject({ KeyCount: 10, MaxKeys: 1000, IsTruncated: false, Name: Bucket });
    expect(reply.Contents?.[0]).toMatchObject({ Size: 5, StorageClass: 'STANDARD', ChecksumAlgorithm: ['CRC32'] });
    expect(reply.Contents?.[0]?.Owner).toBeUndefined();
    expect((await v2({ FetchOwner: true })).Contents?.[0]?.Owner?.ID).toMatch(/^[0-9a-f]{64}$/);
  });

  it('rolls keys up by a delimiter', async () => {
    const top = await v2({ Delimiter: '/' });
    expect(groups(top)).toEqual(['dir/', 'dir2/']);
    expect(keys(top)).toContain('a.txt');
    expect(top.KeyCount).toBe(8);
    const inner = await v2({ Delimiter: '/', Prefix: 'dir/' });
    expect([keys(inner), groups(inner)]).toEqual([['dir/1', 'dir/2'], ['dir/sub/']]);
  });

  it('goes on after a key and page by page, a common prefix counting once', async () => {
    expect(keys(await v2({ StartAfter: 'dir/2', MaxKeys: 2 }))).toEqual(['dir/sub/3', 'dir2/4']);
    const first = await v2({ StartAfter: 'dir/2', MaxKeys: 1 });
    const next = await v2({ StartAfter: 'dir/2', MaxKeys: 1, ContinuationToken: first.NextContinuationToken });
    expect([first.StartAfter, next.StartAfter, keys(next)]).toEqual(['dir/2', undefined, ['dir2/4']]);
    const seen: string[] = [];
    let pages = 0;
    for await (const page of paginateListObjectsV2({ client: world.s3, pageSize: 2 }, { Bucket, Delimiter: '/' })) {
      pages += 1;
      expect(page.KeyCount).toBeLessThanOrEqual(2);
      seen.push(...groups(page).map(String), ...keys(page).map(String));
    }
    expect(pages).toBe(4);
    expect([...seen].sort()).toEqual(['a.txt', 'dir/', 'dir2/', 'e f', 'z', 'é', '\ufb01', '\u{1f680}'].sort());
  });

  it('encodes names for clients that ask for it', async () => {
    const reply = await fetch(`${world.emulator.url}/${Bucket}?list-type=2&encoding-type=url&prefix=e%20`);
    const text = await reply.text();
    expect(text).toContain('<Key>e+f</Key>');
    expect(text).toContain('<Prefix>e+</Prefix>');
    expect(
      await (await fetch(`${world.emulator.url}/${Bucket}?list-type=2&encoding-type=url&prefix=dir/1`)).text(),
    ).toContain('<Key>dir/1</Key>');
  });

  it('in its first version goes on from a marker', async () => {
    const v1 = (more = {}) => world.s3.send(new ListObjectsCommand({ Bucket, ...more }));
    const first = await v1({ Delimiter: '/', MaxKeys: 2 });
    expect([keys(first), groups(first), first.NextMarker, first.IsTruncated]).toEqual([
      ['a.txt'],
      ['dir/'],
      'dir/',
      true,
    ]);
    const second = await v1({ Delimiter: '/', MaxKeys: 2, Marker: first.NextMarker });
    expect([keys(second), groups(second)]).toEqual([['e f'], ['dir2/']]);
    const plain = await v1({ MaxKeys: 2 });
    expect([keys(plain), plain.NextMarker]).toEqual([['a.txt', 'dir/1'], undefined]);
    expect(first.Contents?.[0]?.Owner?.ID).toBeDefined();
  });

  it('refuses numbers and tokens that make no sense', async () => {
    expect((await v2({ MaxKeys: 0 })).KeyCount).toBe(0);
    expect((await v2({ MaxKeys: 5000 })).MaxKeys).toBe(1000);
    expect(await refusal(v2({ MaxKeys: -1 }))).toBe('400 InvalidArgument');
    expect(await refusal(v2({ ContinuationToken: 'nonsense' }))).toBe('400 InvalidArgument');
    expect(await refusal(v2({ EncodingType: 'base64' as 'url' }))).toBe('400 InvalidArgument');
  });

  it('gives out everything once, whatever the keys and the size of the page', () => {
    const key = fc.stringMatching(/^[ab/]{1,6}$/);
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom(undefined, '/', 'b'),
        (all, limit, delimiter) => {
          const entries = all.sort(compareUtf8).map((one): [string, string] => [one, one]);
          const whole = listPage(entries, { prefix: '', delimiter, limit: 1000, skip: () => false });
          const items: string[] = [];
          const found: string[] = [];
          let from: string | undefined = '';
          for (let turns = 0; from !== undefined && turns < 100; turns += 1) {
            const start: string = from;
            const page = listPage(entries, {
              prefix: '',
              delimiter,
              limit,
              skip: (one) => compareUtf8(one, start) < 0,
            });
            expect(page.items.length + page.groups.length).toBeLessThanOrEqual(limit);
            items.push(...page.items.map(([one]) => one));
            found.push(...page.groups);
            from = page.next;
          }
          expect(items).toEqual(whole.items.map(([one]) => one));
          expect(found).toEqual(whole.groups);
        },
      ),
    );
  });
});
