import { renameSync, rmSync } from 'node:fs';
import {
  CreateEndpointConfigCommand,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from '@aws-sdk/client-sagemaker';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeEndpoint } from '../../../src/aws/sagemaker.ts';
import type { Report } from '../../../src/report/report.ts';
import { REALISTIC_LATENCIES } from '../../../src/emulator/world/options.ts';
import { flow } from '../../support/traffic.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../../support/world.ts';

const MINUTE = 60_000;
const RATE = 20;
const iso = (ms: number) => new Date(ms).toISOString();

/** Requests for so many minutes, beside a command where one is given. */
async function traffic(world: TestWorld, minutes: number): Promise<void> {
  await flow(world.clock, world.emulator, { endpoint: 'w', perSecond: RATE / 60, duration: minutes * MINUTE });
}

/** A command, while requests flow. */
async function busy(world: TestWorld, line: string): Promise<void> {
  const done = new AbortController();
  const [ended] = await world.clock.all<unknown>([
    async () => {
      const found = await world.shadowctl(line);
      done.abort();
      return found;
    },
    () => flow(world.clock, world.emulator, { endpoint: 'w', perSecond: RATE / 60, signal: done.signal }),
  ]);
  expect(ended).toMatchObject({ code: 0 });
}

async function report(world: TestWorld, flags = ''): Promise<Report> {
  const { out } = await world.shadowctl(`report --endpoint w --format json ${flags}`.trim());
  return JSON.parse(out) as Report;
}

const asked = ({ summaries }: Report) => summaries.production.invocations;

const DEPLOY = `deploy --endpoint w --artifact ${ARTIFACT_005} --algorithm linear-learner --model-name production --yes`;
const BAD = `shadow --endpoint w --artifact ${ARTIFACT_009} --image 683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-1 --allow-mismatch --model-name bad --yes`;
const GOOD = `shadow --endpoint w --artifact ${ARTIFACT_005} --algorithm linear-learner --model-name good --yes`;

describe('an endpoint that had another shadow before', () => {
  let world: TestWorld;
  /** When the bad shadow was there, and when the good one had come up. */
  let [bad, leaving, good] = [0, 0, 0];
  beforeAll(async () => {
    world = await testWorld({ latencies: REALISTIC_LATENCIES });
    await world.shadowctl(DEPLOY);
    await busy(world, BAD);
    bad = world.clock.now();
    await traffic(world, 15);
    leaving = world.clock.now();
    await busy(world, 'shadow detach --endpoint w --yes');
    await busy(world, GOOD);
    good = world.clock.now();
    await traffic(world, 10);
    world.clock.advance(3 * MINUTE);
  }, 60_000);
  afterAll(() => world.close());

  test.each(['', '--last 2h', '--last 40m'])('is judged by what the present one did (%s)', async (flags) => {
    const found = await report(world, flags);
    expect(found.observations.shadow?.model).toBe('good');
    expect(found.summaries.shadow?.errorRate).toBe(0);
    expect(found.summaries.shadow?.invocations).toBe(asked(found));
    expect(found.observations.window.from).toBeGreaterThanOrEqual(good - 2 * MINUTE);
    expect(found.observations.predictions).toMatchObject({ coverage: 1 });
    expect(found.observations.predictions?.pairs).toBe(found.observations.predictions?.production.records);
  });

  test('what is left out is named, with the models of then', async () => {
    const { observations } = await report(world, '--last 2h');
    expect(observations.leftOut).toContainEqual(
      expect.objectContaining({ why: 'other-models', production: 'production', shadow: 'bad' }),
    );
    expect(observations.notes.join(' ')).toMatch(
      /Left out: \d\d:\d\d–\d\d:\d\d UTC, when bad was the shadow of production\./,
    );
    expect((await report(world)).observations.leftOut).toBeUndefined();
  });

  test('a window that ends before is judged with the models of then', async () => {
    const found = await report(world, `--from ${iso(bad - 30 * MINUTE)} --to ${iso(leaving)}`);
    expect(found.observations.shadow).toMatchObject({ model: 'bad' });
    expect(found.summaries.shadow?.errorRate).toBe(1);
    expect(found.verdict?.outcome).toBe('fail');
    expect(found.observations.window.from).toBeGreaterThanOrEqual(bad - MINUTE);
  });

  test('without the journal, the present models alone are judged, and an earlier window is refused', async () => {
    const [state, aside] = [join(world.root, '.shadowctl'), join(world.root, 'aside')];
    renameSync(state, aside);
    try {
      const { observations, summaries } = await report(world, '--last 2h');
      expect(summaries.shadow?.errorRate).toBe(0);
      expect(observations.leftOut?.map(({ why }) => why)).toEqual(['unknown-models']);
      const early = await world.shadowctl(`report --endpoint w --from ${iso(bad)} --to ${iso(leaving)}`);
      expect(early).toMatchObject({ code: 2, err: expect.stringContaining('does not know which models it ran then') });
    } finally {
      rmSync(state, { recursive: true });
      renameSync(aside, state);
    }
  });

  test('instances that come or go change nothing, with a journal or without', async () => {
    const before = await report(world);
    const sagemaker = await world.aws.sagemaker();
    await sagemaker.send(
      new UpdateEndpointWeightsAndCapacitiesCommand({
        EndpointName: 'w',
        DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 2 }],
      }),
    );
    // Updating it is meanwhile, but nothing leads away from this evidence, so that whoever watches it goes on.
    expect((await describeEndpoint(world.aws, 'w'))?.EndpointStatus).toBe('Updating');
    expect((await report(world)).observations.underWay).toBeUndefined();
    await traffic(world, 15);
    world.clock.advance(3 * MINUTE);
    const modified = (await describeEndpoint(world.aws, 'w'))?.LastModifiedTime?.getTime() ?? 0;
    expect(modified).toBeGreaterThan(before.observations.window.to);
    const after = await report(world);
    expect(after.observations.window.from).toBe(before.observations.window.from);
    const [state, aside] = [join(world.root, '.shadowctl'), join(world.root, 'aside')];
    renameSync(state, aside);
    try {
      expect((await report(world)).observations.window.from).toBe(before.observations.window.from);
    } finally {
      rmSync(state, { recursive: true });
      renameSync(aside, state);
    }
  });

  test('while an update is under way, evidence ends where it began', async () => {
    const sagemaker = await world.aws.sagemaker();
    const variant = { ModelName: 'production', InstanceType: 'ml.m5.large', InitialInstanceCount: 1 } as const;
    await sagemaker.send(
      new CreateEndpointConfigCommand({
        EndpointConfigName: 'next',
        ProductionVariants: [{ ...variant, VariantName: 'AllTraffic' }],
      }),
    );
    await traffic(world, 2);
    const began = world.clock.now();
    await sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'w', EndpointConfigName: 'next' }));
    await traffic(world, 2);
    expect(await describeEndpoint(world.aws, 'w')).toMatchObject({ EndpointStatus: 'Updating' });
    const { observations } = await report(world);
    expect(observations.shadow?.model).toBe('good');
    expect(observations.window.to).toBeLessThanOrEqual(began);
    expect(observations.window.to).toBeGreaterThan(began - 2 * MINUTE);
  });

  test('minutes that CloudWatch no longer has are refused', async () => {
    const old = await world.shadowctl('report --endpoint w --from 2025-12-01T09:00Z --to 2025-12-01T10:00Z');
    expect(old).toMatchObject({ code: 2, err: expect.stringContaining('for 15 days') });
  });
});
