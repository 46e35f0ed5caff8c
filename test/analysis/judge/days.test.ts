import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { weekdaysMissing } from '../../../src/analysis/judge/days.ts';
import { judge } from '../../../src/analysis/judge/judge.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import type { Policy } from '../../../src/analysis/policy/policy.ts';
import { batchOf, someDays, type SomeDay } from '../../support/days.ts';

const SAME: Partial<Policy> = { expect: { kind: 'same' } };

function judged(days: readonly SomeDay[], changed: Partial<Policy> = SAME, change = {}) {
  const verdict = judge(batchOf(days, change), { ...DEFAULT_POLICY, ...changed }, 'candidate');
  const gate = (id: string) => verdict?.gates.find((one) => one.id === id);
  return { outcome: verdict?.outcome, gate, gates: verdict?.gates.map(({ id }) => id) };
}

describe('a batch is judged by its days', () => {
  test('it passes after seven days, whatever the rows', () => {
    for (const days of [1, 2, 6])
      expect(judged(someDays(days, () => ({ rows: 1e6, differ: 30_000 }))).outcome).toBe('inconclusive');
    expect(judged(someDays(7)).outcome).toBe('pass');
    expect(judged(someDays(7), { ...SAME, minimumDays: 10 }).outcome).toBe('inconclusive');
    expect(judged(someDays(10), { ...SAME, minimumDays: 10 }).outcome).toBe('pass');
  });

  test('neither latency nor traffic is asked about, nor limits of them, nor this window alone', () => {
    const { gates, gate } = judged(someDays(7), {
      ...SAME,
      limits: { latency: { p99: 100 }, errors: 0.01, recall: {} },
      resources: { cpu: 0.2 },
    });
    expect(gates).toEqual(['batch.rows', 'batch.days', 'output.readable', 'labels.agreement']);
    expect(gate('labels.agreement')?.inWindow).toBeUndefined();
  });

  test('every day of the week must be there, but those that never have rows', () => {
    const withoutSundays = someDays(13).filter(({ after }) => after % 7 !== 6);
    expect(judged(withoutSundays).gate('labels.agreement')).toMatchObject({
      outcome: 'inconclusive',
      needs: 'a Sunday',
    });
    expect(judged(someDays(15).filter(({ after }) => after % 7 !== 6)).outcome).toBe('pass');
    expect(weekdaysMissing(['2026-01-05', '2026-01-06'])).toEqual([
      'Sunday',
      'Wednesday',
      'Thursday',
      'Friday',
      'Saturday',
    ]);
  });

  test('days that differ count for less: what rows alone would pass stays open', () => {
    const unlike = someDays(7, (day) => ({ differ: day === 3 ? 900 : 20 }));
    const { gate } = judged(unlike);
    expect(gate('labels.agreement')?.outcome).toBe('inconclusive');
    expect(gate('labels.agreement')?.estimate).toBeGreaterThan(0.9);
  });

  test('one huge day is worth little more than a day', () => {
    const huge = someDays(8, (day) => (day === 2 ? { rows: 200_000, differ: 6000 } : {}));
    expect(judged(huge).gate('labels.agreement')?.reason).toContain('so unequal');
    expect(judged(huge).outcome).toBe('inconclusive');
  });

  test('inputs that are the same every day are no new evidence', () => {
    const repeats = {
      inputs: 2000,
      known: 14_000,
      agreement: {
        inputs: 2000,
        rows: 14_000,
        rowsSquared: 2000 * 49,
        sum: 13_580,
        sumSquared: 1940 * 49,
        cross: 1940 * 49,
        between: 13_580,
        squares: 13_580,
      },
      beyond: undefined,
      onlyProduction: undefined,
      onlyShadow: undefined,
      loss: undefined,
    };
    const { gate } = judged(someDays(7), SAME, { repeats });
    expect(gate('labels.agreement')?.outcome).toBe('inconclusive');
    expect(gate('labels.agreement')?.reason).toContain('worth 1 days of different inputs');
  });

  test('what is hopeless fails after three days, what is only worse when it could pass', () => {
    const bad = (days: number) => judged(someDays(days, () => ({ differ: 1000 }))).outcome;
    expect([bad(1), bad(2), bad(3)]).toEqual(['inconclusive', 'inconclusive', 'fail']);
    const worse = (days: number) => judged(someDays(days, (day) => ({ differ: 240 + 10 * (day % 2) }))).outcome;
    expect([worse(6), worse(7)]).toEqual(['inconclusive', 'fail']);
  });
});

