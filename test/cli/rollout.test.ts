import { REALISTIC_LATENCIES } from '../../src/emulator/world/options.ts';
import { deleteEndpoint } from '../../src/aws/sagemaker.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import { afterEach, describe, expect, test } from 'vitest';
import { describeEndpoint, describeEndpointConfig } from '../../src/aws/sagemaker.ts';
import { parseSteps } from '../../src/cli/rollout.ts';
import type { RecordedFact } from '../../src/state/facts.ts';
import { positionOf } from '../../src/state/rollouts.ts';
import { ARTIFACT, ENDPOINT, openStage, type Stage } from '../support/stage.ts';
import { matrixTest } from '../support/sizes.ts';

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

const MINUTE = 60_000;

function words(opened: Stage, algorithm: readonly string[], policy: string): string[] {
  writeFileSync(join(opened.cwd, 'policy.yaml'), policy);
  return [
    'rollout',
    '--endpoint',
    ENDPOINT,
    '--adopt',
    '--yes',
    '--artifact',
    ARTIFACT,
    ...algorithm,
    '--model-name',
    'm2',
    '--config-name',
    'both',
    '--steps',
    '20%,50%,100%',
    '--bake',
    '6m',
    '--policy',
    join(opened.cwd, 'policy.yaml'),
    '--format',
    'json',
  ];
}

const good = ['--algorithm', 'linear-learner'];
const mismatched = ['--algorithm', 'xgboost:1.2-1', '--allow-mismatch'];
/** Decides soon, and never passes with so few requests. */
const STRICT = 'inform: [latency]\nerrors: 0.0001\nblockMinutes: 1\nminimumBlocks: 5\n';
const PAUSES = ['--patience', '1m'];
const LENIENT = 'inform: [latency]\nerrors: 0.2\nblockMinutes: 1\nminimumBlocks: 5\n';

async function runs(opened: Stage) {
  const endpoint = await describeEndpoint(opened.aws, ENDPOINT);
  const config = await describeEndpointConfig(opened.aws, endpoint?.EndpointConfigName ?? '');
  return {
    config: endpoint?.EndpointConfigName,
    variants: config?.ProductionVariants?.map((variant) => [variant.VariantName, variant.ModelName]),
  };
}

