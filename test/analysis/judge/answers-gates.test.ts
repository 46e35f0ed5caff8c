import { describe, expect, test } from 'vitest';
import { distanceInterval, judgeDistances, ksBand, wassersteinBand } from '../../../src/analysis/judge/distances.ts';
import type { Evidence } from '../../../src/analysis/judge/evidence.ts';
import { judgeAnswers } from '../../../src/analysis/judge/predictions.ts';
import { judgePart, judgeSlices } from '../../../src/analysis/judge/slices.ts';
import { errorLost, lossByBands } from '../../../src/analysis/judge/loss.ts';
import { lossBounds, lossEstimate, lossSample } from '../../../src/analysis/judge/loss-sample.ts';
import { pairedDifference } from '../../../src/analysis/judge/paired.ts';
import { judgeTruth } from '../../../src/analysis/judge/truth.ts';
import type { Gate } from '../../../src/analysis/judge/verdict.ts';
import type { NoiseFloor, Observations } from '../../../src/analysis/observations.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import type { Policy } from '../../../src/analysis/policy/policy.ts';
import type { FieldSums, PairBlock, Predictions, SliceSums } from '../../../src/analysis/predictions.ts';
import { clopperPearson, proportionSequence } from '../../../src/analysis/statistics/proportions.ts';
import { rowsHalfWidth, sequenceHalfWidth } from '../../../src/analysis/statistics/sequences.ts';
import { blocks, evidenceOf, numbersOf, observed, paired, repeatsOf, side, sumsOf, written } from './by-hand.ts';

/** Gates about answers, each beside its limits; the snapshots hold all that they say. */

type Case = [name: string, outcome: string, evidence: Evidence];

function check(judge: (evidence: Evidence) => readonly Gate[], [, outcome, evidence]: Case): void {
  const gates = judge(evidence);
  expect(gates.map((gate) => gate.outcome).join(' ')).toBe(outcome);
  expect(gates.map(written).join('\n')).toMatchSnapshot();
}

function seen(
  predictions: Predictions | undefined,
  policy: Partial<Policy> = {},
  { minutes = 100, ...changed }: Partial<Observations> & { minutes?: number } = {},
): Evidence {
  return evidenceOf(observed({ predictions, ...changed }), { expect: { kind: 'same' }, ...policy }, { minutes });
}

const only = (id: string) => (evidence: Evidence) => judgeAnswers(evidence).filter((gate) => gate.id === id);

/** Labels of so many minutes, 60 rows each, of which `differing` differ. */
const labels = (minutes: number, differing: (minute: number) => number, changed: Partial<Predictions> = {}) =>
  paired(
    blocks(minutes, (i) => ({ agree: 60 - differing(i) })),
    changed,
  );
const numbers = (minutes: number, beyond: (minute: number) => number, changed: Partial<Predictions> = {}) =>
  paired(
    blocks(minutes, (i) => ({ agree: 0, beyond: beyond(i) })),
    { kind: 'numbers', ...changed },
  );
const steady = (i: number) => (i % 2 === 0 ? 3 : 2);
const noise = (differing: number, n = 6000, factor = 1, tolerance = 0.2): NoiseFloor => ({
  model: 'v1',
  window: { from: 0, to: 1 },
  pairs: n,
  labels: { differing, n, factor },
  numbers: { beyond: differing, n, factor, tolerance, mae: 0 },
});

describe('answers that can be read, paired and told apart', () => {
  const of = (shadow: Parameters<typeof side>[0], production: Parameters<typeof side>[0] = {}, pairs = 6000) =>
    seen(labels(100, () => 0, { shadow: side(shadow), production: side(production), pairs, labels: undefined }));
  const long = `${'x'.repeat(59)}yz`;
  const usual = (share: number) => ({ commonest: { answer: 'sun', share } });
  test.each<Case>([
    ['all is well', 'pass pass', of({})],
    ['one answer', 'inconclusive', of({ records: 1, answers: 1 })],
    [
      'one of a hundred cannot be read: the limit, and too few to tell',
      'inconclusive pass',
      of({ records: 100, unparsed: 1, answers: 99 }),
    ],
    [
      'twenty of a hundred',
      'fail pass',
      of({ records: 100, unparsed: 20, answers: 80, examples: ['{"oops', 'more'] }, { records: 100 }),
    ],
    [
      'an example is cut',
      'fail pass',
      of({ records: 100, unparsed: 20, answers: 80, examples: [long] }, { records: 100 }),
    ],
    [
      "twenty of a hundred, and of production's as many",
      'inconclusive pass',
      of({ records: 100, unparsed: 20, answers: 80 }, { records: 100, unparsed: 20, answers: 80 }),
    ],
    ['an empty answer is none either', 'fail pass', of({ records: 1000, withoutAnswer: 80, answers: 920 })],
    ['two of 49', 'inconclusive', of({ records: 49, unparsed: 2, answers: 47 })],
    ['two of 50', 'inconclusive', of({ records: 50, unparsed: 2, answers: 48 })],
    ['no record of the shadow', '', of({ records: 0, answers: 0 })],
    ['no pair', 'pass inconclusive pass', of({}, { records: 70 }, 0)],
    ['neither records nor pairs', 'inconclusive', of({ records: 0, answers: 0 }, {}, 0)],
    ['49 answers are too few to call constant', 'pass', of({ answers: 49, ...usual(1) })],
    ['50 answers are not', 'pass fail', of({ answers: 50, distinct: 1, ...usual(1) })],
    ['one answer to everything, of production too', 'pass pass', of({ distinct: 1, ...usual(1) }, usual(1))],
    ['nearly one answer, of production too', 'pass pass', of({ distinct: 2, ...usual(0.991) }, usual(0.985))],
    ['never fraud, at a base rate of 1.5 %', 'pass fail', of({ distinct: 1, ...usual(1) }, usual(0.985))],
    [
      'never fraud, in too few answers to tell',
      'pass inconclusive',
      of({ answers: 100, distinct: 1, ...usual(1) }, { answers: 100, ...usual(0.985) }),
    ],
    ['nearly one answer, of the shadow alone', 'pass fail', of({ distinct: 2, ...usual(0.991) }, usual(0.949))],
    ['99 % are not yet all', 'pass pass', of({ distinct: 2, ...usual(0.99) }, usual(0.5))],
    ['nothing is known of the commonest', 'pass', of({ commonest: undefined })],
    ["nothing is known of production's", 'pass pass', of(usual(1), { commonest: undefined })],
    [
      'for information',
      'pass inconclusive pass',
      seen(
        labels(100, () => 0, { pairs: 0, labels: undefined }),
        { inform: ['output'] },
      ),
    ],
    [
      'no shadow',
      '',
      seen(
        labels(100, () => 0),
        {},
        { shadow: undefined },
      ),
    ],
    ['no captures', '', seen(undefined)],
  ])('%s', (...one) => check((evidence) => judgeAnswers(evidence).filter((gate) => gate.id !== 'output.schema'), one));
});

