import { judge } from '../../src/analysis/judge/judge.ts';
import type { DayFacts, Observations } from '../../src/analysis/observations.ts';
import type { Policy } from '../../src/analysis/policy/policy.ts';
import type {
  LossStratum,
  PairBlock,
  Predictions,
  Repeats,
  TruthOutcome,
  TruthStratum,
} from '../../src/analysis/predictions.ts';
import { InputCounter } from '../../src/analysis/compare/memory/input-counter.ts';
import type { Random } from '../support/random.ts';
import { binomial, type Ended, policy } from './calibrate-frame.ts';
import { COSTS } from './calibrate-sums.ts';
import { NO_METRICS, READ } from '../support/days.ts';

/** Batches: fourteen days, looked at after each of them until the first decision, through the whole verdict. */

const DAYS = 14;
const DAY = 86_400_000;
/** A Monday. */
const BEGIN = Date.UTC(2026, 0, 5);

/** What a day is like: how many rows it has, and by how much the candidate is worse on it, in the unit of what is judged. */
export interface DayKind {
  rows: number;
  worse: number;
}

/** The days of a batch, drawn anew for every trial. @param weekday 0 is Monday */
export type Days = (day: number, weekday: number, random: Random) => DayKind;

/** Sums of the days so far. */
interface Summed {
  predictions: Partial<Predictions>;
  changed?: Partial<Policy>;
}

/** Looks after every day; what ended it is counted in days. */
function watchDays(random: Random, days: Days, take: (kind: DayKind, at: number) => void, sums: () => Summed): Ended {
  const first = Math.floor(random.next() * 7);
  const seen: DayFacts[] = [];
  for (let day = 0; day < DAYS; day += 1) {
    const from = BEGIN + (first + day) * DAY;
    const kind = days(day, (first + day) % 7, random);
    take(kind, from);
    const { rows } = kind;
    const none = { withoutCounterpart: 0, unreadable: 0, inFailedObject: 0, late: 0 };
    seen.push({
      day: new Date(from).toISOString().slice(0, 10),
      from,
      to: from + DAY,
      rows: { delivered: rows, judged: rows, ...none },
    });
    const outcome = verdictOf(seen, sums());
    if (outcome !== 'inconclusive') return { outcome, minutes: day + 1 };
  }
  return { outcome: 'inconclusive', minutes: DAYS };
}

function verdictOf(days: readonly DayFacts[], { predictions, changed }: Summed) {
  const rows = predictions.rows ?? 0;
  const side = { ...READ, records: rows, answers: rows };
  const observations = {
    schema: 'shadowctl-observations/1',
    endpoint: 'batch',
    region: undefined,
    window: { from: days[0]?.from ?? 0, to: days.at(-1)?.to ?? 0 },
    production: { name: 'production' },
    shadow: { name: 'candidate' },
    sampling: 1,
    metrics: { times: [], production: NO_METRICS, shadow: NO_METRICS },
    days,
    predictions: {
      method: 'inferenceId',
      task: 'multiclass',
      coverage: 1,
      pairs: rows,
      differentRows: 0,
      labels: undefined,
      numbers: undefined,
      truth: undefined,
      top: [],
      production: side,
      shadow: side,
      blocks: [],
      ...predictions,
    },
    notes: [],
  } as Observations;
  return judge(observations, { ...policy, ...changed }, 'candidate')?.outcome ?? 'inconclusive';
}

const NO_BLOCK = { agree: 0, d: 0, dd: 0, abs: 0 };

/** Equal answers; on a day as many differ as `share` and what it is worse by. */
export function agreementByDays(random: Random, share: number, days: Days): Ended {
  const blocks: PairBlock[] = [];
  return watchDays(
    random,
    days,
    ({ rows, worse }, at) => {
      const agree = rows - binomial(random, rows, Math.min(1, Math.max(0, share + worse)));
      blocks.push({ ...NO_BLOCK, at, rows, agree });
    },
    () => agreementSums(blocks),
  );
}

function agreementSums(blocks: readonly PairBlock[], repeats?: Repeats): Summed {
  const labels = labelsOf(blocks);
  return { predictions: { rows: labels.rows, blocks, labels, repeats }, changed: { expect: { kind: 'same' } } };
}

function labelsOf(blocks: readonly PairBlock[]): NonNullable<Predictions['labels']> {
  const total = (of: (block: PairBlock) => number) => blocks.reduce((sum, block) => sum + of(block), 0);
  const [rows, agree] = [total((block) => block.rows), total((block) => block.agree)];
  return { rows, agree, confusion: { labels: [], counts: [] }, classes: 2, kappa: undefined };
}

