import { expect, test } from 'vitest';
import { windowBefore } from '../../src/analysis/observe/before.ts';
import { judge } from '../../src/analysis/judge/judge.ts';
import { judgeEffect, summarizeEffect } from '../../src/analysis/judge/effect.ts';
import { summarizeBoth } from '../../src/analysis/judge/summaries.ts';
import type { MetricTable, Observations } from '../../src/analysis/observations.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import type { Policy } from '../../src/analysis/policy/policy.ts';
import { START, simulate } from './simulated.ts';

/** Production in a simulated time before, with latencies and overhead divided by `slower`. */
function observed(slower: number, failing: number, minutes = 120): Observations {
  const now = simulate({ minutes, captured: false, failing: { production: failing, shadow: failing } });
  const then = simulate({ minutes, captured: false, seed: 2 }).metrics.production;
  const faster = (column: readonly (number | null)[]) =>
    column.map((value) => (value === null ? null : value / slower));
  const production: MetricTable = {
    ...then,
    latencyMean: faster(then.latencyMean),
    overheadMean: then.overheadMean.map((value, i) => (value ?? 0) * (1 + (i % 3) / 50)),
  };
  const times = then.invocations.map((_, i) => START - (minutes - i) * 60_000);
  return { ...now, metrics: { ...now.metrics, before: { times, production } } };
}

function gatesOf(observations: Observations, policy: Policy = DEFAULT_POLICY) {
  const evidence = {
    challenger: 'shadow' as const,
    observations,
    summaries: summarizeBoth(observations),
    policy,
    minutes: 120,
  };
  return Object.fromEntries(judgeEffect(evidence).map((gate) => [gate.id, gate]));
}

test('production as fast as before passes, for information', () => {
  const gates = gatesOf(observed(1, 0));
  expect(gates['effect.latency']).toMatchObject({ outcome: 'pass', gating: false });
  expect(gates['effect.overhead']).toMatchObject({ outcome: 'pass', gating: false });
  expect(gates['effect.errors']).toMatchObject({ outcome: 'pass', gating: false });
});

test('production slowed down and failing is seen; it decides where the policy says so', () => {
  const observations = observed(1.5, 0.1);
  const gates = gatesOf(observations);
  expect(gates['effect.latency']?.estimate).toBeCloseTo(1.5, 1);
  expect(gates['effect.latency']?.outcome).toBe('fail');
  expect(gates['effect.errors']).toMatchObject({ outcome: 'fail' });
  expect(judge(observations, DEFAULT_POLICY)?.outcome).not.toBe('fail');
  expect(judge(observations, { ...DEFAULT_POLICY, decide: ['effect'] })).toMatchObject({ outcome: 'fail' });
});

test('too short a time informs of nothing, and is inconclusive where it decides', () => {
  const observations = observed(1, 0, 30);
  expect(gatesOf(observations)['effect.latency']).toBeUndefined();
  const gate = gatesOf(observations, { ...DEFAULT_POLICY, decide: ['effect.latency'] })['effect.latency'];
  expect(gate).toMatchObject({
    outcome: 'inconclusive',
    gating: true,
    missing: { minutes: 60 },
    needs: 'about 1 h more traffic, with the shadow or before it',
  });
});

test('nothing before: no gate, unless one was asked for', () => {
  const alone = simulate({ captured: false });
  expect(gatesOf(alone)).toEqual({});
  // Each gate that was asked for, and no other: silence about one would look like a pass.
  for (const id of ['effect.latency', 'effect.overhead', 'effect.errors']) {
    const gates = gatesOf(alone, { ...DEFAULT_POLICY, decide: [id] });
    expect(Object.keys(gates)).toEqual([id]);
    expect(gates[id]).toMatchObject({ outcome: 'inconclusive', gating: true });
  }
});

test('the shadow counts from its first request, the warm-up left out', () => {
  const observations = observed(1, 0);
  expect(summarizeEffect(observations.metrics, 2)).toMatchObject({
    before: { invocations: 7200 },
    during: { invocations: 118 * 60 },
  });
});

test('the time before ends with the making of the config, and is as long as the shadow was seen', () => {
  const { metrics } = simulate({ minutes: 100, captured: false });
  const made = START - 90_000;
  expect(windowBefore(metrics, made)).toEqual({ from: START - 102 * 60_000, to: START - 120_000 });
  expect(windowBefore(metrics, undefined)).toBeUndefined();
});
