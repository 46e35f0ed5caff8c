import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketTaggingCommand,
  PutObjectCommand,
  S3Client,
  waitUntilObjectExists,
} from '@aws-sdk/client-s3';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock, VirtualClock } from '../../../src/base/clock.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/http/server.ts';

let emulator: Emulator;
let s3: S3Client;
const Bucket = 'sagemaker-us-east-1-000000000000';

beforeAll(async () => {
  emulator = await startEmulator({ clock: new VirtualClock(Date.UTC(2026, 0, 5, 9)) });
  s3 = new S3Client({
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    forcePathStyle: true,
  });
  await s3.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
  s3.destroy();
  await emulator.close();
});

/** A raw call; `headers.host` may name any host. */
function raw(method: string, path: string, headers: Record<string, string> = {}, body: string | Buffer = '') {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const call = httpRequest({ port: emulator.port, host: '127.0.0.1', method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    call.on('error', reject);
    call.end(body);
  });
}

describe('S3 over REST-XML', () => {
  it('carries objects, their metadata and their checksum trailers', async () => {
    const Key = 'models/a b+c/ü/model.tar.gz';
    const Body = Buffer.from('some bytes\r\n\0'.repeat(1000));
    const put = await s3.send(
      new PutObjectCommand({ Bucket, Key, Body, ContentType: 'application/gzip', Metadata: { Owner: 'me' } }),
    );
    expect(put.ETag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(put.ChecksumCRC32).toMatch(/=$/);
    const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(Buffer.from(await (got.Body?.transformToByteArray() ?? [])).equals(Body)).toBe(true);
    expect(got).toMatchObject({
      ContentType: 'application/gzip',
      Metadata: { owner: 'me' },
      LastModified: new Date(Date.UTC(2026, 0, 5, 9)),
    });
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head.ContentLength).toBe(Body.byteLength);
    const part = await s3.send(new GetObjectCommand({ Bucket, Key, Range: 'bytes=5-9' }));
    expect(part.$metadata.httpStatusCode).toBe(206);
    expect(await part.Body?.transformToString()).toBe('bytes');
  });

  it('takes a stream of unknown checksum in chunks with a trailer, and asks for it with 100-continue', async () => {
    const Body = Readable.from([Buffer.alloc(70_000, 'a'), Buffer.alloc(70_000, 'b')]);
    await s3.send(
      new PutObjectCommand({ Bucket, Key: 'stream', Body, ContentLength: 140_000, ChecksumAlgorithm: 'SHA256' }),
    );
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'stream', ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({ ContentLength: 140_000 });
    expect(head.ChecksumSHA256).toBeDefined();
  });

  it('lists, copies, tags and deletes', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'list/<&>"1', Body: '1' }));
    await s3.send(
      new CopyObjectCommand({ Bucket, Key: 'list/2', CopySource: `/${Bucket}/${encodeURIComponent('list/<&>"1')}` }),
    );
    const listed = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'list/' }));
    expect(listed.Contents?.map(({ Key }) => Key)).toEqual(['list/2', 'list/<&>"1']);
    await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'k', Value: 'v <&> ü\n' }] } }));
    const gone = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'list/2' }, { Key: 'list/<&>"1' }] } }),
    );
    expect(gone.Deleted?.map(({ Key }) => Key)).toEqual(['list/2', 'list/<&>"1']);
    const { Buckets } = await s3.send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).toEqual([Bucket]);
    await s3
      .send(
        new CreateBucketCommand({
          Bucket: 'elsewhere',
          CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
        }),
      )
      .catch(() => undefined);
    expect((await s3.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBeUndefined();
  });

  it('refuses as S3 does, also HEAD, which has no body', async () => {
    await expect(s3.send(new GetObjectCommand({ Bucket, Key: 'none' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
      $metadata: { httpStatusCode: 404 },
    });
    await expect(s3.send(new HeadObjectCommand({ Bucket, Key: 'none' }))).rejects.toMatchObject({ name: 'NotFound' });
    const waited = waitUntilObjectExists({ client: s3, maxWaitTime: 10 }, { Bucket, Key: 'stream' });
    expect((await waited).state).toBe('SUCCESS');
  });

  it('finds the bucket in the host name', async () => {
    for (const name of ['localhost', 's3.localhost', 's3.us-east-1.localhost', '127.0.0.1']) {
      const host = `${Bucket}.${name}:${emulator.port}`;
      expect(await raw('PUT', '/virtual', { host }, 'here')).toMatchObject({ status: 200 });
      expect(await raw('GET', '/virtual', { host })).toMatchObject({ status: 200, body: 'here' });
      expect((await raw('GET', '/?location', { host })).body).toContain('<LocationConstraint');
    }
    const host = `${Bucket}.localhost`;
    expect(await raw('PUT', '/_shadowctl/health', { host }, 'a key')).toMatchObject({ status: 200 });
    expect(await raw('GET', '/_shadowctl/health', { host })).toMatchObject({ body: 'a key' });
    expect((await raw('GET', '/', { host: `s3.localhost:${emulator.port}` })).body).toContain(
      '<ListAllMyBucketsResult',
    );
  });

  it('verifies what the client said of its bytes', async () => {
    const path = `/${Bucket}/checked`;
    expect(await raw('PUT', path, { 'x-amz-checksum-crc32': 'AAAAAA==' }, 'x')).toMatchObject({
      status: 400,
      body: expect.stringContaining('<Code>BadDigest</Code>'),
    });
    expect(await raw('PUT', path, { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }, 'x')).toMatchObject({
      status: 400,
      body: expect.stringContaining('<Code>BadDigest</Code>'),
    });
    expect(await raw('PUT', path, { 'x-amz-content-sha256': '0'.repeat(64) }, 'x')).toMatchObject({
      status: 400,
      body: expect.stringContaining('<Code>XAmzContentSHA256Mismatch</Code>'),
    });
    const xml = '<Delete><Object><Key>a</Key></Object></Delete>';
    expect((await raw('POST', `/${Bucket}?delete`, {}, xml)).body).toContain(
      'Missing required header for this request: Content-MD5',
    );
    expect((await raw('POST', `/${Bucket}?delete`, { 'x-amz-checksum-crc32c': 'AAAAAA==' }, xml)).body).toContain(
      'BadDigest',
    );
    expect(await raw('GET', path)).toMatchObject({ status: 404 });
  });

  it('takes chunks apart, signed or not, and refuses damaged ones', async () => {
    const path = `/${Bucket}/chunked`;
    const headers = {
      'content-encoding': 'aws-chunked,gzip',
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'x-amz-decoded-content-length': '7',
    };
    const signed = '4;chunk-signature=0a\r\nabcd\r\n3;chunk-signature=0b\r\nefg\r\n0;chunk-signature=0c\r\n\r\n';
    expect(await raw('PUT', path, headers, signed)).toMatchObject({ status: 200 });
    expect(await raw('GET', path)).toMatchObject({ body: 'abcdefg', headers: { 'content-encoding': 'gzip' } });
    const wrong = '7\r\nabcdefg\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n';
    expect((await raw('PUT', path, headers, wrong)).body).toContain('<Code>BadDigest</Code>');
    for (const damaged of [
      '',
      '4\r\nab',
      'zz\r\nabcd\r\n0\r\n\r\n',
      '4\r\nabcdXX0\r\n\r\n',
      '4\r\nabcd\r\n0\r\n\r\n',
      `${'f'.repeat(9000)}\r\n`,
    ]) {
      expect(await raw('PUT', path, headers, damaged)).toMatchObject({
        status: 400,
        body: expect.stringContaining('<Code>IncompleteBody</Code>'),
      });
    }
  });

  it('says by name what it has not built, and what S3 does not have', async () => {
    expect(await raw('GET', `/${Bucket}?lifecycle`)).toMatchObject({
      status: 501,
      body: expect.stringContaining('S3 GetBucketLifecycleConfiguration is an operation of AWS'),
    });
    expect(await raw('GET', `/${Bucket}?inventory&id=1`)).toMatchObject({
      status: 501,
      body: expect.stringContaining('GetBucketInventoryConfiguration'),
    });
    expect(await raw('POST', `/${Bucket}`)).toMatchObject({
      status: 405,
      body: expect.stringContaining('<Code>MethodNotAllowed</Code>'),
    });
    expect(await raw('POST', `/${Bucket}`, { 'content-type': 'multipart/form-data; boundary=x' })).toMatchObject({
      status: 501,
      body: expect.stringContaining('POST Object (uploads by form)'),
    });
  });

  it('takes presigned URLs as long as they last', async () => {
    let now = Date.UTC(2026, 0, 5, 9);
    const wall = await startEmulator({ clock: { ...systemClock, now: () => now } });
    const signed =
      'X-Amz-Credential=123456789012/20260105/us-east-1/s3/aws4_request&X-Amz-Date=20260105T090000Z&X-Amz-Expires=60';
    const older = `AWSAccessKeyId=123456789012&Expires=${now / 1000 + 60}`;
    const put = (query: string) => fetch(`${wall.url}/presigned?${query}`, { method: 'PUT' });
    for (const query of [signed, older]) {
      now = Date.UTC(2026, 0, 5, 9, 1);
      expect((await put(query)).status).toBe(200);
      now += 1;
      const late = await put(query);
      expect({ status: late.status, text: await late.text() }).toEqual({
        status: 403,
        text: expect.stringContaining('<Code>AccessDenied</Code><Message>Request has expired</Message>'),
      });
    }
    const listed = await fetch(`${wall.url}/?${older.replace(/Expires=\d+/, `Expires=${now / 1000 + 60}`)}`);
    expect(await listed.text()).toContain('<Name>presigned</Name>');
    await wall.close();
  });

  it('takes presigned URLs for a bucket of any region, whichever signature they have', async () => {
    const west = 'X-Amz-Credential=test/20260105/eu-west-1/s3/aws4_request';
    const body = `<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>`;
    const made = await fetch(`${emulator.url}/in-the-west?${west}`, { method: 'PUT', body });
    expect(made.status).toBe(200);
    for (const query of [
      west,
      'AWSAccessKeyId=test&Signature=x&Expires=4000000000',
      'X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential=test/20260105/s3/aws4_request',
    ]) {
      const put = await fetch(`${emulator.url}/in-the-west/key?${query}`, { method: 'PUT', body: query });
      const got = await fetch(`${emulator.url}/in-the-west/key?${query}`);
      expect([put.status, got.status, await got.text()]).toEqual([200, 200, query]);
    }
    const east = await fetch(`${emulator.url}/in-the-west/key?${west.replace('eu-west-1', 'us-east-1')}`, {
      redirect: 'manual',
    });
    expect(east.status).toBe(301);
  });
});
