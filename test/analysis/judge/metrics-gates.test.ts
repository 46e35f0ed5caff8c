import { describe, expect, test } from 'vitest';
import { judgeEffect, logDifference, summarizeEffect } from '../../../src/analysis/judge/effect.ts';
import { differenceInterval, failures, judgeErrors } from '../../../src/analysis/judge/errors.ts';
import type { Evidence } from '../../../src/analysis/judge/evidence.ts';
import { withWindow } from '../../../src/analysis/judge/in-window.ts';
import { judgeLatency } from '../../../src/analysis/judge/latency.ts';
import { judgeLimits } from '../../../src/analysis/judge/limits.ts';
import { judgeTraffic } from '../../../src/analysis/judge/traffic.ts';
import type { Gate } from '../../../src/analysis/judge/verdict.ts';
import type { MetricName, Observations } from '../../../src/analysis/observations.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import { pairedInterval, pairShares } from '../../../src/analysis/statistics/paired-shares.ts';
import { proportionSequence } from '../../../src/analysis/statistics/proportions.ts';
import { evidenceOf, observed, table, written } from './by-hand.ts';

/** Gates about CloudWatch's metrics, each beside its limits; the snapshots hold all that they say. */

type Columns = Parameters<typeof table>[1];
type Case = [name: string, outcome: string, evidence: Evidence];

function check(judge: (evidence: Evidence) => readonly Gate[], [name, outcome, evidence]: Case): void {
  const gates = judge(evidence);
  // The four latencies are asked alike: two of them show it.
  const shown = name === 'as fast' ? gates : gates.filter(({ id }) => !['latency.p50', 'latency.p90'].includes(id));
  expect(gates.map((gate) => gate.outcome).join(' ')).toBe(outcome);
  expect(shown.map(written).join('\n')).toMatchSnapshot();
}

function variants(
  production: Columns,
  shadow: Columns | undefined,
  { minutes = 100, ...changed }: Partial<Observations> & { minutes?: number } = {},
): Observations {
  const seen = observed({ minutes, ...changed });
  const metrics = {
    ...seen.metrics,
    production: table(minutes, production),
    shadow: shadow === undefined ? undefined : table(minutes, shadow),
  };
  return { ...seen, metrics };
}

const saw = (production: number, shadow: number, sampling: number | undefined = 1) =>
  evidenceOf(variants({ invocations: production }, { invocations: shadow }, { sampling }));

describe('the traffic', () => {
  const half = (shadow: number) =>
    evidenceOf(
      variants({ invocations: 60 }, { invocations: (i) => (i === 0 ? shadow : 0) }, { sampling: 0.5, minutes: 100 }),
    );
  test.each<Case>([
    ['all of it', 'pass', saw(60, 60)],
    ['half, where half is asked for', 'pass', saw(60, 30, 0.5)],
    ['a little less than half, as chance and edges allow', 'pass', half(2790)],
    ['less than half', 'inconclusive', half(2730)],
    ['a little more than half, as chance and edges allow', 'pass', half(3210)],
    ['more than half', 'inconclusive', half(3270)],
    ['all, where half is asked for', 'inconclusive', saw(60, 60, 0.5)],
    ['a little more than there was', 'pass', saw(100, 102)],
    ['more than there was', 'inconclusive', saw(100, 103)],
    ['none of production', '', saw(0, 60)],
    ['none of the shadow', 'inconclusive', saw(60, 0)],
    ['no share is known', '', { ...saw(60, 60), observations: { ...observed(), sampling: undefined } }],
    ['no shadow', '', evidenceOf(variants({ invocations: 60 }, undefined))],
  ])('%s', (...one) => check(judgeTraffic, one));

  test('the bounds are those of one endpoint in a thousand', () => {
    expect(judgeTraffic(half(2790))[0]).toMatchObject({ interval: proportionSequence(2790, 6000, 0.0005) });
    expect(judgeTraffic(evidenceOf(observed(), { inform: ['traffic'] }))[0]?.gating).toBe(false);
  });
});

const failing = (production: Columns['modelErrors'], shadow: Columns['modelErrors'], requests = 60) =>
  variants(
    { invocations: requests, modelErrors: production ?? 0 },
    { invocations: requests, modelErrors: shadow ?? 0 },
  );

