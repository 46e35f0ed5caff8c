import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { athenaSettings, loadProject } from '../../src/base/project.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'config-test-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

let made = 0;
/** A folder with this shadowctl.yaml in it. */
async function folderWith(content: string): Promise<string> {
  const folder = join(root, String(made++));
  await mkdir(join(folder, 'deep', 'down'), { recursive: true });
  await writeFile(join(folder, 'shadowctl.yaml'), content);
  return folder;
}

test('without a file everything has its default, and the project is the current folder', async () => {
  expect(await loadProject(root, undefined)).toEqual({
    root,
    file: undefined,
    stateDir: join(root, '.shadowctl'),
    target: 'aws',
    account: undefined,
    region: undefined,
    profile: undefined,
    role: undefined,
    state: undefined,
    cache: undefined,
    environment: undefined,
    tags: {},
    prices: {},
    policy: undefined,
    endpoints: {},
    environments: {},
    notify: [],
    engine: undefined,
    athena: {},
  });
});

test('the nearest file above governs, and says where the state lies', async () => {
  const folder = await folderWith(
    'target: emulator\nregion: eu-west-1\ntags: { team: forecasting }\nnotify: arn:aws:sns:eu-west-1:123456789012:releases\n',
  );
  expect(await loadProject(join(folder, 'deep', 'down'), undefined)).toMatchObject({
    root: folder,
    file: join(folder, 'shadowctl.yaml'),
    stateDir: join(folder, '.shadowctl'),
    target: 'emulator',
    region: 'eu-west-1',
    tags: { team: 'forecasting' },
    notify: ['arn:aws:sns:eu-west-1:123456789012:releases'],
  });
});

test('--config says what counts, and does not move the state', async () => {
  const folder = await folderWith('region: eu-west-1\n');
  const other = join(folder, 'deep', 'staging.yaml');
  await writeFile(other, 'region: eu-central-1\n');
  const here = { root: folder, stateDir: join(folder, '.shadowctl'), file: other, region: 'eu-central-1' };
  expect(await loadProject(folder, other)).toMatchObject(here);
  // Where no file is near, the current folder has it.
  const bare = await mkdtemp(join(root, 'bare-'));
  expect(await loadProject(bare, other)).toMatchObject({ ...here, root: bare, stateDir: join(bare, '.shadowctl') });
  // Beside a state that exists, the file is a project of its own.
  await mkdir(join(folder, 'deep', '.shadowctl'));
  expect(await loadProject(folder, other)).toMatchObject({
    root: join(folder, 'deep'),
    stateDir: join(folder, 'deep', '.shadowctl'),
  });
});

test.each([
  ['an empty file is a file', '', {}],
  [
    'what is said of the answers of an endpoint is left for the room that knows it',
    'endpoints: { weather: { answers: { kind: scores } } }',
    { endpoints: { weather: { answers: { kind: 'scores' } } } },
  ],
  ['the policy is left for the room that knows it', 'policy: { alpha: 0.01 }', { policy: { alpha: 0.01 } }],
])('%s', async (_name, content, expected) => {
  expect(await loadProject(await folderWith(content), undefined)).toMatchObject(expected);
});

test.each([
  [
    'an unknown key',
    'colour: red',
    /: colour: there is no such key. The keys are target, region/,
    /shadowctl help configuration/,
  ],
  [
    'a key of an endpoint that is one of the file',
    'endpoints: { weather: { region: eu-west-1 } }',
    /endpoints\.weather\.region: there is no such key, but there is region at the top level\./,
    /shadowctl help configuration/,
  ],
  ['a key nearly right', 'rôle: x', /rôle: there is no such key, did you mean role\?/, /shadowctl help configuration/],
  ['a wrong value', 'target: azure', /target: "azure" is not aws or emulator/, /shadowctl help configuration/],
  [
    'a tag that is a number',
    'tags: { cost: 12 }',
    /tags.cost: 12 is not text; put quotes around/,
    /shadowctl help configuration/,
  ],
  ['nobody to notify', 'notify: 5', /notify: 5 is not an SNS topic \(ARN\), a webhook/, /shadowctl help configuration/],
  ['a role that is none', 'role: admin', /role: "admin" is not the ARN of an IAM role/, /shadowctl help configuration/],
  ['two mistakes', 'role: admin\ntaget: aws', /: 2 mistakes/, /taget: .*did you mean target\?[^]*role: "admin"/],
  ['no YAML', 'tags: [', /is not valid YAML/, /^Fix the line/],
  ['a list at the top', '- a', /no keys at the top level, but \["a"\]/, /key: value/],
])('%s is refused, naming the file and what is wrong', async (_name, content, message, next) => {
  const folder = await folderWith(content);
  await expect(loadProject(folder, undefined)).rejects.toMatchObject({
    kind: 'usage',
    message: expect.stringMatching(message),
    next: expect.stringMatching(next),
  });
  await expect(loadProject(folder, undefined)).rejects.toThrow(join(folder, 'shadowctl.yaml'));
});

test('a file that was named must be there', async () => {
  await expect(loadProject(root, 'other.yaml')).rejects.toMatchObject({
    kind: 'usage',
    message: `There is no config file ${join(root, 'other.yaml')}.`,
  });
});

test('the section athena: sizes are read, its defaults are known, and a mistake is refused by its key', async () => {
  const file = join(root, 'athena.yaml');
  await writeFile(
    file,
    'engine: athena\nathena: { workgroup: reports, output: "s3://team/x", maxScan: 500GB, above: 1MB, price: 6.5 }\n',
  );
  const project = await loadProject(root, file);
  expect(project.engine).toBe('athena');
  expect(athenaSettings(project.athena)).toEqual({
    workgroup: 'reports',
    database: 'shadowctl',
    output: 's3://team/x',
    kmsKey: undefined,
    maxScan: 500e9,
    price: 6.5,
    above: 1e6,
  });
  expect(athenaSettings({})).toMatchObject({ workgroup: 'primary', price: 5, above: 4e9, maxScan: undefined });
  for (const wrong of ['maxScan: much', 'database: My-Db', 'output: bucket/x', 'kmsKey: mine', 'cutoff: 5GB']) {
    await writeFile(file, `athena: { ${wrong} }\n`);
    await expect(loadProject(root, file)).rejects.toThrow(wrong.split(':')[0]);
  }
});
