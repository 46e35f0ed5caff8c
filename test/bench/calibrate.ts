/**
 * Is the judge honest? `npm run calibrate` simulates endpoints whose truth is known, looks at each again and again as
 * people do, and counts how often a gate ever says the wrong thing. Nominal is alpha = 5 %.
 */
import { logDifference } from '../../src/analysis/judge/effect.ts';
import { boundsOf } from '../../src/analysis/judge/proportion.ts';
import { differenceInterval, failures } from '../../src/analysis/judge/errors.ts';
import { scatterOf, shareInterval } from '../../src/analysis/judge/evidence.ts';
import { accuracyLost } from '../../src/analysis/judge/truth.ts';
import { dispersion } from '../../src/analysis/statistics/proportions.ts';
import { designEffect, InputCounter } from '../../src/analysis/statistics/repeats.ts';
import { blockSequence } from '../../src/analysis/statistics/sequences.ts';
import { compare } from '../../src/analysis/verdict.ts';
import type { Outcome } from '../../src/analysis/verdict.ts';
import { seededRandom } from '../../src/emulator/random.ts';
import type { Random } from '../../src/emulator/random.ts';
import {
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
} from './calibrate-answers.ts';
import { autoregressive, type Ended, HOURS, LOOK, MINUTES, policy, RATE, watch } from './calibrate-frame.ts';

const TRIALS = Number(process.argv[2] ?? 1000);
/** Minutes of log latency ratios around `ratio`, scattering by `deviation`. */
function latency(random: Random, ratio: number, phi: number, deviation: number): Ended {
  const minutes = autoregressive(random, phi, MINUTES).map((noise) => Math.log(ratio) + deviation * noise);
  const limit = Math.log(1 + policy.latency.mean);
  return watch((n) => compare(blockSequence(minutes.slice(0, n), policy).interval, limit));
}

/** Failures a minute; `burst` makes the chance itself wander (AR(1) of its logarithm). */
function errors(random: Random, production: number, shadow: number, burst: number): Ended {
  const draw = (chance: number) => {
    const wander = autoregressive(random, 0.8, MINUTES);
    return wander.map((noise) => {
      const p = Math.min(1, chance * Math.exp(burst * noise - (burst * burst) / 2));
      let failed = 0;
      for (let i = 0; i < RATE; i += 1) if (random.next() < p) failed += 1;
      return { successes: failed, n: RATE };
    });
  };
  const [ours, theirs] = [draw(production), draw(shadow)];
  return watch((n) =>
    compare(differenceInterval(failures(theirs.slice(0, n)), failures(ours.slice(0, n)), policy), policy.errors),
  );
}

/** Numbers a minute that lie further apart than the tolerance: the same gate as labels, from the other side. */
function beyondTolerance(random: Random, share: number): Ended {
  let [taken, beyond] = [0, 0];
  return watch((n) => {
    for (; taken < n * RATE; taken += 1) if (random.next() < share) beyond += 1;
    return compare(boundsOf(beyond, taken, { below: true }, policy), policy.numbers.share);
  });
}

/** Equal labels a minute. */
function agreement(random: Random, share: number): Ended {
  const minutes = Array.from({ length: MINUTES }, () => {
    let equal = 0;
    for (let i = 0; i < RATE; i += 1) if (random.next() < share) equal += 1;
    return { successes: equal, n: RATE };
  });
  let taken = 0;
  let equal = 0;
  return watch((n) => {
    for (; taken < n; taken += 1) equal += minutes[taken]?.successes ?? 0;
    const total = n * RATE;
    const scatter = dispersion(minutes.slice(0, n));
    return compare(shareInterval(equal / scatter, total / scatter, policy.alpha, policy), policy.agreement, false);
  });
}

/** Accuracy lost: rows only production gets right against rows only the shadow gets right. */
function accuracy(random: Random, onlyProduction: number, onlyShadow: number): Ended {
  let b = 0;
  let c = 0;
  let taken = 0;
  return watch((n) => {
    for (; taken < n * RATE; taken += 1) {
      const draw = random.next();
      if (draw < onlyProduction) b += 1;
      else if (draw < onlyProduction + onlyShadow) c += 1;
    }
    const side = (hits: number) => ({ hits, n: taken, factor: 1 });
    return compare(accuracyLost(side(b), side(c), policy), policy.truth);
  });
}

/** How the traffic repeats its inputs: one after the other again and again, or a few of them often and most seldom. */
type Traffic = 'in turn' | 'skewed';

/** Draws the number of an input, of `inputs`. Skewed: the square of a uniform, so that a tenth makes a third of the traffic. */
function drawInput(random: Random, traffic: Traffic, inputs: number, request: number): number {
  return traffic === 'in turn' ? request % inputs : Math.floor(inputs * random.next() ** 2);
}

