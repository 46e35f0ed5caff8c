import { expect, test } from 'vitest';
import { functionPolicy } from '../../src/pipeline/template/roles.ts';
import { pipelineTemplate, type Template } from '../../src/pipeline/template/template.ts';
import { pipelineNames } from '../../src/pipeline/names.ts';
import { callerPolicy } from '../../src/lifecycle/permissions/policy.ts';
import { BARE, REGISTRY, WHOLE } from './specs.ts';

test('the template', async () => {
  await expect(`${JSON.stringify(pipelineTemplate(WHOLE), null, 2)}\n`).toMatchFileSnapshot('golden/template.json');
});

const ids = ({ Resources }: Template) => Object.keys(Resources);

test('is made of what was asked for, and of nothing else', () => {
  const all = ids(pipelineTemplate(WHOLE));
  const gone = (other: Template) => all.filter((id) => !ids(other).includes(id));
  expect(gone(pipelineTemplate(BARE))).toEqual(
    [
      ...['StateBucket', 'UploadRule', 'UploadPermission'],
      ...['FunctionUrl', 'UrlPermission', 'UrlCallPermission'],
    ].flatMap((id) => (id === 'UploadRule' ? [expect.stringMatching(/^Mail/), id] : [id])),
  );
  expect(ids(pipelineTemplate(REGISTRY))).toContain('RegistryRule');
  expect(ids(pipelineTemplate(WHOLE, 'bucket'))).toEqual(['StateBucket']);
  expect(JSON.stringify(pipelineTemplate(BARE))).not.toContain('function-url');
});

/** Every resource that is referred to, wherever. */
function referred(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { Ref, 'Fn::GetAtt': att } = value as { Ref?: string; 'Fn::GetAtt'?: [string, string] };
  return [...(Ref === undefined ? [] : [Ref]), ...(att === undefined ? [] : [att[0]])].concat(
    Object.values(value).flatMap(referred),
  );
}

test.each([WHOLE, BARE, REGISTRY])('refers to what is in it', (spec) => {
  const template = pipelineTemplate(spec);
  expect(referred(template).filter((id) => !ids(template).includes(id))).toEqual([]);
});

test.each([
  'w',
  'weather-prediction-endpoint-of-a-very-long-name-0123456789-abcde',
  'weather-prediction-endpoint-of-a-very-long-name-0123456789-abcdf',
])('names of %s fit what AWS takes', (endpoint) => {
  const { rules, alarms, ...names } = pipelineNames(endpoint);
  const limited = [names.function, names.functionRole, names.scheduleRole, names.schedule, ...Object.values(rules)];
  for (const name of limited) expect(name.length, name).toBeLessThanOrEqual(64);
  for (const name of [names.topic, names.deadLetters, ...Object.values(alarms)])
    expect(name.length).toBeLessThanOrEqual(80);
});

test('endpoints whose names begin alike share nothing', () => {
  const long = 'weather-prediction-endpoint-of-a-very-long-name-0123456789-abcd';
  expect(pipelineNames(`${long}e`).function).not.toBe(pipelineNames(`${long}f`).function);
});

test('the role of the function fits what IAM takes, writes only into its own buckets, and may do what release and prune need', () => {
  const policy = functionPolicy(WHOLE);
  // "The aggregate policy size of all inline policies of a role cannot exceed 10,240 characters" without white space.
  expect(JSON.stringify(policy).length).toBeLessThan(10_240);
  const writes = policy.Statement.filter(({ Action }) => Action.some((one) => /s3:(Put|Delete|Create)/.test(one)));
  expect(JSON.stringify(writes.map(({ Resource }) => Resource))).not.toMatch(/:::(uploads|labels)/);
  const allowed = new Set(policy.Statement.flatMap(({ Action }) => Action));
  const place = {
    region: 'eu-west-1',
    account: '123456789012',
    endpoint: 'weather',
    role: WHOLE.role,
    buckets: [],
    topics: [],
  };
  const needed = callerPolicy(['release', 'prune'], { ...place, state: WHOLE.state, topics: [...WHOLE.topics] });
  expect(needed.Statement.flatMap(({ Action }) => Action).filter((one) => !allowed.has(one))).toEqual([]);
});
