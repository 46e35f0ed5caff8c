import type {
  DescribeEndpointCommandOutput,
  DescribeEndpointConfigCommandOutput,
  DescribeModelCommandOutput,
  ProductionVariant,
} from '@aws-sdk/client-sagemaker';
import { describe, expect, test } from 'vitest';
import { printText } from '../../../src/base/text.ts';
import { type EndpointFacts, examineEndpoint, foreignRegion } from '../../../src/guard/doctor/endpoint.ts';

const CREATED = new Date(Date.UTC(2026, 0, 5));
const IMAGE = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/weather:3';

function endpoint(change: Partial<DescribeEndpointCommandOutput> = {}): DescribeEndpointCommandOutput {
  return {
    $metadata: {},
    EndpointName: 'weather',
    EndpointArn: 'arn:aws:sagemaker:eu-west-1:123456789012:endpoint/weather',
    EndpointConfigName: 'weather-v1',
    EndpointStatus: 'InService',
    ProductionVariants: [{ VariantName: 'AllTraffic', CurrentInstanceCount: 3, DesiredInstanceCount: 3 }],
    DataCaptureConfig: {
      EnableCapture: true,
      CaptureStatus: 'Started',
      CurrentSamplingPercentage: 100,
      DestinationS3Uri: 's3://b/capture',
      KmsKeyId: undefined,
    },
    CreationTime: CREATED,
    LastModifiedTime: CREATED,
    ...change,
  };
}

const shadowed = (weight: number, copied: { requests: number; copies: number }): Partial<EndpointFacts> => ({
  config: config({ ShadowProductionVariants: [{ VariantName: 's', InitialVariantWeight: weight }] }),
  copied: { ...copied, minutes: 5 },
});

function config(
  change: Partial<DescribeEndpointConfigCommandOutput> = {},
  variant: Partial<ProductionVariant> = {},
): DescribeEndpointConfigCommandOutput {
  return {
    $metadata: {},
    EndpointConfigName: 'weather-v1',
    EndpointConfigArn: 'arn:aws:sagemaker:eu-west-1:123456789012:endpoint-config/weather-v1',
    ProductionVariants: [
      {
        VariantName: 'AllTraffic',
        ModelName: 'weather-v1',
        InstanceType: 'ml.m5.large',
        InitialInstanceCount: 3,
        ...variant,
      },
    ],
    DataCaptureConfig: {
      EnableCapture: true,
      InitialSamplingPercentage: 100,
      DestinationS3Uri: 's3://b/capture',
      CaptureOptions: [],
    },
    CreationTime: CREATED,
    ...change,
  };
}

function model(change: Partial<DescribeModelCommandOutput> = {}): DescribeModelCommandOutput {
  return {
    $metadata: {},
    ModelName: 'weather-v1',
    ModelArn: 'arn:aws:sagemaker:eu-west-1:123456789012:model/weather-v1',
    PrimaryContainer: { Image: IMAGE, ModelDataUrl: 's3://b/model.tar.gz' },
    CreationTime: CREATED,
    ...change,
  };
}

