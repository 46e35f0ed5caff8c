import { describe, expect, test } from 'vitest';
import {
  blockerNeeds,
  clusteringOf,
  confidence,
  insufficientData,
  minutesToPass,
  requiredSampleSize,
  shareInterval,
  windowTooShort,
} from '../../../src/analysis/judge/evidence.ts';
import { history } from '../../../src/analysis/judge/history.ts';
import { judge } from '../../../src/analysis/judge/judge.ts';
import {
  needsAbout,
  needsMore,
  needsNewInputs,
  needsRows,
  needsTraffic,
  needsTrafficAbout,
} from '../../../src/analysis/judge/needs.ts';
import { labelNoise, noiseFloor, numberNoise } from '../../../src/analysis/judge/noise-floor.ts';
import { beyondNoise, boundsOf, different, noiseDominates } from '../../../src/analysis/judge/proportion.ts';
import { errorMinutes, summarize, summarizeBoth } from '../../../src/analysis/judge/summaries.ts';
import type { Gate, Outcome } from '../../../src/analysis/judge/verdict.ts';
import { compare, worst } from '../../../src/analysis/judge/verdict.ts';
import type { Observations } from '../../../src/analysis/observations.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import { clopperPearson, dispersion, proportionSequence } from '../../../src/analysis/statistics/proportions.ts';
import { designEffect } from '../../../src/analysis/statistics/repeats.ts';
import { blocks, evidenceOf, numbersOf, observed, paired, repeatsOf, sumsOf, table } from './by-hand.ts';

/** What the gates are made of. */

test.each<[readonly [number, number] | undefined, number, boolean, Outcome]>([
  [undefined, 1, true, 'inconclusive'],
  [[0, 0.9], 1, true, 'pass'],
  [[0, 1], 1, true, 'inconclusive'],
  [[1, 2], 1, true, 'inconclusive'],
  [[1.1, 2], 1, true, 'fail'],
  [[1.1, 2], 1, false, 'pass'],
  [[1, 2], 1, false, 'inconclusive'],
  [[0, 1], 1, false, 'inconclusive'],
  [[0, 0.9], 1, false, 'fail'],
])('%j against %d, below %s: %s', (interval, margin, below, outcome) => {
  expect(compare(interval, margin, below)).toBe(outcome);
  if (below) expect(compare(interval, margin)).toBe(outcome);
});

test('the worst gate that decides is the outcome, in whatever order', () => {
  const gate = (outcome: Outcome, gating = true) => ({ outcome, gating }) as Gate;
  const [pass, open, fail] = [gate('pass'), gate('inconclusive'), gate('fail')];
  expect([worst([]), worst([pass]), worst([pass, open]), worst([open, pass])]).toEqual([
    'pass',
    'pass',
    'inconclusive',
    'inconclusive',
  ]);
  expect([worst([fail, open]), worst([open, fail]), worst([pass, fail, pass])]).toEqual(['fail', 'fail', 'fail']);
  expect(worst([gate('fail', false), open])).toBe('inconclusive');
  expect(worst([gate('fail', false), gate('inconclusive', false)])).toBe('pass');
});

test('sixty steps of a history at most, the last always among them', () => {
  const of = (length: number, known: (n: number) => boolean = () => true) =>
    history(length, (n) => (known(n) ? { n, estimate: n / 2, interval: [n - 1, n + 1] } : undefined));
  expect(of(0)).toEqual([]);
  expect(of(2)).toEqual([
    { n: 1, estimate: 0.5, low: 0, high: 2 },
    { n: 2, estimate: 1, low: 1, high: 3 },
  ]);
  expect(of(60)).toHaveLength(60);
  expect(of(61).map((step) => step.n)).toEqual(Array.from({ length: 31 }, (_, i) => 2 * i + 1));
  expect(of(3, (n) => n > 1).map((step) => step.n)).toEqual([2, 3]);
});

