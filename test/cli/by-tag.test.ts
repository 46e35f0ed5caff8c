import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { AddTagsCommand, CreateEndpointConfigCommand, CreateModelCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeCensus } from '../../src/aws/census.ts';
import { describeEndpoint } from '../../src/aws/sagemaker.ts';
import { ARTIFACT_005, ARTIFACT_009, FIXTURES, ROLE, type TestWorld, testWorld } from '../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const ON = '--endpoint weather';
const DEPLOY = `deploy ${ON} --artifact ${ARTIFACT_005} --algorithm linear-learner --model-name odd-name --config-name c1 --instances 2 --yes`;
const SHADOW = `shadow ${ON} --artifact ${ARTIFACT_009} --algorithm linear-learner --model-name m2 --config-name c2 --yes`;

async function typed(line: string, code = 0) {
  const ended = await world.shadowctl(line);
  expect(ended, `${line}\n${ended.out}\n${ended.err}`).toMatchObject({ code });
  return ended;
}
const json = async (line: string, code = 0) => JSON.parse((await typed(`${line} --format json`, code)).out);

/** The disk with the journals is lost. */
const lose = () => rmSync(join(world.root, '.shadowctl'), { recursive: true });

/** Somebody's own model and config, named as shadowctl would name them. */
async function namesakes() {
  const client = await world.aws.sagemaker();
  const ModelName = 'weather-model-20260105-090000';
  const Image = '382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1';
  await client.send(new CreateModelCommand({ ModelName, ExecutionRoleArn: ROLE, PrimaryContainer: { Image } }));
  const variant = { VariantName: 'v', ModelName: 'm2', InstanceType: 'ml.m5.large', InitialInstanceCount: 1 } as const;
  await client.send(
    new CreateEndpointConfigCommand({ EndpointConfigName: 'weather-config', ProductionVariants: [variant] }),
  );
}

test('cleanup --by-tag deletes what carries the tag, whatever its name, leaves namesakes, and says what it cannot know', async () => {
  await typed(DEPLOY);
  await typed(SHADOW);
  await typed(`invoke ${ON} --data ${FIXTURES}/data/test.csv --count 3`);
  await world.clock.sleep(600_000);
  await namesakes();
  lose();
  const without = await typed(`cleanup ${ON} --yes`, 2);
  expect(without.err).toContain('cleanup --endpoint weather --by-tag --plan');
  const before = await takeCensus(world.aws);
  const plan = await json(`cleanup ${ON} --by-tag --plan`, 4);
  expect(plan.planned).toEqual([
    { kind: 'endpoint', name: 'weather' },
    ...['c1', 'c2'].map((name) => ({ kind: 'endpoint-config', name })),
    ...['odd-name', 'm2'].map((name) => ({ kind: 'model', name })),
    { kind: 's3-object', name: expect.stringContaining('/artifacts/') },
    { kind: 's3-object', name: expect.stringContaining('/artifacts/') },
    { kind: 's3-prefix', name: expect.stringContaining('/captures/') },
  ]);
  expect(plan.notKnown.join()).toMatch(/log group .*bucket .*only a journal tells/);
  expect(await takeCensus(world.aws)).toEqual(before);
  const done = await typed(`cleanup ${ON} --by-tag --yes`);
  expect(done.out).toContain('nothing of endpoint weather is left, as far as tags tell');
  expect(done.out).toContain('not known from tags');
  expect(await takeCensus(world.aws)).toEqual({
    endpoints: [],
    models: ['weather-model-20260105-090000'],
    endpointConfigs: ['weather-config'],
    alarms: [],
  });
  expect((await typed(`cleanup ${ON} --by-tag --yes`)).out).toContain('as far as tags tell');
});

test('what is found by tag and runs behind another endpoint, or is being updated, stays', async () => {
  await typed(DEPLOY);
  await typed('deploy --endpoint other --model odd-name --yes');
  lose();
  const plan = await json(`cleanup ${ON} --by-tag --plan`, 4);
  expect(plan.planned.map(({ name }: { name: string }) => name)).not.toContain('odd-name');
  expect(plan.left).toMatchObject([{ ref: { kind: 'model', name: 'odd-name' } }, { ref: { kind: 's3-object' } }]);
  await typed(`deploy ${ON} --artifact ${ARTIFACT_009} --algorithm linear-learner --adopt --no-wait --yes`);
  lose();
  expect((await typed(`cleanup ${ON} --by-tag --yes`, 2)).err).toContain('busy');
  expect((await typed('cleanup --all --by-tag --yes', 2)).err).toContain('one endpoint');
});

