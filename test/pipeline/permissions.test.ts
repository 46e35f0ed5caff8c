import { readFileSync } from 'node:fs';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, expect, test, vi } from 'vitest';
import { readDocument } from '../../src/emulator/iam/document.ts';
import { callerPolicy } from '../../src/lifecycle/permissions/policy.ts';
import { functionPolicy } from '../../src/pipeline/template/roles.ts';
import { sampled } from '../support/sizes.ts';
import { csv, WEATHER_ROWS } from '../support/batch.ts';
import { ARTIFACT, ENDPOINT, openStage, type Stage } from '../support/stage.ts';
import { pipelineOn } from './command.ts';
import { BARE } from './specs.ts';
import { MINUTE, openFunction, STATE } from './support.ts';

vi.setConfig({ testTimeout: 120_000 });

let stage: Stage;
afterEach(() => stage.close());

test('whoever has exactly the printed policy installs, looks at and removes a pipeline', async () => {
  stage = await openStage();
  const s3 = await stage.aws.s3();
  await s3.send(new CreateBucketCommand({ Bucket: 'uploads' }));
  const place = { region: 'us-east-1', account: '000000000000', endpoint: ENDPOINT, role: undefined, topics: [] };
  const policy = callerPolicy(['pipeline'], {
    ...place,
    // The emulator's CloudFormation asks for the notifications of a new bucket, too.
    buckets: ['uploads', 'shadowctl-state-000000000000-us-east-1'],
    state: { bucket: 'shadowctl-state-000000000000-us-east-1', key: 'journals' },
  });
  const { iam } = stage.emulator.world;
  const document = readDocument(policy, 'the printed policy');
  iam.attach([{ who: 'deployer', kind: 'identity-based policy', document }]);
  const env = { AWS_ACCESS_KEY_ID: 'deployer' };
  const on = ['--endpoint', ENDPOINT, '--format', 'json'];
  const parts = ['--watch', 's3://uploads/in/', '--adopt', '--email', 'team@example.com', '--yes'];
  for (const line of [
    ['install', ...on, ...parts],
    ['install', ...on, ...parts.filter((word) => word !== '--email' && !word.includes('@'))],
    ['status', ...on],
    ['logs', ...on],
    ['remove', ...on, '--yes'],
  ]) {
    const said = await pipelineOn(stage, line, { env });
    expect({ line: line[0], code: said.code, denied: [...iam.denied] }, said.err).toEqual({
      line: line[0],
      code: 0,
      denied: [],
    });
  }
});

const EVERYTHING = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };

test.each(sampled(['lake', 'inputs'], 1))(
  'the function runs a release by a batch, to production, with exactly the role of its template (inputs in bucket %s)',
  async (inputs) => {
    const batch = { input: `s3://${inputs}/in/{yyyy}/{MM}/{dd}/`, output: 's3://lake/out', daysBefore: 2 };
    const policy = { inform: ['labels.scores', 'labels.byClass'], agreement: 0.4 };
    const own = await openFunction({}, { project: { policy, release: { settle: '2m', timeBox: '1d', batch } } });
    stage = own;
    const s3 = await own.aws.s3();
    for (const Bucket of new Set(['lake', inputs])) await s3.send(new CreateBucketCommand({ Bucket }));
    for (const [i, day] of ['03', '04'].entries())
      await s3.send(
        new PutObjectCommand({
          Bucket: inputs,
          Key: `in/2026/01/${day}/a.csv`,
          Body: csv(WEATHER_ROWS.slice(50 * i, 50 * i + 50)),
        }),
      );
    const { iam } = own.emulator.world;
    const document = functionPolicy({
      ...BARE,
      ...{ region: 'us-east-1', account: '000000000000', endpoint: ENDPOINT },
      role: 'arn:aws:iam::000000000000:role/sagemaker',
      state: { bucket: 'shadowctl-state', key: 'journals' },
      readBuckets: ['uploads', 'models', ...(inputs === 'lake' ? [] : [inputs])],
      batch: { buckets: ['lake'] },
    });
    iam.attach([
      { who: 'test', kind: 'identity-based policy', document: readDocument(EVERYTHING, 'everything') },
      { who: 'function', kind: 'identity-based policy', document: readDocument(document, 'the template') },
    ]);
    // As an installed one: its settings lie beside its journals.
    await own.upload('journals/settings.json', JSON.stringify(own.settings), 'shadowctl-state');
    Object.assign(own.env, { AWS_ACCESS_KEY_ID: 'function', SHADOWCTL_SETTINGS: `${STATE}/settings.json` });
    await own.upload('weather/model.tar.gz', readFileSync(ARTIFACT));
    await own.ticksUntil('answer', 180);
    expect(iam.asked).toContain('sagemaker:CreateTransformJob');
    const said = await own.shadowctl(['release', 'approve', '--endpoint', ENDPOINT, '--state', STATE, '--yes']);
    expect(said.code, said.err).toBe(0);
    await own.ticksUntil('ended');
    await own.clock.sleep(10 * MINUTE);
    await own.tick();
    expect((await own.production()).artifact).toContain('/artifacts/');
    expect([...iam.denied]).toEqual([]);
  },
);
