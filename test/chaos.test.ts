import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bucketExists } from '../src/aws/s3.ts';
import type { Clock } from '../src/base/clock.ts';
import { run } from '../src/main.ts';
import { capturedIo } from './support/io.ts';
import { ARTIFACT_009, type TestWorld, testWorld } from './support/world.ts';

/** What broke under kills, wrong clocks, damaged files and full disks, tried again. */

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const GOOD = ['deploy', '--endpoint', 'weather', '--artifact', ARTIFACT_009, '--algorithm', 'linear-learner', '--yes'];
const CLEANUP = ['cleanup', '--endpoint', 'weather', '--yes'];
const JOURNALS = '.shadowctl/000000000000/us-east-1';
const MINUTE = 60_000;

function inState(name: string, content: string): string {
  mkdirSync(join(world.root, JOURNALS), { recursive: true });
  const path = join(world.root, JOURNALS, name);
  writeFileSync(path, content);
  return path;
}

const lines = (events: readonly object[]) => events.map((one) => `${JSON.stringify(one)}\n`).join('');

describe('an upload in parts that was killed', () => {
  const BUCKET = 'sagemaker-us-east-1-000000000000';
  const KEY = 'shadowctl/weather/artifacts/abc/model.tar.gz';

  /** Begins an upload and leaves a part of it. */
  async function begin(Key: string): Promise<void> {
    const s3 = await world.aws.s3();
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key }));
    await s3.send(new UploadPartCommand({ Bucket: BUCKET, Key, UploadId, PartNumber: 1, Body: 'part' }));
  }
  const left = async () => {
    const s3 = await world.aws.s3();
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
    return Uploads.map(({ Key }) => Key);
  };

  test('leaves no parts after the next command, and those of others stay', async () => {
    const s3 = await world.aws.s3();
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    await begin(KEY);
    await begin('shadowctl/weather/artifacts/abc/model.tar.gz.other');
    await world.clock.sleep(60 * MINUTE);
    await begin(KEY);
    const at = new Date(world.clock.now()).toISOString();
    inState(
      'weather.jsonl',
      lines([
        { at, version: 1, type: 'run', run: 'r-1', command: 'deploy', by: 'me@here' },
        {
          at,
          version: 1,
          type: 'begin',
          run: 'r-1',
          step: 'r-1/1',
          action: 'create',
          resource: { kind: 's3-object', name: `s3://${BUCKET}/${KEY}` },
          input: { path: 'model.tar.gz', bytes: 100_000_000, sha256: 'abc' },
        },
      ]),
    );
    const { code, err } = await world.shadowctl(CLEANUP);
    expect(code, err).toBe(0);
    // That of an hour before it is somebody else's, and so is another key.
    expect((await left()).toSorted()).toEqual([KEY, `${KEY}.other`]);
  });
});

describe('a clock that is ten minutes fast', () => {
  const fast = (): Clock => {
    const { clock } = world;
    return {
      virtual: clock.virtual,
      now: () => clock.now() + 10 * MINUTE,
      sleep: (ms, signal) => clock.sleep(ms, signal),
      all: (branches) => clock.all(branches),
    };
  };
  async function shadowctl(words: readonly string[], clock = fast()) {
    const io = capturedIo();
    const { signal } = new AbortController();
    const code = await run(words, { clock, env: world.env, cwd: world.root, signal, io: () => io });
    return { code, out: io.outLines.join('\n'), err: io.errLines.join('\n') };
  }

  test('does not keep cleanup from the bucket that it created', async () => {
    expect(await shadowctl([...GOOD, '--no-wait'])).toMatchObject({ code: 0 });
    await world.clock.sleep(20 * MINUTE);
    expect(await shadowctl(CLEANUP)).toMatchObject({ code: 0 });
    expect(await bucketExists(world.aws, 'sagemaker-us-east-1-000000000000')).toBe(false);
  });

  test('nor where the reply was lost and the clock is right again', async () => {
    await shadowctl([...GOOD, '--no-wait']);
    const path = join(world.root, JOURNALS, 'weather.jsonl');
    const events = readFileSync(path, 'utf8').trim().split('\n');
    const begun = events.findIndex((line) => line.includes('"s3-bucket"'));
    await world.clock.sleep(20 * MINUTE);
    // As it stands where the process was killed right after the call.
    writeFileSync(path, `${events.slice(0, begun + 1).join('\n')}\n`);
    await shadowctl(CLEANUP, world.clock);
    const resolved = readFileSync(path, 'utf8')
      .split('\n')
      .slice(begun + 1)
      .find((line) => line.includes('"end"'));
    expect(JSON.parse(resolved ?? '{}')).toMatchObject({ outcome: 'done', recovered: true });
  });
});

