import { describe, expect, test } from 'vitest';
import type { Capture } from '../../../src/analysis/answers/captures.ts';
import { comparePredictions } from '../../../src/analysis/compare/memory/compare.ts';
import { withWindow } from '../../../src/analysis/judge/in-window.ts';
import { judgeAnswers } from '../../../src/analysis/judge/predictions.ts';
import type { Gate } from '../../../src/analysis/judge/verdict.ts';
import type { Observations } from '../../../src/analysis/observations.ts';
import type { MissingMinute, Predictions } from '../../../src/analysis/predictions.ts';
import { seededRandom } from '../../support/random.ts';
import { blocks, evidenceOf, observed, paired, table } from './by-hand.ts';

/** What the shadow did not answer, and what was not captured. */

const RATE = 60;

/** Two models that agree on all that both answer; of the 60 requests of a minute so many are missing. */
function sums(
  minutes: number,
  missing: (minute: number) => Partial<MissingMinute>,
  changed: Partial<Predictions> = {},
) {
  const none = { empty: 0, unreadable: 0, absent: 0, rows: 0, absentRows: 0, onlyShadow: 0, neither: 0 };
  const list = Array.from({ length: minutes }, (_, i): MissingMinute => {
    const one = { at: i * 60_000, answered: RATE, ...none, ...missing(i) };
    return { ...one, rows: one.empty + one.unreadable, absentRows: one.absent };
  });
  const rows = (i: number) => {
    const { answered, empty, unreadable, absent } = list[i] as MissingMinute;
    return answered - empty - unreadable - absent;
  };
  return paired(
    blocks(minutes, (i) => ({ rows: rows(i), agree: rows(i) })),
    { missing: list, ...changed },
  );
}

const NO_METRICS = { times: [], production: table(0, {}), shadow: undefined };

/** Gates by id: from files alone, unless metrics are given. */
function judged(predictions: Predictions, changed: Partial<Observations> = {}) {
  const found = judgeAnswers(evidenceOf(observed({ predictions, metrics: NO_METRICS, ...changed })));
  return Object.fromEntries(found.map((gate) => [gate.id, gate])) as Record<string, Gate | undefined>;
}

/** What CloudWatch counted: requests and failures a minute of each. */
function counted(minutes: number, shadow: { invocations: number; failed: number }, production = RATE) {
  return {
    times: Array.from({ length: minutes }, (_, i) => i * 60_000),
    production: table(minutes, { invocations: production }),
    shadow: table(minutes, { invocations: shadow.invocations, modelErrors: shadow.failed }),
  };
}

describe('answers that are there, but cannot be read', () => {
  test('eight percent empty fail, and count as different', () => {
    const found = judged(sums(100, () => ({ empty: 5 })));
    expect(found['output.readable']).toMatchObject({ outcome: 'fail', estimate: 5 / 60 });
    expect(found['labels.agreement']?.estimate).toBeCloseTo(55 / 60);
    expect(found['labels.agreement']?.reason).toContain('with 500 that it did not answer counted as different');
  });

  test('two models that cannot be read in the same three percent are alike', () => {
    const found = judged(sums(100, () => ({ answered: 58, neither: 2 })));
    expect(found['output.readable']).toMatchObject({ outcome: 'pass', estimate: 0 });
    expect(found['labels.agreement']?.estimate).toBe(1);
  });

  test("production's unreadable answers are no fault of the shadow's", () => {
    expect(judged(sums(100, () => ({ answered: 58, onlyShadow: 2 })))['output.readable']).toMatchObject({
      outcome: 'pass',
      estimate: -2 / 60,
    });
  });

  test('none of 299 is open, none of 300 passes', () => {
    const few = (answered: number) => judged(sums(1, () => ({ answered })))['output.readable']?.outcome;
    expect([few(299), few(300)]).toEqual(['inconclusive', 'pass']);
  });

  test('two models that break by chance, each in 0.8 % of its answers, seldom fail', () => {
    let failed = 0;
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = seededRandom(seed);
      const drawn = Array.from({ length: 240 }, () => {
        const minute = { unreadable: 0, onlyShadow: 0 };
        for (let i = 0; i < RATE; i += 1) {
          if (random.next() < 0.008) minute.unreadable += 1;
          if (random.next() < 0.008) minute.onlyShadow += 1;
        }
        return { ...minute, answered: RATE - minute.onlyShadow };
      });
      const looks = [20, 60, 120, 180, 240];
      if (looks.some((n) => judged(sums(n, (i) => drawn[i] ?? {}))['output.readable']?.outcome === 'fail')) failed += 1;
    }
    expect(failed / 20).toBeLessThanOrEqual(0.05);
  });
});

