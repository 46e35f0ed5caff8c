import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Aws, connect } from '../../src/aws/clients.ts';
import { downloadObject } from '../../src/aws/s3-download.ts';
import { VirtualClock } from '../../src/base/clock.ts';
import { type Emulator, startEmulator } from '../../src/emulator/http/server.ts';

const BYTES = 4_000_000;
const CONTENT = Buffer.from(Array.from({ length: BYTES }, (_, i) => (i * 7 + (i >> 8)) % 251));
const uri = 's3://captures/a/b.jsonl';

let clock: VirtualClock;
let emulator: Emulator;
let counter: {
  url: string;
  replies: { status: number; range: string | undefined; bytes: number }[];
  close(): Promise<void>;
};
let aws: Aws;
let folder: string;
let etag: string;
beforeEach(async () => {
  clock = new VirtualClock(Date.UTC(2026, 0, 5, 9));
  emulator = await startEmulator({ clock });
  counter = await countingProxy(emulator.url);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  aws = connect({ region: 'us-east-1', endpointUrl: counter.url, profile: undefined, credentials });
  folder = await mkdtemp(join(tmpdir(), 'shadowctl-download-'));
  const s3 = await aws.s3();
  await s3.send(new CreateBucketCommand({ Bucket: 'captures' }));
  etag = await put(CONTENT);
  counter.replies.length = 0;
});
afterEach(async () => {
  aws.close();
  await counter.close();
  await emulator.close();
  await rm(folder, { recursive: true, force: true });
});

const put = async (Body: Buffer) =>
  (await (await aws.s3()).send(new PutObjectCommand({ Bucket: 'captures', Key: 'a/b.jsonl', Body }))).ETag as string;
const path = () => join(folder, 'xy', 'entry.jsonl');
const download = (signal?: AbortSignal) => downloadObject(aws, clock, { uri, etag, bytes: BYTES }, path(), signal);
const cut = (times: number) => emulator.world.faults.add({ kind: 'cut-reply', operation: 'GetObject', times });

