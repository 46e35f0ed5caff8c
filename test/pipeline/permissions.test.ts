import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterEach, expect, test, vi } from 'vitest';
import { readDocument } from '../../src/emulator/iam/document.ts';
import { callerPolicy } from '../../src/lifecycle/permissions/policy.ts';
import { ENDPOINT, openStage, type Stage } from '../support/stage.ts';
import { pipelineOn } from './command.ts';

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
