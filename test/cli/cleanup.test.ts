import { existsSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeCensus } from '../../src/aws/census.ts';
import { logGroupExists } from '../../src/aws/logs.ts';
import { bucketExists, isEmpty } from '../../src/aws/s3.ts';
import { createModel, deleteEndpoint, deleteModel, describeModel } from '../../src/aws/sagemaker.ts';
import { cleanupCommand } from '../../src/cli/cleanup.ts';
import { cleanup } from '../../src/lifecycle/cleanup.ts';
import { createSession } from '../../src/lifecycle/create-session.ts';
import type { LifecycleEvent } from '../../src/lifecycle/events.ts';
import { inventory } from '../../src/resources/inventory.ts';
import { apply, startRun } from '../../src/resources/apply.ts';
import { tagList } from '../../src/resources/tags.ts';
import { planTeardown } from '../../src/resources/teardown.ts';
import { replay } from '../../src/state/replay.ts';
import { folderJournal } from '../support/journal.ts';
import { optionsOf } from '../support/parse.ts';
import { ARTIFACT_005, ARTIFACT_009, FIXTURES, ROLE, type TestWorld, testWorld } from '../support/world.ts';
import { matrixTest } from '../support/sizes.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const BUCKET = 'sagemaker-us-east-1-000000000000';
const NOTHING = { endpoints: [], models: [], endpointConfigs: [], alarms: [] };
const DEPLOY = `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --model-name m1 --config-name c1 --yes`;
const SHADOW = `shadow --endpoint weather --artifact ${ARTIFACT_009} --model-name m2 --config-name c2 --yes`;
const TRAFFIC = `invoke --endpoint weather --data ${join(FIXTURES, 'data/test.csv')} --rate 10 --count 50`;

const defaults = {
  endpoint: undefined,
  byTag: false,
  keepUploads: false,
  keepCaptures: false,
  keepLogs: false,
  plan: false,
  yes: false,
  format: 'text',
};
test.each<[string[], object]>([
  [['--endpoint', 'w'], { endpoint: 'w' }],
  [['--all', '-y'], { yes: true }],
  [['--batch', 'b'], { batch: 'b' }],
  [
    ['--endpoint', 'w', '--keep-uploads', '--keep-captures', '--keep-logs', '--plan', '--format', 'json'],
    { endpoint: 'w', keepUploads: true, keepCaptures: true, keepLogs: true, plan: true, format: 'json' },
  ],
])('%j', async (argv, expected) => {
  expect(await optionsOf(cleanupCommand, argv)).toEqual({ ...defaults, ...expected });
});

test.each([[[]], [['--all', '--endpoint', 'w']]])('%j is refused', async (argv) => {
  await expect(optionsOf(cleanupCommand, argv)).rejects.toThrow('Give either --endpoint NAME, --batch NAME or --all.');
});

test('a line per deletion, in an order that is safe; then AWS is asked, and nothing is left', async () => {
  await world.shadowctl(DEPLOY);
  await world.shadowctl(SHADOW);
  await world.shadowctl(TRAFFIC);
  const captures = join(world.root, '.shadowctl', 'cache', 'captures');
  const own = join(captures, '000000000000', 'us-east-1', 'weather', 'ab');
  const others = [
    join(captures, '000000000000', 'us-east-1', 'rain', 'ab'),
    join(captures, '111111111111', 'us-east-1', 'weather', 'ab'),
    join(captures, '..', 'spill-1'),
  ];
  // What versions before 0.2 kept of all endpoints goes with the last of them.
  const shared = join(captures, '7d');
  for (const folder of [own, ...others, shared]) await mkdir(folder, { recursive: true });
  const { code, out } = await world.shadowctl('cleanup --endpoint weather --yes');
  expect([own, ...others, shared].map((folder) => existsSync(folder))).toEqual([false, true, true, true, false]);
  expect({ code, out: out.replaceAll(/[0-9a-f]{8}…/g, 'HASH') }).toEqual({
    code: 0,
    out: [
      'deleted endpoint weather',
      'deleted endpoint config c2',
      'deleted endpoint config c1',
      'deleted model m2',
      'deleted model m1',
      `deleted upload s3://${BUCKET}/…/weather/HASH`,
      `deleted upload s3://${BUCKET}/…/weather/HASH`,
      `deleted captures under s3://${BUCKET}/shadowctl/weather/captures/`,
      'deleted log group /aws/sagemaker/Endpoints/weather',
      `deleted bucket ${BUCKET}`,
      'Checked: nothing of endpoint weather is left.',
    ].join('\n'),
  });
  expect(await takeCensus(world.aws)).toEqual(NOTHING);
  expect(await bucketExists(world.aws, BUCKET)).toBe(false);
  expect(await logGroupExists(world.aws, '/aws/sagemaker/Endpoints/weather')).toBe(false);
  expect(await world.shadowctl('cleanup --endpoint weather --yes')).toMatchObject({
    code: 0,
    out: 'Nothing of endpoint weather was left.',
  });
});

