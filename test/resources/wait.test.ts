import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DescribeEndpointCommand } from '@aws-sdk/client-sagemaker';
import { REALISTIC_LATENCIES } from '../../src/emulator/world/options.ts';
import type { Aws } from '../../src/aws/clients.ts';
import { updateEndpoint } from '../../src/aws/sagemaker.ts';
import { describeProgress, waitForEndpoint } from '../../src/resources/wait.ts';
import { AwsError } from '../../src/emulator/model/aws-error.ts';
import { refuseNext } from '../support/refuse.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld({ latencies: REALISTIC_LATENCIES });
  await world.shadowctl(
    `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --config-name a --yes --no-wait`,
  );
});
afterEach(() => world.close());

const signal = new AbortController().signal;
const wait = (options: Partial<Parameters<typeof waitForEndpoint>[2]> = {}) =>
  waitForEndpoint(world.aws, world.clock, { endpoint: 'weather', config: 'a', signal, ...options });

test('waits until the endpoint runs the config, telling what happens on the way', async () => {
  const seen = new Set<string>();
  const settled = await wait({ onLook: (endpoint) => void seen.add(describeProgress(endpoint)) });
  expect(settled).toMatchObject({ kind: 'running', endpoint: { EndpointConfigName: 'a' } });
  expect([...seen]).toContain('Creating. AllTraffic: Launching 1 instance(s).');
});

test('an update that ends on the old config is a rollback, whatever SageMaker calls it', async () => {
  await wait();
  const bad = await world.shadowctl(
    `deploy --endpoint weather --artifact ${ARTIFACT_009} --algorithm xgboost:1.5-1 --allow-mismatch --config-name b --yes`,
  );
  expect(bad.code).toBe(1);
  expect(bad.out).toMatch(/does not run b: it is InService on a\.\nReason: /);
  const settled = await wait({ config: 'b' });
  expect(settled.kind).toBe('rolled-back');
});

test('an update that has not begun to show is no rollback', async () => {
  const first = await wait();
  if (first.kind !== 'running') throw new Error('not running');
  const since = first.endpoint.LastModifiedTime;
  const looks: number[] = [];
  // The update is asked for only after the wait has looked a few times.
  const [settled] = await world.clock.all([
    () => wait({ config: 'b', since, pause: () => 5_000, onLook: (_, waited) => void looks.push(waited) }),
    async () => {
      await world.shadowctl(
        `deploy --endpoint weather --artifact ${ARTIFACT_009} --algorithm linear-learner --config-name b --yes --no-wait`,
      );
      return undefined;
    },
  ]);
  expect(settled).toMatchObject({ kind: 'running', endpoint: { EndpointConfigName: 'b' } });
});

test('throttling and broken connections are waited out and told', async () => {
  world.emulator.world.faults.add({ kind: 'error', service: 'sagemaker', operation: 'DescribeEndpoint', times: 12 });
  const troubles: string[] = [];
  const settled = await wait({ onTrouble: (problem) => void troubles.push(problem.message) });
  expect(settled.kind).toBe('running');
  expect(troubles.length).toBeGreaterThan(0);
}, 30_000);

test('gives up after its time, with a way on', async () => {
  await expect(wait({ timeout: 30_000 })).rejects.toThrow(/has not settled after/);
});

test('an endpoint that is not there is gone', async () => {
  expect(await wait({ endpoint: 'never' })).toEqual({ kind: 'gone' });
});

test('ends with the reason of the interrupt', async () => {
  const stop = new AbortController();
  const [ended] = await world.clock.all([
    () => wait({ signal: stop.signal }).catch((error: unknown) => error),
    async () => {
      await world.clock.sleep(20_000);
      stop.abort(new Error('enough'));
      return undefined;
    },
  ]);
  expect(ended).toMatchObject({ message: 'enough' });
  // An update under way is not touched by that.
  expect((await wait()).kind).toBe('running');
  await expect(updateEndpoint(world.aws, { EndpointName: 'weather', EndpointConfigName: 'never' })).rejects.toThrow(
    /Could not find endpoint configuration/,
  );
});

/** The real connection, but for what `DescribeEndpoint` is answered with. */
async function answering(answer: (look: number) => unknown): Promise<Aws> {
  const client = await world.aws.sagemaker();
  let looks = 0;
  const send = async (command: DescribeEndpointCommand) => {
    const given = answer((looks += 1));
    if (given instanceof Error) throw given;
    return given ?? client.send(command);
  };
  return { ...world.aws, sagemaker: async () => Object.assign(Object.create(client) as typeof client, { send }) };
}

test('looks that fail now and then never add up: only ten in a row end the wait', async () => {
  const throttled = () =>
    Object.assign(new Error('Rate exceeded'), {
      name: 'ThrottlingException',
      $fault: 'client',
      $metadata: { httpStatusCode: 400, attempts: 5 },
    });
  const options = { endpoint: 'weather', config: 'a', signal, pause: () => 1_000 };
  let troubles = 0;
  const now = await answering((look) => (look % 2 === 0 ? throttled() : undefined));
  const settled = await waitForEndpoint(now, world.clock, { ...options, onTrouble: () => void (troubles += 1) });
  expect(settled.kind).toBe('running');
  expect(troubles).toBeGreaterThan(20);
  const always = await answering(throttled);
  troubles = 0;
  const ended = waitForEndpoint(always, world.clock, { ...options, onTrouble: () => void (troubles += 1) });
  await expect(ended).rejects.toThrow('Rate exceeded');
  expect(troubles).toBe(9);
});

test('a deletion that ends Failed ends the wait after a minute; before, it may not have begun to show', async () => {
  const failed = await answering(() => ({ EndpointName: 'weather', EndpointStatus: 'Failed', FailureReason: 'why' }));
  const began = world.clock.now();
  const settled = await waitForEndpoint(failed, world.clock, {
    endpoint: 'weather',
    config: undefined,
    untilGone: true,
    signal,
  });
  expect(settled).toMatchObject({ kind: 'failed', reason: 'why' });
  expect(world.clock.now() - began).toBeGreaterThanOrEqual(60_000);
  expect(world.clock.now() - began).toBeLessThan(90_000);
});

test('credentials that expire meanwhile may be renewed beside us; those of the environment cannot', async () => {
  const expire = () =>
    refuseNext(world.emulator, 'DescribeEndpoint', 'The security token is expired', 'ExpiredTokenException');
  expire();
  await expect(wait()).rejects.toMatchObject({ code: 'ExpiredTokenException' });
  const troubles: string[] = [];
  const chain: Aws = { ...world.aws, target: { ...world.aws.target, credentials: undefined } };
  const onTrouble = (problem: { message: string }) => void troubles.push(problem.message);
  expire();
  const options = { endpoint: 'weather', config: 'a', signal, onTrouble };
  expect(await waitForEndpoint(chain, world.clock, options)).toMatchObject({ kind: 'running' });
  expect(troubles).toHaveLength(1);
  // Nobody renews them.
  world.emulator.world.faults.inject = () => {
    throw new AwsError('ExpiredTokenException', 'The security token is expired');
  };
  const began = world.clock.now();
  await expect(waitForEndpoint(chain, world.clock, options)).rejects.toMatchObject({ code: 'ExpiredTokenException' });
  expect(world.clock.now() - began).toBeGreaterThan(19 * 60_000);
});
