import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreateEndpointConfigCommand,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deleteAlarm, describeAlarms } from '../../src/aws/cloudwatch.ts';
import { describeEndpoint, deleteEndpointConfig } from '../../src/aws/sagemaker.ts';
import { autoscaled } from '../support/autoscaled.ts';
import { flow } from '../support/traffic.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../support/world.ts';
import { matrixTest } from '../support/sizes.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const ON = '--endpoint weather';
const DEPLOY = `deploy ${ON} --artifact ${ARTIFACT_005} --algorithm linear-learner --model-name m1 --config-name c1 --instances 2 --yes`;
const SECOND = `deploy ${ON} --artifact ${ARTIFACT_009} --algorithm linear-learner --model-name m2 --config-name c2 --yes`;
const SHADOW = `shadow ${ON} --artifact ${ARTIFACT_009} --algorithm linear-learner --model-name s --config-name cs --yes`;

async function typed(line: string, code = 0) {
  const ended = await world.shadowctl(line);
  expect(ended, `${line}\n${ended.out}\n${ended.err}`).toMatchObject({ code });
  return ended;
}
const json = async (line: string) => JSON.parse((await typed(`${line} --format json`)).out);
const drift = async () => (await json(`status ${ON}`)).drift;
/** The word after a label on a line of its own. */
const commandAfter = (out: string, label: string) =>
  out
    .split('\n')
    .find((line) => line.includes(label))
    ?.split(label)[1]
    ?.trim() ?? '';

async function settled() {
  await world.clock.sleep(1_800_000);
}

/** What somebody does in the console. */
async function inConsole(config: string, model = 'm1') {
  const client = await world.aws.sagemaker();
  const variant = {
    VariantName: 'AllTraffic',
    ModelName: model,
    InstanceType: 'ml.m5.large',
    InitialInstanceCount: 2,
  } as const;
  await client.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: config,
      ProductionVariants: [variant],
      DataCaptureConfig: {
        EnableCapture: true,
        InitialSamplingPercentage: 50,
        DestinationS3Uri: 's3://theirs/captures',
        CaptureOptions: [{ CaptureMode: 'Input' }],
      },
    }),
  );
  await client.send(new UpdateEndpointCommand({ EndpointName: 'weather', EndpointConfigName: config }));
  await settled();
}

async function scale(VariantName: string, change: { DesiredInstanceCount?: number; DesiredWeight?: number }) {
  await (await world.aws.sagemaker()).send(
    new UpdateEndpointWeightsAndCapacitiesCommand({
      EndpointName: 'weather',
      DesiredWeightsAndCapacities: [{ VariantName, ...change }],
    }),
  );
  await settled();
}

test('another config is named with what differs; the one command puts it back, the other takes it over', async () => {
  await typed(DEPLOY);
  await typed(SECOND);
  expect(await drift()).toBeUndefined();
  await inConsole('theirs');
  expect(await drift()).toMatchObject({
    modified: expect.any(String),
    found: [
      {
        kind: 'config',
        before: 'c2',
        now: 'theirs',
        parts: [
          { what: 'models', before: 'm2', now: 'm1' },
          { what: 'data capture', before: 'off', now: '50 % to s3://theirs/captures' },
        ],
        putBack: 'shadowctl undo --endpoint weather --to c2',
      },
    ],
    takeOver: 'shadowctl adopt --endpoint weather',
  });
  const { out } = await typed(`status ${ON}`);
  await typed(`${commandAfter(out, 'Put it back: shadowctl')} --yes`);
  expect((await describeEndpoint(world.aws, 'weather'))?.EndpointConfigName).toBe('c2');
  expect(await drift()).toBeUndefined();
  await inConsole('theirs-too');
  const adopted = await json(commandAfter((await typed(`status ${ON}`)).out, 'take over what stands now: shadowctl'));
  expect(adopted).toMatchObject({
    adopted: [{ kind: 'endpoint-config', name: 'theirs-too' }],
    takenOver: [{ kind: 'config', before: 'c2', now: 'theirs-too' }],
  });
  expect(await drift()).toBeUndefined();
  expect((await json(`status ${ON}`)).live.ownership).toBe('created');
  // The way back leads to what ran before somebody else came.
  await typed(`undo ${ON} --yes`);
  expect((await describeEndpoint(world.aws, 'weather'))?.EndpointConfigName).toBe('c2');
  await typed(`cleanup ${ON} --yes`);
  expect(await describeEndpoint(world.aws, 'weather')).toBeUndefined();
});

