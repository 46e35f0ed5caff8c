import type { Random } from '../../support/random.ts';
import {
  accuracyByDays,
  agreementByDays,
  biasByDays,
  costByDays,
  type Days,
  errorByDays,
  repeatedByDays,
} from '../calibrate-days.ts';
import { adding, type Ended, type Line } from '../calibrate-frame.ts';

/** Batches: is the judge honest over days? */
export const DAYS: Line[] = [];
const line = adding(DAYS);

const ROWS = 2000;

/** Days of one size that are worse by `mean`, and by `differ` more or less: a normal number of their own. */
const alike =
  (mean: number, differ = 0, rows = ROWS): Days =>
  (_, __, random) => ({ rows, worse: mean + differ * random.normal() });

/** The same, of which each keeps so much of the one before. */
function lasting(mean: number, differ: number, keeps: number): Days {
  let last: number | undefined;
  return (day, _, random) => {
    const own = random.normal();
    last = day === 0 || last === undefined ? own : keeps * last + Math.sqrt(1 - keeps ** 2) * own;
    return { rows: ROWS, worse: mean + differ * last };
  };
}

const DAYS_UNIT = { unit: 'days' as const };
const SUNDAY = 6;

/** What is judged: each with what it loses on its margin, and by how much days may differ. */
const JUDGED: readonly { of: string; margin: number; trial: (random: Random, days: Days) => Ended }[] = [
  { of: 'labels', margin: 0.05, trial: (random, days) => agreementByDays(random, 0.05, days) },
  { of: 'accuracy', margin: 0.02, trial: (random, days) => accuracyByDays(random, days) },
  { of: 'mean error', margin: 0.02, trial: errorByDays },
  { of: 'bias', margin: 0.1, trial: biasByDays },
  // Production pays 0.2 of 0.219 for what it misses.
  { of: 'cost', margin: 0.05 * (0.219 / 0.2), trial: costByDays },
];

/** Of those whose rows are drawn one by one, fewer: they take long. */
const few = (of: string) => (of === 'mean error' || of === 'cost' ? { trials: 200 } : {});

for (const { of, margin, trial } of JUDGED) {
  const more = { ...DAYS_UNIT, ...few(of) };
  for (const differ of [0, 0.5, 1, 2])
    line(
      `batch: ${of} on the margin, days differ by ${differ} of it`,
      (random) => trial(random, alike(margin, differ * margin)),
      'either',
      more,
    );
  line(`batch: ${of} equal, days differ by the margin`, (random) => trial(random, alike(0, margin)), 'fail', more);
  line(
    `batch: ${of} beyond the margin by half, days differ by half of it`,
    (random) => trial(random, alike(1.5 * margin, 0.5 * margin)),
    'pass',
    more,
  );
}

/** On the margin over a week, and what makes its days unlike. */
const WORLDS: readonly { of: string; days: (margin: number) => Days; wrong: 'pass' | 'either' }[] = [
  {
    of: 'equal on weekdays, all of it on Sundays',
    days: (margin) => (_, weekday) => ({ rows: ROWS, worse: weekday === SUNDAY ? 7 * margin : 0 }),
    wrong: 'either',
  },
  {
    of: 'a fifth of the rows at weekends, which bear most of it',
    days: (margin) => (_, weekday) =>
      weekday >= 5 ? { rows: ROWS / 5, worse: 6 * margin } : { rows: ROWS, worse: (3 / 5) * margin },
    wrong: 'either',
  },
  {
    of: 'one day of ten times as many rows, days differ by it',
    days: (margin) => {
      const large = { day: -1 };
      return (day, _, random) => {
        if (day === 0) large.day = Math.floor(random.next() * 7);
        return { rows: day === large.day ? 10 * ROWS : ROWS, worse: margin * (1 + random.normal()) };
      };
    },
    wrong: 'either',
  },
  {
    of: 'sizes from a fifth to five times, days differ by it',
    days: (margin) => (_, __, random) => ({
      rows: Math.round(ROWS * Math.exp(random.normal() * 0.8)),
      worse: margin * (1 + random.normal()),
    }),
    wrong: 'either',
  },
  {
    of: 'equal for five days, then twice as much',
    days: (margin) => (day) => ({ rows: ROWS, worse: day < 5 ? 0 : 2 * margin }),
    wrong: 'pass',
  },
  {
    of: 'it grows from nothing to three times as much in two weeks',
    days: (margin) => (day) => ({ rows: ROWS, worse: (3 * margin * day) / 13 }),
    wrong: 'pass',
  },
];

for (const { of, margin, trial } of JUDGED.slice(0, 2))
  for (const world of WORLDS)
    line(
      `batch: ${of} on the margin: ${world.of}`,
      (random) => trial(random, world.days(margin)),
      world.wrong,
      DAYS_UNIT,
    );

for (const { of, margin, trial } of JUDGED.slice(0, 2)) {
  const keeps = `batch: ${of} on the margin, days differ by it and keep half of the day before`;
  line(keeps, (random) => trial(random, lasting(margin, margin, 0.5)), 'pass', DAYS_UNIT);
  line(`${keeps}: fails`, (random) => trial(random, lasting(margin, margin, 0.5)), 'fail', {
    ...DAYS_UNIT,
    class: 'not knowable',
  });
  line(
    `batch: ${of} on the margin: one day in ten, by chance, bears all of it`,
    (random) => trial(random, (_, __, own) => ({ rows: ROWS, worse: own.next() < 0.1 ? 10 * margin : 0 })),
    'pass',
    { ...DAYS_UNIT, class: 'not knowable' },
  );
}

// What the business decided is as often right: to be better must be proven.
line(
  'batch: accuracy equal, expected to be better, days differ by 0.01',
  (random) => accuracyByDays(random, alike(0, 0.01), { expect: { kind: 'better' } }),
  'pass',
  DAYS_UNIT,
);
line(
  'batch: accuracy on the margin, expected to be better by 2 points, days differ by 0.01',
  (random) => accuracyByDays(random, alike(-0.02, 0.01), { expect: { kind: 'better', by: 0.02 } }),
  'pass',
  DAYS_UNIT,
);

// Each day repeats the inputs of the first: however many days, no more is known than after one.
line(
  'batch: labels 97 % equal, the same 2000 inputs every day',
  (random) => repeatedByDays(random, 0.03, ROWS),
  'either',
  {
    ...DAYS_UNIT,
    class: 'noticed',
  },
);

for (const { of, margin, trial } of JUDGED)
  for (const differ of [0, 0.25, 0.5])
    line(
      `soon: batch: ${of} equal, days differ by ${differ} of the margin`,
      (random) => trial(random, alike(0, differ * margin, of === 'cost' ? 10_000 : ROWS)),
      undefined,
      { ...DAYS_UNIT, within: 10, trials: 40 },
    );
