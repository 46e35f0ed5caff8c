import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeCensus } from '../../src/aws/census.ts';
import { logGroupExists } from '../../src/aws/logs.ts';
import { bucketExists } from '../../src/aws/s3.ts';
import { builtProgram } from '../support/built.ts';
import { type KillingProxy, killingProxy } from '../support/killing-proxy.ts';
import { sampled } from '../support/sizes.ts';
import { wordsOf } from '../support/words.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../support/world.ts';

/*
 * The program as a process of its own, killed by SIGKILL at every call that changes AWS: before AWS got it, and after
 * AWS has carried it out but before the reply came. Then `cleanup` must leave nothing.
 */

let built: ReturnType<typeof builtProgram>;

beforeAll(() => {
  built = builtProgram();
});
afterAll(() => built.remove());

interface Run {
  code: number | null;
  signal: string | null;
  text: string;
}

/** Runs the program as a child; `armed` is told how to kill it. */
function child(
  world: TestWorld,
  url: string,
  line: string,
  armed: (kill: () => void) => void = () => undefined,
  env: Record<string, string> = {},
): Promise<Run> {
  return new Promise((done) => {
    const started = spawn(process.execPath, [built.entry, ...wordsOf(line)], {
      cwd: world.root,
      env: {
        ...world.env,
        ...env,
        AWS_ENDPOINT_URL: url,
        PATH: process.env.PATH,
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      },
    });
    let text = '';
    started.stdout.on('data', (chunk) => (text += String(chunk)));
    started.stderr.on('data', (chunk) => (text += String(chunk)));
    armed(() => void started.kill('SIGKILL'));
    started.on('close', (code, signal) => done({ code, signal, text }));
  });
}

async function leftovers(world: TestWorld): Promise<unknown> {
  const census = await takeCensus(world.aws);
  return {
    ...census,
    bucket: await bucketExists(world.aws, 'sagemaker-us-east-1-000000000000'),
    logs: await logGroupExists(world.aws, '/aws/sagemaker/Endpoints/weather'),
  };
}

const NOTHING = { endpoints: [], models: [], endpointConfigs: [], alarms: [], bucket: false, logs: false };
const DEPLOY = `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 2 --yes`;
const SHADOW = `shadow --endpoint weather --artifact ${ARTIFACT_009} --algorithm linear-learner --yes`;
const CLEANUP = 'cleanup --endpoint weather --yes';

const DEPLOYING = `${DEPLOY} --no-wait`;
const SHADOWING = `${SHADOW} --no-wait`;

/** Calls that change AWS, of each command: the `at`th one is this `call`. */
const CALLS: readonly (readonly [prepare: readonly string[], line: string, at: number, call: RegExp])[] = [
  [[], DEPLOYING, 0, /^PUT .*sagemaker-us-east-1/],
  [[], DEPLOYING, 1, /^PUT .*model\.tar\.gz/],
  [[], DEPLOYING, 2, /^CreateModel$/],
  [[], DEPLOYING, 3, /^CreateEndpointConfig$/],
  [[], DEPLOYING, 4, /^CreateEndpoint$/],
  [[DEPLOY], SHADOWING, 0, /^PUT .*model\.tar\.gz/],
  [[DEPLOY], SHADOWING, 1, /^CreateModel$/],
  [[DEPLOY], SHADOWING, 2, /^CreateEndpointConfig$/],
  [[DEPLOY], SHADOWING, 3, /^UpdateEndpoint$/],
  [[DEPLOY], CLEANUP, 0, /^DeleteEndpoint$/],
  [[DEPLOY], CLEANUP, 1, /^DeleteEndpointConfig$/],
  [[DEPLOY], CLEANUP, 3, /^DELETE .*model\.tar\.gz/],
];

const BOUNDARIES = CALLS.flatMap(([prepare, line, at, call]) =>
  (['before', 'after'] as const).map((moment) => ({
    command: line.split(' ')[0],
    moment,
    call: call.source,
    kill: { prepare, line, at, call, moment },
  })),
);