/** The same of inputs that come again every day: each is answered alike or not, once and for all. */
export function repeatedByDays(random: Random, share: number, inputs: number): Ended {
  const equal = Array.from({ length: inputs }, () => random.next() >= share);
  const agree = equal.filter(Boolean).length;
  const counter = new InputCounter();
  const blocks: PairBlock[] = [];
  return watchDays(
    random,
    () => ({ rows: inputs, worse: 0 }),
    (_, at) => {
      for (const [i, one] of equal.entries()) counter.add(i, one ? 1 : 0);
      blocks.push({ ...NO_BLOCK, at, rows: inputs, agree });
    },
    () => {
      const sums = counter.sums();
      const none = { beyond: undefined, onlyProduction: undefined, onlyShadow: undefined, loss: undefined };
      return agreementSums(blocks, sums && { inputs, known: sums.rows, agreement: sums, ...none });
    },
  );
}

/** Accuracy against labels of all rows; on six of a hundred only one model is right. A day loses what it is worse by. */
export function accuracyByDays(random: Random, days: Days, changed: Partial<Policy> = {}): Ended {
  const discordant = 0.06;
  const blocks: PairBlock[] = [];
  return watchDays(
    random,
    days,
    ({ rows, worse }, at) => {
      const half = (sign: number) => Math.max(0, (discordant + sign * worse) / 2);
      const onlyProduction = binomial(random, rows, half(1));
      const onlyShadow = binomial(random, rows - onlyProduction, half(-1));
      blocks.push({
        ...NO_BLOCK,
        at,
        rows,
        truth: rows,
        agree: rows - onlyProduction - onlyShadow,
        onlyProduction,
        onlyShadow,
      });
    },
    () => {
      const total = (of: (block: PairBlock) => number) => blocks.reduce((sum, block) => sum + of(block), 0);
      const rows = total((block) => block.rows);
      const onlyProduction = total((block) => block.onlyProduction ?? 0);
      const onlyShadow = total((block) => block.onlyShadow ?? 0);
      const both = Math.round(rows * 0.8);
      const truth = {
        rows,
        of: rows,
        labels: { production: both + onlyProduction, shadow: both + onlyShadow, onlyProduction, onlyShadow },
        numbers: undefined,
        unknown: 0,
      };
      return { predictions: { rows, blocks, truth, labels: labelsOf(blocks) }, changed };
    },
  );
}

/** Mean absolute error; production's is the absolute value of a normal number, the candidate's as much greater as the day is worse. */
export function errorByDays(random: Random, days: Days): Ended {
  const blocks: PairBlock[] = [];
  const sums = { production: 0, productionSquared: 0, loss: 0, lossSquared: 0, cross: 0 };
  let apart = 0;
  return watchDays(
    random,
    days,
    ({ rows, worse }, at) => {
      let [loss, lossSquared] = [0, 0];
      for (let i = 0; i < rows; i += 1) {
        const production = Math.abs(random.normal());
        const one = production * (worse + 0.3 * random.normal());
        loss += one;
        lossSquared += one * one;
        apart += Math.abs(one);
        sums.production += production;
        sums.productionSquared += production * production;
        sums.loss += one;
        sums.lossSquared += one * one;
        sums.cross += one * production;
      }
      blocks.push({ ...NO_BLOCK, at, rows, truth: rows, loss, lossSquared });
    },
    () => {
      const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
      const mean = sums.loss / rows;
      const numbers = {
        maeProduction: sums.production / rows,
        maeShadow: (sums.production + sums.loss) / rows,
        loss: mean,
        lossDeviation: Math.sqrt(sums.lossSquared / rows - mean * mean),
      };
      const losses: LossStratum[] = [{ band: 'above', rows, apart, labelled: rows, error: sums, squared: sums }];
      const truth = { rows, of: rows, labels: undefined, numbers, unknown: 0, losses };
      return { predictions: { task: 'regression', rows, blocks, truth, numbers: numbersOf(rows, 0, 0.3) } };
    },
  );
}

function numbersOf(rows: number, bias: number, deviation: number): NonNullable<Predictions['numbers']> {
  const spread = { mean: 0, deviation: 1, min: -4, p10: -1.3, p50: 0, p90: 1.3, max: 4 };
  return {
    rows,
    of: 'value',
    production: spread,
    shadow: spread,
    bias,
    deviation,
    mae: deviation,
    rmse: deviation,
    correlation: undefined,
    beyond: 0,
    tolerance: 0.5,
    distances: { ks: 0, wasserstein: 0, psi: 0, jensenShannon: 0 },
    histogram: { low: -4, high: 4, production: [], shadow: [] },
    scatter: [],
  };
}