const failed = (minutes: number, shadow: Columns['modelErrors']) =>
  variants({ invocations: 60, modelErrors: 0 }, { invocations: 60, modelErrors: shadow ?? 0 }, { minutes });

describe('errors', () => {
  test.each<Case>([
    ['none of either', 'pass', evidenceOf(failing(0, 0))],
    ['none of either, one look', 'pass', evidenceOf(failing(0, 0), { looks: 'once' })],
    ['all of the shadow', 'fail', evidenceOf(failing(0, 60))],
    ['of a candidate', 'fail', evidenceOf(failing(0, 60), {}, { challenger: 'candidate' })],
    ['production fails more', 'pass', evidenceOf(failing(3, 1))],
    ['so few that nothing is known', 'inconclusive', evidenceOf(failing(0, 0, 3))],
    ['right at the margin', 'inconclusive', evidenceOf(failing(0, 1, 100))],
    ['above the margin, and more would show it', 'inconclusive', evidenceOf(failing(0, (i) => (i % 7 < 2 ? 3 : 0)))],
    [
      'the same bad requests on both',
      'pass',
      evidenceOf(
        failing(
          (i) => i % 7,
          (i) => i % 7,
        ),
      ),
    ],
    ['one minute is missing until the floor', 'inconclusive', evidenceOf(failed(79, 0))],
    ['the floor', 'pass', evidenceOf(failed(80, 0))],
    ['nine minutes do not fail', 'inconclusive', evidenceOf(failed(9, 60))],
    ['ten minutes do', 'fail', evidenceOf(failed(10, 60))],
    ['an outage of two minutes', 'inconclusive', evidenceOf(failed(100, (i) => (i >= 50 && i < 52 ? 60 : 0)))],
    [
      'outages so often that thrice the scatter would show it',
      'fail',
      evidenceOf(failed(40, (i) => (i % 2 === 0 ? 60 : 30))),
    ],
    ['in bursts, long enough', 'pass', evidenceOf(failed(240, (i) => (i % 30 === 0 ? 5 : 0)))],
    ['in bursts, not long enough', 'inconclusive', evidenceOf(failed(239, (i) => (i % 30 === 0 ? 5 : 0)))],
    [
      'never in the same minute',
      'inconclusive',
      evidenceOf(variants({ invocations: (i) => (i < 50 ? 60 : 0) }, { invocations: (i) => (i < 50 ? null : 60) })),
    ],
    ['no request of the shadow', 'inconclusive', evidenceOf(variants({ invocations: 60 }, { invocations: 0 }))],
    [
      'no request of the candidate',
      'inconclusive',
      evidenceOf(variants({ invocations: 60 }, { invocations: 0 }), {}, { challenger: 'candidate' }),
    ],
    ['no request of production', 'inconclusive', evidenceOf(variants({ invocations: 0 }, { invocations: 60 }))],
    ['no shadow', '', evidenceOf(variants({ invocations: 60 }, undefined))],
    ['for information', 'fail', evidenceOf(failing(0, 60), { inform: ['errors'] })],
  ])('%s', (...one) => check(judgeErrors, one));

  test('minutes are paired: the scatter is that of their differences', () => {
    const minute = (production: number, shadow: number, n = 60) => ({
      production: { successes: production, n },
      shadow: { successes: shadow, n },
    });
    const mood = (i: number) => (i * 7) % 5;
    const same = pairShares(Array.from({ length: 80 }, (_, i) => minute(mood(i), mood(i))));
    const apart = pairShares(Array.from({ length: 80 }, (_, i) => minute(mood(i), mood(i + 2))));
    expect(same).toMatchObject({ minutes: 80, estimate: 0, deviation: 0, dispersion: 1, burstChance: 1 });
    expect(apart.estimate).toBe(0);
    // Differences of 4, -1, -1, -1, -1 failures, again and again: their standard deviation over 60 requests.
    expect(apart.deviation).toBeCloseTo(Math.sqrt((16 * 20) / 79) / 60, 12);
    const burst = pairShares(Array.from({ length: 80 }, (_, i) => minute(0, i < 8 ? 10 : 0)));
    const spread = pairShares(Array.from({ length: 80 }, (_, i) => minute(0, i % 2)));
    expect(burst.burstChance).toBeLessThan(1e-6);
    expect([spread.burstChance > 0.5, burst.deviation > 5 * spread.deviation]).toEqual([true, true]);
    expect(burst.dispersion).toBeGreaterThan(5);
    // Without any failure: ln(2 / 0.05) requests.
    const options = { alpha: 0.05, once: false, tunedFor: 80 };
    expect(pairedInterval(pairShares([minute(0, 0, 1000)]), options)[1]).toBeCloseTo(Math.log(40) / 1000, 12);
    // For one look: scipy.stats.t.ppf(0.95, 79) is 1.664371.
    const once = pairedInterval(apart, { ...options, once: true })[1];
    expect(once).toBeCloseTo(
      (1.664371 * apart.deviation) / Math.sqrt(80) + (Math.log(40) * apart.dispersion) / 4800,
      6,
    );
    expect(pairedInterval(apart, options)[1]).toBeGreaterThan(once);
    expect(pairedInterval(pairShares([]), options)).toEqual([-1, 1]);
  });

  test('two shares of different times are bounded apart, each at half of alpha', () => {
    const [shadow, production] = [
      { failed: 30, n: 6000, effective: 3000 },
      { failed: 60, n: 6000, effective: 6000 },
    ];
    const [ofShadow, ofProduction] = [proportionSequence(15, 3000, 0.025), proportionSequence(60, 6000, 0.025)];
    expect(differenceInterval(shadow, production, DEFAULT_POLICY)).toEqual([
      ofShadow[0] - ofProduction[1],
      ofShadow[1] - ofProduction[0],
    ]);
    const none = { failed: 0, n: 0, effective: 0 };
    expect(differenceInterval(none, none, DEFAULT_POLICY)).toEqual([-1, 1]);
    expect(failures([])).toMatchObject({ failed: 0, n: 0 });
  });
});

