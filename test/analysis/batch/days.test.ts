import { describe, expect, test } from 'vitest';
import { daysThatCount } from '../../../src/analysis/batch/days.ts';
import { mergeDays, type SeenDay } from '../../../src/analysis/merge/days.ts';
import { someBatchDay } from '../../support/batch-day.ts';
import { batchOf, someDays } from '../../support/days.ts';

describe('which days count', () => {
  const day = (n: number, change = {}) => someBatchDay({ day: `2026-11-${20 + n}`, digest: `d${n}`, ...change });

  test('the same content under two days counts once, the first', () => {
    const { days, leftOut } = daysThatCount([day(1), day(2), day(3, { digest: 'd1' })]);
    expect(days.map((one) => one.day)).toEqual(['2026-11-21', '2026-11-22']);
    expect(leftOut).toEqual([{ day: '2026-11-23', why: 'copy', of: '2026-11-21' }]);
  });

  test('days of other models than the newest are left out: a model is what it is made of, not its name', () => {
    const candidate = { model: 'renamed', artifact: 's3://models/c.tar.gz', image: 'repo/image:1' };
    const other = { model: 'candidate', artifact: 's3://models/d.tar.gz', image: 'repo/image:1' };
    const found = daysThatCount([day(1, { candidate: other }), day(2, { candidate }), day(3)]);
    expect(found.days).toHaveLength(2);
    expect(found.leftOut).toEqual([{ day: '2026-11-21', why: 'other-models', of: 'candidate' }]);
    const changed = daysThatCount([day(1, { production: { model: 'older' } }), day(2)]);
    expect(changed.leftOut).toEqual([{ day: '2026-11-21', why: 'other-models', of: 'older' }]);
  });
});

describe('the sum of days', () => {
  /** Days each by itself, with the part `x = a`; labels of those that `labelled` says. */
  function seen(count: number, labelled: (day: number) => number = () => 0): SeenDay[] {
    return someDays(count).map((one, i) => {
      const observations = batchOf([one], {
        truth: { rows: labelled(i), of: one.rows, labels: undefined, numbers: undefined, unknown: 0 },
        columns: [
          {
            column: 'x',
            cells: [
              { of: 'word', value: 'a', rows: 100, hits: 90, inputs: 100 },
              { of: 'rest', rows: 40, hits: 40, inputs: 40 },
            ],
          },
          {
            column: 'y',
            cells: [
              { of: 'range', least: i, most: i + 5, rows: 400, hits: 320, inputs: 400 },
              { of: 'range', least: i + 5, most: i + 10, rows: 400, hits: 240, inputs: 400 },
            ],
          },
        ],
      });
      const [facts] = observations.days ?? [];
      if (facts === undefined) throw new Error('a day has facts');
      return { ...facts, observations };
    });
  }

  test('has a block for each day, and the parts of all', () => {
    const { days, predictions, window } = mergeDays(seen(3));
    expect(days?.map(({ day }) => day)).toEqual(['2026-01-05', '2026-01-06', '2026-01-07']);
    expect(predictions).toMatchObject({ rows: 6000, merged: 3 });
    expect(predictions?.blocks.map(({ rows, agree }) => [rows, agree])).toEqual([
      [2000, 1940],
      [2000, 1940],
      [2000, 1940],
    ]);
    // Without sums by input, all of them may be the same.
    expect(predictions?.slices?.[0]?.inputs).toBe(100);
    expect(
      predictions?.slices?.map(({ column, part, others, rows, hits }) => [column, part, others, rows, hits]),
    ).toEqual([
      ['x', 'a', undefined, 300, 270],
      ['x', 'all others', true, 120, 120],
      ['y', '≤ 5', undefined, 400, 320],
      ['y', '5 … 7', undefined, 800, 640],
      ['y', '7 … 10', undefined, 400, 240],
      ['y', '> 10', undefined, 800, 480],
    ]);
    expect(window.to - window.from).toBe(3 * 86_400_000);
  });

  test('of days whose labels have not come, labels say nothing', () => {
    const waiting = mergeDays(seen(4, (day) => (day < 2 ? 2000 : day === 2 ? 100 : 0)));
    expect(waiting.labelled?.rows).toBe(4000);
    expect(waiting.predictions?.rows).toBe(8000);
    expect(mergeDays(seen(4, () => 200)).labelled).toBeUndefined();
    expect(mergeDays(seen(4)).labelled).toBeUndefined();
  });
});
