/**
 * Is the judge honest? `npm run calibrate` simulates endpoints whose truth is known, looks at each again and again as
 * people do, and counts how often a gate ever says the wrong thing. Nominal is alpha = 5 %.
 */
import { logDifference } from '../../src/analysis/judge/effect.ts';
import { boundsOf } from '../../src/analysis/judge/proportion.ts';
import { differenceInterval, failures } from '../../src/analysis/judge/errors.ts';
import { scatterOf, shareInterval } from '../../src/analysis/judge/evidence.ts';
import { accuracyLost } from '../../src/analysis/judge/truth.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy.ts';
import { dispersion } from '../../src/analysis/statistics/proportions.ts';
import { designEffect, InputCounter } from '../../src/analysis/statistics/repeats.ts';
import { blockSequence } from '../../src/analysis/statistics/sequences.ts';
import { compare } from '../../src/analysis/verdict.ts';
import type { Outcome } from '../../src/analysis/verdict.ts';
import { seededRandom } from '../../src/emulator/random.ts';
import type { Random } from '../../src/emulator/random.ts';

const TRIALS = Number(process.argv[2] ?? 1000);
const HOURS = 6;
const MINUTES = HOURS * 60;
const LOOK = 10;
const policy = DEFAULT_POLICY;
const RATE = 60;

interface Ended {
  outcome: Outcome;
  /** Minutes until the first decision. */
  minutes: number;
}

/** Looks every ten minutes and stops at the first decision, as `report --watch` does. */
function watch(look: (minutes: number) => Outcome): Ended {
  for (let minutes = LOOK; minutes <= MINUTES; minutes += LOOK) {
    const outcome = look(minutes);
    if (outcome !== 'inconclusive') return { outcome, minutes };
  }
  return { outcome: 'inconclusive', minutes: MINUTES };
}

/** AR(1) of standard deviation 1: each value keeps `phi` of the one before. */
function autoregressive(random: Random, phi: number, count: number): number[] {
  let last = random.normal();
  return Array.from({ length: count }, () => {
    const value = last;
    last = phi * last + Math.sqrt(1 - phi * phi) * random.normal();
    return value;
  });
}

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
  if (verdict === 'DOES NOT HOLD') process.exitCode = 1;
  const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
  return `| ${title} | ${percent(share('pass'))} | ${percent(share('fail'))} | ${percent(share('inconclusive'))} | ${median} | ${verdict} |`;
}

const HEAD = (title: string) =>
  `\n${title}\n\n| truth | pass | fail | open | median | 5 % |\n| --- | ---: | ---: | ---: | ---: | --- |`;
const say = (line: string) => void process.stdout.write(`${line}\n`);

say(
  `${TRIALS} simulated endpoints a line, ${RATE} requests a minute, ${HOURS} hours, a look every ${LOOK} minutes until the first decision.`,
);
say(HEAD('Wrong answers: at A/A a fail is wrong, on the margin a pass is.'));
for (const phi of [0, 0.5, 0.8]) {
  say(row(`latency equal, autocorrelation ${phi}`, (random) => latency(random, 1, phi, 0.1), 'fail'));
  say(row(`latency on the margin (+10 %), autocorrelation ${phi}`, (random) => latency(random, 1.1, phi, 0.1), 'pass'));
}
say(row('latency on the margin (+10 %), autocorrelation 0.9', (random) => latency(random, 1.1, 0.9, 0.1), 'pass'));
say(row('errors equal (1 %)', (random) => errors(random, 0.01, 0.01, 0), 'fail'));
say(row('errors on the margin (1 % and 2 %)', (random) => errors(random, 0.01, 0.02, 0), 'pass'));
say(row('errors equal (1 %), in bursts', (random) => errors(random, 0.01, 0.01, 1), 'fail'));
say(row('errors on the margin, in bursts', (random) => errors(random, 0.01, 0.02, 1), 'pass'));
say(row('labels on the margin (90 % equal)', (random) => agreement(random, 0.9), 'pass'));
say(row('accuracy equal (3 % each way)', (random) => accuracy(random, 0.03, 0.03), 'fail'));
say(row('accuracy on the margin (loses 2 %)', (random) => accuracy(random, 0.04, 0.02), 'pass'));
for (const inputs of [365, 2000]) {
  say(
    row(
      `labels on the margin, ${inputs} inputs in turn`,
      (random) => repeated(random, 0.9, inputs, 'in turn', 0),
      'pass',
    ),
  );
}
say(row('labels on the margin, 2000 inputs, skewed', (random) => repeated(random, 0.9, 2000, 'skewed', 0), 'pass'));
say(
  row('labels on the margin, 1000 inputs, half noise', (random) => repeated(random, 0.9, 1000, 'in turn', 0.5), 'pass'),
);
say(row('accuracy equal, 365 inputs in turn', (random) => repeatedAccuracy(random, 0.03, 0.03, 365), 'fail'));
say(row('accuracy on the margin, 365 inputs in turn', (random) => repeatedAccuracy(random, 0.04, 0.02, 365), 'pass'));
say(row('labels equal above a noise of 10 %', (random) => aboveNoise(random, 0.1, 0.1), 'fail'));
say(row('labels on the margin above a noise of 10 %', (random) => aboveNoise(random, 0.1, 0.2), 'pass'));
for (const phi of [0, 0.5, 0.8]) {
  say(row(`production as before, autocorrelation ${phi}`, (random) => effect(random, 1, phi), 'fail'));
  say(row(`production 10 % slower, autocorrelation ${phi}`, (random) => effect(random, 1.1, phi), 'pass'));
}
say(HEAD('Power: how soon the right answer comes.'));
say(row('latency equal, autocorrelation 0.5', (random) => latency(random, 1, 0.5, 0.1), undefined));
say(row('latency +5 %, autocorrelation 0.5', (random) => latency(random, 1.05, 0.5, 0.1), undefined));
say(row('latency +20 %, autocorrelation 0.5', (random) => latency(random, 1.2, 0.5, 0.1), undefined));
say(row('latency +50 %, autocorrelation 0.5', (random) => latency(random, 1.5, 0.5, 0.1), undefined));
say(row('no errors at all', (random) => errors(random, 0, 0, 0), undefined));
say(row('errors 0.1 % and 0.1 %', (random) => errors(random, 0.001, 0.001, 0), undefined));
say(row('errors 0.1 % and 5 %', (random) => errors(random, 0.001, 0.05, 0), undefined));
say(row('every request fails', (random) => errors(random, 0, 1, 0), undefined));
say(row('labels 95 % equal', (random) => agreement(random, 0.95), undefined));
say(row('labels 80 % equal', (random) => agreement(random, 0.8), undefined));
say(row('accuracy 3 % better', (random) => accuracy(random, 0.02, 0.05), undefined));
say(row('accuracy 6 % worse', (random) => accuracy(random, 0.08, 0.02), undefined));
say(row('labels 97 % equal, 365 inputs in turn', (random) => repeated(random, 0.97, 365, 'in turn', 0), undefined));
say(row('labels 80 % equal, 365 inputs in turn', (random) => repeated(random, 0.8, 365, 'in turn', 0), undefined));
say(row('accuracy 10 % better, 365 inputs', (random) => repeatedAccuracy(random, 0.02, 0.12, 365), undefined));
say(row('labels differ as the noise (10 %) does', (random) => aboveNoise(random, 0.1, 0.1), undefined));
say(row('production as before, autocorrelation 0.5', (random) => effect(random, 1, 0.5), undefined));
say(row('production 30 % slower, autocorrelation 0.5', (random) => effect(random, 1.3, 0.5), undefined));