/**
 * Labels of a model that answers the same input alike: each input agrees or not, drawn once. `noise` of the answers are
 * drawn anew each time.
 */
function repeated(random: Random, share: number, inputs: number, traffic: Traffic, noise: number): Ended {
  const agrees = Array.from({ length: inputs }, () => random.next() < share);
  const counter = new InputCounter();
  const minutes: { successes: number; n: number }[] = [];
  return watch((n) => {
    while (minutes.length < n) {
      let equal = 0;
      for (let i = 0; i < RATE; i += 1) {
        const input = drawInput(random, traffic, inputs, minutes.length * RATE + i);
        const hit = random.next() < noise ? random.next() < share : agrees[input] === true;
        counter.add(input, hit ? 1 : 0);
        if (hit) equal += 1;
      }
      minutes.push({ successes: equal, n: RATE });
    }
    const sums = counter.sums();
    if (sums === undefined || sums.inputs < policy.minimumPairs) return 'inconclusive';
    const { factor } = scatterOf(minutes, sums);
    return compare(shareInterval(sums.sum / factor, sums.rows / factor, policy.alpha, policy), policy.agreement, false);
  });
}

/** Accuracy lost, of models that answer the same input alike. */
function repeatedAccuracy(random: Random, onlyProduction: number, onlyShadow: number, inputs: number): Ended {
  const kinds = Array.from({ length: inputs }, () => random.next());
  const counters = [new InputCounter(), new InputCounter()] as const;
  let taken = 0;
  return watch((n) => {
    for (; taken < n * RATE; taken += 1) {
      const kind = kinds[taken % inputs] ?? 1;
      counters[0].add(taken % inputs, kind < onlyProduction ? 1 : 0);
      counters[1].add(taken % inputs, kind >= onlyProduction && kind < onlyProduction + onlyShadow ? 1 : 0);
    }
    const [b, c] = [counters[0].sums(), counters[1].sums()];
    if (b === undefined || c === undefined || b.inputs < policy.minimumPairs) return 'inconclusive';
    const side = (sums: typeof b) => ({ hits: sums.sum, n: sums.rows, factor: designEffect(sums) });
    return compare(accuracyLost(side(b), side(c), policy), policy.truth);
  });
}

/** Labels of a model that differs from itself: measured for half an hour against itself, then against the shadow. */
function aboveNoise(random: Random, itself: number, shadow: number): Ended {
  const measured = 30 * RATE;
  let differing = 0;
  for (let i = 0; i < measured; i += 1) if (random.next() < itself) differing += 1;
  const ask = { below: false, noise: { differing, n: measured, factor: 1 } };
  let equal = 0;
  let taken = 0;
  return watch((n) => {
    for (; taken < n * RATE; taken += 1) if (random.next() >= shadow) equal += 1;
    return compare(boundsOf(equal, taken, ask, policy), policy.agreement, false);
  });
}

/** Production's latency with the shadow against as long a time before, each an AR(1) of its own. */
function effect(random: Random, ratio: number, phi: number): Ended {
  const before = autoregressive(random, phi, MINUTES).map((noise) => 0.05 * noise);
  const during = autoregressive(random, phi, MINUTES).map((noise) => Math.log(ratio) + 0.05 * noise);
  const limit = Math.log(1 + policy.effect.latency);
  return watch((n) => compare(logDifference(before.slice(-n), during.slice(0, n), policy).interval, limit));
}

/** How often each line that has a wrong answer gave it. */
const rates: { title: string; rate: number }[] = [];

/** With a second argument, only lines whose title holds it are simulated. */
function line(title: string, trial: (random: Random) => Ended, wrong: Outcome | undefined): void {
  if (title.includes(process.argv[3] ?? '')) say(row(title, trial, wrong));
}

function row(title: string, trial: (random: Random) => Ended, wrong: Outcome | undefined): string {
  const ended = Array.from({ length: TRIALS }, (_, i) => trial(seededRandom(i + 1)));
  const share = (outcome: Outcome) => ended.filter((one) => one.outcome === outcome).length / TRIALS;
  const decided = ended
    .filter((one) => one.outcome !== 'inconclusive')
    .map((one) => one.minutes)
    .sort((a, b) => a - b);
  const median = decided.length * 2 > TRIALS ? `${decided[Math.floor(TRIALS / 2)] ?? '–'} min` : '–';
  const rate = wrong === undefined ? undefined : share(wrong);
  // Nominal 5 %, and two standard errors of the simulation itself.
  const allowed = policy.alpha + 2 * Math.sqrt((policy.alpha * (1 - policy.alpha)) / TRIALS);
  const verdict = rate === undefined ? '' : rate <= allowed ? 'holds' : 'DOES NOT HOLD';
  if (rate !== undefined) rates.push({ title, rate });
  if (verdict === 'DOES NOT HOLD') process.exitCode = 1;
  return `| ${title} | ${percent(share('pass'))} | ${percent(share('fail'))} | ${percent(share('inconclusive'))} | ${median} | ${verdict} |`;
}

