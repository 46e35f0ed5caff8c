import { matrixTest, sampled } from '../../support/sizes.ts';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateEndpointConfigCommand, UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { afterEach, describe, expect, test } from 'vitest';
import { listAlarms } from '../../../src/aws/alarms.ts';
import { describeEndpoint, describeEndpointConfig } from '../../../src/aws/sagemaker.ts';
import type { Fault } from '../../../src/emulator/world/faults.ts';
import { REALISTIC_LATENCIES } from '../../../src/emulator/world/options.ts';
import { ARTIFACT, ENDPOINT, openStage, type Said, type Stage } from '../../support/stage.ts';

let stage: Stage;
afterEach(() => stage.close());

const MINUTE = 60_000;
const ON = ['canary', '--endpoint', ENDPOINT, '--adopt', '--yes'];
const GOOD = ['--artifact', ARTIFACT, '--algorithm', 'linear-learner'];
const named = (number: number) => ['--model-name', `m${number}`, '--config-name', `v${number}`];
const CANARY = [...ON, ...GOOD, ...named(2)];

/** Runs a command line while traffic flows, after the old fleet has served for some minutes. */
async function underTraffic(
  argv: readonly string[],
  fault?: Omit<Fault, 'id'>,
): Promise<Said & { answered: number; failed: number }> {
  const { result, answered, failed } = await stage.traffic(async () => {
    await stage.clock.sleep(8 * MINUTE);
    if (fault !== undefined) stage.emulator.world.faults.add(fault);
    return stage.shadowctl(argv);
  }, 1);
  return { ...result, answered, failed };
}

/** Text as it was before it was broken into lines. */
function unwrapped(text: string): string {
  return text.replace(/\s+/g, ' ');
}

async function runs(): Promise<string | undefined> {
  return (await describeEndpoint(stage.aws, ENDPOINT))?.EndpointConfigName;
}

function json(said: Said): Record<string, unknown> & {
  newFleet: { requests: number; errors5xx: number };
  alarms: { name: string; points: { value: string }[] }[];
  log: { lines: { message: string }[] };
} {
  return JSON.parse(said.out);
}