/** Both variants' latencies: production waves, the shadow takes `slower` of it with a scatter of `wobble`. */
function timed(
  slower: number,
  wobble = 0.01,
  { minutes = 122, requests = 60, ...changed }: { minutes?: number; requests?: number } & Columns = {},
): Observations {
  const wave = (i: number) => 10 + Math.sin(i / 4);
  const shadow = (i: number) => wave(i) * slower * Math.exp(wobble * (((i * 7) % 11) - 5));
  const all = (column: (i: number) => number): Columns => ({
    invocations: requests,
    latencyMean: column,
    latencyP50: column,
    latencyP90: column,
    latencyP99: column,
  });
  return variants(all(wave), { ...all(shadow), ...changed }, { minutes });
}

const LATENCIES = (one: string) => [one, one, one, one].join(' ');
/** Drifts from block to block, over so many of them. */
const drift = (i: number) => 10 * Math.exp(0.4 * Math.sin(i / 13));

/** A block above the margin of 10 %, a block as far below it, and so on. */
const onMargin = (i: number) =>
  (10 + Math.sin(i / 4)) * 1.1 * Math.exp(Math.floor((i - 2) / 10) % 2 === 0 ? 0.05 : -0.05);

describe('latency', () => {
  test.each<Case>([
    ['as fast', LATENCIES('pass'), evidenceOf(timed(1))],
    ['half as slow again', LATENCIES('fail'), evidenceOf(timed(1.5))],
    ['at the margin of the mean', 'inconclusive inconclusive pass pass', evidenceOf(timed(1.1))],
    ['just within the margin, and more would show it', 'inconclusive pass pass pass', evidenceOf(timed(0.88, 0.2))],
    ['of a candidate', LATENCIES('pass'), evidenceOf(timed(1), {}, { challenger: 'candidate' })],
    ['exactly as fast', LATENCIES('pass'), evidenceOf(timed(1, 0))],
    ['one block is missing', LATENCIES('inconclusive'), evidenceOf(timed(1, 0.01, { minutes: 81 }))],
    ['the last block is there', LATENCIES('pass'), evidenceOf(timed(1, 0.01, { minutes: 82 }))],
    ['three blocks', LATENCIES('inconclusive'), evidenceOf(timed(1, 0.05, { minutes: 32 }))],
    ['two blocks', LATENCIES('inconclusive'), evidenceOf(timed(1, 0.05, { minutes: 22 }))],
    ['one block', LATENCIES('inconclusive'), evidenceOf(timed(1, 0.05, { minutes: 12 }))],
    ['no whole block', LATENCIES('inconclusive'), evidenceOf(timed(1, 0.05, { minutes: 9 }))],
    ['nothing but warm-up', LATENCIES('inconclusive'), evidenceOf(timed(1, 0.05, { minutes: 2 }))],
    [
      'nothing but one minute of warm-up, of a candidate, in blocks of a minute',
      LATENCIES('inconclusive'),
      evidenceOf(timed(1, 0.05, { minutes: 1 }), { warmupMinutes: 1, blockMinutes: 1 }, { challenger: 'candidate' }),
    ],
    [
      'no warm-up, and no latency',
      LATENCIES('inconclusive'),
      evidenceOf(variants({ invocations: 60 }, { invocations: 60 }), { warmupMinutes: 0 }),
    ],
    ['no warm-up', LATENCIES('pass'), evidenceOf(timed(1), { warmupMinutes: 0 })],
    [
      'a latency of the shadow that is missing in all minutes',
      'inconclusive pass pass pass',
      evidenceOf(timed(1, 0.01, { latencyMean: null })),
    ],
    [
      'a latency of the shadow that is 0',
      'inconclusive pass pass pass',
      evidenceOf(timed(1, 0.01, { latencyMean: 0 })),
    ],
    [
      '29 requests a minute say nothing of p99',
      'pass pass pass inconclusive',
      evidenceOf(timed(1, 0.01, { requests: 29 })),
    ],
    ['30 requests do', LATENCIES('pass'), evidenceOf(timed(1, 0.01, { requests: 30 }))],
    [
      '2 requests a minute of a candidate say nothing of p90 either, however slow they are',
      'fail fail inconclusive inconclusive',
      evidenceOf(timed(2, 0.01, { requests: 60, invocations: 2 }), {}, { challenger: 'candidate' }),
    ],
    ['nineteen minutes, much slower', LATENCIES('inconclusive'), evidenceOf(timed(1.5, 0.01, { minutes: 21 }))],
    ['twenty minutes, much slower', LATENCIES('fail'), evidenceOf(timed(1.5, 0.01, { minutes: 22 }))],
    ['for one look', LATENCIES('pass'), evidenceOf(timed(1), { looks: 'once' })],
    [
      'a few requests take very long in one minute',
      'inconclusive pass pass pass',
      evidenceOf(timed(1, 0.01, { latencyMean: (i) => (10 + Math.sin(i / 4)) * (i === 50 ? 4 : 1) })),
    ],
    [
      'the shadow comes up late',
      LATENCIES('pass'),
      evidenceOf(
        timed(1, 0.01, {
          minutes: 140,
          invocations: (i) => (i < 40 ? null : 60),
          latencyMean: (i) => (i < 42 ? 100 : 10 + Math.sin(i / 4)),
        }),
      ),
    ],
    ['the shadow never had a request', LATENCIES('inconclusive'), evidenceOf(timed(1, 0.01, { invocations: 0 }))],
    [
      'production has gaps',
      LATENCIES('pass'),
      evidenceOf(
        variants(
          {
            invocations: 60,
            latencyMean: (i) => (i % 3 === 0 ? null : 10),
            latencyP50: (i) => (i % 3 === 0 ? 0 : 10),
            latencyP90: 10,
            latencyP99: 10,
          },
          {
            invocations: 60,
            latencyMean: 10,
            latencyP50: 10,
            latencyP90: (i) => (i % 3 === 0 ? null : 10),
            latencyP99: (i) => (i % 3 === 0 ? 0 : 10),
          },
        ),
      ),
    ],
    ['more blocks than steps can be shown', LATENCIES('pass'), evidenceOf(timed(1, 0.01, { minutes: 703 }))],
    [
      'neighbors are alike, so that blocks grow and bounds widen',
      'inconclusive pass pass pass',
      evidenceOf(timed(1, 0.01, { minutes: 402, latencyMean: drift })),
    ],
    [
      'right at the margin, whatever comes',
      'inconclusive pass pass pass',
      evidenceOf(timed(1, 0.01, { latencyMean: onMargin })),
    ],
    ['no shadow', '', evidenceOf(variants({ invocations: 60 }, undefined))],
    ['for information', LATENCIES('pass'), evidenceOf(timed(1), { inform: ['latency.p99', 'latency.mean'] })],
  ])('%s', (...one) => check(judgeLatency, one));
});

