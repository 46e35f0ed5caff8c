import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../docs/pages.ts';
import { CTRL_C } from '../support/io.ts';
import { type TestWorld, testWorld } from '../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());
const file = () => join(world.root, 'shadowctl.yaml');
const written = () => readFileSync(file(), 'utf8');

/** Where the first line leads an editor that has the file open. */
function schemaOf(text: string, folder: string): unknown {
  const [, at = ''] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(text) ?? [];
  return JSON.parse(readFileSync(new URL(at, `file://${folder}/`), 'utf8'));
}

test('it asks, says again what cannot be used, and writes what config show then tells', async () => {
  const answers = [
    '',
    'frankfurt?',
    'eu-central-1',
    '',
    'role/models',
    'none',
    's3:/x',
    's3://b/p',
    'wea ther',
    'weather',
  ];
  const asked = answers.filter((one) => one !== 'frankfurt?' && one !== 's3:/x');
  const { code, out, err } = await world.shadowctl('init', { answers: asked });
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
  expect(out).toContain('shadowctl config show');
  expect(err).toContain('"role/models" is not the ARN of an IAM role');
  expect(err).toContain('wea ther');
  expect(parse(written())).toEqual({
    region: 'eu-central-1',
    state: 's3://b/p',
    endpoints: { weather: { bake: '5m' } },
  });
  const shown = await world.shadowctl('config show --endpoint weather --format json', {
    env: { AWS_REGION: undefined },
  });
  expect(JSON.parse(shown.out)).toMatchObject({
    settings: expect.arrayContaining([expect.objectContaining({ key: 'region', value: 'eu-central-1' })]),
  });
});

test('without a terminal it asks for --yes, which takes the defaults of the surroundings', async () => {
  const refused = await world.shadowctl('init');
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
  expect(existsSync(file())).toBe(false);
  const { code } = await world.shadowctl('init --yes --endpoint weather --profile releases');
  expect(code).toBe(0);
  expect(parse(written())).toMatchObject({
    region: 'us-east-1',
    profile: 'releases',
    role: world.env.SAGEMAKER_ROLE_ARN,
  });
});

test('what the surroundings say is looked at before it is written: a file that is refused would stop every command', async () => {
  for (const [line, env, words] of [
    ['init --yes', { SAGEMAKER_ROLE_ARN: 'my-role' }, 'is not the ARN of an IAM role'],
    ['init --yes --endpoint a_b', {}, 'cannot be the name of an endpoint'],
  ] as const) {
    const { code, err } = await world.shadowctl(line, { env });
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining(words) });
    expect(existsSync(file())).toBe(false);
  }
});

test('who stops at a question has no file', async () => {
  expect(await world.shadowctl('init', { answers: ['', CTRL_C] })).toMatchObject({ code: 130 });
  expect(existsSync(file())).toBe(false);
});

test('a file that exists stays, unless it is to be replaced, and is kept then', async () => {
  writeFileSync(file(), 'region: eu-west-1\n');
  expect(await world.shadowctl('init --yes')).toMatchObject({ code: 2, err: expect.stringContaining('--replace') });
  expect(written()).toBe('region: eu-west-1\n');
  const { code, out } = await world.shadowctl('init --yes --replace --format json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ schema: 'shadowctl-init/1', written: true, kept: `${file()}.before` });
  expect(readFileSync(`${file()}.before`, 'utf8')).toBe('region: eu-west-1\n');
});

test('--plan shows the file and writes none; a file above is named', async () => {
  const { code, out } = await world.shadowctl('init --plan');
  expect(code).toBe(4);
  expect(parse(out)).toMatchObject({ region: 'us-east-1' });
  expect(existsSync(file())).toBe(false);
});

test('values that YAML would take for something else are texts', async () => {
  const { code } = await world.shadowctl([
    'init',
    '--yes',
    '--profile',
    'no',
    '--state',
    'a: b #c',
    '--endpoint',
    '123',
  ]);
  expect(code).toBe(0);
  expect(parse(written())).toMatchObject({ profile: 'no', state: 'a: b #c', endpoints: { '123': { bake: '5m' } } });
});

test('the first line leads to the schema by a path that holds for a team, or there is none', async () => {
  await world.shadowctl('init --yes');
  // A path of this machine would be a mistake in the editor of everybody else.
  expect(written()).not.toMatch(/yaml-language-server|file:\/\/|\$schema/);
  const installed = join(world.root, 'node_modules/shadowctl/schemas');
  mkdirSync(installed, { recursive: true });
  cpSync(join(ROOT, 'schemas'), installed, { recursive: true });
  mkdirSync(join(world.root, 'deep'));
  await world.shadowctl('init --yes --config deep/own.yaml');
  const deep = readFileSync(join(world.root, 'deep/own.yaml'), 'utf8');
  expect(deep).toContain('$schema=../node_modules/shadowctl/schemas/shadowctl.schema.json\n');
  expect(schemaOf(deep, join(world.root, 'deep'))).toMatchObject({ title: 'shadowctl.yaml' });
});
