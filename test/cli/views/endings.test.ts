import { describe, expect, test } from 'vitest';
import type { MetricsMinute } from '../../../src/lifecycle/guarded-update/fleet-metrics.ts';
import { printCommand } from '../../../src/base/text.ts';
import type { Phase } from '../../../src/guard/phase.ts';
import type { EndedUpdate, UpdateMetrics } from '../../../src/lifecycle/guarded-update/ended.ts';
import { servedIn } from '../../../src/lifecycle/guarded-update/metrics.ts';
import { showFinding } from '../../../src/cli/views/findings.ts';
import { metricLines } from '../../../src/cli/views/update-metrics.ts';
import { resultLines } from '../../../src/cli/views/update-result.ts';
import { capturedIo } from '../../support/io.ts';

const START = Date.UTC(2026, 0, 5, 9, 27, 5);
const MINUTE = 60_000;
const ENDPOINT = 'weather-prediction-endpoint';

function stage(name: Phase['name'], share = 0): Phase {
  const unknown = {
    words: undefined,
    oldFleet: undefined,
    newFleet: undefined,
    bakeEnds: undefined,
    target: undefined,
  };
  return { name, share, ...unknown };
}

const ROLLED_BACK: EndedUpdate = {
  update: {
    command: 'canary',
    endpoint: ENDPOINT,
    variant: 'AllTraffic',
    requested: 'weather-config-v2-2',
    previous: 'weather-config-v2-1',
    models: { previous: 'weather-model-v2-1', requested: 'weather-model-v2-2' },
    alarms: [`${ENDPOINT}-5XXError`],
    ownAlarms: [`${ENDPOINT}-5XXError`],
    strategy: 'canary',
    startedAt: START,
    reasonBefore: undefined,
    modifiedBefore: undefined,
    maxSeconds: undefined,
  },
  ending: {
    kind: 'rolled-back-by-alarm',
    sentence: `${ENDPOINT} was rolled back to weather-config-v2-1 by alarm ${ENDPOINT}-5XXError.`,
    reason: `One or more configured alarm for automatic rollback deployment is in ALARM state: [${ENDPOINT}-5XXError].`,
    alarms: [`${ENDPOINT}-5XXError`],
    running: 'weather-config-v2-1',
  },
  evidence: {
    served: { requests: 58, errors4xx: 0, errors5xx: 58 },
    alarms: [
      {
        name: `${ENDPOINT}-5XXError`,
        rule: 'Invocation5XXErrors Average > 1 %, 1 of 1 minute',
        reason:
          'Threshold Crossed: 1 out of the last 1 datapoints [1.0 (05/01/26 09:30:00)] was greater than the threshold (0.01) (minimum 1 datapoint for OK -> ALARM transition).',
        points: [{ at: START + 3 * MINUTE, value: '100 %', breaching: true }],
      },
    ],
    log: {
      group: `/aws/sagemaker/Endpoints/${ENDPOINT}`,
      lines: [
        {
          at: START + 3 * MINUTE,
          stream: 's',
          message: 'RuntimeError: Unable to load model: Model /opt/ml/model/model_algo-1 cannot be loaded:',
        },
      ],
      more: 186,
    },
    unseen: [],
  },
  endedAt: START + 5 * MINUTE,
  stages: [
    { at: START, stage: stage('starting') },
    { at: START + 10_000, stage: stage('launching') },
    { at: START + 3 * MINUTE, stage: stage('baking', 1 / 3) },
    { at: START + 4 * MINUTE, stage: stage('rolling-back') },
  ],
};

const UPDATED: EndedUpdate = {
  ...ROLLED_BACK,
  ending: {
    kind: 'updated',
    sentence: `${ENDPOINT} runs weather-config-v2-2.`,
    reason: undefined,
    alarms: [],
    running: 'weather-config-v2-2',
  },
  evidence: {
    served: { requests: 390, errors4xx: 2, errors5xx: 0 },
    alarms: [],
    log: { group: '', lines: [], more: 0 },
    unseen: [],
  },
};

function minutes(from: number, count: number, values: Partial<MetricsMinute>): MetricsMinute[] {
  const first = Math.floor(START / MINUTE) * MINUTE + from * MINUTE;
  return Array.from({ length: count }, (_, index) => ({
    at: first + index * MINUTE,
    requests: 60,
    errors4xx: 0,
    errors5xx: 0,
    latencyMs: 2,
    ...values,
  }));
}

const METRICS: UpdateMetrics = {
  start: START - 5 * MINUTE,
  end: START + 5 * MINUTE,
  fleets: [
    { fleet: 'old', config: 'weather-config-v2-1', minutes: minutes(-5, 10, {}) },
    {
      fleet: 'new',
      config: 'weather-config-v2-2',
      minutes: minutes(3, 2, { requests: 20, errors5xx: 20, latencyMs: 22 }),
    },
  ],
};

describe.each([80, 120])('at %i columns', (columns) => {
  const io = { ...capturedIo(), columns };

  test.each([
    ['rolled back', ROLLED_BACK],
    ['updated', UPDATED],
  ])('the ending: %s', (_, followed) => {
    const lines = resultLines(io, followed);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    expect(`\n${lines.join('\n')}\n`).toMatchSnapshot();
  });

  test('the metrics of both fleets, marked with the stages', () => {
    const lines = metricLines(io, ROLLED_BACK, METRICS);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    expect(`\n${lines.join('\n')}\n`).toMatchSnapshot();
  });

  test('a finding is wrapped, a command to be copied never', () => {
    const query = "Quotas[?QuotaName=='ml.m5.large for endpoint usage'].Value";
    const options = { 'service-code': 'sagemaker', query };
    const line = { program: 'aws', command: 'service-quotas list-service-quotas', options, incomplete: false } as const;
    const command = printCommand(line);
    const [...lines] = showFinding(io, {
      severity: 'warning',
      check: 'no-traffic',
      subject: `endpoint ${ENDPOINT}`,
      message: 'No requests in the last hour: alarms see nothing, and an update without traffic proves nothing.',
      next: [line],
    });
    expect(lines.pop()).toBe(`    ${command}`);
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  });
});

test('what the new fleet served counts from the start of the update', () => {
  const before = minutes(-4, 2, { requests: 7 });
  const fleets = METRICS.fleets.map((one) =>
    one.fleet === 'new' ? { ...one, minutes: [...before, ...one.minutes] } : one,
  );
  expect(servedIn({ ...METRICS, fleets }, ROLLED_BACK)).toEqual({ requests: 40, errors4xx: 0, errors5xx: 40 });
});
