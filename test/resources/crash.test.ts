import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeCensus } from '../../src/aws/census.ts';
import { logGroupExists } from '../../src/aws/logs.ts';
import { bucketExists } from '../../src/aws/s3.ts';
import { builtProgram } from '../support/built.ts';
import { type KillingProxy, killingProxy } from '../support/killing-proxy.ts';
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
): Promise<Run> {
  return new Promise((done) => {
    const started = spawn(process.execPath, [built.entry, ...wordsOf(line)], {
      cwd: world.root,
      env: {
        ...world.env,
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

/** Kills `line` at each of its changing calls, at both moments; cleans up each time and looks at what is left. */
async function matrix(
  prepare: readonly string[],
  line: string,
  expected: readonly (readonly [at: number, call: RegExp])[],
): Promise<void> {
  for (const [at, call] of expected) {
    for (const moment of ['before', 'after'] as const) {
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
        expect(cleaned, `${moment} ${String(call)}`).toMatchObject({ code: 0 });
        expect(cleaned.err).toContain('Took over the lock');
        expect(await leftovers(world), `${moment} ${String(call)}`).toEqual(NOTHING);
      } finally {
        clearInterval(ticking);
        await proxy.close();
        await world.close();
      }
    }
  }
}

test('a deploy killed at any call leaves nothing that cleanup does not find', { timeout: 60_000 }, () =>
  matrix([], `${DEPLOY} --no-wait`, [
    [0, /^PUT .*sagemaker-us-east-1/],
    [1, /^PUT .*model\.tar\.gz/],
    [2, /^CreateModel$/],
    [3, /^CreateEndpointConfig$/],
    [4, /^CreateEndpoint$/],
  ]),
);

test('an attached shadow killed at any call leaves nothing that cleanup does not find', { timeout: 60_000 }, () =>
  matrix([DEPLOY], `${SHADOW} --no-wait`, [
    [0, /^PUT .*model\.tar\.gz/],
    [1, /^CreateModel$/],
    [2, /^CreateEndpointConfig$/],
    [3, /^UpdateEndpoint$/],
  ]),
);

test('a cleanup that is killed is finished by the next one', { timeout: 60_000 }, () =>
  matrix([DEPLOY], CLEANUP, [
    [0, /^DeleteEndpoint$/],
    [1, /^DeleteEndpointConfig$/],
    [3, /^DELETE .*model\.tar\.gz/],
  ]),
);
