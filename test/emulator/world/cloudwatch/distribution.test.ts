import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { statisticOf } from '../../../../src/emulator/world/cloudwatch/metrics/statistics.ts';
import { createMetricStore } from '../../../../src/emulator/world/cloudwatch/metrics/store.ts';
import type { Datapoint, MetricStore, Series } from '../../../../src/emulator/world/cloudwatch/metrics/metrics.ts';
import { createMemoryStore } from '../../../../src/emulator/storage/memory.ts';

const SERIES: Series = { account: '1', region: 'r', namespace: 'n', name: 'm', dimensions: [] };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LATER = 400 * 24 * HOUR;

function only(points: readonly Datapoint[]): Datapoint {
  if (points.length !== 1) throw new Error(`${points.length} datapoints`);
  return points[0] as Datapoint;
}

function minute(store: MetricStore, at = 0): Datapoint {
  return only(store.read(SERIES, { startMs: at, endMs: at + MINUTE, periodSeconds: 60, now: LATER }));
}

function filled(values: readonly number[]): MetricStore {
  const store = createMetricStore(createMemoryStore());
  for (const value of values) store.record(SERIES, { at: 1_000, value });
  return store;
}

// Computed with numpy 2 (percentile, clip, mean) from numpy.random.default_rng(7).lognormal(7, 0.8, 40), rounded.
const LATENCIES = [
  1097.713, 1392.696, 880.676, 537.821, 762.241, 496.053, 1150.688, 3204.054, 739.693, 667.554, 1622.744, 1459.004,
  1193.125, 520.935, 1071.268, 1912.645, 374.139, 760.448, 239.612, 390.868, 251.291, 908.62, 397.837, 1362.411,
  1243.146, 944.311, 146.437, 712.689, 1054.898, 1200.685, 322.432, 748.295, 501.29, 574.173, 2562.449, 574.771,
  1068.47, 2224.999, 687.54, 1002.887,
];

describe('statistics of known values', () => {
  const point = minute(filled(LATENCIES));
  test.each([
    ['p0', 146.437],
    ['p10', 368.9683],
    ['p50', 821.4585],
    ['p90', 1651.7341],
    ['p95', 2241.8715],
    ['p99', 2953.82805],
    ['p99.9', 3179.031405],
    ['p100', 3204.054],
    ['TM(10%:90%)', 878.11528125],
    ['TC(10%:90%)', 32],
    ['TS(10%:90%)', 28099.689],
    ['WM(10%:90%)', 904.562465],
    ['tm90', 807.20725],
    ['PR(:1000)', 57.5],
    ['PR(1000:)', 42.5],
    ['SampleCount', 40],
  ])('%s', (statistic, wanted) => {
    expect(statisticOf(point, statistic)).toBeCloseTo(wanted, 6);
  });

  test('counts weigh', () => {
    const store = createMetricStore(createMemoryStore());
    for (const [value, count] of [
      [7.25, 1],
      [2, 5],
      [100, 2],
      [1.5, 3],
    ] as const)
      store.record(SERIES, { at: 0, value, count });
    const got = [25, 50, 75, 90, 99].map((p) => minute(store).percentile(p));
    expect(got).toEqual([1.75, 2, 4.625, 100, 100]);
  });

  test('a statistic set hides its percentiles, unless all its values are alike', () => {
    const store = filled([1, 2]);
    store.recordSet(SERIES, { at: 0, sum: 9, count: 3, min: 3, max: 3 });
    expect(minute(store).percentile(100)).toBe(3);
    store.recordSet(SERIES, { at: 0, sum: 30, count: 4, min: 0, max: 20 });
    const point = minute(store);
    expect(point).toMatchObject({ sum: 42, count: 9, min: 0, max: 20 });
    expect(point.percentile(50)).toBeUndefined();
    expect(statisticOf(point, 'tm90')).toBeUndefined();
    expect(statisticOf(point, 'Average')).toBeCloseTo(42 / 9, 12);
  });
});

describe('a bucket that grows', () => {
  test('ten thousand values are told within one percent, sums exactly', () => {
    const values = Array.from({ length: 10_000 }, (_, i) => 50 + ((i * 7919) % 10_000) / 3);
    const point = minute(filled(values));
    const sorted = values.toSorted((a, b) => a - b);
    expect(point.count).toBe(10_000);
    expect(point.sum).toBeCloseTo(
      values.reduce((a, b) => a + b),
      4,
    );
    expect(point.min).toBe(sorted[0]);
    expect(point.max).toBe(sorted.at(-1));
    for (const p of [1, 10, 50, 90, 99, 99.9]) {
      const rank = (p / 100) * 9_999;
      const low = sorted[Math.floor(rank)] as number;
      const exact = low + ((sorted[Math.ceil(rank)] as number) - low) * (rank % 1);
      expect(Math.abs((point.percentile(p) as number) - exact) / exact).toBeLessThan(0.0101);
    }
  });

  test('a million requests of zeros and ones take two entries', () => {
    const store = createMetricStore(createMemoryStore());
    const handle = store.handle(SERIES);
    for (let i = 0; i < 1_000_000; i += 1) handle.add(i % MINUTE, i % 20 === 0 ? 1 : 0);
    expect(minute(store).values()).toEqual([
      { value: 0, count: 950_000 },
      { value: 1, count: 50_000 },
    ]);
  });
});

