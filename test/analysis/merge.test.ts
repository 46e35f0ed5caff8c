import { describe, expect, test } from 'vitest';
import { comparePredictions } from '../../src/analysis/compare/memory/compare.ts';
import type { MemoryOptions } from '../../src/analysis/compare/memory/compare.ts';
import { judge } from '../../src/analysis/judge/judge.ts';
import { mergeObservations } from '../../src/analysis/merge/merge.ts';
import { METRICS } from '../../src/analysis/observations.ts';
import type { MetricTable, Observations } from '../../src/analysis/observations.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import type { Capture } from '../../src/analysis/answers/captures.ts';
import type { Predictions } from '../../src/analysis/predictions.ts';
import { designEffect } from '../../src/analysis/statistics/repeats.ts';
import { type Random, seededRandom } from '../support/random.ts';
import { readTruth } from './read-truth.ts';
import { simulate, START } from './simulated.ts';

const MINUTE = 60_000;

/** What a window's requests are like. */
interface World {
  /** Different inputs; undefined: each comes once. */
  inputs?: number;
  /** An answer for the i-th request. */
  answer: (i: number, side: 'production' | 'shadow', random: Random) => string;
}

/** Captures of both sides, 20 a minute. */
function captures(minutes: number, { inputs, answer }: World): [Capture[], Capture[]] {
  const random = seededRandom(11);
  const sides: [Capture[], Capture[]] = [[], []];
  for (let i = 0; i < minutes * 20; i += 1) {
    const input = inputs === undefined ? i : Math.floor(inputs * random.next() ** 2);
    for (const [s, side] of (['production', 'shadow'] as const).entries()) {
      if (side === 'shadow' && i % 97 === 5) continue;
      sides[s]?.push({
        inferenceId: `r-${i}`,
        eventId: undefined,
        at: START + i * 3000,
        input: { data: `${input},u${i % 40}`, encoding: 'CSV', contentType: 'text/csv' },
        output: { data: answer(input, side, random), encoding: 'CSV', contentType: 'text/csv' },
      });
    }
  }
  return sides;
}

/** The part of an endpoint's evidence that lies between two minutes. */
function windowOf(
  sides: [Capture[], Capture[]],
  from: number,
  to: number,
  options: Partial<MemoryOptions>,
): Observations {
  const whole = simulate({ minutes: 120, rate: 20, captured: false });
  const [start, end] = [START + from * MINUTE, START + to * MINUTE];
  const set = (all: readonly Capture[]) => ({
    files: 1,
    captures: all.filter(({ at }) => at >= start && at < end),
    unreadable: 0,
    outside: 0,
    examples: [],
  });
  const part = (table: MetricTable) =>
    Object.fromEntries(METRICS.map((name) => [name, table[name].slice(from, to)])) as unknown as MetricTable;
  const { times, production, shadow } = whole.metrics;
  return {
    ...whole,
    window: { from: start, to: end },
    metrics: { times: times.slice(from, to), production: part(production), shadow: shadow && part(shadow) },
    predictions: comparePredictions(set(sides[0]), set(sides[1]), { sampling: 1, tolerance: 0.5, ...options }),
  };
}

const kept = (...all: Observations[]) => all.map((observations, i) => ({ name: `${i}.json`, observations }));
/** As a saved file gives it back. */
const saved = (observations: Observations) => structuredClone(observations);

const label = (i: number, side: string) =>
  ['sun', 'rain', 'fog'][(i + (side === 'shadow' && i % 23 === 0 ? 1 : 0)) % 3] ?? '';
const WORLDS: [string, World, Partial<MemoryOptions>][] = [
  ['labels of inputs that come once', { answer: label }, {}],
  ['labels of inputs that come again', { inputs: 700, answer: label }, {}],
  [
    'numbers',
    { answer: (i, side) => String(Math.sin(i) * 10 + (side === 'shadow' ? Math.cos(i * 7) : 0)) },
    { task: 'regression' },
  ],
  [
    'labels against the truth',
    { answer: label },
    {
      truth: readTruth(
        `inferenceId,label\n${Array.from({ length: 2400 }, (_, i) => `r-${i},${label(i, i % 31 === 0 ? 'shadow' : '')}`).join('\n')}`,
        'truth.csv',
      ),
    },
  ],
  ['labels of users', { answer: label }, { cluster: 'column 2' }],
  [
    'numbers, of which the first have labels',
    { answer: (i, side) => String(Math.sin(i) * 10 + (side === 'shadow' ? Math.cos(i * 7) : 0)) },
    { task: 'regression', truth: labelled(800, (i) => Math.sin(i) * 10 + Math.sin(i * 5)) },
  ],
];