describe('requests without a record of the shadow', () => {
  const silent = sums(100, () => ({ absent: 5 }));

  test('from files alone nobody knows whether it answered: open, and what agreement depends on it says so', () => {
    const found = judged(silent);
    expect(found['output.answered']).toMatchObject({ outcome: 'inconclusive', estimate: 5 / 60 });
    expect(found['output.answered']?.reason).toContain('of 500 nobody knows');
    // 91.7 % in the worst case: undecided at 90 %; without what is missing all agree.
    expect(found['labels.agreement']).toMatchObject({ outcome: 'pass' });
    const more = judged(sums(100, () => ({ absent: 7 })));
    expect(more['labels.agreement']).toMatchObject({ outcome: 'inconclusive' });
    expect(more['labels.agreement']?.reason).toContain('but if the 700 rows');
  });

  test('by its own count it answered them: they were not captured, and count for nothing', () => {
    const found = judged(silent, { metrics: counted(100, { invocations: RATE, failed: 0 }) });
    expect(found['output.answered']).toMatchObject({ outcome: 'pass', estimate: 0 });
    expect(found['output.answered']?.reason).toContain('500 it answered, but its answer was not captured');
  });

  test('by its own count it failed them: they count against it', () => {
    const found = judged(silent, { metrics: counted(100, { invocations: RATE, failed: 5 }) });
    expect(found['output.answered']).toMatchObject({ outcome: 'fail', estimate: 5 / 60 });
    expect(found['labels.agreement']?.estimate).toBeCloseTo(55 / 60);
  });

  test('a shadow that was to see a tenth lacks nine tenths, and nothing is missing', () => {
    const tenth = sums(100, () => ({ absent: 54 }));
    expect(judged(tenth, { sampling: 0.1 })['output.answered']?.outcome).toBe('pass');
    const metrics = counted(100, { invocations: 6, failed: 0 });
    expect(judged(tenth, { sampling: 0.1, metrics })['output.answered']?.outcome).toBe('pass');
    // Of the six a minute that it was to see, it has half.
    const half = sums(100, () => ({ absent: 57 }));
    expect(judged(half, { sampling: 0.1 })['output.answered']?.outcome).toBe('inconclusive');
  });

  test('captures that are late are left out, for ten minutes; a shadow that went silent is not late', () => {
    const until = (minutes: number) =>
      judged(sums(100, (i) => (i < minutes ? {} : { absent: RATE })))['output.answered'];
    expect(until(91)).toMatchObject({ outcome: 'pass' });
    expect(until(91)?.reason).toContain('540 requests at the ends of the window are left out');
    expect(until(85)).toMatchObject({ outcome: 'inconclusive', estimate: 0.15 });
  });

  test('an observation of an older version says nothing of it', () => {
    const found = judged({ ...silent, missing: undefined });
    expect(found['output.answered']).toBeUndefined();
    expect(found['output.readable']?.outcome).toBe('pass');
  });
});

