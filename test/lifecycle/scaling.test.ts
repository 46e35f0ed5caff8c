import {
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
  type TargetTrackingScalingPolicyConfiguration,
} from '@aws-sdk/client-application-auto-scaling';
import { UpdateEndpointWeightsAndCapacitiesCommand } from '@aws-sdk/client-sagemaker';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SCALABLE_DIMENSION, scalableResource, scalableTargets, scalingPolicies } from '../../src/aws/autoscaling.ts';
import { deletePrefix } from '../../src/aws/s3.ts';
import { describeEndpoint } from '../../src/aws/sagemaker.ts';
import { interrupted } from '../../src/base/errors.ts';
import type { Report } from '../../src/report/report.ts';
import { capturedIo } from '../support/io.ts';
import { flow } from '../support/traffic.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../support/world.ts';
import { matrixTest } from '../support/sizes.ts';

/* Endpoints that scale automatically; instances that run at the same time; ways back that are none. */

let world: TestWorld;
const BETTER = `--artifact ${ARTIFACT_009} --algorithm linear-learner`;

async function ran(line: string): Promise<string> {
  const { code, out, err } = await world.shadowctl(line);
  expect(code, err).toBe(0);
  return `${out}\n${err}`.replace(/\s+/g, ' ');
}

/** Both streams of a command, in one line. */
async function said(line: string, env?: Record<string, string>): Promise<string> {
  const { out, err } = await world.shadowctl(line, { env });
  return `${out}\n${err}`.replace(/\s+/g, ' ');
}

async function scales(variant = 'AllTraffic', min = 2, max = 6): Promise<void> {
  const client = await world.aws.autoscaling();
  const ResourceId = scalableResource('weather', variant);
  await client.send(
    new RegisterScalableTargetCommand({
      ServiceNamespace: 'sagemaker',
      ScalableDimension: SCALABLE_DIMENSION,
      ResourceId,
      MinCapacity: min,
      MaxCapacity: max,
    }),
  );
}

beforeEach(async () => {
  world = await testWorld();
  await ran(`deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 2 --yes`);
});
afterEach(() => world.close());

test('every plan says how many instances run at the same time, shadows included', async () => {
  const both = 'run at the same time';
  expect(await said(`deploy --endpoint weather ${BETTER} --plan`)).toContain(`4 × ml.m5.large ${both}`);
  const shadow = `shadow --endpoint weather ${BETTER} --instances 1 --instance-type ml.m5.xlarge`;
  expect(await said(`${shadow} --plan`)).toContain(`4 × ml.m5.large and 1 × ml.m5.xlarge ${both}`);
  expect(await said(`rollout --endpoint weather ${BETTER} --steps 50%,100% --plan`)).toContain(
    `6 × ml.m5.large ${both}`,
  );
  await ran(`shadow --endpoint weather ${BETTER} --instances 1 --yes`);
  expect(await said('shadow detach --endpoint weather --plan')).toContain(`5 × ml.m5.large ${both}`);
  expect(await said('doctor --endpoint weather')).toContain('5 × ml.m5.large during a promotion');
});

test('doctor and plans tell what scales, and what it forbids', async () => {
  await ran(`shadow --endpoint weather ${BETTER} --yes`);
  await scales();
  const found = await said('doctor --endpoint weather');
  expect(found).toContain('scales automatically, between 2 and 6 instances, but not while an update is in progress');
  expect(found).toContain('The shadow shadow does not scale with production');
  expect(found).toContain('register-scalable-target');
  await scales('shadow');
  expect(await said('doctor --endpoint weather')).not.toContain('does not scale with production');
  await ran('shadow detach --endpoint weather --yes');
  expect(await said(`shadow --endpoint weather ${BETTER} --plan`)).toContain('and shadow does not');
  const canary = `canary --endpoint weather ${BETTER} --plan`;
  expect(await said(`${canary} --bake 5m --final-bake 5m`)).toContain('for at least 10 min, 2 instances must carry');
  const other = await world.shadowctl('deploy --endpoint weather --instance-type ml.m5.xlarge --yes');
  expect(other.code).toBe(2);
  expect(other.err.replace(/\s+/g, ' ')).toContain('refuses to update it from ml.m5.large to ml.m5.xlarge');
  expect(other.err).toContain('deregister-scalable-target');
});