describe('endings', () => {
  test('updated: exit 0, the live config with another model and nothing else changed', async () => {
    stage = await openStage();
    const said = await underTraffic([...CANARY, '--format', 'json']);
    expect(said.code).toBe(0);
    expect(json(said)).toMatchObject({
      ending: 'updated',
      updated: true,
      requestedConfig: 'v2',
      previousConfig: 'v1',
      runningConfig: 'v2',
      alarms: [],
    });
    expect(json(said).newFleet.requests).toBeGreaterThan(300);
    expect(said.failed).toBe(0);
    const [before, after] = [
      await describeEndpointConfig(stage.aws, 'v1'),
      await describeEndpointConfig(stage.aws, 'v2'),
    ];
    expect(after?.ProductionVariants).toEqual(
      before?.ProductionVariants?.map((variant) => ({ ...variant, ModelName: 'm2' })),
    );
    expect((await listAlarms(stage.aws)).map((alarm) => [alarm.AlarmName, alarm.StateValue])).toEqual([
      ['weather-4XXError', 'OK'],
      ['weather-5XXError', 'OK'],
      ['weather-ModelLatency', 'OK'],
    ]);
  });

  test('rolled back by its alarm: exit 1, the alarm with its datapoints, the lines of the container', async () => {
    stage = await openStage();
    const said = await underTraffic([
      ...ON,
      '--artifact',
      ARTIFACT,
      '--algorithm',
      'xgboost:1.2-1',
      '--allow-mismatch',
      ...named(2),
    ]);
    expect(said.code).toBe(1);
    expect(await runs()).toBe('v1');
    expect(said.out).toContain('weather was rolled back to v1 by alarm weather-5XXError.');
    expect(said.out).toMatch(/alarm +weather-5XXError: Invocation5XXErrors Average > 1 %, 1 of 1 minute$/m);
    expect(said.out).toMatch(/\d\d:\d\d 100 % ✗/);
    expect(said.out).toContain('cannot be loaded');
    expect(`${said.err}${said.out}`.match(/Threshold Crossed/g)).toHaveLength(1);
    expect(unwrapped(said.out)).toContain(
      'SageMaker One or more configured alarm for automatic rollback deployment is in ALARM state: [weather-5XXError].',
    );
    // Only the canary's third of the requests met the bad model, and only for about two minutes.
    expect(said.failed).toBeLessThan(said.answered / 10);
    // Its alarms stand on a fleet that is gone: whose they are is said, and not that one is in ALARM.
    const doctor = await stage.shadowctl(['doctor', '--endpoint', ENDPOINT, '--format', 'json']);
    const { findings } = JSON.parse(doctor.out) as { findings: { subject: string; check: string }[] };
    expect(findings.filter(({ subject }) => subject.startsWith('alarm')).map(({ check }) => check)).toEqual([
      'left-over',
    ]);
  });

  matrixTest('rolled back for health: an image that loads the model at /ping', async () => {
    stage = await openStage();
    const said = await underTraffic([
      ...ON,
      '--artifact',
      ARTIFACT,
      '--algorithm',
      'xgboost:1.5-1',
      '--allow-mismatch',
      ...named(2),
      '--format',
      'json',
    ]);
    expect(said.code).toBe(1);
    expect(json(said)).toMatchObject({
      ending: 'rolled-back-for-health',
      runningConfig: 'v1',
      newFleet: { requests: 0 },
    });
    expect(said.failed).toBe(0);
  });

  test('rolled back for capacity', async () => {
    stage = await openStage();
    const said = await underTraffic([...CANARY, '--format', 'json'], { kind: 'insufficient-capacity' });
    expect(said.code).toBe(1);
    expect(json(said)).toMatchObject({ ending: 'rolled-back-for-capacity', runningConfig: 'v1' });
  });

  test('timed out', async () => {
    stage = await openStage({ settings: { latencies: { ...REALISTIC_LATENCIES, launchFleet: 30 * MINUTE } } });
    const said = await underTraffic([
      ...CANARY,
      '--bake',
      '4m',
      '--final-bake',
      '4m',
      '--max-time',
      '10m',
      '--format',
      'json',
    ]);
    expect(said.code).toBe(1);
    expect(json(said)).toMatchObject({ ending: 'timed-out', runningConfig: 'v1' });
  });

  test('without traffic nothing is proven, and it says so; GitHub gets a step summary', async () => {
    stage = await openStage();
    const summary = join(stage.cwd, 'summary.md');
    const said = await stage.shadowctl(CANARY, undefined, { GITHUB_STEP_SUMMARY: summary });
    expect(said.code).toBe(0);
    expect(readFileSync(summary, 'utf8')).toContain('### ✅ shadowctl canary: weather runs v2.');
    expect(unwrapped(said.err)).toContain('an update without traffic proves nothing');
    expect(unwrapped(said.out)).toContain(
      'No request reached the new fleet while it was watched: this proves nothing about v2.',
    );
  });
});

describe('each alarm can fire, and says why', () => {
  test.each<[string, Omit<Fault, 'id'>, string]>([
    ['5XX', { kind: 'failing-model', endpointConfig: 'v2', share: 0.2, status: 500 }, 'weather-5XXError'],
    ['4XX', { kind: 'failing-model', endpointConfig: 'v2', share: 0.4, status: 400 }, 'weather-4XXError'],
    ['latency', { kind: 'slow-model', endpointConfig: 'v2', milliseconds: 80 }, 'weather-ModelLatency'],
  ])('%s', async (_, fault, alarm) => {
    stage = await openStage();
    const said = await underTraffic([...CANARY, '--max-latency', 'p90=40ms', '--format', 'json'], fault);
    expect(json(said)).toMatchObject({ ending: 'rolled-back-by-alarm', runningConfig: 'v1' });
    expect(json(said).alarms.map((one) => one.name)).toEqual([alarm]);
    expect(said.code).toBe(1);
  });

  test('the slow first calls of a new fleet do not', async () => {
    stage = await openStage();
    // Six times slower for as long as one minute (facts 13).
    const said = await underTraffic([...CANARY, '--max-latency-increase', 'p99=100%', '--format', 'json'], {
      kind: 'slow-model',
      endpointConfig: 'v2',
      milliseconds: 24,
      times: 9,
    });
    expect(json(said)).toMatchObject({ ending: 'updated' });
  });
});