/** What models can lack. */
const LOST = {
  artifact: { kind: 'artifact', model: 'm1', uri: 's3://b/model.tar.gz' },
  image: { kind: 'image', model: 'm1', image: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1' },
  role: { kind: 'role', model: 'm1', role: 'arn:aws:iam::123456789012:role/serve' },
} as const;

function facts(change: Partial<EndpointFacts> = {}): EndpointFacts {
  return {
    name: 'weather',
    region: 'eu-west-1',
    prices: { region: 'us-east-1', given: {} },
    endpoint: endpoint(),
    config: config(),
    model: model(),
    lost: [],
    requests: 100,
    ...change,
  };
}

const findings = (change: Partial<EndpointFacts> = {}) => examineEndpoint(facts(change));

/** `severity check` of everything beside what is said of every endpoint of instances. */
function found(change: Partial<EndpointFacts> = {}): string[] {
  return findings(change)
    .filter(({ check }) => check !== 'settled' && check !== 'quota')
    .map(({ severity, check }) => `${severity} ${check}`);
}

function the(check: string, change: Partial<EndpointFacts> = {}) {
  const finding = findings(change).find((one) => one.check === check);
  if (finding === undefined) throw new Error(`no finding ${check}`);
  return { ...finding, next: finding.next === undefined ? undefined : printText(finding.next) };
}

test('a sound endpoint: in service, and what the quota must permit', () => {
  expect(findings().map(({ severity, check, subject }) => [severity, check, subject])).toEqual([
    ['ok', 'settled', 'endpoint weather'],
    ['note', 'quota', 'endpoint weather'],
  ]);
});

describe('what stands in the way of an update', () => {
  test.each<[string, Partial<EndpointFacts>, string[]]>([
    ['failed', { endpoint: endpoint({ EndpointStatus: 'Failed' }) }, ['blocking broken']],
    ['its rollback failed', { endpoint: endpoint({ EndpointStatus: 'UpdateRollbackFailed' }) }, ['blocking broken']],
    ['under way', { endpoint: endpoint({ EndpointStatus: 'Updating' }) }, ['blocking in-progress']],
    [
      'under way again after a failure: that one is past',
      { endpoint: endpoint({ EndpointStatus: 'Updating', FailureReason: 'old' }) },
      ['blocking in-progress'],
    ],
    [
      'the last update came to nothing',
      { endpoint: endpoint({ FailureReason: 'no capacity' }) },
      ['note last-update-failed'],
    ],
    ['the config is gone', { config: undefined }, ['blocking config-deleted', 'note no-capture']],
    ['the model is gone', { model: undefined }, ['blocking model-deleted']],
    ['the artifact is gone', { lost: [LOST.artifact] }, ['blocking artifact-missing']],
    ['the image is gone', { lost: [LOST.image] }, ['blocking image-missing']],
    ['the role is gone', { lost: [LOST.role] }, ['blocking role-missing']],
    ['nobody could look at any of it', { lost: undefined }, []],
    [
      'two variants',
      { config: config({ ProductionVariants: [...(config().ProductionVariants ?? []), { VariantName: 'b' }] }) },
      ['warning several-variants'],
    ],
    [
      'shadow variants, one finding each',
      { config: config({ ShadowProductionVariants: [{ VariantName: 's1' }, { VariantName: 's2' }] }) },
      ['note shadow', 'note shadow'],
    ],
    [
      'serverless',
      { config: config({}, { ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 5 } }) },
      ['blocking serverless'],
    ],
    ['asynchronous', { config: config({ AsyncInferenceConfig: { OutputConfig: {} } }) }, ['blocking asynchronous']],
    [
      'instance pools',
      { config: config({}, { InstancePools: [{ InstanceType: 'ml.m5.large', Priority: 1 }] }) },
      ['blocking instance-pools'],
    ],
    ['Inferentia 1', { config: config({}, { InstanceType: 'ml.inf1.xlarge' }) }, ['blocking inferentia-1']],
    ['Inferentia 2 has guardrails', { config: config({}, { InstanceType: 'ml.inf2.xlarge' }) }, []],
    ['no requests', { requests: 0 }, ['warning no-traffic']],
    ['42 requests, 0 copies', shadowed(1, { requests: 42, copies: 0 }), ['note shadow', 'warning no-copies']],
    ['a copy', shadowed(1, { requests: 42, copies: 1 }), ['note shadow']],
    ['few copies were to be expected', shadowed(0.1, { requests: 42, copies: 0 }), ['note shadow']],
    ['a shadow that is to get none', shadowed(0, { requests: 42, copies: 0 }), ['note shadow', 'warning no-copies']],
    ['nobody asks anything beside a shadow', shadowed(1, { requests: 0, copies: 0 }), ['note shadow']],
    ['one request', { requests: 1 }, []],
    [
      'a role',
      { model: model({ ExecutionRoleArn: 'arn:aws:iam::123456789012:role/serve' }) },
      ['note role-permission'],
    ],
    ['no data capture', { config: config({ DataCaptureConfig: undefined }) }, ['note no-capture']],
    [
      'data capture that has stopped',
      {
        endpoint: endpoint({
          DataCaptureConfig: {
            EnableCapture: true,
            CaptureStatus: 'Stopped',
            CurrentSamplingPercentage: 100,
            DestinationS3Uri: 's3://b/capture',
            KmsKeyId: undefined,
          },
        }),
      },
      ['warning capture-stopped'],
    ],
    ['data capture nothing is said of by the endpoint', { endpoint: endpoint({ DataCaptureConfig: undefined }) }, []],
    ['an image elsewhere', { region: 'us-east-1' }, ['warning image-region']],
    ['an image of no ECR', { region: 'us-east-1', model: model({ PrimaryContainer: { Image: 'weather:3' } }) }, []],
    ['a model of several containers', { model: model({ PrimaryContainer: undefined }) }, []],
  ])('%s', (_, change, expected) => {
    expect(found(change)).toEqual(expected);
  });

  test.each([
    [99, ['note capture-sampled']],
    [100, []],
    // AWS leaves the field out where everything is kept.
    [undefined, []],
  ])('data capture of %s %%', (share, expected) => {
    const capture = {
      ...config().DataCaptureConfig,
      InitialSamplingPercentage: share,
      DestinationS3Uri: 's3://b',
      CaptureOptions: [],
    };
    expect(found({ config: config({ DataCaptureConfig: capture }) })).toEqual(expected);
  });

  test('an endpoint that AWS says next to nothing of is examined all the same', () => {
    const bare = { endpoint: endpoint({ ProductionVariants: undefined, DataCaptureConfig: undefined }) };
    expect(findings({ ...bare, config: config({ ProductionVariants: undefined }) }).map(({ check }) => check)).toEqual([
      'settled',
    ]);
    expect(found({ ...bare, config: config({}, { InstanceType: undefined }) })).toEqual([]);
    expect(found({ ...bare, config: config({ ProductionVariants: [] }), model: undefined })).toEqual([
      'blocking model-deleted',
    ]);
    expect(the('model-deleted', { config: config({ ProductionVariants: undefined }), model: undefined }).severity).toBe(
      'blocking',
    );
    expect(
      the('artifact-missing', { model: model({ PrimaryContainer: undefined }), lost: [LOST.artifact] }).severity,
    ).toBe('blocking');
  });
});

