import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDocument } from '../../src/emulator/iam/document.ts';
import type { PermittedCommand } from '../../src/lifecycle/permissions/needs.ts';
import { callerPolicy, type PolicyDocument } from '../../src/lifecycle/permissions/policy.ts';
import { createBucket } from '../../src/aws/s3.ts';
import { autoscaled } from '../support/autoscaled.ts';
import { flow } from '../support/traffic.ts';
import { ARTIFACT_005, ARTIFACT_009, type Ended, FIXTURES, ROLE, type TestWorld, testWorld } from '../support/world.ts';

/*
 * Commands as a caller runs them whom a policy of IAM limits: the access key `deployer`. Whatever a scene needs before
 * is done by `test`, whom nothing limits, in the same account and folder.
 */

/** One command line, and what must stand before it. */
export interface Scene {
  name: string;
  command: PermittedCommand;
  /** Command lines by whoever may do everything. */
  prepare: readonly string[];
  /** Journals are kept in a bucket. */
  state?: true;
  /** After the first of these, production is made to scale automatically, as its owner would. */
  scales?: true;
  /** What the limited caller runs. */
  line: string | readonly string[];
  /** Requests flow while it runs, so many a second. */
  perSecond?: number;
  /** Minutes of requests before it runs. */
  minutesBefore?: number;
  /** Run by whoever may do everything, and so many minutes later the line. */
  beside?: { line: string; minutes: number };
  /** What shadowctl.yaml holds; undefined: there is none. */
  settings?: string;
  /** How it ends with every permission. */
  code: number;
}

const ON = '--endpoint weather';
const DEPLOY = `deploy ${ON} --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 2 --yes`;
/** Its journal lies where nobody looks. */
const ELSEWHERE = `${DEPLOY} --state elsewhere`;
const BETTER = `--artifact ${ARTIFACT_009} --algorithm linear-learner`;
const BROKEN = `--artifact ${ARTIFACT_009} --algorithm xgboost:1.2-1 --allow-mismatch`;
const UNKNOWN = `--artifact ${ARTIFACT_009} --image 123456789012.dkr.ecr.us-east-1.amazonaws.com/own:1`;
/** Served as the algorithm of that name. */
const OWN = '123456789012.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1';
const SHADOW = `shadow ${ON} ${BETTER} --sample 100% --yes`;
const CANARY = `canary ${ON} ${BETTER} --yes`;
const POLICY = 'inform: [latency, labels, numbers]\nminimumBlocks: 2\nblockMinutes: 2\nerrors: 0.1\n';