describe('rollout', () => {
  test('every step passes: production keeps its name and has the new model', async () => {
    const opened = (stage = await openStage());
    const { result, failed } = await opened.traffic(async () => opened.shadowctl(words(opened, good, LENIENT)), 2);
    expect(result.err).toContain('step 1 of 3: m2 takes 20 % of the requests');
    expect(result.err).toContain('step 2 of 3: m2 takes 50 % of the requests');
    expect(JSON.parse(result.out)).toMatchObject({ ended: 'passed', model: 'm2', share: 1 });
    expect(result.code).toBe(0);
    expect(failed).toBe(0);
    expect(await runs(opened)).toEqual({ config: 'both-final', variants: [['AllTraffic', 'm2']] });
  });

  test('a failing candidate is taken back at once, not after the bake', async () => {
    const opened = (stage = await openStage());
    const { result, answered, failed } = await opened.traffic(
      async () => opened.shadowctl([...words(opened, mismatched, LENIENT), '--bake', '1h']),
      2,
    );
    expect(result.code).toBe(1);
    expect(JSON.parse(result.out)).toMatchObject({ ended: 'failed', share: 0 });
    expect(result.err).toContain("of the candidate's requests failed");
    expect(await runs(opened)).toEqual({ config: 'v1', variants: [['AllTraffic', 'm1']] });
    expect(failed).toBeLessThan(answered * 0.2);
  });

  test('not decided: pauses with exit 3, goes on with --resume, returns with --cancel', async () => {
    const opened = (stage = await openStage());
    const { result } = await opened.traffic(async () => {
      const first = await opened.shadowctl([...words(opened, good, STRICT), ...PAUSES]);
      const status = await opened.shadowctl(['status', '--endpoint', ENDPOINT]);
      const history = await opened.shadowctl(['history', '--endpoint', ENDPOINT, '--format', 'json']);
      const doctor = await opened.shadowctl(['doctor', '--endpoint', ENDPOINT, '--format', 'json']);
      const again = await opened.shadowctl(words(opened, good, LENIENT));
      writeFileSync(join(opened.cwd, 'policy.yaml'), LENIENT);
      const resumed = await opened.shadowctl([
        'rollout',
        '--endpoint',
        ENDPOINT,
        '--resume',
        '--policy',
        join(opened.cwd, 'policy.yaml'),
      ]);
      return { first, status, history, doctor, again, resumed };
    }, 1);
    expect(result.first.code).toBe(3);
    expect(JSON.parse(result.first.out)).toMatchObject({ ended: 'paused', share: 0.2 });
    expect(result.status.out).toContain('Rollout under way, at step 1 of 3: m2 takes 20 % of the requests since\n');
    expect(result.status.out).toMatch(/candidate +production +m2 /);
    expect(JSON.parse(result.history.out)).toMatchObject([{ to: 'both', ending: null, now: 'paused' }]);
    expect(JSON.parse(result.doctor.out).findings).toContainEqual(
      expect.objectContaining({ check: 'rollout', holdsOff: true }),
    );
    expect(result.again.err).toContain('A rollout of m2 on weather is under way: m2 takes 20 % of the requests');
    expect(result.resumed.code).toBe(0);
    expect(result.resumed.err).not.toContain('step 1 of 3');
    expect((await runs(opened)).config).toBe('both-final');
    const after = JSON.parse((await opened.shadowctl(['history', '--endpoint', ENDPOINT, '--format', 'json'])).out);
    expect(after).toMatchObject([
      { from: 'v1', to: 'both', ending: 'rollout-passed' },
      { from: 'both', to: 'both-final', ending: 'updated' },
    ]);
    const cancel = await opened.shadowctl(['rollout', '--endpoint', ENDPOINT, '--cancel']);
    expect(cancel.code).toBe(2);
  });

  test('undo in a rollout goes back; other commands say what stands, and what goes on', async () => {
    const opened = (stage = await openStage());
    const own = ['--endpoint', ENDPOINT];
    const model = ['--artifact', ARTIFACT, ...good];
    const { result } = await opened.traffic(async () => {
      const paused = await opened.shadowctl([...words(opened, good, STRICT), ...PAUSES]);
      const refused = [];
      for (const command of [
        ['canary', ...own, ...model],
        ['shadow', ...own, ...model],
        ['deploy', ...own, ...model, '--instances', '3'],
        ['promote', ...own],
        ['keep', ...own],
        ['abort', ...own],
        ['undo', ...own, '--strategy', 'canary'],
      ])
        refused.push(await opened.shadowctl([...command, '--yes']));
      const plan = await opened.shadowctl(['undo', ...own, '--plan', '--format', 'json']);
      const elsewhere = await opened.shadowctl(['undo', ...own, '--to', 'both', '--yes']);
      const undone = await opened.shadowctl(['undo', ...own, '--to', 'v1', '--yes', '--format', 'json']);
      return { paused, refused, plan, elsewhere, undone };
    }, 1);
    expect(result.paused.code).toBe(3);
    for (const { code, err } of result.refused) {
      expect(code, err).toBe(2);
      expect(err).toContain('A rollout of m2 on weather is under way: m2 takes 20 % of the requests');
      expect(err).toContain(`shadowctl rollout --endpoint ${ENDPOINT} --cancel`);
    }
    expect(result.elsewhere).toMatchObject({ code: 2, err: expect.stringContaining('--cancel') });
    expect(result.plan.code).toBe(4);
    expect(JSON.parse(result.plan.out)).toMatchObject({ rollout: { model: 'm2', share: 0.2 }, from: 'both' });
    expect(result.undone.code).toBe(0);
    expect(JSON.parse(result.undone.out)).toMatchObject({ rollout: { share: 0 }, outcome: 'running', config: 'v1' });
    expect((await runs(opened)).config).toBe('v1');
  });

  test('while a process watches it, whoever wants to go back is told how that is stopped', async () => {
    const opened = (stage = await openStage({ settings: { latencies: REALISTIC_LATENCIES } }));
    const stop = new AbortController();
    const { result } = await opened.traffic(async () => {
      const [, locked] = await opened.clock.all([
        () => opened.shadowctl(words(opened, good, LENIENT), stop.signal),
        async () => {
          await opened.clock.sleep(8 * MINUTE);
          const said = await opened.shadowctl(['undo', '--endpoint', ENDPOINT, '--yes']);
          stop.abort(new Error('Ctrl-C'));
          return said;
        },
      ]);
      return { locked, undone: await opened.shadowctl(['undo', '--endpoint', ENDPOINT, '--yes']) };
    }, 1);
    expect(result.locked).toMatchObject({ code: 2, err: expect.stringContaining(`kill -INT ${process.pid}`) });
    expect(result.locked?.err).toContain('m2 takes 20 % of the requests');
    expect(result.undone.code).toBe(0);
  });

  test.each([
    ['errors alone', LENIENT, 6],
    [
      'latency after its warm-up',
      'inform: [latency.p90, latency.p99]\nlatency: { mean: 5, p50: 5 }\nerrors: 0.2\nblockMinutes: 1\nminimumBlocks: 5\n',
      8,
    ],
  ])('a short bake waits until the policy can decide, and the plan says when: %s', async (_, policy, minutes) => {
    const opened = (stage = await openStage());
    const short = [...words(opened, good, policy), '--bake', '1m', '--steps', '20%,100%'];
    const plan = await opened.shadowctl([...short, '--plan']);
    expect(JSON.parse(plan.out)).toMatchObject({ leastSeconds: minutes * 60, totalSeconds: minutes * 60 });
    const impatient = await opened.shadowctl([...short, '--patience', `${minutes - 2}m30s`]);
    expect(impatient).toMatchObject({ code: 2, err: expect.stringContaining(`before ${minutes} min`) });
    const { result } = await opened.traffic(() => opened.shadowctl(short), 2);
    expect(result.code, result.err).toBe(0);
    const [began = 0, judged = 0] = [...result.err.matchAll(/(\d\d):(\d\d):(\d\d) {2}(?:step 1 of|✓ step 1)/g)].map(
      ([, h, m, s]) => Number(h) * 3600 + Number(m) * 60 + Number(s),
    );
    expect(Math.ceil((judged - began) / 60)).toBe(minutes);
  });

  test('interrupted at any moment, it goes on where it was, and can be given back', async () => {
    const opened = (stage = await openStage());
    const stop = new AbortController();
    const { result } = await opened.traffic(async () => {
      const [first] = await opened.clock.all([
        () => opened.shadowctl(words(opened, good, LENIENT), stop.signal),
        async () => {
          await opened.clock.sleep(8 * MINUTE);
          stop.abort(new Error('Ctrl-C'));
          return undefined;
        },
      ]);
      return { first, cancelled: await opened.shadowctl(['rollout', '--endpoint', ENDPOINT, '--cancel']) };
    }, 1);
    expect(result.first?.code).toBe(130);
    expect(result.first?.err).toContain('--resume');
    expect(result.cancelled).toMatchObject({ code: 0, out: 'weather is back on v1 with m1.\n' });
    expect((await runs(opened)).config).toBe('v1');
  });

  matrixTest('cleanup leaves the way back of a rollout that is under way', async () => {
    const opened = (stage = await openStage());
    const { result } = await opened.traffic(async () => {
      const own = ['deploy', '--endpoint', ENDPOINT, '--adopt', '--yes', '--artifact', ARTIFACT, ...good];
      await opened.shadowctl([...own, '--model-name', 'm1b', '--config-name', 'ours']);
      const paused = await opened.shadowctl([...words(opened, good, STRICT), ...PAUSES]);
      // Nobody works on it: watching off a terminal ends with what continues it.
      const watched = await opened.shadowctl(['watch', '--endpoint', ENDPOINT]);
      const cleaned = await opened.shadowctl(['cleanup', '--endpoint', ENDPOINT, '--yes']);
      const cancelled = await opened.shadowctl(['rollout', '--endpoint', ENDPOINT, '--cancel']);
      return { paused, watched, cleaned, cancelled };
    }, 1);
    expect(result.paused.code).toBe(3);
    expect(result.watched).toMatchObject({
      code: 0,
      out: expect.stringContaining('rollout --endpoint weather --resume'),
    });
    expect(result.cleaned.out).toContain('left: endpoint config ours (in use by an endpoint that is kept)');
    expect(result.cleaned.out).toContain('shadowctl rollout --endpoint weather --cancel');
    expect(result.cleaned.out).not.toMatch(/shadowctl (keep|undo)/);
    expect(result.cancelled).toMatchObject({ code: 0, out: 'weather is back on ours with m1b.\n' });
  });

  test('cancelled where the endpoint was deleted meanwhile: it is over, and nothing is said to serve', async () => {
    const opened = (stage = await openStage());
    const paused = await opened.traffic(() => opened.shadowctl([...words(opened, good, STRICT), ...PAUSES]), 1);
    expect(paused.result.code).toBe(3);
    await deleteEndpoint(opened.aws, ENDPOINT);
    await opened.clock.sleep(10 * MINUTE);
    const cancel = await opened.shadowctl(['rollout', '--endpoint', ENDPOINT, '--cancel', '--format', 'json']);
    expect(cancel.code).toBe(0);
    const ended = JSON.parse(cancel.out) as { ended: string; config?: string };
    expect(ended).toMatchObject({ ended: 'cancelled', share: 0 });
    expect(ended).not.toHaveProperty('config');
    const again = await opened.shadowctl(['rollout', '--endpoint', ENDPOINT, '--cancel']);
    expect(again.err).toContain('No rollout on weather is under way');
  });

  describe('limits and alarms of its own, watched by the command', () => {
    const LAX = 'inform: [latency]\nerrors: 0.9\nblockMinutes: 1\nminimumBlocks: 5\n';
    const FAILING = {
      kind: 'failing-model',
      endpointConfig: 'both',
      variant: 'candidate',
      share: 0.3,
      status: 500,
    } as const;

    test('a minute above the limit takes the candidate back, whatever the policy would bear; a topic is told', async () => {
      const opened = (stage = await openStage());
      const sns = await opened.aws.sns();
      const { TopicArn: topic = '' } = await sns.send(new CreateTopicCommand({ Name: 'deployments' }));
      opened.emulator.world.faults.add(FAILING);
      const { result } = await opened.traffic(
        () => opened.shadowctl([...words(opened, good, LAX), '--max-5xx-rate', '5%', '--notify', topic]),
        2,
      );
      expect(result.code).toBe(1);
      expect(result.err).toContain('taken back at more than 5 % of the requests of a minute answered 5XX');
      expect(result.err.replace(/\s+/g, ' ')).toMatch(/requests were answered 5XX; the limit is 5 %/);
      expect(result.err).toContain(`Notified ${topic}.`);
      expect(await runs(opened)).toEqual({ config: 'v1', variants: [['AllTraffic', 'm1']] });
    });

    test("the team's alarm: refused where it does not exist, taken back when it fires", async () => {
      const opened = (stage = await openStage());
      const missing = await opened.shadowctl([...words(opened, good, LAX), '--alarm', 'team']);
      expect(missing.code).toBe(2);
      expect(missing.err).toContain('There is no alarm team in this account and region.');
      const cloudwatch = await opened.aws.cloudwatch();
      await cloudwatch.send(
        new PutMetricAlarmCommand({
          AlarmName: 'team',
          Namespace: 'AWS/SageMaker',
          MetricName: 'Invocation5XXErrors',
          Statistic: 'Sum',
          Dimensions: [
            { Name: 'EndpointName', Value: ENDPOINT },
            { Name: 'VariantName', Value: 'candidate' },
          ],
          ComparisonOperator: 'GreaterThanOrEqualToThreshold',
          Threshold: 1,
          Period: 60,
          EvaluationPeriods: 1,
          TreatMissingData: 'notBreaching',
        }),
      );
      opened.emulator.world.faults.add(FAILING);
      const { result } = await opened.traffic(
        () => opened.shadowctl([...words(opened, good, LAX), '--alarm', 'team']),
        2,
      );
      expect(result.code).toBe(1);
      expect(result.err).toContain('The alarm team is in ALARM: Threshold Crossed');
      expect((await runs(opened)).config).toBe('v1');
    });

    matrixTest('metrics that cannot be read decide nothing', async () => {
      const opened = (stage = await openStage());
      opened.emulator.world.faults.add({ kind: 'error', service: 'cloudwatch', operation: 'GetMetricData' });
      const said = await opened.shadowctl([...words(opened, good, LAX), ...PAUSES]);
      expect(said.code).toBe(3);
      expect(said.err).toContain('step 1: inconclusive');
    });
  });

  test('with keys that are known to end sooner, nobody could take it back: it does not begin', async () => {
    const opened = (stage = await openStage());
    const at = (minutes: number) => new Date(opened.clock.now() + minutes * MINUTE).toISOString();
    const plan = [...words(opened, good, LENIENT), '--plan'];
    const early = await opened.shadowctl(plan, undefined, { AWS_CREDENTIAL_EXPIRATION: at(11) });
    expect(early).toMatchObject({ code: 2, err: expect.stringContaining('The credentials end at 20') });
    expect(await opened.shadowctl(plan, undefined, { AWS_CREDENTIAL_EXPIRATION: at(13) })).toMatchObject({ code: 4 });
  });

  test('--plan changes nothing', async () => {
    const opened = (stage = await openStage());
    const said = await opened.shadowctl([...words(opened, good, LENIENT), '--plan', '--format', 'text']);
    expect(said.code).toBe(4);
    expect(said.out).toContain('m2 takes 20 %, then 50 %, then 100 %');
    const json = await opened.shadowctl([...words(opened, good, LENIENT), '--plan', '--format', 'json']);
    expect(JSON.parse(json.out)).toMatchObject({ model: 'm2', shares: [0.2, 0.5, 1] });
    expect(await describeEndpointConfig(opened.aws, 'both')).toBeUndefined();
  });
});

