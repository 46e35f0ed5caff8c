import { draw } from '../../src/analysis/compare/comparator/sample.ts';
import { decideScore } from '../../src/analysis/judge/comparator.ts';
import type { Random } from '../support/random.ts';
import { autoregressive, type Ended, MINUTES, policy, RATE, watch } from './calibrate-frame.ts';

/** What a comparator gives for a pair, 0 (unlike) to 1 (alike), given how the minute is. */
type Value = (random: Random, mood: number) => number;

/** Equal or not. */
export function equal(mean: number): Value {
  return (random) => (random.next() < mean ? 1 : 0);
}

/** Never far from its mean: anywhere in `width` around it. */
export function near(mean: number, width: number): Value {
  return (random) => mean + width * (random.next() - 0.5);
}

/** Alike but for a few pairs that are not alike at all, and never quite: a similarity of texts. */
export function mostly(mean: number): Value {
  const [often, low] = [0.85, 0.2];
  const high = (mean - (1 - often) * low) / often;
  return (random) => (random.next() < often ? high + (1 - high) * (2 * random.next() - 1) : low * 2 * random.next());
}

/** As equal or not, but how many are wanders from minute to minute, around the same mean. */
export function bursts(mean: number): Value {
  return (random, mood) => {
    const missing = Math.min(1, (1 - mean) * Math.exp(mood - 0.5));
    return random.next() < missing ? 0 : 1;
  };
}

interface Pair {
  lot: number;
  minute: number;
  value: number;
}

/** @param sample pairs that it is asked about at most @param noise what production against itself gave */
export function comparator(random: Random, value: Value, sample: number, noise?: { mean: number; n: number }): Ended {
  const moods = autoregressive(random, 0.8, MINUTES);
  let pairs: Pair[] = [];
  let sums = emptySums();
  let [taken, halvings] = [0, 0];
  return watch((minutes) => {
    for (; taken < minutes; taken += 1)
      for (let i = 0; i < RATE; i += 1) {
        const lot = Math.floor(random.next() * 2 ** 52);
        const pair = { lot, minute: taken, value: value(random, moods[taken] ?? 0) };
        // What an earlier look left out, a later one leaves out, too.
        if (lot >= 2 ** (52 - halvings)) continue;
        pairs.push(pair);
        add(sums, pair);
      }
    if (pairs.length > sample) {
      pairs.sort((a, b) => a.lot - b.lot);
      const lots = pairs.slice(0, sample + 1).map(({ lot }) => lot.toString(16).padStart(13, '0'));
      const found = draw(lots, sample);
      halvings = found.halvings;
      pairs = pairs.slice(0, found.count);
      sums = emptySums();
      for (const pair of pairs) add(sums, pair);
    }
    return ask(sums, { halvings, minutes, noise });
  });
}

interface Sums {
  rows: number;
  sum: number;
  squares: number;
  minutes: { at: number; rows: number; sum: number }[];
}

function emptySums(): Sums {
  const minutes = Array.from({ length: MINUTES }, (_, at) => ({ at: at * 60_000, rows: 0, sum: 0 }));
  return { rows: 0, sum: 0, squares: 0, minutes };
}

function add(sums: Sums, { minute, value }: Pair): void {
  sums.rows += 1;
  sums.sum += value;
  sums.squares += value * value;
  const block = sums.minutes[minute];
  if (block === undefined) return;
  block.rows += 1;
  block.sum += value;
}

function ask(
  { rows, sum, squares, minutes }: Sums,
  seen: { halvings: number; minutes: number; noise: { mean: number; n: number } | undefined },
): Ended['outcome'] {
  // No input comes twice.
  const own = { inputs: rows, rows, rowsSquared: rows, cross: sum };
  const repeats = { ...own, sum, sumSquared: squares, between: squares, squares };
  const asked = minutes.slice(0, seen.minutes);
  const score = { name: 'comparator', rows, sum, least: 0, most: 1, minutes: asked, repeats, lowest: [] };
  const floor = seen.noise && { differing: (1 - seen.noise.mean) * seen.noise.n, n: seen.noise.n, factor: 1 };
  const { decided, tooShort } = decideScore(score, seen.halvings, policy, floor);
  return rows < policy.minimumPairs || tooShort !== undefined ? 'inconclusive' : decided;
}
