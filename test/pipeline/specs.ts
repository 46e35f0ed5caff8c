import type { PipelineSpec } from '../../src/pipeline/template/spec.ts';

/** A pipeline with everything. */
export const WHOLE: PipelineSpec = {
  region: 'eu-west-1',
  account: '123456789012',
  endpoint: 'weather',
  project: 'forecasts',
  tags: { team: 'models' },
  role: 'arn:aws:iam::123456789012:role/models',
  watch: { kind: 'uploads', bucket: 'uploads', prefix: 'weather/' },
  everyMinutes: 5,
  state: { bucket: 'shadowctl-state-123456789012-eu-west-1', key: 'journals' },
  ownBucket: true,
  readBuckets: ['uploads', 'labels'],
  batch: undefined,
  topics: ['arn:aws:sns:eu-west-1:123456789012:releases'],
  emails: ['team@example.com'],
  link: true,
  architecture: 'arm64',
  code: { key: `journals/123456789012/eu-west-1/weather/pipeline/code-${'0'.repeat(64)}.zip` },
  settings: { key: `journals/123456789012/eu-west-1/weather/pipeline/settings-${'1'.repeat(64)}.json` },
  logDays: 30,
};

/** The least that there can be: a given bucket, no page, nobody mailed, nothing that starts a release. */
export const BARE: PipelineSpec = {
  ...WHOLE,
  tags: {},
  role: undefined,
  watch: undefined,
  state: { bucket: 'ours', key: '' },
  ownBucket: false,
  readBuckets: [],
  batch: undefined,
  topics: [],
  emails: [],
  link: false,
  architecture: 'x86_64',
};

/** One that listens to the Model Registry. */
export const REGISTRY: PipelineSpec = { ...WHOLE, watch: { kind: 'registry', group: 'weather' } };