/** Numbers that lean to one side by so many of production's standard deviations; single rows scatter by a fifth of one. */
export function biasByDays(random: Random, days: Days): Ended {
  const blocks: PairBlock[] = [];
  return watchDays(
    random,
    days,
    ({ rows, worse }, at) => {
      // Means and squares of so many normal numbers.
      const d = rows * worse + Math.sqrt(rows) * SCATTER * random.normal();
      blocks.push({ ...NO_BLOCK, at, rows, d, dd: rows * (SCATTER ** 2 + worse ** 2), beyond: 0 });
    },
    () => {
      const total = (of: (block: PairBlock) => number) => blocks.reduce((sum, block) => sum + of(block), 0);
      const rows = total((block) => block.rows);
      const bias = total((block) => block.d) / rows;
      const deviation = Math.sqrt(Math.max(0, total((block) => block.dd) / rows - bias ** 2));
      return { predictions: { task: 'regression', rows, blocks, numbers: numbersOf(rows, bias, deviation) } };
    },
  );
}

const SCATTER = 0.2;
const FRAUD = 0.05;
const MISSED = 0.2;
const FALSE = 0.02;
const ANEW = 0.2;

/** What mistakes cost, of two classes: the candidate misses as much more of the rare one as the day is worse, a share; four of five answers are production's. */
export function costByDays(random: Random, days: Days): Ended {
  const outcomes = new Map<string, TruthOutcome & { rows: number }>();
  const strata = new Map<string, { -readonly [K in keyof TruthStratum]: TruthStratum[K] }>();
  const blocks: PairBlock[] = [];
  return watchDays(
    random,
    days,
    ({ rows, worse }, at) => {
      const block = { ...NO_BLOCK, at, rows, truth: rows, onlyProduction: 0, onlyShadow: 0, cost: 0 };
      for (let i = 0; i < rows; i += 1) {
        const truth = random.next() < FRAUD ? 'fraud' : 'ok';
        const says = (misses: number) => {
          const wrong = random.next() < (truth === 'fraud' ? misses : FALSE);
          return wrong === (truth === 'fraud') ? 'ok' : 'fraud';
        };
        const production = says(MISSED);
        const own = says(Math.min(1, Math.max(0, MISSED * (1 + worse / ANEW))));
        const shadow = random.next() < ANEW ? own : production;
        const key = `${production} ${shadow} ${truth}`;
        const outcome = outcomes.get(key) ?? { production, shadow, truth, rows: 0 };
        outcome.rows += 1;
        outcomes.set(key, outcome);
        const only = Number(production === truth && shadow !== truth);
        const other = Number(production !== truth && shadow === truth);
        const differ = production !== shadow;
        const of = `${production} ${differ}`;
        const stratum = strata.get(of) ?? {
          production,
          differ,
          rows: 0,
          labelled: 0,
          onlyProduction: 0,
          onlyShadow: 0,
        };
        stratum.rows += 1;
        stratum.labelled += 1;
        stratum.onlyProduction += only;
        stratum.onlyShadow += other;
        strata.set(of, stratum);
        const price = (answer: string) => (answer === truth ? 0 : COSTS[truth === 'fraud' ? 'fraud→ok' : 'ok→fraud']);
        block.cost += price(shadow) - price(production);
        block.onlyProduction += only;
        block.onlyShadow += other;
        if (!differ) block.agree += 1;
      }
      blocks.push(block);
    },
    () => {
      const total = (of: (block: PairBlock) => number) => blocks.reduce((sum, block) => sum + of(block), 0);
      const rows = total((block) => block.rows);
      const right = (who: 'production' | 'shadow') =>
        [...outcomes.values()].reduce((sum, one) => sum + (one[who] === one.truth ? one.rows : 0), 0);
      const labels = {
        production: right('production'),
        shadow: right('shadow'),
        onlyProduction: total((block) => block.onlyProduction ?? 0),
        onlyShadow: total((block) => block.onlyShadow ?? 0),
      };
      const truth = {
        rows,
        of: rows,
        labels,
        numbers: undefined,
        unknown: 0,
        strata: [...strata.values()],
        outcomes: [...outcomes.values()],
        prices: COSTS,
      };
      return { predictions: { rows, blocks, truth, labels: labelsOf(blocks) }, changed: { costs: COSTS } };
    },
  );
}
