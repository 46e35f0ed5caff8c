import { UpdateEndpointCommand, CreateEndpointConfigCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, expect, test } from 'vitest';
import { describeAlarms } from '../../src/aws/cloudwatch.ts';
import { describeEndpoint } from '../../src/aws/sagemaker.ts';
import { dyingProxy } from '../support/dying-proxy.ts';
import { ENDPOINT, GOOD_CANARY, openStage, type Stage } from '../support/stage.ts';
import { matrixTest } from '../support/sizes.ts';

let stage: Stage;
afterEach(() => stage.close());

const MINUTE = 60_000;
const CANARY = [...GOOD_CANARY, '--model-name', 'm2', '--config-name', 'v2'];
const ABORT = ['abort', '--endpoint', ENDPOINT, '--yes'];

/** Aborts a canary so many minutes after it was called for. */
async function abortAfter(minutes: number) {
  const { result } = await stage.traffic(
    () =>
      stage.clock.all([
        () => stage.shadowctl([...CANARY, '--format', 'json']),
        async () => {
          await stage.clock.sleep(minutes * MINUTE);
          return stage.shadowctl([...ABORT, '--format', 'json']);
        },
      ]),
    1,
  );
  const [canary, abort] = result;
  return { canary, abort };
}

test.each([
  ['while the canary bakes', 6],
  ['while the new fleet is launched', 2.5],
])('an abort %s brings the old fleet back, and both say so', async (_, minutes) => {
  stage = await openStage();
  const { canary, abort } = await abortAfter(minutes);
  expect(abort?.code).toBe(0);
  expect(JSON.parse(abort?.out ?? '')).toMatchObject({ ending: 'aborted', runningConfig: 'v1' });
  expect(canary?.code).toBe(1);
  expect(JSON.parse(canary?.out ?? '')).toMatchObject({ ending: 'aborted', runningConfig: 'v1' });
  // The alarm has its own rule again, and leaves ALARM by itself.
  await stage.clock.sleep(3 * MINUTE);
  const [alarm] = await describeAlarms(stage.aws, ['weather-5XXError']);
  expect(alarm).toMatchObject({
    Threshold: 0.01,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
    StateValue: 'OK',
  });
});

test('history tells it', async () => {
  stage = await openStage();
  await abortAfter(6);
  const said = await stage.shadowctl(['history', '--endpoint', ENDPOINT]);
  expect(said.out).toMatch(/canary +v1 → v2 +aborted, \d+ requests/);
  const [entry] = JSON.parse((await stage.shadowctl(['history', '--endpoint', ENDPOINT, '--format', 'json'])).out);
  expect(entry).toMatchObject({ command: 'canary', from: 'v1', to: 'v2', ending: 'aborted' });
});

test('stopped before its end: the next command gives the alarm its rule back', async () => {
  stage = await openStage();
  const stop = new AbortController();
  const watching = new AbortController();
  const [, abort] = await stage.clock.all([
    () => stage.shadowctl(CANARY, watching.signal),
    async () => {
      await stage.clock.sleep(6 * MINUTE);
      watching.abort(new Error('killed'));
      return stage.shadowctl(ABORT, stop.signal);
    },
    async () => {
      await stage.clock.sleep(6.5 * MINUTE);
      stop.abort(new Error('killed'));
      return undefined;
    },
  ]);
  expect(abort?.code).toBe(130);
  while ((await describeEndpoint(stage.aws, ENDPOINT))?.EndpointStatus !== 'InService') await stage.clock.sleep(MINUTE);
  expect((await describeAlarms(stage.aws, ['weather-5XXError']))[0]).toMatchObject({
    StateValue: 'ALARM',
    Threshold: 0,
  });
  const next = await stage.shadowctl(['canary', '--endpoint', ENDPOINT, '--resume', '--format', 'json']);
  expect(next.err).toContain(
    'An abort was stopped before it restored the rule of weather-5XXError; the rule is restored now.',
  );
  expect(JSON.parse(next.out)).toMatchObject({ ending: 'aborted' });
  await stage.clock.sleep(3 * MINUTE);
  expect((await describeAlarms(stage.aws, ['weather-5XXError']))[0]).toMatchObject({
    StateValue: 'OK',
    Threshold: 0.01,
  });
});

/** A canary that nobody watches any more, of whose alarms an earlier one set the rules. */
async function unwatchedCanary() {
  stage = await openStage();
  await stage.shadowctl([...GOOD_CANARY, '--model-name', 'm0', '--config-name', 'v0']);
  const stop = new AbortController();
  await stage.clock.all<void>([
    async () => void (await stage.shadowctl(CANARY, stop.signal)),
    async () => {
      await stage.clock.sleep(8 * MINUTE);
      stop.abort();
    },
  ]);
}

matrixTest('killed after the alarm was set: the next abort knows that, and goes on', async () => {
  await unwatchedCanary();
  const proxy = await dyingProxy(stage.emulator.url);
  try {
    proxy.arm(0, 'dies after');
    await stage.shadowctl(ABORT, undefined, { AWS_ENDPOINT_URL: proxy.url });
    expect(proxy.calls).toEqual(['PutMetricAlarm']);
  } finally {
    await proxy.close();
  }
  const next = await stage.shadowctl(ABORT);
  expect(next.code, next.err).toBe(0);
  expect(next.err).toMatch(/outcome of "create alarm weather-5XXError": it had been carried out/);
  expect(next.err).not.toContain('had not been');
});

matrixTest(
  'every reply lost: what AWS holds tells that the alarm fires, and the abort goes on to its end',
  async () => {
    await unwatchedCanary();
    for (const operation of ['PutMetricAlarm', 'SetAlarmState'])
      stage.emulator.world.faults.add({ kind: 'drop-reply', service: 'cloudwatch', operation });
    const said = await stage.shadowctl([...ABORT, '--format', 'json']);
    expect(said.code, said.err).toBe(0);
    expect(JSON.parse(said.out)).toMatchObject({ ending: 'aborted', runningConfig: 'v0' });
  },
);

test('nothing under way: says how to go back', async () => {
  stage = await openStage();
  const said = await stage.shadowctl(ABORT);
  expect(said.code).toBe(2);
  expect(said.err).toContain('No update of weather is under way: it is InService on v1.');
});

test('an update without our alarms cannot be stopped, and says so', async () => {
  stage = await openStage();
  const sagemaker = await stage.aws.sagemaker();
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'theirs',
      ProductionVariants: [
        { VariantName: 'AllTraffic', ModelName: 'm1', InstanceType: 'ml.m5.large', InitialInstanceCount: 3 },
      ],
    }),
  );
  await sagemaker.send(new UpdateEndpointCommand({ EndpointName: ENDPOINT, EndpointConfigName: 'theirs' }));
  const said = await stage.shadowctl(ABORT);
  expect(said.code).toBe(2);
  expect(said.err).toContain('cannot be stopped: no guarded update that was begun from this folder is under way');
});

test('--plan only says what would happen', async () => {
  stage = await openStage();
  const [, plan] = await stage.clock.all([
    () => stage.shadowctl(CANARY),
    async () => {
      await stage.clock.sleep(6 * MINUTE);
      return stage.shadowctl(['abort', '--endpoint', ENDPOINT, '--plan']);
    },
  ]);
  expect(plan?.code).toBe(4);
  expect(plan?.out.replace(/\s+/g, ' ')).toContain(
    'shadowctl will set off the alarm weather-5XXError. SageMaker looks at it while the fleet bakes',
  );
});