describe('what is needed', () => {
  test.each([
    [needsMore('pairs', 1), '1 more pair', { pairs: 1 }],
    [needsMore('pairs', 4123), '4 123 more pairs', { pairs: 4123 }],
    [needsMore('inputs', 12, 'different inputs'), '12 more different inputs', { inputs: 12 }],
    [needsAbout('pairs', 4123, { n: 9, minutes: 0 }), '5 000 more pairs', { pairs: 5000 }],
    [
      needsAbout('rows', 10.4, { n: 90, minutes: 30 }),
      '15 more rows, about 5 min at the current rate',
      { rows: 15, minutes: 5 },
    ],
    [
      needsAbout('rows', 9, { n: 3, minutes: 1 }, { plural: 'rows with labels' }),
      '10 more rows with labels, about 3 min at the current rate',
      { rows: 10, minutes: 3 },
    ],
    [
      needsAbout('requests', 1, { n: 60, minutes: 1 }),
      '1 more request, about 1 min at the current rate',
      { requests: 1, minutes: 1 },
    ],
    [needsTraffic(0.2), 'about 1 min more traffic', { minutes: 1 }],
    [needsTraffic(59.1, ' with labels'), 'about 1 h more traffic with labels', { minutes: 60 }],
    [needsTraffic(2879), 'about 47 h 59 min more traffic', { minutes: 2879 }],
    [needsTraffic(2880), 'about 2 days more traffic', { minutes: 2880 }],
    [needsTraffic(2881), 'about 3 days more traffic', { minutes: 4320 }],
    [
      needsNewInputs(0.5),
      'about 2 inputs that have not been sent yet (repeating the same ones says nothing new)',
      { inputs: 2 },
    ],
    [
      needsNewInputs(1234.4),
      'about 1 234 inputs that have not been sent yet (repeating the same ones says nothing new)',
      { inputs: 1234 },
    ],
    [blockerNeeds({ reason: '', missing: 5 }), '5 more pairs', { pairs: 5 }],
    [blockerNeeds({ reason: '', missing: 5, of: 'different inputs' }), '5 more different inputs', { inputs: 5 }],
    [
      blockerNeeds({ reason: '', missing: 0 }),
      'records that can be paired: send an InferenceId with every request',
      undefined,
    ],
    [blockerNeeds({ reason: '', missing: 5, needs: { needs: 'this', missing: undefined } }), 'this', undefined],
  ])('%j', (found, needs, missing) => expect(found).toEqual({ needs, missing }));
});

test('a share is bounded for every look, or for one', () => {
  expect(shareInterval(5, 100, 0.05, DEFAULT_POLICY)).toEqual(proportionSequence(5, 100, 0.05));
  expect(shareInterval(5, 100, 0.05, { ...DEFAULT_POLICY, looks: 'once' })).toEqual(clopperPearson(5, 100, 0.05));
  expect([0.05, 0.001].map((alpha) => confidence({ ...DEFAULT_POLICY, alpha }))).toEqual([
    '95 % confidence',
    '99.9 % confidence',
  ]);
});

