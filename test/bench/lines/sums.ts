import { adding, type Line } from '../calibrate-frame.ts';
import { againstReference, brierOfClasses, COST, costOfRow, PRODUCTION_BLUR } from '../calibrate-sums.ts';
import { DISTANCES } from './answers.ts';

/** Limits on what mistakes cost, distributions that are expected, and scores of several classes. */
export const SUMS: Line[] = [];
const line = adding(SUMS);
const SLOW = { trials: 300 };

line('limits.cost, on the limit', (random) => costOfRow(random, COST, 0), 'either', SLOW);
line('limits.cost, on the limit, misses in bursts of 0.5', (random) => costOfRow(random, COST, 0.5), 'either', SLOW);
line('limits.cost, two thirds of the limit', (random) => costOfRow(random, 1.5 * COST, 0), 'fail', SLOW);
line('limits.cost, a third more than the limit', (random) => costOfRow(random, 0.75 * COST, 0), 'pass', SLOW);

for (const { name, words, margin, shift } of DISTANCES) {
  if (name !== 'ks' && name !== 'psi') continue;
  const near = { shift: 0, common: 0 };
  line(
    `reference, ${words} of what is expected`,
    (random) => againstReference(random, name, margin, near),
    'fail',
    SLOW,
  );
  line(
    `reference, ${words} on the margin (${margin})`,
    (random) => againstReference(random, name, margin, { ...near, shift }),
    'either',
    SLOW,
  );
  // Half of the variance is the minute's.
  line(
    `reference, ${words} of what is expected, minutes differ, autocorrelation 0.5`,
    (random) => againstReference(random, name, margin, { ...near, common: 0.5 }),
    'fail',
    SLOW,
  );
  line(
    `reference, ${words} on the margin (${margin}), minutes differ, autocorrelation 0.5`,
    (random) => againstReference(random, name, margin, { shift, common: 0.5 }),
    'either',
    SLOW,
  );
}

// The shadow's logits are blurred by so much that its Brier score is 2 % larger (a million and a half rows, seeded).
line('Brier score of three classes, equal', (random) => brierOfClasses(random, PRODUCTION_BLUR, 0), 'fail', SLOW);
line(
  'Brier score of three classes, on the margin (+2 %)',
  (random) => brierOfClasses(random, 0.5723, 0),
  'either',
  SLOW,
);
line(
  'Brier score of three classes, on the margin, minutes differ by 0.25',
  (random) => brierOfClasses(random, 0.542, 0.25),
  'either',
  SLOW,
);
// The blur's square wanders by its logarithm's 1: most of what is lost comes in a few minutes.
line(
  'Brier score of three classes, on the margin, minutes differ by 0.5',
  (random) => brierOfClasses(random, 0.4666, 0.5),
  'either',
  { ...SLOW, class: 'not knowable' },
);
line(
  'Brier score of three classes, on the margin, minutes differ by 0.5, cover: 24h',
  (random) => brierOfClasses(random, 0.4666, 0.5, { hours: 36, cover: 24 }),
  'pass',
  { trials: 60 },
);