function labelled(rows: number, label: (i: number) => number) {
  const lines = Array.from({ length: rows }, (_, i) => `r-${i},${label(i)}`);
  return readTruth(`inferenceId,label\n${lines.join('\n')}`, 'truth.csv');
}

/** Sums that are the same whether windows are added or summed at once, to rounding. */
function exact({ labels, numbers, truth, ...found }: Predictions): unknown {
  const { production: p, shadow: s, histogram: _h, distances: _d, scatter: _s, ...numeric } = numbers ?? ({} as never);
  const spread = (one: typeof p | undefined) => one && [one.mean, one.deviation, one.min, one.max];
  const value = {
    counts: [
      found.pairs,
      found.rows,
      found.coverage,
      found.differentRows,
      found.production.records,
      found.shadow.unmatched,
    ],
    blocks: found.blocks,
    missing: found.missing,
    // Which inputs of a class came in several windows is not known.
    labels: labels && {
      ...labels,
      byClass: labels.byClass?.map(({ onlyProduction, onlyShadow, ...one }) => [
        one,
        onlyProduction.minutes,
        onlyShadow.minutes,
      ]),
    },
    numbers: [numeric, spread(p), spread(s)],
    truth: truth && { ...truth, unknown: 0 },
  };
  return JSON.parse(
    JSON.stringify(value, (_, one: unknown) => (typeof one === 'number' ? Number(one.toPrecision(9)) || 0 : one)),
  );
}

describe('windows that were summed apart', () => {
  test.each(WORLDS)('give the gates of the whole (%s)', (_, world, options) => {
    const sides = captures(120, world);
    const whole = windowOf(sides, 0, 120, options);
    const random = seededRandom(3);
    const policy = { ...DEFAULT_POLICY, cluster: options.cluster };
    for (let trial = 0; trial < 4; trial += 1) {
      const cuts = [
        ...new Set([0, ...Array.from({ length: 1 + trial }, () => 1 + Math.floor(118 * random.next())), 120]),
      ];
      const edges = cuts.toSorted((a, b) => a - b);
      const parts = edges.slice(1).map((to, i) => saved(windowOf(sides, edges[i] ?? 0, to, options)));
      const merged = mergeObservations(kept(...parts.toReversed()));
      expect(exact(merged.predictions as Predictions)).toEqual(exact(whole.predictions as Predictions));
      expect(merged.metrics).toEqual(whole.metrics);
      const gates = (seen: Observations) =>
        judge(seen, policy, 'shadow')?.gates.map(({ id, outcome, estimate }) => [id, outcome, estimate?.toFixed(9)]);
      // Inputs that come in several windows count at their worst: a gate may stay open, and never be decided another way.
      const found = new Map(gates(merged)?.map(([id, ...rest]) => [id, rest]));
      for (const [id, outcome, estimate] of gates(whole) ?? []) {
        // Windows that were added up have no slices: each was cut at its own quartiles.
        if (id === 'slices.apart' || id === 'truth.slices') continue;
        const [of, about] = found.get(id ?? '') ?? [];
        // Of the commonest answers of windows, how often each came in the others is not known; nor which class has most inputs.
        if (id !== 'output.varied' && id !== 'labels.byClass') expect([id, about]).toEqual([id, estimate]);
        if (world.inputs === undefined && options.cluster === undefined) expect([id, of]).toEqual([id, outcome]);
        else expect([id, [outcome, 'inconclusive'].includes(of ?? '')]).toEqual([id, true]);
      }
      for (const name of ['agreement', 'beyond', 'onlyProduction', 'onlyShadow', 'loss'] as const) {
        const [together, apart] = [whole, merged].map((one) => designEffect(one.predictions?.repeats?.[name]));
        expect(apart).toBeGreaterThanOrEqual((together ?? 1) - 1e-9);
        if (world.inputs === undefined) expect(apart).toBeLessThan(1.1);
      }
    }
  });

  test('labels of other rows are noticed in added windows, too, where ranks are not known', () => {
    const chances = captures(120, { answer: (i) => String(((i * 37) % 101) / 101) });
    const truth = labelled(2400, (i) => ((i * 53) % 97 < 48 ? 1 : 0));
    const parts = [0, 60].map((from) => windowOf(chances, from, from + 60, { task: 'regression', truth }));
    const reason = (seen: Observations) =>
      judge(seen, DEFAULT_POLICY, 'shadow')?.gates.find(({ id }) => id === 'truth.score');
    for (const seen of [windowOf(chances, 0, 120, { task: 'regression', truth }), mergeObservations(kept(...parts))])
      expect(reason(seen)).toMatchObject({
        outcome: 'inconclusive',
        reason: expect.stringContaining('labels have nothing to do with the numbers'),
      });
  });

  test('of the same users, rows count no more than at once', () => {
    const sides = captures(120, { answer: (i, side) => (side === 'shadow' && i % 40 < 4 ? 'x' : 'y') });
    const options = { cluster: 'column 2' };
    const whole = windowOf(sides, 0, 120, options);
    const merged = mergeObservations(kept(windowOf(sides, 0, 70, options), windowOf(sides, 70, 120, options)));
    const factor = (one: Observations) => designEffect(one.predictions?.clusters?.agreement);
    expect(factor(merged)).toBeGreaterThanOrEqual(factor(whole) - 1e-9);
    expect(factor(merged)).toBeLessThan(1.2 * factor(whole));
  });
});

