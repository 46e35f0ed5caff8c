import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { pack } from 'tar-stream';
import { afterEach, expect, test } from 'vitest';
import { deleteEndpointConfig, deleteModel, describeModel } from '../../src/aws/sagemaker.ts';
import { ARTIFACT, ENDPOINT, GOOD_CANARY, openStage, type Stage } from '../support/stage.ts';

let stage: Stage;
afterEach(() => stage.close());

const DOCTOR = ['doctor', '--endpoint', ENDPOINT];

/** As AWS's developer guide has it (facts 4.4). */
const GUIDE = {
  AlarmName: 'guide-4xx',
  Namespace: 'AWS/SageMaker',
  MetricName: 'Invocation4XXErrors',
  Statistic: 'Average' as const,
  Dimensions: [
    { Name: 'EndpointName', Value: ENDPOINT },
    { Name: 'VariantName', Value: 'AllTraffic' },
  ],
  ComparisonOperator: 'GreaterThanThreshold' as const,
  Threshold: 1,
  Period: 60,
  EvaluationPeriods: 1,
  TreatMissingData: 'notBreaching',
};

function checks(out: string): string[] {
  return (JSON.parse(out) as { findings: { severity: string; check: string }[] }).findings
    .filter((one) => one.severity !== 'note')
    .map((one) => `${one.severity} ${one.check}`);
}

test("an alarm of AWS's guide is found in the account, with the corrected one; exit 1", async () => {
  stage = await openStage();
  const cloudwatch = await stage.aws.cloudwatch();
  await cloudwatch.send(new PutMetricAlarmCommand(GUIDE));
  const said = await stage.shadowctl(DOCTOR);
  expect(said.code).toBe(1);
  expect(said.out.replace(/\s+/g, ' ')).toContain(
    '✖ alarm guide-4xx: Average of Invocation4XXErrors > 1 can never be: it lies between 0 and 1, and 1 % is 0.01.',
  );
  expect(said.out).toContain('shadowctl doctor --endpoint weather --config-name …');
  const one = await stage.shadowctl([...DOCTOR, '--alarm', 'guide-4xx']);
  expect(one.out).toContain('shadowctl doctor --endpoint weather --alarm guide-4xx --config-name …');
  const named = await stage.shadowctl([...DOCTOR, '--config-name', 'v2']);
  const [, input = '{}'] = /put-metric-alarm --cli-input-json '(.*)'$/m.exec(named.out) ?? [];
  expect(JSON.parse(input)).toMatchObject({
    AlarmName: 'guide-4xx',
    Threshold: 0.01,
    Dimensions: expect.arrayContaining([{ Name: 'EndpointConfigName', Value: 'v2' }]) as object,
  });
  expect(said.out).toContain('1 finding would leave an update unguarded (✖).');
});

test('the same alarm in a file, before it exists', async () => {
  stage = await openStage();
  writeFileSync(
    join(stage.cwd, 'alarms.json'),
    JSON.stringify([GUIDE, { ...GUIDE, AlarmName: 'notebook', ComparisonOperator: 'GreaterThanOrEqualToThreshold' }]),
  );
  const said = await stage.shadowctl([...DOCTOR, '--file', 'alarms.json', '--format', 'json']);
  expect(said.code).toBe(1);
  expect(checks(said.out)).toEqual([
    'blocking threshold-out-of-range',
    'blocking diluted-by-old-fleet',
    'warning no-traffic',
    'ok settled',
  ]);
});

test("shadowctl's own alarms pass after a canary", async () => {
  stage = await openStage();
  const said = await stage.traffic(async () => {
    await stage.shadowctl([...GOOD_CANARY]);
    return stage.shadowctl([...DOCTOR, '--format', 'json']);
  }, 1);
  expect(said.result.code).toBe(0);
  expect(checks(said.result.out)).toEqual(['ok settled', 'ok can-fire', 'ok can-fire', 'ok can-fire']);
});

