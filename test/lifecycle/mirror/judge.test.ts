import { expect, test } from 'vitest';
import type { Outcome, Verdict } from '../../../src/analysis/judge/verdict.ts';
import { METRICS, type MetricTable, type Observations } from '../../../src/analysis/observations.ts';
import { readPolicy } from '../../../src/analysis/policy/schema.ts';
import { firstMinuteSince, stepVerdict } from '../../../src/lifecycle/mirror/judge.ts';

const policy = readPolicy({}, 'test');
const accepting = readPolicy({ accept: 'window' }, 'test');

function verdict(outcome: Outcome, inWindow: Outcome = outcome): Verdict {
  return { outcome, summary: outcome, gates: [], inWindow, waivers: [] };
}

/** Minutes of a candidate, each with so many failures of ten requests. */
function since(outcome: Outcome, failures: readonly number[]) {
  const none = failures.map(() => null);
  const table = {
    ...Object.fromEntries(METRICS.map((name) => [name, none])),
    invocations: failures.map(() => 10),
    errors5xx: failures,
    errors4xx: failures.map(() => 0),
    latencyP99: failures.map(() => 300),
  } as unknown as MetricTable;
  const observations = { metrics: { times: failures.map((_, i) => i * 60_000), production: table, shadow: table } };
  return { observations: observations as unknown as Observations, verdict: verdict(outcome), policy };
}

test.each<[string, Outcome, Verdict, 'policy' | 'accepted' | 'forced', object, Outcome]>([
  ['all that there is passes', 'inconclusive', verdict('pass'), 'policy', {}, 'pass'],
  ['what was good before does not hide what fails now', 'fail', verdict('pass'), 'policy', {}, 'fail'],
  ['what failed before is not forgotten', 'pass', verdict('fail'), 'policy', {}, 'fail'],
  ['what is open stays open', 'pass', verdict('inconclusive', 'pass'), 'policy', {}, 'inconclusive'],
  ['force lets limits alone decide', 'fail', verdict('fail'), 'forced', {}, 'pass'],
  ['a limit decides, whatever is forced', 'pass', verdict('pass'), 'forced', { rate5xx: 0.05 }, 'fail'],
  [
    'a latency above its limit for minutes in a row',
    'pass',
    verdict('pass'),
    'policy',
    { latency: { statistic: 'p99', milliseconds: 250, minutes: 2 } },
    'fail',
  ],
])('%s', (_, outcome, whole, judging, limits, expected) => {
  expect(stepVerdict(since(outcome, [0, 1, 0]), { verdict: whole, policy }, { judging, limits }).outcome).toBe(
    expected,
  );
});

test('what the policy accepts of one window goes on only where the promotion rested on that', () => {
  const whole = { verdict: verdict('inconclusive', 'pass'), policy: accepting };
  const of = (judging: 'policy' | 'accepted') =>
    stepVerdict(since('inconclusive', [0]), whole, { judging, limits: {} }).outcome;
  expect([of('policy'), of('accepted')]).toEqual(['inconclusive', 'pass']);
});

test('where nothing could be compared nothing is decided', () => {
  const nothing = { verdict: undefined, policy };
  expect(stepVerdict(since('pass', []), nothing, { judging: 'policy', limits: {} }).outcome).toBe('inconclusive');
});

test('of the minute in which a step began nothing counts: a part of it lies before the step', () => {
  expect(firstMinuteSince(60_000)).toBe(60_000);
  expect(firstMinuteSince(60_001)).toBe(120_000);
});