const percent = (value: number) => `${(value * 100).toFixed(1)} %`;

const HEAD = (title: string) =>
  `\n${title}\n\n| truth | pass | fail | open | median | 5 % |\n| --- | ---: | ---: | ---: | ---: | --- |`;
const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Limits for the distances, and how far apart two normal distributions of deviation 1 lie (in bins or not) that have them. */
const DISTANCES: readonly { name: DistanceName; words: string; margin: number; shift: number }[] = [
  // scipy: 2 norm.cdf(d / 2) − 1 = 0.1; psi over production's deciles; Jensen-Shannon over 30 bins of −4.5 … 4.5 + d
  { name: 'ks', words: 'Kolmogorov-Smirnov', margin: 0.1, shift: 0.2513 },
  { name: 'psi', words: 'stability index', margin: 0.1, shift: 0.3235 },
  { name: 'jensenShannon', words: 'Jensen-Shannon', margin: 0.02, shift: 0.3367 },
  { name: 'wasserstein', words: 'Wasserstein', margin: 0.1, shift: 0.1 },
];

say(
  `${TRIALS} simulated endpoints a line, ${RATE} requests a minute, ${HOURS} hours, a look every ${LOOK} minutes until the first decision.`,
);
say(HEAD('Wrong answers: at A/A a fail is wrong, on the margin a pass is.'));
for (const phi of [0, 0.5, 0.8]) {
  line(`latency equal, autocorrelation ${phi}`, (random) => latency(random, 1, phi, 0.1), 'fail');
  line(`latency on the margin (+10 %), autocorrelation ${phi}`, (random) => latency(random, 1.1, phi, 0.1), 'pass');
}
line('latency on the margin (+10 %), autocorrelation 0.9', (random) => latency(random, 1.1, 0.9, 0.1), 'pass');
line('errors equal (1 %)', (random) => errors(random, 0.01, 0.01, 0), 'fail');
line('errors on the margin (1 % and 2 %)', (random) => errors(random, 0.01, 0.02, 0), 'pass');
line('errors equal (1 %), in bursts', (random) => errors(random, 0.01, 0.01, 1), 'fail');
line('errors on the margin, in bursts', (random) => errors(random, 0.01, 0.02, 1), 'pass');
line('labels on the margin (90 % equal)', (random) => agreement(random, 0.9), 'pass');
line('numbers on the margin (5 % beyond tolerance)', (random) => beyondTolerance(random, 0.05), 'pass');
line('accuracy equal (3 % each way)', (random) => accuracy(random, 0.03, 0.03), 'fail');
line('accuracy on the margin (loses 2 %)', (random) => accuracy(random, 0.04, 0.02), 'pass');
for (const inputs of [365, 2000]) {
  line(
    `labels on the margin, ${inputs} inputs in turn`,
    (random) => repeated(random, 0.9, inputs, 'in turn', 0),
    'pass',
  );
}
line('labels on the margin, 2000 inputs, skewed', (random) => repeated(random, 0.9, 2000, 'skewed', 0), 'pass');
line('labels on the margin, 1000 inputs, half noise', (random) => repeated(random, 0.9, 1000, 'in turn', 0.5), 'pass');
line('accuracy equal, 365 inputs in turn', (random) => repeatedAccuracy(random, 0.03, 0.03, 365), 'fail');
line('accuracy on the margin, 365 inputs in turn', (random) => repeatedAccuracy(random, 0.04, 0.02, 365), 'pass');
line('labels equal above a noise of 10 %', (random) => aboveNoise(random, 0.1, 0.1), 'fail');
line('labels on the margin above a noise of 10 %', (random) => aboveNoise(random, 0.1, 0.2), 'pass');
for (const phi of [0, 0.5, 0.8]) {
  line(`production as before, autocorrelation ${phi}`, (random) => effect(random, 1, phi), 'fail');
  line(`production 10 % slower, autocorrelation ${phi}`, (random) => effect(random, 1.1, phi), 'pass');
}
for (const inputs of ['each once', 'skewed'] as const) {
  const repeats = inputs === 'skewed' ? { inputs: 2000, skewed: true } : undefined;
  line(`slices on the margin, all 12, inputs ${inputs}`, (random) => slices(random, () => 0.9, repeats), 'fail');
  line(
    `slices: one of 12 on the margin, inputs ${inputs}`,
    (random) => slices(random, ([x = 0]) => (x < 0.25 ? 0.9 : 0.99), repeats),
    'pass',
  );
}
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
      'pass',
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
    'pass',
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
  );
  line(
    `error on the margin (+2 %), wild minutes, autocorrelation ${phi}`,
    (random) => loss(random, normalErrors(1.02, 0.5), phi),
    'pass',
  );
}
line('error equal, 365 inputs in turn', (random) => loss(random, normalErrors(1), 0, 365), 'fail');
line('error on the margin, 365 inputs in turn', (random) => loss(random, normalErrors(1.02), 0, 365), 'pass');
line('error on the margin, with a long tail', (random) => loss(random, skewedErrors(1.02), 0), 'pass');
for (const share of [2, 0.5, 0.1])
  line(
    `error on the margin, all of it on ${share} % of the rows`,
    (random) => loss(random, spoiledErrors(share / 100), 0),
    'pass',
  );