describe('again', () => {
  matrixTest('the same three alarms serve the next canary, which waits until they are quiet', async () => {
    stage = await openStage();
    const { result } = await stage.traffic(async () => {
      await stage.clock.sleep(8 * MINUTE);
      const first = await stage.shadowctl([
        ...ON,
        '--artifact',
        ARTIFACT,
        '--algorithm',
        'xgboost:1.2-1',
        '--allow-mismatch',
        ...named(2),
      ]);
      const second = await stage.shadowctl([...ON, ...GOOD, ...named(3)]);
      return { first, second };
    }, 1);
    expect(result.first.code).toBe(1);
    expect(result.second.err).toContain('Waiting until weather-5XXError has left ALARM');
    expect(result.second.out).toContain('weather runs v3.');
    expect(await listAlarms(stage.aws)).toHaveLength(3);
  });

  test('interrupted and resumed: the update goes on meanwhile, and its end is told', async () => {
    stage = await openStage();
    const stop = new AbortController();
    const { result } = await stage.traffic(async () => {
      await stage.clock.sleep(8 * MINUTE);
      const [first] = await stage.clock.all([
        () => stage.shadowctl(CANARY, stop.signal),
        async () => {
          await stage.clock.sleep(6 * MINUTE);
          stop.abort(new Error('Ctrl-C'));
          return { code: 0, out: '', err: '' };
        },
      ]);
      const second = await stage.shadowctl(['canary', '--endpoint', ENDPOINT, '--resume', '--format', 'json']);
      return { first, second };
    }, 1);
    expect(result.first?.code).toBe(130);
    expect(result.first?.err).toContain('continues in SageMaker, guarded by 3 alarms there');
    expect(json(result.second)).toMatchObject({ ending: 'updated', runningConfig: 'v2' });
    const third = await stage.shadowctl(['canary', '--endpoint', ENDPOINT, '--resume']);
    expect(third.code).toBe(2);
    expect(third.err).toContain(
      'No update of weather is under way that was started from this folder. The last one: weather runs v2.',
    );
  });

  test('taken over: somebody else updated it before its end was seen', async () => {
    stage = await openStage();
    const stop = new AbortController();
    await stage.clock.all([
      () => stage.shadowctl([...CANARY], stop.signal),
      async () => {
        await stage.clock.sleep(4 * MINUTE);
        stop.abort(new Error('Ctrl-C'));
        return undefined;
      },
    ]);
    while ((await describeEndpoint(stage.aws, ENDPOINT))?.EndpointStatus !== 'InService')
      await stage.clock.sleep(MINUTE);
    const sagemaker = await stage.aws.sagemaker();
    await sagemaker.send(
      new CreateEndpointConfigCommand({
        EndpointConfigName: 'theirs',
        ProductionVariants: [
          { VariantName: 'AllTraffic', ModelName: 'm1', InstanceType: 'ml.m5.large', InitialInstanceCount: 3 },
        ],
      }),
    );
    await sagemaker.send(new UpdateEndpointCommand({ EndpointName: ENDPOINT, EndpointConfigName: 'theirs' }));
    const said = await stage.shadowctl(['canary', '--endpoint', ENDPOINT, '--resume', '--format', 'json']);
    expect(json(said)).toMatchObject({ ending: 'taken-over', runningConfig: 'theirs' });
    expect(said.code).toBe(1);
  });
});

