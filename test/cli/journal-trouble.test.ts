import { appendFileSync, chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeCensus } from '../../src/aws/census.ts';
import { ARTIFACT_005, ARTIFACT_009, START, type TestWorld, testWorld } from '../support/world.ts';
import { matrixTest } from '../support/sizes.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
  await (await world.aws.s3()).send(new CreateBucketCommand({ Bucket: 'team' }));
});
afterEach(() => world.close());

const ON = '--endpoint weather';
const DEPLOY = `deploy ${ON} --artifact ${ARTIFACT_005} --algorithm linear-learner --yes`;
const AGAIN = `deploy ${ON} --artifact ${ARTIFACT_009} --algorithm linear-learner --yes`;
const NOTHING = { endpoints: [], models: [], endpointConfigs: [], alarms: [] };

type Change = (line: string) => string;

/** Both places, and how the event of a number (from 1) is changed there. */
const PLACES = {
  folder: {
    env: {} as Record<string, string>,
    async change(number: number, how: Change) {
      const file = join(world.root, '.shadowctl/000000000000/us-east-1/weather.jsonl');
      const lines = readFileSync(file, 'utf8').split('\n');
      lines[number - 1] = how(lines[number - 1] ?? '');
      writeFileSync(file, lines.join('\n'));
    },
  },
  bucket: {
    env: { SHADOWCTL_STATE: 's3://team/shadowctl' } as Record<string, string>,
    async change(number: number, how: Change) {
      const Key = `shadowctl/000000000000/us-east-1/weather/events/${String(number).padStart(12, '0')}.json`;
      const s3 = await world.aws.s3();
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'team', Key }));
      await s3.send(new PutObjectCommand({ Bucket: 'team', Key, Body: how((await Body?.transformToString()) ?? '') }));
    },
  },
} as const;

const typed = (line: string, env: Record<string, string>) => world.shadowctl(line, { env });

describe.each(Object.keys(PLACES) as (keyof typeof PLACES)[])('in a %s', (name) => {
  const { env, change } = PLACES[name];

  matrixTest(
    'a garbled event in the middle is named with its place, nothing is changed, and mended it goes on',
    async () => {
      expect(await typed(DEPLOY, env)).toMatchObject({ code: 0 });
      let whole = '';
      await change(4, (line) => {
        whole = line;
        return `${line.slice(0, 15)}\u0000\u001b[2J`;
      });
      const before = await takeCensus(world.aws);
      for (const line of [AGAIN, `cleanup ${ON} --yes`, `status ${ON}`, 'status', 'cleanup --all --yes']) {
        const { code, err } = await typed(line, env);
        expect(code, `${line}\n${err}`).toBe(2);
        expect(err).toMatch(name === 'folder' ? /weather\.jsonl.*line 4/ : /weather\/.*0*4/);
        expect(err).not.toContain('defect');
        expect(err).not.toContain('\u001b');
      }
      expect(await takeCensus(world.aws)).toEqual(before);
      await change(4, () => whole);
      expect(await typed(`cleanup ${ON} --yes`, env)).toMatchObject({ code: 0 });
      expect(await takeCensus(world.aws)).toEqual(NOTHING);
    },
  );

  test('a journal of a newer version is refused and left as it is; an event of a newer kind is kept', async () => {
    expect(await typed(DEPLOY, env)).toMatchObject({ code: 0 });
    await change(1, (line) => line.replace('"version":1', '"version":2'));
    const newer = await typed(`cleanup ${ON} --yes`, env);
    expect(newer).toMatchObject({ code: 2 });
    expect(newer.err).toContain('version');
    expect(newer.err).not.toContain('defect');
    expect((await takeCensus(world.aws)).endpoints).toEqual(['weather']);
    await change(1, (line) => line.replace('"version":2', '"version":1'));
    await change(2, (line) => line.replace('"type":"run"', '"type":"of-the-future"'));
    expect(await typed(`cleanup ${ON} --yes`, env)).toMatchObject({ code: 0 });
  });

  test('a clock that steps: what ran before an hour that never was goes on, and cleanup leaves nothing', async () => {
    expect(await typed(DEPLOY, env)).toMatchObject({ code: 0 });
    await change(4, (line) => line.replace(/"at":"[^"]*"/, `"at":"${new Date(START + 7_200_000).toISOString()}"`));
    await change(5, (line) => line.replace(/"at":"[^"]*"/, `"at":"${new Date(START - 7_200_000).toISOString()}"`));
    expect(await typed(`status ${ON}`, env)).toMatchObject({ code: 0 });
    expect(await typed(`history ${ON}`, env)).toMatchObject({ code: 0 });
    expect(await typed(AGAIN, env)).toMatchObject({ code: 0 });
    expect(await typed(`undo ${ON} --yes`, env)).toMatchObject({ code: 0 });
    expect(await typed(`cleanup ${ON} --yes`, env)).toMatchObject({ code: 0 });
    expect(await takeCensus(world.aws)).toEqual(NOTHING);
  });
});

test('a journal that is deleted is said to be missing, with the way by tags; nothing is claimed', async () => {
  expect(await typed(DEPLOY, {})).toMatchObject({ code: 0 });
  rmSync(join(world.root, '.shadowctl'), { recursive: true });
  for (const [line, words] of [
    [`cleanup ${ON} --yes`, '--by-tag'],
    [AGAIN, "carries shadowctl's tag"],
    [`undo ${ON} --yes`, 'shadowctl adopt --endpoint weather'],
  ] as const) {
    const { code, err } = await typed(line, {});
    expect(code, err).toBe(2);
    expect(err).toContain(words);
  }
  expect(await typed(`cleanup ${ON} --by-tag --yes`, {})).toMatchObject({ code: 0 });
  expect(await takeCensus(world.aws)).toEqual(NOTHING);
});

// Whoever is root may write everywhere.
test.runIf(process.getuid?.() !== 0)(
  'a folder that may not be written to is named, and AWS is not called',
  async () => {
    chmodSync(world.root, 0o500);
    try {
      const { code, err } = await typed(DEPLOY, {});
      expect(code, err).toBe(2);
      expect(err).toContain('permission denied');
      expect(await takeCensus(world.aws)).toEqual(NOTHING);
    } finally {
      chmodSync(world.root, 0o700);
    }
  },
);

test('a file in the way of the folder is named, and AWS is not called', async () => {
  appendFileSync(join(world.root, '.shadowctl'), 'not a folder');
  const { code, err } = await typed(DEPLOY, {});
  expect(code, err).toBe(2);
  expect(err).toContain('cannot be used: a file is in the way of the folder (ENOTDIR)');
  expect(await takeCensus(world.aws)).toEqual(NOTHING);
});
