import type { DescribeEndpointConfigCommandOutput, DescribeModelCommandOutput } from '@aws-sdk/client-sagemaker';
import { describe, expect, test } from 'vitest';
import { deriveConfig } from '../../src/resources/derive-config.ts';
import { newModel } from '../../src/resources/model.ts';
import { isOurs, tagList } from '../../src/resources/tags.ts';
import { ROLE } from '../support/fixtures.ts';

const tags = [{ Key: 'k', Value: 'v' }];
const seen = { $metadata: {}, CreationTime: new Date(0) };

describe('a new endpoint config', () => {
  const production = [{ VariantName: 'p', ModelName: 'm' }];
  const rest = {
    KmsKeyId: 'k',
    AsyncInferenceConfig: { OutputConfig: {} },
    ExplainerConfig: {},
    ExecutionRoleArn: ROLE,
    VpcConfig: { SecurityGroupIds: ['g'], Subnets: ['s'] },
    EnableNetworkIsolation: true,
    MetricsConfig: { EnableEnhancedMetrics: true },
  };
  const capture = (percent: number) => ({
    InitialSamplingPercentage: percent,
    DestinationS3Uri: 's3://b',
    CaptureOptions: [],
  });
  const live: DescribeEndpointConfigCommandOutput = {
    ...seen,
    EndpointConfigName: 'old',
    EndpointConfigArn: 'arn',
    ProductionVariants: [{ VariantName: 'old', ModelName: 'old' }],
    ShadowProductionVariants: [{ VariantName: 'old-shadow', ModelName: 'old' }],
    DataCaptureConfig: capture(10),
    ...rest,
  };

  test('is the live one in everything but name, variants and tags; a shadow does not carry over', () => {
    expect(deriveConfig(live, { name: 'new', production, tags })).toStrictEqual({
      EndpointConfigName: 'new',
      ProductionVariants: production,
      DataCaptureConfig: capture(10),
      ...rest,
      Tags: tags,
    });
  });

  test('carries on what this version does not know', () => {
    const later = { ...live, RegionalFailover: { Mode: 'Warm' } };
    expect(deriveConfig(later, { name: 'new', production, tags })).toMatchObject({
      RegionalFailover: { Mode: 'Warm' },
    });
  });

  test('takes shadows and a capture that are named', () => {
    const shadows = [{ VariantName: 's', ModelName: 'n' }];
    expect(deriveConfig(live, { name: 'new', production, shadows, capture: capture(100), tags })).toMatchObject({
      ShadowProductionVariants: shadows,
      DataCaptureConfig: capture(100),
    });
  });

  test('of one without all that holds no undefined field', () => {
    const bare = { ...seen, EndpointConfigName: 'old', EndpointConfigArn: 'arn', ProductionVariants: [] };
    expect(deriveConfig(bare, { name: 'new', production, tags })).toStrictEqual({
      EndpointConfigName: 'new',
      ProductionVariants: production,
      Tags: tags,
    });
  });
});