describe('refused before anything is created', () => {
  /** Nothing but reading may have happened. */
  async function untouched(): Promise<void> {
    expect(await describeEndpointConfig(stage.aws, 'v2')).toBeUndefined();
    expect(await listAlarms(stage.aws)).toEqual([]);
  }

  test('one instance', async () => {
    stage = await openStage({ instances: 1 });
    const said = await stage.shadowctl(CANARY);
    expect(said.code).toBe(2);
    expect(said.err).toContain(
      'A canary update needs at least 2 instances, and the new fleet has 1: SageMaker permits at most 50 % of the fleet in a step.',
    );
    await untouched();
  });

  test('a bake in which no alarm could fire, unless that is agreed to; by its former name, too', async () => {
    stage = await openStage();
    const said = await stage.shadowctl([...CANARY, '--bake', '1m']);
    expect(said.code).toBe(2);
    expect(unwrapped(said.err)).toContain(
      'weather-5XXError: It needs 1 × 1 min of data, and about 2 min until that is published and evaluated: 3 min in all, longer than the bake of 1 min.',
    );
    await untouched();
    const agreed = await stage.shadowctl([...CANARY, '--bake', '1m', '--unguarded', '--plan']);
    expect([agreed.code, agreed.err.includes('--force')]).toEqual([4, false]);
    const former = await stage.shadowctl([...CANARY, '--bake', '1m', '--force']);
    expect([former.code, former.err.includes('--force is called --unguarded')]).toEqual([0, true]);
    const history = await stage.shadowctl(['history', '--endpoint', ENDPOINT, '--format', 'json']);
    const [{ overruled }] = JSON.parse(history.out) as [{ overruled: string[] }];
    expect(overruled).toContain('alarm weather-5XXError: longer-than-bake');
  });

  test('an artifact behind the wrong image', async () => {
    stage = await openStage();
    const said = await stage.shadowctl([...ON, '--artifact', ARTIFACT, '--algorithm', 'xgboost:1.2-1', ...named(2)]);
    expect(said.code).toBe(2);
    expect(said.err).toContain('was written by linear-learner');
    await untouched();
  });

  test('the same for an artifact that lies in S3, and for one that is damaged', async () => {
    stage = await openStage();
    const said = await stage.shadowctl([
      ...ON,
      '--artifact',
      's3://models/009.tar.gz',
      '--algorithm',
      'xgboost:1.2-1',
      ...named(2),
    ]);
    expect(said.code).toBe(2);
    expect(said.err).toContain(
      's3://models/009.tar.gz was written by linear-learner (it holds model_algo-1); the image of xgboost:1.2-1 cannot read it.',
    );
    const s3 = await stage.aws.s3();
    await s3.send(
      new PutObjectCommand({ Bucket: 'models', Key: 'torn.tar.gz', Body: readFileSync(ARTIFACT).subarray(0, 300) }),
    );
    const torn = await stage.shadowctl([
      ...ON,
      '--artifact',
      's3://models/torn.tar.gz',
      '--algorithm',
      'linear-learner',
      ...named(2),
    ]);
    expect(torn.err).toContain('s3://models/torn.tar.gz is truncated');
    await untouched();
  });

  test('what the doctor finds at the endpoint is said before: here the live artifact is gone', async () => {
    stage = await openStage();
    const s3 = await stage.aws.s3();
    await s3.send(new DeleteObjectCommand({ Bucket: 'models', Key: '005.tar.gz' }));
    const plan = await stage.shadowctl([...CANARY, '--plan']);
    expect(plan.code).toBe(4);
    expect(unwrapped(plan.out)).toContain(
      '! endpoint weather: s3://models/005.tar.gz, the artifact of model m1, no longer exists',
    );
    expect(unwrapped(plan.out)).toContain(
      'about $0.35 an hour (estimate of 2026-09 for us-east-1, from public sources)',
    );
    // Batch by batch, the way back needs new instances of the old model.
    const rolling = await stage.shadowctl([...CANARY, '--strategy', 'rolling', '--batch-size', '1']);
    expect(rolling.code).toBe(2);
    expect(rolling.err).toContain('endpoint weather: artifact-missing');
    await untouched();
  });

  test('traffic that the live model refuses', async () => {
    stage = await openStage();
    const file = join(stage.cwd, 'rows.csv');
    writeFileSync(file, 'sun,rain\n');
    const said = await stage.shadowctl([...CANARY, '--traffic', file]);
    expect(said.code).toBe(2);
    expect(said.err).toMatch(/--traffic: /);
    writeFileSync(file, '1,2\n');
    const wide = await stage.shadowctl([...CANARY, '--traffic', file]);
    expect(wide.err).toContain('--traffic: the live model refuses line 1 of rows.csv: ');
    await untouched();
  });

  test("a team's alarm that does not exist, is in ALARM, or can never fire", async () => {
    stage = await openStage();
    const missing = await stage.shadowctl([...CANARY, '--alarm', 'team-errors']);
    expect(missing.err).toContain('There is no alarm team-errors');
    const cloudwatch = await stage.aws.cloudwatch();
    const example = {
      AlarmName: 'team-errors',
      Namespace: 'AWS/SageMaker',
      MetricName: 'Invocation5XXErrors',
      Statistic: 'Average' as const,
      Dimensions: [
        { Name: 'EndpointName', Value: ENDPOINT },
        { Name: 'VariantName', Value: 'AllTraffic' },
      ],
      ComparisonOperator: 'GreaterThanOrEqualToThreshold' as const,
      Threshold: 1,
      Period: 60,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    };
    await cloudwatch.send(new PutMetricAlarmCommand(example));
    const lie = await stage.shadowctl([...CANARY, '--alarm', 'team-errors']);
    expect(lie.code).toBe(2);
    expect(lie.err).toContain('team-errors: diluted-by-old-fleet');
  });

  test('an endpoint that is being updated', async () => {
    stage = await openStage();
    const sagemaker = await stage.aws.sagemaker();
    await sagemaker.send(
      new CreateEndpointConfigCommand({
        EndpointConfigName: 'theirs',
        ProductionVariants: [
          { VariantName: 'AllTraffic', ModelName: 'm1', InstanceType: 'ml.m5.large', InitialInstanceCount: 3 },
        ],
      }),
    );
    await sagemaker.send(new UpdateEndpointCommand({ EndpointName: ENDPOINT, EndpointConfigName: 'theirs' }));
    const said = await stage.shadowctl(CANARY);
    expect(said.code).toBe(2);
    expect(said.err).toMatch(/is busy: Updating/);
  });

  test.each<[string, string[], RegExp]>([
    ["somebody else's endpoint", [...CANARY].filter((word) => word !== '--adopt'), /exists without shadowctl's tag/],
    ['no endpoint', CANARY.map((word) => (word === ENDPOINT ? 'nowhere' : word)), /There is no endpoint "nowhere"/],
    ['the config that runs', [...CANARY.slice(0, -1), 'v1'], /weather runs this config now/],
    ['a name SageMaker refuses', [...CANARY.slice(0, -1), 'v_2'], /"v_2" cannot be the name of an endpoint config/],
    [
      'an increase over nothing',
      [...CANARY, '--max-latency-increase', 'p99=20%'],
      /served requests in only 0 of the last 60 minutes/,
    ],
  ])('%s', async (_, argv, words) => {
    stage = await openStage();
    const said = await stage.shadowctl(argv);
    expect(said.code).toBe(2);
    expect(said.err).toMatch(words);
    await untouched();
  });

  test('--plan shows and changes nothing: exit 4', async () => {
    stage = await openStage();
    const said = await stage.shadowctl([...CANARY, '--plan']);
    expect(said.code).toBe(4);
    expect(said.out).toContain('canary: 1 of 3 for 5 min, then all 3 instances for 5 min');
    const json = await stage.shadowctl([...CANARY, '--plan', '--format', 'json']);
    expect(JSON.parse(json.out)).toMatchObject({ endpoint: ENDPOINT, strategy: { name: 'canary', instances: [1, 3] } });
    expect(json.err).toBe('');
    await untouched();
    const journals = readdirSync(stage.cwd, { recursive: true }).filter((name) => String(name).endsWith('.jsonl'));
    expect(journals).toEqual([]);
  });
});

describe('metrics of both fleets, once it has ended', () => {
  interface Metrics {
    metrics: {
      series: { fleet: string; config: string; points: { at: string; requests: number; errors5xx: number }[] }[];
    } | null;
    newFleet: { requests: number };
    endedAt: string;
  }
  const BAD = ['--artifact', ARTIFACT, '--algorithm', 'xgboost:1.2-1', '--allow-mismatch', ...named(2)];

  test('as series for machines: every request of the new fleet up to the last minute', async () => {
    stage = await openStage();
    const said = await underTraffic([...ON, ...BAD, '--format', 'json']);
    const { metrics, newFleet, endedAt } = JSON.parse(said.out) as Metrics;
    const sums = metrics?.series.map(({ fleet, config, points }) => [
      fleet,
      config,
      points.reduce((sum, point) => sum + point.errors5xx, 0),
    ]);
    // Every caller that saw a failure stands in the new fleet's series.
    expect(sums).toEqual([
      ['old', 'v1', 0],
      ['new', 'v2', said.failed],
    ]);
    expect(newFleet.requests).toBe(said.failed);
    // The minute that follows is not waited for.
    expect(stage.clock.now() - Date.parse(endedAt)).toBeLessThanOrEqual(2 * MINUTE);
  });

  matrixTest(
    'on a terminal: a view drawn over itself, then charts; --no-metrics leaves them out and waits for nothing',
    async () => {
      stage = await openStage({ columns: 100, interactive: true });
      const drawn = await underTraffic(CANARY);
      const frames = drawn.err.split('\u001b[6A\u001b[J');
      expect(frames.length).toBeGreaterThan(30);
      const baking = frames.find((frame) => frame.includes('baking with 33 %')) ?? '';
      expect(baking).toMatch(/old {2}v1 .*67 %/);
      expect(baking).toMatch(/new {2}v2 .*1 of 3 inst {2}33 %/);
      expect(baking).toContain('weather-ModelLatency');
      for (const line of baking.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
      expect(drawn.out.indexOf('weather runs v2.')).toBeLessThan(drawn.out.indexOf('── old v1   ━━ new v2'));
      for (const title of ['5XXError: none in', '4XXError: none in', 'ModelLatency, '])
        expect(drawn.out).toContain(title);
      expect(drawn.out).toMatch(/1 \d\d:\d\d launching the new fleet · 2 \d\d:\d\d baking with 33 % of the traffic/);
      const before = stage.clock.now();
      const without = await stage.shadowctl([...ON, ...GOOD, ...named(3), '--no-metrics', '--format', 'json']);
      const { metrics, endedAt } = JSON.parse(without.out) as Metrics;
      expect(metrics).toBeNull();
      expect(Date.parse(endedAt)).toBeGreaterThan(before);
      expect(stage.clock.now()).toBe(Date.parse(endedAt));
    },
  );

  matrixTest('may not be read: the ending is told all the same', async () => {
    stage = await openStage();
    const { result } = await stage.traffic(async () => {
      const [said] = await stage.clock.all([
        () => stage.shadowctl([...CANARY, '--unguarded']),
        async () => {
          await stage.clock.sleep(6 * MINUTE);
          stage.emulator.world.faults.add({
            kind: 'error',
            service: 'cloudwatch',
            operation: 'GetMetricData',
            status: 403,
          });
          return undefined;
        },
      ]);
      return said as Said;
    }, 1);
    expect(result.code).toBe(0);
    expect(result.out).toContain('weather runs v2.');
    expect(result.out).toContain('not seen');
    expect(result.err).toContain('! No charts: ');
    // Nothing had to be overruled.
    const history = await stage.shadowctl(['history', '--endpoint', ENDPOINT, '--format', 'json']);
    expect(JSON.parse(history.out)).toMatchObject([{ overruled: [] }]);
    // Said once, when it began; the watching goes on.
    expect(result.err.match(/! Could not read metrics/g)).toHaveLength(1);
  });
});

test('--traffic brings requests of its own', async () => {
  stage = await openStage();
  const said = await stage.shadowctl([
    ...CANARY,
    '--traffic',
    join(import.meta.dirname, '../../../fixtures/data/test.csv'),
    '--rate',
    '1',
    '--format',
    'json',
  ]);
  expect(said.err).toContain('this traffic is from shadowctl, not from your callers');
  expect(json(said).newFleet.requests).toBeGreaterThan(100);
});

describe('a reply that gets lost after the work was done', () => {
  const LOST: readonly [service: string, operation: string][] = [
    ['sagemaker', 'CreateModel'],
    ['sagemaker', 'CreateEndpointConfig'],
    ['cloudwatch', 'PutMetricAlarm'],
    ['sagemaker', 'UpdateEndpoint'],
  ];
  // Each takes seconds: `npm run matrix` runs them all.
  test.each(sampled(LOST, 1))(
    '%s %s: the canary goes on, and nothing is lost or made twice',
    async (service, operation) => {
      stage = await openStage();
      const said = await underTraffic([...CANARY, '--format', 'json'], {
        kind: 'drop-reply',
        service,
        operation,
        times: 1,
      });
      expect(said.code).toBe(0);
      expect(json(said)).toMatchObject({ ending: 'updated' });
      expect(await listAlarms(stage.aws)).toHaveLength(3);
    },
  );
});
