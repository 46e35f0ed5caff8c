import { describe, expect, test } from 'vitest';
import { parseEvent } from '../../src/state/events.ts';
import { type FactName, FACTS, type FactValue, isAlarmInput, isFactName } from '../../src/state/facts.ts';

const at = '2026-01-05T09:00:00.000Z';
const alarm = {
  AlarmName: 'a',
  ComparisonOperator: 'GreaterThanThreshold',
  EvaluationPeriods: 1,
  Threshold: 2,
} as const;
const config = { EndpointConfigName: 'c', ProductionVariants: [{ VariantName: 'v' }], KmsKeyId: 'k' };

/** Each fact with every field it may have. */
const WHOLE: { [Name in FactName]: FactValue<Name> } = {
  adopted: { kind: 'endpoint', name: 'e' },
  found: { kind: 'endpoint', name: 'e', run: 'r-1' },
  clean: {},
  stands: { config: 'c', instances: { v: 2 }, weights: { v: 1 }, alarms: { a: null, b: '{}' } },
  'taken-over': { config: 'c2', previous: 'c1' },
  disowned: {},
  replaces: { requested: 'c2', previous: 'c1' },
  'update-started': {
    command: 'canary',
    endpoint: 'e',
    variant: 'v',
    requested: 'c2',
    previous: 'c1',
    models: { previous: 'm1', requested: 'm2' },
    alarms: ['a', 'b'],
    ownAlarms: ['a'],
    strategy: 'canary',
    startedAt: 1,
    modifiedBefore: 2,
    reasonBefore: 'why',
    maxSeconds: 3,
  },
  'update-ended': {
    requested: 'c2',
    kind: 'updated',
    reason: 'why',
    previous: 'c1',
    sentence: 'It is done.',
    alarms: ['a'],
    served: { requests: 1, errors4xx: 2, errors5xx: 3 },
    startedAt: 1,
    endedAt: 2,
  },
  'update-aborted': { requested: 'c2', at: 1, alarm },
  'alarm-restored': { alarm: 'a' },
  shadow: { config: 'c2', before: 'c1', sample: 0.5, variant: 'v', until: 1, calibrates: 'm' },
  'noise-floor': {
    model: 'm',
    window: { from: 1, to: 2 },
    pairs: 3,
    prediction: 'score',
    labels: { differing: 1, n: 2, factor: 3 },
    numbers: { beyond: 1, n: 2, factor: 3, tolerance: 4, mae: 5 },
  },
  promoted: {
    model: 'm',
    artifact: 's3://b/m',
    images: ['i'],
    verdict: 'pass',
    summary: 'Well.',
    forced: true,
    wayBack: 'c1',
  },
  'keep-decided': { model: 'm2', production: 'm1', reason: 'slower', config: 'c2' },
  kept: { model: 'm', production: 'p', reason: 'why' },
  'rollout-begun': {
    previous: 'c0',
    config: 'c1',
    final: 'c2',
    model: 'm2',
    previousModel: 'm1',
    production: 'p',
    candidate: 'q',
    steps: [0.5, 1],
    bakeSeconds: 60,
    finalInput: config,
    limits: {
      rate5xx: 0.1,
      rate4xx: 0.2,
      latency: { statistic: 'p99', milliseconds: 100, minutes: 3 },
      alarms: ['a'],
    },
  },
  'rollout-step': { step: 1, share: 0.5, since: 2 },
  'rollout-ended': { outcome: 'passed', model: 'm', at: 1 },
  'slices-begun': {
    by: 'country',
    production: 'p',
    candidate: 'q',
    config: 'c1',
    models: { production: 'm1', candidate: 'm2' },
    order: ['LI', 'DE'],
    at: 1,
  },
  'slice-judged': { slice: 'LI', outcome: 'pass', requests: 1, moved: 1, reasons: ['r'], at: 2 },
  'slices-ended': { at: 3 },
  waived: {
    verdict: 'pass',
    waivers: [{ gate: 'errors', outcome: 'fail', reason: 'why', owner: 'o', until: '2026-12-31' }],
    config: 'c2',
  },
  judged: {
    config: 'c2',
    verdict: 'fail',
    asked: { labels: 'truth.csv:label', policy: 'p.yaml', expect: 'same', prediction: 'p' },
    failed: [{ gate: 'truth.error', reason: 'why' }],
    passed: ['errors'],
  },
  ran: {
    config: 'c1',
    parts: [
      {
        model: 'm1',
        role: 'arn:aws:iam::1:role/r',
        artifacts: [{ uri: 's3://b/k', etag: '"e"' }],
        images: [{ image: 'i:1', digest: 'i@sha256:d' }],
      },
    ],
  },
  'release-begun': {
    release: 'r1',
    source: { kind: 'artifact', name: 's3://b/k', etag: '"e"', version: 'v', bytes: 3 },
    from: 'hand',
    image: 'i',
    algorithm: 'xgboost',
    allowMismatch: true,
    terms: {
      timeBox: 1,
      sampling: [0.1, 1],
      approve: 'ask',
      approvers: ['arn:aws:iam::1:user/u'],
      author: 'allowed',
      answer: 2,
      unanswered: 'keep',
      settle: 3,
      fallback: 'none',
    },
    at: 1,
  },
  'release-copied': { release: 'r1', uri: 's3://b/copy' },
  'release-attaching': { release: 'r1', step: 0, sample: 0.1, model: 'm2', config: 'c2', at: 2 },
  'release-gathering': { release: 'r1', step: 0, at: 3 },
  'release-day': { release: 'r1', day: '2026-11-29', rows: 9, judged: 8, at: 3 },
  'release-day-failed': { release: 'r1', day: '2026-11-29', what: 'no header', settings: 'ab', at: 3 },
  'release-asked': { release: 'r1', ask: 1, about: 'pass', outcome: 'pass', summary: 's', reasons: [], at: 4 },
  'release-link': { release: 'r1', ask: 1, sha256: 'ab', until: 9 },
  'release-answered': { release: 'r1', ask: 1, answer: 'approve', by: 'arn', how: 'command', reason: 'so', at: 5 },
  'release-turned': { release: 'r1', ask: 1, outcome: 'fail', summary: 's', reasons: ['r'], at: 6 },
  'release-promoting': { release: 'r1', model: 'm2', config: 'c3', beside: true, at: 6 },
  'release-unguardable': { release: 'r1', words: 'no', at: 6 },
  'release-settling': { release: 'r1', config: 'c3', until: 7 },
  'release-detaching': { release: 'r1', why: 'failed', reason: 'r', at: 6 },
  'release-told': { release: 'r1', about: 'begun', at: 2 },
  'release-trouble': { release: 'r1', what: 'w', elsewhere: true, at: 2 },
  'release-ended': { release: 'r1', outcome: 'promoted', reason: 'r', at: 8 },
  'release-passed-over': { source: { kind: 'artifact', name: 's3://b/k' }, why: 'w', at: 1 },
  'pipeline-installing': { stack: 's', code: 'c', settings: 'j', watch: 's3://b/', at: 1 },
  'pipeline-events': { bucket: 'b', before: true, at: 2 },
  'pipeline-installed': { stack: 's', at: 3 },
  'pipeline-removing': { stack: 's', at: 4 },
  'pipeline-removed': { stack: 's', off: ['b'], at: 5 },
  'batch-begun': { candidate: 'c', model: 'm', production: 'p', against: 'model p', at: 1 },
  'batch-attempt': { day: '2026-11-29', attempt: 1, digest: 'd', folder: 's3://b/f/', at: 1 },
  'batch-job': {
    day: '2026-11-29',
    attempt: 1,
    side: 'candidate',
    job: 'j',
    output: 's3://b/f/outputs/j/',
    objects: 2,
    at: 2,
  },
  'batch-job-ended': { job: 'j', status: 'Completed', at: 3 },
  'batch-day': { day: '2026-11-29', attempt: 1, at: 4 },
  shifted: { weights: { p: 1, q: 2 } },
  'state-moving': { from: 'here' },
  'state-arrived': { from: 'here' },
  'state-moved': { to: 'there' },
};

