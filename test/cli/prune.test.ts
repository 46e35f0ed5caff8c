import { CreateEndpointCommand, CreateEndpointConfigCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeCensus } from '../../src/aws/census.ts';
import { bucketExists } from '../../src/aws/s3.ts';
import { describeEndpoint } from '../../src/aws/sagemaker.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../support/world.ts';
import { matrixTest } from '../support/sizes.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const ON = '--endpoint weather';

async function typed(line: string, code = 0) {
  const ended = await world.shadowctl(line);
  expect(ended, `${line}\n${ended.out}\n${ended.err}`).toMatchObject({ code });
  return ended;
}
const json = async (line: string, code = 0) => JSON.parse((await typed(`${line} --format json`, code)).out);

/** Puts model `mN` by config `cN` on the endpoint. */
async function release(n: number, { artifact = ARTIFACT_005, before = '' } = {}) {
  await world.clock.sleep(60_000);
  const named = `--model-name ${before}m${n} --config-name ${before}c${n}`;
  await typed(`deploy ${ON} --artifact ${artifact} --algorithm linear-learner ${named} --yes`);
}

const names = (refs: readonly { name: string }[]) => refs.map(({ name }) => name);

/** An endpoint that somebody made by hand. */
async function byHand(endpoint: string, model: string) {
  const client = await world.aws.sagemaker();
  await client.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: `${endpoint}-config`,
      ProductionVariants: [
        { VariantName: 'v', ModelName: model, InstanceType: 'ml.m5.large', InitialInstanceCount: 1 },
      ],
    }),
  );
  await client.send(new CreateEndpointCommand({ EndpointName: endpoint, EndpointConfigName: `${endpoint}-config` }));
}

test('what lies further back than the releases that are kept goes; every way back that was kept leads back', async () => {
  await release(1, { artifact: ARTIFACT_009 });
  for (const n of [2, 3, 4, 5]) await release(n);
  expect((await json(`status ${ON}`)).prunable).toHaveLength(3);
  expect((await typed(`doctor ${ON}`, 1)).out).toContain('prune --endpoint weather --plan');
  const before = await takeCensus(world.aws);
  const planned = await json(`prune ${ON} --plan`, 4);
  expect(await takeCensus(world.aws)).toEqual(before);
  const [plan] = planned.endpoints;
  expect(planned.schema).toBe('shadowctl-prune/1');
  expect(names(plan.planned).slice(0, 2)).toEqual(['c1', 'm1']);
  // The upload of m1 alone: the other one is read by all that stay.
  expect(plan.planned.slice(2)).toEqual([{ kind: 's3-object', name: expect.stringContaining('/shadowctl/weather/') }]);
  const live = await describeEndpoint(world.aws, 'weather');
  const [done] = (await json(`prune ${ON} --yes`)).endpoints;
  expect(done.deleted).toEqual(plan.planned);
  expect((await describeEndpoint(world.aws, 'weather'))?.LastModifiedTime).toEqual(live?.LastModifiedTime);
  const census = await takeCensus(world.aws);
  expect(census).toMatchObject({ models: ['m2', 'm3', 'm4', 'm5'], endpointConfigs: ['c2', 'c3', 'c4', 'c5'] });
  expect((await json(`status ${ON}`)).prunable).toEqual([]);
  expect((await typed(`prune ${ON} --yes`)).out).toContain('nothing to prune');
  for (const config of ['c4', 'c3', 'c2']) {
    await typed(`undo ${ON} --yes`);
    expect((await describeEndpoint(world.aws, 'weather'))?.EndpointConfigName).toBe(config);
  }
  await typed(`cleanup ${ON} --yes`);
  expect(await takeCensus(world.aws)).toEqual({ endpoints: [], models: [], endpointConfigs: [], alarms: [] });
  expect(await bucketExists(world.aws, 'sagemaker-us-east-1-000000000000')).toBe(false);
});