/** Between program and emulator: counts the bytes of each body, and hands a broken connection on. */
async function countingProxy(target: string): Promise<typeof counter> {
  const replies: (typeof counter)['replies'] = [];
  const server = createServer((incoming, outgoing) => {
    const onward = forward(new URL(incoming.url ?? '/', target), {
      method: incoming.method,
      headers: incoming.headers,
    });
    onward.on('response', (reply) => {
      const seen = { status: reply.statusCode ?? 0, range: incoming.headers.range, bytes: 0 };
      replies.push(seen);
      outgoing.writeHead(reply.statusCode ?? 500, reply.headers);
      reply.on('data', (chunk: Buffer) => {
        seen.bytes += chunk.length;
        outgoing.write(chunk);
      });
      reply.on('end', () => outgoing.end());
      reply.on('error', () => outgoing.destroy());
    });
    onward.on('error', () => incoming.socket.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    replies,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

test('a body that breaks off goes on from where it broke: the second try brings the rest alone', async () => {
  cut(2);
  expect(await download()).toBe('fetched');
  expect(readFileSync(path()).equals(CONTENT)).toBe(true);
  expect(counter.replies.map(({ status }) => status)).toEqual([200, 206, 206]);
  // What was still on its way to the disk when the connection broke is not much.
  const [second = 0, third = 0] = counter.replies
    .slice(1)
    .map(({ range }) => Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1]));
  expect(second).toBeGreaterThan(1_000_000);
  expect(third).toBeGreaterThan(second + 300_000);
  expect(counter.replies[2]?.bytes).toBe(BYTES - third);
  expect(readdirSync(dirname(path()))).toEqual(['entry.jsonl']);
  expect(await download()).toBe('there');
});

test('what a process that is no more has left is gone on with; what a living one writes is left alone', async () => {
  mkdirSync(dirname(path()));
  // No process has the largest number of Linux plus one; the first of all is always there.
  writeFileSync(`${path()}.4194305.part`, CONTENT.subarray(0, BYTES - 10));
  writeFileSync(`${path()}.1.part`, CONTENT.subarray(0, 10));
  expect(await download()).toBe('fetched');
  expect(counter.replies.map(({ bytes }) => bytes)).toEqual([10]);
  expect(readFileSync(path()).equals(CONTENT)).toBe(true);
  expect(readdirSync(dirname(path())).sort()).toEqual(['entry.jsonl', 'entry.jsonl.1.part']);
});

test('an interrupted transfer leaves no entry, and is gone on with', async () => {
  const stop = new AbortController();
  cut(1);
  emulator.world.faults.add({ kind: 'delay', operation: 'GetObject', milliseconds: 1, times: 1 });
  const waiting = download(stop.signal);
  while (counter.replies[0]?.bytes !== 2_000_000) await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  expect(existsSync(path())).toBe(false);
  expect(await download()).toBe('fetched');
  expect(readFileSync(path()).equals(CONTENT)).toBe(true);
});

test('an object that was replaced or deleted in between is no mixture of both', async () => {
  mkdirSync(dirname(path()));
  writeFileSync(`${path()}.${process.pid}.part`, CONTENT.subarray(0, 1_000));
  await put(Buffer.alloc(BYTES, 'y'));
  expect(await download()).toBe('changed');
  expect(readdirSync(dirname(path()))).toEqual([]);
  await (await aws.s3()).send(new DeleteObjectCommand({ Bucket: 'captures', Key: 'a/b.jsonl' }));
  expect(await download()).toBe('gone');
});

test('a part longer than the object is thrown away; an empty object is a file', async () => {
  mkdirSync(dirname(path()));
  writeFileSync(`${path()}.${process.pid}.part`, Buffer.alloc(BYTES + 1));
  expect(await download()).toBe('fetched');
  expect(readFileSync(path()).equals(CONTENT)).toBe(true);
  const empty = { uri, etag: await put(Buffer.alloc(0)), bytes: 0 };
  expect(await downloadObject(aws, clock, empty, join(folder, 'none'))).toBe('fetched');
  expect(readFileSync(join(folder, 'none'))).toHaveLength(0);
});

test('a body that always breaks ends after some tries, and keeps what came', async () => {
  cut(100);
  await expect(download()).rejects.toMatchObject({ kind: 'cannot-run', code: 'ECONNRESET' });
  expect(counter.replies).toHaveLength(5);
  emulator.world.faults.clear();
  await download();
  expect(counter.replies.at(-1)?.status).toBe(206);
  expect(counter.replies.at(-1)?.bytes).toBeLessThan(BYTES / 4);
});

test('a denied object says which permission it takes', async () => {
  emulator.world.faults.add({ kind: 'deny', operation: 'GetObject' });
  await expect(download()).rejects.toMatchObject({
    message: expect.stringMatching(
      /^Could not read s3:.*: User: .* is not authorized to perform: s3:GetObject .*\(AccessDenied\)$/,
    ) as string,
    missing: `s3:GetObject on ${uri}`,
    next: `Grant s3:GetObject on ${uri} to these credentials, or use others with --profile.`,
  });
});

test.runIf(process.getuid?.() !== 0)('a folder that cannot be written to is no defect', async () => {
  await chmod(folder, 0o500);
  await expect(download()).rejects.toMatchObject({
    kind: 'cannot-run',
    message: expect.stringContaining('permission denied') as string,
  });
  await chmod(folder, 0o700);
});

test('a file in the way of the folder is no defect, nor is a full disk', async () => {
  writeFileSync(join(folder, 'xy'), 'in the way');
  await expect(download()).rejects.toMatchObject({
    kind: 'cannot-run',
    message: expect.stringContaining('in the way') as string,
  });
  // The device that is always full.
  if (!existsSync('/dev/full')) return;
  const part = join(folder, `full.${process.pid}.part`);
  const { symlinkSync } = await import('node:fs');
  symlinkSync('/dev/full', part);
  await expect(downloadObject(aws, clock, { uri, etag, bytes: BYTES }, join(folder, 'full'))).rejects.toMatchObject({
    kind: 'cannot-run',
    message: `Could not write to ${folder}: the disk is full (ENOSPC).`,
  });
});

test('a folder that is deleted while the object comes is made anew', async () => {
  emulator.world.faults.add({ kind: 'delay', operation: 'GetObject', milliseconds: 1, times: 1 });
  const waiting = download();
  while (!existsSync(dirname(path()))) await new Promise((resolve) => setImmediate(resolve));
  await rm(dirname(path()), { recursive: true, force: true });
  expect(await waiting).toBe('fetched');
  expect(readFileSync(path()).equals(CONTENT)).toBe(true);
});