describe('the schema', () => {
  const field = (changed: Partial<FieldSums>): FieldSums => ({
    path: '$.a',
    rows: 6000,
    differing: 0,
    missing: 0,
    extra: 0,
    otherKind: 0,
    largest: 0,
    ignored: false,
    example: undefined,
    ...changed,
  });
  const of = (changed: Partial<Predictions>, policy: Partial<Policy> = {}) =>
    seen(
      labels(100, () => 0, changed),
      policy,
    );
  const fields = (...list: Partial<FieldSums>[]) => of({ fields: list.map(field) });
  test.each<Case>([
    ['nothing to say of labels', '', of({})],
    ['every field is there', 'pass', fields({})],
    ['no field at all', 'pass', of({ fields: [] })],
    ['rows differ in one of a hundred pairs: the limit', '', of({ differentRows: 60 })],
    ['rows differ in more, by chance perhaps', 'inconclusive', of({ differentRows: 61 })],
    ['rows differ in many more', 'fail', of({ differentRows: 120 })],
    ['of 49 pairs', 'inconclusive', of({ differentRows: 1, pairs: 49 })],
    ['of 50 pairs', 'fail', of({ differentRows: 20, pairs: 50 })],
    ['of no pairs', '', of({ differentRows: 1, pairs: 0 })],
    ['rows that cannot be compared', 'fail', of({ rows: 6300 })],
    ['numbers are compared where labels are not', '', of({ rows: 6100, numbers: numbersOf({ rows: 6100 }) })],
    ['neither labels nor numbers', 'fail', of({ labels: undefined })],
    ['no rows at all', '', of({ rows: 0, labels: undefined })],
    ['no rows, but fields', 'inconclusive', of({ rows: 0, labels: undefined, fields: [field({ missing: 100 })] })],
    ['a field is missing in one of a hundred: the limit', 'pass', fields({ missing: 60 })],
    ['a field is missing in more, by chance perhaps', 'inconclusive', fields({ missing: 61 })],
    ['a field is missing in many more', 'fail', fields({ missing: 120 })],
    ['a field is missing by chance, of production too', 'pass', fields({ missing: 100, rows: 6000, extra: 55 })],
    ['a type that changes by chance, of production too', 'pass', fields({ otherKind: 200, otherKindBack: 95 })],
    ['a field is ignored', 'pass', fields({ missing: 600, ignored: true })],
    ['a field that production gives in 99 %', 'fail', fields({ missing: 600, rows: 5960, extra: 20 })],
    ['a field that production gives in less', 'pass', fields({ missing: 600, rows: 5959, extra: 20 })],
    ['a field of another type', 'fail', fields({ otherKind: 120 })],
    [
      'a field of another type, with an example',
      'fail',
      fields({ otherKind: 120, example: { production: '1', shadow: '"1"' } }),
    ],
    ['seldom missing, and often of another type', 'fail', fields({ missing: 600, extra: 600, otherKind: 120 })],
    [
      'the worst three are named, the worst first',
      'fail',
      fields(
        { path: '$.b', missing: 120 },
        { path: '$.c', missing: 600 },
        { path: '$.d', otherKind: 300 },
        { path: '$.e', otherKind: 240 },
      ),
    ],
    ['for information', 'fail', of({ differentRows: 300 }, { inform: ['output.schema'] })],
  ])('%s', (...one) => check((evidence) => judgeAnswers(evidence).filter((gate) => gate.id === 'output.schema'), one));
});

