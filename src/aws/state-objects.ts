import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { Clock } from '../base/clock.ts';
import { environmentError } from '../base/errors.ts';
import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';
import { inBucket, type S3Place, s3Uri } from './s3-uri.ts';
import { onReply } from './replies.ts';

/** Two writers at the very same moment: S3 asks one of them to try again. */
const CONFLICT = 'ConditionalRequestConflict';
const CONFLICT_PAUSES = [50, 150, 400, 1_000];
/** The condition does not hold; for an object that is not there, S3 says that it is not. */
const NOT_MET = new Set(['PreconditionFailed', 'NoSuchKey', 'NotFound', '412']);
const ABSENT = new Set(['NoSuchKey', 'NotFound']);

/** How objects of the state are kept beside where. */
export interface StateObjectsOptions {
  /** The account that must own the bucket, twelve digits; undefined: as the name of the bucket says. */
  owner?: string | undefined;
  /** A key of KMS to encrypt them with; undefined: as the bucket does by itself. */
  kmsKey?: string | undefined;
}

/** Objects under one place of S3, as the state keeps its journals there (ObjectPort of the state room). */
export function stateObjects(
  aws: Aws,
  clock: Clock,
  { bucket, key }: S3Place,
  { owner, kmsKey }: StateObjectsOptions = {},
) {
  const base = key === '' || key.endsWith('/') ? key : `${key}/`;
  const place = { ...inBucket(bucket), ...(owner !== undefined && { ExpectedBucketOwner: owner }) };
  const uri = (name: string) => s3Uri({ bucket, key: base + name });
  const encryption = kmsKey === undefined ? {} : ({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: kmsKey } as const);

  async function get(name: string) {
    const client = await aws.s3();
    const command = new GetObjectCommand({ ...place, Key: base + name });
    const date = dateOf(command, clock);
    try {
      const reply = await call(
        aws.target,
        `read ${uri(name)}`,
        () => client.send(command),
        `s3:GetObject on ${uri(name)}`,
      );
      return { text: (await reply.Body?.transformToString()) ?? '', etag: reply.ETag ?? '', now: date() };
    } catch (error) {
      if (error instanceof AwsProblem && ABSENT.has(error.code)) return undefined;
      throw error;
    }
  }

  async function* pages(prefix: string, { after, delimiter }: { after?: string | undefined; delimiter?: string } = {}) {
    const client = await aws.s3();
    let token: string | undefined;
    do {
      const page = await call(
        aws.target,
        `list ${uri(prefix)}`,
        () =>
          client.send(
            new ListObjectsV2Command({
              ...place,
              Prefix: base + prefix,
              ContinuationToken: token,
              ...(after !== undefined && { StartAfter: base + after }),
              ...(delimiter !== undefined && { Delimiter: delimiter }),
            }),
          ),
        `s3:ListBucket on s3://${bucket}`,
      ).catch((error: unknown) => {
        if (!(error instanceof AwsProblem) || error.code !== 'NoSuchBucket') throw error;
        throw environmentError(
          `There is no bucket "${bucket}", in which the state is to be kept.`,
          `Create it, or correct the place: ${uri('')}`,
        );
      });
      yield page;
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  return {
    uri,
    get,
    async list(prefix: string, after?: string) {
      const keys: string[] = [];
      for await (const { Contents = [] } of pages(prefix, { after }))
        keys.push(...Contents.map(({ Key = '' }) => Key.slice(base.length)));
      return keys;
    },
    async folders(prefix: string) {
      const names: string[] = [];
      for await (const { CommonPrefixes = [] } of pages(prefix, { delimiter: '/' }))
        names.push(...CommonPrefixes.map(({ Prefix = '' }) => Prefix.slice(base.length + prefix.length, -1)));
      return names;
    },
    async put(name: string, text: string, condition: 'absent' | { etag: string }) {
      const client = await aws.s3();
      const when = condition === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: condition.etag };
      for (let tries = 0; ; tries += 1) {
        const command = new PutObjectCommand({
          ...place,
          ...encryption,
          ...when,
          Key: base + name,
          Body: text,
          ContentType: 'application/json',
        });
        const date = dateOf(command, clock);
        try {
          const reply = await call(
            aws.target,
            `write ${uri(name)}`,
            () => client.send(command),
            `s3:PutObject on ${uri(name)}`,
          );
          return { etag: reply.ETag ?? '', now: date() };
        } catch (error) {
          if (!(error instanceof AwsProblem)) throw error;
          const pause = CONFLICT_PAUSES[tries];
          if (error.code === CONFLICT && pause !== undefined) {
            await clock.sleep(pause);
            continue;
          }
          const answered = NOT_MET.has(error.code) || error.code === CONFLICT;
          if (!answered && !error.transient) throw error;
          // The first of two tries may have been heard, and its reply lost.
          const there = await get(name);
          if (there?.text === text) return { etag: there.etag, now: there.now };
          if (!answered) throw error;
          return undefined;
        }
      }
    },
    async delete(name: string, etag?: string) {
      const client = await aws.s3();
      const input = { ...place, Key: base + name, ...(etag !== undefined && { IfMatch: etag }) };
      try {
        await call(
          aws.target,
          `delete ${uri(name)}`,
          () => client.send(new DeleteObjectCommand(input)),
          `s3:DeleteObject on ${uri(name)}`,
        );
        return true;
      } catch (error) {
        if (error instanceof AwsProblem && ABSENT.has(error.code)) return true;
        if (error instanceof AwsProblem && (NOT_MET.has(error.code) || error.code === CONFLICT)) return false;
        throw error;
      }
    },
  };
}

/** Takes the time of the reply along: what S3's own clock says. @returns it, once there was a reply; else this machine's */
function dateOf(command: object, clock: Clock): () => number {
  let seen = Number.NaN;
  onReply(command, 'dateOfReply', ({ headers }) => {
    seen = Date.parse(headers?.date ?? '');
  });
  return () => (Number.isNaN(seen) ? clock.now() : seen);
}
