import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeCensus } from '../../../src/aws/census.ts';
import { deleteEndpointConfig, describeEndpoint, describeEndpointConfig } from '../../../src/aws/sagemaker.ts';
import { shadowCommand } from '../../../src/cli/shadow.ts';
import { requireShadowable } from '../../../src/lifecycle/shadow/plan.ts';
import type { Live } from '../../../src/resources/live.ts';
import { optionsOf } from '../../support/parse.ts';
import { ARTIFACT_005, ARTIFACT_009, FIXTURES, type TestWorld, testWorld } from '../../support/world.ts';

const deploy = (model: string, config: string) =>
  `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 3 --model-name ${model} --config-name ${config} --yes`;
const shadow = (model: string, config: string) =>
  `shadow --endpoint weather --artifact ${ARTIFACT_009} --algorithm linear-learner --model-name ${model} --config-name ${config} --yes`;
const DEPLOY = deploy('m1', 'c1');
const SHADOW = shadow('m2', 'c2');

describe('words', () => {
  const defaults = {
    endpoint: 'w',
    candidate: {},
    sample: 1,
    variantName: 'shadow',
    instanceType: undefined,
    instances: undefined,
    capture: true,
    captureTo: undefined,
    calibrate: undefined,
    adopt: false,
    allowCommand: false,
    plan: false,
    yes: false,
    wait: true,
    format: 'text',
  };

  test.each<[string[], object]>([
    [['--endpoint', 'w'], {}],
    [['--endpoint', 'w', '--sample', '25%'], { sample: 0.25 }],
    [['--endpoint', 'w', '--sample', '0.5', '--model', 'm'], { sample: 0.5, candidate: { model: 'm' } }],
    [
      ['--endpoint', 'w', '--variant-name', 'v', '--instances', '2', '--instance-type', 'ml.t2.medium'],
      { variantName: 'v', instances: 2, instanceType: 'ml.t2.medium' },
    ],
    [
      ['--endpoint', 'w', '--capture-to', 's3://b/p', '--plan', '--no-wait'],
      { captureTo: 's3://b/p', plan: true, wait: false },
    ],
    [['--endpoint', 'w', '--no-capture'], { capture: false }],
    [['--endpoint', 'w', '--allow-mismatch', '--artifact', 'a'], { candidate: { artifact: 'a', allowMismatch: true } }],
  ])('%j', async (argv, expected) => {
    expect(await optionsOf(shadowCommand, argv)).toEqual({ ...defaults, ...expected });
  });

  test.each<[string[]]>([
    [['detach', '--endpoint', 'w', '--config-name', 'c', '--yes']],
    [['--endpoint', 'w', '--config-name', 'c', '--yes', 'detach']],
  ])('%j', async (argv) => {
    expect(await optionsOf(shadowCommand, argv)).toEqual({
      endpoint: 'w',
      configName: 'c',
      plan: false,
      yes: true,
      wait: true,
      format: 'text',
    });
  });

  test.each<[string[], RegExp]>([
    [[], /--endpoint/],
    [['detach'], /--endpoint/],
    [['--endpoint', 'w', '--sample', '0'], /--sample: "0" is not a share/],
    [['--endpoint', 'w', '--sample', '101%'], /--sample/],
    [['--endpoint', 'w', '--sample', 'all'], /--sample/],
  ])('%j is refused', async (argv, message) => {
    await expect(optionsOf(shadowCommand, argv)).rejects.toThrow(message);
  });
});

