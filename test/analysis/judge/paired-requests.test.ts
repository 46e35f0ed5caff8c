import { describe, expect, test } from 'vitest';
import { inBursts } from '../../../src/analysis/judge/errors.ts';
import { judge } from '../../../src/analysis/judge/judge.ts';
import type { RecordFacts } from '../../../src/analysis/mirrored/record.ts';
import { mergeObservations } from '../../../src/analysis/merge/merge.ts';
import type { Observations } from '../../../src/analysis/observations.ts';
import { metricsOf, PairTable, SideTable } from '../../../src/analysis/observe/mirror/table.ts';
import { readPolicy } from '../../../src/analysis/policy/schema.ts';
import { pairShares } from '../../../src/analysis/statistics/paired-shares.ts';
import { seededRandom } from '../../support/random.ts';
import { quantileMargins } from '../../../src/analysis/observe/exceedances.ts';

/* Requests of which each is known on both sides, by the gates that every report has. */

const POLICY = readPolicy({}, 'test');
const A_MINUTE = 30;
const WAITED = 30_000;
type Side = Pick<RecordFacts, 'outcome' | 'status' | 'ms'>;
const answered = (ms: number, status = 200): Side => ({ outcome: 'answered', status, ms });

/** Minutes of requests, as the records of a mirror tell them. */
function window(minutes: number, seed: number, request: (random: () => number, minute: number) => [Side, Side]) {
  const drawn = seededRandom(seed);
  const random = () => drawn.next();
  const [production, shadow, pairs] = [new SideTable(), new SideTable(), new PairTable()];
  for (let minute = 0; minute < minutes; minute += 1)
    for (let i = 0; i < A_MINUTE; i += 1) {
      const at = minute * 60_000 + i;
      const base = { id: `r-${minute}-${i}`, key: 'k', at, loss: undefined, firstByteMs: undefined, copies: ['s'] };
      const [live, other] = request(random, minute).map((side): RecordFacts => ({ ...base, ...side }));
      if (live === undefined || other === undefined) throw new Error('a request has two sides');
      production.add(live, 0);
      shadow.add(other, WAITED);
      pairs.add(live, other, WAITED);
    }
  const observations: Observations = {
    schema: 'shadowctl-observations/1',
    endpoint: 'records',
    region: '',
    window: { from: 0, to: minutes * 60_000 },
    production: { name: 'live', model: 'http://a' },
    shadow: { name: 's', model: 'http://b' },
    sampling: undefined,
    metrics: metricsOf(production, shadow, pairs, quantileMargins(POLICY)),
    predictions: undefined,
    notes: [],
  };
  return observations;
}

const gatesOf = (observations: Observations) => {
  const gates = judge(observations, POLICY)?.gates ?? [];
  return Object.fromEntries(gates.map(({ id, outcome }) => [id, outcome]));
};

/** Times that scatter a lot from request to request, of which both sides have the most part in common. */
const work = (random: () => number) =>
  20 * Math.exp(1.2 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(6.28 * random()));

describe('equal sides', () => {
  const RUNS = 30;
  test('of which both refuse the same requests never fail, and their errors pass', () => {
    let [failed, passed] = [0, 0];
    for (let seed = 1; seed <= RUNS; seed += 1) {
      const gates = gatesOf(
        window(90, seed, (random) => {
          const ms = work(random);
          const status = random() < 0.2 ? 400 : 200;
          return [answered(ms, status), answered(ms * (0.95 + 0.1 * random()), status)];
        }),
      );
      if (Object.values(gates).includes('fail')) failed += 1;
      if (gates.errors === 'pass' && gates['latency.mean'] === 'pass') passed += 1;
    }
    expect({ failed, passed }).toEqual({ failed: 0, passed: RUNS });
  });
});