test('an endpoint whose config was deleted, and one whose model was', async () => {
  stage = await openStage();
  await deleteModel(stage.aws, 'm1');
  expect(checks((await stage.shadowctl([...DOCTOR, '--format', 'json'])).out)).toContain('blocking model-deleted');
  await deleteEndpointConfig(stage.aws, 'v1');
  expect(checks((await stage.shadowctl([...DOCTOR, '--format', 'json'])).out)).toContain('blocking config-deleted');
});

test('one instance, no alarms', async () => {
  stage = await openStage({ instances: 1 });
  const said = await stage.shadowctl(DOCTOR);
  expect(said.code).toBe(1);
  expect(said.out).toContain('✖ endpoint weather: It has 1 instance: a canary or linear update needs 2');
  expect(said.out).toContain('No alarm watches it');
});

test.each([
  [['--alarm', 'nothing'], 1, /There is no alarm nothing/],
  [['--file', 'nothing.json'], 2, /there is no file \S*nothing\.json/],
])('%j', async (words, code, message) => {
  stage = await openStage();
  const said = await stage.shadowctl([...DOCTOR, ...words]);
  expect(said.code).toBe(code);
  expect(said.out + said.err).toMatch(message);
});

test('without an endpoint, all with a journal here are examined; without any, it is said how to name one', async () => {
  stage = await openStage();
  const none = await stage.shadowctl(['doctor']);
  expect([none.code, none.err.includes('shadowctl doctor --endpoint NAME')]).toEqual([2, true]);
  await stage.shadowctl([...GOOD_CANARY, '--model-name', 'm9', '--config-name', 'c9', '--no-metrics']);
  const all = await stage.shadowctl(['doctor', '--format', 'json']);
  expect(JSON.parse(all.out)).toMatchObject([{ endpoint: ENDPOINT, healthy: true, findings: expect.any(Array) as [] }]);
  expect((await stage.shadowctl(['doctor', '--file', 'x.json'])).code).toBe(2);
});

test('of several endpoints, what holds off an update is told of each, though the words are the same', async () => {
  stage = await openStage();
  const model = ['--artifact', ARTIFACT, '--algorithm', 'linear-learner', '--yes'];
  for (const endpoint of ['one', 'two']) {
    await stage.shadowctl(['deploy', '--endpoint', endpoint, '--instances', '2', ...model]);
    await stage.shadowctl(['shadow', '--endpoint', endpoint, ...model]);
  }
  const { out } = await stage.shadowctl(['doctor']);
  expect(out.match(/It carries a shadow/g)).toHaveLength(2);
  expect(out.match(/No canary can begin/g)).toHaveLength(2);
});

test('an artifact that the image of the model that runs cannot read: doctor and the plan of a shadow say so', async () => {
  stage = await openStage();
  const { PrimaryContainer } = (await describeModel(stage.aws, 'm1')) ?? {};
  const { hostname: Bucket, pathname } = new URL(PrimaryContainer?.ModelDataUrl ?? '');
  const s3 = await stage.aws.s3();
  expect(checks((await stage.shadowctl([...DOCTOR, '--format', 'json'])).out)).not.toContain(
    'warning artifact-unreadable',
  );
  await s3.send(new PutObjectCommand({ Bucket, Key: pathname.slice(1), Body: await packed('xgboost-model') }));
  const doctor = await stage.shadowctl([...DOCTOR, '--format', 'json']);
  expect(checks(doctor.out)).toContain('warning artifact-unreadable');
  expect(doctor.code).toBe(0);
  const shadow = await stage.shadowctl(['shadow', '--endpoint', ENDPOINT, '--model', 'm1', '--adopt', '--plan']);
  expect(shadow.out.replace(/\s+/g, ' ')).toContain('was written by xgboost');
});

/** A model.tar.gz with one file of this name. */
async function packed(name: string): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name }, 'a model');
  archive.finalize();
  return gzipSync(await buffer(archive));
}