/** Fields that every version wrote. */
const REQUIRED: Record<FactName, readonly string[]> = {
  adopted: ['kind', 'name'],
  found: ['kind', 'name', 'run'],
  clean: [],
  stands: ['config', 'instances', 'weights'],
  'taken-over': ['config', 'previous'],
  disowned: [],
  replaces: ['requested', 'previous'],
  'update-started': [
    'command',
    'endpoint',
    'variant',
    'requested',
    'previous',
    'models',
    'alarms',
    'ownAlarms',
    'strategy',
    'startedAt',
  ],
  'update-ended': ['requested', 'kind'],
  'update-aborted': ['requested', 'at'],
  'alarm-restored': ['alarm'],
  shadow: ['config', 'sample', 'variant'],
  'noise-floor': ['model', 'window', 'pairs'],
  promoted: ['model', 'verdict', 'forced'],
  'keep-decided': ['model', 'production', 'config'],
  kept: ['model', 'production'],
  judged: ['config', 'verdict', 'asked', 'failed', 'passed'],
  waived: ['verdict', 'waivers'],
  'rollout-begun': [
    'previous',
    'config',
    'final',
    'model',
    'previousModel',
    'production',
    'candidate',
    'steps',
    'bakeSeconds',
    'finalInput',
  ],
  'rollout-step': ['step', 'since'],
  'release-begun': ['release', 'source', 'from', 'terms', 'at'],
  'release-copied': ['release', 'uri'],
  'release-attaching': ['release', 'step', 'sample', 'model', 'config', 'at'],
  'release-gathering': ['release', 'step', 'at'],
  'release-day': ['release', 'day', 'rows', 'judged', 'at'],
  'release-day-failed': ['release', 'day', 'what', 'settings', 'at'],
  'release-asked': ['release', 'ask', 'about', 'outcome', 'summary', 'reasons', 'at'],
  'release-link': ['release', 'ask', 'sha256', 'until'],
  'release-answered': ['release', 'ask', 'answer', 'by', 'how', 'at'],
  'release-turned': ['release', 'ask', 'outcome', 'summary', 'reasons', 'at'],
  'release-promoting': ['release', 'model', 'config', 'beside', 'at'],
  'release-unguardable': ['release', 'words', 'at'],
  'release-settling': ['release', 'config', 'until'],
  'release-detaching': ['release', 'why', 'reason', 'at'],
  'release-told': ['release', 'about', 'at'],
  'release-trouble': ['release', 'what', 'at'],
  'release-ended': ['release', 'outcome', 'reason', 'at'],
  'release-passed-over': ['source', 'why', 'at'],
  'batch-begun': ['candidate', 'model', 'against', 'at'],
  'batch-attempt': ['day', 'attempt', 'digest', 'folder', 'at'],
  'batch-job': ['day', 'attempt', 'side', 'job', 'output', 'objects', 'at'],
  'batch-job-ended': ['job', 'status', 'at'],
  'batch-day': ['day', 'attempt', 'at'],
  'state-moving': ['from'],
  'state-arrived': ['from'],
  'state-moved': ['to'],
  'rollout-ended': ['outcome'],
  'slices-begun': ['by', 'production', 'candidate', 'config', 'models', 'order', 'at'],
  'slice-judged': ['slice', 'outcome', 'requests', 'moved', 'reasons', 'at'],
  'slices-ended': ['at'],
  ran: ['config', 'parts'],
  'pipeline-installing': ['stack', 'code', 'settings', 'at'],
  'pipeline-events': ['bucket', 'before', 'at'],
  'pipeline-installed': ['stack', 'at'],
  'pipeline-removing': ['stack', 'at'],
  'pipeline-removed': ['stack', 'off', 'at'],
  shifted: ['weights'],
};

