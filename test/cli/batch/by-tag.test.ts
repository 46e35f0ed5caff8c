import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateModelCommand, CreateTransformJobCommand, type Tag } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeCensus } from '../../../src/aws/census.ts';
import { describeTransformJob } from '../../../src/aws/transform-jobs.ts';
import { csv, jobNames, lake, makeModel, WEATHER_ROWS } from '../../support/batch.ts';
import { dyingProxy } from '../../support/dying-proxy.ts';
import { ARTIFACT_005, ARTIFACT_009, ROLE, type TestWorld, testWorld } from '../../support/world.ts';

/* What a lost journal leaves of a batch is found by its tags. */

const DEFAULT = 'sagemaker-us-east-1-000000000000';

let world: TestWorld;
let s3: ReturnType<typeof lake>;
beforeEach(async () => {
  world = await testWorld();
  s3 = lake(world);
  await s3.make();
  await makeModel(world, 'prod', ARTIFACT_005);
  await s3.put('in/a.csv', csv(WEATHER_ROWS.slice(0, 3)));
});
afterEach(() => world.close());

const day = (batch: string, artifact = ARTIFACT_009) =>
  [
    `batch run --day 2026-01-04 --batch ${batch} --input s3://lake/in/ --output s3://lake/out --no-header --against model:prod`,
    `--artifact ${artifact} --algorithm linear-learner --yes`,
  ].join(' ');

async function typed(line: string, code = 0, options: Parameters<TestWorld['shadowctl']>[1] = {}) {
  const ended = await world.shadowctl(line, options);
  expect(ended, `${line}\n${ended.out}\n${ended.err}`).toMatchObject({ code });
  return ended;
}
const json = async (line: string, code = 0) => JSON.parse((await typed(`${line} --format json`, code)).out);

/** The disk with the journals is lost. */
const lose = () => rmSync(join(world.root, '.shadowctl'), { recursive: true });

/** Everything that stands: models, jobs, and objects of both buckets. */
async function standing() {
  const { models } = await takeCensus(world.aws);
  return { models, out: await s3.keys('out/'), uploads: await s3.keys('', DEFAULT), jobs: await jobNames(world) };
}

/** A transform job that somebody else has made. */
async function theirJob(name: string, output: string, Tags: Tag[]) {
  await (await world.aws.sagemaker()).send(
    new CreateTransformJobCommand({
      TransformJobName: name,
      ModelName: 'prod',
      TransformInput: {
        DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://lake/in/' } },
        ContentType: 'text/csv',
        SplitType: 'Line',
      },
      TransformOutput: { S3OutputPath: output, Accept: 'application/jsonlines', AssembleWith: 'Line' },
      TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
      Tags,
    }),
  );
}

