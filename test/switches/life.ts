import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { takeCensus } from '../../src/aws/census.ts';
import { scalableTargets } from '../../src/aws/autoscaling.ts';
import { logGroupExists } from '../../src/aws/logs.ts';
import { bucketExists } from '../../src/aws/s3.ts';
import type { EmulatorOptions } from '../../src/emulator/world/options.ts';
import { autoscaled } from '../support/autoscaled.ts';
import { flow } from '../support/traffic.ts';
import { ARTIFACT_005, ARTIFACT_009, type Ended, FIXTURES, type TestWorld, testWorld } from '../support/world.ts';

const ON = '--endpoint weather';
const BETTER = `--artifact ${ARTIFACT_009} --algorithm linear-learner`;
const BROKEN = `--artifact ${ARTIFACT_009} --algorithm xgboost:1.2-1 --allow-mismatch`;
/** Few blocks, so that a quarter of an hour decides. */
const POLICY = 'inform: [latency, labels, numbers]\nminimumBlocks: 2\nblockMinutes: 2\nerrors: 0.1\n';

/** The whole life cycle, step by step, each with the code that it ends with. */
export const STEPS = [
  {
    name: 'deploy',
    line: `deploy ${ON} --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 2 --yes`,
    code: 0,
  },
  { name: 'canary', line: `canary ${ON} ${BETTER} --yes`, code: 0 },
  { name: 'broken canary', line: `canary ${ON} ${BROKEN} --yes`, code: 1 },
  { name: 'shadow', line: `shadow ${ON} ${BETTER} --sample 100% --autoscale like-production --yes`, code: 0 },
  { name: 'report', line: `report ${ON} --policy policy.yaml --format json`, code: 0 },
  { name: 'promote', line: `promote ${ON} --policy policy.yaml --yes`, code: 0 },
  { name: 'undo', line: `undo ${ON} --yes`, code: 0 },
  { name: 'cleanup', line: `cleanup ${ON} --yes`, code: 0 },
] as const;

export type StepName = (typeof STEPS)[number]['name'];

/** How one step ended; the lines that were typed for it, the last of them as it had to be. */
interface Played extends Ended {
  name: StepName;
  line: string;
}

/** What is typed where a step is refused, made of what was typed first. */
export type Ways = Partial<Record<StepName, { otherwise?: (line: string) => string }>>;

export interface Life {
  played: Played[];
  /** What stands at the end. */
  left: string[];
}

/** Steps that need no requests, and little time. */
export const QUIET: readonly StepName[] = ['deploy', 'canary', 'shadow', 'undo', 'cleanup'];

/** Plays the life cycle from a new world to its cleanup, ways out included. Requests flow all the while, if steps need any. */
export async function live(
  options: Partial<EmulatorOptions>,
  refused: Ways,
  steps: readonly StepName[] = STEPS.map(({ name }) => name),
): Promise<Life> {
  const world = await testWorld(options);
  try {
    copyFileSync(join(FIXTURES, 'data/test.csv'), join(world.root, 'test.csv'));
    writeFileSync(join(world.root, 'policy.yaml'), POLICY);
    const played: Played[] = [];
    const type = async (name: StepName, line: string) => {
      const wanted = STEPS.find((step) => step.name === name)?.code;
      const ended = await world.shadowctl(line);
      played.push({ name, line, ...ended });
      const otherwise = ended.code === wanted ? undefined : refused[name]?.otherwise?.(line);
      if (otherwise !== undefined) played.push({ name, line: otherwise, ...(await world.shadowctl(otherwise)) });
    };
    const chosen = STEPS.filter(({ name }) => steps.includes(name));
    if (steps.includes('report')) {
      const [first, ...rest] = chosen;
      if (first !== undefined) await type(first.name, first.line);
      await autoscaled(world.aws);
      await withTraffic(world, 1, async () => {
        await world.clock.sleep(5 * 60_000);
        for (const { name, line } of rest) {
          if (name === 'report') await world.clock.sleep(14 * 60_000);
          await type(name, line);
        }
      });
    } else
      for (const { name, line } of chosen) {
        await type(name, line);
        if (name === 'deploy') await autoscaled(world.aws);
      }
    return { played, left: await remains(world) };
  } finally {
    await world.close();
  }
}

/** What is typed of an endpoint that another journal made, with journals in a bucket. */
const ADOPTED = [
  `adopt ${ON}`,
  `canary ${ON} ${BETTER} --yes`,
  `shadow ${ON} ${BETTER} --yes`,
  `keep ${ON} --yes`,
  `undo ${ON} --yes`,
  `prune ${ON} --keep 1 --yes`,
  `disown ${ON}`,
  `cleanup ${ON} --yes`,
  `cleanup ${ON} --state elsewhere --yes`,
  // What the endpoint ran with to the end, and what that needed.
  `cleanup ${ON} --yes`,
  `cleanup ${ON} --state elsewhere --yes`,
] as const;

/** Plays the life of an adopted endpoint, whose journals lie in a bucket. */
export async function liveAdopted(
  options: Partial<EmulatorOptions>,
): Promise<{ played: (Ended & { line: string })[]; left: string[] }> {
  const world = await testWorld(options);
  const env = { SHADOWCTL_STATE: 's3://team/shadowctl' };
  try {
    await (await world.aws.s3()).send(new CreateBucketCommand({ Bucket: 'team' }));
    const played: (Ended & { line: string })[] = [];
    for (const line of [`${STEPS[0].line} --state elsewhere`, ...ADOPTED]) {
      const ended = await world.shadowctl(line, { env });
      played.push({ line, ...ended });
      // An account that may not capture is told what to do instead.
      if (ended.code === 2 && ended.err.includes('--no-capture'))
        played.push({ line: `${line} --no-capture`, ...(await world.shadowctl(`${line} --no-capture`, { env })) });
    }
    return { played, left: await remains(world) };
  } finally {
    await world.close();
  }
}

async function remains({ aws }: TestWorld): Promise<string[]> {
  const census = Object.values(await takeCensus(aws)).flat();
  const bucket = (await bucketExists(aws, 'sagemaker-us-east-1-000000000000')) ? ['bucket'] : [];
  const logs = (await logGroupExists(aws, '/aws/sagemaker/Endpoints/weather')) ? ['logs'] : [];
  const scaling = await scalableTargets(aws, 'weather', ['AllTraffic', 'shadow']);
  return [...census, ...bucket, ...logs, ...scaling.map(({ variant }) => `target ${variant}`)];
}

async function withTraffic(
  { clock, emulator }: TestWorld,
  perSecond: number,
  work: () => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  await clock.all<void>([
    async () => {
      try {
        await work();
      } finally {
        stop.abort();
      }
    },
    async () => void (await flow(clock, emulator, { endpoint: 'weather', perSecond, signal: stop.signal })),
  ]);
}