export const SCENES: readonly Scene[] = [
  { name: 'deploy a new endpoint', command: 'deploy', prepare: [], line: `${DEPLOY} --test test.csv`, code: 0 },
  { name: 'deploy another model', command: 'deploy', prepare: [DEPLOY], line: `deploy ${ON} ${BETTER} --yes`, code: 0 },
  {
    name: 'deploy a model that never starts',
    command: 'deploy',
    prepare: [DEPLOY],
    line: `deploy ${ON} ${UNKNOWN} --yes`,
    code: 1,
  },
  { name: 'invoke', command: 'invoke', prepare: [DEPLOY], line: `invoke ${ON} --data test.csv --count 5`, code: 0 },
  {
    name: 'canary',
    command: 'canary',
    prepare: [DEPLOY],
    line: `${CANARY} --traffic test.csv --rate 0.1`,
    perSecond: 1,
    minutesBefore: 5,
    code: 0,
  },
  {
    name: 'canary of a broken model',
    command: 'canary',
    prepare: [DEPLOY],
    line: `canary ${ON} ${BROKEN} --yes`,
    perSecond: 1,
    code: 1,
  },
  {
    name: 'rollout',
    command: 'rollout',
    prepare: [DEPLOY],
    line: `rollout ${ON} ${BETTER} --steps 50%,100% --bake 6m --policy policy.yaml --yes`,
    perSecond: 2,
    code: 0,
  },
  { name: 'shadow', command: 'shadow', prepare: [DEPLOY], line: SHADOW, code: 0 },
  { name: 'shadow detach', command: 'shadow', prepare: [DEPLOY, SHADOW], line: `shadow detach ${ON} --yes`, code: 0 },
  {
    name: 'shadow that scales',
    command: 'shadow',
    prepare: [DEPLOY],
    scales: true,
    line: `${SHADOW} --autoscale like-production`,
    code: 0,
  },
  {
    name: 'shadow detach of one that scales',
    command: 'shadow',
    prepare: [DEPLOY, `${SHADOW} --autoscale like-production`],
    scales: true,
    line: `shadow detach ${ON} --yes`,
    code: 0,
  },
  {
    name: 'cleanup of a shadow that scales',
    command: 'cleanup',
    prepare: [DEPLOY, `${SHADOW} --autoscale like-production`],
    scales: true,
    line: `cleanup ${ON} --yes`,
    code: 0,
  },
  { name: 'keep', command: 'keep', prepare: [DEPLOY, SHADOW], line: `keep ${ON} --yes`, code: 0 },
  {
    name: 'report',
    command: 'report',
    prepare: [DEPLOY, SHADOW],
    minutesBefore: 12,
    line: `report ${ON} --policy policy.yaml`,
    code: 0,
  },
  {
    name: 'report from logs',
    command: 'report',
    prepare: [DEPLOY, SHADOW],
    minutesBefore: 12,
    line: `report ${ON} --policy policy.yaml --source logs`,
    code: 3,
  },
  {
    name: 'report by a query of logs',
    command: 'report',
    prepare: [DEPLOY, SHADOW],
    minutesBefore: 12,
    line: [...`report ${ON} --policy policy.yaml --source logs --logs-query`.split(' '), 'fields @timestamp, @message'],
    code: 3,
  },
  {
    name: 'promote',
    command: 'promote',
    prepare: [DEPLOY, SHADOW],
    minutesBefore: 12,
    perSecond: 2,
    line: `promote ${ON} --policy policy.yaml --yes`,
    code: 0,
  },
  {
    name: 'release, to production',
    command: 'release',
    prepare: [DEPLOY],
    minutesBefore: 5,
    perSecond: 2,
    settings:
      'release: { policy: policy.yaml, sampling: [100%], approve: auto, settle: 2m, timeBox: 40m, answer: 10m }\n',
    line: `release ${ON} ${BETTER} --yes`,
    code: 0,
  },
  {
    name: 'release that is cancelled',
    command: 'release',
    prepare: [DEPLOY, `release ${ON} ${BETTER} --once --yes`],
    minutesBefore: 12,
    line: `release cancel ${ON} --yes`,
    code: 0,
  },
  {
    name: 'undo',
    command: 'undo',
    prepare: [DEPLOY, `deploy ${ON} ${BETTER} --yes`],
    line: `undo ${ON} --yes`,
    code: 0,
  },
  {
    name: 'undo with guardrails',
    command: 'undo',
    prepare: [DEPLOY, `deploy ${ON} ${BETTER} --yes`],
    perSecond: 1,
    minutesBefore: 5,
    line: `undo ${ON} --strategy canary --yes`,
    code: 0,
  },
  {
    name: 'abort',
    command: 'abort',
    prepare: [DEPLOY],
    perSecond: 1,
    beside: { line: CANARY, minutes: 6 },
    line: `abort ${ON} --yes`,
    code: 0,
  },
  { name: 'status', command: 'status', prepare: [DEPLOY, CANARY], line: `status ${ON}`, code: 0 },
  { name: 'ls', command: 'ls', prepare: [DEPLOY], line: 'ls --all', code: 0 },
  { name: 'adopt', command: 'adopt', prepare: [ELSEWHERE], line: `adopt ${ON}`, code: 0 },
  {
    name: 'disown',
    command: 'disown',
    prepare: [ELSEWHERE, `adopt ${ON}`],
    line: `disown ${ON}`,
    code: 0,
  },
  { name: 'deploy with a journal in a bucket', command: 'deploy', prepare: [], state: true, line: DEPLOY, code: 0 },
  {
    name: 'status with a journal in a bucket',
    command: 'status',
    prepare: [DEPLOY],
    state: true,
    line: `status ${ON}`,
    code: 0,
  },
  { name: 'ls with journals in a bucket', command: 'ls', prepare: [DEPLOY], state: true, line: 'ls', code: 0 },
  { name: 'history in a bucket', command: 'history', prepare: [DEPLOY], state: true, line: `history ${ON}`, code: 0 },
  {
    name: 'undo with a journal in a bucket',
    command: 'undo',
    prepare: [DEPLOY, `deploy ${ON} ${BETTER} --yes`],
    state: true,
    line: `undo ${ON} --yes`,
    code: 0,
  },
  {
    name: 'cleanup with a journal in a bucket',
    command: 'cleanup',
    prepare: [DEPLOY],
    state: true,
    line: `cleanup ${ON} --yes`,
    code: 0,
  },
  { name: 'state show', command: 'state', prepare: [DEPLOY], state: true, line: 'state show', code: 0 },
  {
    name: 'state move',
    command: 'state',
    prepare: [DEPLOY],
    state: true,
    line: 'state move --to elsewhere --yes',
    code: 0,
  },
  { name: 'history', command: 'history', prepare: [DEPLOY], line: `history ${ON}`, code: 0 },
  { name: 'doctor', command: 'doctor', prepare: [DEPLOY, CANARY], line: `doctor ${ON}`, code: 0 },
  {
    name: 'cleanup by tag',
    command: 'cleanup',
    prepare: [`${DEPLOY} --state elsewhere`],
    line: `cleanup ${ON} --by-tag --yes`,
    code: 0,
  },
  {
    name: 'prune',
    command: 'prune',
    prepare: [DEPLOY, `deploy ${ON} ${BETTER} --yes`, `deploy ${ON} ${BETTER} --yes`],
    line: `prune ${ON} --keep 1 --yes`,
    code: 0,
  },
  {
    name: 'doctor of an image of the own registry',
    command: 'doctor',
    prepare: [`deploy ${ON} --artifact ${ARTIFACT_005} --image ${OWN} --instances 2 --yes`],
    line: `doctor ${ON}`,
    code: 0,
  },
  {
    name: 'cleanup',
    command: 'cleanup',
    prepare: [DEPLOY, CANARY, SHADOW],
    minutesBefore: 2,
    line: `cleanup ${ON} --yes`,
    code: 0,
  },
];