test('where nobody may look, or no way leads there, the work goes on, and that is said', async () => {
  await scales();
  const NOBODY = { AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING: 'http://127.0.0.1:9' };
  const unseen = 'not seen: whether endpoint weather scales automatically';
  expect(await said(`deploy --endpoint weather ${BETTER} --plan`, NOBODY)).toContain(unseen);
  world.emulator.world.faults.add({ kind: 'deny', operation: 'DescribeScalableTargets' });
  expect(await said(`deploy --endpoint weather ${BETTER} --plan`)).toContain(
    `${unseen}, needs application-autoscaling:DescribeScalableTargets`,
  );
});

test('a plan says where there is no way back to what runs', async () => {
  await deletePrefix(world.aws, 's3://sagemaker-us-east-1-000000000000/shadowctl/');
  expect(await said(`deploy --endpoint weather ${BETTER} --plan`)).toContain(
    'there is no way back to what runs now: s3://',
  );
});

test('before requests return to production, it has its instances again', async () => {
  writeFileSync(
    join(world.root, 'policy.yaml'),
    'inform: [latency]\nerrors: 0.2\nblockMinutes: 1\nminimumBlocks: 50\n',
  );
  const stop = new AbortController();
  const production = async () =>
    (await describeEndpoint(world.aws, 'weather'))?.ProductionVariants?.find((one) => one.VariantName === 'AllTraffic')
      ?.DesiredInstanceCount;
  await world.clock.all<unknown>([
    () =>
      world.shadowctl(`rollout --endpoint weather ${BETTER} --steps 50%,100% --bake 30m --policy policy.yaml --yes`, {
        signal: stop.signal,
      }),
    () => flow(world.clock, world.emulator, { endpoint: 'weather', perSecond: 0.2, signal: stop.signal }),
    async () => {
      await world.clock.sleep(15 * 60_000);
      // As target tracking does when half of the requests are gone.
      const client = await world.aws.sagemaker();
      await client.send(
        new UpdateEndpointWeightsAndCapacitiesCommand({
          EndpointName: 'weather',
          DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 1 }],
        }),
      );
      await world.clock.sleep(5 * 60_000);
      stop.abort(interrupted('Interrupted.'));
    },
  ]);
  expect(await production()).toBe(1);
  expect(await ran('rollout --endpoint weather --cancel')).toContain('Production had 1 of its 2 instances left');
  expect(await production()).toBe(2);
});

test('undo refuses a way back whose artifact is gone', async () => {
  await ran(`deploy --endpoint weather ${BETTER} --yes`);
  await deletePrefix(world.aws, 's3://sagemaker-us-east-1-000000000000/shadowctl/');
  const { code, err } = await world.shadowctl('undo --endpoint weather --yes');
  expect(code).toBe(2);
  expect(err.replace(/\s+/g, ' ')).toMatch(/cannot go back to \S+: s3:\S+, the artifact of model \S+ no longer exists/);
});