test('captures say which of two answers is missing, and how', () => {
  const record = (i: number, data: string | undefined): Capture => ({
    inferenceId: `r${i}`,
    eventId: undefined,
    at: i * 1000,
    input: undefined,
    output: data === undefined ? undefined : { data, encoding: 'JSON', contentType: undefined },
  });
  const said = (label: string) => JSON.stringify({ predicted_label: label });
  const both: [string | undefined, string | undefined | null][] = [
    [said('a'), said('a')],
    [said('a'), ''],
    [said('a'), '{"oops'],
    [said('a'), null],
    ['{"oops', said('a')],
    ['{"oops', '{"oops'],
    [undefined, ''],
    ['{"oops', null],
  ];
  const set = (captures: Capture[]) => ({ files: 1, captures, unreadable: 0, outside: 0, examples: [] });
  const found = comparePredictions(
    set(both.map(([own], i) => record(i, own))),
    set(both.flatMap(([, shadow], i) => (shadow === null ? [] : [record(i, shadow)]))),
    { sampling: 1, tolerance: undefined, answers: { kind: 'label' } },
  );
  expect(found.missing).toEqual([
    { at: 0, answered: 4, empty: 1, unreadable: 1, absent: 1, rows: 2, absentRows: 1, onlyShadow: 1, neither: 2 },
  ]);
});

describe('requests that are in no pair although nothing is missing', () => {
  // Of 6,000 that were due so many had no id of their own, or were lost on the way.
  const due = (pairs: number, changed: Partial<Predictions> = {}) =>
    paired(
      blocks(100, () => ({ rows: pairs / 100, agree: pairs / 100 })),
      {
        pairs,
        coverage: pairs / 6000,
        missing: Array.from({ length: 100 }, (_, i) => ({
          at: i * 60_000,
          answered: pairs / 100,
          empty: 0,
          unreadable: 0,
          absent: 0,
          rows: 0,
          absentRows: 0,
          onlyShadow: 0,
          neither: 0,
        })),
        ...changed,
      },
    );

  test('agreement is open where they would decide, and passes where they would not', () => {
    expect(judged(due(5700))['labels.agreement']).toMatchObject({ outcome: 'pass', estimate: 1 });
    const open = judged(due(5430))['labels.agreement'];
    expect(open).toMatchObject({ outcome: 'inconclusive', estimate: 1 });
    expect(open?.reason).toContain(
      'but if the 570 rows that are in no pair counted as different, this would be inconclusive',
    );
    expect(open?.needs).toContain('an InferenceId of its own with every request');
  });

  test('they are none where the shadow did not answer: that is told apart', () => {
    const found = judged(sums(100, () => ({ absent: 5 }), { coverage: 55 / 60 }));
    expect(found['labels.agreement']?.reason).not.toContain('in no pair');
  });

  test('nor where as many were to be expected of a part of the requests', () => {
    // 300 of 3,000 would be 10 %; chance may leave out 3.3 standard errors, about 128.
    const part = due(2900, { coverage: 2900 / 3000 });
    expect(judged(part, { sampling: 0.5 })['labels.agreement']?.outcome).toBe('pass');
  });
});

describe('the claim about this window', () => {
  const claimed = (predictions: Predictions) => {
    const evidence = evidenceOf(observed({ predictions, metrics: NO_METRICS }));
    const gate = judgeAnswers(evidence).find(({ id }) => id === 'labels.agreement') as Gate;
    return withWindow(gate, evidence).inWindow;
  };

  test('counts what was not answered as the gate does, with its minutes', () => {
    const [whole, empty] = [claimed(sums(200, () => ({}))), claimed(sums(200, () => ({ empty: 3 })))];
    expect(whole).toMatchObject({ outcome: 'pass', interval: [expect.any(Number), 1] });
    expect(empty?.interval[0]).toBeLessThan(57 / 60);
    expect(empty?.interval[1]).toBeLessThan(0.97);
  });

  test('and holds for both cases where nobody knows', () => {
    const open = claimed(sums(200, () => ({ absent: 2 })));
    // All of them different at the one end, none at the other.
    expect(open?.interval[0]).toBeLessThan(58 / 60);
    expect(open?.interval[1]).toBe(1);
    expect(open?.outcome).toBe('pass');
    expect(claimed(sums(200, () => ({ absent: 1 })))?.interval[0]).toBeGreaterThan(open?.interval[0] ?? 1);
  });
});