describe('how many instances', () => {
  const counts = (desired: number | undefined, initial: number | undefined) => ({
    endpoint: endpoint({
      ProductionVariants: [
        { VariantName: 'AllTraffic', ...(desired === undefined ? {} : { DesiredInstanceCount: desired }) },
      ],
    }),
    config: config({}, { InitialInstanceCount: initial }),
  });

  test.each([
    // The endpoint may have been scaled since its config was written.
    [1, 3, ['blocking one-instance']],
    [2, 1, []],
    [undefined, 1, ['blocking one-instance']],
    [undefined, 2, []],
    [0, 3, ['blocking one-instance']],
  ])('%s wanted now, %s in the config', (desired, initial, expected) => {
    expect(found(counts(desired, initial))).toEqual(expected);
  });

  test('an unknown count is not called too small, and nothing is said of the quota', () => {
    expect(findings(counts(undefined, undefined)).map(({ check }) => check)).toEqual(['settled']);
  });

  test('the quota must hold both fleets; where the price is known, it is said', () => {
    const { message, next } = the('quota');
    expect(message).toContain('6 × ml.m5.large during a canary, 9 × ml.m5.large while a shadow');
    expect(message).toContain('about $0.35 an hour');
    expect(next).not.toContain('…');
    expect(next).toContain('ml.m5.large for endpoint usage');
    expect(the('quota', { config: config({}, { InstanceType: 'ml.p5.48xlarge' }) }).message).toMatch(
      /shadowctl cannot read it\..*price not known \(ml\.p5\.48xlarge in us-east-1\)\.$/,
    );
    expect(the('one-instance', counts(1, 3)).message).toContain('1 instance:');
  });
});