describe('shadow --autoscale like-production', () => {
  const AUTOSCALED = `shadow --endpoint weather ${BETTER} --autoscale like-production`;
  const SHADOW = scalableResource('weather', 'shadow');
  const BY_REQUESTS: TargetTrackingScalingPolicyConfiguration = {
    TargetValue: 70,
    PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
  };
  const BY_CPU: TargetTrackingScalingPolicyConfiguration = {
    TargetValue: 50,
    CustomizedMetricSpecification: {
      MetricName: 'CPUUtilization',
      Namespace: '/aws/sagemaker/Endpoints',
      Statistic: 'Average',
      Dimensions: [
        { Name: 'EndpointName', Value: 'weather' },
        { Name: 'VariantName', Value: 'AllTraffic' },
      ],
    },
  };

  async function policy(PolicyName: string, more: object): Promise<void> {
    const client = await world.aws.autoscaling();
    await client.send(
      new PutScalingPolicyCommand({
        ServiceNamespace: 'sagemaker',
        ScalableDimension: SCALABLE_DIMENSION,
        ResourceId: scalableResource('weather', 'AllTraffic'),
        PolicyName,
        ...more,
      }),
    );
  }
  const tracking = (name: string, config: TargetTrackingScalingPolicyConfiguration) =>
    policy(name, { PolicyType: 'TargetTrackingScaling', TargetTrackingScalingPolicyConfiguration: config });
  const stepwise = () =>
    policy('steps', {
      PolicyType: 'StepScaling',
      StepScalingPolicyConfiguration: { AdjustmentType: 'ChangeInCapacity' },
    });
  const target = async (variant = 'shadow') => (await scalableTargets(world.aws, 'weather', [variant]))[0];
  const refused = async (line: string) => {
    const { code, err } = await world.shadowctl(line);
    expect(code).toBe(2);
    return err.replace(/\s+/g, ' ');
  };
  const shadows = async () => (await describeEndpoint(world.aws, 'weather'))?.ShadowProductionVariants ?? [];

  test('it has the limits and the policies of production, of its own metrics; detach takes them away first', async () => {
    await scales();
    await tracking('requests', BY_REQUESTS);
    await tracking('cpu', BY_CPU);
    await stepwise();
    const plan = await said(`${AUTOSCALED} --plan`);
    expect(plan).toContain(
      'shadow is registered to scale as production does: between 2 and 6 instances, by its 2 policies',
    );
    expect(plan).toContain('Not taken over: steps (StepScaling)');
    expect(plan).not.toContain('and shadow does not');
    expect(await target()).toBeUndefined();
    await ran(`${AUTOSCALED} --yes`);
    expect(await target()).toMatchObject({ min: 2, max: 6 });
    const taken = (await scalingPolicies(world.aws, SHADOW)).map((one) => one.tracking);
    expect(taken).toEqual(
      expect.arrayContaining([
        BY_REQUESTS,
        JSON.parse(JSON.stringify(BY_CPU).replace('AllTraffic', 'shadow')) as TargetTrackingScalingPolicyConfiguration,
      ]),
    );
    expect(taken).toHaveLength(2);
    expect(await said('doctor --endpoint weather')).toContain(
      'Its shadow shadow scales automatically, between 2 and 6',
    );
    expect(await said('status --endpoint weather')).toContain('1 scalable target');
    await ran('shadow detach --endpoint weather --yes');
    expect(await target()).toBeUndefined();
    expect(await target('AllTraffic')).toMatchObject({ min: 2, max: 6 });
  });

  matrixTest('promotion and undo take the target away, too; cleanup leaves none', async () => {
    await scales();
    await tracking('requests', BY_REQUESTS);
    await ran(`${AUTOSCALED} --yes`);
    await ran('promote --endpoint weather --strategy all-at-once --bake 5m --force --yes');
    expect(await target()).toBeUndefined();
    await ran(`${AUTOSCALED} --yes`);
    await ran('undo --endpoint weather --yes');
    expect(await target()).toBeUndefined();
    await ran(`${AUTOSCALED} --yes`);
    await ran('cleanup --endpoint weather --yes');
    expect(await target()).toBeUndefined();
  });

  test('where SageMaker takes no shadow as a target, the shadow stays, and that is said', async () => {
    world.emulator.world.switches.scaleShadows = false;
    await scales();
    await tracking('requests', BY_REQUESTS);
    const words = await refused(`${AUTOSCALED} --yes`);
    expect(words).toContain('attached and in service, but does not scale automatically');
    expect(words).toContain('No endpoint variant found');
    expect(words).toContain('shadowctl shadow detach --endpoint weather');
    expect(await shadows()).toHaveLength(1);
    expect(await target()).toBeUndefined();
    await ran('shadow detach --endpoint weather --yes');
  });

  test('a policy that may not be put takes its target with it', async () => {
    await scales();
    await tracking('requests', BY_REQUESTS);
    world.emulator.world.faults.add({ kind: 'deny', operation: 'PutScalingPolicy' });
    expect(await refused(`${AUTOSCALED} --yes`)).toContain('application-autoscaling:PutScalingPolicy');
    expect(await target()).toBeUndefined();
  });

  test('an update that is refused gives the scaling back', async () => {
    await scales();
    await tracking('requests', BY_REQUESTS);
    await ran(`${AUTOSCALED} --yes`);
    Object.assign(world.emulator.world.switches, { guardrailsWithShadow: false });
    const promote = 'promote --endpoint weather --strategy all-at-once --bake 5m --force';
    const { err } = await world.shadowctl(promote, { io: capturedIo(['y', 'n']) });
    expect(err).toBeDefined();
    expect(await shadows()).toHaveLength(1);
    expect(await target()).toMatchObject({ min: 2, max: 6 });
    expect(await scalingPolicies(world.aws, SHADOW)).toHaveLength(1);
  });

  test('what cannot be done like production is refused before anything is made', async () => {
    expect(await refused(`${AUTOSCALED} --yes`)).toContain('does not scale automatically');
    await scales();
    expect(await refused(`${AUTOSCALED} --yes`)).toContain('has no policy');
    await stepwise();
    expect(await refused(`${AUTOSCALED} --yes`)).toContain('steps (StepScaling) alone');
    await tracking('requests', BY_REQUESTS);
    expect(await refused(`${AUTOSCALED} --instances 1 --yes`)).toContain('would begin with 1 instance');
    expect(await refused(`${AUTOSCALED} --no-wait --yes`)).toContain('--no-wait');
    expect(await shadows()).toHaveLength(0);
  });
});

