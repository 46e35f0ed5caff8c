import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeCensus } from '../../src/aws/census.ts';
import { ARTIFACT_005, type TestWorld, testWorld } from '../support/world.ts';

/* Every command that brings a new model looks into its artifact, in S3 too, before anything is created. */

let world: TestWorld;

beforeAll(async () => {
  world = await testWorld();
  const s3 = await world.aws.s3();
  await s3.send(new CreateBucketCommand({ Bucket: 'models' }));
  await s3.send(new PutObjectCommand({ Bucket: 'models', Key: 'bad.tar.gz', Body: 'not an archive' }));
  await world.shadowctl(
    `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 2 --yes`,
  );
});
afterAll(() => world.close());

const BAD = '--artifact s3://models/bad.tar.gz --algorithm linear-learner --yes';

test.each([
  `deploy --endpoint other ${BAD}`,
  `deploy --endpoint weather ${BAD}`,
  `canary --endpoint weather ${BAD}`,
  `shadow --endpoint weather ${BAD}`,
  `rollout --endpoint weather ${BAD}`,
])('%s is refused', async (line) => {
  const before = await takeCensus(world.aws);
  const { code, err } = await world.shadowctl(line);
  expect(err).toContain('s3://models/bad.tar.gz');
  expect(code).toBe(2);
  expect(before.endpoints).toEqual(['weather']);
  expect(await takeCensus(world.aws)).toEqual(before);
});