test('asks before it deletes', async () => {
  await world.shadowctl(DEPLOY);
  expect(await world.shadowctl('cleanup --endpoint weather', { answers: ['no'] })).toMatchObject({ code: 1 });
  expect(await world.shadowctl('cleanup --endpoint weather')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--yes'),
  });
  expect((await takeCensus(world.aws)).endpoints).toEqual(['weather']);
  expect(await world.shadowctl('cleanup --endpoint weather', { answers: ['yes'] })).toMatchObject({ code: 0 });
  expect(await takeCensus(world.aws)).toEqual(NOTHING);
});

test('--plan shows and deletes nothing, exit 4', async () => {
  await world.shadowctl(DEPLOY);
  const { code, out } = await world.shadowctl('cleanup --endpoint weather --plan');
  expect(code).toBe(4);
  expect(out).toContain('- endpoint config c1');
  expect((await takeCensus(world.aws)).endpointConfigs).toEqual(['c1']);
});

test('what is to be kept is kept, named, and can be deleted later', async () => {
  await world.shadowctl(DEPLOY);
  await world.shadowctl(SHADOW);
  await world.shadowctl(TRAFFIC);
  const kept = await world.shadowctl('cleanup --endpoint weather --keep-uploads --keep-captures --keep-logs --yes');
  kept.out = kept.out.replaceAll('\n  ', ' ');
  expect(kept.code).toBe(0);
  expect(kept.out).toMatch(/left: upload .*\(kept \(--keep-uploads\)\)/);
  expect(kept.out).toMatch(/left: captures under .*\(kept \(--keep-captures\)\)/);
  expect(kept.out).toMatch(/left: log group .*\(kept \(--keep-logs\)\)/);
  expect(await takeCensus(world.aws)).toEqual(NOTHING);
  expect(await isEmpty(world.aws, `s3://${BUCKET}/shadowctl/weather/captures/`)).toBe(false);
  expect(await world.shadowctl('cleanup --endpoint weather --yes')).toMatchObject({
    code: 0,
    out: expect.stringContaining('nothing of endpoint weather is left'),
  });
  expect(await bucketExists(world.aws, BUCKET)).toBe(false);
});

test('a bucket that holds something of somebody else stays, and is said', async () => {
  await world.shadowctl(DEPLOY);
  const s3 = await world.aws.s3();
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'theirs', Body: 'x' }));
  const { code, out } = await world.shadowctl('cleanup --endpoint weather --yes');
  expect(code).toBe(0);
  expect(out).toContain(`left: bucket ${BUCKET} (it contains objects that no journal here names)`);
});

test('what was deleted by hand meanwhile is no trouble; what was made anew under its name is not touched', async () => {
  await world.shadowctl(DEPLOY);
  await deleteEndpoint(world.aws, 'weather');
  await deleteModel(world.aws, 'm1');
  await createModel(world.aws, { ModelName: 'm1', ExecutionRoleArn: ROLE, PrimaryContainer: { Image: 'theirs:1' } });
  await world.clock.sleep(120_000);
  const { code, out } = await world.shadowctl('cleanup --endpoint weather --yes');
  expect(code).toBe(0);
  expect(out.replaceAll('\n  ', ' ')).toContain(
    'left: model m1 (it does not carry the tag that shadowctl gave it: created again, or the tag was removed)',
  );
  expect(await takeCensus(world.aws)).toEqual({ ...NOTHING, models: ['m1'] });
});

test('a name that AWS refused us belongs to whoever has it, even to another project of ours', async () => {
  await world.shadowctl(DEPLOY);
  const project = await mkdtemp(join(world.root, 'other-'));
  // Another folder, another journal; the same endpoint name, so that the tags differ in nothing but the run.
  const journal = await folderJournal({
    stateDir: project,
    account: '000000000000',
    region: 'us-east-1',
    endpoint: 'weather',
    clock: world.clock,
  });
  const { clock, aws } = world;
  await journal.locked('test', async () => {
    const run = await startRun({ aws, journal, clock, signal: new AbortController().signal }, 'test');
    const input = {
      ModelName: 'm1',
      ExecutionRoleArn: ROLE,
      PrimaryContainer: { Image: 'own:1' },
      Tags: tagList({ project: 'other', endpoint: 'weather', run: run.id }),
    };
    await expect(apply(run, { action: 'create', kind: 'model', name: 'm1', input })).rejects.toThrow(
      'already existing',
    );
  });
  const checks = await inventory({ aws, journal, state: () => replay(journal.events()) });
  expect(checks).toMatchObject([{ exists: true, managed: false }]);
  expect(planTeardown(checks, [], { uploads: false, captures: false, logs: false })).toEqual({
    steps: [],
    left: [],
  });
});

test('an endpoint that is still being created is waited for', async () => {
  await world.shadowctl(`${DEPLOY} --no-wait`);
  await world.clock.sleep(20_000);
  const { code, err } = await world.shadowctl('cleanup --endpoint weather --yes');
  expect(err).toContain('waiting for endpoint weather to settle: AWS does not delete an endpoint that is changing');
  expect(code).toBe(0);
  expect(await takeCensus(world.aws)).toEqual(NOTHING);
});

