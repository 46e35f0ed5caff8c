import { ListEndpointsCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeCensus } from '../../src/aws/census.ts';
import { describeEndpoint } from '../../src/aws/sagemaker.ts';
import { readDocument } from '../../src/emulator/iam/document.ts';
import { printedPolicy } from '../permissions/scenes.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const ON = '--endpoint weather';
const ELSEWHERE = `deploy ${ON} --artifact ${ARTIFACT_005} --algorithm linear-learner --model-name m1 --config-name c1 --instances 1 --state elsewhere --yes`;
const BETTER = `--artifact ${ARTIFACT_009} --algorithm linear-learner --model-name m2`;

async function typed(line: string, env?: Record<string, string>) {
  const ended = await world.shadowctl(line, env && { env });
  expect(ended, `${line}\n${ended.out}\n${ended.err}`).toMatchObject({ code: 0 });
  return ended;
}
const json = async (line: string, env?: Record<string, string>) =>
  JSON.parse((await typed(`${line} --format json`, env)).out);

/** An alarm of somebody's on the endpoint, and one on another. */
async function alarmsOfOthers() {
  const { PutMetricAlarmCommand } = await import('@aws-sdk/client-cloudwatch');
  for (const endpoint of ['weather', 'other'])
    await (await world.aws.cloudwatch()).send(
      new PutMetricAlarmCommand({
        AlarmName: `${endpoint}-theirs`,
        Namespace: 'AWS/SageMaker',
        MetricName: 'Invocation5XXErrors',
        Dimensions: [
          { Name: 'EndpointName', Value: endpoint },
          { Name: 'VariantName', Value: 'AllTraffic' },
        ],
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
      }),
    );
}

test('an endpoint is adopted with config, model and alarms, untouched; cleanup deletes none of it, and disown gives it back', async () => {
  await typed(ELSEWHERE);
  await alarmsOfOthers();
  const before = await describeEndpoint(world.aws, 'weather');
  const { iam } = world.emulator.world;
  iam.attach([
    {
      who: 'deployer',
      kind: 'identity-based policy',
      document: readDocument(printedPolicy({ command: 'adopt' }), 'printed'),
    },
  ]);
  const refs = [
    { kind: 'endpoint', name: 'weather' },
    { kind: 'endpoint-config', name: 'c1' },
    { kind: 'model', name: 'm1' },
    { kind: 'alarm', name: 'weather-theirs' },
    { kind: 's3-object', name: expect.stringContaining('/shadowctl/weather/artifacts/') },
  ];
  const env = { AWS_ACCESS_KEY_ID: 'deployer' };
  expect(await json(`adopt ${ON}`, env)).toEqual({
    schema: 'shadowctl-adopt/1',
    planned: false,
    endpoint: 'weather',
    adopted: refs,
    known: [],
    takenOver: [],
    notKnown: [
      expect.stringContaining('log group'),
      expect.stringContaining('bucket'),
      expect.stringContaining('only a journal tells'),
    ],
  });
  expect(iam.denied).toEqual(new Set());
  iam.attach([]);
  expect(await json(`adopt ${ON}`)).toMatchObject({ adopted: [], known: refs.slice(0, -1) });
  expect((await json(`status ${ON}`)).live.ownership).toBe('adopted');
  const standing = await takeCensus(world.aws);
  await world.shadowctl(`cleanup ${ON} --yes`);
  expect(await takeCensus(world.aws)).toEqual(standing);
  expect(await json(`disown ${ON}`)).toEqual({
    schema: 'shadowctl-disown/1',
    planned: false,
    shadow: null,
    endpoint: 'weather',
    givenBack: refs,
    ours: [],
  });
  expect((await json(`status ${ON}`)).live.ownership).toBe('unknown-here');
  expect(await json('ls')).toMatchObject({ endpoints: [{ endpoint: 'weather', owner: 'unknown-here' }] });
  expect(await describeEndpoint(world.aws, 'weather')).toEqual({ ...before, $metadata: expect.anything() });
  expect(await world.shadowctl(`disown ${ON}`)).toMatchObject({ code: 2 });
});

test('what an endpoint runs with that was given back is not cleaned up, alone or with all; the rest goes', async () => {
  await typed(ELSEWHERE);
  await typed(`adopt ${ON}`);
  await typed(`shadow ${ON} ${BETTER} --config-name c2 --yes`);
  const { ours } = await json(`disown ${ON}`);
  expect(ours).toEqual(
    expect.arrayContaining([
      { kind: 'model', name: 'm2' },
      { kind: 'endpoint-config', name: 'c2' },
    ]),
  );
  for (const which of [ON, '--all']) {
    await world.shadowctl(`cleanup ${which} --yes`);
    expect(await takeCensus(world.aws), which).toMatchObject({
      endpoints: ['weather'],
      models: ['m1', 'm2'],
      endpointConfigs: ['c1', 'c2'],
    });
  }
  const { UpdateEndpointCommand } = await import('@aws-sdk/client-sagemaker');
  const client = await world.aws.sagemaker();
  await client.send(new UpdateEndpointCommand({ EndpointName: 'weather', EndpointConfigName: 'c1' }));
  await world.clock.sleep(3_600_000);
  await typed(`cleanup ${ON} --yes`);
  expect(await takeCensus(world.aws)).toMatchObject({ models: ['m1'], endpointConfigs: ['c1'] });
  const { Endpoints } = await client.send(new ListEndpointsCommand({}));
  expect(Endpoints).toMatchObject([{ EndpointName: 'weather', EndpointStatus: 'InService' }]);
});

