import { afterEach, beforeEach, expect, test } from 'vitest';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const MODEL = `--artifact ${ARTIFACT_005} --algorithm linear-learner --instance-type ml.m5.large`;
const DEPLOY = `deploy --endpoint weather ${MODEL} --model-name m1 --instances 2 --yes`;
const HOUR = 3_600_000;

async function listed(line = 'ls --format json', env?: Record<string, string>) {
  const ended = await world.shadowctl(line, env && { env });
  expect(ended, ended.err).toMatchObject({ code: 0 });
  return JSON.parse(ended.out);
}

test('what runs, since when its shadow, whose it is, and what it costs so far', async () => {
  await world.shadowctl(DEPLOY);
  await world.clock.sleep(2 * HOUR);
  const shadow = `shadow --endpoint weather --artifact ${ARTIFACT_009} --algorithm linear-learner --model-name m2`;
  await world.shadowctl(`${shadow} --instances 1 --yes`);
  const attached = world.clock.now();
  await world.clock.sleep(HOUR);
  await world.shadowctl(`deploy --endpoint other ${MODEL} --instances 1 --yes`);
  await world.shadowctl('cleanup --endpoint other --yes');
  const list = await listed();
  expect(list).toMatchObject({
    schema: 'shadowctl-ls/1',
    account: '000000000000',
    region: 'us-east-1',
    endpoints: [
      {
        endpoint: 'weather',
        owner: 'created',
        status: 'InService',
        variants: [
          { role: 'production', model: 'm1', instanceType: 'ml.m5.large', instances: 2 },
          { role: 'shadow', model: 'm2', instanceType: 'ml.m5.large', instances: 1 },
        ],
        shadow: { model: 'm2' },
      },
    ],
    unseen: [],
  });
  const [{ shadow: stands, cost, created }] = list.endpoints;
  const since = Date.parse(stands.since);
  expect(since).toBeGreaterThan(Date.parse(created) + 2 * HOUR);
  expect(since).toBeLessThanOrEqual(attached);
  expect(cost.hourly).toBeCloseTo(0.345, 6);
  const hours = (from: number) => (world.clock.now() - from) / HOUR;
  expect(cost.soFar).toBeCloseTo(0.23 * hours(Date.parse(created)) + 0.115 * hours(since), 6);
  const { out } = await world.shadowctl('ls');
  expect(out).toContain('weather');
  expect(out).toContain('about $0.35');
});

test('of the account too: what has no journal here is not claimed, and no price is taken from another region', async () => {
  expect(await listed()).toMatchObject({ endpoints: [] });
  const frankfurt = { AWS_REGION: 'eu-central-1' };
  await world.shadowctl(`${DEPLOY} --state elsewhere`, { env: frankfurt });
  expect(await listed('ls --format json', frankfurt)).toMatchObject({ endpoints: [] });
  const { endpoints } = await listed('ls --all --format json', frankfurt);
  expect(endpoints).toMatchObject([{ endpoint: 'weather', owner: 'unknown-here', cost: {} }]);
  expect(endpoints[0].cost).toEqual({});
  expect((await world.shadowctl('ls --all', { env: frankfurt })).out).toContain('price not known');
});

test('a shadow whose config somebody else set stands since nobody knows when, and has no cost so far', async () => {
  await world.shadowctl(DEPLOY);
  const shadow = `shadow --endpoint weather --artifact ${ARTIFACT_009} --algorithm linear-learner --yes`;
  await world.shadowctl(`${shadow} --config-name c2`);
  await world.shadowctl('shadow detach --endpoint weather --yes');
  const { UpdateEndpointCommand } = await import('@aws-sdk/client-sagemaker');
  await (await world.aws.sagemaker()).send(
    new UpdateEndpointCommand({ EndpointName: 'weather', EndpointConfigName: 'c2' }),
  );
  await world.clock.sleep(HOUR);
  const { endpoints } = await listed();
  expect(endpoints[0].shadow).not.toHaveProperty('since');
  expect(endpoints[0].cost).not.toHaveProperty('soFar');
  expect(endpoints[0].cost.hourly).toBeGreaterThan(0);
});

test('an endpoint that is gone while its journal names what may stand is listed as gone', async () => {
  await world.shadowctl(DEPLOY);
  const { DeleteEndpointCommand } = await import('@aws-sdk/client-sagemaker');
  await (await world.aws.sagemaker()).send(new DeleteEndpointCommand({ EndpointName: 'weather' }));
  await world.clock.sleep(HOUR);
  expect(await listed()).toMatchObject({ endpoints: [{ endpoint: 'weather', exists: false }] });
});
