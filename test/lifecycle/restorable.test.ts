import { PutObjectCommand } from '@aws-sdk/client-s3';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deletePrefix } from '../../src/aws/s3.ts';
import { factsNamed } from '../../src/state/facts.ts';
import { folderJournal } from '../support/journal.ts';
import { replay } from '../../src/state/replay.ts';
import { ARTIFACT_005, ARTIFACT_009, ROLE, type TestWorld, testWorld } from '../support/world.ts';

/* Whether what an endpoint runs, or ran, could be started again as it was. */

let world: TestWorld;
const BETTER = `--artifact ${ARTIFACT_009} --algorithm linear-learner`;

async function said(line: string): Promise<string> {
  const { out, err } = await world.shadowctl(line);
  return `${out}\n${err}`.replace(/\s+/g, ' ');
}

async function ran(line: string): Promise<void> {
  const { code, err } = await world.shadowctl(line);
  expect(code, err).toBe(0);
}

const PLACE = ['.shadowctl', '000000000000', 'us-east-1'];
const journal = () =>
  folderJournal({
    stateDir: join(world.root, '.shadowctl'),
    account: '000000000000',
    region: 'us-east-1',
    endpoint: 'weather',
    clock: world.clock,
  });
const recorded = async () => factsNamed(replay((await journal()).events()).facts, 'ran').map(({ value }) => value);

/** The same key, another model. */
async function overwritten(which: string): Promise<void> {
  const parts = (await recorded()).find(({ config }) => config === which)?.parts[0];
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(parts?.artifacts[0]?.uri ?? '') ?? [];
  const client = await world.aws.s3();
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: readFileSync(ARTIFACT_009) }));
}

beforeEach(async () => {
  world = await testWorld();
  await ran(
    `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 2 --config-name c1 --yes`,
  );
});
afterEach(() => world.close());

test('what a config is made of is written down when it is in service, once', async () => {
  const [first, ...rest] = await recorded();
  expect(rest).toEqual([]);
  expect(first).toMatchObject({
    config: 'c1',
    parts: [
      {
        role: ROLE,
        artifacts: [{ etag: expect.stringMatching(/^"[0-9a-f]{32}"$/) as string }],
        images: [{ digest: expect.stringContaining('@sha256:') as string }],
      },
    ],
  });
  await ran(`deploy --endpoint weather ${BETTER} --config-name c2 --yes`);
  await ran(`canary --endpoint weather ${BETTER} --config-name c3 --force --unguarded --yes`);
  expect((await recorded()).map(({ config }) => config)).toEqual(['c1', 'c2', 'c3']);
});

test('an artifact that was written again since: doctor and plans say so, and undo does before it asks', async () => {
  await overwritten('c1');
  const words = /the artifact of model \S+, was written again since \(ETag [0-9a-f]{12}…, now [0-9a-f]{12}…\)/;
  expect(await said('doctor --endpoint weather')).toMatch(words);
  expect(await said(`deploy --endpoint weather ${BETTER} --plan`)).toMatch(words);
  expect(await said(`canary --endpoint weather ${BETTER} --plan`)).toMatch(words);
  await ran(`deploy --endpoint weather ${BETTER} --yes`);
  const undone = await said('undo --endpoint weather --plan');
  expect(undone).toMatch(words);
  expect(undone).toContain('the way back would not come back as it was');
});

test('a tag of an image that names another digest since', async () => {
  await ran(`deploy --endpoint weather ${BETTER} --yes`);
  const folder = join(world.root, ...PLACE);
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  const path = join(folder, file);
  const lines = readFileSync(path, 'utf8').split('\n');
  // The digest of then, as if somebody had pushed to the tag after.
  const at = lines.findIndex((line) => line.includes('"name":"ran"'));
  lines[at] = (lines[at] ?? '').replace(/@sha256:[0-9a-f]{64}/, `@sha256:${'0'.repeat(64)}`);
  writeFileSync(path, lines.join('\n'));
  expect(await said('undo --endpoint weather --plan')).toMatch(/the image of model \S+, names another digest since/);
});

test('what may not be looked at is not changed, and not lost', async () => {
  await overwritten('c1');
  world.emulator.world.faults.add({ kind: 'deny', operation: 'HeadObject' });
  const plan = await said(`deploy --endpoint weather --instances 3 --plan`);
  expect(plan).toContain('not seen: the artifact of the model that runs');
  expect(plan).not.toMatch(/written again|no way back/);
});

test('where the artifact is gone, a canary is told as well', async () => {
  await deletePrefix(world.aws, 's3://sagemaker-us-east-1-000000000000/shadowctl/');
  expect(await said('doctor --endpoint weather')).toContain('is gone');
});
