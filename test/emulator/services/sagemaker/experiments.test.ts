import { GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import {
  CreateInferenceExperimentCommand,
  type CreateInferenceExperimentRequest,
  DeleteEndpointCommand,
  DeleteInferenceExperimentCommand,
  DescribeInferenceExperimentCommand,
  ListInferenceExperimentsCommand,
  type ModelVariantConfig,
  StartInferenceExperimentCommand,
  StopInferenceExperimentCommand,
  type StopInferenceExperimentRequest,
  UpdateEndpointCommand,
  UpdateInferenceExperimentCommand,
  type UpdateInferenceExperimentRequest,
} from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { config, describeEndpoint, invoke, refusal, type Stand, stand, START, variant, withEndpoint } from './stand.ts';

let it: Stand;
beforeEach(async () => {
  it = await stand();
  await withEndpoint(it);
  await it.s3.send(new CreateBucketCommand({ Bucket: 'captures' }));
});
afterEach(() => it.close());

const model = (VariantName: string, ModelName: string, InstanceCount = 1): ModelVariantConfig => ({
  ModelName,
  VariantName,
  InfrastructureConfig: {
    InfrastructureType: 'RealTimeInference',
    RealTimeInferenceConfig: { InstanceType: 'ml.m5.xlarge', InstanceCount },
  },
});
const shadowMode = (SamplingPercentage: number) => ({
  SourceModelVariantName: 'AllTraffic',
  ShadowModelVariants: [{ ShadowModelVariantName: 'Shadow-01', SamplingPercentage }],
});
const create = (more: Partial<CreateInferenceExperimentRequest> = {}) =>
  it.sagemaker.send(
    new CreateInferenceExperimentCommand({
      Name: 'nightly',
      Type: 'ShadowMode',
      RoleArn: 'arn:aws:iam::000000000000:role/SageMaker',
      EndpointName: 'Weather',
      ModelVariants: [model('AllTraffic', 'm005', 3), model('Shadow-01', 'm009', 2)],
      ShadowModeConfig: shadowMode(100),
      ...more,
    }),
  );
const described = (Name = 'nightly') => it.sagemaker.send(new DescribeInferenceExperimentCommand({ Name }));
const status = async () => (await described()).Status;
const stop = (more: Partial<StopInferenceExperimentRequest> = {}) =>
  it.sagemaker.send(
    new StopInferenceExperimentCommand({
      Name: 'nightly',
      ModelVariantActions: { AllTraffic: 'Remove', 'Shadow-01': 'Promote' },
      DesiredState: 'Completed',
      ...more,
    }),
  );
const update = (more: Partial<UpdateInferenceExperimentRequest>) =>
  it.sagemaker.send(new UpdateInferenceExperimentCommand({ Name: 'nightly', ...more }));
/** Waits as AWS's notebook does: a look a minute. */
async function until(wanted: string): Promise<string[]> {
  const seen: string[] = [];
  for (let minute = 0; minute < 30; minute += 1) {
    const now = (await status()) ?? '';
    if (seen.at(-1) !== now) seen.push(now);
    if (now === wanted) return seen;
    await it.clock.sleep(60_000);
  }
  throw new Error(`never ${wanted}: ${seen.join(', ')}`);
}

describe("AWS's shadow notebook", () => {
  test('runs to its end: created, running, captured by inference id, promoted, cleaned up', async () => {
    const { InferenceExperimentArn } = await create({
      DataStorageConfig: { Destination: 's3://captures/data/', ContentType: { CsvContentTypes: ['text/csv'] } },
    });
    expect(InferenceExperimentArn).toBe('arn:aws:sagemaker:us-east-1:000000000000:inference-experiment/nightly');
    expect(await until('Running')).toEqual(['Creating', 'Starting', 'Running']);
    const running = await described();
    expect(running).toMatchObject({
      Arn: InferenceExperimentArn,
      EndpointMetadata: { EndpointName: 'Weather', EndpointStatus: 'InService' },
      ModelVariants: [
        { VariantName: 'AllTraffic', Status: 'InService' },
        { VariantName: 'Shadow-01', Status: 'InService' },
      ],
    });
    // "If you don't specify this field, the experiment … concludes after 7 days."
    expect(running.Schedule?.EndTime).toEqual(new Date(START + 285_000 + 7 * 86_400_000));
    const shadowed = await describeEndpoint(it);
    expect(shadowed).toMatchObject({
      EndpointConfigName: running.EndpointMetadata?.EndpointConfigName,
      ProductionVariants: [{ VariantName: 'AllTraffic', CurrentInstanceCount: 3 }],
      ShadowProductionVariants: [{ VariantName: 'Shadow-01', CurrentInstanceCount: 2, CurrentWeight: 1 }],
    });
    for (let index = 0; index < 20; index += 1) await invoke(it, { InferenceId: `shadow test, index ${index}` });
    const from = it.clock.now();
    await it.clock.sleep(120_000);
    const ids: Record<string, string[]> = {};
    for (const name of ['AllTraffic', 'Shadow-01']) {
      const Prefix = `data/Weather/${name}/`;
      const { Contents } = await it.s3.send(new ListObjectsV2Command({ Bucket: 'captures', Prefix }));
      const text = await Promise.all(
        (Contents ?? []).map(async ({ Key }) => {
          const { Body } = await it.s3.send(new GetObjectCommand({ Bucket: 'captures', Key }));
          return Body?.transformToString();
        }),
      );
      const lines = text.join('').trim().split('\n');
      ids[name] = lines.map((line) => JSON.parse(line).eventMetadata.inferenceId).sort();
    }
    expect(ids['Shadow-01']).toHaveLength(20);
    expect(ids['Shadow-01']).toEqual(ids.AllTraffic);
    const { Datapoints } = await it.cloudwatch.send(
      new GetMetricStatisticsCommand({
        Namespace: 'AWS/SageMaker',
        MetricName: 'Invocations',
        Dimensions: [
          { Name: 'EndpointName', Value: 'Weather' },
          { Name: 'VariantName', Value: 'Shadow-01' },
        ],
        StartTime: new Date(from - 300_000),
        EndTime: new Date(from + 300_000),
        Period: 600,
        Statistics: ['Sum'],
      }),
    );
    expect(Datapoints?.reduce((sum, { Sum = 0 }) => sum + Sum, 0)).toBe(20);
    await stop({ Reason: 'as good, and faster' });
    expect(await until('Completed')).toEqual(['Stopping', 'Completed']);
    expect(await described()).toMatchObject({
      StatusReason: 'as good, and faster',
      ModelVariants: [
        { VariantName: 'AllTraffic', Status: 'Deleted' },
        { VariantName: 'Shadow-01', Status: 'InService' },
      ],
    });
    const promoted = await describeEndpoint(it);
    expect(promoted.ProductionVariants).toMatchObject([{ VariantName: 'Shadow-01', CurrentInstanceCount: 2 }]);
    expect([promoted.ShadowProductionVariants, promoted.DataCaptureConfig]).toEqual([undefined, undefined]);
    const { Body, InvokedProductionVariant } = await invoke(it);
    expect(InvokedProductionVariant).toBe('Shadow-01');
    expect(Body?.byteLength).toBeGreaterThan(0);
    await it.sagemaker.send(new DeleteInferenceExperimentCommand({ Name: 'nightly' }));
    expect(await refusal(described())).toMatch(/^ResourceNotFound: /);
    await it.sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Weather' }));
  });
});

describe('an experiment', () => {
  test('gives the endpoint back as it was when its time is over', async () => {
    const end = new Date(START + 3_600_000);
    await create({ Schedule: { EndTime: end } });
    await until('Running');
    it.at(3600 + 1);
    expect(await status()).toBe('Stopping');
    await until('Completed');
    const back = await describeEndpoint(it);
    expect([back.EndpointConfigName, back.ShadowProductionVariants]).toEqual(['config-1', undefined]);
    expect((await described()).ModelVariants).toMatchObject([{ Status: 'InService' }, { Status: 'Deleted' }]);
  });

  test('waits for its start, may be changed and started before, and leaves the endpoint alone till then', async () => {
    await create({ Schedule: { StartTime: new Date(START + 86_400_000) } });
    await until('Created');
    expect((await describeEndpoint(it)).EndpointConfigName).toBe('config-1');
    await update({ ShadowModeConfig: shadowMode(40), Description: 'fewer copies' });
    await config(it, 'config-2', [variant('AllTraffic', 2)]);
    await it.sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'config-2' }));
    await it.clock.sleep(600_000);
    await it.sagemaker.send(new StartInferenceExperimentCommand({ Name: 'nightly' }));
    expect(await refusal(it.sagemaker.send(new StartInferenceExperimentCommand({ Name: 'nightly' })))).toMatch(
      /^ConflictException: /,
    );
    expect(await until('Running')).toEqual(['Starting', 'Running']);
    expect((await describeEndpoint(it)).ShadowProductionVariants?.[0]?.CurrentWeight).toBe(0.4);
    expect(await described()).toMatchObject({ Description: 'fewer copies' });
  });

  test('while it runs, copies fewer or more, lasts longer, and nothing else', async () => {
    await create({ ShadowModeConfig: shadowMode(50) });
    await until('Running');
    await update({ ShadowModeConfig: shadowMode(0), Schedule: { EndTime: new Date(START + 20 * 86_400_000) } });
    expect(await until('Running')).toEqual(['Updating', 'Running']);
    expect((await describeEndpoint(it)).ShadowProductionVariants?.[0]?.CurrentWeight).toBe(0);
    expect((await described()).Schedule?.EndTime).toEqual(new Date(START + 20 * 86_400_000));
    for (const more of [
      { Schedule: { StartTime: new Date(START + 1) } },
      { ModelVariants: [model('AllTraffic', 'm005'), model('Shadow-01', 'm005')] },
      { Schedule: { EndTime: new Date(START + 40 * 86_400_000) } },
    ])
      expect(await refusal(update(more))).toMatch(/^ValidationException: /);
    expect(await refusal(it.sagemaker.send(new DeleteInferenceExperimentCommand({ Name: 'nightly' })))).toMatch(
      /^ConflictException: /,
    );
  });

  test('ends with what the actions say, or refuses them', async () => {
    await create();
    expect(await refusal(stop())).toMatch(/^ConflictException: /);
    await until('Running');
    const refused: StopInferenceExperimentRequest['ModelVariantActions'][] = [
      { AllTraffic: 'Remove', 'Shadow-01': 'Remove' },
      { AllTraffic: 'Promote', 'Shadow-01': 'Remove' },
      { Other: 'Remove' },
    ];
    for (const ModelVariantActions of refused)
      expect(await refusal(stop({ ModelVariantActions }))).toMatch(/^ValidationException: /);
    expect(await refusal(stop({ ModelVariantActions: { AllTraffic: 'Retain', 'Shadow-01': 'Promote' } }))).toMatch(
      /^NotImplemented: /,
    );
    await stop({ ModelVariantActions: { AllTraffic: 'Retain', 'Shadow-01': 'Retain' }, DesiredState: 'Cancelled' });
    expect(await status()).toBe('Cancelled');
    expect((await describeEndpoint(it)).ShadowProductionVariants).toHaveLength(1);
  });

  test('is Cancelled where its shadow does not come up, and the endpoint serves on', async () => {
    it.emulator.world.faults.add({ kind: 'unhealthy', variant: 'Shadow-01' });
    await create();
    await until('Cancelled');
    expect((await described()).StatusReason).toContain('Shadow-01 did not pass the ping health check');
    expect((await describeEndpoint(it)).EndpointConfigName).toBe('config-1');
  });

  test('owns its endpoint while it runs, unless a switch says otherwise', async () => {
    await create();
    await until('Running');
    await config(it, 'config-2', [variant('AllTraffic', 2)]);
    const change = () =>
      it.sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'config-2' }));
    const remove = () => it.sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Weather' }));
    for (const call of [change, remove])
      expect(await refusal(call())).toMatch(/^ValidationException: .*inference-experiment\/nightly/);
    (it.emulator.world.switches as { experimentOwnsEndpoint: boolean }).experimentOwnsEndpoint = false;
    await change();
    await it.clock.sleep(600_000);
    await remove();
    await it.clock.sleep(600_000);
    expect(await status()).toBe('Cancelled');
  });

  test('is one of an endpoint, has two variants of models that exist, and at most 30 days', async () => {
    for (const [more, reason] of [
      [{ EndpointName: 'None' }, 'ValidationException: Could not find endpoint'],
      [{ ModelVariants: [model('AllTraffic', 'm005'), model('Shadow-01', 'none')] }, 'ValidationException: Could not'],
      [{ ModelVariants: [model('AllTraffic', 'm005'), model('Third', 'm009')] }, 'ValidationException: '],
      [{ ModelVariants: [model('AllTraffic', 'm005')] }, 'ValidationException: The variant "Shadow-01"'],
      [{ ModelVariants: [model('Shadow-01', 'm009', 0)] }, 'ValidationException: InstanceCount'],
      [{ Schedule: { EndTime: new Date(START + 31 * 86_400_000) } }, 'ValidationException: The maximum duration'],
      [{ Schedule: { EndTime: new Date(START) } }, 'ValidationException: The end time'],
    ] as const)
      expect(await refusal(create(more as Partial<CreateInferenceExperimentRequest>))).toContain(reason);
    await create();
    expect(await refusal(create())).toMatch(/^ResourceInUse: /);
    expect(await refusal(create({ Name: 'second' }))).toMatch(/^ResourceInUse: /);
    const { InferenceExperiments } = await it.sagemaker.send(
      new ListInferenceExperimentsCommand({ StatusEquals: 'Creating', NameContains: 'NIGHT' }),
    );
    expect(InferenceExperiments).toMatchObject([{ Name: 'nightly', Type: 'ShadowMode', Status: 'Creating' }]);
    const others = await it.sagemaker.send(new ListInferenceExperimentsCommand({ StatusEquals: 'Running' }));
    expect(others.InferenceExperiments).toEqual([]);
  });
});