test('a rollout that cleanup has ended is not under way', () => {
  const at = { run: 'r', at: '2026-01-05T09:00:00.000Z' };
  const begun: RecordedFact = {
    ...at,
    name: 'rollout-begun',
    value: {
      previous: 'c1',
      config: 'both',
      final: 'both-final',
      model: 'm2',
      previousModel: 'm1',
      production: 'AllTraffic',
      candidate: 'candidate',
      steps: [1],
      bakeSeconds: 60,
      finalInput: { EndpointConfigName: 'both-final', ProductionVariants: [] },
    },
  };
  expect(positionOf({ facts: [begun] })).toBeDefined();
  expect(positionOf({ facts: [begun, { ...at, name: 'clean', value: {} }] })).toBeUndefined();
  expect(
    positionOf({ facts: [begun, { ...at, name: 'rollout-ended', value: { outcome: 'passed' } }] }),
  ).toBeUndefined();
});

describe('steps', () => {
  test('rise to all', () => expect(parseSteps('10%,25%, 50%,100%')).toEqual([0.1, 0.25, 0.5, 1]));
  test.each([
    ['10,100', /"10" is not a share/],
    ['0%,100%', /"0%" is not a share/],
    ['50%,50%,100%', /must rise/],
    ['10%,50%', /last step must be 100%/],
    ['100%', /a single step is not a rollout/],
  ])('%s', (text, message) => expect(() => parseSteps(text)).toThrow(message));
});
