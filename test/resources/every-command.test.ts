import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { takeCensus } from '../../src/aws/census.ts';
import { hasEnded, queriesSince } from '../../src/aws/athena.ts';
import { glueDatabase } from '../../src/aws/glue.ts';
import { logGroupExists } from '../../src/aws/logs.ts';
import { bucketExists } from '../../src/aws/s3.ts';
import { NEEDS, type Need, type PermittedCommand } from '../../src/lifecycle/permissions/needs.ts';
import { COMMANDS } from '../../src/overview.ts';
import { dyingProxy, type Strike } from '../support/dying-proxy.ts';
import { isWhole, sampled } from '../support/sizes.ts';
import { flow, invoke, ROWS } from '../support/traffic.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../support/world.ts';

/*
 * Every command that changes anything, struck at every call that changes AWS, and, with its journal in a bucket, at every write of
 * that. In a folder, a process that died before a call has also been tried as one that died before, and in the middle of, writing
 * down what it was about to do. Then whatever command comes next settles what was left, and cleanup leaves nothing.
 *
 * A process dies here by what is left of it: nothing that it sends arrives any more, and its folder is put back as it was at that
 * moment. `crash.test.ts` kills real processes.
 */

const ON = '--endpoint weather';
const FIRST = `--artifact ${ARTIFACT_005} --algorithm linear-learner`;
const BETTER = `--artifact ${ARTIFACT_009} --algorithm linear-learner`;
const DEPLOY = `deploy ${ON} ${FIRST} --instances 2 --yes`;
const AGAIN = `deploy ${ON} ${BETTER} --yes`;
const SHADOW = `shadow ${ON} ${BETTER} --yes`;
const CANARY = `canary ${ON} ${BETTER} --yes`;
const ELSEWHERE = `${DEPLOY} --state elsewhere`;

interface Scene {
  command: (typeof COMMANDS)[number]['name'];
  prepare: readonly string[];
  line: string;
  /** A canary is under way, and nobody watches it. */
  underWay?: true;
  /** Requests flow meanwhile. */
  traffic?: true;
  /** Requests have flowed, and were captured. */
  captured?: true;
  /** So many of its strikes are played, from the first call to the last: one call is like the next. */
  most?: number;
}

const SCENES: readonly Scene[] = [
  { command: 'deploy', prepare: [], line: DEPLOY },
  { command: 'deploy', prepare: [DEPLOY], line: AGAIN },
  { command: 'canary', prepare: [DEPLOY], line: CANARY },
  { command: 'abort', prepare: [DEPLOY], underWay: true, line: `abort ${ON} --yes` },
  { command: 'shadow', prepare: [DEPLOY], line: SHADOW },
  { command: 'shadow', prepare: [DEPLOY, SHADOW], line: `shadow detach ${ON} --yes` },
  { command: 'promote', prepare: [DEPLOY, SHADOW], line: `promote ${ON} --force --yes` },
  { command: 'keep', prepare: [DEPLOY, SHADOW], line: `keep ${ON} --reason slower --yes` },
  {
    command: 'rollout',
    prepare: [DEPLOY],
    traffic: true,
    line: `rollout ${ON} ${BETTER} --steps 50%,100% --bake 6m --yes`,
  },
  { command: 'undo', prepare: [DEPLOY, AGAIN], line: `undo ${ON} --yes` },
  { command: 'adopt', prepare: [ELSEWHERE], line: `adopt ${ON}` },
  { command: 'disown', prepare: [ELSEWHERE, `adopt ${ON}`], line: `disown ${ON}` },
  { command: 'prune', prepare: [DEPLOY, AGAIN, AGAIN], line: `prune ${ON} --keep 1 --yes` },
  { command: 'cleanup', prepare: [DEPLOY, SHADOW], line: `cleanup ${ON} --yes` },
  { command: 'cleanup', prepare: [ELSEWHERE], line: `cleanup ${ON} --by-tag --yes` },
  { command: 'state', prepare: [DEPLOY], line: 'state move --to moved --yes' },
  { command: 'report', prepare: [DEPLOY, SHADOW], captured: true, most: 24, line: `report ${ON} --engine athena` },
];

/** Commands that change neither AWS nor a journal, or do it by running another one; a new command is in one list or the other. */
const HARMLESS: readonly string[] = [
  ...['demo', 'emulator', 'help', 'policy', 'iam-policy', 'config', 'init', 'completion'],
  // They look; the keys of `watch` run other commands.
  ...['status', 'ls', 'history', 'doctor', 'watch'],
  // They send requests, or keep what others sent.
  ...['invoke', 'replay', 'mirror', 'record'],
];

/** They write records to a bucket of the user's, which are no resources and in no journal: `test/mirror` stops them. */
const UPLOADS: readonly string[] = ['mirror'];