for (const asked of [0.1, 0.5])
  line(`the shadow sees the ${asked * 100} % asked for`, (random) => sampling(random, asked, asked), 'fail');
const worst = rates.reduce((a, b) => (b.rate > a.rate ? b : a), { title: 'none', rate: 0 });
say(`\nThe worst of these ${rates.length} lines errs in ${percent(worst.rate)}: ${worst.title}.`);
say(HEAD('Power: how soon the right answer comes.'));
line('latency equal, autocorrelation 0.5', (random) => latency(random, 1, 0.5, 0.1), undefined);
line('latency +5 %, autocorrelation 0.5', (random) => latency(random, 1.05, 0.5, 0.1), undefined);
line('latency +20 %, autocorrelation 0.5', (random) => latency(random, 1.2, 0.5, 0.1), undefined);
line('latency +50 %, autocorrelation 0.5', (random) => latency(random, 1.5, 0.5, 0.1), undefined);
line('no errors at all', (random) => errors(random, 0, 0, 0), undefined);
line('errors 0.1 % and 0.1 %', (random) => errors(random, 0.001, 0.001, 0), undefined);
line('errors 0.1 % and 5 %', (random) => errors(random, 0.001, 0.05, 0), undefined);
line('every request fails', (random) => errors(random, 0, 1, 0), undefined);
line('labels 95 % equal', (random) => agreement(random, 0.95), undefined);
line('labels 80 % equal', (random) => agreement(random, 0.8), undefined);
line('numbers 1 % beyond tolerance', (random) => beyondTolerance(random, 0.01), undefined);
line('numbers 10 % beyond tolerance', (random) => beyondTolerance(random, 0.1), undefined);
line('accuracy 3 % better', (random) => accuracy(random, 0.02, 0.05), undefined);
line('accuracy 6 % worse', (random) => accuracy(random, 0.08, 0.02), undefined);
line('labels 97 % equal, 365 inputs in turn', (random) => repeated(random, 0.97, 365, 'in turn', 0), undefined);
line('labels 80 % equal, 365 inputs in turn', (random) => repeated(random, 0.8, 365, 'in turn', 0), undefined);
line('accuracy 10 % better, 365 inputs', (random) => repeatedAccuracy(random, 0.02, 0.12, 365), undefined);
line('labels differ as the noise (10 %) does', (random) => aboveNoise(random, 0.1, 0.1), undefined);
line('production as before, autocorrelation 0.5', (random) => effect(random, 1, 0.5), undefined);
line('production 30 % slower, autocorrelation 0.5', (random) => effect(random, 1.3, 0.5), undefined);
line('slices 95 % equal, all 12', (random) => slices(random, () => 0.95), undefined);
line('slices: one of 12 is 80 % equal', (random) => slices(random, ([x = 0]) => (x < 0.25 ? 0.8 : 0.99)), undefined);
for (const { name, words, margin, shift } of DISTANCES) {
  line(`${words} of equals, ${margin} allowed`, (random) => distance(random, name, margin, shifted(0), 0.5), undefined);
  line(
    `${words} of thrice the allowed shift`,
    (random) => distance(random, name, margin, shifted(3 * shift), 0.5),
    undefined,
  );
}
line('error equal', (random) => loss(random, normalErrors(1), 0), undefined);
line('error 10 % better', (random) => loss(random, normalErrors(0.9), 0), undefined);
line('error 10 % worse', (random) => loss(random, normalErrors(1.1), 0), undefined);
line('error 10 % worse, 2000 inputs in turn', (random) => loss(random, normalErrors(1.1), 0, 2000), undefined);
line('the shadow sees 45 % where 50 % was asked for', (random) => sampling(random, 0.5, 0.45), undefined);