test('too few pairs, inputs or coverage', () => {
  const even = paired(blocks(100, () => ({})));
  const of = (changed: Partial<typeof even>, policy = {}) => {
    const predictions = { ...even, ...changed };
    return insufficientData(predictions, evidenceOf(observed({ predictions }), policy));
  };
  const inputs = (n: number) => ({ repeats: repeatsOf(n, {}) });
  expect(of({})).toBeUndefined();
  expect(of({ pairs: 300 })).toBeUndefined();
  expect(of({ pairs: 299 })).toMatchObject({ missing: 1, reason: 'only 299 pairs, and the policy requires 300' });
  expect(of({ pairs: 299, ...inputs(100) })).toMatchObject({ missing: 1 });
  expect(of({ pairs: 299, ...inputs(100) })?.of).toBeUndefined();
  expect(of({ pairs: 300, ...inputs(299) })).toEqual({
    reason: 'only 299 different inputs in 300 pairs, and the policy requires 300',
    missing: 1,
    of: 'different inputs',
  });
  expect(of(inputs(300))).toBeUndefined();
  // Fewer rows than pairs, all different: no repeats are to blame.
  expect(of({ rows: 200, ...inputs(200) })).toBeUndefined();
  expect(of({ coverage: 0.9 })).toBeUndefined();
  expect(of({ coverage: 0.8999, method: 'input' })).toEqual({
    reason: "only 89.9 % of production's captured requests are paired, and the policy requires 90 %",
    missing: 0,
  });
  expect(of({ coverage: 0.8999, method: 'inferenceId' })?.needs?.needs).toMatch(/^the shadow's counterparts/);
  expect(of({ coverage: undefined })).toMatchObject({ missing: 0 });
  expect(of({ coverage: 0.5 }, { minimumCoverage: 0.5 })).toBeUndefined();
});

describe('a window that is too short', () => {
  const minutes = (n: number, of: (i: number) => number = () => 30) =>
    Array.from({ length: n }, (_, i) => ({ successes: of(i), n: 60 }));
  const bursts = (n: number) => minutes(n, (i) => (i % 2 === 0 ? 50 : 10));
  const found = (...asked: Parameters<typeof windowTooShort>) => windowTooShort(...asked)?.needs?.missing?.minutes;

  test('to pass, to fail, and never where nothing is decided', () => {
    expect([minutesToPass(DEFAULT_POLICY), minutesToPass(DEFAULT_POLICY, 'parts')]).toEqual([80, 240]);
    expect(minutesToPass(DEFAULT_POLICY, 'truth')).toBe(80);
    expect(windowTooShort('inconclusive', DEFAULT_POLICY, [minutes(1)])).toBeUndefined();
    expect([found('pass', DEFAULT_POLICY, [minutes(79)]), found('pass', DEFAULT_POLICY, [minutes(80)])]).toEqual([
      1,
      undefined,
    ]);
    expect([19, 20].map((n) => found('fail', DEFAULT_POLICY, [minutes(n)]))).toEqual([1, undefined]);
    const hopeless = { hopeless: true };
    expect([9, 10].map((n) => found('fail', DEFAULT_POLICY, [minutes(n)], 'answers', hopeless))).toEqual([
      1,
      undefined,
    ]);
    expect([19, 20].map((n) => found('fail', DEFAULT_POLICY, [bursts(n)], 'answers', hopeless))).toEqual([
      1,
      undefined,
    ]);
    expect([
      found('pass', DEFAULT_POLICY, [minutes(239)], 'parts'),
      found('pass', DEFAULT_POLICY, [minutes(240)], 'parts'),
    ]).toEqual([1, undefined]);
    expect(found('fail', DEFAULT_POLICY, [minutes(20)], 'parts')).toBeUndefined();
    expect(found('pass', DEFAULT_POLICY, [])).toBe(80);
  });

  test('bursts make it three times as long, to pass as to fail', () => {
    expect([found('pass', DEFAULT_POLICY, [bursts(239)]), found('pass', DEFAULT_POLICY, [bursts(240)])]).toEqual([
      1,
      undefined,
    ]);
    expect([found('fail', DEFAULT_POLICY, [bursts(239)]), found('fail', DEFAULT_POLICY, [bursts(240)])]).toEqual([
      1,
      undefined,
    ]);
    expect(found('pass', DEFAULT_POLICY, [bursts(100)], 'parts')).toBe(140);
    expect(found('pass', DEFAULT_POLICY, [minutes(100), bursts(100)])).toBe(140);
  });

  test('minutes without rows do not count; the longest list does', () => {
    const empty = Array.from({ length: 50 }, () => ({ successes: 0, n: 0 }));
    expect(found('pass', DEFAULT_POLICY, [[...minutes(70), ...empty]])).toBe(10);
    expect(found('pass', DEFAULT_POLICY, [minutes(70), minutes(75)])).toBe(5);
  });

  test('it says what it waits for', () => {
    expect(windowTooShort('pass', DEFAULT_POLICY, [minutes(70)])).toEqual({
      reason: '80 minutes with answers are needed to pass, and there are 70',
      missing: 0,
      needs: { needs: 'about 10 min more traffic', missing: { minutes: 10 } },
    });
    expect(windowTooShort('fail', DEFAULT_POLICY, [minutes(7)], 'truth')).toEqual({
      reason: '20 minutes with labels are needed to fail, and there are 7',
      missing: 0,
      needs: { needs: 'about 13 min more traffic with labels', missing: { minutes: 13 } },
    });
    expect(windowTooShort('fail', DEFAULT_POLICY, [bursts(70)])?.reason).toBe(
      'the minutes differ by more than chance, so 240 minutes with answers are needed, and there are 70',
    );
  });
});

test('rows are clustered by minutes or by inputs, whichever is stronger', () => {
  const bursts = Array.from({ length: 10 }, (_, i) => ({ successes: i % 2 === 0 ? 10 : 0, n: 10 }));
  const inputs = sumsOf(10, 100, (i) => i % 2);
  expect(clusteringOf(bursts, undefined, DEFAULT_POLICY)).toEqual({ factor: dispersion(bursts), by: 'minutes' });
  expect(clusteringOf(bursts, inputs, DEFAULT_POLICY)).toEqual({ factor: designEffect(inputs), by: 'inputs' });
  expect(designEffect(inputs)).toBeGreaterThan(dispersion(bursts));
  expect(clusteringOf([], undefined, DEFAULT_POLICY)).toEqual({ factor: 1, by: 'minutes' });
});

test('how many observations it takes: never too few, and at most one in fifty too many', () => {
  for (const least of [1, 2, 49, 50, 51, 100, 1000, 12_345, 80_000_000]) {
    const found = requiredSampleSize(10, (n) => n >= least) ?? 0;
    expect(found).toBeGreaterThanOrEqual(Math.max(10, least));
    expect(found).toBeLessThanOrEqual(Math.max(10, least) * 1.021 + 1);
  }
  expect(requiredSampleSize(10, (n) => n >= 17)).toBe(17);
  expect(requiredSampleSize(0, (n) => n >= 1)).toBe(1);
  expect(requiredSampleSize(10, () => false)).toBeUndefined();
  expect(requiredSampleSize(100, (n) => n >= 2e8)).toBeUndefined();
  expect(requiredSampleSize(5e7, (n) => n >= 1e8)).toBe(1e8);
});

describe('the noise of production', () => {
  const itself = (changed: Partial<Observations> = {}) => {
    const list = blocks(100, (i) => ({ agree: 60 - (i % 2), beyond: i % 20 === 0 ? 20 : 0 }));
    return observed({ predictions: paired(list, { numbers: numbersOf({ beyond: 100 }) }), ...changed });
  };

  test('is measured with what rows have in common', () => {
    const found = noiseFloor(itself(), '$.a');
    expect(found).toMatchObject({ model: 'v1', window: { from: 0, to: 6_000_000 }, pairs: 6000, prediction: '$.a' });
    expect(found?.labels).toEqual({ differing: 50, n: 6000, factor: 1 });
    expect(found?.numbers).toMatchObject({ beyond: 100, n: 6000, tolerance: 0.2, mae: 0.05 });
    // 5 of 100 minutes with 20 of 60 rows: Σ (x − 1)² / (60 · q (1 − q)) / 99, q = 1 / 60.
    expect(found?.numbers?.factor).toBeCloseTo((5 * 19 ** 2 + 95) / (1 - 1 / 60) / 99, 9);
    const predictions = paired(
      blocks(100, () => ({ beyond: 0 })),
      {
        numbers: numbersOf(),
        repeats: repeatsOf(100, { agreement: sumsOf(100, 60, () => 1), beyond: sumsOf(200, 30, () => 1) }),
      },
    );
    expect(noiseFloor(itself({ predictions }))).toMatchObject({ labels: { factor: 60 }, numbers: { factor: 30 } });
  });

  test('is unknown without answers or a model; of labels or numbers where there are none', () => {
    const { predictions } = itself();
    if (predictions === undefined) throw new Error('no predictions');
    expect(noiseFloor(itself({ predictions: undefined }))).toBeUndefined();
    expect(noiseFloor(itself({ predictions: { ...predictions, rows: 0 } }))).toBeUndefined();
    expect(noiseFloor(itself({ production: { name: 'AllTraffic' } }))).toBeUndefined();
    expect(noiseFloor(itself({ predictions: { ...predictions, labels: undefined } }))?.labels).toBeUndefined();
    expect(noiseFloor(itself({ predictions: { ...predictions, numbers: undefined } }))?.numbers).toBeUndefined();
    const uncounted = blocks(100, () => ({}));
    expect(noiseFloor(itself({ predictions: { ...predictions, blocks: uncounted } }))?.numbers?.factor).toBe(1);
  });

  test('counts for the model that was measured, under no smaller tolerance', () => {
    const noise = noiseFloor(itself());
    const of = (model: string, changed = {}) =>
      evidenceOf(observed({ noise, production: { name: 'a', model }, ...changed }));
    expect(labelNoise(of('v1'))).toEqual({ differing: 50, n: 6000, factor: 1 });
    expect([labelNoise(of('v0')), labelNoise(of('v1', { noise: undefined }))]).toEqual([undefined, undefined]);
    expect(numberNoise(of('v1'), 0.2)).toMatchObject({ differing: 100, n: 6000, factor: noise?.numbers?.factor });
    expect([numberNoise(of('v1'), 0.22), numberNoise(of('v0'), 0.2)]).toEqual([undefined, undefined]);
    expect(numberNoise(of('v1'), 0.18)).toBeDefined();
    expect(numberNoise(of('v1'), 0.2 + 1e-11)).toBeDefined();
    // The least tolerance that still is the same.
    const least = noise?.numbers && { ...noise, numbers: { ...noise.numbers, tolerance: 2 * (1 - 1e-9) } };
    expect(numberNoise(of('v1', { noise: least }), 2)).toBeDefined();
  });

  test('is taken away from the share and from both of its bounds', () => {
    const noise = { differing: 10, n: 100, factor: 2 };
    const at = (hits: number, n: number) => proportionSequence(hits, n, 0.025);
    const floor = at(5, 50);
    const [some, many] = [at(30, 100), at(95, 100)];
    expect(boundsOf(30, 100, { noise: undefined, below: true }, DEFAULT_POLICY)).toEqual(
      proportionSequence(30, 100, 0.05),
    );
    expect(boundsOf(30, 100, { noise, below: true }, DEFAULT_POLICY)).toEqual([
      Math.max(0, some[0] - floor[1]),
      some[1] - floor[0],
    ]);
    expect(boundsOf(50, 100, { noise, below: true }, DEFAULT_POLICY)[0]).toBeCloseTo(at(50, 100)[0] - floor[1], 12);
    expect(boundsOf(0, 10_000, { noise, below: true }, DEFAULT_POLICY)).toEqual([0, 0]);
    expect(boundsOf(30, 100, { noise, below: false }, DEFAULT_POLICY)).toEqual([
      some[0] + floor[0],
      some[1] + floor[1],
    ]);
    expect(boundsOf(95, 100, { noise, below: false }, DEFAULT_POLICY)).toEqual([many[0] + floor[0], 1]);
    expect(boundsOf(10_000, 10_000, { noise, below: false }, DEFAULT_POLICY)).toEqual([1, 1]);
    expect([0.3, 0.05].map((share) => beyondNoise(share, { noise, below: true }))).toEqual([
      expect.closeTo(0.2, 12),
      0,
    ]);
    expect([0.7, 0.95].map((share) => beyondNoise(share, { noise, below: false }))).toEqual([
      expect.closeTo(0.8, 12),
      1,
    ]);
    expect(beyondNoise(0.7, { noise: undefined, below: false })).toBe(0.7);
    expect(beyondNoise(0.7, { noise: { differing: 0, n: 0, factor: 1 }, below: false })).toBe(0.7);
  });

  test('decides nothing where anything would pass', () => {
    const of = (differing: number, margin: number, below: boolean, n = 100) =>
      noiseDominates({ noise: { differing, n, factor: 1 }, margin, below })?.missing;
    expect([of(75, 0.75, false), of(74, 0.75, false)]).toEqual([0, undefined]);
    expect([of(75, 0.25, true), of(74, 0.25, true)]).toEqual([0, undefined]);
    expect(of(0, 0.9, false, 0)).toBeUndefined();
    expect(noiseDominates({ noise: undefined, margin: 1, below: true })).toBeUndefined();
  });
});

test('repeated inputs are told, and no others', () => {
  const even = paired(blocks(1, () => ({})));
  const of = (inputs: number) => different({ ...even, repeats: repeatsOf(inputs, {}) });
  expect([different(even), of(60), of(59), of(1)]).toEqual([
    '',
    '',
    ' of 59 different inputs',
    ' of 1 different input',
  ]);
});

describe('one variant over the whole window', () => {
  const seen = table(4, {
    invocations: (i) => [10, null, 30, 0][i] ?? null,
    errors4xx: (i) => [1, null, 2, null][i] ?? null,
    errors5xx: (i) => [2, 5, null, null][i] ?? null,
    modelErrors: (i) => [1, null, 40, null][i] ?? null,
    latencyMean: (i) => [10, null, 20, 5][i] ?? null,
    latencyP50: 1,
    latencyP90: 2,
    latencyP99: (i) => (i === 1 ? 7 : null),
    overheadMean: 4,
    overheadP50: 5,
    overheadP90: 6,
    overheadP99: null,
    cpu: (i) => [10, null, 20, 30][i] ?? null,
    memory: 50,
  });

  test('failures a minute: the greater of two counts, and no more than there were requests', () => {
    expect(errorMinutes(seen)).toEqual([
      { successes: 3, n: 10 },
      { successes: 0, n: 0 },
      { successes: 30, n: 30 },
      { successes: 0, n: 0 },
    ]);
    expect(errorMinutes(table(1, { invocations: 9, errors4xx: 1, errors5xx: 1, modelErrors: 5 }))).toEqual([
      { successes: 5, n: 9 },
    ]);
  });

  test('sums, and means weighted by requests', () => {
    expect(summarize(seen)).toEqual({
      invocations: 40,
      errors4xx: 3,
      errors5xx: 7,
      modelErrors: 41,
      errorRate: 33 / 40,
      // A minute without requests counts as one: (10 · 10 + 20 · 30 + 5 · 1) / 41.
      latency: { mean: 705 / 41, p50: 1, p90: 2, p99: 7 },
      overhead: { mean: 4, p50: 5, p90: 6, p99: undefined },
      cpu: 20,
      memory: 50,
    });
    const nothing = summarize(table(2, {}));
    expect(nothing).toMatchObject({ invocations: 0 });
    expect([nothing.errorRate, nothing.cpu, nothing.latency.mean]).toEqual([undefined, undefined, undefined]);
  });

  test('of both, where there is a shadow', () => {
    const both = observed();
    const alone = { ...both, metrics: { ...both.metrics, shadow: undefined } };
    expect(summarizeBoth(both).shadow).toMatchObject({ invocations: 6000 });
    expect(summarizeBoth(alone)).toMatchObject({ production: { invocations: 6000 }, shadow: undefined });
  });
});

describe('the verdict in a sentence', () => {
  const flat = { invocations: 60, latencyMean: 10, latencyP50: 10, latencyP90: 10, latencyP99: 10 };
  const of = (
    minutes: number,
    changed: Parameters<typeof table>[1] = {},
    policy = {},
    rest: Partial<Observations> = {},
  ) => {
    const seen = observed({ minutes });
    const metrics = {
      ...seen.metrics,
      production: table(minutes, flat),
      shadow: table(minutes, { ...flat, ...changed }),
    };
    const found = judge({ ...seen, metrics, ...rest }, { ...DEFAULT_POLICY, ...policy });
    return [found?.outcome, found?.summary];
  };
  const others = ['traffic', 'latency'];

  test('all, one, or some of them hold', () => {
    expect(of(100)).toEqual(['pass', 'All 5 tests pass (95 % confidence each), and the one rule holds.']);
    expect(of(100, {}, { inform: ['errors'] })).toEqual([
      'pass',
      'All 4 tests pass (95 % confidence each), and the one rule holds; 1 more gate is for information.',
    ]);
    expect(of(100, {}, { inform: others })).toEqual([
      'pass',
      'The one test passes (95 % confidence); 5 more gates are for information.',
    ]);
    expect(of(100, {}, { inform: ['errors', 'latency'] })).toEqual([
      'inconclusive',
      'No test decides, and rules that hold prove nothing: the policy makes every test informational, or waives it.',
    ]);
    expect(of(100, {}, { inform: [...others, 'errors'] })).toEqual([
      'inconclusive',
      'No gate decides: the policy makes every gate informational.',
    ]);
    const files = {
      predictions: paired(
        blocks(100, () => ({})),
        { shadow: { ...paired([]).shadow, records: 0 } },
      ),
    };
    const empty = observed({ minutes: 0 }).metrics;
    expect(of(100, {}, {}, { ...files, metrics: empty })).toEqual(['pass', 'The one test passes (95 % confidence).']);
    expect(judge(observed({ metrics: { ...empty, shadow: undefined } }), DEFAULT_POLICY, 'candidate')).toEqual({
      outcome: 'inconclusive',
      summary: 'There is nothing to judge: the candidate has neither metrics nor answers.',
      gates: [],
      inWindow: 'inconclusive',
      waivers: [],
    });
  });

  test('the first that fails is told, and how many more', () => {
    expect(of(100, { modelErrors: 60 })[1]).toMatch(/^Does it fail more requests\? 100 % .* the limit is 1 pt\.$/);
    expect(of(100, { modelErrors: 60, latencyMean: 20 })[1]).toMatch(/ the limit is 1 pt\. \(and 1 more\)$/);
    expect(of(100, { modelErrors: 60, latencyMean: 20, latencyP99: 20 })[1]).toMatch(/ \(and 2 more\)$/);
    // What only informs is not told.
    expect(of(100, { modelErrors: 60, latencyMean: 20 }, { inform: ['errors'] })[1]).toMatch(
      /^Is it slower \(mean\)\?/,
    );
  });

  test('what is open is named, with the longest wait', () => {
    expect(of(42)).toEqual([
      'inconclusive',
      'Not decided yet: errors, latency.mean, latency.p50, latency.p90, latency.p99. Needs about 40 min more traffic.',
    ]);
    expect(of(10, {}, { inform: ['latency'] })).toEqual([
      'inconclusive',
      'Not decided yet: errors. Needs about 1 h 10 min more traffic.',
    ]);
    expect(of(10)[1]).toMatch(/^Not decided yet: errors, latency\.mean.* Needs about 1 h 20 min more traffic\.$/);
    expect(of(100, { invocations: 40 })).toEqual([
      'inconclusive',
      'Not decided yet: traffic.sampling. Needs a window in which the shadow was attached throughout, or the reason why requests went missing.',
    ]);
  });

  test('what is asked depends on what there is', () => {
    const ids = (seen: Observations, challenger?: 'candidate') =>
      judge(seen, { ...DEFAULT_POLICY, decide: ['effect'] }, challenger)?.gates.map((gate) => gate.id);
    const metrics = ['traffic.sampling', 'errors', 'latency.mean', 'latency.p50', 'latency.p90', 'latency.p99'];
    const effect = ['effect.latency', 'effect.overhead', 'effect.errors'];
    const answers = ['output.readable', 'output.varied', 'labels.agreement'];
    const predictions = paired(blocks(100, () => ({})));
    expect(ids(observed({ shadow: undefined }))).toBeUndefined();
    expect(ids(observed())).toEqual([...metrics, ...effect]);
    expect(ids(observed(), 'candidate')).toEqual(metrics);
    expect(ids(observed({ predictions }))).toEqual([...metrics, ...answers, ...effect]);
    expect(ids(observed({ predictions, metrics: observed({ minutes: 0 }).metrics }))).toEqual(answers);
    expect(ids(observed({ minutes: 0 }))).toEqual(['errors', ...metrics.slice(2)]);
  });

  test('the demand on a kind of answers is that of its task', () => {
    const list = blocks(100, (i) => ({ agree: 56 + (i % 2) }));
    const outcome = (task: 'multiclass' | 'binary') =>
      judge(observed({ predictions: paired(list, { task }) }), DEFAULT_POLICY)?.gates.find(
        (gate) => gate.id === 'labels.agreement',
      );
    expect(outcome('multiclass')).toMatchObject({ outcome: 'pass', margin: 0.9 });
    expect(outcome('binary')).toMatchObject({ outcome: 'inconclusive', margin: 0.95 });
  });

  test('minutes are those with requests of production', () => {
    const seen = observed();
    const metrics = {
      ...seen.metrics,
      production: table(100, { invocations: (i) => (i < 50 ? 3 : i < 75 ? 0 : null) }),
      shadow: table(100, { invocations: (i) => (i < 50 ? 3 : 0) }),
    };
    const errors = judge({ ...seen, metrics }, DEFAULT_POLICY)?.gates.find((gate) => gate.id === 'errors');
    // ln(2 / 0.05) / 0.01 is 369; found to within a fiftieth. 150 requests in 50 minutes.
    expect(errors?.missing).toEqual({ requests: 300, minutes: 120 });
  });
});

describe('time that follows from an estimate is told in steps', () => {
  const week = 7 * 24 * 60;
  test.each([
    [0.2, week, { minutes: 1 }],
    [4, week, { minutes: 5 }],
    [20, week, { minutes: 20 }],
    [21, week, { minutes: 30 }],
    [31, week, { minutes: 60 }],
    [121, week, { minutes: 180 }],
    [181, week, { minutes: 360 }],
    [361, week, { minutes: 720 }],
    [721, week, { minutes: 1440 }],
    [1441, week, { minutes: 2160 }],
    [2880, week, { minutes: 2880 }],
    [2881, week, { minutes: 3 * 1440 }],
    [3.1 * 1440, week, { minutes: 5 * 1440 }],
    // Up to eight times what was seen; beyond, all that is said of over a day is that it is over a day.
    [1440, 1, { minutes: 1440 }],
    [8 * 200, 200, { minutes: 2160 }],
    [8 * 200 + 1, 200, { minutes: 1440, atLeast: true }],
  ])('%d min after %d min', (minutes, seen, missing) => {
    expect(needsTrafficAbout(minutes, seen).missing).toEqual(missing);
    expect(needsAbout('requests', minutes, { n: seen, minutes: seen }).missing).toMatchObject(missing);
  });

  test('what is not known is not said', () => {
    expect(needsTrafficAbout(9999, 60).needs).toBe('more than another day of traffic');
    expect(needsAbout('rows', 9999, { n: 60, minutes: 60 }).needs).toBe(
      '10 000 more rows, more than a day at the current rate',
    );
  });
});

test('what is missing is counted as it is compared: rows are rows, and pairs are pairs', () => {
  expect(needsRows({ about: 590, known: 60 }, { pairs: 1000, rows: 1000 }, 100)).toEqual({
    needs: '700 more pairs, about 1 h at the current rate',
    missing: { pairs: 700, minutes: 60 },
  });
  expect(needsRows({ about: 1200, known: 0 }, { pairs: 1000, rows: 20_000 }, 100)).toEqual({
    needs: '1 500 more rows, about 10 min at the current rate',
    missing: { rows: 1500, minutes: 10 },
  });
  // What is known to be missing is told as it is.
  expect(needsRows({ about: 41, known: 60 }, { pairs: 240, rows: 240 }, 100)).toEqual({
    needs: '60 more pairs, about 30 min at the current rate',
    missing: { pairs: 60, minutes: 30 },
  });
});