describe('equal labels', () => {
  const same = (inputs: number) =>
    repeatsOf(inputs, { agreement: sumsOf(inputs, 6000 / inputs, (i) => (i % 16 === 0 ? 0 : 1)) });
  test.each<Case>([
    ['96 % are equal', 'pass', seen(labels(100, steady))],
    ['96 % are equal, one look', 'pass', seen(labels(100, steady), { looks: 'once' })],
    ['all are equal', 'pass', seen(labels(100, () => 0))],
    ['a half is equal', 'fail', seen(labels(100, (i) => 29 + (i % 3)))],
    ['91 % are equal: not decided', 'inconclusive', seen(labels(100, (i) => 5 + (i % 2)))],
    ['90 % are equal: the margin', 'inconclusive', seen(labels(100, () => 6))],
    ['299 pairs', 'inconclusive', seen(labels(100, () => 0, { pairs: 299 }))],
    [
      '299 pairs, at an unknown rate',
      'inconclusive',
      seen(
        labels(100, () => 0, { pairs: 299 }),
        {},
        { minutes: 0 },
      ),
    ],
    ['300 pairs', 'pass', seen(labels(100, () => 0, { pairs: 300 }))],
    ['90 % are paired', 'pass', seen(labels(100, () => 0, { coverage: 0.9 }))],
    ['less than 90 % are paired', 'inconclusive', seen(labels(100, () => 0, { coverage: 0.89999 }))],
    ['nobody knows how many are paired', 'inconclusive', seen(labels(100, () => 0, { coverage: undefined }))],
    ['79 minutes', 'inconclusive', seen(labels(79, () => 0))],
    ['80 minutes', 'pass', seen(labels(80, () => 0))],
    ['9 minutes to fail', 'inconclusive', seen(labels(9, () => 40))],
    ['10 minutes to fail', 'fail', seen(labels(10, () => 40))],
    ['in bursts', 'inconclusive', seen(labels(239, (i) => (i % 20 < 5 ? 9 : 0)))],
    ['in bursts, for long enough', 'pass', seen(labels(240, (i) => (i % 20 < 5 ? 9 : 0)))],
    ['more minutes than steps can be shown', 'pass', seen(labels(121, steady))],
    [
      '299 inputs, sent again and again',
      'inconclusive',
      seen(labels(100, steady, { repeats: { ...same(300), inputs: 299 } })),
    ],
    ['300 inputs, sent again and again', 'inconclusive', seen(labels(100, (i) => 3 + (i % 2), { repeats: same(300) }))],
    ['1 500 inputs, sent again and again', 'pass', seen(labels(100, steady, { repeats: same(1500) }))],
    ['as many inputs as rows', 'pass', seen(labels(100, steady, { repeats: same(6000) }))],
    ['no rows', 'inconclusive', seen(paired([], { pairs: 400 }))],
    ['no rows and too few pairs', 'inconclusive', seen(paired([], { pairs: 200 }))],
    ['minutes without rows', 'pass', seen(paired(blocks(90, (i) => (i < 5 ? { rows: 0, agree: 0 } : {}))))],
    [
      'less than the noise of production',
      'pass',
      seen(
        labels(100, (i) => 6 + (i % 2)),
        {},
        { noise: noise(300) },
      ),
    ],
    [
      'the noise is that of another model',
      'fail',
      seen(
        labels(100, (i) => 9 + (i % 2)),
        {},
        { noise: { ...noise(300), model: 'v0' } },
      ),
    ],
    [
      'the noise counts for a third',
      'inconclusive',
      seen(
        labels(100, (i) => 9 + (i % 2)),
        {},
        { noise: noise(300, 6000, 30) },
      ),
    ],
    [
      'so much noise that anything passes',
      'inconclusive',
      seen(
        labels(100, () => 0),
        {},
        { noise: noise(5400) },
      ),
    ],
    [
      'nearly so much noise',
      'pass',
      seen(
        labels(100, () => 0),
        {},
        { noise: noise(5390) },
      ),
    ],
    ['noise of nothing', 'pass', seen(labels(100, steady), {}, { noise: noise(0, 0) })],
    [
      'the truth is known',
      'pass',
      seen(labels(100, steady, { truth: { rows: 1, of: 1, unknown: 0, labels: undefined, numbers: undefined } })),
    ],
    [
      'the truth is known, and the policy decides',
      'pass',
      seen(labels(100, steady, { truth: { rows: 1, of: 1, unknown: 0, labels: undefined, numbers: undefined } }), {
        decide: ['labels'],
      }),
    ],
    [
      'the truth of no row is known',
      'pass',
      seen(labels(100, steady, { truth: { rows: 0, of: 1, unknown: 0, labels: undefined, numbers: undefined } })),
    ],
    ['for information', 'pass', seen(labels(100, steady), { inform: ['labels'] })],
  ])('%s', (...one) => check(only('labels.agreement'), one));
});

