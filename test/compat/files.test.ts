import { readFile } from 'node:fs/promises';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadProject } from '../../src/base/project.ts';
import { type TestWorld, testWorld } from '../support/world.ts';
import { OLD } from './files.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

const old = (name: string) => join(OLD, name);
const json = async (name: string) => JSON.parse(await readFile(old(name), 'utf8')) as Record<string, unknown>;

test('shadowctl.yaml: every key keeps its meaning', async () => {
  expect(await loadProject(world.root, old('shadowctl.yaml'))).toMatchObject({
    target: 'aws',
    region: 'eu-central-1',
    profile: 'models',
    role: 'arn:aws:iam::123456789012:role/sagemaker-models',
    tags: { team: 'weather', 'cost-center': '4711' },
    notify: ['arn:aws:sns:eu-central-1:123456789012:releases', 'https://hooks.example.com/releases'],
  });
  const said = await world.shadowctl(['policy', 'explain', '--json', '--config', old('shadowctl.yaml')]);
  expect(said).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(said.out)).toMatchObject({ errors: 0.02, numbers: { share: 0.1, tolerance: 0.5 } });
});

test.each(['policy.yaml', 'policy-every-key.yaml'])('%s is read without a complaint', async (name) => {
  expect(await world.shadowctl(['policy', 'explain', '--policy', old(name)])).toMatchObject({ code: 0, err: '' });
});

test('every key of a policy means what it meant', async () => {
  const said = await world.shadowctl(['policy', 'explain', '--json', '--policy', old('policy-every-key.yaml')]);
  expect(JSON.parse(said.out)).toMatchObject(await json('policy-every-key.json'));
});

test.each(['--files', '--from'])('what report --save wrote is judged by %s', async (flag) => {
  const said = await world.shadowctl(['report', flag, old('observations.json'), '--format', 'json']);
  expect(said.code).toBe(3);
  const { verdict } = JSON.parse(said.out) as {
    verdict: { outcome: string; gates: { id: string; outcome: string }[] };
  };
  const { outcome, gates } = await json('verdict.json');
  expect(verdict.outcome).toBe(outcome);
  // Errors wait for 80 minutes, as latency did already.
  const now = { ...(gates as object), errors: 'inconclusive' };
  expect(Object.fromEntries(verdict.gates.map((gate) => [gate.id, gate.outcome]))).toMatchObject(now);
});

test('an alarm file is examined: PutMetricAlarm inputs, and what describe-alarms prints', async () => {
  const deploy = 'deploy --endpoint weather --algorithm linear-learner --yes --no-metrics --artifact';
  await world.shadowctl([...deploy.split(' '), join(OLD, '../artifacts/005-model.tar.gz')]);
  await cp(old('alarms.json'), join(world.root, 'alarms.json'));
  const said = await world.shadowctl('doctor --endpoint weather --file alarms.json --format json');
  expect(said.code).toBe(1);
  const { findings } = JSON.parse(said.out) as { findings: { severity: string; check: string; subject: string }[] };
  expect(findings).toContainEqual(
    expect.objectContaining({ severity: 'blocking', check: 'threshold-out-of-range', subject: 'alarm weather-4xx' }),
  );
});
