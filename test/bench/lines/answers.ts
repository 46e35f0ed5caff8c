import { logDifference } from '../../../src/analysis/judge/effect.ts';
import { compare } from '../../../src/analysis/judge/verdict.ts';
import type { Random } from '../../support/random.ts';
import {
  burstyErrors,
  distance,
  type DistanceName,
  loss,
  normalErrors,
  sampling,
  shifted,
  skewedErrors,
  slices,
  spoiledErrors,
  thinned,
} from '../calibrate-answers.ts';
import { bursts, comparator, equal, mostly, near } from '../calibrate-comparator.ts';
import { adding, autoregressive, type Ended, type Line, MINUTES, policy, watch } from '../calibrate-frame.ts';
import { broken, lacking, lean, rareClass } from '../calibrate-missing.ts';
import { aboveNoise, accuracy, agreement, beyondTolerance, repeated, repeatedAccuracy } from '../calibrate-shares.ts';

/** Does it answer alike, and is it as often right? */
export const ANSWERS: Line[] = [];
const line = adding(ANSWERS);

/** Production's latency with the shadow against as long a time before, each an AR(1) of its own. */
export function effect(random: Random, ratio: number, phi: number): Ended {
  const before = autoregressive(random, phi, MINUTES).map((noise) => 0.05 * noise);
  const during = autoregressive(random, phi, MINUTES).map((noise) => Math.log(ratio) + 0.05 * noise);
  const limit = Math.log(1 + policy.effect.latency);
  return watch((n) => compare(logDifference(before.slice(-n), during.slice(0, n), policy).interval, limit));
}

/** What production against itself came to: n pairs, equal or not. */
function noiseOf(random: Random, mean: number, n: number): { mean: number; n: number } {
  let hits = 0;
  for (let i = 0; i < n; i += 1) if (random.next() < mean) hits += 1;
  return { mean: hits / n, n };
}

/** Limits for the distances, and how far apart two normal distributions of deviation 1 lie (in bins or not) that have them. */
export const DISTANCES: readonly { name: DistanceName; words: string; margin: number; shift: number }[] = [
  // scipy: 2 norm.cdf(d / 2) − 1 = 0.1; psi over production's deciles; Jensen-Shannon over 30 bins of −4.5 … 4.5 + d
  { name: 'ks', words: 'Kolmogorov-Smirnov', margin: 0.1, shift: 0.2513 },
  { name: 'psi', words: 'stability index', margin: 0.1, shift: 0.3235 },
  { name: 'jensenShannon', words: 'Jensen-Shannon', margin: 0.02, shift: 0.3367 },
  { name: 'wasserstein', words: 'Wasserstein', margin: 0.1, shift: 0.1 },
];

line('labels on the margin (90 % equal)', (random) => agreement(random, 0.1), 'either');
line('labels 95 % equal, in bursts', (random) => agreement(random, 0.05, { burst: 1 }), 'fail');
for (const burst of [0.5, 1])
  for (const phi of [0, 0.5, 0.8])
    line(
      `labels on the margin, in bursts of ${burst}, autocorrelation ${phi}`,
      (random) => agreement(random, 0.1, { burst, phi }),
      'either',
    );