test('routing by open requests, and metrics by more than a minute, are said', () => {
  const routed = config({}, { RoutingConfig: { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' } });
  expect(found({ config: routed })).toEqual(['warning least-outstanding']);
  const metrics = (MetricsConfig: object) => found({ config: config({ MetricsConfig }) });
  const every = (MetricPublishFrequencyInSeconds: number) => ({ MetricPublishFrequencyInSeconds });
  expect(metrics({ EnableEnhancedMetrics: true, ...every(300) })).toEqual(['blocking metrics-frequency']);
  expect(metrics({ EnableEnhancedMetrics: false, ...every(300) })).toEqual([]);
  expect(metrics({ EnableEnhancedMetrics: true, ...every(60) })).toEqual([]);
});

test('how many variants there are is said', () => {
  const ProductionVariants = ['a', 'b', 'c'].map((VariantName) => ({ VariantName }));
  expect(the('several-variants', { config: config({ ProductionVariants }) }).message).toContain('It has 3 production');
});

describe('findings name the wrong value and the way on', () => {
  test.each<[string, Partial<EndpointFacts>, string, string | undefined]>([
    [
      'broken',
      { endpoint: endpoint({ EndpointStatus: 'Failed', FailureReason: 'no disk' }) },
      'It is Failed: no disk',
      'deleted',
    ],
    [
      'in-progress',
      { endpoint: endpoint({ EndpointStatus: 'Updating' }) },
      'Updating',
      'shadowctl status --endpoint weather --watch',
    ],
    ['last-update-failed', { endpoint: endpoint({ FailureReason: 'no capacity' }) }, 'no capacity', undefined],
    ['settled', {}, 'weather-v1', undefined],
    ['config-deleted', { config: undefined }, 'weather-v1', 'again'],
    ['model-deleted', { model: undefined }, 'weather-v1', 'the same name'],
    ['artifact-missing', { lost: [LOST.artifact] }, 's3://b/model.tar.gz', 'back'],
    ['image-missing', { lost: [LOST.image] }, LOST.image.image, 'Push'],
    ['role-missing', { lost: [LOST.role] }, LOST.role.role, 'same permissions'],
    ['shadow', { config: config({ ShadowProductionVariants: [{ VariantName: 's1' }] }) }, 's1', undefined],
    ['inferentia-1', { config: config({}, { InstanceType: 'ml.inf1.xlarge' }) }, 'ml.inf1.xlarge', 'instance type'],
    ['no-copies', shadowed(1, { requests: 42, copies: 0 }), '42 requests in 5 minutes, 0 copies', 'status'],
    ['no-traffic', { requests: 0 }, 'last hour', 'shadowctl canary --endpoint weather --traffic FILE --rate N'],
    [
      'role-permission',
      { model: model({ ExecutionRoleArn: 'arn:aws:iam::123456789012:role/serve' }) },
      'arn:aws:iam::123456789012:role/serve',
      '--policy-source-arn arn:aws:iam::123456789012:role/serve --action-names cloudwatch:DescribeAlarms',
    ],
    ['image-region', { region: 'us-east-1' }, `eu-west-1 (${IMAGE})`, 'us-east-1'],
  ])('%s', (check, change, message, next) => {
    const finding = the(check, change);
    expect(finding.message).toContain(message);
    if (next === undefined) expect(finding.next).toBeUndefined();
    else expect(finding.next).toContain(next);
  });

  test('an update that is under way can be watched', () => {
    expect(the('in-progress', { endpoint: endpoint({ EndpointStatus: 'Updating' }) }).next).toMatch(/ --watch$/);
  });

  test('a broken endpoint without a reason has none', () => {
    expect(the('broken', { endpoint: endpoint({ EndpointStatus: 'Failed' }) }).message).toBe('It is Failed');
  });
});

test.each([
  [IMAGE, 'eu-west-1', undefined],
  [IMAGE, 'us-east-1', 'eu-west-1'],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/weather', 'us-east-1', 'cn-north-1'],
  ['public.ecr.aws/weather', 'us-east-1', undefined],
  ['weather', 'us-east-1', undefined],
])('the region of image %s, seen from %s', (image, here, region) => {
  expect(foreignRegion(image, here)).toBe(region);
});