/**
 * Ticks of a release are ended at each call by `test/lifecycle/release/killed.test.ts`, and killed by `crash.test.ts`; an
 * installation of a pipeline fails, and is given again, in `test/pipeline/install.test.ts`; a day of a batch is struck in
 * `test/lifecycle/batch/killed.test.ts`.
 */
const ELSEWHERE_STRUCK: readonly string[] = ['release', 'pipeline', 'batch'];

const CHANGES = /:(Create|Update|Delete|Put|Set|Register|Deregister|Add|Abort|Tag)/;

test('every command of the program is here, or is known to change nothing', () => {
  const names = COMMANDS.map(({ name }) => name);
  const struck = new Set<string>(SCENES.map(({ command }) => command));
  expect(names.filter((name) => ![...struck, ...HARMLESS, ...ELSEWHERE_STRUCK].includes(name))).toEqual([]);
  expect(names.filter((name) => struck.has(name) && HARMLESS.includes(name))).toEqual([]);
  const changing = (Object.keys(NEEDS) as PermittedCommand[]).filter((name) =>
    (NEEDS[name] as readonly Need[]).some(({ action }) => CHANGES.test(action)),
  );
  expect(changing.filter((name) => ![...struck, ...UPLOADS, ...ELSEWHERE_STRUCK].includes(name))).toEqual([]);
});

declare module 'vitest' {
  interface TaskMeta {
    /** How often a command was struck, by what; `npm run matrix` adds it up. */
    struck?: Readonly<Record<string, number>>;
  }
}

/** Done, rolled back for want of requests, or paused for want of evidence. */
const ENDS = [0, 1, 3];

type Place = 'folder' | 'bucket';
/** How what a dead process was about to write down is left, in a folder: written, not begun, or broken off. */
type Line = 'whole' | 'missing' | 'torn';

const stateOf = (place: Place): Record<string, string> =>
  place === 'bucket' ? { SHADOWCTL_STATE: 's3://team/shadowctl' } : {};

async function begin(scene: Scene, place: Place) {
  const world = await testWorld();
  const env = stateOf(place);
  await (await world.aws.s3()).send(new CreateBucketCommand({ Bucket: 'team' }));
  for (const line of scene.prepare) {
    const { code, err } = await world.shadowctl(line, { env });
    if (code !== 0) throw new Error(`${line}: ${code} ${err}`);
    await world.clock.sleep(60_000);
  }
  if (scene.captured === true) {
    for (let sent = 0; sent < 40; sent += 1) {
      await invoke(world.emulator, { endpoint: 'weather', body: ROWS[sent] ?? '', inferenceId: `request-${sent}` });
      await world.clock.sleep(30_000);
    }
    await world.clock.sleep(900_000);
  }
  if (scene.underWay === true) {
    const stop = new AbortController();
    await world.clock.all<void>([
      async () => void (await world.shadowctl(CANARY, { env, signal: stop.signal })),
      async () => {
        await world.clock.sleep(480_000);
        stop.abort();
      },
    ]);
  }
  return { world, env, proxy: await dyingProxy(world.emulator.url) };
}

async function play(world: TestWorld, scene: Scene, env: Record<string, string>) {
  if (scene.traffic !== true) return world.shadowctl(scene.line, { env });
  const stop = new AbortController();
  let ended: Awaited<ReturnType<TestWorld['shadowctl']>> | undefined;
  await world.clock.all<void>([
    async () =>
      void (await flow(world.clock, world.emulator, { endpoint: 'weather', perSecond: 1, signal: stop.signal })),
    async () => {
      ended = await world.shadowctl(scene.line, { env }).finally(() => stop.abort());
    },
  ]);
  return ended as NonNullable<typeof ended>;
}

async function remains(world: TestWorld): Promise<string[]> {
  const census = Object.values(await takeCensus(world.aws)).flat();
  const bucket = (await bucketExists(world.aws, 'sagemaker-us-east-1-000000000000')) ? ['bucket'] : [];
  const logs = (await logGroupExists(world.aws, '/aws/sagemaker/Endpoints/weather')) ? ['logs'] : [];
  const database = (await glueDatabase(world.aws, 'shadowctl')) === undefined ? [] : ['database'];
  const queries: string[] = [];
  for await (const one of queriesSince(world.aws, 'primary', 0)) if (!hasEnded(one)) queries.push(one.sql);
  return [...census, ...bucket, ...logs, ...database, ...queries];
}

/** Everything is cleaned up from every place where a journal may be by now. */
async function cleanUp(world: TestWorld, env: Record<string, string>): Promise<string> {
  await world.clock.sleep(3_600_000);
  let said = '';
  for (const state of ['', ' --state moved', ' --state elsewhere']) {
    const { code, out, err } = await world.shadowctl(`cleanup ${ON}${state} --yes`, { env });
    said += `\ncleanup${state}: ${code}\n${out}\n${err}`;
  }
  return said;
}

