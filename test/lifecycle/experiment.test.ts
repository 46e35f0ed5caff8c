import {
  CreateInferenceExperimentCommand,
  DescribeEndpointCommand,
  DescribeInferenceExperimentCommand,
  StopInferenceExperimentCommand,
} from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sampled } from '../support/sizes.ts';
import { ARTIFACT_005, ARTIFACT_009, ROLE, type TestWorld, testWorld } from '../support/world.ts';

const ON = '--endpoint weather';
const BETTER = `--artifact ${ARTIFACT_009} --algorithm linear-learner`;

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
  const deploy = `deploy ${ON} --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 2 --yes`;
  await world.shadowctl(deploy);
});
afterEach(() => world.close());

/** Begins an experiment on the endpoint, with its own model as the shadow. */
async function experiment(start?: Date): Promise<string> {
  const sagemaker = await world.aws.sagemaker();
  const { EndpointConfigName, ProductionVariants } = await sagemaker.send(
    new DescribeEndpointCommand({ EndpointName: 'weather' }),
  );
  const model = (EndpointConfigName ?? '').replace('-config-', '-model-');
  const variant = (VariantName: string) => ({
    ModelName: model,
    VariantName,
    InfrastructureConfig: {
      InfrastructureType: 'RealTimeInference' as const,
      RealTimeInferenceConfig: { InstanceType: 'ml.m5.large' as const, InstanceCount: 1 },
    },
  });
  const production = ProductionVariants?.[0]?.VariantName ?? '';
  await sagemaker.send(
    new CreateInferenceExperimentCommand({
      Name: 'nightly',
      Type: 'ShadowMode',
      RoleArn: ROLE,
      EndpointName: 'weather',
      ModelVariants: [variant(production), variant('Copy')],
      ShadowModeConfig: {
        SourceModelVariantName: production,
        ShadowModelVariants: [{ ShadowModelVariantName: 'Copy', SamplingPercentage: 100 }],
      },
      ...(start && { Schedule: { StartTime: start } }),
    }),
  );
  await world.clock.sleep(600_000);
  return production;
}

describe('an endpoint that an inference experiment has', () => {
  test('is not changed: the experiment is named, and how to stop it', async () => {
    const production = await experiment();
    const stop = `aws sagemaker stop-inference-experiment --name nightly --model-variant-actions ${production}=Retain,Copy=Remove --desired-state Cancelled`;
    const events = JSON.stringify((await world.shadowctl(`history ${ON} --json`)).out);
    const lines = [
      `deploy ${ON} ${BETTER} --yes`,
      `deploy ${ON} ${BETTER} --plan`,
      `canary ${ON} ${BETTER} --yes`,
      `rollout ${ON} ${BETTER} --steps 50%,100% --yes`,
      `shadow ${ON} ${BETTER} --yes`,
      `shadow detach ${ON} --yes`,
      `promote ${ON} --force --yes`,
      `keep ${ON} --yes`,
      `undo ${ON} --yes`,
      `cleanup ${ON} --yes`,
    ];
    for (const line of sampled(lines, 3)) {
      const { code, out, err } = await world.shadowctl(line);
      const said = `${out}\n${err}`;
      expect([line, code, said.includes('inference experiment "nightly"'), said.includes(stop)], said).toEqual([
        line,
        2,
        true,
        true,
      ]);
    }
    const sagemaker = await world.aws.sagemaker();
    const running = await sagemaker.send(new DescribeInferenceExperimentCommand({ Name: 'nightly' }));
    expect(running.Status).toBe('Running');
    expect(JSON.stringify((await world.shadowctl(`history ${ON} --json`)).out)).toBe(events);
    // What was advised works.
    await sagemaker.send(
      new StopInferenceExperimentCommand({
        Name: 'nightly',
        ModelVariantActions: { [production]: 'Retain', Copy: 'Remove' },
        DesiredState: 'Cancelled',
      }),
    );
    await world.clock.sleep(600_000);
    expect((await world.shadowctl(`cleanup ${ON} --yes`)).code).toBe(0);
  });

  test('is shown so by status and doctor, before it begins and while it runs', async () => {
    await experiment(new Date(world.clock.now() + 3_600_000));
    const seen = async () => {
      const status = JSON.parse((await world.shadowctl(`status ${ON} --format json`)).out) as { experiment?: object };
      const doctor = await world.shadowctl(`doctor ${ON}`);
      return { experiment: status.experiment, doctor: doctor.out.replace(/\s+/g, ' ') };
    };
    const before = await seen();
    expect(before.experiment).toMatchObject({ name: 'nightly', startsAt: expect.stringMatching(/^2026-/) as string });
    expect(before.doctor).toContain('Inference experiment "nightly" will change it on its own at 2026-');
    await world.clock.sleep(3_600_000 + 600_000);
    const during = await seen();
    expect(during.experiment).toMatchObject({ name: 'nightly', status: 'Running' });
    expect(during.doctor).toContain('aws sagemaker stop-inference-experiment --name nightly');
    expect((await world.shadowctl(`status ${ON}`)).out).toContain('Inference experiment "nightly" has it (Running)');
    world.emulator.world.faults.add({ kind: 'deny', operation: 'ListInferenceExperiments' });
    expect((await world.shadowctl(`status ${ON}`)).out).toContain('sagemaker:ListInferenceExperiments');
  });

  test('is changed before it begins, and it is said when that is', async () => {
    await experiment(new Date(world.clock.now() + 86_400_000));
    const { code, err } = await world.shadowctl(`deploy ${ON} ${BETTER} --yes`);
    expect([code, err]).toEqual([
      0,
      expect.stringMatching(/Inference experiment "nightly" will change endpoint "weather"/),
    ]);
  });

  test('is found where nobody may look for experiments, but for a line that says so', async () => {
    world.emulator.world.faults.add({ kind: 'deny', service: 'sagemaker', operation: 'ListInferenceExperiments' });
    const { code, out, err } = await world.shadowctl(`deploy ${ON} ${BETTER} --yes`);
    expect(code).toBe(0);
    expect(`${out}\n${err}`).toContain('not seen: inference experiments');
    expect(`${out}\n${err}`).toContain('sagemaker:ListInferenceExperiments');
  });
});
