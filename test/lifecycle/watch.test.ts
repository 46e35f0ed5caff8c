import { expect, test } from 'vitest';
import type { Verdict } from '../../src/analysis/judge/verdict.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import type { Aws } from '../../src/aws/clients.ts';
import { AwsProblem } from '../../src/aws/errors.ts';
import { VirtualClock } from '../../src/base/clock.ts';
import type { JudgeOptions, JudgeSession } from '../../src/lifecycle/judge.ts';
import { afterLook, type Look, watchEndpoint } from '../../src/lifecycle/watch.ts';
import type { Report } from '../../src/report/report.ts';

const MIN = 60_000;

function verdict(outcome: Verdict['outcome']): Verdict {
  return { outcome, summary: outcome, gates: [], inWindow: outcome, waivers: [] };
}

test.each([
  ['pass', 0, 'stop'],
  ['fail', 0, 'stop'],
  ['inconclusive', 0, 'continue'],
  // The next look would come after the deadline, or just at it.
  ['inconclusive', 9 * MIN, 'continue'],
  ['inconclusive', 9 * MIN + 1, 'stop'],
] as const)('%s, looked at %i', (outcome, now, next) => {
  expect(afterLook({ verdict: verdict(outcome) }, { now, deadline: 10 * MIN, every: MIN })).toBe(next);
});

test('without a verdict there is nothing to wait for; trouble passes, but not beyond the deadline', () => {
  const at = (now: number) => ({ now, deadline: 10 * MIN, every: MIN });
  expect(afterLook({ verdict: undefined }, at(0))).toBe('stop');
  expect(afterLook('trouble', at(0))).toBe('continue');
  expect(afterLook('trouble', at(10 * MIN))).toBe('stop');
});

const clock = new VirtualClock(0);
const session: JudgeSession = {
  clock,
  signal: new AbortController().signal,
  aws: () => Promise.reject(new Error('not asked for')),
  journal: () => Promise.reject(new Error('not asked for')),
  project: () => Promise.reject(new Error('not asked for')),
};
const options: JudgeOptions = {
  source: { kind: 'endpoint', endpoint: 'weather', predictions: true, logs: undefined },
  window: { length: MIN },
  policy: DEFAULT_POLICY,
  policyFrom: 'a test',
  labels: undefined,
  comparator: undefined,
  task: undefined,
  memory: '1GB',
  redact: false,
};

/** What the looks come to, one after the other; the last of them again and again. */
async function watched(found: readonly (Verdict['outcome'] | Error)[], timeout: number): Promise<Look[]> {
  let looks = 0;
  const look = async (): Promise<Report> => {
    const next = found[Math.min(looks, found.length - 1)];
    looks += 1;
    if (next instanceof Error) throw next;
    return { verdict: verdict(next ?? 'pass'), created: clock.now() } as Report;
  };
  const seen: Look[] = [];
  for await (const one of watchEndpoint(session, options, { every: MIN, timeout }, look)) seen.push(one);
  return seen;
}

const throttled = new AwsProblem(
  'CloudWatch: slow down',
  { code: 'ThrottlingException', words: 'slow down', attempts: 3, clientFault: true, throttled: true },
  {},
);

test('looks until the first decision, and through trouble that passes', async () => {
  const seen = await watched(['inconclusive', throttled, 'inconclusive', 'fail', 'pass'], 60 * MIN);
  expect(seen.map((one) => (one.kind === 'report' ? [one.report.verdict?.outcome, one.last] : one.kind))).toEqual([
    ['inconclusive', false],
    'trouble',
    ['inconclusive', false],
    ['fail', true],
  ]);
  expect(clock.now()).toBe(3 * MIN);
});

test('ends without a decision at the timeout', async () => {
  const seen = await watched(['inconclusive'], 2 * MIN);
  expect(seen.map((one) => one.kind === 'report' && one.last)).toEqual([false, false, true]);
});

test('a file that was deleted while it was read is there at the next look', async () => {
  const vanished = Object.assign(new Error('ENOENT: no such file'), {
    code: 'ENOENT',
    path: '/x.part',
    syscall: 'open',
  });
  const seen = await watched([vanished, 'pass'], 60 * MIN);
  expect(seen.map((one) => (one.kind === 'trouble' ? one.problem.message.includes('/x.part') : one.last))).toEqual([
    true,
    true,
  ]);
});

const expired = new AwsProblem(
  'SageMaker: the security token included in the request is expired',
  { code: 'ExpiredTokenException', words: 'expired', attempts: 1, clientFault: true, throttled: false },
  {},
);

test('a session that has expired is waited for until it is renewed, as in every long wait; not for ever, nor where keys cannot change', async () => {
  const kinds = (seen: readonly Look[]) =>
    seen.map((one) => (one.kind === 'report' ? one.report.verdict?.outcome : one.kind));
  session.aws = () => Promise.resolve({ target: {} } as Aws);
  expect(kinds(await watched(['inconclusive', expired, expired, 'pass'], 60 * MIN))).toEqual([
    ...['inconclusive', 'trouble', 'trouble', 'pass'],
  ]);
  const began = clock.now();
  await expect(watched(['inconclusive', expired], 600 * MIN)).rejects.toBe(expired);
  expect(clock.now() - began).toBe(22 * MIN);
  // They never worked, so that nothing has expired.
  await expect(watched([expired, 'pass'], 60 * MIN)).rejects.toBe(expired);
  session.aws = () => Promise.resolve({ target: { credentials: { accessKeyId: 'a' } } } as Aws);
  await expect(watched(['inconclusive', expired, 'pass'], 60 * MIN)).rejects.toBe(expired);
});

test('trouble at the last look is thrown, and so is what does not pass by itself', async () => {
  await expect(watched([throttled], 0)).rejects.toBe(throttled);
  const broken = new Error('a defect');
  await expect(watched([broken], 60 * MIN)).rejects.toBe(broken);
});
