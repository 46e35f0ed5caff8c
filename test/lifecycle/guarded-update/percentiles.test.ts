import { expect, test } from 'vitest';
import { flow } from '../../support/traffic.ts';
import { ARTIFACT_005, ARTIFACT_009, testWorld } from '../../support/world.ts';

test('where CloudWatch has no percentiles, the mean is limited; one that was asked for is refused', async () => {
  const world = await testWorld({ switches: { percentiles: false } });
  const on = '--endpoint weather';
  await world.shadowctl(`deploy ${on} --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 2 --yes`);
  await flow(world.clock, world.emulator, { endpoint: 'weather', perSecond: 0.1, duration: 8 * 60_000 });
  const canary = `canary ${on} --artifact ${ARTIFACT_009} --algorithm linear-learner --plan`;
  const plan = await world.shadowctl(canary);
  // 4: there is something to do.
  expect([plan.code, plan.out]).toEqual([4, expect.stringMatching(/ModelLatency A[^]*100 % above/)]);
  const refused = await world.shadowctl(`${canary} --max-latency p99=250ms`);
  expect([refused.code, refused.err]).toEqual([2, expect.stringMatching(/no p99[^]*--max-latency avg=250ms/)]);
  expect((await world.shadowctl(`${canary} --max-latency avg=250ms`)).code).toBe(4);
  await world.close();
});