test.each(sampled(BOUNDARIES, 1))(
  '$command killed $moment $call leaves nothing that the next cleanup does not find',
  { timeout: 60_000 },
  async ({ kill: { prepare, line, at, call, moment } }) => {
    // The killed process lives by the machine's clock; what follows must come after it.
    const world = await testWorld({}, Date.now());
    const proxy: KillingProxy = await killingProxy(world.emulator.url);
    // While the child waits at the wall clock, the emulator's time runs by.
    const ticking = setInterval(() => world.clock.advance(60_000), 200);
    try {
      for (const earlier of prepare) expect(await world.shadowctl(earlier)).toMatchObject({ code: 0 });
      const killed = await child(world, proxy.url, line, (kill) => proxy.arm(at, moment, kill));
      expect(killed, `${line} was not killed ${moment} call ${at}: ${killed.text}`).toMatchObject({
        signal: 'SIGKILL',
      });
      expect(proxy.calls.at(-1)).toMatch(call);
      clearInterval(ticking);
      const cleaned = await world.shadowctl(CLEANUP);
      expect(cleaned).toMatchObject({ code: 0 });
      expect(cleaned.err).toContain('Took over the lock');
      expect(await leftovers(world)).toEqual(NOTHING);
    } finally {
      clearInterval(ticking);
      await proxy.close();
      await world.close();
    }
  },
);

/* The same with the journal in a bucket, where each of its writes is a call too: of the lock, of every event. */

const SHARED = { SHADOWCTL_STATE: 's3://team/shadowctl' };
/** How many calls that change something each command makes; the last tests count them. */
const SHARED_CALLS = [
  { prepare: [], line: DEPLOYING, calls: 24 },
  { prepare: [DEPLOY], line: SHADOWING, calls: 22 },
  // With captures it would wait half a minute of the wall clock for late ones.
  { prepare: [DEPLOY], line: CLEANUP, calls: 26 },
];

const SHARED_BOUNDARIES = SHARED_CALLS.flatMap(({ prepare, line, calls }) =>
  Array.from({ length: calls }, (_, at) => at).flatMap((at) =>
    (['before', 'after'] as const).map((moment) => ({
      command: line.split(' ')[0],
      moment,
      at,
      kill: { prepare, line, at, moment },
    })),
  ),
);

test.each(sampled(SHARED_BOUNDARIES, 1))(
  'with its journal in a bucket, $command killed $moment its change $at leaves nothing that the next cleanup does not find',
  { timeout: 60_000 },
  async ({ kill: { prepare, line, at, moment } }) => {
    const world = await testWorld({}, Date.now());
    const proxy: KillingProxy = await killingProxy(world.emulator.url);
    await (await world.aws.s3()).send(new CreateBucketCommand({ Bucket: 'team' }));
    try {
      for (const earlier of prepare) expect(await world.shadowctl(earlier, { env: SHARED })).toMatchObject({ code: 0 });
      // Before the child begins, so that its lock is not older than it is.
      const ticking = setInterval(() => world.clock.advance(60_000), 200);
      const ended = await child(world, proxy.url, line, (kill) => proxy.arm(at, moment, kill), SHARED);
      clearInterval(ticking);
      // On the wall clock there may be nothing left to delete of logs or captures: then there is a change less.
      if (ended.signal === null) expect(proxy.calls.length, ended.text).toBeLessThanOrEqual(at);
      else expect(ended, ended.text).toMatchObject({ signal: 'SIGKILL' });
      // Nothing is on this machine.
      expect(existsSync(join(world.root, '.shadowctl', '000000000000'))).toBe(false);
      const cleaned = await world.shadowctl(CLEANUP, { env: SHARED });
      // Killed before the first event, there is no journal.
      expect([0, 2], cleaned.err).toContain(cleaned.code);
      if (cleaned.code === 2) expect(cleaned.err).toContain('There is no journal of endpoint');
      expect(await leftovers(world)).toEqual(NOTHING);
    } finally {
      await proxy.close();
      await world.close();
    }
  },
);

test.each(SHARED_CALLS)('the matrix above reaches the end of $line', async ({ prepare, line, calls }) => {
  const world = await testWorld({}, Date.now());
  const proxy: KillingProxy = await killingProxy(world.emulator.url);
  await (await world.aws.s3()).send(new CreateBucketCommand({ Bucket: 'team' }));
  try {
    for (const earlier of prepare) expect(await world.shadowctl(earlier, { env: SHARED })).toMatchObject({ code: 0 });
    proxy.arm(Number.POSITIVE_INFINITY, 'before', () => undefined);
    const ended = await world.shadowctl(line, { env: { ...SHARED, AWS_ENDPOINT_URL: proxy.url } });
    expect(ended, ended.err).toMatchObject({ code: 0 });
    expect(proxy.calls).toHaveLength(calls);
  } finally {
    await proxy.close();
    await world.close();
  }
});