describe('numbers that lie near', () => {
  const few = (i: number) => i % 2;
  const same = (inputs: number) =>
    repeatsOf(inputs, { beyond: sumsOf(inputs, 6000 / inputs, (i) => (i % 40 === 0 ? 1 : 0)) });
  test.each<Case>([
    ['1 % lies beyond', 'pass', seen(numbers(100, few))],
    ['a fifth lies beyond', 'fail', seen(numbers(100, (i) => 11 + (i % 3)))],
    ['5 % lie beyond: the margin', 'inconclusive', seen(numbers(100, () => 3))],
    ['4.2 % lie beyond: not decided', 'inconclusive', seen(numbers(100, (i) => 2 + (i % 2)))],
    [
      'nobody counted a minute',
      'inconclusive',
      seen(
        paired(
          blocks(100, () => ({})),
          { kind: 'numbers' },
        ),
      ),
    ],
    [
      '300 inputs, sent again and again',
      'inconclusive',
      seen(numbers(100, (i) => 1 + (i % 2), { repeats: same(300) })),
    ],
    [
      'less than the noise of production',
      'pass',
      seen(
        numbers(100, (i) => 3 + (i % 2)),
        {},
        { noise: noise(180) },
      ),
    ],
    [
      'noise of a smaller tolerance',
      'inconclusive',
      seen(
        numbers(100, (i) => 3 + (i % 2)),
        {},
        { noise: noise(180, 6000, 1, 0.18) },
      ),
    ],
    [
      'noise of a tolerance that rounding made smaller',
      'pass',
      seen(
        numbers(100, (i) => 3 + (i % 2)),
        {},
        { noise: noise(180, 6000, 1, 0.2 * (1 - 1e-10)) },
      ),
    ],
    ['so much noise that anything passes', 'inconclusive', seen(numbers(100, few), {}, { noise: noise(5701) })],
    ['nearly so much noise', 'pass', seen(numbers(100, few), {}, { noise: noise(5690) })],
    [
      'a few lie so far apart that errors may grow by more than the tolerance',
      'inconclusive',
      seen(numbers(100, few, { numbers: numbersOf({ beyond: 50, mae: 0.19, rmse: 0.5 }) })),
    ],
    [
      'counted with the tolerance of an older version',
      'inconclusive',
      seen(numbers(100, few, { numbers: numbersOf({ beyond: 50, tolerance: 1 }) })),
    ],
    [
      'counted with a tolerance that the policy states',
      'pass',
      seen(numbers(100, few, { numbers: numbersOf({ beyond: 50, tolerance: 1, mae: 0.5, rmse: 1 }) }), {
        numbers: { tolerance: 1, share: 0.05 },
      }),
    ],
    ['labels come first', '', seen(labels(100, () => 0, { numbers: numbersOf() }))],
    [
      'the truth is known',
      'pass',
      seen(numbers(100, few, { truth: { rows: 1, of: 1, unknown: 0, labels: undefined, numbers: undefined } })),
    ],
    [
      'the truth is known, and the policy decides',
      'pass',
      seen(numbers(100, few, { truth: { rows: 1, of: 1, unknown: 0, labels: undefined, numbers: undefined } }), {
        decide: ['numbers.tolerance'],
      }),
    ],
    ['for information', 'pass', seen(numbers(100, few), { inform: ['numbers'] })],
  ])('%s', (...one) => check(only('numbers.tolerance'), one));
});

describe('parts of the inputs', () => {
  const part = (name: string, rows: number, hits: number, inputs = rows): SliceSums => ({
    column: 'c',
    part: name,
    rows,
    hits,
    inputs,
  });
  const of = (
    slices: readonly SliceSums[] | undefined,
    changed: Partial<Predictions> = {},
    policy: Partial<Policy> = {},
    rest: Partial<Observations> = {},
  ) =>
    seen(
      labels(240, (i) => 2 + (i % 2), { slices, ...changed }),
      { slices: 0.9, ...policy },
      rest,
    );
  const good = part('good', 7200, 6960);
  test.each<Case>([
    ['every part holds', 'pass', of([good, part('less', 7200, 6840)])],
    ['one part holds, of equal shares the first is named', 'pass', of([part('a', 4000, 3900), part('b', 4000, 3900)])],
    ['one part fails', 'fail', of([good, part('bad', 7200, 5000), part('small', 10, 1)])],
    ['one part is open', 'inconclusive', of([good, part('open', 500, 455), part('open too', 500, 460)])],
    [
      'one part fails alone, and is open among many',
      'inconclusive',
      of([part('bad', 100, 76), ...Array.from({ length: 400 }, (_, i) => part(`good ${i}`, 1000, 1000))]),
    ],
    ['a part without rows', 'inconclusive', of([good, part('none', 0, 0)])],
    [
      '239 minutes',
      'inconclusive',
      of(
        [good],
        labels(239, (i) => 2 + (i % 2), { slices: [good] }),
      ),
    ],
    [
      '239 minutes to fail',
      'fail',
      of(
        [part('bad', 7200, 5000)],
        labels(239, (i) => 2 + (i % 2), { slices: [part('bad', 7200, 5000)] }),
      ),
    ],
    ['too few pairs', 'inconclusive', of([good], { pairs: 200 })],
    ['noise', 'pass', of([part('noisy', 7200, 6200)], {}, {}, { noise: noise(600) })],
    ['so much noise that anything passes', 'inconclusive', of([good], {}, {}, { noise: noise(5400) })],
    [
      'parts repeat their inputs',
      'inconclusive',
      of([part('again', 7200, 6840, 72)], {
        repeats: repeatsOf(3600, { agreement: sumsOf(3600, 4, (i) => (i % 20 === 0 ? 0 : 1)) }),
      }),
    ],
    [
      'parts repeat their inputs less',
      'pass',
      of([part('again', 7200, 6840, 3600)], {
        repeats: repeatsOf(3600, { agreement: sumsOf(3600, 4, (i) => (i % 20 === 0 ? 0 : 1)) }),
      }),
    ],
    [
      'numbers',
      'pass',
      of(
        [good],
        numbers(240, (i) => 1 + (i % 2), {
          slices: [good],
          repeats: repeatsOf(7200, { beyond: sumsOf(7200, 2, (i) => (i % 20 === 0 ? 1 : 0)) }),
        }),
        {},
        { noise: noise(100) },
      ),
    ],
    [
      'numbers in bursts',
      'inconclusive',
      of(
        [good],
        numbers(240, (i) => (i % 20 < 5 ? 9 : 0), { slices: [good] }),
      ),
    ],
    [
      'numbers that nobody counted by minute',
      'inconclusive',
      of(
        [good],
        paired(
          blocks(240, () => ({})),
          { kind: 'numbers', slices: [good] },
        ),
      ),
    ],
    ['no part', 'inconclusive', of([])],
    ['nothing was cut', 'inconclusive', of(undefined)],
    ['for information', 'pass', of([good], {}, { inform: ['slices'] })],
    ['nothing is demanded', '', of([good], {}, { slices: undefined })],
    ['no captures', '', seen(undefined, { slices: 0.9 })],
  ])('%s', (...one) => check(judgeSlices, one));

  test('a part counts for what repeats and bursts leave of it', () => {
    const clustering = { repeats: 1, correlation: 0, bursts: 1, rows: 10_000, hits: 9500 };
    const options = { noise: undefined, policy: DEFAULT_POLICY };
    const low = (found: ReturnType<typeof judgePart>) => found.interval[0];
    const bound = (factor: number) => proportionSequence(950 / factor, 1000 / factor, 0.05)[0];
    const one = (inputs: number, changed: Partial<typeof clustering> = {}, hits = 950) =>
      low(
        judgePart({ column: 'c', part: 'p', rows: 1000, hits, inputs }, 1, 0.5, {
          clustering: { ...clustering, ...changed },
          ...options,
        }),
      );
    expect(one(1000)).toBeCloseTo(bound(1), 12);
    expect(one(1000, { repeats: 3 })).toBeCloseTo(bound(3), 12);
    // 10 copies, half alike: 1 + 0.5 · 9.
    expect(one(100, { correlation: 0.5 })).toBeCloseTo(bound(5.5), 12);
    expect(one(0, { correlation: 0.001 })).toBeCloseTo(bound(1.999), 12);
    // V(all) = 475, V(part) = 47.5, V(rest) = 427.5: (1.5 · 475 − 427.5) / 47.5.
    expect(one(1000, { bursts: 1.5 })).toBeCloseTo(bound(6), 12);
    // A part without any variance has the bursts of all.
    expect(one(1000, { bursts: 4 }, 1000)).toBeCloseTo(proportionSequence(250, 250, 0.05)[0], 12);
    // All rows are this part: its bursts are those of all.
    expect(one(1000, { bursts: 4, rows: 1000, hits: 950 })).toBeCloseTo(bound(4), 12);
  });

  test('a part fails at alpha by their number, and its bounds say so', () => {
    const options = { clustering: { repeats: 1, correlation: 0, bursts: 1, rows: 100, hits: 76 }, noise: undefined };
    const of100 = (hits: number, parts: number) =>
      judgePart({ column: 'c', part: 'p', rows: 100, hits, inputs: 100 }, parts, 0.9, {
        ...options,
        policy: DEFAULT_POLICY,
      });
    const bounds = (hits: number, alpha: number) => proportionSequence(hits, 100, alpha);
    expect(of100(60, 10)).toEqual({ outcome: 'fail', interval: [bounds(60, 0.05)[0], bounds(60, 0.005)[1]] });
    expect(of100(76, 1).outcome).toBe('fail');
    expect(of100(76, 1000)).toEqual({ outcome: 'inconclusive', interval: [bounds(76, 0.05)[0], bounds(76, 5e-5)[1]] });
    expect(of100(100, 1000)).toEqual({ outcome: 'pass', interval: bounds(100, 0.05) });
  });
});

