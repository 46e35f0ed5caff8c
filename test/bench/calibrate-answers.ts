import { judgeDistances } from '../../src/analysis/judge/distances.ts';
import { judgeSlices } from '../../src/analysis/judge/slices.ts';
import { judgeTraffic } from '../../src/analysis/judge/traffic.ts';
import { judgeTruth } from '../../src/analysis/judge/truth.ts';
import type { Evidence } from '../../src/analysis/judge/evidence.ts';
import type { Predictions } from '../../src/analysis/predictions.ts';
import { jensenShannon, stabilityIndex } from '../../src/analysis/statistics/distances.ts';
import {
  decileCounts,
  histogram,
  kolmogorovSmirnov,
  wasserstein,
} from '../../src/analysis/compare/memory/distances.ts';
import { meanAndDeviation } from '../../src/analysis/statistics/sequences.ts';
import { InputCounter } from '../../src/analysis/compare/memory/input-counter.ts';
import type { Outcome } from '../../src/analysis/judge/verdict.ts';
import type { Random } from '../support/random.ts';
import { autoregressive, type Ended, MINUTES, policy, RATE, watch } from './calibrate-frame.ts';

/** A side of which every capture could be read. */
export const READ = { records: 0, unreadable: 0, unparsed: 0 };

/** The gate itself is asked, with no more of the evidence than it looks at. */
export function ask(
  judge: (evidence: Evidence) => { outcome: Outcome }[],
  predictions: Partial<Predictions>,
  changed: Partial<typeof policy> = {},
): Outcome {
  const observations = { predictions: { coverage: 1, blocks: [], production: READ, shadow: READ, ...predictions } };
  const evidence = { observations, summaries: {}, policy: { ...policy, ...changed }, minutes: MINUTES };
  return judge(evidence as unknown as Evidence)[0]?.outcome ?? 'inconclusive';
}

/** A column of numbers, cut at its quartiles as they are so far. */
const CELLS = 400;
const COLUMNS = 3;

/** How often a row's answers are equal, by where it lies in a column and how the minute is: 0 to 1. */
type Agreement = (columns: readonly number[], mood: number) => number;

/** A word of one more column, which so large a share of the rows has: how often their answers are equal. */
interface RareWord {
  share: number;
  agreement: (mood: number) => number;
}

/** `inputs` undefined: no input comes twice. Else each agrees or not, drawn once; `skewed`: a tenth of them makes a third of the traffic. */
export function slices(
  random: Random,
  agreement: Agreement,
  repeats?: { inputs: number; skewed: boolean },
  word?: RareWord,
): Ended {
  const draw = (mood: number) => {
    const columns = Array.from({ length: COLUMNS }, () => random.next());
    const rare = word !== undefined && random.next() < word.share;
    return { columns, rare, equal: random.next() < (rare ? word.agreement(mood) : agreement(columns, mood)) };
  };
  const known = Array.from({ length: repeats?.inputs ?? 0 }, () => draw(0));
  const moods = autoregressive(random, 0.8, MINUTES);
  // The heavy inputs lie together: in the first part of the first column.
  if (repeats !== undefined) known.sort((a, b) => (a.columns[0] ?? 0) - (b.columns[0] ?? 0));
  const counts = Array.from({ length: COLUMNS }, () => Array.from({ length: CELLS }, () => ({ rows: 0, hits: 0 })));
  const seen = Array.from({ length: COLUMNS }, () => Array.from({ length: CELLS }, () => new Set<number>()));
  const counter = new InputCounter();
  const blocks: { at: number; rows: number; agree: number }[] = [];
  const rare = { rows: 0, hits: 0, inputs: 0 };
  let [rows, agree] = [0, 0];
  return watch((minutes) => {
    while (blocks.length < minutes) {
      let equal = 0;
      for (let i = 0; i < RATE; i += 1) {
        const input =
          repeats === undefined
            ? rows
            : repeats.skewed
              ? Math.floor(repeats.inputs * random.next() ** 2)
              : rows % repeats.inputs;
        const row = known[input] ?? draw(moods[blocks.length] ?? 0);
        for (const [c, x] of row.columns.entries()) {
          const cell = Math.floor(x * CELLS);
          const count = counts[c]?.[cell];
          if (count === undefined) continue;
          count.rows += 1;
          if (row.equal) count.hits += 1;
          if (repeats !== undefined) seen[c]?.[cell]?.add(input);
        }
        if (repeats !== undefined) counter.add(input, row.equal ? 1 : 0);
        rows += 1;
        if (row.equal) equal += 1;
        if (!row.rare) continue;
        rare.rows += 1;
        rare.inputs += 1;
        if (row.equal) rare.hits += 1;
      }
      agree += equal;
      blocks.push({ at: 0, rows: RATE, agree: equal });
    }
    const parts = counts.flatMap((cells, c) => quarters(cells, seen[c] ?? [], rows, repeats !== undefined));
    const sums = repeats === undefined ? undefined : counter.sums();
    return ask(
      judgeSlices,
      {
        pairs: rows,
        rows,
        slices: [
          ...parts.map((part, i) => ({ column: `c${i >> 2}`, part: `${i % 4}`, ...part })),
          ...(rare.inputs < 30 ? [] : [{ column: 'word', part: 'rare', ...rare }]),
        ],
        labels: { rows, agree, confusion: { labels: [], counts: [] }, classes: 2, kappa: undefined },
        blocks: blocks as unknown as Predictions['blocks'],
        repeats: sums && ({ inputs: sums.inputs, known: rows, agreement: sums } as unknown as Predictions['repeats']),
      },
      // To differ fails only where the same is expected.
      { slices: 0.9, expect: { kind: 'same' } },
    );
  });
}

