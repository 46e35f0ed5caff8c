import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { projectFile } from '../../src/lifecycle/init.ts';
import { blocksOf, read, ROOT } from '../docs/pages.ts';
import { projectJsonSchema } from './project-schema.ts';

const FILE = join(ROOT, 'schemas/shadowctl.schema.json');
const validate = new Ajv({ allErrors: true, allowUnionTypes: true, strict: false }).compile(
  JSON.parse(readFileSync(FILE, 'utf8')) as object,
);
const wrong = (content: unknown) => (validate(content) ? [] : (validate.errors ?? []).map((one) => one.instancePath));

test('the schema that is shipped is that of the program (npx vitest -u writes it)', async () => {
  await expect(`${JSON.stringify(projectJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(FILE);
});

test('every shadowctl.yaml of the pages keeps to it', () => {
  const yamls = blocksOf(read('docs/configuration.md')).filter(({ language }) => language === 'yaml');
  expect(yamls.length).toBeGreaterThan(2);
  for (const { code } of yamls) expect(wrong(parse(code)), code).toEqual([]);
});

test.each([
  ['an unknown key', { regin: 'x' }, ''],
  ['an unknown key of an endpoint', { endpoints: { w: { instancetype: 'x' } } }, '/endpoints/w'],
  ['an unknown key of a policy', { policy: { latencies: 1 } }, '/policy'],
  ['no account', { environments: { p: { account: 123456789012 } } }, '/environments/p/account'],
  ['a share above one', { policy: { errors: 2 } }, '/policy/errors'],
])('%s breaks it', (_, content, at) => {
  expect(wrong(content)).toContain(at);
});

test('what init writes keeps to it, with its comments as text and as keys', () => {
  const said = { target: 'aws', region: undefined, profile: undefined, role: undefined, state: undefined } as const;
  const text = projectFile({ ...said, endpoint: undefined }, './s.json');
  expect(parse(text)).toBe(null);
  const keys = text.replaceAll(/^# (?=[a-z]+:| {2})|^#(?= {2,})/gm, '');
  expect(Object.keys(parse(keys) as object)).toEqual(
    expect.arrayContaining([
      'target',
      'region',
      'account',
      'role',
      'state',
      'tags',
      'policy',
      'endpoints',
      'environments',
    ]),
  );
  expect(wrong(parse(keys))).toEqual([]);
});
