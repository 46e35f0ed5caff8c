import {
  CreateBucketCommand,
  GetBucketNotificationConfigurationCommand,
  ListObjectsV2Command,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import { afterEach, expect, test, vi } from 'vitest';
import { CreateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeEndpoint } from '../../src/aws/sagemaker.ts';
import { ENDPOINT, openStage, type Stage } from '../support/stage.ts';
import { pipelineOn } from './command.ts';
import { matrixTest } from '../support/sizes.ts';

vi.setConfig({ testTimeout: 120_000 });

let stage: Stage;
afterEach(() => stage.close());

const ON = ['--endpoint', ENDPOINT];
const INSTALL = ['install', ...ON, '--watch', 's3://uploads/weather/', '--adopt', '--yes', '--format', 'json'];

async function open(): Promise<void> {
  stage = await openStage();
  const s3 = await stage.aws.s3();
  await s3.send(new CreateBucketCommand({ Bucket: 'uploads' }));
}

const json = async (argv: readonly string[]) => {
  const said = await pipelineOn(stage, argv);
  expect(said.code, `${said.err}${said.out}`).toBe(0);
  return JSON.parse(said.out) as Record<string, unknown>;
};
const notifications = async () => {
  const s3 = await stage.aws.s3();
  const { $metadata: _, ...found } = await s3.send(
    new GetBucketNotificationConfigurationCommand({ Bucket: 'uploads' }),
  );
  return found;
};

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});
const MINE = {
  TopicConfigurations: [
    { Id: 'mine', TopicArn: 'arn:aws:sns:us-east-1:000000000000:uploads', Events: ['s3:ObjectCreated:*' as const] },
  ],
};
const journal = async () => {
  const s3 = await stage.aws.s3();
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: 'shadowctl-state-000000000000-us-east-1', Prefix: 'journals/' }),
  );
  return Contents.map(({ Key = '' }) => Key);
};
const stacks = async () => {
  const client = await stage.aws.cloudformation();
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({}));
  return Stacks.map(({ StackName, StackStatus }) => `${StackName} ${StackStatus}`);
};

test('a pipeline is installed, brought up to date, told of, and removed without a trace but its history', async () => {
  await open();
  const s3 = await stage.aws.s3();
  const sns = await stage.aws.sns();
  await sns.send(new CreateTopicCommand({ Name: 'uploads' }));
  await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: 'uploads', NotificationConfiguration: MINE }));
  const before = await notifications();

  const planned = await pipelineOn(stage, [...INSTALL.filter((word) => word !== '--yes'), '--plan']);
  expect(planned.code).toBe(4);
  expect(await stacks()).toEqual([]);

  const installed = await json([...INSTALL, '--email', 'team@example.com']);
  expect(installed).toMatchObject({
    result: 'created',
    stack: 'shadowctl-weather',
    page: expect.stringMatching(/^https?:/),
    eventsTurnedOn: true,
  });
  expect(await stacks()).toEqual(['shadowctl-weather UPDATE_COMPLETE']);
  expect(await notifications()).toEqual({ ...before, EventBridgeConfiguration: {} });

  expect(await json([...INSTALL, '--email', 'team@example.com'])).toMatchObject({
    result: 'unchanged',
    eventsTurnedOn: false,
  });
  expect(await json([...INSTALL, '--no-link'])).toMatchObject({ result: 'updated', page: null });
  expect((await journal()).filter((key) => /pipeline\/(code|settings)-/.test(key))).toHaveLength(2);

  expect(await json(['status', ...ON, '--format', 'json'])).toMatchObject({
    status: 'UPDATE_COMPLETE',
    state: 's3://shadowctl-state-000000000000-us-east-1/journals',
    release: null,
    alarms: [],
  });
  expect(await json(['logs', ...ON, '--format', 'json'])).toMatchObject({ lines: expect.any(Array) });

  expect(await json(['remove', ...ON, '--yes', '--format', 'json'])).toMatchObject({
    result: 'removed',
    stood: true,
    off: ['uploads'],
  });
  expect(await stacks()).toEqual([]);
  expect(await notifications()).toEqual(before);
  const left = await journal();
  expect(left.filter((key) => key.includes('/pipeline/'))).toEqual([]);
  expect(left.length).toBeGreaterThan(0);
  expect(await describeEndpoint(stage.aws, ENDPOINT)).toMatchObject({ EndpointConfigName: 'v1' });
  // Once more finds nothing, and the next one takes the bucket that is left.
  expect(await json(['remove', ...ON, '--yes', '--format', 'json'])).toMatchObject({ stood: false });
  expect(await json(INSTALL)).toMatchObject({ result: 'created', eventsTurnedOn: true });
});

