import { describe, expect, test } from 'vitest';
import { failures } from '../../../src/analysis/judge/errors.ts';
import { windowTooShort } from '../../../src/analysis/judge/evidence.ts';
import { judge } from '../../../src/analysis/judge/judge.ts';
import { judgePart } from '../../../src/analysis/judge/slices.ts';
import type { Gate } from '../../../src/analysis/judge/verdict.ts';
import type { Observations } from '../../../src/analysis/observations.ts';
import type { FieldSums } from '../../../src/analysis/predictions.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import { simulate } from '../simulated.ts';

function gate(observations: Observations, id: string): Gate {
  const found = judge(observations, DEFAULT_POLICY)?.gates.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no gate ${id}`);
  return found;
}

const minutes = (count: number, of: (i: number) => number, n = 60) =>
  Array.from({ length: count }, (_, i) => ({ successes: of(i), n }));

describe('bursts', () => {
  test('failures that all fall into a few minutes make requests count for less', () => {
    const spread = failures(minutes(100, (i) => (i % 5 === 0 ? 1 : 0)));
    const burst = failures(minutes(100, (i) => (i < 2 ? 10 : 0)));
    expect(burst).toMatchObject({ failed: spread.failed, n: spread.n });
    expect(spread.effective).toBe(6000);
    expect(burst.effective).toBeLessThan(1000);
  });

  test('of one share only are enough to wait: production alone is right in bursts, the shadow is not', () => {
    const steady = minutes(100, () => 6);
    const bursts = minutes(100, (i) => (i % 50 < 5 ? 50 : 0));
    const blocked = windowTooShort('pass', DEFAULT_POLICY, [bursts, steady], 'truth');
    expect(blocked).toMatchObject({ missing: 0, needs: { missing: { minutes: 140 } } });
    expect(windowTooShort('pass', DEFAULT_POLICY, [steady, bursts], 'truth')).toEqual(blocked);
    expect(windowTooShort('pass', DEFAULT_POLICY, [steady, steady], 'truth')).toBeUndefined();
  });

  test('may all be those of one slice of the inputs, which then counts for much less', () => {
    const slice = { column: 'c', part: 'p', rows: 1000, hits: 950, inputs: 1000 };
    const judged = (bursts: number) =>
      judgePart(slice, 2, 0.9, {
        clustering: { repeats: 1, correlation: 0, bursts, rows: 10_000, hits: 9500 },
        noise: undefined,
        policy: DEFAULT_POLICY,
      });
    expect(judged(1).outcome).toBe('pass');
    // Twice the variance of all rows, a tenth of which are this slice's: eleven times its own.
    const alone = judged(2);
    expect(alone.outcome).toBe('inconclusive');
    const divided = (factor: number) =>
      judgePart({ ...slice, rows: 1000 / factor, hits: 950 / factor }, 2, 0.9, {
        clustering: { repeats: 1, correlation: 0, bursts: 1, rows: 1000 / factor, hits: 950 / factor },
        noise: undefined,
        policy: DEFAULT_POLICY,
      });
    expect(alone.interval[0]).toBeCloseTo(divided(11).interval[0], 9);
    // What is said against it is held against a part that agrees in nine of ten rows: 90 in place of 47.5.
    expect(alone.interval[1]).toBeCloseTo(divided(1 + 475 / 90).interval[1], 9);
  });

  test('do not hide a slice that hardly ever agrees', () => {
    const judged = (hits: number) =>
      judgePart({ column: 'c', part: 'p', rows: 800, hits, inputs: 800 }, 12, 0.9, {
        clustering: { repeats: 1, correlation: 0, bursts: 1.6, rows: 10_000, hits: 9100 + hits },
        noise: undefined,
        policy: DEFAULT_POLICY,
      });
    expect(judged(0).outcome).toBe('fail');
    expect(judged(1).outcome).toBe('fail');
    expect(judged(400).outcome).toBe('fail');
  });
});

describe('latency', () => {
  test('is compared within the same minute, after the warm-up too', () => {
    const seen = simulate({ minutes: 122, captured: false });
    const wave = seen.metrics.times.map((_, i) => 2 + Math.sin(i / 3) + (i % 7) / 5);
    const { production, shadow } = seen.metrics;
    if (shadow === undefined) throw new Error('no shadow');
    const metrics = {
      ...seen.metrics,
      production: { ...production, latencyMean: wave },
      shadow: { ...shadow, latencyMean: wave },
    };
    const found = gate({ ...seen, metrics }, 'latency.mean');
    expect(found.interval).toEqual([1, 1]);
    expect(found).toMatchObject({ outcome: 'pass', estimate: 1 });
  });

  test('few requests say nothing of a high quantile, however many minutes they fill', () => {
    const found = simulate({ minutes: 110, rate: 2, captured: false });
    const even = { ...found.metrics.production };
    const metrics = { ...found.metrics, production: even, shadow: { ...even } };
    expect(gate({ ...found, metrics }, 'latency.p99')).toMatchObject({
      outcome: 'inconclusive',
      reason: expect.stringContaining('a minute holds 2 requests of the shadow'),
    });
    expect(gate({ ...found, metrics }, 'latency.p50').outcome).toBe('pass');
  });
});

test('a shadow that saw more than its share is other traffic, as one that saw less', () => {
  const seen = simulate({ minutes: 100, captured: false });
  expect(gate({ ...seen, sampling: 0.1 }, 'traffic.sampling')).toMatchObject({
    outcome: 'inconclusive',
    estimate: 1,
    margin: 0.1,
  });
  expect(gate({ ...seen, sampling: 1 }, 'traffic.sampling').outcome).toBe('pass');
});

test('a field that production itself gives only sometimes is not a part of its schema', () => {
  const seen = simulate({ minutes: 10 });
  const predictions = seen.predictions;
  if (predictions === undefined) throw new Error('no predictions');
  const { rows } = predictions;
  const field = (missing: number, extra: number): FieldSums => ({
    path: '$.note',
    rows,
    differing: missing + extra,
    missing,
    extra,
    otherKind: 0,
    largest: 0,
    ignored: false,
    example: undefined,
  });
  const withField = (one: FieldSums) => ({ ...seen, predictions: { ...predictions, fields: [one] } });
  // In 60 % of production's answers, and in the shadow's other 40 %.
  expect(gate(withField(field(rows * 0.6, rows * 0.4)), 'output.schema').outcome).toBe('pass');
  expect(gate(withField(field(rows * 0.6, 0)), 'output.schema').outcome).toBe('fail');
});
