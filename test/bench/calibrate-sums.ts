import { costLimit } from '../../src/analysis/judge/cost.ts';
import { judgeScores } from '../../src/analysis/judge/loss.ts';
import { judgeReference } from '../../src/analysis/judge/reference.ts';
import type { LossSums, Predictions, TruthSums } from '../../src/analysis/predictions.ts';
import type { Random } from '../support/random.ts';
import { ask } from './calibrate-answers.ts';
import { autoregressive, type Ended, MINUTES, minutesOf, policy, RATE, type Span, watch } from './calibrate-frame.ts';

/** Gates that look at labels by class, at scores of several classes, or at a distribution that is expected. */

const FRAUD = 0.05;
export const COSTS = { 'fraud→ok': 20, 'ok→fraud': 1 };
/** Share of each class that either model gets wrong. */
const MISSED = 0.2;
const FALSE = 0.02;
/** What a row of either model costs: 0.05 × 0.2 × 20 + 0.95 × 0.02 × 1. */
export const COST = FRAUD * MISSED * 20 + (1 - FRAUD) * FALSE;

/** A limit on the shadow's own cost of a row, every row labelled; `burst` as in calibrate-shares.ts, of the shadow's misses. */
export function costOfRow(random: Random, limit: number, burst: number): Ended {
  const moods = autoregressive(random, 0.8, MINUTES);
  const outcomes = new Map<string, { production: string; shadow: string; truth: string; rows: number }>();
  const strata = new Map<string, TruthStratum>();
  const blocks: {
    at: number;
    rows: number;
    truth: number;
    onlyProduction: number;
    onlyShadow: number;
    cost: number;
  }[] = [];
  return watch((minutes) => {
    while (blocks.length < minutes) {
      const missed = Math.min(1, MISSED * Math.exp(burst * (moods[blocks.length] ?? 0) - (burst * burst) / 2));
      const block = { at: blocks.length * 60_000, rows: RATE, truth: RATE, onlyProduction: 0, onlyShadow: 0, cost: 0 };
      for (let i = 0; i < RATE; i += 1) {
        const truth = random.next() < FRAUD ? 'fraud' : 'ok';
        const says = (misses: number) => {
          const wrong = random.next() < (truth === 'fraud' ? misses : FALSE);
          return wrong === (truth === 'fraud') ? 'ok' : 'fraud';
        };
        const [production, shadow] = [says(MISSED), says(missed)];
        const key = `${production} ${shadow} ${truth}`;
        const outcome = outcomes.get(key) ?? { production, shadow, truth, rows: 0 };
        outcomes.set(key, { ...outcome, rows: outcome.rows + 1 });
        const [only, other] = [production === truth && shadow !== truth, production !== truth && shadow === truth];
        const differ = production !== shadow;
        const of = `${production} ${differ}`;
        const before = strata.get(of) ?? { production, differ, rows: 0, labelled: 0, onlyProduction: 0, onlyShadow: 0 };
        strata.set(of, {
          ...before,
          rows: before.rows + 1,
          labelled: before.labelled + 1,
          onlyProduction: before.onlyProduction + Number(only),
          onlyShadow: before.onlyShadow + Number(other),
        });
        const price = (answer: string) => (answer === truth ? 0 : COSTS[truth === 'fraud' ? 'fraud→ok' : 'ok→fraud']);
        block.cost += price(shadow) - price(production);
        block.onlyProduction += Number(only);
        block.onlyShadow += Number(other);
      }
      blocks.push(block);
    }
    const rows = minutes * RATE;
    const right = (who: 'production' | 'shadow') =>
      [...outcomes.values()].reduce((sum, one) => sum + (one[who] === one.truth ? one.rows : 0), 0);
    const of = (who: 'onlyProduction' | 'onlyShadow') => blocks.reduce((sum, one) => sum + one[who], 0);
    const labels = {
      production: right('production'),
      shadow: right('shadow'),
      onlyProduction: of('onlyProduction'),
      onlyShadow: of('onlyShadow'),
    };
    const truth: TruthSums = {
      rows,
      of: rows,
      labels,
      numbers: undefined,
      unknown: 0,
      strata: [...strata.values()],
      outcomes: [...outcomes.values()],
      prices: COSTS,
    };
    const seen = { pairs: rows, rows, truth, blocks: blocks as unknown as Predictions['blocks'] };
    return ask((evidence) => [costLimit(evidence, limit)], seen, { costs: COSTS });
  });
}

type TruthStratum = NonNullable<TruthSums['strata']>[number];

/** The percentiles of a normal distribution. scipy: norm.ppf(k / 100) */
const PERCENTILES = percentiles();