describe('distances', () => {
  const limits = { ks: 0.1, wasserstein: 0.5, psi: 0.1, jensenShannon: 0.05 };
  const of = (
    changed: Parameters<typeof numbersOf>[0],
    policy: Partial<Policy> = {},
    rest: Partial<Predictions> = {},
  ) =>
    seen(
      numbers(100, () => 0, { numbers: numbersOf(changed), ...rest }),
      { distances: limits, ...policy },
    );
  const far = { ks: 0.9, wasserstein: 8, psi: 5, jensenShannon: 0.9 };
  const near = { ks: 0, wasserstein: 0, psi: 0, jensenShannon: 0 };
  const copies = (inputs: number, what: 'agreement' | 'beyond') => ({
    repeats: repeatsOf(inputs, { [what]: sumsOf(inputs, 6000 / inputs, () => 1) }),
  });
  test.each<Case>([
    ['all are near', 'pass pass pass pass', of({})],
    ['all are near, one look', 'pass pass pass pass', of({}, { looks: 'once' })],
    ['they are the same', 'pass pass pass pass', of({ distances: near })],
    ['they are the same, and no row differs', 'pass pass pass pass', of({ distances: near, mae: 0 })],
    ['all are far', 'fail fail fail fail', of({ distances: far })],
    ['two are limited', 'pass pass', of({}, { distances: { jensenShannon: 0.05, ks: 0.1 } })],
    [
      'at the limit',
      'inconclusive inconclusive inconclusive inconclusive',
      of({ distances: { ks: 0.1, wasserstein: 0.5, psi: 0.1, jensenShannon: 0.05 } }),
    ],
    ['rows repeat inputs', 'inconclusive pass inconclusive inconclusive', of({}, {}, copies(600, 'beyond'))],
    [
      'rows repeat inputs, of labels',
      'inconclusive pass inconclusive inconclusive',
      of({}, {}, copies(600, 'agreement')),
    ],
    ['too few pairs', 'inconclusive', of({}, { distances: { ks: 0.1 } }, { pairs: 299 })],
    ['79 minutes', 'inconclusive', of({}, { distances: { ks: 0.1 } }, { blocks: blocks(79, () => ({})) })],
    ['no row', 'inconclusive inconclusive inconclusive inconclusive', of({ rows: 0 })],
    ['for information', 'pass', of({}, { distances: { ks: 0.1 }, inform: ['distance.ks'] })],
    [
      'no numbers',
      '',
      seen(
        labels(100, () => 0),
        { distances: limits },
      ),
    ],
    ['no captures', '', seen(undefined, { distances: limits })],
    ['no limit', '', of({}, { distances: {} })],
  ])('%s', (...one) => check(judgeDistances, one));

  test('their bands are those of the papers', () => {
    const once = { ...DEFAULT_POLICY, looks: 'once' as const };
    // sqrt(ln(2 / 0.025) / 2000); 0.85 sqrt((ln ln(1000 e) + 0.8 ln(1612 / 0.025)) / 1000)
    expect(ksBand(1000, once)).toBeCloseTo(Math.sqrt(Math.log(80) / 2000), 12);
    expect(ksBand(1000, DEFAULT_POLICY)).toBeCloseTo(
      0.85 * Math.sqrt((Math.log(1 + Math.log(1000)) + 0.8 * Math.log(64_480)) / 1000),
      12,
    );
    const flat = numbersOf({ mae: 0.4 });
    expect(wassersteinBand(1000, flat, once)).toBeCloseTo(
      sequenceHalfWidth(1000, 2, 0.025, 300) + 10 * clopperPearson(0, 1000, 0.025)[1],
      12,
    );
    expect(wassersteinBand(1000, { ...flat, histogram: { ...flat.histogram, low: 20 } }, once)).toBe(0);
    const clamped = (ks: number) => distanceInterval('ks', numbersOf({ distances: { ...far, ks } }), 1, once);
    const band = 2 * Math.sqrt(Math.log(2 / 0.025) / 12_000);
    expect(clamped(0.001)).toEqual([0, expect.closeTo(0.001 + band, 12)]);
    expect(clamped(0.999)).toEqual([expect.closeTo(0.999 - band, 12), 1]);
    expect(distanceInterval('ks', numbersOf({ rows: 0 }), 1, once)).toEqual([0, 1]);
  });
});