function quarters(
  cells: readonly { rows: number; hits: number }[],
  seen: readonly ReadonlySet<number>[],
  rows: number,
  repeated: boolean,
): { rows: number; hits: number; inputs: number }[] {
  const parts = Array.from({ length: 4 }, () => ({ rows: 0, hits: 0, inputs: 0 }));
  let passed = 0;
  for (const [i, cell] of cells.entries()) {
    const part = parts[Math.min(3, Math.floor((4 * passed) / rows))];
    if (part === undefined) continue;
    part.rows += cell.rows;
    part.hits += cell.hits;
    part.inputs += repeated ? (seen[i]?.size ?? 0) : cell.rows;
    passed += cell.rows;
  }
  return parts.filter((part) => part.inputs >= 30);
}

export type DistanceName = 'ks' | 'psi' | 'jensenShannon' | 'wasserstein';

/** Values on a grid, so that thousands of looks need no sorting; the distances are those of the grid's values. */
const STEP = 0.01;
const EDGE_TOLERANCE = 6;

/** One number of each model, given how the minute is. */
type Pair = (random: Random, mood: number) => readonly [production: number, shadow: number];

/**
 * Numbers of standard deviation 1, half of it common to all requests of a minute and most of the rest common to the two
 * models; the shadow's lie `shift` higher.
 */
export function shifted(shift: number): Pair {
  return (random, mood) => {
    const own = Math.SQRT1_2 * mood + 0.6 * random.normal();
    // 0.5 + 0.36 + 0.14 = 1
    const noise = Math.sqrt(0.14);
    return [own + noise * random.normal(), own + noise * random.normal() + shift];
  };
}

/** Production's numbers lie anywhere between 0 and 5; the shadow's lie in its lowest tenth in `share` of the rows only. */
export function thinned(share: number): Pair {
  return (random) => [5 * random.next(), random.next() < share ? 0.5 * random.next() : 0.5 + 4.5 * random.next()];
}

/** Minutes follow an AR(1) with `phi`; `repeats` inputs come in turn, each with its two numbers. */
export function distance(
  random: Random,
  name: DistanceName,
  margin: number,
  pair: Pair,
  phi: number,
  repeats?: number,
): Ended {
  const size = Math.round((2 * EDGE_TOLERANCE) / STEP) + 1;
  const cell = (x: number) => Math.max(0, Math.min(size - 1, Math.round((x + EDGE_TOLERANCE) / STEP)));
  const [ours, theirs] = [new Int32Array(size), new Int32Array(size)];
  const draw = (mood: number) => {
    const [ours, theirs] = pair(random, mood);
    return [cell(ours), cell(theirs)] as const;
  };
  const known = Array.from({ length: repeats ?? 0 }, () => draw(random.normal()));
  const moods = autoregressive(random, phi, MINUTES);
  let [taken, rows, abs] = [0, 0, 0];
  return watch((minutes) => {
    for (; taken < minutes; taken += 1) {
      for (let i = 0; i < RATE; i += 1) {
        const [a, b] = repeats === undefined ? draw(moods[taken] ?? 0) : (known[rows % repeats] ?? draw(0));
        ours[a] = (ours[a] ?? 0) + 1;
        theirs[b] = (theirs[b] ?? 0) + 1;
        abs += Math.abs(a - b) * STEP;
        rows += 1;
      }
    }
    const [left, right] = [sorted(ours, rows), sorted(theirs, rows)];
    const [low, high] = [Math.min(left[0] ?? 0, right[0] ?? 0), Math.max(left.at(-1) ?? 0, right.at(-1) ?? 0)];
    const bins = name === 'jensenShannon' ? histogram(left, right, 30) : { low, high, production: [], shadow: [] };
    const distances = {
      ks: name === 'ks' ? kolmogorovSmirnov(left, right) : 0,
      wasserstein: name === 'wasserstein' ? wasserstein(left, right) : 0,
      psi: name === 'psi' ? stabilityIndex(decileCounts(left, left), decileCounts(left, right)) : 0,
      jensenShannon: name === 'jensenShannon' ? jensenShannon(bins.production, bins.shadow) : 0,
    };
    const inputs = Math.min(rows, repeats ?? rows);
    const each = rows / inputs;
    const beyond = { inputs, rows, rowsSquared: rows * each };
    return ask(
      judgeDistances,
      {
        pairs: rows,
        rows,
        blocks: Array.from({ length: minutes }, () => ({ rows: RATE })) as unknown as Predictions['blocks'],
        numbers: { rows, distances, histogram: bins, mae: abs / rows } as unknown as Predictions['numbers'],
        repeats: { inputs, known: rows, beyond } as unknown as Predictions['repeats'],
      },
      { distances: { [name]: margin } },
    );
  });
}

