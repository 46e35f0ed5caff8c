import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Report } from '../../../src/report/report.ts';
import { flow } from '../../support/traffic.ts';
import { ARTIFACT_005, type TestWorld, testWorld } from '../../support/world.ts';

const MINUTE = 60_000;
const MODEL = `--artifact ${ARTIFACT_005} --algorithm linear-learner`;

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
}, 60_000);
afterAll(() => world.close());

test('while a promotion is under way, a report shows the evidence of before, and leads to watch', async () => {
  await world.shadowctl(`deploy --endpoint w ${MODEL} --instances 2 --model-name production --yes`);
  const done = new AbortController();
  const [said] = await world.clock.all<unknown>([
    async () => {
      await world.shadowctl(`shadow --endpoint w ${MODEL} --model-name good --yes`);
      await world.clock.sleep(12 * MINUTE);
      const [, looks] = await world.clock.all<unknown>([
        () => world.shadowctl('promote --endpoint w --force --yes --no-metrics'),
        async () => {
          await world.clock.sleep(9 * MINUTE);
          const [before, told] = [world.clock.now(), await world.shadowctl('report --endpoint w --watch')];
          const watched = world.clock.now() - before;
          return { watched, told, json: await world.shadowctl('report --endpoint w --format json') };
        },
      ]);
      done.abort();
      return looks;
    },
    () => flow(world.clock, world.emulator, { endpoint: 'w', perSecond: 1, signal: done.signal }),
  ]);
  const { watched, told, json } = said as Record<'told' | 'json', { out: string; code: number }> & { watched: number };
  const { observations, summaries } = JSON.parse(json.out) as Report;
  expect(observations.underWay).toMatchObject({ what: 'promote', to: expect.stringContaining('w-config-') });
  expect(observations.window.to).toBeLessThanOrEqual(observations.underWay?.since ?? 0);
  expect(observations.window.to - observations.window.from).toBeGreaterThanOrEqual(10 * MINUTE);
  expect(summaries.shadow?.invocations).toBeGreaterThan(500);
  expect(told.out).toContain('a promote of w has been under way since');
  expect(told.out).toContain('shadowctl watch --endpoint w');
  expect(watched).toBeLessThan(MINUTE);
});
