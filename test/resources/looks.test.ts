import { describe, expect, test } from 'vitest';
import { type Aws, connect } from '../../src/aws/clients.ts';
import { VirtualClock } from '../../src/base/clock.ts';
import { describeProgress, type Endpoint, waitForEndpoint, type WaitOptions } from '../../src/resources/wait.ts';

/*
 * The wait, look by look: `DescribeEndpoint` is answered by a list, the last answer again and again. Nothing is asked
 * over HTTP; `wait.test.ts` waits for endpoints of the emulator.
 */

const START = Date.UTC(2026, 0, 5, 9);
const signal = new AbortController().signal;

type Answer = Partial<Endpoint> | Error;

async function answering(answers: readonly Answer[]): Promise<{ aws: Aws; looks: () => number }> {
  const aws = connect({
    region: 'us-east-1',
    endpointUrl: 'http://127.0.0.1:1',
    profile: undefined,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const client = await aws.sagemaker();
  let looks = 0;
  const send = async () => {
    looks += 1;
    const answer = answers[Math.min(looks, answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const sagemaker = async () => Object.assign(Object.create(client) as typeof client, { send });
  return { aws: { ...aws, sagemaker }, looks: () => looks };
}

async function waited(answers: readonly Answer[], options: Partial<WaitOptions> = {}) {
  const clock = new VirtualClock(START);
  const { aws, looks } = await answering(answers);
  const settled = await waitForEndpoint(aws, clock, { endpoint: 'e', config: 'c', signal, ...options });
  return { settled, ms: clock.now() - START, looks: looks() };
}

const failure = (status: number, name: string) =>
  Object.assign(new Error('why'), {
    name,
    $fault: status < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode: status, attempts: 1 },
  });
const inService = (config: string, more: Partial<Endpoint> = {}) => ({
  EndpointStatus: 'InService' as const,
  EndpointConfigName: config,
  ...more,
});
const updating = { EndpointStatus: 'Updating' as const, EndpointConfigName: 'old' };
const missing = Object.assign(failure(400, 'ValidationException'), { message: 'Could not find endpoint "e".' });

describe('one look', () => {
  test.each<[string, Answer, Partial<WaitOptions>, object]>([
    ['in service on the config', inService('c'), {}, { kind: 'running' }],
    ['in service on any', inService('old'), { config: undefined }, { kind: 'running' }],
    ['in service on another', inService('old'), {}, { kind: 'rolled-back', reason: undefined }],
    ['with a reason', inService('old', { FailureReason: 'why' }), {}, { kind: 'rolled-back', reason: 'why' }],
    ['with an empty reason', inService('old', { FailureReason: '' }), {}, { kind: 'rolled-back', reason: undefined }],
    ['failed', { EndpointStatus: 'Failed', FailureReason: 'why' }, {}, { kind: 'failed', reason: 'why' }],
    ['out of service', { EndpointStatus: 'OutOfService' }, {}, { kind: 'failed', reason: undefined }],
    [
      'failed to roll back',
      { EndpointStatus: 'UpdateRollbackFailed', EndpointConfigName: 'c' },
      {},
      { kind: 'failed' },
    ],
    ['gone', missing, {}, { kind: 'gone' }],
    ['gone, as was waited for', missing, { untilGone: true }, { kind: 'gone' }],
    [
      'changed since the update was asked for',
      inService('old', { LastModifiedTime: new Date(2) }),
      { since: new Date(1) },
      { kind: 'rolled-back' },
    ],
    ['of no known time', inService('old'), { since: new Date(1) }, { kind: 'rolled-back' }],
  ])('%s', async (_, answer, options, expected) => {
    const { settled, looks } = await waited([answer], options);
    expect(settled).toMatchObject(expected);
    expect(looks).toBe(1);
  });

  test('that finds it on its way is told, and is not the last', async () => {
    const told: [string | undefined, number][] = [];
    const { settled, looks } = await waited([updating, updating, inService('c')], {
      pause: () => 5_000,
      onLook: (endpoint, ms) => void told.push([endpoint.EndpointStatus, ms]),
    });
    expect(settled.kind).toBe('running');
    expect(looks).toBe(3);
    expect(told).toEqual([
      ['Updating', 0],
      ['Updating', 5_000],
    ]);
  });
});

test('an update that does not show within a minute has been rolled back', async () => {
  const before = inService('old', { LastModifiedTime: new Date(1) });
  const { settled, ms } = await waited([before], { since: new Date(1), pause: () => 20_000 });
  expect(settled.kind).toBe('rolled-back');
  expect(ms).toBe(60_000);
});

test('until it is gone: in service it may not have begun to go, whatever its time', async () => {
  const { settled, looks } = await waited([inService('c'), { EndpointStatus: 'Deleting' }, missing], {
    untilGone: true,
    pause: () => 100_000,
  });
  expect(settled).toEqual({ kind: 'gone' });
  expect(looks).toBe(3);
  const failed = await waited([{ EndpointStatus: 'Failed' }], { untilGone: true, pause: () => 30_000 });
  expect(failed).toMatchObject({ settled: { kind: 'failed' }, ms: 60_000 });
});

test('looks are a second apart at first, then half of the time waited, then 15 seconds', async () => {
  const times: number[] = [];
  await waited([...Array.from({ length: 30 }, () => updating), inService('c')], {
    onLook: (_, ms) => void times.push(ms),
  });
  expect(times.slice(0, 7)).toEqual([0, 1_000, 2_000, 3_000, 4_500, 6_750, 10_125]);
  expect((times.at(-1) ?? 0) - (times.at(-2) ?? 0)).toBe(15_000);
});

test('the time is up once it has passed, and not before; without one, after six hours', async () => {
  const pause = () => 10_000;
  const answers = (looks: number) => [...Array.from({ length: looks }, () => updating), inService('c')];
  // At 30 seconds it has waited 30 seconds, and no longer.
  expect((await waited(answers(4), { timeout: 30_000, pause })).settled.kind).toBe('running');
  await expect(waited(answers(5), { timeout: 30_000, pause })).rejects.toMatchObject({
    kind: 'cannot-run',
    message: 'Endpoint "e" has not settled after 40 s.',
  });
  const hour = () => 3_600_000;
  expect((await waited(answers(7), { pause: hour })).ms).toBe(7 * 3_600_000);
  await expect(waited(answers(8), { pause: hour })).rejects.toThrow('has not settled after 7 h');
});

describe('a look that fails', () => {
  const throttled = failure(400, 'ThrottlingException');
  const broken = failure(500, 'InternalFailure');

  test('is repeated, each time after a longer pause', async () => {
    const told: string[] = [];
    const { ms } = await waited([throttled, broken, inService('c')], {
      pause: () => 1_000,
      onTrouble: ({ code }) => void told.push(code),
    });
    expect(told).toEqual(['ThrottlingException', 'InternalFailure']);
    expect(ms).toBe(2_000 + 3_000);
  });

  test('is forgotten once one succeeds', async () => {
    const nine = Array.from({ length: 9 }, () => throttled);
    expect((await waited([...nine, updating, ...nine, inService('c')])).settled.kind).toBe('running');
    await expect(waited([...nine, throttled, inService('c')])).rejects.toThrow('why');
  });

  test('for a reason that lasts ends the wait', async () => {
    const told: unknown[] = [];
    const refused = failure(400, 'AccessDeniedException');
    await expect(waited([refused, inService('c')], { onTrouble: (one) => void told.push(one) })).rejects.toMatchObject({
      code: 'AccessDeniedException',
    });
    expect(told).toEqual([]);
  });

  test('by a defect of ours is not hidden', async () => {
    const onLook = () => {
      throw new TypeError('a defect');
    };
    await expect(waited([updating, inService('c')], { onLook })).rejects.toThrow(TypeError);
  });

  test('after an interrupt ends with its reason', async () => {
    const stop = new AbortController();
    const onLook = () => {
      stop.abort(new Error('enough'));
      throw new Error('aborted');
    };
    await expect(waited([updating], { signal: stop.signal, onLook })).rejects.toThrow('enough');
  });

  test('is not even tried after an interrupt', async () => {
    const { aws, looks } = await answering([inService('c')]);
    const stopped = AbortSignal.abort(new Error('before'));
    const wait = waitForEndpoint(aws, new VirtualClock(START), { endpoint: 'e', config: 'c', signal: stopped });
    await expect(wait).rejects.toThrow('before');
    expect(looks()).toBe(0);
  });
});

test.each<[Partial<Endpoint>, string]>([
  [{}, 'unknown'],
  [{ EndpointStatus: 'InService' }, 'InService'],
  [{ EndpointStatus: 'Updating', PendingDeploymentSummary: { EndpointConfigName: 'c' } }, 'Updating'],
  [
    {
      EndpointStatus: 'Updating',
      PendingDeploymentSummary: {
        EndpointConfigName: 'c',
        ProductionVariants: [
          {
            VariantName: 'p',
            VariantStatus: [{ Status: 'Creating', StatusMessage: 'Launching.' }, { Status: 'Baking' }],
          },
          { VariantName: 'q' },
        ],
        ShadowProductionVariants: [{ VariantName: 's', VariantStatus: [{ Status: 'Creating' }] }],
      },
    },
    'Updating. p: Launching. p: Baking s: Creating',
  ],
])('%j is told as %s', (endpoint, words) => {
  expect(describeProgress(endpoint as Endpoint)).toBe(words);
});
