import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../src/analysis/compare/duckdb/connection.ts';
import type { Engine } from '../../../src/analysis/compare/duckdb/connection.ts';
import { readCurve } from '../../../src/analysis/compare/sql/curve.ts';
import { quantile } from '../../../src/analysis/statistics/distances.ts';
import {
  decileCounts,
  histogram,
  kolmogorovSmirnov,
  wasserstein,
} from '../../../src/analysis/compare/memory/distances.ts';
import { seededRandom } from '../../support/random.ts';

const folder = mkdtempSync(join(tmpdir(), 'shadowctl-curve-'));
let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ memory: '500MB', spill: folder, threads: 1 });
});
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true });
});

const random = seededRandom(11);
const many = (n: number, of: (i: number) => number) => Array.from({ length: n }, (_, i) => of(i));

/** Pairs of numbers that make a curve hard to read from bins. */
const KINDS: Record<string, [ours: number[], theirs: number[]]> = {
  'smooth ones': [many(20_000, () => random.next()), many(20_000, () => random.next() ** 1.1)],
  'one number': [[3], [4]],
  'the same number': [many(50, () => 7), many(50, () => 7)],
  'few different ones': [many(3000, (i) => i % 7), many(3000, (i) => (i * i) % 7)],
  'heavy tails': [many(5000, () => Math.exp(5 * random.normal())), many(5000, () => Math.exp(5.2 * random.normal()))],
  'one far out': [
    [...many(4000, () => random.normal()), 1e9],
    [...many(4000, () => random.normal() + 0.1), -3],
  ],
  'none in common': [many(1000, () => random.next()), many(1000, () => 10 + random.next())],
  'holes, in which the other side is': [many(1000, (i) => (i < 500 ? -1 : 1)), many(1000, (i) => i / 2000)],
  'very large ones': [many(100, (i) => (i - 50) * 2e148), many(100, (i) => (i - 49) * 2e148)],
  'very small ones': [many(100, (i) => i * 1e-290), many(100, (i) => i * 2e-290)],
};

describe('distribution functions read from bins', () => {
  test.each(Object.entries(KINDS))('are those of the sorted values: %s', async (_, [ours, theirs]) => {
    await engine.run('create or replace table compared (production_number double, shadow_number double, d double)');
    const appender = await engine.connection.createAppender('compared');
    for (const [i, x] of ours.entries()) {
      appender.appendDouble(x);
      appender.appendDouble(theirs[i] as number);
      appender.appendDouble(0);
      appender.endRow();
    }
    appender.closeSync();
    const [p, q] = [Float64Array.from(ours).sort(), Float64Array.from(theirs).sort()];
    const [low, high] = [Math.min(p[0] as number, q[0] as number), Math.max(p.at(-1) as number, q.at(-1) as number)];
    const found = await readCurve(engine, low, high, ours.length);
    const close = (a: number, b: number) => expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-12 * Math.abs(b));
    expect(found.ks).toBeCloseTo(kolmogorovSmirnov(p, q), 12);
    for (const [i, edge] of found.deciles.entries()) close(edge, quantile(p, (i + 1) / 10));
    for (const [i, edge] of found.shown.entries()) close(edge, quantile(q, [0.1, 0.5, 0.9][i] as number));
    expect(found.perDecile).toEqual({ production: decileCounts(p, p), shadow: decileCounts(p, q) });
    expect(found.histogram).toEqual(histogram(p, q, 30));
    expect(Math.abs(found.wasserstein - wasserstein(p, q))).toBeLessThanOrEqual(((high - low) / 30_720) * 1.001);
  });
});