/*
 * The other commands that change something, killed at each of their first changes: what comes later waits on the wall clock, and is
 * struck in `every-command.test.ts`. A tick of a release attaches its shadow, and the one after `cancel` removes it.
 */

const ON = '--endpoint weather';
const CANDIDATE = `--artifact ${ARTIFACT_009} --algorithm linear-learner`;
const AGAIN = `deploy ${ON} ${CANDIDATE} --yes`;
const OF_RELEASE = `release ${ON} --artifact ${ARTIFACT_009} --once --yes`;

/** How many changes of AWS a command makes first, with its journal in a folder. */
const MORE: readonly { prepare: readonly string[]; line: string; first: number }[] = [
  { prepare: [DEPLOY], line: `canary ${ON} ${CANDIDATE} --yes`, first: 7 },
  { prepare: [DEPLOY], line: `rollout ${ON} ${CANDIDATE} --steps 50%,100% --yes`, first: 4 },
  { prepare: [DEPLOY, SHADOW], line: `promote ${ON} --force --yes`, first: 5 },
  { prepare: [DEPLOY, SHADOW], line: `keep ${ON} --yes`, first: 1 },
  { prepare: [DEPLOY, SHADOW], line: `shadow detach ${ON} --no-wait --yes`, first: 1 },
  { prepare: [DEPLOY, AGAIN], line: `undo ${ON} --no-wait --yes`, first: 1 },
  { prepare: [DEPLOY, AGAIN, AGAIN], line: `prune ${ON} --keep 1 --yes`, first: 2 },
  { prepare: [DEPLOY], line: OF_RELEASE, first: 4 },
  { prepare: [DEPLOY, OF_RELEASE], line: `release cancel ${ON} --yes`, first: 1 },
];

/** With its journal in a bucket, a command makes at least so many writes, and one beside each change: its lock, its run, what it begins. */
const WRITES = 3;

const MORE_BOUNDARIES = MORE.flatMap(({ prepare, line, first }) =>
  (['folder', 'bucket'] as const).flatMap((place) =>
    Array.from({ length: place === 'bucket' ? 2 * first + WRITES : first }, (_, at) => at).flatMap((at) =>
      (['before', 'after'] as const).map((moment) => ({ place, moment, at, line, prepare })),
    ),
  ),
);

test.each(sampled(MORE_BOUNDARIES, 1))(
  '$line, journal in a $place, killed $moment its change $at: the next commands go on, and cleanup leaves nothing',
  { timeout: 60_000 },
  async ({ place, moment, at, line, prepare }) => {
    // What prepares takes the world's time: the child begins when both clocks say the same.
    const world = await testWorld({}, Date.now() - 3_600_000);
    const proxy: KillingProxy = await killingProxy(world.emulator.url);
    const env = place === 'bucket' ? SHARED : {};
    await (await world.aws.s3()).send(new CreateBucketCommand({ Bucket: 'team' }));
    try {
      for (const earlier of prepare) {
        // A release waits after its tick; everything else is done.
        expect(await world.shadowctl(earlier, { env })).toMatchObject({ code: 0 });
        await world.clock.sleep(600_000);
      }
      // A release begins nothing where its clock is minutes from AWS's.
      world.clock.advance(Math.max(0, Date.now() - world.clock.now()));
      const step = line.startsWith('release') ? 1_000 : 60_000;
      const ticking = setInterval(() => world.clock.advance(step), 200);
      const killed = await child(world, proxy.url, line, (kill) => proxy.arm(at, moment, kill), env);
      clearInterval(ticking);
      expect(killed, `${line} was not killed: ${proxy.calls.join(', ')}\n${killed.text}`).toMatchObject({
        signal: 'SIGKILL',
      });
      // What AWS does by itself ends, and so does the dead one's lock.
      await world.clock.sleep(3_600_000);
      const status = await world.shadowctl(`status ${ON}`, { env });
      expect(status).toMatchObject({ code: 0 });
      if (line.startsWith('release')) {
        const ticked = await world.shadowctl(`release ${ON} --once --yes`, { env });
        // It waits, or it was canceled.
        expect([0, 1], ticked.err).toContain(ticked.code);
      }
      const cleaned = await world.shadowctl(CLEANUP, { env });
      expect(cleaned, cleaned.err).toMatchObject({ code: 0 });
      expect(await leftovers(world)).toEqual(NOTHING);
    } finally {
      await proxy.close();
      await world.close();
    }
  },
);