test('a keep that was killed after AWS was told keeps its reason, and the next keep ends it', async () => {
  await world.shadowctl(GOOD);
  const shadow = [
    'shadow',
    '--endpoint',
    'weather',
    '--artifact',
    ARTIFACT_009,
    '--algorithm',
    'linear-learner',
    '--yes',
  ];
  expect(await world.shadowctl(shadow)).toMatchObject({ code: 0 });
  const keep = ['keep', '--endpoint', 'weather', '--yes', '--reason', 'it is slower'];
  expect(await world.shadowctl(keep)).toMatchObject({ code: 0 });
  const path = join(world.root, JOURNALS, 'weather.jsonl');
  const events = readFileSync(path, 'utf8').trim().split('\n');
  // As it stands where the process was killed after UpdateEndpoint: the call is announced, and nothing after it is known.
  const told = events.findLastIndex((line) => line.includes('"begin"') && line.includes('"update"'));
  writeFileSync(path, `${events.slice(0, told + 1).join('\n')}\n`);
  const again = await world.shadowctl(['keep', '--endpoint', 'weather', '--yes']);
  expect(again.code, again.err).toBe(0);
  const kept = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"kept"'));
  expect(kept.map((line) => (JSON.parse(line) as { value: unknown }).value)).toMatchObject([
    { reason: 'it is slower' },
  ]);
  // Only once: then there is no shadow to be kept from.
  expect(await world.shadowctl(keep)).toMatchObject({ code: 2, err: expect.stringContaining('carries no shadow') });
});

describe('a journal that says nothing', () => {
  const STATUS: Readonly<Record<string, string>> = {
    garbage: 'garbage\n{"a":1}\n',
    'no fields': '{"type":"begin"}\n{"type":"end"}\n',
  };

  async function standing() {
    expect(await world.shadowctl([...GOOD, '--no-wait'])).toMatchObject({ code: 0 });
  }

  test.each(['garbage', 'no fields', 'a stray copy', 'a pipe'])(
    '(%s) keeps nobody from the others, and is named',
    async (what) => {
      await standing();
      const name = what === 'a stray copy' ? 'weather.old.jsonl' : 'other.jsonl';
      const path = join(world.root, JOURNALS, name);
      if (what === 'a pipe') spawnSync('mkfifo', [path]);
      else inState(name, STATUS[what] ?? readFileSync(join(world.root, JOURNALS, 'weather.jsonl'), 'utf8'));
      for (const words of ['status', 'ls', 'doctor', 'cleanup --all --plan', 'prune --all --plan']) {
        const { code, out, err } = await world.shadowctl(words);
        expect({ words, code }).toEqual({ words, code: words.startsWith('prune') ? 1 : 2 });
        if (!words.startsWith('prune')) expect(out, words).toContain('weather');
        expect(err, words).toContain(name);
        expect(err).not.toContain('defect of shadowctl');
      }
      const { out, code } = await world.shadowctl('status --format json');
      expect({ code, names: (JSON.parse(out) as { endpoint: string }[]).map(({ endpoint }) => endpoint) }).toEqual({
        code: 2,
        names: ['weather'],
      });
      expect(await world.shadowctl('cleanup --all --yes')).toMatchObject({
        code: 2,
        out: expect.stringContaining('nothing of endpoint weather is left'),
      });
    },
  );
});

describe('ordinary trouble is told as what it is', () => {
  const BOMB = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefg'
    .split('')
    .map((name, index) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdef'[index]}`).join(',')}]`)
    .join('\n')}\nh: [*g,*g]\n`;

  test.each([
    ['aliases of aliases', BOMB],
    ['a key of every object', '__proto__: { a: 1 }\n'],
    ['another', 'constructor: 1\ntoString: 2\n'],
    ['the same within a section', 'endpoints: { w: { __proto__: 1, hasOwnProperty: 2 } }\n'],
    ['nothing but a number', '5\n'],
    ['bytes', '\u0000\u0001'],
  ])('shadowctl.yaml: %s', async (_, content) => {
    writeFileSync(join(world.root, 'shadowctl.yaml'), content);
    const { code, err } = await world.shadowctl('config show');
    expect(code).toBe(2);
    expect(err).toContain('shadowctl.yaml');
    expect(err).not.toMatch(/undefined|defect of shadowctl/);
  });

  test('shadowctl.yaml: a pipe is not waited for, nor a device read to its end', async () => {
    spawnSync('mkfifo', [join(world.root, 'shadowctl.yaml')]);
    expect(await world.shadowctl('config show')).toMatchObject({
      code: 2,
      err: expect.stringContaining('is not a regular file'),
    });
    expect(await world.shadowctl('policy explain --policy /dev/zero --config /dev/zero')).toMatchObject({
      code: 2,
      err: expect.stringContaining('device'),
    });
  });

  test.each(['null', '{}', '[]', '5', '', 'no pipe'])('a lock that holds %s', async (content) => {
    await world.shadowctl([...GOOD, '--no-wait']);
    if (content === 'no pipe') spawnSync('mkfifo', [join(world.root, JOURNALS, 'weather.jsonl.lock')]);
    else inState('weather.jsonl.lock', content);
    const { code, err } = await world.shadowctl(CLEANUP);
    expect(code).toBe(2);
    expect(err).toContain('weather.jsonl.lock is damaged');
  });

  test.each([
    [['cleanup', '--endpoint', 'weather', '--yes', '--region', '../../evil']],
    [['status', '--region', 'eu west 1']],
    [['status', '--config', '.']],
  ])('%j', async (words) => {
    const { code, err } = await world.shadowctl(words);
    expect(code).toBe(2);
    expect(err).not.toContain('defect of shadowctl');
  });
});