function sorted(counts: Int32Array, rows: number): Float64Array {
  const values = new Float64Array(rows);
  let at = 0;
  for (const [i, n] of counts.entries()) {
    if (n === 0) continue;
    values.fill(i * STEP - EDGE_TOLERANCE, at, at + n);
    at += n;
  }
  return values;
}

/** Absolute errors of both models on one row, in any unit. */
type Errors = (random: Random, mood: number) => readonly [production: number, shadow: number];

/** Normal errors that go together; the shadow's are `worse` times as large. `wild` minutes have errors many times as large. */
export function normalErrors(worse: number, wild = 0): Errors {
  return (random, mood) => {
    const [common, one, other] = [random.normal(), random.normal(), random.normal()];
    const size = Math.exp(wild * mood);
    return [Math.abs(0.9 * common + 0.436 * one) * size, Math.abs(0.9 * common + 0.436 * other) * worse * size];
  };
}

/** As normal errors, but how many times as large the shadow's are wanders from minute to minute around `worse`. */
export function burstyErrors(worse: number): Errors {
  return (random, mood) => normalErrors(worse * Math.exp(0.3 * mood - 0.045))(random, mood);
}

/** Errors with a long tail: the exponential of a normal. */
export function skewedErrors(worse: number): Errors {
  return (random) => {
    const common = random.normal();
    return [Math.exp(common + 0.5 * random.normal()), worse * Math.exp(common + 0.5 * random.normal())];
  };
}

/** Equal errors, but for `often` of the rows, on which the shadow loses so much that it loses 2 % in all. */
export function spoiledErrors(often: number): Errors {
  return (random) => {
    const error = Math.abs(random.normal());
    return [error, random.next() < often ? error + (0.02 * Math.sqrt(2 / Math.PI)) / often : error];
  };
}

/** Mean absolute error against the truth. */
export function loss(random: Random, errors: Errors, phi: number, inputs?: number): Ended {
  const known = Array.from({ length: inputs ?? 0 }, () => errors(random, random.normal()));
  const moods = autoregressive(random, phi, MINUTES);
  const counter = new InputCounter();
  const blocks: { at: number; rows: number; truth: number; loss: number }[] = [];
  const losses: number[] = [];
  const sums = { production: 0, shadow: 0, productionSquared: 0, lossSquared: 0, cross: 0 };
  return watch((minutes) => {
    while (blocks.length < minutes) {
      let lost = 0;
      for (let i = 0; i < RATE; i += 1) {
        const input = inputs === undefined ? losses.length : losses.length % inputs;
        const [ours, theirs] = known[input] ?? errors(random, moods[blocks.length] ?? 0);
        sums.production += ours;
        sums.shadow += theirs;
        sums.productionSquared += ours * ours;
        sums.lossSquared += (theirs - ours) ** 2;
        sums.cross += (theirs - ours) * ours;
        if (inputs !== undefined) counter.add(input, theirs - ours);
        lost += theirs - ours;
        losses.push(theirs - ours);
      }
      blocks.push({ at: 0, rows: RATE, truth: RATE, loss: lost });
    }
    const rows = losses.length;
    const { mean, deviation } = meanAndDeviation(losses);
    const repeated = inputs === undefined ? undefined : counter.sums();
    const numbers = {
      maeProduction: sums.production / rows,
      maeShadow: sums.shadow / rows,
      loss: mean,
      lossDeviation: deviation,
    };
    const { production, productionSquared, lossSquared, cross } = sums;
    const error = { production, productionSquared, lossSquared, cross, loss: sums.shadow - production };
    const band = { band: 'equal' as const, apart: 0, error, squared: error };
    return ask(judgeTruth, {
      pairs: rows,
      rows,
      truth: { rows, of: rows, labels: undefined, numbers, unknown: 0, losses: [{ ...band, rows, labelled: rows }] },
      // The answers themselves scatter by twice the error's deviation.
      numbers: { histogram: { low: -8, high: 8 } } as unknown as Predictions['numbers'],
      blocks: blocks as unknown as Predictions['blocks'],
      repeats:
        repeated && ({ inputs: repeated.inputs, known: rows, loss: repeated } as unknown as Predictions['repeats']),
    });
  });
}

/** A shadow that sees `seen` of the requests where `asked` was asked for; a mismatch counts as a fail, of none a pass at the end. */
export function sampling(random: Random, asked: number, seen: number): Ended {
  let [taken, mirrored] = [0, 0];
  return watch((minutes) => {
    for (; taken < minutes * RATE; taken += 1) if (random.next() < seen) mirrored += 1;
    const summaries = { production: { invocations: taken }, shadow: { invocations: mirrored } };
    const evidence = { observations: { sampling: asked }, summaries, policy, minutes } as unknown as Evidence;
    if (judgeTraffic(evidence)[0]?.outcome === 'inconclusive') return 'fail';
    return minutes === MINUTES ? 'pass' : 'inconclusive';
  });
}