describe('the truth', () => {
  type Only = { production: number; shadow: number };
  const told = (only: (minute: number) => Only, changed: Partial<Predictions> = {}, minutes = 100): Predictions => {
    const list = blocks(
      minutes,
      (i): Partial<PairBlock> => ({ truth: 60, onlyProduction: only(i).production, onlyShadow: only(i).shadow }),
    );
    const count = (of: (block: PairBlock) => number | undefined) =>
      list.reduce((total, block) => total + (of(block) ?? 0), 0);
    const [onlyProduction, onlyShadow] = [count((block) => block.onlyProduction), count((block) => block.onlyShadow)];
    const right = { production: 4000 + onlyProduction, shadow: 4000 + onlyShadow, onlyProduction, onlyShadow };
    const rows = 60 * minutes;
    return paired(list, { truth: { rows, of: rows, unknown: 0, labels: right, numbers: undefined }, ...changed });
  };
  const even = (n: number) => () => ({ production: n, shadow: n });
  const some = (rows: number): Partial<Predictions> => ({
    truth: {
      rows,
      of: 6000,
      unknown: 0,
      labels: { production: rows, shadow: rows, onlyProduction: 0, onlyShadow: 0 },
      numbers: undefined,
      // As many of the differing rows have a label as of all.
      strata: [
        { production: 'a', differ: false, rows: 3000, labelled: rows / 2, onlyProduction: 0, onlyShadow: 0 },
        { production: 'a', differ: true, rows: 3000, labelled: rows / 2, onlyProduction: 0, onlyShadow: 0 },
      ],
    },
  });
  const uncounted = (rows: number): Partial<Predictions> => {
    const { truth } = some(rows);
    return { truth: truth && { ...truth, strata: undefined } };
  };
  /** All rows where production says a have a label, and the shadow is right there; of 1 200 where it says b, few. */
  const chosen = (labelled: number): Partial<Predictions> => ({
    truth: {
      rows: 4800 + labelled,
      of: 6000,
      unknown: 0,
      labels: { production: 4200 + labelled, shadow: 4800, onlyProduction: labelled, onlyShadow: 600 },
      numbers: undefined,
      strata: [
        { production: 'a', differ: false, rows: 4200, labelled: 4200, onlyProduction: 0, onlyShadow: 0 },
        { production: 'a', differ: true, rows: 600, labelled: 600, onlyProduction: 0, onlyShadow: 600 },
        { production: 'b', differ: true, rows: 1200, labelled, onlyProduction: labelled, onlyShadow: 0 },
      ],
    },
  });
  const again = (inputs: number, what: 'onlyProduction' | 'onlyShadow' | 'loss', hits = 20) =>
    repeatsOf(6000, { [what]: sumsOf(inputs, 6000 / inputs, (i) => (i % hits === 0 ? 1 : 0)) });
  test.each<Case>([
    ['as often right', 'pass', seen(told((i) => ({ production: i % 2, shadow: i % 2 })))],
    [
      'as often right, one look',
      'pass',
      seen(
        told((i) => ({ production: i % 2, shadow: i % 2 })),
        { looks: 'once' },
      ),
    ],
    ['always right', 'pass', seen(told(even(0)))],
    ['less often right', 'fail', seen(told((i) => ({ production: 9 + (i % 3), shadow: 1 })))],
    ['more often right', 'pass', seen(told((i) => ({ production: i % 2, shadow: 9 + (i % 3) })))],
    ['nearly too much is lost', 'inconclusive', seen(told((i) => ({ production: 1 + (i % 2), shadow: i % 2 })))],
    ['right at the margin', 'inconclusive', seen(told((i) => ({ production: i % 5 === 0 ? 2 : 1, shadow: 0 })))],
    [
      'both differ so often that more rows are needed',
      'inconclusive',
      seen(told((i) => ({ production: 24 + (i % 3), shadow: 24 + (i % 3) }), {}, 90)),
    ],
    [
      'the same, at an unknown rate',
      'inconclusive',
      seen(
        told((i) => ({ production: 24 + (i % 3), shadow: 24 + (i % 3) }), {}, 90),
        {},
        { minutes: 0 },
      ),
    ],
    ['299 rows have a label', 'inconclusive', seen(told(even(0), some(299)))],
    ['300 rows have a label', 'inconclusive', seen(told(even(0), some(300)))],
    ['600 rows have a label', 'pass', seen(told(even(0), some(600)))],
    ['79 minutes', 'inconclusive', seen(told(even(0), {}, 79))],
    ['bursts of the shadow', 'inconclusive', seen(told((i) => ({ production: 0, shadow: i % 20 < 2 ? 10 : 0 })))],
    ['bursts of production', 'inconclusive', seen(told((i) => ({ production: i % 20 < 2 ? 3 : 0, shadow: 0 })))],
    ['inputs repeat, of production', 'inconclusive', seen(told(even(1), { repeats: again(400, 'onlyProduction') }))],
    ['inputs repeat, of the shadow', 'inconclusive', seen(told(even(1), { repeats: again(400, 'onlyShadow') }))],
    ['too few inputs', 'inconclusive', seen(told(even(0), { repeats: again(200, 'onlyProduction') }))],
    ['too few pairs', 'inconclusive', seen(told(even(0), { pairs: 299 }))],
    ['too few are paired', 'inconclusive', seen(told(even(0), { coverage: 0.5 }))],
    ['inputs repeat', 'pass', seen(told(even(0), { repeats: repeatsOf(3000, {}) }))],
    [
      'no label belongs to a prediction',
      'inconclusive',
      seen(told(even(0), { truth: { rows: 0, of: 6000, unknown: 5, labels: undefined, numbers: undefined } })),
    ],
    [
      'no label belongs to a prediction, for information',
      'inconclusive',
      seen(told(even(0), { truth: { rows: 0, of: 6000, unknown: 5, labels: undefined, numbers: undefined } }), {
        inform: ['truth'],
      }),
    ],
    [
      'nothing that could be right',
      'inconclusive',
      seen(told(even(0), { truth: { rows: 5, of: 6000, unknown: 5, labels: undefined, numbers: undefined } })),
    ],
    ['for information', 'pass', seen(told(even(0)), { inform: ['truth.accuracy'] })],
    ['nothing is counted by minute', 'inconclusive', seen(labels(100, () => 0, some(6000)))],
    [
      'a label for none of none',
      'pass',
      seen(
        told(even(0), {
          truth: {
            rows: 6000,
            of: 0,
            unknown: 0,
            labels: { production: 6000, shadow: 6000, onlyProduction: 0, onlyShadow: 0 },
            numbers: undefined,
          },
        }),
      ),
    ],
    ['no labels are known', '', seen(labels(100, () => 0))],
    ['no captures', '', seen(undefined)],
    ['600 rows have a label, and nobody counted which', 'inconclusive', seen(told(even(0), uncounted(600)))],
    ['labels where production says a, and none where it says b', 'inconclusive', seen(told(even(0), chosen(0)))],
    ['four labels where production says b', 'inconclusive', seen(told(even(0), chosen(4)))],
    ['labels where production says b, and it is right there', 'fail', seen(told(even(0), chosen(200)))],
  ])('%s', (...one) => check(judgeTruth, one));

  const measured = (
    maeProduction: number,
    maeShadow: number,
    lossDeviation: number,
    changed: Partial<Predictions> = {},
    bursts = false,
  ): Predictions => {
    const loss = maeShadow - maeProduction;
    const minute = (i: number) => (bursts ? (i % 20 < 5 ? 3 : -1) * lossDeviation * 20 : 0);
    const list = blocks(100, (i) => ({ truth: 60, loss: loss * 60 + minute(i) }));
    const truth = {
      rows: 6000,
      of: 6000,
      unknown: 0,
      labels: undefined,
      numbers: { maeProduction, maeShadow, loss, lossDeviation },
    };
    return paired(list, { kind: 'numbers', truth, numbers: numbersOf({ rows: 6000 }), ...changed });
  };
  describe('of numbers', () => {
    test.each<Case>([
      ['half the error', 'pass', seen(measured(1, 0.5, 0.1))],
      ['a little less error', 'pass', seen(measured(1, 0.99, 0.1))],
      ['twice the error', 'fail', seen(measured(1, 2, 0.1))],
      ['the margin', 'inconclusive', seen(measured(1, 1.02, 0.1))],
      ['more rows are needed', 'inconclusive', seen(measured(1, 1.01, 0.6))],
      ['more rows are needed, at an unknown rate', 'inconclusive', seen(measured(1, 1.01, 0.6), {}, { minutes: 0 })],
      ['neither errs', 'pass', seen(measured(0, 0, 0))],
      ['production never errs', 'fail', seen(measured(0, 0.3, 0.1))],
      ['what is lost comes in bursts', 'inconclusive', seen(measured(1, 1, 0.3, {}, true))],
      ['inputs repeat', 'inconclusive', seen(measured(1, 1, 0.3, { repeats: again(400, 'loss', 2) }))],
      [
        'inputs repeat, and what is lost comes in stronger bursts',
        'inconclusive',
        seen(measured(1, 1, 0.3, { repeats: again(400, 'loss', 2) }, true)),
      ],
      ['too few inputs', 'inconclusive', seen(measured(1, 0.5, 0.1, { repeats: again(200, 'loss', 2) }))],
      ['no histogram', 'pass', seen(measured(1, 1, 0, { numbers: undefined }))],
    ])('%s', (...one) => check(judgeTruth, one));
  });

  test('bands of numbers are weighed by their shares of all rows', () => {
    const sums = (n: number, production: number, loss: number) => ({
      production: n * production,
      productionSquared: n * production * production,
      loss: n * loss,
      lossSquared: n * loss * loss,
      cross: n * loss * production,
    });
    const band = (
      name: 'equal' | 'above' | 'below',
      rows: number,
      labelled: number,
      production: number,
      loss: number,
    ) => {
      const one = sums(labelled, production, loss);
      return { band: name, rows, apart: rows * 0.5, labelled, error: one, squared: one };
    };
    // 900 of 1 000 rows lose nothing, and a tenth of them has a label; 100 lose .4, and all have one.
    const found = lossByBands([band('equal', 900, 90, 2, 0), band('above', 100, 100, 1, 0.4)], 'error', 0);
    expect(found.loss).toBeCloseTo(0.04, 12);
    expect(found.maeProduction).toBeCloseTo(1.9, 12);
    expect(found.deviation).toBeCloseTo(Math.sqrt(0.9 * 0.04 ** 2 + 0.1 * 0.36 ** 2), 12);
    // Within the bands nothing scatters: the shares are known as well as 1 000 rows tell them.
    expect(found).toMatchObject({ n: expect.closeTo(1000, 6), unknown: 0, unlabelled: [] });
    // Of a band without labels, each row may lose what the two are apart; squares up to twice that.
    const blind = [band('equal', 900, 90, 2, 0), band('above', 100, 4, 1, 0.4)];
    expect(lossByBands(blind, 'error', 0)).toMatchObject({ unknown: expect.closeTo(0.05, 12) });
    expect(lossByBands(blind, 'squared', 0)).toMatchObject({ unknown: expect.closeTo(0.1, 12) });
  });

  test('strata are weighed by their shares of all rows, and rows on which the models agree lose nothing', () => {
    const stratum = (differ: boolean, rows: number, labelled: number, onlyProduction = 0, onlyShadow = 0) => ({
      production: 'a',
      differ,
      rows,
      labelled,
      onlyProduction,
      onlyShadow,
    });
    // Of 1 000 rows 100 differ in one class, half of which have a label, and 100 in another, a quarter of which have one.
    const strata = [stratum(false, 800, 0), stratum(true, 100, 50, 30, 10), stratum(true, 100, 25, 5, 15)];
    const sample = lossSample(strata);
    // 0.1 × 20 / 50 − 0.1 × 10 / 25
    expect(lossEstimate(sample)).toBeCloseTo(0, 12);
    expect(sample).toMatchObject({ n: 75 + 800 * (75 / 200), unknown: 0, rows: 1000, differing: 200, labelled: 75 });
    expect(sample.widest).toBeCloseTo(1.5, 12);
    // With labels for all, these are the bounds of pairs.
    const all = lossSample([stratum(false, 800, 10), stratum(true, 200, 200, 90, 60)]);
    const pairs = pairedDifference({ first: 45, second: 30, n: 500, factor: 1 }, DEFAULT_POLICY);
    expect(lossBounds(all, 1, 2, DEFAULT_POLICY)).toEqual(pairs);
    // Of a class without labels all may be lost, or won: 100 of 1 000 rows, whatever the others say.
    const [low, high] = lossBounds(lossSample([...strata.slice(0, 2), stratum(true, 100, 0)]), 1e6, 1, DEFAULT_POLICY);
    expect([low, high]).toEqual([expect.closeTo(0.04 - 0.1, 2), expect.closeTo(0.04 + 0.1, 2)]);
  });

  test('its bounds are those of the formulas', () => {
    const losses = { loss: 0.1, deviation: 0.5, maeProduction: 2, maeShadow: 2.1, range: 10, n: 4000, factor: 2 };
    const unseen = (10 * Math.log(20) * 2) / 4000;
    const half = rowsHalfWidth(2000, 0.5, 0.05, 3000) + (2 * unseen) / 3;
    const once = errorLost(losses, { ...DEFAULT_POLICY, looks: 'once' });
    expect((once[1] - once[0]) / 2).toBeCloseTo(
      (0.5 * Math.sqrt((2 * Math.log(20)) / 2000) + (2 * unseen) / 3) / 2,
      12,
    );
    expect(half).toBeGreaterThan(unseen);
    const [low, high] = errorLost(losses, DEFAULT_POLICY);
    expect([low, high]).toEqual([expect.closeTo((0.1 - half) / 2, 12), expect.closeTo((0.1 + half) / 2, 12)]);
    // What no row has shown yet is more than all scatter: a hundred times the range.
    expect(errorLost({ ...losses, range: 1000 }, DEFAULT_POLICY)[1]).toBeCloseTo((0.1 + 100 * unseen) / 2, 12);
    // A production that never errs is measured by the shadow's error, and two that never err by 1.
    const tiny = { ...losses, deviation: 0, range: 0 };
    const scaled = (maeProduction: number, maeShadow: number) =>
      errorLost({ ...tiny, loss: 1, maeProduction, maeShadow }, { ...DEFAULT_POLICY, truth: 0 })[1];
    expect([scaled(4, 5), scaled(0, 5), scaled(0, 0)]).toEqual([0.25, 0.2, 1]);
  });
});