describe('for any values', () => {
  // Minus zero is zero here.
  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((one) => one + 0);
  const sample = fc.record({ at: fc.integer({ min: 0, max: 3 * HOUR }), value, count: fc.integer({ min: 1, max: 5 }) });
  const period = fc.constantFrom(60, 300, 900);

  test('periods hold exactly what fell into them, however it is written down in between', () => {
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 80 }),
        period,
        fc.nat(80),
        (samples, periodSeconds, flushAt) => {
          const tables = createMemoryStore();
          let store = createMetricStore(tables);
          samples.forEach((one, i) => {
            store.record(SERIES, one);
            if (i !== flushAt) return;
            store.flush();
            store = createMetricStore(tables);
          });
          const points = store.read(SERIES, { startMs: 0, endMs: 4 * HOUR, periodSeconds, now: LATER });
          const wanted = new Map<number, typeof samples>();
          for (const one of samples) {
            const start = Math.floor(one.at / (periodSeconds * 1000)) * periodSeconds * 1000;
            wanted.set(start, [...(wanted.get(start) ?? []), one]);
          }
          expect(points.map((point) => point.at)).toEqual([...wanted.keys()].toSorted((a, b) => a - b));
          for (const point of points) {
            const mine = wanted.get(point.at) ?? [];
            expect(point.count).toBe(mine.reduce((sum, one) => sum + one.count, 0));
            expect(point.sum).toBeCloseTo(
              mine.reduce((sum, one) => sum + one.value * one.count, 0),
              5,
            );
            expect(point.min).toBe(Math.min(...mine.map((one) => one.value)));
            expect(point.max).toBe(Math.max(...mine.map((one) => one.value)));
            expect(point.percentile(0)).toBe(point.min);
            expect(point.percentile(100)).toBe(point.max);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('percentiles rise with p and stay between the extremes', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 50 }), (values) => {
        const point = minute(filled(values));
        const got = [0, 5, 25, 50, 75, 95, 100].map((p) => point.percentile(p) as number);
        for (const [i, one] of got.slice(1).entries()) expect(one).toBeGreaterThanOrEqual((got[i] as number) - 1e-9);
        expect(got[0]).toBe(point.min);
      }),
      { numRuns: 60 },
    );
  });
});

describe('what is held back and what is given up', () => {
  test('samples are seen from visibleAt on, in one minute of their own', () => {
    const store = createMetricStore(createMemoryStore());
    const handle = store.handle(SERIES);
    handle.add(1_000, 5, 75_000);
    handle.add(2_000, 7);
    const seen = (now: number) => only(store.read(SERIES, { startMs: 0, endMs: MINUTE, periodSeconds: 60, now })).sum;
    expect([seen(0), seen(74_999), seen(75_000)]).toEqual([7, 7, 12]);
    expect(store.list('1', 'r', 80_000).length).toBe(1);
  });

  test('nothing is seen too early even when very many publications meet in one minute', () => {
    const store = createMetricStore(createMemoryStore());
    for (let i = 0; i < 100; i += 1) store.record(SERIES, { at: 0, value: 1, visibleAt: 1_000 + i });
    for (const now of [1_000, 1_010, 1_050, 1_099]) {
      const points = store.read(SERIES, { startMs: 0, endMs: MINUTE, periodSeconds: 60, now });
      expect(points[0]?.count ?? 0).toBeLessThanOrEqual(now - 999);
    }
    expect(minute(store).count).toBe(100);
  });

  test('fifteen days are kept; seconds become minutes after three hours', () => {
    const tables = createMemoryStore();
    const store = createMetricStore(tables);
    const second = (at: number) => store.record(SERIES, { at, value: 1, resolutionSeconds: 1 });
    for (let at = 0; at < 5 * MINUTE; at += 1_000) second(at);
    second(4 * HOUR);
    second(4 * HOUR + 1_000);
    const read = (periodSeconds: number) =>
      store.read(SERIES, { startMs: 0, endMs: 5 * MINUTE, periodSeconds, now: LATER });
    expect(read(1).map((point) => point.count)).toEqual([60, 60, 60, 60, 60]);
    second(16 * 24 * HOUR);
    expect(read(60)).toEqual([]);
    expect(tables.table('metric-buckets').size).toBeLessThan(3);
  });

  test('dimensions are compared exactly, in any order', () => {
    const store = createMetricStore(createMemoryStore());
    const [a, b] = [
      { Name: 'A', Value: '1' },
      { Name: 'B', Value: '2' },
    ];
    store.record({ ...SERIES, dimensions: [a, b] }, { at: 0, value: 1 });
    const count = (dimensions: Series['dimensions']) =>
      store.read({ ...SERIES, dimensions }, { startMs: 0, endMs: MINUTE, periodSeconds: 60, now: LATER }).length;
    expect([count([b, a]), count([a]), count([])]).toEqual([1, 0, 0]);
  });
});
