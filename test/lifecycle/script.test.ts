import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readPolicy } from '../../src/analysis/policy/schema.ts';
import { takeCensus } from '../../src/aws/census.ts';
import { describeEndpoint } from '../../src/aws/sagemaker.ts';
import { type Aws, connect } from '../../src/aws/clients.ts';
import { VirtualClock } from '../../src/base/clock.ts';
import { MINUTE } from '../../src/base/units.ts';
import { type Emulator, startEmulator } from '../../src/emulator/http/server.ts';
import { cleanup } from '../../src/lifecycle/cleanup.ts';
import { createSession } from '../../src/lifecycle/create-session.ts';
import { deploy } from '../../src/lifecycle/deploy.ts';
import type { LifecycleEvent } from '../../src/lifecycle/events.ts';
import { judgeEndpoint } from '../../src/lifecycle/judge.ts';
import { promote } from '../../src/lifecycle/promote.ts';
import { attachShadow } from '../../src/lifecycle/shadow/attach.ts';
import { readPayloads } from '../../src/lifecycle/traffic/payloads.ts';
import { sendRequests } from '../../src/lifecycle/traffic/send.ts';
import { replay } from '../../src/state/replay.ts';
import { ARTIFACT_005, ARTIFACT_009, FIXTURES, ROLE, START } from '../support/world.ts';

/*
 * The life cycle from a script: neither the program nor the App nor a parser, only functions, options and values.
 */

const clock = new VirtualClock(START);
let emulator: Emulator;
let aws: Aws;
let folder: string;

beforeEach(async () => {
  emulator = await startEmulator({ clock, seed: 1 });
  folder = await mkdtemp(join(tmpdir(), 'shadowctl-script-'));
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  aws = connect({ region: 'us-east-1', endpointUrl: emulator.url, profile: undefined, credentials });
});

afterEach(async () => {
  aws.close();
  await emulator.close();
  await rm(folder, { recursive: true, force: true });
});

const endpoint = 'weather';
const good = { artifact: ARTIFACT_009, algorithm: 'linear-learner' };
const first = { artifact: ARTIFACT_005, algorithm: 'linear-learner' };
const payloads = { file: join(FIXTURES, 'data/test.csv'), option: 'data' } as const;
const RULES = { inform: ['latency', 'labels', 'numbers'], minimumBlocks: 2, blockMinutes: 2, errors: 0.1 };

test('deploy, shadow, judge, promote and cleanup from a script; nothing is left behind', async () => {
  const events: LifecycleEvent['kind'][] = [];
  const emit = ({ kind }: LifecycleEvent) => void events.push(kind);
  const session = createSession({ aws, folder, clock, project: { role: ROLE }, emit });
  const deployed = await deploy(session, { endpoint, candidate: first, instances: 2 });
  expect(deployed).toMatchObject({ kind: 'done', settled: { kind: 'running' } });

  const attached = await attachShadow(session, { endpoint, candidate: good });
  expect(attached).toMatchObject({ kind: 'done', settled: { kind: 'running' } });
  await sendRequests(session, endpoint, await readPayloads(session, payloads), { rate: 1, duration: 12 * MINUTE });
  await clock.sleep(3 * MINUTE);

  const policy = readPolicy(RULES, 'a script');
  const source = { kind: 'endpoint', endpoint, predictions: true, logs: undefined } as const;
  const report = await judgeEndpoint(session, { source, window: { length: 10 * MINUTE }, policy });
  expect(report.verdict).toMatchObject({ outcome: 'pass' });

  const guard = { strategy: { strategy: 'canary', bakeSeconds: 120, finalBakeSeconds: 0 }, unguarded: true } as const;
  const promoted = await promote(session, { endpoint, judging: { policy }, guard });
  expect(promoted).toMatchObject({ kind: 'finished', ended: { ending: { kind: 'updated' } } });

  const cleaned = await cleanup(session, { endpoint });
  expect(cleaned.endpoints).toMatchObject([{ kind: 'done', endpoint, left: [], clean: true }]);
  expect(await takeCensus(aws)).toEqual({ endpoints: [], endpointConfigs: [], models: [], alarms: [] });
  expect(events).toEqual(expect.arrayContaining(['step-applied', 'shadow-judged', 'update-ended', 'deleted']));
});

test('a plan that is not approved changes nothing', async () => {
  const approve = async () => {
    throw new Error('not today');
  };
  const session = createSession({ aws, folder, clock, project: { role: ROLE }, approve });
  await expect(deploy(session, { endpoint, candidate: first })).rejects.toThrow('not today');
  const journal = await session.journal(endpoint);
  expect(journal.events().filter((event) => event.type === 'begin')).toEqual([]);
});

test('a shadow whose time is over is detached first by a script, too; not for a plan, and not where the candidate is wrong', async () => {
  const session = createSession({ aws, folder, clock, project: { role: ROLE } });
  await deploy(session, { endpoint, candidate: first });
  await attachShadow(session, { endpoint, candidate: good, lasts: 10 * MINUTE });
  await clock.sleep(11 * MINUTE);
  const shadows = async () => (await describeEndpoint(aws, endpoint))?.ShadowProductionVariants?.length ?? 0;
  const candidate = { ...good, modelName: 'next', configName: 'next' };
  await expect(deploy(session, { endpoint, candidate: { ...candidate, artifact: 'no.tar.gz' } })).rejects.toThrow(
    'no.tar.gz',
  );
  expect(await deploy(session, { endpoint, candidate, plan: true })).toMatchObject({ kind: 'detaches-first' });
  expect(await shadows()).toBe(1);
  expect(await deploy(session, { endpoint, candidate })).toMatchObject({ kind: 'done', settled: { kind: 'running' } });
  expect(await shadows()).toBe(0);
  const replayed = replay((await session.journal(endpoint)).events());
  expect(replayed.runs.map(({ command }) => command)).toEqual(['deploy', 'shadow', 'shadow detach', 'deploy']);
});