/** The bucket of the journals. */
const STATE = 'journals-of-the-team';

/** Where the scenes play. */
const PLACE = {
  region: 'us-east-1',
  account: '000000000000',
  endpoint: 'weather',
  role: ROLE,
  buckets: [],
  topics: [],
};

/** The policy that `shadowctl iam-policy` prints for a command. */
export const printedPolicy = ({ command, state }: Pick<Scene, 'command' | 'state'>): PolicyDocument =>
  callerPolicy([command], { ...PLACE, ...(state === true && { state: { bucket: STATE, key: 'journals' } }) });

export const actionsOf = (policy: PolicyDocument): string[] => [
  ...new Set(policy.Statement.flatMap((statement) => statement.Action)),
];

/** The policy without one action. */
export function without(policy: PolicyDocument, action: string): PolicyDocument {
  const Statement = policy.Statement.map((one) => ({ ...one, Action: one.Action.filter((other) => other !== action) }));
  return { ...policy, Statement: Statement.filter((one) => one.Action.length > 0) };
}

/** How a scene ended. */
export interface Played extends Ended {
  /** Actions that the caller was asked for, and those that were denied. */
  asked: ReadonlySet<string>;
  denied: ReadonlySet<string>;
}

/** Plays a scene with a policy, then gives whoever may do everything the world to look at. */
export async function play<T>(
  scene: Scene,
  policy: object,
  look: (world: TestWorld, played: Played) => Promise<T>,
): Promise<T> {
  const world = await testWorld();
  try {
    copyFileSync(join(FIXTURES, 'data/test.csv'), join(world.root, 'test.csv'));
    writeFileSync(join(world.root, 'policy.yaml'), POLICY);
    if (scene.state === true) {
      await createBucket(world.aws, STATE);
      world.env.SHADOWCTL_STATE = `s3://${STATE}/journals`;
    }
    if (scene.settings !== undefined) writeFileSync(join(world.root, 'shadowctl.yaml'), scene.settings);
    for (const [at, line] of scene.prepare.entries()) {
      if (scene.scales === true && at === 1) await autoscaled(world.aws);
      const { code, err } = await world.shadowctl(line);
      if (code !== 0) throw new Error(`${line}: ${code} ${err}`);
    }
    if (scene.scales === true && scene.prepare.length === 1) await autoscaled(world.aws);
    const { iam } = world.emulator.world;
    const limited = async () => {
      iam.attach([
        { who: 'deployer', kind: 'identity-based policy', document: readDocument(policy, 'the printed policy') },
      ]);
      const ended = await world.shadowctl(scene.line, { env: { AWS_ACCESS_KEY_ID: 'deployer' } });
      const played = { ...ended, asked: new Set(iam.asked), denied: new Set(iam.denied) };
      return played;
    };
    if (scene.minutesBefore !== undefined)
      await withTraffic(world, 2, () => world.clock.sleep((scene.minutesBefore ?? 0) * 60_000));
    const whole = async (): Promise<Played> => {
      const { beside } = scene;
      if (beside === undefined) return limited();
      const [, played] = await world.clock.all<Played | undefined>([
        async () => void (await world.shadowctl(beside.line)),
        async () => {
          await world.clock.sleep(beside.minutes * 60_000);
          return limited();
        },
      ]);
      return played as Played;
    };
    const played = scene.perSecond === undefined ? await whole() : await withTraffic(world, scene.perSecond, whole);
    iam.attach([]);
    return await look(world, played);
  } finally {
    await world.close();
  }
}

async function withTraffic<T>({ clock, emulator }: TestWorld, perSecond: number, work: () => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const results: T[] = [];
  await clock.all<void>([
    async () => {
      try {
        results.push(await work());
      } finally {
        stop.abort();
      }
    },
    async () => void (await flow(clock, emulator, { endpoint: 'weather', perSecond, signal: stop.signal })),
  ]);
  return results[0] as T;
}
