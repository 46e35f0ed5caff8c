import { UpdateEndpointWeightsAndCapacitiesCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeEndpoint, describeEndpointConfig, updateEndpoint } from '../../src/aws/sagemaker.ts';
import { type Session, whenSettled } from '../../src/lifecycle/session.ts';
import { capturedIo } from '../support/io.ts';
import { refuseNext } from '../support/refuse.ts';
import { flow } from '../support/traffic.ts';
import { ARTIFACT_005, ARTIFACT_009, type Ended, type TestWorld, testWorld } from '../support/world.ts';

/* Somebody else, or autoscaling, changes the endpoint while a command is at work on it. */

let world: TestWorld;
afterEach(() => world.close());

const deploy = (number: number, artifact = ARTIFACT_005) =>
  `deploy --endpoint weather --artifact ${artifact} --algorithm linear-learner --instances 2 --model-name m${number} --config-name c${number} --yes`;

async function ran(line: string): Promise<void> {
  const { code, err } = await world.shadowctl(line);
  expect(code, err).toBe(0);
}

beforeEach(async () => {
  world = await testWorld();
  await ran(deploy(1));
});

async function scaleTo(DesiredInstanceCount: number): Promise<void> {
  const client = await world.aws.sagemaker();
  await client.send(
    new UpdateEndpointWeightsAndCapacitiesCommand({
      EndpointName: 'weather',
      DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount }],
    }),
  );
}

const live = () => describeEndpoint(world.aws, 'weather');

test('scaled while the plan was read: nothing is changed', async () => {
  await ran(deploy(2, ARTIFACT_009));
  const io = { ...capturedIo(), interactive: true };
  io.ask = async () => {
    await scaleTo(3);
    return 'y';
  };
  const ended = await world.shadowctl('undo --endpoint weather', { io });
  expect(ended).toMatchObject({ code: 2 });
  expect(ended.err.replace(/\s+/g, ' ')).toContain(
    'was scaled since this was planned (instances: AllTraffic 2; now: AllTraffic 3)',
  );
  expect((await live())?.EndpointConfigName).toBe('c2');
});

test('scaled while the alarms of a canary were awaited: it waits, and goes by the new number', async () => {
  const done = new AbortController();
  const ends: Ended[] = [];
  await world.clock.all<unknown>([
    async () => {
      ends.push(
        await world.shadowctl(
          `canary --endpoint weather --artifact ${ARTIFACT_009} --algorithm linear-learner --canary-size 50% --config-name c2 --yes`,
        ),
      );
      done.abort();
    },
    () => flow(world.clock, world.emulator, { endpoint: 'weather', perSecond: 1, signal: done.signal }),
    async () => {
      await world.clock.sleep(2_000);
      await scaleTo(4);
    },
  ]);
  expect(ends[0]?.err).toContain('The fleet was scaled from 2 to 4 instances meanwhile');
  expect(await live()).toMatchObject({ EndpointConfigName: 'c2', EndpointStatus: 'InService' });
});

test('an endpoint that is being scaled is updated once that is over; not where it has another config then', async () => {
  await ran(deploy(2, ARTIFACT_009));
  const session = {
    clock: world.clock,
    signal: new AbortController().signal,
    emit: () => undefined,
  } as unknown as Session;
  const change = (config: string) => () =>
    updateEndpoint(world.aws, { EndpointName: 'weather', EndpointConfigName: config });
  await scaleTo(3);
  await whenSettled(session, world.aws, { endpoint: 'weather' }, change('c1'));
  // It is on its way to c1 now, which somebody asked for.
  await expect(whenSettled(session, world.aws, { endpoint: 'weather' }, change('c2'))).rejects.toThrow(
    'was changed by someone else meanwhile: it ran c2, now c1',
  );
});

test('a shadow is detached by a new config where the fleet was scaled since, or AWS does not take the earlier one', async () => {
  const attach = `shadow --endpoint weather --artifact ${ARTIFACT_009} --algorithm linear-learner --yes`;
  await ran(attach);
  await scaleTo(3);
  await world.clock.sleep(10 * 60_000);
  await ran('shadow detach --endpoint weather --config-name scaled --yes');
  const counts = async () => (await live())?.ProductionVariants?.map((one) => one.DesiredInstanceCount);
  expect([(await live())?.EndpointConfigName, await counts()]).toEqual(['scaled', [3]]);
  await ran(attach);
  refuseNext(world.emulator, 'UpdateEndpoint', 'To update an endpoint, you must create a new EndpointConfig.');
  const { code, err } = await world.shadowctl('shadow detach --endpoint weather --yes');
  expect(code, err).toBe(0);
  expect(err).toContain('SageMaker did not take scaled');
  const name = (await live())?.EndpointConfigName ?? '';
  expect(name).not.toBe('scaled');
  expect((await describeEndpointConfig(world.aws, name))?.ShadowProductionVariants ?? []).toEqual([]);
});

test('cleanup waits until a rollback is over: RollingBack, which autoscaling brings about, does not end in -ing', async () => {
  world.emulator.world.faults.add({ kind: 'insufficient-capacity', endpoint: 'weather' });
  await scaleTo(4);
  while ((await live())?.EndpointStatus === 'Updating') await world.clock.sleep(1_000);
  expect((await live())?.EndpointStatus).toBe('RollingBack');
  await ran('cleanup --endpoint weather --yes');
  expect(await live()).toBeUndefined();
});
