import { isWhole } from '../support/sizes.ts';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeCensus } from '../../src/aws/census.ts';
import { readDocument } from '../../src/emulator/iam/document.ts';
import { folderState } from '../../src/state/folder-state.ts';
import { ARTIFACT_005, ARTIFACT_009, FIXTURES, type TestWorld, testWorld } from '../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
  await (await world.aws.s3()).send(new CreateBucketCommand({ Bucket: 'team' }));
});
afterEach(() => world.close());

const DEPLOY = `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 1 --yes`;
const SHADOW = `shadow --endpoint weather --artifact ${ARTIFACT_009} --algorithm linear-learner --yes`;
const SHARED = 's3://team/shadowctl';

async function typed(line: string): Promise<{ out: string; err: string }> {
  const ended = await world.shadowctl(line);
  expect(ended, `${line}\n${ended.out}\n${ended.err}`).toMatchObject({ code: 0 });
  return ended;
}

async function stateKeys(): Promise<string[]> {
  const { Contents = [] } = await (await world.aws.s3()).send(new ListObjectsV2Command({ Bucket: 'team' }));
  return Contents.map(({ Key = '' }) => Key);
}

const journalIn = (folder: string) => join(world.root, folder, '000000000000/us-east-1/weather.jsonl');

test('a life cycle whose journal is in a bucket: another machine sees it, goes on with it and cleans it up', async () => {
  writeFileSync(join(world.root, 'shadowctl.yaml'), `state: ${SHARED}\n`);
  await typed(DEPLOY);
  // The laptop is lost.
  rmSync(join(world.root, '.shadowctl'), { recursive: true, force: true });
  const status = JSON.parse((await typed('status --endpoint weather --format json')).out);
  expect(status.live.ownership).toBe('created');
  await typed(SHADOW);
  expect(JSON.parse((await typed('history --endpoint weather --format json')).out)).toHaveLength(2);
  expect((await stateKeys()).filter((key) => !/\/(events|upto)\//.test(key))).toEqual([]);
  await typed('cleanup --endpoint weather --yes');
  expect(await takeCensus(world.aws)).toMatchObject({ endpoints: [], models: [], endpointConfigs: [] });
  expect(JSON.parse((await typed('state show --format json')).out)).toMatchObject({
    schema: 'shadowctl-state-show/1',
    place: SHARED,
    journals: [{ endpoint: 'weather', clean: true, standing: { kind: 'here' } }],
  });
});

test('the flag comes before the variable, the variable before shadowctl.yaml', async () => {
  writeFileSync(join(world.root, 'shadowctl.yaml'), 'state: s3://team/yaml\n');
  const placeOf = async (line: string, env?: Record<string, string>) =>
    JSON.parse((await world.shadowctl(`state show --format json ${line}`.trim(), env && { env })).out).place;
  expect(await placeOf('')).toBe('s3://team/yaml');
  expect(await placeOf('', { SHADOWCTL_STATE: 's3://team/env' })).toBe('s3://team/env');
  expect(await placeOf('--state s3://team/flag', { SHADOWCTL_STATE: 's3://team/env' })).toBe('s3://team/flag');
  expect(await placeOf('--state elsewhere')).toBe(join(world.root, 'elsewhere'));
  // A slash too few makes no folder of that name.
  for (const wrong of ['gs://bucket/x', 's3:/team/x'])
    expect(await world.shadowctl(`state show --state ${wrong}`)).toMatchObject({
      code: 2,
      err: expect.stringContaining(`"${wrong}"`),
    });
  expect(await world.shadowctl('state show --state s3://nobodys/x')).toMatchObject({
    code: 2,
    err: expect.stringContaining('There is no bucket "nobodys"'),
  });
});

test('a journal goes to a bucket and comes back with what was added there; the place it left says where it is', async () => {
  await typed(DEPLOY);
  const before = readFileSync(journalIn('.shadowctl'), 'utf8');
  expect(await world.shadowctl(`state move --to ${SHARED} --plan`)).toMatchObject({ code: 4 });
  expect(readFileSync(journalIn('.shadowctl'), 'utf8')).toBe(before);
  await typed(`state move --to ${SHARED} --yes`);
  expect(await world.shadowctl('status --endpoint weather')).toMatchObject({
    code: 2,
    err: expect.stringContaining(`was moved to ${SHARED}`),
  });
  await typed(`${SHADOW} --state ${SHARED}`);
  await typed(`state move --state ${SHARED} --to .shadowctl --yes`);
  expect(await world.shadowctl(`status --endpoint weather --state ${SHARED}`)).toMatchObject({
    code: 2,
    err: expect.stringContaining(`was moved to ${join(world.root, '.shadowctl')}`),
  });
  expect(JSON.parse((await typed('history --endpoint weather --format json')).out)).toHaveLength(2);
  await typed('cleanup --endpoint weather --yes');
  expect(await takeCensus(world.aws)).toMatchObject({ endpoints: [], models: [], endpointConfigs: [] });
});

test('one journal that was moved keeps nobody from the others, and what it names is not deleted with them', async () => {
  await typed(`${DEPLOY.replace('--endpoint weather', '--endpoint other')} --model-name shared`);
  await typed('deploy --endpoint weather --model shared --instances 1 --yes');
  await typed(`state move --to ${SHARED} --endpoint weather --yes`);
  const list = JSON.parse((await typed('status --format json')).out) as { endpoint: string }[];
  expect(list.map(({ endpoint }) => endpoint)).toEqual(['other']);
  expect(JSON.parse((await typed('ls --format json')).out).endpoints).toHaveLength(1);
  // One instance: doctor says no.
  expect(await world.shadowctl('doctor')).toMatchObject({
    code: 1,
    out: expect.not.stringContaining('endpoint weather'),
  });
  expect(await world.shadowctl('cleanup --all --yes')).toMatchObject({ out: expect.stringContaining('shared') });
  expect(await takeCensus(world.aws)).toMatchObject({ endpoints: ['weather'], models: ['shared'] });
});

test('a move that was cut off is used by nobody, and gone through with by the next', async () => {
  await typed(DEPLOY);
  const { events } = await folderState(join(world.root, '.shadowctl'), world.clock)
    .store({ account: '000000000000', region: 'us-east-1', endpoint: 'weather' })
    .read();
  const [opened, ...rest] = events;
  const at = new Date(world.clock.now()).toISOString();
  await folderState(join(world.root, 'other'), world.clock)
    .store({ account: '000000000000', region: 'us-east-1', endpoint: 'weather' })
    .locked('test', async (lock) => {
      const from = join(world.root, '.shadowctl');
      const half = [
        opened,
        { type: 'fact', run: 'r-1', name: 'state-moving', value: { from }, at },
        ...rest.slice(0, 3),
      ] as typeof events;
      for (const [i, event] of half.entries()) await lock.append(event, i);
    });
  expect(await world.shadowctl('status --endpoint weather --state other')).toMatchObject({
    code: 2,
    err: expect.stringContaining('that has not finished'),
  });
  // Where it was it still works.
  await typed('status --endpoint weather');
  await typed('state move --to other --yes');
  expect(JSON.parse((await typed('history --endpoint weather --state other --format json')).out)).toHaveLength(1);
  expect(await world.shadowctl('state move --to other --yes')).toMatchObject({ code: 2 });
});

test.runIf(isWhole('matrix'))('a journal is not moved in the middle of an update, nor over another', async () => {
  await typed(DEPLOY.replace('--instances 1', '--instances 2'));
  const line = `canary --endpoint weather --artifact ${ARTIFACT_009} --algorithm linear-learner --traffic test.csv --yes`;
  writeFileSync(join(world.root, 'test.csv'), readFileSync(join(FIXTURES, 'data/test.csv')));
  const [canary, moved] = await world.clock.all([
    () => world.shadowctl(line),
    async () => {
      await world.clock.sleep(6 * 60_000);
      return world.shadowctl(`state move --to ${SHARED} --yes`);
    },
  ]);
  expect(canary, canary?.err).toMatchObject({ code: 0 });
  expect(moved).toMatchObject({ code: 2, err: expect.stringContaining('cannot be moved now') });
  expect(await stateKeys()).toEqual([]);
  // Another journal of that name lies there.
  await folderState(join(world.root, 'other'), world.clock)
    .store({ account: '000000000000', region: 'us-east-1', endpoint: 'weather' })
    .locked('test', (lock) =>
      lock.append({ type: 'run', run: 'r-x', command: 'deploy', by: 'another', at: '2026-01-05T09:00:00.000Z' }, 0),
    );
  expect(await world.shadowctl('state move --to other --yes')).toMatchObject({
    code: 2,
    err: expect.stringContaining('There is another journal'),
  });
  await typed('status --endpoint weather');
});

test('a lock that was left behind is taken away by a person who says so', async () => {
  writeFileSync(join(world.root, 'shadowctl.yaml'), `state: ${SHARED}\n`);
  await typed(DEPLOY);
  const { objectState } = await import('../../src/state/object-state.ts');
  const { stateObjects } = await import('../../src/aws/state-objects.ts');
  const objects = stateObjects(world.aws, world.clock, { bucket: 'team', key: 'shadowctl' });
  const store = objectState(objects, world.clock, { lockTimeout: 0 }).store({
    account: '000000000000',
    region: 'us-east-1',
    endpoint: 'weather',
  });
  await store.locked('canary --endpoint weather', async () => {
    const refused = await world.shadowctl('cleanup --endpoint weather --yes --lock-timeout 0s');
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('for `canary --endpoint weather`') });
    const shown = JSON.parse((await typed('state show --format json')).out);
    expect(shown.journals[0].holder).toMatchObject({ why: 'canary --endpoint weather' });
    expect((await typed('state unlock --endpoint weather --yes')).out).toContain('is gone');
    await typed('cleanup --endpoint weather --yes --lock-timeout 0s');
  });
  expect((await typed('state unlock --endpoint weather --yes')).out).toContain('is not locked');
});

