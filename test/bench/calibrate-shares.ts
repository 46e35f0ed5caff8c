import { decideShare } from '../../src/analysis/judge/proportion.ts';
import { clusteringOf } from '../../src/analysis/judge/evidence.ts';
import type { Evidence, Minutes } from '../../src/analysis/judge/evidence.ts';
import type { NoiseSample } from '../../src/analysis/judge/noise-floor.ts';
import { judgeTruth } from '../../src/analysis/judge/truth.ts';
import type { InputSums, Predictions } from '../../src/analysis/predictions.ts';
import { InputCounter } from '../../src/analysis/compare/memory/input-counter.ts';
import type { Outcome } from '../../src/analysis/judge/verdict.ts';
import type { Random } from '../support/random.ts';
import {
  autoregressive,
  binomial,
  type Ended,
  MINUTES,
  minutesOf,
  policy,
  RATE,
  type Span,
  watch,
} from './calibrate-frame.ts';

/** How the chance of a hit wanders from minute to minute, and how many rows a minute has. */
export interface Hits extends Span {
  /** AR(1) of its logarithm: by how much, and how much each minute keeps of the one before. */
  burst?: number;
  phi?: number;
  rate?: number;
}

/** Hits a minute, around the same mean. */
export function hits(
  random: Random,
  chance: number,
  { burst = 0, phi = 0.8, rate = RATE, ...span }: Hits = {},
): Minutes {
  return autoregressive(random, phi, minutesOf(span)).map((noise) => {
    const p = Math.min(1, chance * Math.exp(burst * noise - (burst * burst) / 2));
    return { successes: binomial(random, rate, p), n: rate };
  });
}

/** The other rows of every minute. */
function misses(minutes: Minutes): Minutes {
  return minutes.map(({ successes, n }) => ({ successes: n - successes, n }));
}

/** What a gate on a share of rows finds, by minutes; where inputs come twice, by these. */
export function judgeShare(
  minutes: Minutes,
  margin: number,
  { below = false, noise, inputs }: { below?: boolean; noise?: NoiseSample; inputs?: InputSums | undefined } = {},
): Outcome {
  const total = (of: (minute: Minutes[number]) => number) => minutes.reduce((sum, minute) => sum + of(minute), 0);
  const share = {
    successes: total(({ successes }) => successes),
    n: total(({ n }) => n),
    minutes,
    clustering: clusteringOf(minutes, inputs, policy),
  };
  const { decided, tooShort } = decideShare({ ...share, margin, below, noise }, policy);
  return tooShort === undefined ? decided : 'inconclusive';
}

/** Numbers that lie further apart than the tolerance. */
export function beyondTolerance(random: Random, share: number, burst = 0): Ended {
  const minutes = hits(random, share, { burst });
  return watch((n) => judgeShare(minutes.slice(0, n), policy.numbers.share, { below: true }));
}

/** Labels that differ. */
export function agreement(random: Random, differing: number, wander: Hits = {}): Ended {
  const minutes = misses(hits(random, differing, wander));
  return watch((n) => judgeShare(minutes.slice(0, n), policy.agreement), wander);
}

/** The gate itself is asked about accuracy. `b` and `c` a minute: only production, only the shadow is right. */
export function askAccuracy(b: Minutes, c: Minutes, changed: Partial<Predictions> = {}): Outcome {
  const total = (list: Minutes, of: (minute: Minutes[number]) => number) => list.reduce((sum, one) => sum + of(one), 0);
  const rows = total(b, ({ n }) => n);
  const [onlyProduction, onlyShadow] = [b, c].map((list) => total(list, ({ successes }) => successes)) as [
    number,
    number,
  ];
  const side = { records: 0, unreadable: 0, unparsed: 0 };
  const blocks = b.map(({ successes, n }, i) => ({
    at: i * 60_000,
    rows: n,
    truth: n,
    onlyProduction: successes,
    onlyShadow: c[i]?.successes ?? 0,
  }));
  const labels = { production: rows, shadow: rows, onlyProduction, onlyShadow };
  const truth = { rows, of: rows, labels, numbers: undefined, unknown: 0 };
  const predictions = { coverage: 1, pairs: rows, rows, blocks, truth, production: side, shadow: side, ...changed };
  const evidence = { observations: { predictions }, summaries: {}, policy, minutes: MINUTES };
  return judgeTruth(evidence as unknown as Evidence)[0]?.outcome ?? 'inconclusive';
}

/** Accuracy lost: rows only production gets right against rows only the shadow gets right. */
export function accuracy(random: Random, onlyProduction: number, onlyShadow: number, wander: Hits = {}): Ended {
  const [b, c] = [hits(random, onlyProduction, wander), hits(random, onlyShadow, wander)];
  return watch((n) => askAccuracy(b.slice(0, n), c.slice(0, n)), wander);
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
export function repeated(random: Random, share: number, inputs: number, traffic: Traffic, noise: number): Ended {
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
    return judgeShare(minutes, policy.agreement, { inputs: sums });
  });
}

/** Accuracy lost, of models that answer the same input alike. */
export function repeatedAccuracy(random: Random, onlyProduction: number, onlyShadow: number, inputs: number): Ended {
  const kinds = Array.from({ length: inputs }, () => random.next());
  const counters = [new InputCounter(), new InputCounter()] as const;
  const minutes: [{ successes: number; n: number }[], { successes: number; n: number }[]] = [[], []];
  return watch((n) => {
    while (minutes[0].length < n) {
      const right: [number, number] = [0, 0];
      for (let i = 0; i < RATE; i += 1) {
        const input = (minutes[0].length * RATE + i) % inputs;
        const kind = kinds[input] ?? 1;
        const b = kind < onlyProduction ? 1 : 0;
        const c = b === 0 && kind < onlyProduction + onlyShadow ? 1 : 0;
        counters[0].add(input, b);
        counters[1].add(input, c);
        right[0] += b;
        right[1] += c;
      }
      minutes[0].push({ successes: right[0], n: RATE });
      minutes[1].push({ successes: right[1], n: RATE });
    }
    const [b, c] = [counters[0].sums(), counters[1].sums()];
    if (b === undefined || c === undefined || b.inputs < policy.minimumPairs) return 'inconclusive';
    return askAccuracy(...minutes, {
      repeats: {
        inputs: b.inputs,
        known: b.rows,
        onlyProduction: b,
        onlyShadow: c,
      } as unknown as Predictions['repeats'],
    });
  });
}

/** Labels of a model that differs from itself: measured for half an hour against itself, then against the shadow. */
export function aboveNoise(random: Random, itself: number, shadow: number): Ended {
  const measured = 30 * RATE;
  let differing = 0;
  for (let i = 0; i < measured; i += 1) if (random.next() < itself) differing += 1;
  const minutes = misses(hits(random, shadow));
  return watch((n) =>
    judgeShare(minutes.slice(0, n), policy.agreement, { noise: { differing, n: measured, factor: 1 } }),
  );
}
