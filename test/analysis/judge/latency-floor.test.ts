import { expect, test } from 'vitest';
import { judge } from '../../../src/analysis/judge/judge.ts';
import type { Exceedance, MetricTable, Observations } from '../../../src/analysis/observations.ts';
import { DEFAULT_POLICY, latencyMargin, type Policy } from '../../../src/analysis/policy/policy.ts';
import { readPolicy } from '../../../src/analysis/policy/schema.ts';
import { seededRandom } from '../../support/random.ts';
import { simulate } from '../simulated.ts';

/** A share of next to nothing is nothing: by less than the floor of the policy no model is slower. */

/** So many milliseconds, more or less, of production; the shadow takes `more`. */
function windowOf(production: number, more: number): Observations {
  const seen = simulate({ minutes: 122, rate: 60, captured: false });
  const random = seededRandom(7);
  const times = seen.metrics.times.map(() => production * Math.exp(0.02 * random.normal()));
  const table = (extra: number): MetricTable => {
    const own = times.map((one) => one + extra + 0.01 * production * random.normal());
    return { ...seen.metrics.production, latencyMean: own, latencyP50: own, latencyP90: own, latencyP99: own };
  };
  return { ...seen, metrics: { ...seen.metrics, production: table(0), shadow: table(more) } };
}

const NAMES = ['latency.mean', 'latency.p50', 'latency.p90', 'latency.p99'];
const outcomes = (seen: Observations, policy: Partial<Policy> = {}) => {
  const gates = judge(seen, { ...DEFAULT_POLICY, ...policy }, 'shadow')?.gates ?? [];
  return NAMES.map((name) => gates.find(({ id }) => id === name)?.outcome);
};
const ALL = (outcome: string) => NAMES.map(() => outcome);

test('a model that is slower by less than the floor is not slower; by more than both it is', () => {
  expect(outcomes(windowOf(0.5, 0.2))).toEqual(ALL('pass'));
  expect(outcomes(windowOf(0.5, 0.2), { latencyFloor: 0 })).toEqual(ALL('fail'));
  expect(outcomes(windowOf(0.5, 0.3))).toEqual(ALL('fail'));
  // Of slow models the share alone counts.
  expect(outcomes(windowOf(50, 5.5))).toEqual(['fail', 'fail', 'pass', 'pass']);
  const gate = judge(windowOf(0.5, 0.2), DEFAULT_POLICY)?.gates.find(({ id }) => id === 'latency.mean');
  expect(gate?.margin).toBeCloseTo(1.5, 1);
  expect(gate?.reason).toContain('(0.25 ms, the floor of the policy)');
});

test('counts beyond a threshold are of the same margin', () => {
  const policy = { ...DEFAULT_POLICY, latencyFloor: 0.4 };
  expect(latencyMargin(policy, 'p99', 1)).toBe(0.4);
  expect(latencyMargin(policy, 'p99', 10)).toBe(0.2);
  const seen = windowOf(1, 0);
  const none = seen.metrics.times.map(() => 0.01);
  const counted = (margin: number): Exceedance => ({ threshold: 1, margin, production: none, shadow: none });
  const reason = (margin: number) =>
    judge({ ...seen, metrics: { ...seen.metrics, exceedances: { p99: counted(margin) } } }, policy)?.gates.find(
      ({ id }) => id === 'latency.p99',
    )?.reason;
  expect(reason(0.4)).toContain('took longer than 1.4 ms');
  expect(reason(0.2)).not.toContain('took longer than');
});

test('a policy says it as a duration', () => {
  expect(readPolicy({ latency: { floor: '2ms', p99: 0.3 } }, 'x')).toMatchObject({
    latencyFloor: 2,
    latency: { mean: 0.1, p99: 0.3 },
  });
  expect(readPolicy({ latency: { floor: '0s' } }, 'x').latencyFloor).toBe(0);
  expect(() => readPolicy({ latency: { floor: 2 } }, 'x')).toThrow('latency.floor');
});