test('--all cleans every endpoint that has a journal here', async () => {
  await world.shadowctl(DEPLOY);
  await world.shadowctl(`deploy --endpoint two --artifact ${ARTIFACT_009} --algorithm linear-learner --yes`);
  expect(await world.shadowctl('cleanup --all --yes')).toMatchObject({ code: 0 });
  expect(await takeCensus(world.aws)).toEqual(NOTHING);
});

test('a bucket that another endpoint of ours uses is not planned, and said to be in use', async () => {
  await world.shadowctl(DEPLOY);
  await world.shadowctl(`deploy --endpoint two --artifact ${ARTIFACT_009} --algorithm linear-learner --yes`);
  const why = 'in use by endpoint two; cleanup --all removes both';
  const plan = await world.shadowctl('cleanup --endpoint weather --plan');
  const stays = `= bucket ${BUCKET}\n    stays, ${why}`;
  expect(plan.out).toContain(stays);
  expect(plan.out).not.toContain(`- bucket ${BUCKET}`);
  const done = await world.shadowctl('cleanup --endpoint weather --yes');
  expect(done.out.replaceAll('\n  ', ' ')).toContain(`left: bucket ${BUCKET} (${why})`);
  expect(await world.shadowctl('cleanup --endpoint weather --plan')).toMatchObject({
    code: 0,
    out: `Account 000000000000, us-east-1, on this machine\n${stays}`,
  });
  const all = await world.shadowctl('cleanup --all --yes');
  expect(all.out).toContain(`deleted bucket ${BUCKET}`);
  expect(await bucketExists(world.aws, BUCKET)).toBe(false);
});

test('a missing state folder', async () => {
  const one = await world.shadowctl('cleanup --endpoint weather --yes');
  expect(one.code).toBe(2);
  expect(one.err).toMatch(
    /There is no journal of endpoint "weather" in account 000000000000, us-east-1: .*weather\.jsonl does not exist\.\n.*holds its \.shadowctl/,
  );
  expect(await world.shadowctl('cleanup --all --yes')).toMatchObject({
    code: 2,
    err: expect.stringContaining('There is no journal in'),
  });
});

matrixTest(
  'captures that SageMaker may write after the endpoint is gone are waited for, unless they are kept',
  async () => {
    const { aws, root: folder, clock } = world;
    const times = new Map<string, number>();
    const emit = (event: LifecycleEvent) => {
      if (event.kind === 'deleted') times.set(event.step.kind, clock.now());
    };
    const session = createSession({ aws, folder, clock, emit });
    const waited = () => (times.get('endpoint-config') ?? 0) - (times.get('endpoint') ?? 0);
    await world.shadowctl(DEPLOY);
    await world.shadowctl(SHADOW);
    await cleanup(session, { endpoint: 'weather' });
    expect(waited()).toBeGreaterThanOrEqual(30_000);
    await world.shadowctl(DEPLOY);
    await world.shadowctl(SHADOW);
    await cleanup(session, { endpoint: 'weather', keep: { uploads: false, captures: true, logs: false } });
    expect(waited()).toBeLessThan(5_000);
  },
);

test('a model that another endpoint runs with stays until that is gone', async () => {
  const model = `--artifact ${ARTIFACT_005} --algorithm linear-learner`;
  expect((await world.shadowctl(`deploy --endpoint one ${model} --model-name shared --yes`)).code).toBe(0);
  expect((await world.shadowctl('deploy --endpoint two --model shared --yes')).code).toBe(0);
  const first = await world.shadowctl('cleanup --endpoint one --yes');
  expect(first.out).toContain('left: model shared (in use by an endpoint that is kept)');
  expect(first.out).toMatch(/left: bucket \S+ \(it contains what is kept\)/);
  // An undo of the endpoint that is gone would free nothing.
  expect(first.out).not.toContain('shadowctl undo');
  expect(await describeModel(world.aws, 'shared')).toBeDefined();
  expect((await world.shadowctl('cleanup --all --yes')).code).toBe(0);
  expect((await world.shadowctl('cleanup --endpoint one --yes')).code).toBe(0);
  expect(await describeModel(world.aws, 'shared')).toBeUndefined();
});

test('--all leaves what an endpoint runs with that was locked, and so left out', async () => {
  const model = `--artifact ${ARTIFACT_005} --algorithm linear-learner`;
  await world.shadowctl(`deploy --endpoint one ${model} --model-name shared --yes`);
  await world.shadowctl('deploy --endpoint two --model shared --yes');
  const place = { account: '000000000000', region: 'us-east-1', endpoint: 'two' };
  const two = await folderJournal({ stateDir: join(world.root, '.shadowctl'), ...place, clock: world.clock });
  const all = await two.locked('test', () => world.shadowctl('cleanup --all --yes'));
  expect(all).toMatchObject({ code: 2, err: expect.stringContaining('two: This endpoint is locked by') });
  expect(all.out).toContain('deleted endpoint one');
  expect(await describeModel(world.aws, 'shared')).toBeDefined();
  expect((await world.shadowctl('cleanup --all --yes')).code).toBe(0);
  expect(await takeCensus(world.aws)).toEqual(NOTHING);
});