line('labels on the margin, one a minute', (random) => agreement(random, 0.1, { rate: 1, hours: 24 }), 'either');
line('labels on the margin, 60000 a minute', (random) => agreement(random, 0.1, { rate: 60_000 }), 'either');
line('labels 97 % equal, one a minute', (random) => agreement(random, 0.03, { rate: 1, hours: 24 }), 'fail');
for (const [burst, phi, cover] of [
  [0.5, 0.95, 24],
  [1, 0.95, 24],
  [1, 0.98, 48],
] as const) {
  const title = `labels on the margin, in long bursts of ${burst}, autocorrelation ${phi}`;
  line(title, (random) => agreement(random, 0.1, { burst, phi }), 'pass', { class: 'not knowable' });
  line(`${title}: fails`, (random) => agreement(random, 0.1, { burst, phi }), 'fail', { class: 'not knowable' });
  const hours = cover + 12;
  line(`${title}, cover: ${cover}h`, (random) => agreement(random, 0.1, { burst, phi, hours, cover }), 'pass', {
    trials: 300,
  });
}
line('numbers on the margin (5 % beyond tolerance)', (random) => beyondTolerance(random, 0.05), 'either');
line('numbers 2 % beyond tolerance, in bursts', (random) => beyondTolerance(random, 0.02, 1), 'fail');
line('numbers on the margin, in bursts', (random) => beyondTolerance(random, 0.05, 1), 'either');
for (const [words, value] of [
  ['equal or not', equal],
  ['never far from its mean', (mean: number) => near(mean, 0.1)],
  ['mostly alike', mostly],
] as const) {
  for (const sample of [1000, 30_000])
    line(
      `comparator on the margin (mean 0.9), ${words}, ${sample === 1000 ? 'at most 1000 pairs' : 'all pairs'}`,
      (random) => comparator(random, value(0.9), sample),
      'either',
    );
  line(
    `comparator, mean 0.93, ${words}, at most 1000 pairs`,
    (random) => comparator(random, value(0.93), 1000),
    'fail',
  );
}
line(
  'comparator on the margin (mean 0.9), in bursts, at most 1000 pairs',
  (random) => comparator(random, bursts(0.9), 1000),
  'pass',
);
line(
  'comparator on the margin (mean 0.9), in bursts, all pairs',
  (random) => comparator(random, bursts(0.9), 30_000),
  'pass',
);
line(
  'comparator on the margin beside a noise floor (0.85 and 0.95), at most 1000 pairs',
  (random) => comparator(random, equal(0.85), 1000, noiseOf(random, 0.95, 1000)),
  'pass',
);
const SLOW = { trials: 200 };
for (const burst of [0, 0.5, 1]) {
  const words = burst === 0 ? '' : `, in bursts of ${burst}`;
  for (const each of burst === 0 ? [3, 6, 10, 15] : [3, 6, 10])
    line(
      `accuracy equal (${each} % each way)${words}`,
      (random) => accuracy(random, each / 100, each / 100, { burst }),
      'fail',
      SLOW,
    );
  for (const [lost, won] of [
    [4, 2],
    [11, 9],
  ] as const)
    line(
      `accuracy on the margin (loses ${lost} %, wins ${won} %)${words}`,
      (random) => accuracy(random, lost / 100, won / 100, { burst }),
      'either',
      { trials: 300 },
    );
}
line('accuracy equal, labels for 10 % of rows', (random) => accuracy(random, 0.03, 0.03, { rate: 6 }), 'fail', {
  trials: 200,
});
for (const inputs of [365, 2000]) {
  line(
    `labels on the margin, ${inputs} inputs in turn`,
    (random) => repeated(random, 0.9, inputs, 'in turn', 0),
    'either',
  );
}
line('labels on the margin, 2000 inputs, skewed', (random) => repeated(random, 0.9, 2000, 'skewed', 0), 'either');
line(
  'labels on the margin, 1000 inputs, half noise',
  (random) => repeated(random, 0.9, 1000, 'in turn', 0.5),
  'either',
);
line('accuracy equal, 365 inputs in turn', (random) => repeatedAccuracy(random, 0.03, 0.03, 365), 'fail', SLOW);
line(
  'accuracy on the margin, 365 inputs in turn',
  (random) => repeatedAccuracy(random, 0.04, 0.02, 365),
  'either',
  SLOW,
);
line('labels equal above a noise of 10 %', (random) => aboveNoise(random, 0.1, 0.1), 'fail');
line('labels on the margin above a noise of 10 %', (random) => aboveNoise(random, 0.1, 0.2), 'either');
for (const phi of [0, 0.5, 0.8]) {
  line(`production as before, autocorrelation ${phi}`, (random) => effect(random, 1, phi), 'fail');
  line(`production 10 % slower, autocorrelation ${phi}`, (random) => effect(random, 1.1, phi), 'either');
}
for (const inputs of ['each once', 'skewed'] as const) {
  const repeats = inputs === 'skewed' ? { inputs: 2000, skewed: true } : undefined;
  line(`slices on the margin, all 12, inputs ${inputs}`, (random) => slices(random, () => 0.9, repeats), 'fail', {
    trials: 400,
  });
  line(
    `slices: one of 12 on the margin, inputs ${inputs}`,
    (random) => slices(random, ([x = 0]) => (x < 0.25 ? 0.9 : 0.99), repeats),
    'either',
    { trials: 400 },
  );
}
// As `hits` in bursts, around the mean that the margin allows.
const wander = (mood: number) => 1 - Math.min(1, 0.1 * Math.exp(mood - 0.5));
line('slices on the margin, all 12, in bursts', (random) => slices(random, (_, mood) => wander(mood)), 'fail', {
  trials: 400,
});
line(
  'slices: one of 12 on the margin, in bursts',
  (random) => slices(random, ([x = 0], mood) => (x < 0.25 ? wander(mood) : 0.99)),
  'pass',
);
line(
  'slices: a word of 8 % on the margin, in bursts',
  (random) => slices(random, () => 0.99, undefined, { share: 0.08, agreement: wander }),
  'either',
);
line(
  'slices: a word of 8 % on the margin, the others in bursts',
  (random) => slices(random, (_, mood) => wander(mood - 1), undefined, { share: 0.08, agreement: () => 0.9 }),
  'either',
);
for (const { name, words, margin, shift } of DISTANCES) {
  for (const phi of [0, 0.5, 0.8]) {
    line(
      `${words} of equals, autocorrelation ${phi}`,
      (random) => distance(random, name, margin, shifted(0), phi),
      'fail',
    );
    line(
      `${words} on the margin (${margin}), autocorrelation ${phi}`,
      (random) => distance(random, name, margin, shifted(shift), phi),
      'either',
    );
  }
  line(
    `${words} of equals, 365 inputs in turn`,
    (random) => distance(random, name, margin, shifted(0), 0, 365),
    'fail',
  );
  line(
    `${words} on the margin, 365 inputs in turn`,
    (random) => distance(random, name, margin, shifted(shift), 0, 365),
    'either',
  );
}
// (q − 0.1) ln(q / 0.1) + 9 (r − 0.1) ln(r / 0.1) = 0.25 with r = (1 − q) / 9, by scipy
line(
  'stability index on the margin (0.25), a tenth nearly gone',
  (random) => distance(random, 'psi', 0.25, thinned(0.007411), 0),
  'pass',
);
for (const phi of [0, 0.5, 0.8]) {
  line(
    `error equal, wild minutes, autocorrelation ${phi}`,
    (random) => loss(random, normalErrors(1, 0.5), phi),
    'fail',
    { trials: 500 },
  );
  line(
    `error on the margin (+2 %), wild minutes, autocorrelation ${phi}`,
    (random) => loss(random, normalErrors(1.02, 0.5), phi),
    'either',
    { trials: 500 },
  );
}
line('error equal, in bursts', (random) => loss(random, burstyErrors(1), 0.8), 'fail', { trials: 500 });
line('error on the margin, in bursts', (random) => loss(random, burstyErrors(1.02), 0.8), 'either', { trials: 500 });
line('error equal, 365 inputs in turn', (random) => loss(random, normalErrors(1), 0, 365), 'fail', { trials: 500 });
line('error on the margin, 365 inputs in turn', (random) => loss(random, normalErrors(1.02), 0, 365), 'either', {
  trials: 500,
});
line('error on the margin, with a long tail', (random) => loss(random, skewedErrors(1.02), 0), 'either', {
  trials: 500,
});
for (const share of [2, 0.5, 0.1])
  line(
    `error on the margin, all of it on ${share} % of the rows`,
    (random) => loss(random, spoiledErrors(share / 100), 0),
    'either',
    { trials: 500 },
  );
for (const asked of [0.1, 0.5])
  line(`the shadow sees the ${asked * 100} % asked for`, (random) => sampling(random, asked, asked), 'fail');
for (const share of [0.002, 0.005, 0.008])
  line(`answers of both unreadable by chance (${share * 100} %)`, (random) => broken(random, share, share), 'fail');
line('answers unreadable on the margin (1 % more)', (random) => broken(random, 0.002, 0.012), 'either', SLOW);
for (const share of [0.005, 0.008])
  line(`a field that both leave out by chance (${share * 100} %)`, (random) => lacking(random, share, share), 'fail');
for (const phi of [0, 0.8]) {
  line(`numbers that lean nowhere, autocorrelation ${phi}`, (random) => lean(random, 0, phi, 0.2), 'fail', {
    trials: 400,
  });
  line(
    `numbers that lean as far as allowed, autocorrelation ${phi}`,
    (random) => lean(random, 0.1, phi, 0.2),
    'either',
    { trials: 400 },
  );
}
for (const phi of [0, 0.8])
  line(
    `a rare class that both give equally often, never together, autocorrelation ${phi}`,
    (random) => rareClass(random, 0.005, phi),
    'fail',
  );