/** The last line of the journal in the folder, not written at all or broken off. */
function cut(root: string, line: Line): void {
  const folder = join(root, '.shadowctl/000000000000/us-east-1');
  if (line === 'whole' || !existsSync(folder)) return;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.jsonl'))) {
    const lines = readFileSync(join(folder, file), 'utf8').trimEnd().split('\n');
    const last = lines.pop() ?? '';
    const end = line === 'torn' ? last.slice(0, last.length / 2) : '';
    writeFileSync(join(folder, file), `${lines.map((one) => `${one}\n`).join('')}${end}`);
  }
}

async function strikeAt(scene: Scene, place: Place, at: number, strike: Strike, line: Line = 'whole'): Promise<void> {
  const { world, env, proxy } = await begin(scene, place);
  const kept = join(world.root, 'kept');
  const folders = ['.shadowctl', 'moved', 'elsewhere'];
  try {
    const dies = strike.startsWith('dies');
    proxy.arm(at, strike, () => {
      mkdirSync(kept);
      for (const name of folders)
        if (existsSync(join(world.root, name))) cpSync(join(world.root, name), join(kept, name), { recursive: true });
    });
    const ended = await play(world, scene, { ...env, AWS_ENDPOINT_URL: proxy.url });
    const context = `${scene.line}, ${strike} call ${at} (${proxy.calls[at]}), ${place}, line ${line}\n${ended.out}\n${ended.err}`;
    expect(ended.err, context).not.toContain('defect of shadowctl');
    if (dies) {
      for (const name of folders) {
        rmSync(join(world.root, name), { recursive: true, force: true });
        if (existsSync(join(kept, name))) renameSync(join(kept, name), join(world.root, name));
      }
      cut(world.root, line);
      const next = await world.shadowctl(`status ${ON}`, { env });
      expect(next.err, `${context}\n${next.err}`).not.toContain('defect of shadowctl');
    } else expect(ENDS, context).toContain(ended.code);
    const said = await cleanUp(world, env);
    expect(said).not.toContain('defect of shadowctl');
    expect(await remains(world), `${context}\n${said}`).toEqual([]);
  } finally {
    await proxy.close();
    await world.close();
  }
}

/** How many calls that change something a scene makes. */
async function callsOf(scene: Scene, place: Place): Promise<number> {
  const { world, env, proxy } = await begin(scene, place);
  try {
    proxy.arm(Number.POSITIVE_INFINITY, 'lost');
    const ended = await play(world, scene, { ...env, AWS_ENDPOINT_URL: proxy.url });
    expect(ENDS, `${scene.line}\n${ended.out}\n${ended.err}`).toContain(ended.code);
    const count = proxy.calls.length;
    const said = await cleanUp(world, env);
    expect(await remains(world), said).toEqual([]);
    return count;
  } finally {
    await proxy.close();
    await world.close();
  }
}

const STRIKES: readonly { strike: Strike; line?: Line }[] = [
  { strike: 'dies before' },
  { strike: 'dies before', line: 'missing' },
  { strike: 'dies before', line: 'torn' },
  { strike: 'dies after' },
  { strike: 'lost' },
  { strike: 'torn' },
  { strike: 'throttled' },
];

/** By a title that tells each from the others: so one alone can be run (`-t`). */
const CASES = SCENES.flatMap((scene) =>
  (['folder', 'bucket'] as const).map(
    (place) => [`${scene.line.replaceAll(/\S+\//g, '')}, journal in a ${place}`, { ...scene, place }] as const,
  ),
);

describe('struck at every change, each command is settled by the next, and cleanup leaves nothing', () => {
  test.for(sampled(CASES, 1))('%s', { timeout: 3_600_000 }, async ([, scene], { task }) => {
    const { place } = scene;
    const calls = await callsOf(scene, place);
    const cases = Array.from({ length: calls }, (_, at) => at).flatMap((at) =>
      STRIKES.filter(({ line }) => line === undefined || place === 'folder').map((one) => ({ at, ...one })),
    );
    const struck = { died: 0, lost: 0, torn: 0, throttled: 0 };
    task.meta.struck = struck;
    const { most = cases.length } = scene;
    const played = cases.filter(
      (_, i) => i === 0 || Math.floor((i * most) / cases.length) !== Math.floor(((i - 1) * most) / cases.length),
    );
    for (const { at, strike, line } of isWhole('matrix') ? played : sampled(cases, 2)) {
      await strikeAt(scene, place, at, strike, line);
      struck[strike === 'dies before' || strike === 'dies after' ? 'died' : strike] += 1;
    }
  });
});