test("an alarm of ours that could not be tagged is told by its description; a team's copy of it stays", async () => {
  await typed(DEPLOY);
  const alarms = await world.aws.cloudwatch();
  for (const AlarmName of ['weather-5XXError', 'weather-5XXError-night'])
    await alarms.send(
      new PutMetricAlarmCommand({
        AlarmName,
        AlarmDescription: 'Errors of the new fleet. [shadowctl weather r-1-x]',
        Namespace: 'AWS/SageMaker',
        MetricName: 'Invocation5XXErrors',
        Dimensions: [{ Name: 'EndpointName', Value: 'weather' }],
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
      }),
    );
  lose();
  const { planned } = await json(`cleanup ${ON} --by-tag --plan`, 4);
  expect(planned.filter(({ kind }: { kind: string }) => kind === 'alarm')).toEqual([
    { kind: 'alarm', name: 'weather-5XXError' },
  ]);
});

test('a cleanup by tag that is killed is gone on with by any cleanup: what was found is written down', async () => {
  await typed(DEPLOY);
  lose();
  world.emulator.world.faults.add({
    kind: 'error',
    service: 'sagemaker',
    operation: 'DeleteEndpointConfig',
    times: 20,
  });
  expect((await world.shadowctl(`cleanup ${ON} --by-tag --yes`)).code).toBe(2);
  world.emulator.world.faults.clear();
  await typed(`cleanup ${ON} --yes`);
  expect(await takeCensus(world.aws)).toEqual({ endpoints: [], models: [], endpointConfigs: [], alarms: [] });
});

test('status tells what tags tell; adopt takes all that carries the tag along, and undo --to leads to a config of it', async () => {
  await typed(DEPLOY);
  await typed(
    `deploy ${ON} --artifact ${ARTIFACT_009} --algorithm linear-learner --model-name m2 --config-name c2 --yes`,
  );
  lose();
  const status = await json(`status ${ON}`);
  expect(status.live.ownership).toBe('unknown-here');
  expect(status.byTag).toMatchObject({
    created: expect.stringMatching(/^2026-01-05T09:0/),
    ours: [
      { kind: 'endpoint', name: 'weather' },
      { kind: 'endpoint-config', name: 'c2' },
      { kind: 'model', name: 'm2' },
    ],
  });
  expect((await typed(`status ${ON}`)).out).toContain('not known: ');
  const adopted = await json(`adopt ${ON}`);
  const names = adopted.adopted.map(({ name }: { name: string }) => name);
  for (const name of ['weather', 'c1', 'c2', 'odd-name', 'm2']) expect(names).toContain(name);
  expect(adopted.notKnown.join()).toContain('only a journal tells');
  await typed(`undo ${ON} --to c1 --yes`);
  expect((await describeEndpoint(world.aws, 'weather'))?.EndpointConfigName).toBe('c1');
  const standing = await takeCensus(world.aws);
  await world.shadowctl(`cleanup ${ON} --yes`);
  expect(await takeCensus(world.aws)).toEqual(standing);
  // Adopted: its tag says who created it, and the journal that it is not to go. Given back, it may.
  const plan = await json(`cleanup ${ON} --by-tag --plan`, 0);
  expect(plan.planned).toEqual([]);
  expect(plan.left.map(({ ref }: { ref: { name: string } }) => ref.name)).toEqual(expect.arrayContaining(names));
  await world.shadowctl(`cleanup ${ON} --by-tag --yes`);
  await world.shadowctl(`cleanup ${ON} --yes`);
  expect(await takeCensus(world.aws)).toEqual(standing);
  await typed(`disown ${ON}`);
  await world.shadowctl(`cleanup ${ON} --yes`);
  expect(await takeCensus(world.aws)).toEqual(standing);
  await typed(`cleanup ${ON} --by-tag --yes`);
  expect(await takeCensus(world.aws)).toEqual({ endpoints: [], models: [], endpointConfigs: [], alarms: [] });
});

test('whose an endpoint is, is said as far as it is known', async () => {
  await typed(DEPLOY);
  const more = `deploy ${ON} --artifact ${ARTIFACT_009} --algorithm linear-learner --yes`;
  expect((await typed(`${more} --state elsewhere`, 2)).err).toMatch(
    /carries shadowctl's tag, and .*elsewhere.* does not name it/,
  );
  const live = await describeEndpoint(world.aws, 'weather');
  const Tags = [{ Key: 'shadowctl:endpoint', Value: 'other' }];
  await (await world.aws.sagemaker()).send(new AddTagsCommand({ ResourceArn: live?.EndpointArn, Tags }));
  expect((await typed(more, 2)).err).toContain('does not carry the tag that shadowctl gave it');
  expect((await typed(`${more} --state elsewhere`, 2)).err).toContain("exists without shadowctl's tag");
});