test('with exactly the printed policy a life cycle with its journal in a bucket ends as with every permission', async () => {
  const env = { SHADOWCTL_STATE: SHARED };
  const lines = [
    `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 1 --yes`,
    'status --endpoint weather',
    'cleanup --endpoint weather --yes',
  ];
  const { iam } = world.emulator.world;
  for (const line of lines) {
    const [command = ''] = line.split(' ');
    const printed = await world.shadowctl(`iam-policy --command ${command} --endpoint weather`, { env });
    const policy = JSON.parse(printed.out);
    const run = (limits: object) => {
      iam.attach([{ who: 'deployer', kind: 'identity-based policy', document: readDocument(limits, 'the policy') }]);
      return world.shadowctl(line, { env: { ...env, AWS_ACCESS_KEY_ID: 'deployer' } });
    };
    // Without the state's statements it cannot even be read, and says which permission that takes.
    const sids = ['State', 'StateBucket'];
    const without = policy.Statement.filter(({ Sid }: { Sid: string }) => !sids.includes(Sid));
    expect(without.length).toBeLessThan(policy.Statement.length);
    const refused = await run({ ...policy, Statement: without });
    expect(refused).toMatchObject({ code: 2, err: expect.stringMatching(/s3:(ListBucket|GetObject)/) });
    const ended = await run(policy);
    expect([...iam.denied], ended.err).toEqual([]);
    expect(ended, ended.err).toMatchObject({ code: 0 });
    iam.attach([]);
  }
});
