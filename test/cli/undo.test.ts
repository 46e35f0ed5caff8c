import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CreateEndpointCommand, CreateEndpointConfigCommand, UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import {
  deleteEndpointConfig,
  deleteModel,
  describeEndpoint,
  describeEndpointConfig,
} from '../../src/aws/sagemaker.ts';
import { earlierConfigs } from '../../src/state/earlier-configs.ts';
import { undoCommand } from '../../src/cli/undo.ts';
import { optionsOf } from '../support/parse.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../support/world.ts';
import { matrixTest } from '../support/sizes.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
  for (const round of [1, 2, 3]) {
    const artifact = round === 1 ? ARTIFACT_005 : ARTIFACT_009;
    await world.shadowctl(
      `deploy --endpoint weather --artifact ${artifact} --algorithm linear-learner --model-name m${round} --config-name c${round} --yes`,
    );
  }
});
afterEach(() => world.close());

/** An endpoint that somebody else made, on model m2. */
async function adoptable({ aws, clock }: TestWorld): Promise<void> {
  const sagemaker = await aws.sagemaker();
  const variant = { VariantName: 'AllTraffic', ModelName: 'm2', InitialInstanceCount: 1 };
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'theirs-1',
      ProductionVariants: [{ ...variant, InstanceType: 'ml.m5.large' }],
    }),
  );
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: 'theirs', EndpointConfigName: 'theirs-1' }));
  await clock.sleep(10 * 60_000);
}

test.each<[string[], object]>([
  [
    ['--endpoint', 'w'],
    {
      endpoint: 'w',
      to: undefined,
      list: false,
      plan: false,
      yes: false,
      wait: true,
      format: 'text',
      guard: undefined,
      oldForce: false,
    },
  ],
  [
    ['--endpoint', 'w', '--to', 'c', '-y', '--no-wait', '--plan', '--format', 'json'],
    {
      endpoint: 'w',
      to: 'c',
      list: false,
      plan: true,
      yes: true,
      wait: false,
      format: 'json',
      guard: undefined,
      oldForce: false,
    },
  ],
])('%j', async (argv, expected) => {
  expect(await optionsOf(undoCommand, argv)).toEqual(expected);
});

test('back to the config before, then to the one before that, never forward', async () => {
  expect(await world.shadowctl('undo --endpoint weather --yes')).toMatchObject({
    code: 0,
    out: 'Endpoint weather runs model m2 again (c2); before, it ran model m3 (c3).',
  });
  expect(await world.shadowctl('undo --endpoint weather --yes')).toMatchObject({
    code: 0,
    out: 'Endpoint weather runs model m1 again (c1); before, it ran model m2 (c2).',
  });
  const third = await world.shadowctl('undo --endpoint weather --yes');
  expect(third.code).toBe(2);
  expect(third.err.replace(/\s+/g, ' ')).toMatch(/undo --endpoint weather --to c3 .*c2/);
  expect(await world.shadowctl('undo --endpoint weather --to c3 --yes')).toMatchObject({ code: 0 });
});

test('--to without a name lists what it can go back to', async () => {
  await deleteModel(world.aws, 'm2');
  const { code, out } = await world.shadowctl('undo --endpoint weather --to --format json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject([
    { config: 'c3', models: { production: ['m3'] }, runsNow: true },
    { config: 'c2', models: { production: ['m2'] }, runsNow: false, missing: 'model m2' },
    { config: 'c1', models: { production: ['m1'] }, runsNow: false, command: 'deploy' },
  ]);
  expect((await world.shadowctl('undo --endpoint weather --to')).out).toMatch(/c2 .*no: model m2 no longer exists/);
});

test('a shadow is never attached again unasked', async () => {
  await world.shadowctl('shadow --endpoint weather --model m1 --config-name shadowed --yes');
  await world.shadowctl('shadow detach --endpoint weather --yes');
  // What ran before the detaching is the same model with the shadow: further back is c2.
  const { code, out } = await world.shadowctl('undo --endpoint weather --plan --format json');
  expect(code).toBe(4);
  expect(JSON.parse(out)).toMatchObject({ models: { to: { production: ['m2'] } } });
});

test('a promoted shadow is undone to the model that served before, without the shadow', async () => {
  await world.shadowctl('shadow --endpoint weather --model m1 --config-name shadowed --yes');
  await world.shadowctl('promote --endpoint weather --force --strategy all-at-once --yes --no-metrics');
  const plan = await world.shadowctl('undo --endpoint weather --plan --format json');
  expect(JSON.parse(plan.out)).toMatchObject({
    models: { from: { production: ['m1'] }, to: { production: ['m3'] } },
    steps: [{ input: { EndpointConfigName: 'c3' } }],
  });
  await deleteEndpointConfig(world.aws, 'c3');
  const { code } = await world.shadowctl('undo --endpoint weather --yes');
  expect(code).toBe(0);
  const { EndpointConfigName = '' } = (await describeEndpoint(world.aws, 'weather')) ?? {};
  const config = await describeEndpointConfig(world.aws, EndpointConfigName);
  expect(config?.ProductionVariants?.[0]?.ModelName).toBe('m3');
  expect(config?.ShadowProductionVariants ?? []).toEqual([]);
});