describe('days are told one by one', () => {
  test('with what each was, the mean of days, and a trend where there is one', () => {
    const { gate } = judged(someDays(8, (day) => ({ differ: 20 * day, rows: day === 0 ? 4000 : 2000 })));
    const byDay = gate('labels.agreement')?.byDay;
    expect(byDay?.days).toHaveLength(8);
    expect(byDay?.days[0]).toMatchObject({ day: '2026-01-05', n: 4000, value: 1, apart: false });
    expect(byDay?.equally).toBeCloseTo(1 - 0.01 * 3.5, 10);
    expect(byDay?.trend).toBeCloseTo(-0.01, 2);
  });

  test('a day that stands out beyond the margin keeps it open, unless the policy lets days inform', () => {
    const sunday = someDays(14, (day) => ({ differ: day % 7 === 6 ? 300 : 20 }));
    const { gate, outcome } = judged(sunday);
    expect(gate('batch.days')?.outcome).toBe('inconclusive');
    expect(gate('batch.days')?.reason).toContain('Sun 2026-01-11');
    expect(outcome).toBe('inconclusive');
    expect(judged(sunday, { ...SAME, inform: ['batch.days'] }).gate('batch.days')?.gating).toBe(false);
    expect(judged(someDays(14, () => ({ differ: 20 }))).gate('batch.days')?.outcome).toBe('pass');
  });

  test('a trend that leads beyond the margin keeps it open', () => {
    const worsening = someDays(12, (day) => ({ differ: day < 5 ? 20 : 20 + 40 * (day - 4) }));
    expect(judged(worsening).gate('batch.days')?.reason).toContain('grows worse from day to day');
  });
});

describe('rows that were not judged', () => {
  const account = (change: SomeDay['change']) => judged(someDays(7, () => ({ change }))).gate('batch.rows');

  test.each([
    ['few without a counterpart', { judged: 1900, withoutCounterpart: 100 }, 'pass'],
    ['too many without a counterpart', { judged: 1700, withoutCounterpart: 300 }, 'inconclusive'],
    ['unreadable rows beyond what the policy allows', { judged: 1960, unreadable: 40 }, 'inconclusive'],
    ['rows in objects that failed, likewise', { judged: 1970, inFailedObject: 20, unreadable: 10 }, 'inconclusive'],
    ['a few that failed', { judged: 1990, inFailedObject: 10 }, 'pass'],
    ['late rows', { judged: 1500, late: 500 }, 'inconclusive'],
  ])('%s', (_, change, outcome) => {
    expect(account(change)?.outcome).toBe(outcome);
  });

  test('late rows have an answer', () => {
    expect(account({ judged: 1500, late: 500 })?.needs).toBe('the days with late rows run again');
  });
});

test('no gate on answers takes the scatter of minutes where it might have days', () => {
  const folder = join(import.meta.dirname, '../../../src/analysis/judge');
  // Errors are requests of an endpoint, which has no days.
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const others = files.filter((name) => !['scatter.ts', 'errors.ts'].includes(name));
  const direct = others.filter((name) =>
    /\b(?:dispersion|meanDispersion|burstChance|meanSkew)\b/.test(
      readFileSync(join(folder, name), 'utf8').replaceAll(/^ *(?:\/\/|\*|\/\*\*).*$/gm, ''),
    ),
  );
  expect(direct).toEqual([]);
});