test('cleanup of an adopted endpoint ends the shadow that shadowctl attached, then deletes what it was made of; production stays', async () => {
  await typed(ELSEWHERE);
  const before = await describeEndpoint(world.aws, 'weather');
  await typed(`adopt ${ON}`);
  await typed(`shadow ${ON} ${BETTER} --config-name c2 --yes`);
  const planned = await world.shadowctl(`cleanup ${ON} --plan --format json`);
  expect(planned.code).toBe(4);
  const plan = JSON.parse(planned.out);
  expect(plan.shadow).toBe('shadow');
  expect(await world.shadowctl(`cleanup ${ON}`, { answers: ['no'] })).toMatchObject({ code: 1 });
  expect((await describeEndpoint(world.aws, 'weather'))?.ShadowProductionVariants).toHaveLength(1);
  const done = await json(`cleanup ${ON} --yes`);
  expect(done.shadow).toBe('shadow');
  expect(done.deleted).toEqual(expect.arrayContaining(plan.planned));
  expect(done.deleted).toContainEqual({ kind: 'model', name: 'm2' });
  expect(await takeCensus(world.aws)).toMatchObject({ models: ['m1'], endpointConfigs: ['c1'] });
  const after = await describeEndpoint(world.aws, 'weather');
  expect(after?.ShadowProductionVariants ?? []).toEqual([]);
  expect(after?.EndpointConfigName).toBe('c1');
  expect(after?.ProductionVariants).toMatchObject([
    { VariantName: before?.ProductionVariants?.[0]?.VariantName, CurrentInstanceCount: 1 },
  ]);
  expect(await world.shadowctl(`cleanup ${ON} --plan`)).toMatchObject({ code: 0 });
});

test('a shadow that was attached elsewhere is not ended by a cleanup', async () => {
  await typed(ELSEWHERE);
  await typed(`shadow ${ON} ${BETTER} --config-name c2 --state elsewhere --yes`);
  await typed(`adopt ${ON}`);
  expect(await json(`cleanup ${ON} --yes`)).not.toHaveProperty('shadow');
  expect((await describeEndpoint(world.aws, 'weather'))?.ShadowProductionVariants).toHaveLength(1);
});

test('--plan says what would come or go, and writes nothing down', async () => {
  await typed(ELSEWHERE);
  const plan = async (command: string) => {
    const { code, out } = await world.shadowctl(`${command} ${ON} --plan --format json`);
    return { code, ...(JSON.parse(out) as { planned: boolean; adopted?: unknown[]; givenBack?: unknown[] }) };
  };
  const adopt = await plan('adopt');
  expect(adopt).toMatchObject({ code: 4, planned: true });
  expect(adopt.adopted).toContainEqual({ kind: 'endpoint', name: 'weather' });
  expect((await world.shadowctl(`disown ${ON} --plan`)).code).toBe(2);
  await typed(`adopt ${ON}`);
  expect(await plan('adopt')).toMatchObject({ code: 0, adopted: [] });
  expect(await plan('disown')).toMatchObject({ code: 4, planned: true });
  expect((await json(`status ${ON}`)).live.ownership).toBe('adopted');
});

test('what shadowctl created here is not adopted, nothing is where there is nothing, and no update is left in the middle', async () => {
  expect(await world.shadowctl(`adopt ${ON}`)).toMatchObject({ code: 2 });
  await typed(ELSEWHERE.replace('--state elsewhere ', ''));
  expect(await world.shadowctl(`adopt ${ON}`)).toMatchObject({ code: 2 });
  expect(await world.shadowctl(`disown ${ON}`)).toMatchObject({ code: 2 });
});

test('disown says that a shadow runs on', async () => {
  await world.shadowctl(ELSEWHERE);
  await world.shadowctl(`adopt ${ON}`);
  const shadow = await world.shadowctl(`shadow ${ON} --artifact ${ARTIFACT_009} --algorithm linear-learner --yes`);
  expect(shadow.code, shadow.err).toBe(0);
  expect((await world.shadowctl(`disown ${ON} --plan`)).err).toContain(`shadowctl keep ${ON}`);
  expect(JSON.parse((await world.shadowctl(`disown ${ON} --format json`)).out)).toMatchObject({ shadow: 'shadow' });
  await typed(`adopt ${ON}`);
  const { out } = await typed(`disown ${ON}`);
  expect(out).toMatch(/Next:\s+shadowctl adopt .*\s+shadowctl keep /);
  for (const how of ['--plan', '--yes'])
    expect((await world.shadowctl(`cleanup ${ON} ${how}`)).out).toMatch(
      /shadowctl adopt .*\s+shadowctl keep .*\s+shadowctl cleanup /,
    );
  for (const line of [`adopt ${ON}`, `keep ${ON} --yes`]) await typed(line);
  expect((await typed(`disown ${ON}`)).out).toContain(`shadowctl cleanup ${ON}`);
  expect(await json(`cleanup ${ON} --yes`)).toMatchObject({ left: [] });
  await typed(`adopt ${ON}`);
  expect((await typed(`disown ${ON}`)).out).not.toContain('shadowctl cleanup');
});