const read = (name: string, value: unknown) => parseEvent({ type: 'fact', run: 'r', name, value, at });
const names = Object.keys(FACTS) as FactName[];

describe.each(names)('the fact %s', (name) => {
  const whole: Readonly<Record<string, unknown>> = { ...WHOLE[name] };

  test('is read with every field', () => {
    expect(read(name, whole)).toEqual({ event: { type: 'fact', run: 'r', name, value: whole, at } });
  });

  test('needs the fields that every version wrote, and no other', () => {
    for (const field of Object.keys(whole)) {
      const { [field]: _, ...rest } = whole;
      const parsed = read(name, rest);
      expect('wrong' in parsed, field).toBe(REQUIRED[name].includes(field));
    }
  });

  test('with a field of another type is damaged, and the field is named', () => {
    // A measurement that cannot be read is none.
    for (const field of Object.keys(whole).filter((one) => one !== 'labels' && one !== 'numbers'))
      expect(read(name, { ...whole, [field]: whole[field] === true ? 'yes' : true }), field).toEqual({
        wrong: expect.stringContaining(`in the fact "${name}", ${field}: `),
      });
  });
});

test.each([
  ['alarm-restored', { alarm: '' }],
  ['shadow', { ...WHOLE.shadow, config: '' }],
  ['rollout-begun', { ...WHOLE['rollout-begun'], final: '' }],
] as const)('an empty name is none: %s %j', (name, value) => {
  expect(read(name, value)).toEqual({ wrong: expect.stringContaining('"" is not a name') });
});

test('a measurement with a number that JSON cannot hold is none', () => {
  const { labels, numbers } = WHOLE['noise-floor'];
  expect(read('noise-floor', { ...WHOLE['noise-floor'], labels: { ...labels, factor: null } })).toMatchObject({
    event: { value: { labels: undefined, numbers } },
  });
});

test.each([
  undefined,
  null,
  5,
  'text',
  [],
  {},
  { ...alarm, AlarmName: 1 },
  { ...alarm, ComparisonOperator: undefined },
  { ...alarm, EvaluationPeriods: '1' },
  Object.assign([], alarm),
  Object.assign(() => undefined, alarm),
])('%j is not what PutMetricAlarm was given', (input) => {
  expect(isAlarmInput(input)).toBe(false);
  expect(isAlarmInput(alarm)).toBe(true);
});

test.each([
  { ...config, EndpointConfigName: 1 },
  { ...config, ProductionVariants: {} },
  { ProductionVariants: [] },
  { EndpointConfigName: 'c' },
  null,
  [],
])('%j is not the input of CreateEndpointConfig', (finalInput) => {
  expect(read('rollout-begun', { ...WHOLE['rollout-begun'], finalInput })).toEqual({
    wrong: expect.stringContaining('finalInput: '),
  });
});

test('a name is one of a fact only where it stands in the table itself', () => {
  expect(isFactName('clean')).toBe(true);
  expect(isFactName('hasOwnProperty')).toBe(false);
});
