import { createWriteStream, existsSync } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { Clock } from '../base/clock.ts';
import { isAlive } from '../base/process-alive.ts';
import { onDisk } from '../base/disk.ts';
import { environmentError } from '../base/errors.ts';
import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';
import { inBucket, s3Object } from './s3-uri.ts';
import { makePrivateFolder } from '../base/private-folder.ts';

/** How often a body that breaks off is asked for again, from where it broke. */
const TRIES = 5;
const FIRST_WAIT_MS = 500;
const ROOM =
  'Make room there, or give the folder back to yourself; the files downloaded so far are kept.\n--no-predictions judges without captures.';

/** An object as it was listed. */
export interface RemoteObject {
  uri: string;
  etag: string;
  bytes: number;
}

/** `there`: it was in its place before. `gone`, `changed`: since it was listed. */
export type Download = 'fetched' | 'there' | 'gone' | 'changed';

/**
 * Puts an object into a file, unless the file is there already. What has come of it lies beside it in a `.part` file
 * and gets its name when it is whole; a transfer that breaks off, in this run or one before, goes on from there with
 * `Range`, and `If-Match` keeps two versions of the object from being put together.
 *
 * @throws Problem (cannot-run) where the file cannot be written
 */
export async function downloadObject(
  aws: Aws,
  clock: Clock,
  object: RemoteObject,
  path: string,
  signal?: AbortSignal,
): Promise<Download> {
  // Asked thousands of times where most is there: not worth a turn of the thread pool each.
  if (existsSync(path)) return 'there';
  const part = `${path}.${process.pid}.part`;
  for (let tries = 1; ; tries += 1) {
    try {
      await onDisk(dirname(path), ROOM, async () => {
        makePrivateFolder(dirname(path));
        await adoptPart(path, part);
      });
      const had = (await sizeOf(part)) ?? 0;
      if (had !== object.bytes || had === 0) await transfer(aws, object, part, had < object.bytes ? had : 0, signal);
      const has = (await sizeOf(part)) ?? 0;
      if (has === object.bytes) {
        await onDisk(dirname(path), ROOM, () => rename(part, path));
        return 'fetched';
      }
      if (tries >= TRIES)
        throw environmentError(`${object.uri} has ${object.bytes} bytes, but ${has} arrived.`, 'Run it again.');
    } catch (error) {
      // Another command has deleted the folder of the cache: it is made anew.
      if (isMissing(error) && tries < TRIES) continue;
      if (!(error instanceof AwsProblem)) throw error;
      if (error.code === 'NoSuchKey' || error.code === 'PreconditionFailed') {
        await rm(part, { force: true });
        return error.code === 'NoSuchKey' ? 'gone' : 'changed';
      }
      // The SDK has tried the request itself again and again; what broke here is the body.
      if (!error.transient || error.attempts > 1 || tries >= TRIES) throw error;
    }
    await clock.sleep(FIRST_WAIT_MS * 2 ** (tries - 1), signal);
  }
}

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Writes the object's bytes from `from` on into the part. */
async function transfer(
  aws: Aws,
  { uri, etag }: RemoteObject,
  part: string,
  from: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const client = await aws.s3();
  const { bucket, key } = s3Object(uri);
  const input = { ...inBucket(bucket), Key: key, IfMatch: etag, ...(from > 0 && { Range: `bytes=${from}-` }) };
  await call(
    aws.target,
    `read ${uri}`,
    async () => {
      const reply = await client.send(new GetObjectCommand(input), { abortSignal: signal });
      // A store that knows no ranges sends all of it.
      const goesOn = reply.ContentRange?.startsWith(`bytes ${from}-`) === true;
      const file = createWriteStream(part, goesOn ? { flags: 'r+', start: from } : { flags: 'w', mode: 0o600 });
      await onDisk(dirname(part), ROOM, () => pipeline(reply.Body as Readable, file, { signal }));
    },
    `s3:GetObject on ${uri}`,
  );
}

/** Takes over what a process that is no more has left of the same file. */
async function adoptPart(path: string, part: string): Promise<void> {
  const name = basename(path);
  for (const other of await readdir(dirname(path))) {
    if (!other.startsWith(`${name}.`) || !other.endsWith('.part')) continue;
    const pid = Number(other.slice(name.length + 1, -'.part'.length));
    if (pid === process.pid) return;
    if (!isAlive(pid)) return rename(join(dirname(path), other), part);
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}
