import { expect, test } from 'vitest';
import { type Keep, planTeardown, type ResourceCheck } from '../../src/resources/teardown.ts';
import type { ResourceRef } from '../../src/state/resource-ref.ts';

const check = (ref: ResourceRef, more: Partial<ResourceCheck> = {}): ResourceCheck => ({
  tracked: { ref, state: 'exists', adopted: false, run: 'r', input: {}, at: '2026-01-05T09:00:00.000Z' },
  exists: true,
  managed: true,
  ...more,
});

const upload: ResourceRef = { kind: 's3-object', name: 's3://b/m.tar.gz' };
const captures: ResourceRef = { kind: 's3-prefix', name: 's3://b/captures/' };
const bucket: ResourceRef = { kind: 's3-bucket', name: 'b' };
const logs: ResourceRef = { kind: 'log-group', name: '/aws/sagemaker/Endpoints/weather' };
const ALL = [bucket, upload, captures, logs].map((ref) => check(ref));

function left(keep: Partial<Keep>): string[] {
  const plan = planTeardown(ALL, [], { uploads: false, captures: false, logs: false, ...keep });
  expect(plan.steps.length + plan.left.length).toBe(ALL.length);
  return plan.left.map(({ ref }) => ref.kind);
}

test.each<[Partial<Keep>, string[]]>([
  [{}, []],
  // The bucket stays as long as anything in it does.
  [{ uploads: true }, ['s3-object', 's3-bucket']],
  [{ captures: true }, ['s3-prefix', 's3-bucket']],
  [{ logs: true }, ['log-group']],
  [{ uploads: true, captures: true, logs: true }, ['s3-object', 's3-prefix', 'log-group', 's3-bucket']],
])('%j leaves %j', (keep, kinds) => expect(left(keep)).toEqual(kinds));

test('the endpoint goes first, and within a kind what was created last', () => {
  const named = (kind: ResourceRef['kind'], name: string) => check({ kind, name });
  const checks = [named('model', 'm1'), named('endpoint-config', 'c1'), named('endpoint', 'e'), named('model', 'm2')];
  const { steps } = planTeardown(checks, [], { uploads: false, captures: false, logs: false });
  expect(steps.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'endpoint e',
    'endpoint-config c1',
    'model m2',
    'model m1',
  ]);
});

test('what is adopted, in use, or without our tag stays, each with its reason; what is gone is not named', () => {
  const model: ResourceRef = { kind: 'model', name: 'm' };
  const adopted = check({ kind: 'endpoint', name: 'e' });
  adopted.tracked.adopted = true;
  const config = check({ kind: 'endpoint-config', name: 'c' }, { managed: false });
  const gone = check({ kind: 'alarm', name: 'a' }, { exists: false });
  // We have deleted it, and somebody made it anew.
  const anew = check({ kind: 'alarm', name: 'b' }, { managed: false });
  anew.tracked.state = 'deleted';
  const plan = planTeardown([adopted, config, check(model), gone, anew], [model], {
    uploads: false,
    captures: false,
    logs: false,
  });
  expect(plan.steps).toEqual([]);
  expect(plan.left.map(({ ref, why }) => `${ref.kind}: ${why}`)).toEqual([
    'endpoint: adopted: it existed before',
    'endpoint-config: it does not carry the tag that shadowctl gave it: created again, or the tag was removed',
    'model: in use by an endpoint that is kept',
  ]);
});

test('in use is one of that kind and that name; what is managed is deleted whatever the journal believes', () => {
  const keep = { uploads: false, captures: false, logs: false };
  const model: ResourceRef = { kind: 'model', name: 'm' };
  const inUse: ResourceRef[] = [
    { kind: 'endpoint-config', name: 'm' },
    { kind: 'model', name: 'n' },
  ];
  expect(planTeardown([check(model)], inUse, keep)).toEqual({
    steps: [{ action: 'delete', kind: 'model', name: 'm' }],
    left: [],
  });
  for (const state of ['unknown', 'absent', 'deleted'] as const) {
    const late = check(model);
    late.tracked.state = state;
    expect(planTeardown([late], [], keep).steps).toHaveLength(1);
  }
  const others = check(model, { managed: false });
  others.tracked.state = 'unknown';
  expect(planTeardown([others], [], keep)).toEqual({ steps: [], left: [] });
});

test('every kind has its place', () => {
  const kinds = [
    's3-bucket',
    'log-group',
    's3-prefix',
    's3-object',
    'alarm',
    'model',
    'endpoint-config',
    'endpoint',
  ] as const;
  const checks = kinds.map((kind) => check({ kind, name: kind }));
  const { steps } = planTeardown(checks, [], { uploads: false, captures: false, logs: false });
  expect(steps.map(({ kind }) => kind)).toEqual(kinds.toReversed());
});

test.each<[Partial<Keep>, string[]]>([
  [{ uploads: true }, ['s3-object: kept (--keep-uploads)', 's3-bucket: it contains what is kept']],
  [{ captures: true }, ['s3-prefix: kept (--keep-captures)', 's3-bucket: it contains what is kept']],
  [{ logs: true }, ['log-group: kept (--keep-logs)']],
])('%j says why', (keep, whys) => {
  const plan = planTeardown(ALL, [], { uploads: false, captures: false, logs: false, ...keep });
  expect(plan.left.map(({ ref, why }) => `${ref.kind}: ${why}`)).toEqual(whys);
});
