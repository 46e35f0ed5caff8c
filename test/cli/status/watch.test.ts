import { CreateEndpointConfigCommand, UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, expect, test } from 'vitest';
import { ARTIFACT, ENDPOINT, openStage, type Stage } from '../../support/stage.ts';

let stage: Stage;
afterEach(() => stage.close());

const WATCH = ['status', '--endpoint', ENDPOINT, '--watch'];

test("another terminal sees what the canary's own does, to the end", async () => {
  stage = await openStage();
  const [canary, watched] = await stage.clock.all([
    () =>
      stage.shadowctl([
        'canary',
        '--endpoint',
        ENDPOINT,
        '--adopt',
        '--yes',
        '--artifact',
        ARTIFACT,
        '--algorithm',
        'linear-learner',
        '--config-name',
        'v2',
      ]),
    async () => {
      await stage.clock.sleep(5 * 60_000);
      return stage.shadowctl(WATCH);
    },
  ]);
  expect(canary?.code).toBe(0);
  expect(watched?.code).toBe(0);
  expect(watched?.err).toContain('baking with 33 % of the traffic until');
  expect(watched?.out).toBe('weather runs v2.\n');
});

test("somebody else's update can be watched too", async () => {
  stage = await openStage();
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
  stage = await openStage();
  const said = await stage.shadowctl(WATCH);
  expect(said.err).toContain('No update of weather is under way.');
  expect(said.out).toContain('Endpoint weather: InService on v1');
});

test.each([
  [['status', '--watch'], /--watch watches one endpoint/],
  [[...WATCH, '--format', 'json'], /--watch is for people/],
])('%j', async (words, message) => {
  stage = await openStage();
  const said = await stage.shadowctl(words);
  expect(said.code).toBe(2);
  expect(said.err).toMatch(message);
});
