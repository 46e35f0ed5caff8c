import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDocument } from '../../src/emulator/iam/document.ts';
import type { PermittedCommand } from '../../src/lifecycle/permissions/needs.ts';
import { callerPolicy, type Place, type PolicyDocument } from '../../src/lifecycle/permissions/policy.ts';
import type { Switches } from '../../src/emulator/world/options.ts';
import { createBucket } from '../../src/aws/s3.ts';
import { systemClock } from '../../src/base/clock.ts';
import { run } from '../../src/main.ts';
import { autoscaled } from '../support/autoscaled.ts';
import { csv, lake, WEATHER_ROWS } from '../support/batch.ts';
import { capturedIo } from '../support/io.ts';
import { flow, ROWS } from '../support/traffic.ts';
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
  /** Of the emulator. */
  switches?: Partial<Switches>;
  /** What others have done by then, after the lines of `prepare`. */
  arrange?: (world: TestWorld) => Promise<void>;
  /** Takes away what `arrange` made and `cleanup` does not know. */
  tidy?: (world: TestWorld) => Promise<void>;
  /** Where the printed policy is for more than the endpoint, its role and the default bucket. */
  place?: Partial<Pick<Place, 'buckets' | 'topics'>>;
  /** It runs until it is stopped: one of these requests is sent to it before, from the end of a path on. */
  serves?: string;
  /** Only these are taken away: what else it asks for, another scene of the command is played without. */
  takes?: readonly string[];
  /** How it ends with every permission. */
  code: number;
}

export const ON = '--endpoint weather';
export const DEPLOY = `deploy ${ON} --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 2 --yes`;
/** Its journal lies where nobody looks. */
export const ELSEWHERE = `${DEPLOY} --state elsewhere`;
export const BETTER = `--artifact ${ARTIFACT_009} --algorithm linear-learner`;
export const BROKEN = `--artifact ${ARTIFACT_009} --algorithm xgboost:1.2-1 --allow-mismatch`;
export const UNKNOWN = `--artifact ${ARTIFACT_009} --image 123456789012.dkr.ecr.us-east-1.amazonaws.com/own:1`;
/** Served as the algorithm of that name. */
export const OWN = '123456789012.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1';
export const SHADOW = `shadow ${ON} ${BETTER} --sample 100% --yes`;
export const CANARY = `canary ${ON} ${BETTER} --yes`;
const POLICY = 'inform: [latency, labels, numbers]\nminimumBlocks: 2\nblockMinutes: 2\nerrors: 0.1\n';

/** Requests as `record` takes them. */
export function recordedRequests(path: string): void {
  const lines = readFileSync(join(FIXTURES, 'data/test.csv'), 'utf8').trim().split('\n').slice(0, 5);
  const recorded = lines.map((line, i) => {
    const features = line.split(',').map(Number);
    return `${JSON.stringify({ id: `${i}`, side: 'live', status: null, latency: 1, request: { instances: [{ features }] } })}\n`;
  });
  writeFileSync(path, recorded.join(''));
}

const LAKE = 'permitted-lake';
const BATCH = `batch run --batch nightly --input s3://${LAKE}/sound/ --output s3://${LAKE}/out ${BETTER} --against decided.csv:decision --id 1 --yes`;
/** Rows of a day, and what was decided about them. */
const OF_A_BATCH: Pick<Scene, 'arrange' | 'tidy' | 'place'> = {
  place: { buckets: [LAKE] },
  async arrange(world) {
    await lake(world).make(LAKE);
    await lake(world).put('sound/a.csv', csv(WEATHER_ROWS.slice(0, 3)), LAKE);
    await lake(world).put('broken/a.csv', 'x,y\n', LAKE);
    writeFileSync(join(world.root, 'decided.csv'), 'inferenceId,decision\n0.0,1\n1.5,2\n');
  },
  async tidy(world) {
    await world.shadowctl('cleanup --batch nightly --yes');
  },
};