describe('limits of the shadow alone', () => {
  const limited = (errors: number | undefined, p99?: number, mean?: number) => ({
    limits: { latency: { ...(p99 && { p99 }), ...(mean && { mean }) }, errors, recall: {} },
  });
  const used = (memory: Columns['memory'], minutes = 100, changed: Partial<Observations> = {}) => {
    const of = { name: 'v', instanceType: 'ml.m5.large', instances: 2 };
    return evidenceOf(
      variants(
        { invocations: 60, memory: 30, cpu: 20 },
        { invocations: 60, memory, cpu: 20 },
        { minutes, production: of, shadow: of, ...changed },
      ),
      { resources: { memory: 0.2 } },
    );
  };
  const wave = (level: number) => (i: number) => level + ((i * 7) % 5) / 10;
  test.each<Case>([
    ['below the limit of errors', 'pass', evidenceOf(failed(100, 0), limited(0.01))],
    ['below it, too early', 'inconclusive', evidenceOf(failed(79, 0), limited(0.01))],
    ['above it, though production is no better', 'fail', evidenceOf(failing(6, 6), limited(0.01))],
    [
      'near it',
      'inconclusive',
      evidenceOf(
        failing(0, (i) => (i % 3 === 0 ? 2 : 0)),
        limited(0.01),
      ),
    ],
    ['no requests', 'inconclusive', evidenceOf(variants({ invocations: 60 }, { invocations: 0 }), limited(0.01))],
    [
      'within the limit of latency, though twice as slow',
      'pass pass',
      evidenceOf(timed(2), limited(undefined, 30, 30)),
    ],
    ['beyond it, though as fast', 'fail fail', evidenceOf(timed(1), limited(undefined, 8, 8))],
    ['near the limit of latency', 'inconclusive', evidenceOf(timed(1, 0.1), limited(undefined, undefined, 10.5))],
    ['too early for latency', 'inconclusive', evidenceOf(timed(1, 0.01, { minutes: 81 }), limited(undefined, 30))],
    ['too few for p99', 'inconclusive', evidenceOf(timed(2, 0.01, { requests: 6 }), limited(undefined, 30))],
    [
      'no latency',
      'inconclusive',
      evidenceOf(variants({ invocations: 60 }, { invocations: 60 }), limited(undefined, 30)),
    ],
    ['as much memory', 'pass', used(wave(30))],
    ['a third more memory', 'fail', used(wave(40))],
    ['too early for memory', 'inconclusive', used(wave(30), 81)],
    ['memory on another type', 'inconclusive', used(30, 100, { shadow: { name: 's', instanceType: 'ml.m5.xlarge' } })],
    ['memory that nobody tells', 'inconclusive', used(null)],
    [
      'processors, of a shadow that sees a tenth',
      'inconclusive',
      { ...used(30, 100, { sampling: 0.1 }), policy: { ...DEFAULT_POLICY, resources: { cpu: 0.2 } } },
    ],
    ['processors', 'pass', { ...used(30), policy: { ...DEFAULT_POLICY, resources: { cpu: 0.2 } } }],
    [
      'what needs labels',
      'inconclusive inconclusive',
      evidenceOf(failing(0, 0), { limits: { latency: {}, accuracy: 0.8, recall: { fraud: 0.8 } } }),
    ],
  ])('%s', (...one) => check(judgeLimits, one));
});