describe('against an endpoint', () => {
  let world: TestWorld;
  beforeEach(async () => {
    world = await testWorld();
    await world.shadowctl(DEPLOY);
  });
  afterEach(() => world.close());

  test('production is the live one, the shadow gets its sample, both are captured', async () => {
    expect(await world.shadowctl(`${SHADOW} --sample 50%`)).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^Endpoint weather runs c2; before, it ran c1\.\nNext: .*\n {2}shadowctl report --endpoint weather .*--watch$/,
      ),
    });
    expect(await describeEndpointConfig(world.aws, 'c2')).toMatchObject({
      ProductionVariants: [
        { VariantName: 'AllTraffic', ModelName: 'm1', InitialInstanceCount: 3, InitialVariantWeight: 1 },
      ],
      ShadowProductionVariants: [
        { VariantName: 'shadow', ModelName: 'm2', InitialInstanceCount: 3, InitialVariantWeight: 0.5 },
      ],
      DataCaptureConfig: {
        EnableCapture: true,
        InitialSamplingPercentage: 100,
        DestinationS3Uri: 's3://sagemaker-us-east-1-000000000000/shadowctl/weather/captures',
        CaptureOptions: [{ CaptureMode: 'Input' }, { CaptureMode: 'Output' }],
        CaptureContentTypeHeader: {
          CsvContentTypes: ['text/csv'],
          JsonContentTypes: ['application/json', 'application/jsonlines'],
        },
      },
    });
    expect(await describeEndpoint(world.aws, 'weather')).toMatchObject({
      ShadowProductionVariants: [{ VariantName: 'shadow', CurrentWeight: 0.5 }],
    });
  });

  test('a shadow that fails every request harms nobody', async () => {
    await world.shadowctl(
      `shadow --endpoint weather --artifact ${ARTIFACT_009} --algorithm xgboost:1.2-1 --allow-mismatch --yes`,
    );
    const { code, out } = await world.shadowctl(
      `invoke --endpoint weather --data ${join(FIXTURES, 'data/test.csv')} --format json`,
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ sent: 365, answered: 365, errors: [] });
  });

  test('a model that exists already needs no candidate', async () => {
    expect(await world.shadowctl('shadow --endpoint weather --model m1 --config-name c2 --yes')).toMatchObject({
      code: 0,
    });
    expect(await describeEndpointConfig(world.aws, 'c2')).toMatchObject({
      ShadowProductionVariants: [{ ModelName: 'm1' }],
    });
    expect((await takeCensus(world.aws)).models).toEqual(['m1']);
  });

  test('detach goes back to the config from before, and makes a new one where that is gone', async () => {
    await world.shadowctl(SHADOW);
    expect(await world.shadowctl('shadow detach --endpoint weather --yes')).toMatchObject({
      code: 0,
      out: 'Endpoint weather runs c1; before, it ran c2.',
    });
    await world.shadowctl(shadow('m3', 'c3'));
    await deleteEndpointConfig(world.aws, 'c1');
    expect(await world.shadowctl('shadow detach --endpoint weather --config-name c4 --yes')).toMatchObject({
      code: 0,
      out: 'Endpoint weather runs c4; before, it ran c3.',
    });
    const config = await describeEndpointConfig(world.aws, 'c4');
    expect(config).toMatchObject({ ProductionVariants: [{ ModelName: 'm1', InitialInstanceCount: 3 }] });
    expect(config?.ShadowProductionVariants ?? []).toEqual([]);
  });

  test('--plan shows and changes nothing', async () => {
    const before = await takeCensus(world.aws);
    const { code, out } = await world.shadowctl(`${SHADOW} --plan`);
    expect(code).toBe(4);
    expect(out).toContain('+ endpoint config c2  (AllTraffic: m1 on 3 × ml.m5.large; shadow: m2 on 3 × ml.m5.large)');
    expect(await takeCensus(world.aws)).toEqual(before);
  });

  test.each<[string, RegExp]>([
    ['shadow --endpoint weather --yes', /No candidate was named/],
    ['shadow --endpoint weather --model m1 --artifact a.tar.gz --yes', /--model names a model that exists/],
    ['shadow --endpoint weather --model nosuch --yes', /--model: there is no model "nosuch"/],
    ['shadow --endpoint nosuch --model m1 --yes', /There is no endpoint "nosuch"/],
    ['shadow --endpoint weather --model m1 --variant-name AllTraffic --yes', /is called "AllTraffic" too/],
    ['shadow --endpoint weather --model m1 --variant-name a_b --yes', /--variant-name/],
    [
      'shadow --endpoint weather --model m1 --instance-type ml.inf1.xlarge --yes',
      /ml.inf1.xlarge \(Inferentia 1\): SageMaker supports no shadow/,
    ],
    ['shadow --endpoint weather --model m1 --capture-to s3://nobucket/p --yes', /no bucket "nobucket"/],
    ['shadow --endpoint weather --model m1 --capture-to bucket --yes', /is not an S3 URI/],
    [`shadow --endpoint weather --artifact ${ARTIFACT_009} --algorithm xgboost --yes`, /cannot read it/],
    ['shadow detach --endpoint weather --yes', /carries no shadow/],
  ])('%s', async (line, message) => {
    const before = await takeCensus(world.aws);
    const ended = await world.shadowctl(line);
    expect(ended.err).toMatch(message);
    expect(ended.code).toBe(2);
    expect(await takeCensus(world.aws)).toEqual(before);
  });

  describe('the same again', () => {
    const AGAIN = `shadow --endpoint weather --artifact ${ARTIFACT_009} --algorithm linear-learner`;

    test('changes nothing, and says what next', async () => {
      await world.shadowctl(SHADOW);
      const before = await takeCensus(world.aws);
      expect(await world.shadowctl(`${AGAIN} --yes`)).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^Nothing to do: .*\n[^]*shadowctl report --endpoint weather --watch$/),
      });
      expect(await world.shadowctl(`${AGAIN} --plan`)).toMatchObject({ code: 0 });
      const { code, out } = await world.shadowctl(`${SHADOW} --instances 3 --format json`);
      expect({ code, ...JSON.parse(out) }).toMatchObject({ code: 0, config: 'c2', from: 'c2', created: [] });
      expect(await takeCensus(world.aws)).toEqual(before);
    });

    test.each([
      ['--sample 20%', 'sample 20 % (it is 100 %)'],
      ['--instances 1', 'instances 1 (it is 3)'],
      ['--variant-name other', 'variant-name other (it is shadow)'],
      ['--for 24h', 'for 24h (it is without an end)'],
      ['--startup-timeout 20m', 'startup-timeout 1200 (it is not set)'],
    ])('with %s is refused by what differs', async (flag, words) => {
      await world.shadowctl(SHADOW);
      const before = await takeCensus(world.aws);
      const { code, err } = await world.shadowctl(`${AGAIN} ${flag} --yes`);
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(words) });
      expect(err).toContain('shadowctl shadow detach --endpoint weather');
      expect(await takeCensus(world.aws)).toEqual(before);
    });

    test('of an artifact in S3 that was written since is another candidate', async () => {
      const uri = 's3://mine/model.tar.gz';
      const s3 = await world.aws.s3();
      const put = async () =>
        s3.send(new PutObjectCommand({ Bucket: 'mine', Key: 'model.tar.gz', Body: await readFile(ARTIFACT_009) }));
      await s3.send(new CreateBucketCommand({ Bucket: 'mine' }));
      await put();
      await world.clock.sleep(2_000);
      const line = `shadow --endpoint weather --artifact ${uri} --algorithm linear-learner --yes`;
      await world.shadowctl(line);
      expect(await world.shadowctl(line)).toMatchObject({ code: 0 });
      await put();
      expect(await world.shadowctl(line)).toMatchObject({
        code: 2,
        err: expect.stringContaining('already carries a shadow'),
      });
    });
  });

  test('one shadow at a time, and no deployment over it', async () => {
    await world.shadowctl(SHADOW);
    expect(await world.shadowctl('shadow --endpoint weather --model m1 --yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining('already carries a shadow: "shadow" with model m2'),
    });
    expect(await world.shadowctl(deploy('m9', 'c9'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('shadow detach --endpoint weather'),
    });
  });
});