matrixTest('what any other endpoint runs with stays, whoever made it, and what another journal names', async () => {
  for (const n of [1, 2, 3, 4]) await release(n);
  await byHand('theirs', 'm1');
  await typed('deploy --endpoint other --model m2 --yes');
  const [done] = (await json(`prune ${ON} --keep 1 --yes`)).endpoints;
  expect(names(done.deleted)).toEqual(['c2', 'c1']);
  const whys = Object.fromEntries(done.kept.map(({ name, why }: { name: string; why: string }) => [name, why]));
  expect(whys).toMatchObject({
    m1: 'endpoint theirs runs with it',
    m2: 'endpoint other runs with it',
    c4: 'the endpoint runs with it',
    c3: expect.stringContaining('a way back'),
  });
  // The endpoint is gone, and its journal may still be worked from.
  await world.clock.sleep(1_800_000);
  await typed('deploy --endpoint other --model m4 --yes');
  expect(names((await json(`prune ${ON} --keep 1 --plan`, 0)).endpoints[0].planned)).toEqual([]);
});

test('a shadow that ended goes, one that stands stays, with the config to which its end leads', async () => {
  await release(1);
  const shadow = `shadow ${ON} --artifact ${ARTIFACT_009} --algorithm linear-learner --yes`;
  await typed(`${shadow} --model-name s1 --config-name with-s1`);
  await typed(`keep ${ON} --yes`);
  await world.clock.sleep(60_000);
  await typed(`${shadow} --model-name s2 --config-name with-s2`);
  const [done] = (await json(`prune ${ON} --keep 1 --yes`)).endpoints;
  expect(names(done.deleted)).toEqual(['with-s1', 's1']);
  await typed(`shadow detach ${ON} --yes`);
  expect((await describeEndpoint(world.aws, 'weather'))?.EndpointConfigName).toBe('c1');
});

matrixTest(
  'nothing is pruned while the endpoint changes, without it, or where it is another’s; adopted things stay',
  async () => {
    expect((await typed(`prune ${ON} --yes`, 2)).err).toContain('weather');
    for (const n of [1, 2, 3]) await release(n);
    await typed(`deploy ${ON} --artifact ${ARTIFACT_009} --algorithm linear-learner --model-name m4 --no-wait --yes`);
    expect((await typed(`prune ${ON} --keep 1 --yes`, 2)).err).toContain('busy');
    await typed('prune --all --keep 1 --yes', 1);
    await world.clock.sleep(1_800_000);
    await typed(`adopt ${ON} --state elsewhere`);
    const [kept] = (await json(`prune ${ON} --keep 1 --state elsewhere --plan`)).endpoints;
    expect(kept.planned).toEqual([]);
    expect((await typed(`prune ${ON} --keep 0`, 2)).err).toContain('--keep');
    expect((await typed('prune', 2)).err).toContain('--all');
    expect(names((await json('prune --all --keep 1 --yes')).endpoints[0].deleted)).toEqual(['c2', 'c1', 'm2', 'm1']);
  },
);

test('without the right to look at all endpoints nothing goes; what may not be deleted is named, and the rest goes', async () => {
  for (const n of [1, 2, 3]) await release(n, { before: 'weather-' });
  const { iam } = world.emulator.world;
  const { readDocument } = await import('../../src/emulator/iam/document.ts');
  const { printedPolicy, without } = await import('../permissions/scenes.ts');
  const limit = (action: string) =>
    iam.attach([
      {
        who: 'deployer',
        kind: 'identity-based policy',
        document: readDocument(without(printedPolicy({ command: 'prune' }), action), 'printed'),
      },
    ]);
  const env = { AWS_ACCESS_KEY_ID: 'deployer' };
  const before = await takeCensus(world.aws);
  limit('sagemaker:ListEndpoints');
  const blind = await world.shadowctl(`prune ${ON} --keep 1 --yes`, { env });
  expect(blind, blind.err).toMatchObject({ code: 2 });
  expect(blind.err).toContain('sagemaker:ListEndpoints');
  iam.attach([]);
  expect(await takeCensus(world.aws)).toEqual(before);
  limit('sagemaker:DeleteModel');
  const partly = await world.shadowctl(`prune ${ON} --keep 1 --yes`, { env });
  expect(partly, partly.err).toMatchObject({ code: 1 });
  expect(partly.out).toContain('sagemaker:DeleteModel');
  iam.attach([]);
  expect((await takeCensus(world.aws)).endpointConfigs).toEqual(['weather-c2', 'weather-c3']);
  expect(names((await json(`prune ${ON} --keep 1 --yes`)).endpoints[0].deleted)).toEqual(['weather-m1']);
});