describe('a quantile by the requests beyond a threshold', () => {
  /** Of a hundred requests a minute: how many of production's took longer than 50 ms, and of the shadow's than 60 ms. */
  const beyond = (production: number, shadow: (i: number) => number | null, minutes = 102, margin = 0.2) => {
    const seen = timed(2, 0.01, { minutes, requests: 100 });
    const share = (n: number | null) => (n === null ? null : n / 100);
    const column = (of: (i: number) => number | null) => Array.from({ length: minutes }, (_, i) => share(of(i)));
    const p99 = { threshold: 50, margin, production: column(() => production), shadow: column(shadow) };
    return evidenceOf({ ...seen, metrics: { ...seen.metrics, exceedances: { p99 } } });
  };
  const p99Of = (evidence: Evidence) => judgeLatency(evidence).filter(({ id }) => id === 'latency.p99');
  test.each<Case>([
    ['fewer', 'pass', beyond(1, (i) => (i % 3 === 0 ? 1 : 0))],
    ['as many', 'inconclusive', beyond(1, (i) => (i % 2 === 0 ? 2 : 0))],
    ['more', 'fail', beyond(1, () => 4, 22)],
    ['fewer, a minute too early', 'inconclusive', beyond(1, () => 0, 81)],
    ['fewer, in time', 'pass', beyond(1, () => 0, 82)],
    ['in bursts', 'inconclusive', beyond(1, (i) => (i === 50 || i === 51 ? 30 : 0))],
    ['nothing is known', 'inconclusive', beyond(1, () => null)],
    ['counted for another margin: the quantile of minutes says it', 'fail', beyond(1, () => 0, 102, 0.3)],
  ])('%s', (...one) => check(p99Of, one));

  test('in the window alone it is known sooner, however requests hang together; not of quantiles of minutes', () => {
    const inWindow = (evidence: Evidence) => {
      const [gate] = p99Of(evidence);
      return gate && withWindow(gate, evidence).inWindow;
    };
    const early = beyond(1, () => 0, 62);
    expect(inWindow(early)?.outcome).toBe('pass');
    // 6000 requests of either side: each share within u(V) of its own, at half of alpha.
    expect(inWindow(early)?.interval[0]).toBeLessThan(-0.01);
    expect(inWindow(beyond(1, () => 4, 22))?.outcome).toBe('fail');
    expect(inWindow(beyond(1, (i) => i % 2, 22))?.outcome).toBe('inconclusive');
    expect(inWindow(beyond(1, () => 0, 62, 0.3))).toBeUndefined();
  });
});