const refused = async (argv: readonly string[]) => {
  const said = await pipelineOn(stage, argv);
  expect(said.code, said.out).toBe(2);
  return said.err;
};

test('what a function cannot do is refused with the reason, before anything is made', async () => {
  await open();
  const settings = (text: string) => writeFileSync(join(stage.cwd, 'shadowctl.yaml'), text);
  await expect(pipelineOn(stage, [...INSTALL, '--mirror', 'records'])).resolves.toMatchObject({ code: 2 });
  for (const [text, why] of [
    ['release: { strategy: rollout }', /rollout is not for a pipeline/],
    ['release: { labels: labels.csv }', /file of this machine/],
    ['policy: { answers: { command: "python3 compare.py" } }', /comparator of your own/],
    ['release: { quiet: never }', /quiet/],
    ['release: { author: excluded }', /who uploaded or registered it is not known/],
    ['release: { every: 2d }', /every/],
  ] as const) {
    settings(text);
    expect(await refused(INSTALL)).toMatch(why);
  }
  settings('{}');
  expect(await refused(INSTALL.filter((word) => word !== '--adopt'))).toMatch(/knows nothing of endpoint/);
  expect(await refused([...INSTALL, '--bucket', 'nowhere'])).toMatch(/no bucket "nowhere"/);
  expect(await refused(['install', '--endpoint', 'nowhere', '--yes'])).toMatch(/nowhere/);
  expect(await refused(['logs', ...ON])).toMatch(/No pipeline is installed/);
  const adopted = await stage.shadowctl(['adopt', ...ON]);
  expect(adopted, adopted.err).toMatchObject({ code: 0 });
  expect(await refused(INSTALL)).toMatch(/where a function of AWS Lambda cannot write/);
  expect(await stacks()).toEqual([]);
  expect(await notifications()).toEqual({});
});

matrixTest('two pipelines share a bucket of uploads: the last one that goes puts its switch back', async () => {
  await open();
  const sagemaker = await stage.aws.sagemaker();
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: 'other', EndpointConfigName: 'v1' }));
  await stage.clock.sleep(5 * 60_000);
  const other = INSTALL.map((word) => (word === ENDPOINT ? 'other' : word));
  await json(INSTALL);
  expect(await json(other)).toMatchObject({ result: 'created', eventsTurnedOn: false });
  expect(await json(['remove', ...ON, '--yes', '--format', 'json'])).toMatchObject({ off: [] });
  expect(await notifications()).toMatchObject({ EventBridgeConfiguration: {} });
  expect(await json(['remove', '--endpoint', 'other', '--yes', '--format', 'json'])).toMatchObject({
    off: ['uploads'],
  });
  expect(await notifications()).toEqual({});
});

