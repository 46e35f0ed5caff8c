import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeEndpointConfig } from '../../../src/aws/sagemaker.ts';
import { shadowCommand } from '../../../src/commands/shadow/command.ts';
import { optionsOf } from '../../support/parse.ts';
import { ARTIFACT_005, ARTIFACT_009, FIXTURES, type TestWorld, testWorld } from '../../support/world.ts';

const DATA = join(FIXTURES, 'data/test.csv');
const DEPLOY = `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 3 --model-name m1 --config-name c1 --yes`;
const SHADOW = `shadow --endpoint weather --artifact ${ARTIFACT_009} --algorithm linear-learner --model-name m2 --config-name c2 --yes --calibrate 30m`;

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

test('words', async () => {
  expect(await optionsOf(shadowCommand, ['--endpoint', 'w', '--calibrate', '1h30m'])).toMatchObject({
    calibrate: 90 * 60_000,
  });
  await expect(optionsOf(shadowCommand, ['--endpoint', 'w', '--calibrate', '30m', '--no-wait'])).rejects.toThrow(
    '--calibrate waits',
  );
  await expect(optionsOf(shadowCommand, ['--endpoint', 'w', '--calibrate', 'soon'])).rejects.toThrow('--calibrate');
});

test('production is its own shadow first; the report knows the noise floor and what shadowing costs', async () => {
  await world.shadowctl(DEPLOY);
  const traffic = `invoke --endpoint weather --data ${DATA} --rate 0.5 --duration`;
  await world.shadowctl(`${traffic} 45m`);
  const [attached] = await world.clock.all([
    () => world.shadowctl(`${SHADOW} --format json`),
    () => world.shadowctl(`${traffic} 60m`),
  ]);
  expect(attached).toMatchObject({ code: 0 });
  // Standard output holds the one result.
  expect(JSON.parse(attached?.out ?? '')).toMatchObject({
    outcome: 'running',
    config: 'c2',
    from: expect.stringContaining('calibrate-config'),
  });
  expect(attached?.err).toMatch(/Noise floor of m1: 0 % of the labels differ, .* over [89]\d\d pairs/);
  const calibration = (JSON.parse(attached?.out ?? '') as { from: string }).from;
  expect(await describeEndpointConfig(world.aws, calibration)).toMatchObject({
    ProductionVariants: [{ ModelName: 'm1' }],
    ShadowProductionVariants: [{ ModelName: 'm1' }],
  });
  expect(await describeEndpointConfig(world.aws, 'c2')).toMatchObject({
    ProductionVariants: [{ ModelName: 'm1' }],
    ShadowProductionVariants: [{ ModelName: 'm2' }],
  });
  const report = await world.shadowctl('report --endpoint weather --last 15m');
  expect(report.out).toContain('Noise floor: m1 differs from itself in 0 % of its labels');
  // Away goes the shadow, back to what ran before the calibration.
  expect((await world.shadowctl('shadow detach --endpoint weather --yes')).out).toContain('runs c1');
});

test('what shadowing costs production stands in the report', async () => {
  await world.shadowctl(DEPLOY);
  await world.shadowctl(`invoke --endpoint weather --data ${DATA} --rate 0.5 --duration 30m`);
  await world.shadowctl(SHADOW.replace(' --calibrate 30m', ''));
  await world.shadowctl(`invoke --endpoint weather --data ${DATA} --rate 0.5 --duration 20m`);
  const { out } = await world.shadowctl('report --endpoint weather --last 20m');
  expect(out).toContain('Production before and with the shadow');
});

test('the plan says what comes first, and does nothing', async () => {
  await world.shadowctl(DEPLOY);
  const { code, out } = await world.shadowctl(`${SHADOW} --plan`);
  expect(code).toBe(4);
  expect(out).toContain("Before that, for 30 min, production's own model is the shadow.");
});