test('what was there before and is deleted cannot be put back', async () => {
  await typed(DEPLOY);
  await inConsole('theirs');
  await deleteEndpointConfig(world.aws, 'c1');
  expect((await drift()).found).toMatchObject([{ kind: 'config', putBack: null }]);
  expect((await typed(`status ${ON}`)).out).toContain('It cannot be put back.');
});

test('instances and weights that were changed are named, and what scales by itself is not', async () => {
  await typed(DEPLOY);
  await typed(`${SHADOW} --sample 50%`);
  expect(await drift()).toBeUndefined();
  await scale('AllTraffic', { DesiredInstanceCount: 4 });
  await scale('AllTraffic', { DesiredWeight: 2 });
  expect((await drift()).found).toMatchObject([
    {
      kind: 'instances',
      variant: 'AllTraffic',
      before: 2,
      now: 4,
      putBack: expect.stringContaining('DesiredInstanceCount=2'),
    },
    { kind: 'weight', variant: 'AllTraffic', before: 1, now: 2, putBack: expect.stringContaining('DesiredWeight=1') },
  ]);
  await typed(`adopt ${ON}`);
  expect(await drift()).toBeUndefined();
  await autoscaled(world.aws);
  await scale('AllTraffic', { DesiredInstanceCount: 3 });
  expect(await drift()).toBeUndefined();
});

matrixTest('an alarm whose rule was changed, or that was deleted, is named', async () => {
  await typed(DEPLOY);
  const canary = `canary ${ON} --artifact ${ARTIFACT_009} --algorithm linear-learner --yes`;
  const stop = new AbortController();
  await world.clock.all<unknown>([
    () => flow(world.clock, world.emulator, { endpoint: 'weather', perSecond: 1, signal: stop.signal }),
    async () => {
      await typed(canary);
      stop.abort();
    },
  ]);
  expect(await drift()).toBeUndefined();
  const { alarms } = await json(`status ${ON}`);
  const [first, second] = alarms.map(({ name }: { name: string }) => name);
  const [rule] = await describeAlarms(world.aws, [first]);
  const { AlarmArn: _, StateValue: __, ...input } = rule as unknown as Record<string, never>;
  await (await world.aws.cloudwatch()).send(new PutMetricAlarmCommand({ ...input, Threshold: 99 } as never));
  await deleteAlarm(world.aws, second);
  const { found } = await drift();
  expect(found).toHaveLength(2);
  const of = (name: string) => found.find(({ alarm }: { alarm: string }) => alarm === name);
  expect(of(first)).toMatchObject({ kind: 'alarm', changed: [{ field: 'Threshold', now: '99' }] });
  expect(of(second)).toMatchObject({ changed: 'deleted', putBack: expect.stringContaining('put-metric-alarm') });
  await typed(`adopt ${ON}`);
  expect(await drift()).toBeUndefined();
});

test('Terraform’s config is the one that ran when the endpoint was taken over, also after an undo', async () => {
  await typed(`${DEPLOY} --state elsewhere`);
  const stop = new AbortController();
  await world.clock.all<unknown>([
    () => flow(world.clock, world.emulator, { endpoint: 'weather', perSecond: 1, signal: stop.signal }),
    async () => {
      await world.shadowctl(`${SECOND.replace(/^deploy/, 'canary')} --adopt --no-metrics`);
      stop.abort();
    },
  ]);
  expect((await json(`status ${ON}`)).terraform).toMatchObject({ config: { terraform: 'c1', now: 'c2' }, said: false });
  await typed(`undo ${ON} --yes`);
  const { terraform } = await json(`status ${ON}`);
  expect(terraform?.config ?? null).toBeNull();
});

matrixTest('of an adopted endpoint status says what Terraform’s next plan will want', async () => {
  await typed(`${DEPLOY} --state elsewhere`);
  await typed(`adopt ${ON}`);
  expect((await json(`status ${ON}`)).terraform).toBeUndefined();
  await typed(SHADOW);
  expect((await json(`status ${ON}`)).terraform).toEqual({
    config: { terraform: 'c1', now: 'cs' },
    deployment: false,
    said: false,
    ignore: ['endpoint_config_name'],
  });
  const stop = new AbortController();
  await world.clock.all<unknown>([
    () => flow(world.clock, world.emulator, { endpoint: 'weather', perSecond: 1, signal: stop.signal }),
    async () => {
      await world.shadowctl(`promote ${ON} --force --yes`);
      stop.abort();
    },
  ]);
  const { out } = await typed(`status ${ON}`);
  expect(out).toContain('ignore_changes = [endpoint_config_name, deployment_config]');
});