test('a deployment that failed is no place to go back to', async () => {
  const state = {
    configs: ['c1', 'c2', 'c3'].map((config, index) => ({ config, run: `r${index}`, at: '' })),
    facts: [
      { name: 'replaces' as const, run: 'r1', at: '', value: { requested: 'c2', previous: 'c1' } },
      { name: 'replaces' as const, run: 'r2', at: '', value: { requested: 'c3', previous: 'c1' } },
    ],
  };
  expect(earlierConfigs(state, 'c3')).toEqual(['c1']);
  // Without what was replaced, as earlier versions wrote it.
  expect(earlierConfigs({ ...state, facts: [] }, 'c3')).toEqual(['c1', 'c2']);
});

test('what an endpoint ran before it was adopted is what an undo returns to', async () => {
  await adoptable(world);
  await world.shadowctl('shadow --endpoint theirs --model m1 --adopt --yes');
  await world.shadowctl('promote --endpoint theirs --force --strategy all-at-once --yes --no-metrics');
  const { code, out } = await world.shadowctl('undo --endpoint theirs --yes');
  expect(code).toBe(0);
  expect(out).toContain('runs model m2 again (theirs-1)');
  expect((await world.shadowctl('undo --endpoint theirs --to')).out).toContain('before shadowctl');
  const history = JSON.parse((await world.shadowctl('history --endpoint theirs --format json')).out) as unknown[];
  expect(history).toMatchObject([{ from: 'theirs-1', command: 'shadow' }, {}, { to: 'theirs-1', command: 'undo' }]);
});

matrixTest('under the same guardrails as the way there', async () => {
  const { code, out, err } = await world.shadowctl(
    'undo --endpoint weather --strategy all-at-once --yes --format json',
  );
  expect(err).toContain('weather-5XXError');
  expect(JSON.parse(out)).toMatchObject({
    ending: 'updated',
    runningConfig: 'c2',
    previousConfig: 'c3',
    strategy: 'all-at-once',
  });
  expect(code).toBe(0);
  const history = JSON.parse((await world.shadowctl('history --endpoint weather --format json')).out) as {
    command: string;
    ending: string;
  }[];
  expect(history.at(-1)).toMatchObject({ command: 'undo', ending: 'updated' });
});

test.each<[string[], RegExp]>([
  [['--max-5xx-rate', '1%'], /--max-5xx-rate belongs to a guarded update, and no --strategy was given/],
  [['--final-bake', '5m'], /--final-bake belongs to a guarded update/],
  [['--strategy', 'canary', '--no-wait'], /--no-wait works only with an undo all at once/],
])('%j makes no sense', async (words, message) => {
  await expect(optionsOf(undoCommand, ['--endpoint', 'w', ...words])).rejects.toThrow(message);
});

test('--plan shows the step', async () => {
  expect(await world.shadowctl('undo --endpoint weather --plan')).toMatchObject({
    code: 4,
    out: [
      'Account 000000000000, us-east-1, on this machine',
      'Endpoint weather',
      '  from  c3, model m3',
      '  to    c2, model m2',
      '~ endpoint weather  (runs c2)',
      'note: during the update, 2 × ml.m5.large run at the same time; the quotas "for endpoint usage" count',
      '  them all.',
      'Costs while both fleets stand: about $0.23 an hour; then about $0.12 an hour (estimate of 2026-09',
      '  for us-east-1, from public sources).',
    ].join('\n'),
  });
});

test('the result as JSON', async () => {
  const { out } = await world.shadowctl('undo --endpoint weather --to c1 --yes --format json');
  expect(JSON.parse(out)).toMatchObject({ endpoint: 'weather', outcome: 'running', config: 'c1', from: 'c3' });
});

matrixTest('a shadow that gets lost on the way is said', async () => {
  await world.shadowctl('shadow --endpoint weather --model m1 --yes');
  const { code, err } = await world.shadowctl('undo --endpoint weather --to c3 --yes');
  expect(code).toBe(0);
  expect(err).toContain('note: this removes the shadow variant shadow.');
});

test.each<[string, RegExp]>([
  ['--to c3', /runs c3 already/],
  ['--to never', /"never" is not one that endpoint "weather" has run.*\n.*shadowctl undo --endpoint weather --to$/m],
  ['--to a_b', /--to: "a_b" cannot be the name/],
])('%s is refused', async (words, message) => {
  const ended = await world.shadowctl(`undo --endpoint weather ${words} --yes`);
  expect(ended.err).toMatch(message);
  expect(ended.code).toBe(2);
});

test('a config whose model is gone is refused', async () => {
  await deleteModel(world.aws, 'm2');
  expect(await world.shadowctl('undo --endpoint weather --yes')).toMatchObject({
    code: 2,
    err: expect.stringContaining('model m2'),
  });
});

test('from another folder, adopted or created: nothing is changed, and the way by hand is shown, which works', async () => {
  await adoptable(world);
  await world.shadowctl('shadow --endpoint theirs --model m1 --adopt --yes');
  rmSync(join(world.root, '.shadowctl'), { recursive: true });
  for (const endpoint of ['weather', 'theirs']) {
    for (const to of ['', ' --to']) {
      const { code, err } = await world.shadowctl(`undo --endpoint ${endpoint}${to} --yes`);
      expect([code, err.includes('Choose another name')]).toEqual([2, false]);
      expect(err).toContain('the folder whose .shadowctl/ holds the journal');
      expect(err).toContain(`aws sagemaker update-endpoint --endpoint-name ${endpoint} --endpoint-config-name …`);
    }
  }
  const sagemaker = await world.aws.sagemaker();
  await sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'theirs', EndpointConfigName: 'theirs-1' }));
  await world.clock.sleep(20 * 60_000);
  expect(await describeEndpoint(world.aws, 'theirs')).toMatchObject({
    EndpointStatus: 'InService',
    EndpointConfigName: 'theirs-1',
  });
});