/** What each command needs as it is run every day. */
export const DAILY: readonly Scene[] = [
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
    name: 'replay to an endpoint',
    command: 'replay',
    prepare: [DEPLOY],
    arrange: async ({ root }) => recordedRequests(join(root, 'recorded.jsonl')),
    tidy: async ({ root }) => rmSync(join(root, 'replay'), { recursive: true, force: true }),
    line: `replay ${ON} --from recorded.jsonl --speed max`,
    code: 0,
  },
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
  { ...OF_A_BATCH, name: 'batch run', command: 'batch', prepare: [], line: BATCH, code: 0 },
  {
    ...OF_A_BATCH,
    name: 'batch run, where an object fails',
    command: 'batch',
    prepare: [],
    line: `${BATCH.replace('/sound/', '/broken/')} --max-cost 1`,
    takes: ['logs:FilterLogEvents'],
    code: 1,
  },
  {
    ...OF_A_BATCH,
    name: 'cleanup of a batch',
    command: 'cleanup',
    prepare: [],
    async arrange(world) {
      await OF_A_BATCH.arrange?.(world);
      await world.shadowctl(BATCH);
    },
    line: 'cleanup --batch nightly --yes',
    code: 0,
  },
  {
    ...OF_A_BATCH,
    name: 'cleanup of a batch by tag',
    command: 'cleanup',
    prepare: [],
    async arrange(world) {
      await OF_A_BATCH.arrange?.(world);
      await world.shadowctl(`${BATCH} --state elsewhere`);
    },
    async tidy(world) {
      await world.shadowctl('cleanup --batch nightly --yes --state elsewhere');
    },
    line: 'cleanup --batch nightly --by-tag --yes',
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
  {
    name: 'cleanup of an adopted endpoint with a shadow',
    command: 'cleanup',
    prepare: [ELSEWHERE, `adopt ${ON}`, SHADOW],
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
    name: 'report by Athena',
    command: 'report',
    prepare: [DEPLOY, SHADOW],
    minutesBefore: 12,
    line: `report ${ON} --policy policy.yaml --engine athena`,
    takes: [
      ...['BatchGetQueryExecution', 'GetQueryExecution', 'GetQueryResults', 'GetWorkGroup', 'ListQueryExecutions'].map(
        (name) => `athena:${name}`,
      ),
      'athena:StartQueryExecution',
      ...['CreateDatabase', 'CreateTable', 'DeleteTable', 'GetDatabase', 'GetTables'].map((name) => `glue:${name}`),
      ...['DeleteObject', 'GetBucketLocation'].map((name) => `s3:${name}`),
    ],
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
    prepare: [
      `deploy ${ON} --artifact ${ARTIFACT_005} --image ${OWN} --instances 2 --instance-type ml.p5.48xlarge --yes`,
    ],
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
export const printedPolicy = ({ command, state, place }: Pick<Scene, 'command' | 'state' | 'place'>): PolicyDocument =>
  callerPolicy([command], { ...PLACE, ...place, ...(state === true && { state: { bucket: STATE, key: 'journals' } }) });

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
  const world = await testWorld({ switches: scene.switches ?? {} });
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
    await scene.arrange?.(world);
    const { iam } = world.emulator.world;
    const limited = async () => {
      iam.attach([
        { who: 'deployer', kind: 'identity-based policy', document: readDocument(policy, 'the printed policy') },
      ]);
      const { line, serves } = scene;
      const env = { AWS_ACCESS_KEY_ID: 'deployer', XDG_CACHE_HOME: join(world.root, 'caches') };
      const ended =
        serves === undefined ? await world.shadowctl(line, { env }) : await served(world, line, serves, env);
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
    await scene.tidy?.(world);
    return await look(world, played);
  } finally {
    await world.close();
  }
}

/** What `mirror status` prints, as far as it is read here. */
interface MirrorStatus {
  shadows: Record<string, { outcomes: Record<string, number> }>;
}

/** A command that serves, from its start to its end: what it said, and what it answered one request. */
async function served(
  { root, env, shadowctl }: TestWorld,
  line: Scene['line'],
  path: string,
  extra: Record<string, string>,
): Promise<Ended> {
  const io = capturedIo();
  const [stop, words] = [new AbortController(), typeof line === 'string' ? line.split(' ') : line];
  // Its connections are real, and so is the time that they take.
  const around = { clock: systemClock, env: { ...env, ...extra }, cwd: root, signal: stop.signal, io: () => io };
  let over = false;
  const ending = run(words, around).finally(() => (over = true));
  while (io.errLines.length === 0 && !over) await new Promise((resolve) => setTimeout(resolve, 5));
  const { port } = over ? { port: undefined } : (JSON.parse(io.errLines[0] ?? '') as { port: number });
  let answer = '';
  if (port !== undefined) {
    const sent = { method: 'POST', headers: { 'Content-Type': 'text/csv' }, body: ROWS[0] ?? '' };
    answer = await (await fetch(`http://127.0.0.1:${port}${path}`, sent)).text();
    const control = `--socket ${join(root, 'control')}`;
    const copied = async () => {
      const { shadows } = JSON.parse((await shadowctl(`mirror status ${control}`)).out) as MirrorStatus;
      return Object.values(shadows).every(({ outcomes }) => Object.values(outcomes).some((count) => count > 0));
    };
    while (!(await copied())) await new Promise((resolve) => setTimeout(resolve, 5));
    await shadowctl(`mirror stop ${control}`);
  }
  const code = await ending;
  return { code, out: [...io.outLines, answer].join('\n'), err: io.errLines.join('\n') };
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