test.each<[string, Partial<Live['config'] & object>, Partial<Live['model'] & object>, RegExp]>([
  [
    'serverless',
    {
      ProductionVariants: [
        { VariantName: 'v', ModelName: 'm', ServerlessConfig: { MemorySizeInMB: 1024, MaxConcurrency: 1 } },
      ],
    },
    {},
    /is serverless/,
  ],
  ['asynchronous', { AsyncInferenceConfig: { OutputConfig: {} } }, {}, /is asynchronous/],
  [
    'two variants',
    { ProductionVariants: [{ VariantName: 'v' }, { VariantName: 'w' }] },
    {},
    /has 2 production variants \(v, w\)/,
  ],
  ['inference components', { ProductionVariants: [{ VariantName: 'v' }] }, {}, /inference components/],
  ['several containers', {}, { Containers: [{}, {}] }, /a model of 2 containers/],
  ['multi-model', {}, { PrimaryContainer: { Mode: 'MultiModel' } }, /multi-model/],
  ['Marketplace', {}, { PrimaryContainer: { ModelPackageName: 'p' } }, /Marketplace/],
])('an endpoint that is or has %s is refused', (_, config, model, message) => {
  const live = {
    name: 'e',
    endpoint: { EndpointConfigName: 'c', EndpointName: 'e' },
    tags: {},
    config: {
      EndpointConfigName: 'c',
      ProductionVariants: [{ VariantName: 'v', ModelName: 'm', InstanceType: 'ml.m5.large', InitialInstanceCount: 1 }],
      ...config,
    },
    model: { PrimaryContainer: {}, ...model },
  } as unknown as Live;
  expect(() => requireShadowable(live, { variantName: 'shadow', instanceType: undefined, calibrates: false })).toThrow(
    message,
  );
});