test.each<[string, (random: () => number) => [Side, Side]]>([
  [
    'twice as slow',
    (random) => {
      const ms = work(random);
      return [answered(ms), answered(ms * 2)];
    },
  ],
  [
    'that breaks off what takes long, and is as fast as ever for the rest',
    (random) => {
      const ms = work(random);
      return [answered(ms), ms > 80 ? { outcome: 'broken', status: undefined, ms: 1 } : answered(ms)];
    },
  ],
  [
    'that is given up under load, every tenth request',
    (random) => {
      const ms = work(random);
      return [answered(ms), random() < 0.1 ? { outcome: 'too-slow', status: undefined, ms: undefined } : answered(ms)];
    },
  ],
])('a shadow %s fails, and never passes', (_, request) => {
  for (let seed = 1; seed <= 10; seed += 1) expect(judge(window(90, seed, request), POLICY)?.outcome).toBe('fail');
});

test('a shadow that breaks off what takes long seems no faster for it: the same requests are compared', () => {
  const { paired } = window(20, 1, (random) => {
    const ms = work(random);
    return [answered(ms), ms > 80 ? { outcome: 'broken', status: undefined, ms: 1 } : answered(ms)];
  }).metrics;
  const sum = (all: readonly number[] = []) => all.reduce((total, one) => total + one, 0);
  expect(sum(paired?.latency.shadow)).toBeCloseTo(sum(paired?.latency.production), 6);
});

test('what fails on both sides does not hide bursts that hit the shadow alone', () => {
  const minutes = Array.from({ length: 100 }, (_, i) => {
    const alone = i % 20 === 0 ? 4 : 0;
    return { production: { successes: 30, n: 60 }, shadow: { successes: 30 + alone, n: 60 }, both: 30 };
  });
  const pairs = pairShares(minutes);
  const apart = pairShares(minutes.map(({ production, shadow }) => ({ production, shadow })));
  expect(pairs.estimate).toBeCloseTo(apart.estimate, 12);
  expect(pairs.dispersion).toBeGreaterThan(1.6);
  expect(apart.dispersion).toBe(1);
});

test('of requests that are independent hardly any window looks as if what is slow came in bursts', () => {
  const A_LITTLE = 20;
  const longer = (seed: number) => {
    const random = seededRandom(seed);
    const hits = (share: number) =>
      Array.from({ length: A_LITTLE }, () => random.next() < share).filter(Boolean).length;
    return pairShares(
      Array.from({ length: 148 }, () => ({
        production: { successes: hits(0.5), n: A_LITTLE },
        shadow: { successes: hits(0.4), n: A_LITTLE },
      })),
    );
  };
  const all = Array.from({ length: 200 }, (_, i) => longer(i + 1));
  expect(all.filter(({ dispersion }) => dispersion > 1.6).length).toBeGreaterThan(20);
  expect(all.filter((found) => inBursts(found)).length).toBeLessThan(20);
  const wave = Array.from({ length: 148 }, (_, i) => ({
    production: { successes: 10, n: A_LITTLE },
    shadow: { successes: i % 20 < 10 ? 5 : 11, n: A_LITTLE },
  }));
  expect(inBursts(pairShares(wave))).toBe(true);
});

test('two windows together give what one gives', () => {
  const request = (random: () => number): [Side, Side] => {
    const ms = work(random);
    return [answered(ms, random() < 0.05 ? 500 : 200), answered(ms, random() < 0.05 ? 500 : 200)];
  };
  const whole = window(60, 7, request);
  const { paired } = whole.metrics;
  const part = (from: number, to: number): Observations => {
    const cut = <T>(all: readonly T[]) => all.slice(from, to);
    const columns = <T extends object>(one: T): T =>
      Object.fromEntries(Object.entries(one).map(([name, all]) => [name, cut(all as readonly unknown[])])) as T;
    const { metrics } = whole;
    return {
      ...whole,
      window: { from: from * 60_000, to: to * 60_000 },
      metrics: {
        times: cut(metrics.times),
        production: columns(metrics.production),
        shadow: metrics.shadow && columns(metrics.shadow),
        paired: paired && { failed: columns(paired.failed), latency: columns(paired.latency) },
      },
    };
  };
  const merged = mergeObservations([
    { name: 'a', observations: part(0, 25) },
    { name: 'b', observations: part(25, 60) },
  ]);
  expect(merged.metrics.paired).toEqual(paired);
});