test('all of a batch whose journal is lost goes by its tags; another batch, another project and namesakes stay', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shadowctl-others-'));
  try {
    await typed(day('nightly-2'));
    // Another team has a batch of the same name, and the same artifact.
    await typed(day('nightly'), 0, { cwd: folder });
    const client = await world.aws.sagemaker();
    await client.send(
      new CreateModelCommand({
        ModelName: 'nightly-model-20260105-080000',
        ExecutionRoleArn: ROLE,
        PrimaryContainer: { Image: '382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1' },
      }),
    );
    await theirJob(
      'nightly-candidate-20260104-20260105-080000',
      's3://lake/out/nightly/2026-01-04/1-theirs/outputs',
      [],
    );
    await theirJob('nightly-tool', 's3://lake/out/nightly/2026-01-04', [{ Key: 'batch', Value: 'nightly' }]);
    await world.clock.sleep(600_000);
    const others = await standing();
    await typed(day('nightly', ARTIFACT_005));
    const all = await standing();
    lose();
    expect((await typed('cleanup --batch nightly --yes', 2)).err).toContain('cleanup --batch nightly --by-tag --plan');
    const plan = await json('cleanup --batch nightly --by-tag --plan', 4);
    const ours = all.out.filter((key) => !others.out.includes(key));
    const [model] = all.models.filter((name) => !others.models.includes(name));
    const [upload] = all.uploads.filter((key) => !others.uploads.includes(key));
    expect(plan).toMatchObject({
      planned: [
        { kind: 'model', name: model },
        { kind: 's3-object', name: `s3://${DEFAULT}/${upload}` },
        { kind: 'batch-outputs', name: expect.stringMatching(/^s3:\/\/lake\/out\/nightly\/2026-01-04\/1-r-[^/]+\/$/) },
      ],
      left: [],
      records: 2,
    });
    expect(ours.every((key) => `s3://lake/${key}`.startsWith(plan.planned[2].name))).toBe(true);
    expect(plan.notKnown.join()).toMatch(/of project "shadowctl-others-.*bucket .*before its first job/);
    expect(await standing()).toEqual(all);
    const done = await typed('cleanup --batch nightly --by-tag --yes');
    expect(done.out).toContain('nothing of batch nightly is left, as far as tags tell');
    expect(await standing()).toEqual({ ...others, jobs: all.jobs });
    const again = await json('cleanup --batch nightly --by-tag --yes');
    expect(again).toMatchObject({ deleted: [], left: [], records: 2 });
    // Where the other team has its journal, all of theirs is still known, and goes.
    await typed('cleanup --batch nightly --yes', 0, { cwd: folder });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the upload that a model of another project needs stays, whoever uploaded it last', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shadowctl-others-'));
  try {
    await typed(day('nightly'), 0, { cwd: folder });
    await typed(day('nightly'));
    lose();
    const plan = await json('cleanup --batch nightly --by-tag --plan', 4);
    expect(plan.planned.map(({ kind }: { kind: string }) => kind)).toEqual(['model', 'batch-outputs']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a job that runs is stopped; where outputs lie in no folder of an attempt, they stay, and that is said', async () => {
  const batch = `${'a'.repeat(14)}----${'b'.repeat(30)}`;
  const Tags = [
    { Key: 'shadowctl:batch', Value: batch },
    { Key: 'shadowctl:project', Value: world.root.split('/').at(-1) },
    { Key: 'shadowctl:run', Value: 'r-mk0abc-1' },
  ];
  const name = `${'a'.repeat(14)}-candidate-20260104-20260105-080000`;
  await theirJob(name, 's3://lake/precious', Tags);
  expect((await describeTransformJob(world.aws, name))?.status).toBe('InProgress');
  await s3.put('precious/a', 'x');
  const done = await json(`cleanup --batch ${batch} --by-tag --yes`);
  expect(done.deleted).toEqual([{ kind: 'transform-job', name }]);
  expect(done.notKnown.join()).toContain('s3://lake/precious');
  expect((await describeTransformJob(world.aws, name))?.status).toBe('Stopped');
  expect(await s3.keys('precious/')).toContain('precious/a');
});

test('killed at any of its changes, it ends when it is given again, with or without --by-tag, and so does cleanup --all', async () => {
  await s3.make(DEFAULT);
  const before = await standing();
  for (const [index, again] of ['--batch nightly --by-tag', '--batch nightly', '--all'].entries()) {
    await typed(day('nightly'));
    lose();
    const proxy = await dyingProxy(world.emulator.url);
    try {
      proxy.arm(index, index === 1 ? 'dies after' : 'dies before');
      const killed = await world.shadowctl('cleanup --batch nightly --by-tag --yes', {
        env: { AWS_ENDPOINT_URL: proxy.url },
      });
      expect(killed.code, killed.out).toBe(2);
    } finally {
      await proxy.close();
    }
    expect(existsSync(join(world.root, '.shadowctl'))).toBe(true);
    const { batches } = await json('ls');
    expect(batches).toMatchObject([{ batch: 'nightly', clean: false }]);
    await typed(`cleanup ${again} --yes`);
    expect(await standing()).toEqual({ ...before, uploads: [], jobs: expect.anything() });
    lose();
  }
});

test('what may not be looked at is said, and all else goes', async () => {
  await typed(day('nightly'));
  lose();
  const fault = world.emulator.world.faults.add({ kind: 'deny', service: 'sagemaker', operation: 'ListTransformJobs' });
  const done = await json('cleanup --batch nightly --by-tag --yes');
  expect(done.deleted.map(({ kind }: { kind: string }) => kind)).toEqual(['model', 's3-object']);
  expect(done.notKnown.join()).toContain('sagemaker:ListTransformJobs');
  world.emulator.world.faults.remove(fault.id);
  const rest = await json('cleanup --batch nightly --by-tag --yes');
  expect(rest.deleted.map(({ kind }: { kind: string }) => kind)).toEqual(['batch-outputs']);
  expect(await s3.keys('out/')).toEqual([]);
  expect((await typed('cleanup --all --by-tag --yes', 2)).err).toContain('one batch');
});