describe('what is not evidence about the same thing', () => {
  const sides = captures(40, { answer: label });
  const [a, b] = [windowOf(sides, 0, 20, {}), windowOf(sides, 20, 40, {})];
  test.each<[string, Observations, string]>([
    [
      'another shadow',
      { ...b, shadow: { ...b.shadow, name: 'shadow', model: 'v9' } },
      'the models are weather-v2 and v9',
    ],
    ['models that nobody knows', { ...b, production: { name: 'AllTraffic' } }, 'nobody knows which model'],
    ['another endpoint', { ...b, endpoint: 'other' }, 'endpoints weather and other'],
    [
      'other instances',
      { ...b, shadow: { ...b.shadow, name: 'shadow', instanceType: 'ml.m5.xlarge' } },
      'the instances are',
    ],
    ['the same minutes twice', a, 'their windows overlap'],
    ['another share of the requests', { ...b, sampling: 0.5 }, 'the shadow sees 1 and 0.5'],
    ['no answers', { ...b, predictions: undefined }, 'one of them has no answers'],
    [
      'another tolerance',
      windowOf(captures(40, { answer: (i) => `${i}.5` }), 20, 40, { tolerance: 0.1, task: 'regression' }),
      'read in different ways',
    ],
  ])('is refused: %s', (_, other, why) => {
    expect(() => mergeObservations(kept(a, other))).toThrow(why);
  });

  test('a column that an older version did not save is not known of its minutes', () => {
    const { cpu: _, ...older } = a.metrics.production;
    const merged = mergeObservations(kept({ ...a, metrics: { ...a.metrics, production: older as MetricTable } }, b));
    expect(merged.metrics.production.cpu).toEqual([
      ...Array.from({ length: 20 }, () => null),
      ...b.metrics.production.cpu,
    ]);
  });

  test('numbers compared with different tolerances are refused', () => {
    const numbers = captures(40, { answer: (i) => `${i}.5` });
    const parts = [0.1, 0.2].map((tolerance, i) =>
      windowOf(numbers, 20 * i, 20 * (i + 1), { tolerance, task: 'regression' }),
    );
    expect(() => mergeObservations(kept(...parts))).toThrow('tolerances 0.1 and 0.2');
  });

  test('distances of added windows are not decided', () => {
    const numbers = captures(120, { answer: (i) => String(Math.sin(i)) });
    const parts = [0, 60].map((from) => windowOf(numbers, from, from + 60, { task: 'regression' }));
    const verdict = judge(mergeObservations(kept(...parts)), { ...DEFAULT_POLICY, distances: { ks: 0.2 } }, 'shadow');
    expect(verdict?.gates.find(({ id }) => id === 'distance.ks')).toMatchObject({ outcome: 'inconclusive' });
  });
});
