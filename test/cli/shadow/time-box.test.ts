import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeEndpoint } from '../../../src/aws/sagemaker.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const ON = '--endpoint weather';
const DEPLOY = `deploy ${ON} --artifact ${ARTIFACT_005} --algorithm linear-learner --config-name c1 --instances 2 --yes`;
const CANDIDATE = `--artifact ${ARTIFACT_009} --algorithm linear-learner`;
const SHADOW = `shadow ${ON} ${CANDIDATE} --config-name cs --for 2h`;
const TIME = 7_200_000;

async function typed(line: string, code = 0) {
  const ended = await world.shadowctl(line);
  expect(ended, `${line}\n${ended.out}\n${ended.err}`).toMatchObject({ code });
  return ended;
}
const json = async (line: string, code = 0) => JSON.parse((await typed(`${line} --format json`, code)).out);
const flat = (text: string) => text.replace(/\s+/g, ' ');
const runs = async () => {
  const live = await describeEndpoint(world.aws, 'weather');
  return { config: live?.EndpointConfigName, shadows: live?.ShadowProductionVariants?.length ?? 0 };
};

test('a shadow for a time says what it costs until its end; until then nothing changes, and afterwards those that look warn', async () => {
  await typed(DEPLOY);
  expect(flat((await typed(`${SHADOW} --plan`, 4)).out)).toContain(
    'It is to end in 2 h: about $0.46 for its instances.',
  );
  await typed(`${SHADOW} --yes`);
  const { timeBox } = await json(`status ${ON}`);
  expect(timeBox).toMatchObject({ over: false });
  expect((await json('ls')).endpoints[0].shadow.until).toBe(timeBox.until);
  expect((await typed(`status ${ON}`)).out).toContain('The shadow is to end at');
  await world.clock.sleep(TIME + 60_000);
  expect(flat((await typed(`status ${ON}`)).out)).toContain('is still billed');
  expect(flat((await typed('ls')).out)).toContain('was to end');
  expect((await world.shadowctl(`report ${ON}`)).err).toContain('was to end at');
  expect(await runs()).toEqual({ config: 'cs', shadows: 1 });
});

test.each([
  `deploy ${ON} ${CANDIDATE} --config-name next --yes`,
  `canary ${ON} ${CANDIDATE} --config-name next --strategy all-at-once --unguarded --yes`,
  `shadow ${ON} ${CANDIDATE} --config-name next --yes`,
])('once it is over, the detachment comes first: %s', async (line) => {
  await typed(DEPLOY);
  await typed(`${SHADOW} --yes`);
  await world.clock.sleep(TIME + 60_000);
  const plan = await typed(line.replace('--yes', '--plan'), 4);
  expect(plan.err).toContain('it is detached first');
  expect(plan.out).toContain('c1');
  expect(await runs()).toEqual({ config: 'cs', shadows: 1 });
  const done = await typed(line);
  expect(done.err).toContain('it is detached first');
  expect((await runs()).config).toBe('next');
  const commands = (await json(`history ${ON}`)).map(({ command }: { command: string }) => command);
  expect(commands.slice(-2)).toContain('shadow detach');
});

test('those that end the shadow themselves do that alone', async () => {
  await typed(DEPLOY);
  await typed(`${SHADOW} --yes`);
  await world.clock.sleep(TIME + 60_000);
  const kept = await typed(`keep ${ON} --yes`);
  expect(kept.err).not.toContain('detached first');
  expect(await runs()).toEqual({ config: 'c1', shadows: 0 });
  // What has ended is not told again.
  expect((await json(`status ${ON}`)).timeBox).toBeUndefined();
  expect((await typed(`deploy ${ON} --instances 3 --yes`)).err).not.toContain('detached first');
});

test('--max-cost refuses what costs more, and what nobody knows the price of', async () => {
  await typed(DEPLOY);
  const dear = await typed(`${SHADOW} --max-cost 0.4 --plan`, 2);
  expect(dear.err).toContain('about $0.46 until its end');
  await typed(`${SHADOW} --max-cost 0.5 --plan`, 4);
  const unknown = await typed(`${SHADOW} --instance-type ml.p5.48xlarge --max-cost 6 --plan`, 2);
  expect(unknown.err).toContain('what the shadow costs is not known (ml.p5.48xlarge in us-east-1)');
  writeFileSync(join(world.root, 'shadowctl.yaml'), 'prices:\n  ml.p5.48xlarge: 0.1\n');
  await typed(`${SHADOW} --instance-type ml.p5.48xlarge --max-cost 6 --plan`, 4);
  const alone = `shadow ${ON} ${CANDIDATE} --max-cost 5 --plan`;
  expect((await typed(alone, 2)).err).toContain('--for is missing');
});
