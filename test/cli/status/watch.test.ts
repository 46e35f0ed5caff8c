import { CreateEndpointConfigCommand, UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, expect, test } from 'vitest';
import { REALISTIC_LATENCIES } from '../../../src/emulator/world/options.ts';
import { ENDPOINT, GOOD_CANARY, openStage, type Stage } from '../../support/stage.ts';

let stage: Stage;
afterEach(() => stage.close());

const WATCH = ['status', '--endpoint', ENDPOINT, '--watch'];

test("another terminal sees what the canary's own does, to the end", async () => {
  stage = await openStage({ settings: { latencies: REALISTIC_LATENCIES } });
  const seen: Record<string, string> = {};
  const [canary, watched] = await stage.clock.all([
    () => stage.shadowctl([...GOOD_CANARY, '--config-name', 'v2']),
    async () => {
      // The first stage bakes with one instance of three.
      await stage.clock.sleep(7 * 60_000);
      for (const command of ['status', 'history', 'doctor'])
        seen[command] = (await stage.shadowctl([command, '--endpoint', ENDPOINT, '--format', 'json'])).out;
      return stage.shadowctl(WATCH);
    },
  ]);
  expect(canary?.code).toBe(0);
  expect(watched?.code).toBe(0);
  expect(watched?.err).toContain('baking with 33 % of the traffic until');
  expect(watched?.out).toBe('weather runs v2.\n');
  // What goes on, who watches it and how the requests are divided, is told meanwhile.
  expect(JSON.parse(seen.status ?? '')).toMatchObject({
    live: { variants: [{ traffic: expect.closeTo(2 / 3) }], coming: [{ traffic: expect.closeTo(1 / 3) }] },
    watcher: expect.stringContaining('canary: the update to v2'),
    lastRun: { command: 'canary' },
  });
  expect(JSON.parse(seen.history ?? '')).toMatchObject([{ from: 'v1', to: 'v2', ending: null, now: 'under-way' }]);
  const { healthy, findings } = JSON.parse(seen.doctor ?? '') as { healthy: boolean; findings: { check: string }[] };
  expect(healthy).toBe(true);
  expect(findings.find(({ check }) => check === 'in-progress')).toMatchObject({
    severity: 'note',
    message: expect.stringContaining('`canary` takes it from v1 to v2, guarded by 3 alarms'),
  });
  const after = JSON.parse((await stage.shadowctl(['status', '--endpoint', ENDPOINT, '--format', 'json'])).out);
  expect(after).toMatchObject({ live: { variants: [{ traffic: 1 }] } });
  expect(after.watcher).toBeUndefined();
});

test("somebody else's update can be watched too", async () => {
  stage = await openStage({ settings: { latencies: REALISTIC_LATENCIES } });
  const sagemaker = await stage.aws.sagemaker();
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'theirs',
      ProductionVariants: [
        { VariantName: 'AllTraffic', ModelName: 'm1', InstanceType: 'ml.m5.large', InitialInstanceCount: 3 },
      ],
    }),
  );
  await sagemaker.send(new UpdateEndpointCommand({ EndpointName: ENDPOINT, EndpointConfigName: 'theirs' }));
  expect(await stage.shadowctl(WATCH)).toMatchObject({ code: 0, out: 'weather runs theirs.\n' });
});

test('nothing under way: what stands, as ever', async () => {
  stage = await openStage({ settings: { latencies: REALISTIC_LATENCIES } });
  const said = await stage.shadowctl(WATCH);
  expect(said.err).toContain('No update of weather is under way.');
  expect(said.out).toContain('Endpoint weather: InService on v1');
});

test.each([
  [['status', '--watch'], /--watch watches one endpoint/],
  [[...WATCH, '--format', 'json'], /--watch is for people/],
])('%j', async (words, message) => {
  stage = await openStage({ settings: { latencies: REALISTIC_LATENCIES } });
  const said = await stage.shadowctl(words);
  expect(said.code).toBe(2);
  expect(said.err).toMatch(message);
});
