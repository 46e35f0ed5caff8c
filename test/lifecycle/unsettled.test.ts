import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeEndpoint, describeEndpointConfig } from '../../src/aws/sagemaker.ts';
import { interrupted } from '../../src/base/errors.ts';
import type { Switches } from '../../src/emulator/world/options.ts';
import { flow } from '../support/traffic.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../support/world.ts';

/* What no source settles of AWS, on the side that refuses: the way goes on, and is said. */

const BETTER = `--artifact ${ARTIFACT_009} --algorithm linear-learner`;
let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
  await ran(
    `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 2 --config-name c1 --yes`,
  );
});
afterEach(() => world.close());

async function ran(line: string): Promise<string> {
  const { code, out, err } = await world.shadowctl(line);
  expect(code, `${line}\n${err}`).toBe(0);
  return `${out}\n${err}`.replace(/\s+/g, ' ');
}

const turn = (switches: Partial<Switches>) => Object.assign(world.emulator.world.switches, switches);

async function running() {
  const name = (await describeEndpoint(world.aws, 'weather'))?.EndpointConfigName ?? '';
  return { name, config: await describeEndpointConfig(world.aws, name) };
}

test('a config that ran before is not taken again: undo makes it anew, with guardrails too', async () => {
  turn({ reuseConfigs: false });
  const before = (await running()).config?.ProductionVariants;
  await ran(`deploy --endpoint weather ${BETTER} --yes`);
  expect(await ran('undo --endpoint weather --yes')).toContain('SageMaker did not take c1');
  const { name, config } = await running();
  expect(name).not.toBe('c1');
  expect(config?.ProductionVariants).toEqual(before);
  await ran(`deploy --endpoint weather ${BETTER} --yes`);
  const back = await ran('undo --endpoint weather --strategy all-at-once --bake 1m --unguarded --yes');
  expect(back).toContain(`SageMaker did not take ${name}`);
  expect((await running()).config?.ProductionVariants).toEqual(before);
});

test('a rollout returns to production under another name', async () => {
  writeFileSync(
    join(world.root, 'policy.yaml'),
    'inform: [latency]\nerrors: 0.2\nblockMinutes: 1\nminimumBlocks: 50\n',
  );
  const stop = new AbortController();
  await world.clock.all<unknown>([
    () =>
      world.shadowctl(`rollout --endpoint weather ${BETTER} --steps 50%,100% --bake 30m --policy policy.yaml --yes`, {
        signal: stop.signal,
      }),
    () => flow(world.clock, world.emulator, { endpoint: 'weather', perSecond: 0.1, signal: stop.signal }),
    async () => {
      await world.clock.sleep(15 * 60_000);
      stop.abort(interrupted('Interrupted.'));
    },
  ]);
  turn({ reuseConfigs: false });
  expect(await ran('rollout --endpoint weather --cancel')).toContain('SageMaker did not take c1');
  const { name, config } = await running();
  expect(name).toMatch(/-back$/);
  expect(config?.ProductionVariants?.map(({ VariantName }) => VariantName)).toEqual(['AllTraffic']);
  await ran('cleanup --endpoint weather --yes');
});

test('nothing is retained beside a shadow: attached, promoted and undone without', async () => {
  turn({ retainWithShadow: false });
  await ran(`shadow --endpoint weather ${BETTER} --model-name m2 --yes`);
  const said = await ran('promote --endpoint weather --strategy all-at-once --bake 1m --force --unguarded --yes');
  expect(said).not.toContain('nothing was changed');
  const { config } = await running();
  expect(config?.ShadowProductionVariants ?? []).toEqual([]);
  expect(config?.ProductionVariants).toMatchObject([{ ModelName: 'm2', InitialInstanceCount: 2 }]);
  await ran(`shadow --endpoint weather ${BETTER} --yes`);
  await ran('undo --endpoint weather --yes');
  expect((await running()).config?.ShadowProductionVariants ?? []).toEqual([]);
});

test('an account that may not capture: the shadow is attached without', async () => {
  turn({ refuseDataCapture: true });
  const { code, err } = await world.shadowctl(`shadow --endpoint weather ${BETTER} --yes`);
  expect(code).toBe(2);
  expect(err).toContain('--no-capture');
  await ran(`shadow --endpoint weather ${BETTER} --no-capture --yes`);
});
