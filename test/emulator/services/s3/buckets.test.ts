import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  waitUntilBucketExists,
  waitUntilBucketNotExists,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal, type S3World, s3World } from './world.ts';

let world: S3World;
beforeAll(async () => {
  world = await s3World();
});
afterAll(() => world.close());

describe('a bucket', () => {
  it('is created where the client stands, and says so', async () => {
    const west = world.client({ region: 'eu-west-1' });
    const created = await west.send(
      new CreateBucketCommand({ Bucket: 'in-ireland', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
    );
    expect(created.Location).toBe('http://in-ireland.s3.amazonaws.com/');
    const location = await west.send(new GetBucketLocationCommand({ Bucket: 'in-ireland' }));
    expect(location.LocationConstraint).toBe('eu-west-1');
    const head = await west.send(new HeadBucketCommand({ Bucket: 'in-ireland' }));
    expect(head.BucketRegion).toBe('eu-west-1');
    expect((await west.send(new GetBucketVersioningCommand({ Bucket: 'in-ireland' }))).Status).toBeUndefined();
  });

  it('needs a LocationConstraint outside us-east-1, and one that fits', async () => {
    const west = world.client({ region: 'us-west-2' });
    // The SDK says by itself what is missing, other clients do not.
    const bare = await fetch(`${world.emulator.url}/nowhere`, {
      method: 'PUT',
      headers: {
        authorization:
          'AWS4-HMAC-SHA256 Credential=test/20260105/us-west-2/s3/aws4_request, SignedHeaders=host, Signature=0',
      },
    });
    expect([bare.status, await bare.text()]).toEqual([
      400,
      expect.stringContaining('The unspecified location constraint'),
    ]);
    const wrong = { LocationConstraint: 'eu-west-1' } as const;
    expect(
      await refusal(west.send(new CreateBucketCommand({ Bucket: 'nowhere', CreateBucketConfiguration: wrong }))),
    ).toBe('400 IllegalLocationConstraintException');
    const east = { LocationConstraint: 'us-east-1' as never };
    expect(
      await refusal(world.s3.send(new CreateBucketCommand({ Bucket: 'nowhere', CreateBucketConfiguration: east }))),
    ).toBe('400 InvalidLocationConstraint');
    expect(
      await refusal(west.send(new CreateBucketCommand({ Bucket: 'nowhere', CreateBucketConfiguration: east }))),
    ).toBe('400 IllegalLocationConstraintException');
    const moon = { LocationConstraint: 'moon' as never };
    expect(
      await refusal(world.s3.send(new CreateBucketCommand({ Bucket: 'nowhere', CreateBucketConfiguration: moon }))),
    ).toBe('400 InvalidLocationConstraint');
  });

  it('sends clients of another region to its own', async () => {
    const call = world.s3.send(new HeadBucketCommand({ Bucket: 'in-ireland' }));
    await expect(call).rejects.toMatchObject({ $metadata: { httpStatusCode: 301 } });
    const following = world.client({ region: 'us-east-1' });
    following.config.followRegionRedirects = true;
    await following.send(new PutObjectCommand({ Bucket: 'in-ireland', Key: 'k', Body: 'found its way' }));
  });

  it('may be created twice by its owner in us-east-1 only, and by nobody else', async () => {
    await world.s3.send(new CreateBucketCommand({ Bucket: 'twice' }));
    await world.s3.send(new CreateBucketCommand({ Bucket: 'twice' }));
    const west = world.client({ region: 'eu-west-1' });
    const again = { Bucket: 'in-ireland', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } } as const;
    expect(await refusal(west.send(new CreateBucketCommand(again)))).toBe('409 BucketAlreadyOwnedByYou');
    const other = world.client({ accessKeyId: '111122223333' });
    expect(await refusal(other.send(new CreateBucketCommand({ Bucket: 'twice' })))).toBe('409 BucketAlreadyExists');
    expect(await refusal(other.send(new HeadBucketCommand({ Bucket: 'twice' })))).toMatch(/^403 /);
  });

  it.each(['ab', 'Upper', 'under_score', 'double..dot', '192.168.5.4', '-dash', 'xn--a', 'a-s3alias'])(
    'may not be called %s',
    async (Bucket) => {
      expect(await refusal(world.s3.send(new CreateBucketCommand({ Bucket })))).toBe('400 InvalidBucketName');
    },
  );

  it('is listed by its account alone, page by page', async () => {
    const own = world.client({ accessKeyId: '222233334444' });
    for (const Bucket of ['list-c', 'list-a', 'list-b']) await own.send(new CreateBucketCommand({ Bucket }));
    const first = await own.send(new ListBucketsCommand({ MaxBuckets: 2 }));
    expect(first.Buckets?.map((one) => one.Name)).toEqual(['list-a', 'list-b']);
    const second = await own.send(
      new ListBucketsCommand({
        MaxBuckets: 2,
        ...(first.ContinuationToken && { ContinuationToken: first.ContinuationToken }),
      }),
    );
    expect(second.Buckets?.map((one) => one.Name)).toEqual(['list-c']);
    expect(second.ContinuationToken).toBeUndefined();
    expect(second.Owner?.ID).toMatch(/^[0-9a-f]{64}$/);
    expect((await own.send(new ListBucketsCommand({ Prefix: 'list-b' }))).Buckets).toHaveLength(1);
  });

  it('is deleted only when empty; the waiters end', async () => {
    const input = { Bucket: 'short-lived' };
    await world.s3.send(new CreateBucketCommand(input));
    expect((await waitUntilBucketExists({ client: world.s3, maxWaitTime: 10 }, input)).state).toBe('SUCCESS');
    await world.s3.send(new PutObjectCommand({ ...input, Key: 'k', Body: 'x' }));
    expect(await refusal(world.s3.send(new DeleteBucketCommand(input)))).toBe('409 BucketNotEmpty');
    await world.s3.send(new DeleteObjectCommand({ ...input, Key: 'k' }));
    await world.s3.send(new DeleteBucketCommand(input));
    expect((await waitUntilBucketNotExists({ client: world.s3, maxWaitTime: 10 }, input)).state).toBe('SUCCESS');
    expect(await refusal(world.s3.send(new DeleteBucketCommand(input)))).toBe('404 NoSuchBucket');
  });

  it('carries tags', async () => {
    const input = { Bucket: 'twice' };
    expect(await refusal(world.s3.send(new GetBucketTaggingCommand(input)))).toBe('404 NoSuchTagSet');
    const TagSet = [{ Key: 'team', Value: 'weather' }];
    await world.s3.send(new PutBucketTaggingCommand({ ...input, Tagging: { TagSet } }));
    expect((await world.s3.send(new GetBucketTaggingCommand(input))).TagSet).toEqual(TagSet);
    await world.s3.send(new DeleteBucketTaggingCommand(input));
    expect(await refusal(world.s3.send(new GetBucketTaggingCommand(input)))).toBe('404 NoSuchTagSet');
    const twice = [...TagSet, ...TagSet];
    expect(await refusal(world.s3.send(new PutBucketTaggingCommand({ ...input, Tagging: { TagSet: twice } })))).toBe(
      '400 InvalidTag',
    );
  });
});
