import { afterEach, beforeEach, expect, test } from 'vitest';
import { deleteModel } from '../../src/aws/sagemaker.ts';
import { undoCommand } from '../../src/cli/undo.ts';
import { optionsOf } from '../support/parse.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../support/world.ts';

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

test.each<[string[], object]>([
  [
    ['--endpoint', 'w'],
    { endpoint: 'w', to: undefined, plan: false, yes: false, wait: true, format: 'text', guard: undefined },
  ],
  [
    ['--endpoint', 'w', '--to', 'c', '-y', '--no-wait', '--plan', '--format', 'json'],
    { endpoint: 'w', to: 'c', plan: true, yes: true, wait: false, format: 'json', guard: undefined },
  ],
])('%j', async (argv, expected) => {
  expect(await optionsOf(undoCommand, argv)).toEqual(expected);
});

test('back to the config before, and again to the one before that', async () => {
  expect(await world.shadowctl('undo --endpoint weather --yes')).toMatchObject({
    code: 0,
    out: 'Endpoint weather runs c2; before, it ran c3.',
  });
  expect(await world.shadowctl('undo --endpoint weather --to c1 --yes')).toMatchObject({
    code: 0,
    out: 'Endpoint weather runs c1; before, it ran c2.',
  });
});

test('under the same guardrails as the way there', async () => {
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
    out: '~ endpoint weather  (runs c2)',
  });
});

test('the result as JSON', async () => {
  const { out } = await world.shadowctl('undo --endpoint weather --to c1 --yes --format json');
  expect(JSON.parse(out)).toMatchObject({ endpoint: 'weather', outcome: 'running', config: 'c1', from: 'c3' });
});

test('a shadow that gets lost on the way is said', async () => {
  await world.shadowctl('shadow --endpoint weather --model m1 --yes');
  const { code, err } = await world.shadowctl('undo --endpoint weather --to c3 --yes');
  expect(code).toBe(0);
  expect(err).toContain('note: this removes the shadow variant shadow.');
});

test.each<[string, RegExp]>([
  ['--to c3', /runs c3 already/],
  ['--to never', /"never" is not one that shadowctl created for endpoint "weather".\n.*c1, c2, c3/],
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