function percentiles(): number[] {
  // Φ by its series (Marsaglia 2004), turned around by bisection.
  const below = (x: number) => {
    let [sum, term] = [x, x];
    for (let i = 3; i < 200; i += 2) sum += term *= (x * x) / i;
    return 0.5 + sum * Math.exp((-x * x) / 2 - 0.918_938_533_204_672_8);
  };
  return Array.from({ length: 99 }, (_, k) => {
    let [low, high] = [-4, 4];
    for (let i = 0; i < 60; i += 1) {
      const middle = (low + high) / 2;
      if (below(middle) < (k + 1) / 100) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  });
}

/** The shadow's numbers against a file that holds a normal distribution: theirs lie `shift` higher; `common` of their variance is the minute's. */
export function againstReference(
  random: Random,
  name: 'ks' | 'psi',
  margin: number,
  { shift, common }: { shift: number; common: number },
): Ended {
  const moods = autoregressive(random, 0.5, MINUTES);
  const counted = PERCENTILES.map(() => 0);
  const quartiles = [24, 49, 74].map((k) => PERCENTILES[k] ?? 0);
  const each: { at: number; rows: number; upTo: number[] }[] = [];
  let [taken, rows] = [0, 0];
  return watch((minutes) => {
    for (; taken < minutes; taken += 1) {
      const minute = { at: taken * 60_000, rows: RATE, upTo: [0, 0, 0] };
      each.push(minute);
      for (let i = 0; i < RATE; i += 1) {
        const x = shift + Math.sqrt(common) * (moods[taken] ?? 0) + Math.sqrt(1 - common) * random.normal();
        for (const [k, at] of PERCENTILES.entries()) if (x <= at) counted[k] = (counted[k] ?? 0) + 1;
        for (const [k, at] of quartiles.entries()) if (x <= at) minute.upTo[k] = (minute.upTo[k] ?? 0) + 1;
        rows += 1;
      }
    }
    const edges = PERCENTILES.map((at, k) => {
      const [share, n] = [(k + 1) / 100, counted[k] ?? 0];
      return { at, below: share, upTo: share, counted: { below: n, upTo: n } };
    });
    return ask(
      judgeReference,
      {
        pairs: rows,
        rows,
        blocks: Array.from({ length: minutes }, () => ({ rows: RATE })) as unknown as Predictions['blocks'],
        reference: { digest: '', of: 10_000, rows, edges, minutes: each },
      },
      { reference: { file: 'r', ks: undefined, psi: undefined, [name]: margin } },
    );
  });
}

const CLASSES = 3;

function softmax(logits: readonly number[]): number[] {
  const weights = logits.map((one) => Math.exp(one));
  const total = weights.reduce((sum, one) => sum + one, 0);
  return weights.map((one) => one / total);
}

/** Brier score of one row's probabilities. */
const brier = (shares: readonly number[], truth: number) =>
  shares.reduce((sum, share, k) => sum + (share - (k === truth ? 1 : 0)) ** 2, 0);

/** What both models say of a row whose truth is as likely as its logits say: these, blurred by so much. */
export function scored(random: Random, blur: number): { production: number; shadow: number; agree: boolean } {
  const logits = Array.from({ length: CLASSES }, () => 1.5 * random.normal());
  const [chances, draw] = [softmax(logits), random.next()];
  const truth = draw < (chances[0] ?? 0) ? 0 : draw < (chances[0] ?? 0) + (chances[1] ?? 0) ? 1 : 2;
  const blurred = (by: number) => softmax(logits.map((one) => one + by * random.normal()));
  const [ours, theirs] = [blurred(PRODUCTION_BLUR), blurred(blur)];
  const top = (list: readonly number[]) => list.indexOf(Math.max(...list));
  return { production: brier(ours, truth), shadow: brier(theirs, truth), agree: top(ours) === top(theirs) };
}

export const PRODUCTION_BLUR = 0.5;

/** Brier scores of three classes; `wander`: how much the shadow's blur changes from minute to minute, its logarithm. */
export function brierOfClasses(random: Random, blur: number, wander: number, span: Span = {}): Ended {
  const moods = autoregressive(random, 0.8, minutesOf(span));
  const bands = (['agree', 'differ'] as const).map((band) => ({ band, rows: 0, squared: nothing() }));
  const blocks: { at: number; rows: number; truth: number; squaredLoss: number }[] = [];
  return watch((minutes) => {
    while (blocks.length < minutes) {
      const now = blur * Math.exp(wander * (moods[blocks.length] ?? 0));
      let squaredLoss = 0;
      for (let i = 0; i < RATE; i += 1) {
        const { production, shadow, agree } = scored(random, now);
        const loss = shadow - production;
        const band = bands[agree ? 0 : 1];
        if (band === undefined) continue;
        band.rows += 1;
        band.squared.production += production;
        band.squared.productionSquared += production ** 2;
        band.squared.loss += loss;
        band.squared.lossSquared += loss ** 2;
        band.squared.cross += loss * production;
        squaredLoss += loss;
      }
      blocks.push({ at: 0, rows: RATE, truth: RATE, squaredLoss });
    }
    const rows = minutes * RATE;
    const scores = bands.map((one) => ({ ...one, labelled: one.rows, apart: 0, error: one.squared }));
    const truth = { rows, of: rows, labels: undefined, numbers: undefined, unknown: 0, scores };
    const predictions = { pairs: rows, rows, truth, blocks: blocks as unknown as Predictions['blocks'] };
    return ask(
      (evidence) => judgeScores(evidence.observations.predictions ?? missing(), truth, evidence),
      predictions,
      {
        decide: [...policy.decide, 'truth.score'],
      },
    );
  }, span);
}

const missing = (): never => {
  throw new Error('the evidence has predictions');
};
const nothing = (): LossSums => ({ production: 0, productionSquared: 0, loss: 0, lossSquared: 0, cross: 0 });