matrixTest(
  'a report says where one fleet was scaled without the other, and in which minutes; it decides nothing',
  async () => {
    await ran(`shadow --endpoint weather ${BETTER} --instances 4 --yes`);
    const scaledTo = async (DesiredInstanceCount: number) => {
      const client = await world.aws.sagemaker();
      await client.send(
        new UpdateEndpointWeightsAndCapacitiesCommand({
          EndpointName: 'weather',
          DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount }],
        }),
      );
    };
    const stop = new AbortController();
    await world.clock.all<unknown>([
      () => flow(world.clock, world.emulator, { endpoint: 'weather', perSecond: 1, signal: stop.signal }),
      async () => {
        try {
          await world.clock.sleep(12 * 60_000);
          const steady = JSON.parse((await world.shadowctl('report --endpoint weather --format json')).out) as Report;
          expect(steady.fleets).toBeNull();
          expect(
            steady.observations.metrics.instances?.production.filter((count) => count !== 2 && count !== null),
          ).toEqual([]);
          expect(steady.observations.metrics.instances?.production).toContain(2);
          await scaledTo(1);
          await world.clock.sleep(8 * 60_000);
        } finally {
          stop.abort();
        }
      },
    ]);
    await world.clock.sleep(3 * 60_000);
    const report = JSON.parse((await world.shadowctl('report --endpoint weather --format json')).out) as Report;
    const { minutes = 0, flattered = 0, of = 0, ...sizes } = report.fleets ?? {};
    expect(sizes).toEqual({ production: { least: 1, most: 2 }, shadow: { least: 4, most: 4 } });
    expect(minutes).toBeGreaterThan(4);
    expect(minutes).toBeLessThan(of / 2);
    expect(flattered).toBe(minutes);
    const words = `In ${minutes} of ${of} minutes the shadow had another share of instances than usual, and in ${minutes} of them it had more, which flatters it`;
    expect(await said('report --endpoint weather')).toContain(words);
    for (const format of ['markdown', 'html'])
      expect(await said(`report --endpoint weather --format ${format}`)).toContain(words);
  },
);