describe('a limit of a quantile by the requests beyond it', () => {
  /** Of a hundred requests a minute, how many took longer than 200 ms. */
  const beyond = (shadow: (i: number) => number | null, { minutes = 102, limit = 200 } = {}) => {
    const seen = timed(2, 0.01, { minutes, requests: 100 });
    const column = Array.from({ length: minutes }, (_, i) => {
      const n = shadow(i);
      return n === null ? null : n / 100;
    });
    const beyondLimits = { p99: { limit, shadow: column } };
    return evidenceOf(
      { ...seen, metrics: { ...seen.metrics, beyondLimits } },
      { limits: { latency: { p99: 200 }, recall: {} } },
    );
  };
  test.each<Case>([
    ['few', 'pass', beyond((i) => (i % 10 === 0 ? 1 : 0))],
    ['one in a hundred', 'inconclusive', beyond(() => 1)],
    ['three in a hundred', 'fail', beyond((i) => 2 + (i % 3))],
    ['bursts of many', 'inconclusive', beyond((i) => (i % 3 === 0 ? 12 : 0))],
    ['none, a minute too early', 'inconclusive', beyond(() => 0, { minutes: 81 })],
    ['none, in time', 'pass', beyond(() => 0, { minutes: 82 })],
    ['nothing is known', 'inconclusive', beyond(() => null)],
    ['counted for another limit: the quantile of minutes says it', 'pass', beyond(() => 50, { limit: 100 })],
  ])('%s', (...one) => check(judgeLimits, one));
});

const EFFECTS: readonly MetricName[] = ['invocations', 'latencyMean', 'overheadMean', 'modelErrors'];

/** Production before (120 minutes) and with the shadow (`minutes`). */
function effect(before: Columns | undefined, during: Columns, minutes = 122, shadow: Columns = { invocations: 60 }) {
  const seen = variants(during, shadow, { minutes });
  const times = Array.from({ length: 120 }, (_, i) => (i - 200) * 60_000);
  return before === undefined
    ? seen
    : { ...seen, metrics: { ...seen.metrics, before: { times, production: table(120, before) } } };
}

const steady = (level: number) => (i: number) => level * Math.exp(0.01 * (((i * 7) % 11) - 5));
const alone: Columns = { invocations: 60, latencyMean: steady(10), overheadMean: steady(2), modelErrors: 0 };
const ALL = { decide: ['effect'] };