matrixTest(
  "the settings of a pipeline hold for its endpoint's releases wherever a command is given, until it is removed",
  async () => {
    await open();
    const file = join(stage.cwd, 'shadowctl.yaml');
    writeFileSync(file, 'release: { sampling: [100%], quiet: ["Mon 00:00-Sun 23:59"] }');
    await json(INSTALL);
    // As on the laptop of whoever got a mail.
    rmSync(file);
    const state = ['--state', 's3://shadowctl-state-000000000000-us-east-1/journals'];
    const release = ['release', ...ON, ...state, '--artifact', 's3://models/009.tar.gz', '--adopt', '--yes', '--once'];
    const waits = await stage.shadowctl([...release, '--format', 'json']);
    expect(waits, waits.err).toMatchObject({ code: 0 });
    expect(JSON.parse(waits.out)).toMatchObject({ result: 'waits', for: 'quiet-hours' });
    writeFileSync(file, 'release: { sampling: [50%] }');
    expect((await stage.shadowctl(release)).err.replaceAll(/\s+/g, ' ')).toContain(
      'note: a pipeline looks after weather: its settings hold',
    );
    await json(['remove', ...ON, '--leave-release', '--yes', '--format', 'json']);
    const attached = await stage.shadowctl([...release, '--format', 'json']);
    expect(JSON.parse(attached.out)).toMatchObject({ result: 'waits', for: 'endpoint' });
  },
);

test('while a release is under way it is not removed, unless somebody goes on with it', async () => {
  await open();
  await json(INSTALL);
  const state = ['--state', 's3://shadowctl-state-000000000000-us-east-1/journals'];
  const begun = await stage.shadowctl([
    'release',
    ...ON,
    ...state,
    '--artifact',
    's3://models/009.tar.gz',
    '--adopt',
    '--yes',
    '--once',
  ]);
  expect(begun, begun.err).toMatchObject({ code: 0 });
  expect(await refused(['remove', ...ON, '--yes'])).toMatch(/is under way .* nobody would look after it/);
  expect(await json(['remove', ...ON, '--leave-release', '--yes', '--format', 'json'])).toMatchObject({ stood: true });
});

test('a pipeline whose stack never came up is removed with what lay in the bucket that was given', async () => {
  await open();
  const s3 = await stage.aws.s3();
  await s3.send(new CreateBucketCommand({ Bucket: 'ours' }));
  // The name of its role is taken: the stack is rolled back, and has no outputs.
  const RoleName = 'shadowctl-weather-function';
  await (await stage.aws.iam()).send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST }));
  const broken = await pipelineOn(stage, [...INSTALL, '--bucket', 'ours']);
  const keys = async () =>
    ((await s3.send(new ListObjectsV2Command({ Bucket: 'ours' }))).Contents ?? []).map(({ Key = '' }) => Key);
  expect(broken.code, broken.out).toBe(2);
  expect((await keys()).filter((key) => key.includes('/pipeline/'))).toHaveLength(2);
  expect(await json(['remove', ...ON, '--yes', '--format', 'json'])).toMatchObject({ stood: true });
  expect((await keys()).filter((key) => key.includes('/pipeline/'))).toEqual([]);
  expect(await stacks()).toEqual([]);
});

test('an installation that was killed, or failed, goes on when the command is given again', async () => {
  await open();
  const { faults } = stage.emulator.world;
  for (const operation of ['CreateChangeSet', 'ExecuteChangeSet', 'PutObject', 'PutBucketNotificationConfiguration'])
    for (const after of [0, 1]) {
      // The first call of it that comes, or the second, is never answered.
      const passes = faults.add({ kind: 'delay', operation, milliseconds: 1, times: after });
      const stop = new AbortController();
      const dead = faults.add({ kind: 'error', operation, status: 400, times: 1 });
      await pipelineOn(stage, INSTALL, { signal: stop.signal });
      faults.remove(dead.id);
      faults.remove(passes.id);
    }
  expect(await json(INSTALL)).toMatchObject({ stack: 'shadowctl-weather' });
  expect(await stacks()).toEqual([expect.stringMatching(/^shadowctl-weather (CREATE|UPDATE)_COMPLETE$/)]);
  expect(await notifications()).toEqual({ EventBridgeConfiguration: {} });
  expect(await json(['remove', ...ON, '--yes', '--format', 'json'])).toMatchObject({ off: ['uploads'] });
  expect(await notifications()).toEqual({});
});
