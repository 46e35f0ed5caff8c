import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateModelCommand, ListTransformJobsCommand } from '@aws-sdk/client-sagemaker';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { algorithmImage } from '../../src/resources/artifact/images.ts';
import { FIXTURES, ROLE } from './fixtures.ts';
import type { TestWorld } from './world.ts';

/** Rows of the weather's test data, without its line of names. */
export const WEATHER_ROWS = readFileSync(join(FIXTURES, 'data/test.csv'), 'utf8').trim().split('\n');

/** Places in the emulator's S3, for batches. */
export function lake({ aws }: Pick<TestWorld, 'aws'>) {
  return {
    async make(bucket = 'lake') {
      await (await aws.s3()).send(new CreateBucketCommand({ Bucket: bucket }));
    },
    async put(key: string, body: string | Uint8Array, bucket = 'lake') {
      await (await aws.s3()).send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
    },
    async keys(prefix = '', bucket = 'lake'): Promise<string[]> {
      const { Contents = [] } = await (await aws.s3()).send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }),
      );
      return Contents.map(({ Key = '' }) => Key);
    },
    async read(key: string, bucket = 'lake'): Promise<Buffer> {
      const { Body } = await (await aws.s3()).send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
  };
}

/** Rows of a day, as an object has them. */
export function csv(rows: readonly string[]): string {
  return rows.map((row) => `${row}\n`).join('');
}

/** A model of linear-learner that exists, made without shadowctl. */
export async function makeModel(world: Pick<TestWorld, 'aws'>, name: string, artifact: string): Promise<void> {
  await lake(world).put(`models/${name}.tar.gz`, readFileSync(artifact));
  const client = await world.aws.sagemaker();
  await client.send(
    new CreateModelCommand({
      ModelName: name,
      ExecutionRoleArn: ROLE,
      PrimaryContainer: {
        Image: algorithmImage('linear-learner', 'us-east-1').uri,
        ModelDataUrl: `s3://lake/models/${name}.tar.gz`,
      },
    }),
  );
}

/** The names of transform jobs, oldest first: all, or those with a word in them; at most 100. */
export async function jobNames({ aws }: Pick<TestWorld, 'aws'>, word?: string): Promise<string[]> {
  const { TransformJobSummaries = [] } = await (await aws.sagemaker()).send(
    new ListTransformJobsCommand({
      SortBy: 'CreationTime',
      SortOrder: 'Ascending',
      MaxResults: 100,
      NameContains: word,
    }),
  );
  return TransformJobSummaries.map(({ TransformJobName = '' }) => TransformJobName);
}