describe('what the shadow costs production', () => {
  test.each<Case>([
    ['nothing', 'pass pass pass', evidenceOf(effect(alone, alone))],
    ['nothing, and it decides', 'pass pass pass', evidenceOf(effect(alone, alone), ALL)],
    ['latency', 'fail pass pass', evidenceOf(effect(alone, { ...alone, latencyMean: steady(15) }))],
    ['overhead', 'pass fail pass', evidenceOf(effect(alone, { ...alone, overheadMean: steady(3) }))],
    ['failures', 'pass pass fail', evidenceOf(effect(alone, { ...alone, modelErrors: 6 }))],
    ['fewer failures', 'pass pass pass', evidenceOf(effect({ ...alone, modelErrors: 6 }, alone))],
    [
      'at the margin, which is not shown where it informs',
      'pass',
      evidenceOf(effect(alone, { ...alone, latencyMean: steady(11), overheadMean: steady(2.4) })),
    ],
    [
      'at the margin',
      'inconclusive inconclusive inconclusive',
      evidenceOf(
        effect(alone, { ...alone, latencyMean: steady(11), overheadMean: steady(2.4), modelErrors: (i) => i % 2 }),
        ALL,
      ),
    ],
    ['one block is missing with it', 'inconclusive inconclusive pass', evidenceOf(effect(alone, alone, 81), ALL)],
    [
      'five blocks are missing before it',
      'inconclusive inconclusive pass',
      evidenceOf(
        effect({ ...alone, latencyMean: (i) => (i < 90 ? null : 10), overheadMean: (i) => (i < 90 ? 0 : 2) }, alone),
        ALL,
      ),
    ],
    [
      'no latency is known',
      'inconclusive inconclusive pass',
      evidenceOf(effect({ invocations: 60 }, { invocations: 60 }), ALL),
    ],
    ['all of it was warm-up', 'inconclusive inconclusive inconclusive', evidenceOf(effect(alone, alone, 2), ALL)],
    [
      'the shadow came late',
      'pass pass pass',
      evidenceOf(
        effect(alone, { ...alone, latencyMean: (i) => (i < 32 ? 100 : 10) }, 152, {
          invocations: (i) => (i < 30 ? null : 60),
        }),
      ),
    ],
    [
      'the shadow saw nothing',
      'inconclusive inconclusive inconclusive',
      evidenceOf(effect(alone, alone, 100, { invocations: 0 }), ALL),
    ],
    ['no request before', 'inconclusive inconclusive inconclusive', evidenceOf(effect({ invocations: 0 }, alone), ALL)],
    [
      'one request before',
      'inconclusive inconclusive pass',
      evidenceOf(effect({ invocations: (i) => (i === 0 ? 1 : null) }, alone), ALL),
    ],
    ['nothing is known of before', 'inconclusive', evidenceOf(effect(undefined, alone), { decide: ['effect.errors'] })],
    ['no minutes at all', '', evidenceOf(effect(undefined, alone, 0), ALL)],
  ])('%s', (...one) => check(judgeEffect, one));

  test('both times are summed up, the warm-up left out', () => {
    const { metrics } = effect(alone, { ...alone, modelErrors: 1 }, 12, { invocations: (i) => (i < 3 ? 0 : 5) });
    const found = summarizeEffect(metrics, 2);
    expect([found?.before.invocations, found?.before.errorRate]).toEqual([7200, 0]);
    expect([found?.during.invocations, found?.during.modelErrors]).toEqual([420, 7]);
    expect(summarizeEffect({ ...metrics, before: undefined }, 2)).toBeUndefined();
    expect(summarizeEffect({ ...metrics, shadow: undefined }, 2)).toBeUndefined();
    expect(EFFECTS.every((name) => metrics.production[name].length === 12)).toBe(true);
  });

  test('each time is bounded at half of alpha', () => {
    const policy = { ...DEFAULT_POLICY, alpha: 0.1 };
    const values = (level: number) => Array.from({ length: 80 }, (_, i) => level + (i % 13) / 10);
    const { alone: before, shadowed, interval } = logDifference(values(1), values(3), policy);
    const narrower = logDifference(values(1), values(3), { ...policy, alpha: 0.2 });
    expect(interval?.[0]).toBe((shadowed.interval?.[0] ?? 0) - (before.interval?.[1] ?? 0));
    expect(interval?.[1]).toBe((shadowed.interval?.[1] ?? 0) - (before.interval?.[0] ?? 0));
    expect(narrower.interval?.[1]).toBeLessThan(interval?.[1] ?? 0);
    expect(logDifference(values(1).slice(1), values(3), policy).interval).toBeUndefined();
    expect(logDifference(values(1), values(3).slice(1), policy).interval).toBeUndefined();
  });
});