describe('a new model', () => {
  const settings = { role: ROLE, environment: {}, tags, live: undefined };
  const live = (more: Partial<DescribeModelCommandOutput>): DescribeModelCommandOutput => ({
    ...seen,
    ModelName: 'old',
    ExecutionRoleArn: 'old',
    ModelArn: 'arn',
    ...more,
  });
  const bare = {
    ModelName: 'm',
    ExecutionRoleArn: ROLE,
    PrimaryContainer: { Image: 'i' },
    Tags: tags,
  };

  test('of an image alone', () => {
    expect(newModel('m', { image: 'i', modelDataUrl: undefined }, settings)).toStrictEqual(bare);
  });

  test('with artifact and environment', () => {
    const made = newModel('m', { image: 'i', modelDataUrl: 's3://b/m' }, { ...settings, environment: { A: '1' } });
    expect(made).toStrictEqual({
      ...bare,
      PrimaryContainer: { Image: 'i', ModelDataUrl: 's3://b/m', Environment: { A: '1' } },
    });
  });

  test("behind the same image it keeps the present one's environment, but for what is given, and its way to the image", () => {
    const ImageConfig = { RepositoryAccessMode: 'Vpc' as const };
    const PrimaryContainer = { Image: 'i', ModelDataUrl: 's3://b/old', Environment: { A: '1', B: '2' }, ImageConfig };
    const candidate = { image: 'i', modelDataUrl: 's3://b/m' };
    const made = newModel('m', candidate, { ...settings, environment: { B: '3' }, live: live({ PrimaryContainer }) });
    expect(made.PrimaryContainer).toStrictEqual({
      Image: 'i',
      ModelDataUrl: 's3://b/m',
      ImageConfig,
      Environment: { A: '1', B: '3' },
    });
  });

  test('keeps what else the present container has, also where it is the only one of a list', () => {
    const AdditionalModelDataSources = [{ ChannelName: 'draft', S3DataSource: undefined }];
    const one = { Image: 'i:1', ModelDataUrl: 's3://b/old', Environment: { A: '1' }, AdditionalModelDataSources };
    const candidate = { image: 'i:2', modelDataUrl: 's3://b/m' };
    const made = newModel('m', candidate, { ...settings, live: live({ Containers: [one] }) });
    expect(made.PrimaryContainer).toStrictEqual({ ...one, Image: 'i:2', ModelDataUrl: 's3://b/m' });
    const two = newModel('m', candidate, { ...settings, live: live({ Containers: [one, one] }) });
    expect(two.PrimaryContainer).toStrictEqual({ Image: 'i:2', ModelDataUrl: 's3://b/m' });
  });

  test("is guarded as the present one; behind another image, the present one's environment does not carry over", () => {
    const VpcConfig = { SecurityGroupIds: ['g'], Subnets: ['s'] };
    const candidate = { image: 'i', modelDataUrl: undefined };
    const guarded = live({
      VpcConfig,
      EnableNetworkIsolation: true,
      PrimaryContainer: { Image: 'old', Environment: { OLD: '1' } },
    });
    expect(newModel('m', candidate, { ...settings, live: guarded })).toStrictEqual({
      ...bare,
      VpcConfig,
      EnableNetworkIsolation: true,
    });
    expect(newModel('m', candidate, { ...settings, live: live({ EnableNetworkIsolation: false }) })).toStrictEqual(
      bare,
    );
  });
});

describe('tags', () => {
  const own = { project: 'p', endpoint: 'e', run: 'r-1' };
  const ours = [
    { Key: 'shadowctl:project', Value: 'p' },
    { Key: 'shadowctl:endpoint', Value: 'e' },
    { Key: 'shadowctl:run', Value: 'r-1' },
  ];

  test("are ours and the user's; the user's cannot stand for ours", () => {
    expect(tagList(own)).toEqual(ours);
    expect(tagList(own, { team: 'weather' })).toEqual([{ Key: 'team', Value: 'weather' }, ...ours]);
    const lied = tagList(own, { 'shadowctl:endpoint': 'other' });
    expect(Object.fromEntries(lied.map(({ Key, Value }) => [Key, Value]))['shadowctl:endpoint']).toBe('e');
    expect(lied).toHaveLength(3);
  });

  test.each([
    ['a folder (copy)!', 'a folder -copy--'],
    ['wetter/übersicht_1.2:3=4+5-6@7', 'wetter/übersicht_1.2:3=4+5-6@7'],
    ['雨 5', '雨 5'],
    ['x'.repeat(300), 'x'.repeat(256)],
    ['a\nb\tc#', 'a-b-c-'],
  ])('%j becomes %j', (project, value) => {
    expect(tagList({ ...own, project })[0]).toEqual({ Key: 'shadowctl:project', Value: value });
  });

  test.each<[Record<string, string>, boolean]>([
    [{ 'shadowctl:endpoint': 'e', 'shadowctl:run': 'r-1' }, true],
    [{ 'shadowctl:endpoint': 'e', 'shadowctl:run': 'r-2' }, true],
    [{ 'shadowctl:endpoint': 'e', 'shadowctl:run': 'r-3' }, false],
    [{ 'shadowctl:endpoint': 'f', 'shadowctl:run': 'r-1' }, false],
    [{ 'shadowctl:endpoint': 'e' }, false],
    [{ 'shadowctl:run': 'r-1' }, false],
    [{}, false],
  ])('%j: ours %s', (tagsThere, expected) => {
    expect(isOurs(tagsThere, 'e', ['r-1', 'r-2'])).toBe(expected);
    expect(isOurs(tagsThere, 'e', [])).toBe(false);
  });
});
