import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { accountRows } from '../../../src/analysis/batch/account.ts';

const objects = fc.array(
  fc
    .record({
      fate: fc.constantFrom('compared' as const, 'failed' as const, 'uneven' as const, 'late' as const),
      rows: fc.nat(1_000),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ fate, rows, share }) => ({ fate, rows, unreadable: Math.floor(rows * share) })),
);
const compared = fc.option(
  fc
    .record({ pairs: fc.nat(3_000), uneven: fc.nat(100), ambiguous: fc.nat(3_000), unmatched: fc.nat(3_000) })
    .map(({ pairs, uneven, ambiguous, unmatched }) => ({
      pairs,
      differentRows: Math.min(pairs, uneven),
      shadow: { ambiguous, unmatched },
    })),
  { nil: undefined },
);

test('whatever became of them, the rows of the five places add up to those delivered, and none is below zero', () => {
  fc.assert(
    fc.property(objects, compared, (all, found) => {
      const { delivered, ...places } = accountRows(all, found);
      const counts = Object.values(places);
      expect(delivered).toBe(all.reduce((sum, { rows }) => sum + rows, 0));
      expect(counts.reduce((sum, n) => sum + n, 0)).toBe(delivered);
      expect(counts.every((n) => n >= 0)).toBe(true);
    }),
  );
});

test('rows are where they belong', () => {
  const all = [
    { fate: 'compared' as const, rows: 100, unreadable: 3 },
    { fate: 'failed' as const, rows: 20, unreadable: 1 },
    { fate: 'uneven' as const, rows: 30, unreadable: 0 },
    { fate: 'late' as const, rows: 7, unreadable: 0 },
  ];
  // 97 were handed on: 80 pairs, of which 2 differ in their rows; 10 alone; of 7 more an answer could not be read.
  const found = { pairs: 80, differentRows: 2, shadow: { ambiguous: 4, unmatched: 6 } };
  expect(accountRows(all, found)).toEqual({
    delivered: 157,
    judged: 78,
    withoutCounterpart: 40,
    unreadable: 12,
    inFailedObject: 20,
    late: 7,
  });
  expect(accountRows(all, undefined)).toMatchObject({ judged: 0, withoutCounterpart: 127, unreadable: 3 });
});
