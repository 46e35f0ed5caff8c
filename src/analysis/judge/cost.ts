import { classesOf, pricedClasses, priceOf } from '../answers/prices.ts';
import type { Prices } from '../answers/prices.ts';
import { className, OTHERS } from '../answers/strata.ts';
import { nearest } from '../../base/schema.ts';
import { counted, number, percent } from '../../base/units.ts';
import type { Predictions, TruthSums } from '../predictions.ts';
import type { Policy } from '../policy/policy.ts';
import { gates } from '../policy/policy.ts';
import type { Occurred } from '../statistics/bounded.ts';
import type { Interval } from '../statistics/proportions.ts';
import { accuracyMinutes, lossClustering } from './accuracy.ts';
import type { Evidence } from './evidence.ts';
import { lossSample, MIN_LABELS, total } from './loss-sample.ts';
import { needsAdvice, needsLabels } from './needs.ts';
import type { Blocker } from './needs.ts';
import { boundedMean } from './paired.ts';
import { labelledOf } from './chosen-labels.ts';
import { lossScatter } from './scatter.ts';
import type { Blocks } from './scatter.ts';
import { truthGate } from './truth-gate.ts';
import type { TruthFound } from './truth-gate.ts';
import { chosenLabels, unseenBursts } from './truth-limits.ts';
import type { Gate } from './verdict.ts';
import { copiesOf } from '../statistics/repeats.ts';

/** What labels say of the cost of mistakes, weighed so that all rows are spoken for. */
interface CostSample {
  /** Rows with a label by what each model's answer costs. */
  values: readonly { weight: number; count: number; production: number; shadow: number }[];
  /** Rows on which the models agree and of which nothing is known, counted as if a label had been drawn as often as elsewhere. */
  silent: number;
  /** Shares of all rows of which too little is known: where the models agree, and where they differ. */
  unknown: { agree: number; differ: number };
  /** The greatest price. */
  most: number;
  /** Mean cost of a row, as far as it is known. */
  production: number;
  shadow: number;
  /** Labels that are missing where the models differ. */
  missing: number;
}

/**
 * Each row with a label costs what its mistake costs. Rows count as often as there are rows like them: of production's class,
 * and on which the models agree or differ (post-stratification, as for accuracy). Of such with too few labels, or with labels
 * that were not chosen by lot, nothing is known: each may cost nothing or the most.
 */
function costSample(truth: TruthSums, prices: Prices): CostSample {
  const { strata = [], outcomes = [] } = truth;
  const rows = Math.max(
    1,
    total(strata, (one) => one.rows),
  );
  const { unlabelled, balancing } = lossSample(strata);
  const told = strata.filter(
    (one) => one.labelled > 0 && (one.labelled >= MIN_LABELS || one.labelled >= one.rows) && !unlabelled.includes(one),
  );
  const untold = (differ: boolean) => strata.filter((one) => one.differ === differ && !told.includes(one));
  const speaksFor = total(told, (one) => one.rows);
  const drawn = speaksFor === 0 ? 1 : total(told, (one) => one.labelled) / speaksFor;
  const names = new Set(strata.map(({ production }) => production));
  const values = outcomes.flatMap(({ production, shadow, truth: label, rows: n }) => {
    const name = names.has(production) ? production : OTHERS;
    const stratum = told.find((one) => one.production === name && one.differ === (production !== shadow));
    if (stratum === undefined) return [];
    const price = (answer: string) => priceOf(prices, label, className(answer)) ?? 0;
    const weight = (stratum.rows / stratum.labelled) * drawn;
    return [{ weight, count: n, production: price(production), shadow: price(shadow) }];
  });
  const [agree, differ] = [untold(false), untold(true)].map((list) => total(list, (one) => one.rows)) as [
    number,
    number,
  ];
  const mean = (who: 'production' | 'shadow') =>
    total(values, (one) => one.weight * one.count * one[who]) / (rows * drawn);
  return {
    values,
    silent: agree * drawn,
    unknown: { agree: agree / rows, differ: differ / rows },
    most: Math.max(...Object.values(prices)),
    production: mean('production'),
    shadow: mean('shadow'),
    missing: total(untold(true), (one) => Math.max(0, MIN_LABELS - one.labelled)) + balancing,
  };
}

/**
 * Bounds of the mean, over all rows, of the shadow's cost less (1 + margin) times production's, each at alpha: below 0 the
 * shadow costs more by less than the margin. `margin` −1 asks about the shadow's own cost.
 */
function excess(sample: CostSample, margin: number, times: number, policy: Policy): Interval {
  const { most, silent, unknown } = sample;
  const widest = most * Math.max(1, ...sample.values.map(({ weight }) => weight));
  const values = sample.values.map(
    ({ weight, count: n, production, shadow }): Occurred => ({
      value: weight * (shadow - (1 + margin) * production),
      count: n * times,
    }),
  );
  const [low, high] = boundedMean(
    [...values, { value: 0, count: silent * times }],
    -(1 + margin) * widest,
    widest,
    policy,
  );
  const known = 1 - unknown.differ;
  // Of rows on which the models agree both pay the same.
  return [
    low * known + unknown.agree * Math.min(0, -margin * most) - unknown.differ * (1 + margin) * most,
    high * known + unknown.agree * Math.max(0, -margin * most) + unknown.differ * most,
  ];
}

const CATEGORIES = 'What mistakes cost is said of classes, and these answers have none';

/** Does a row cost more than with production? Paired: both models answered the same rows. Without prices nothing is asked. */
export function judgeCost(predictions: Predictions, truth: TruthSums, evidence: Evidence): Gate[] {
  const { policy } = evidence;
  const { costs: prices } = policy;
  if (prices === undefined) return [];
  if (truth.outcomes === undefined) return [unknownCost(evidence, noOutcomes(truth))];
  const sample = costSample(truth, prices);
  const share = policy.expect?.kind === 'better' ? -(policy.expect.by ?? 0) : policy.cost;
  const margin = share * sample.production;
  const minutes = accuracyMinutes(predictions.blocks, lossSample(truth.strata ?? []));
  const known = total(sample.values, (one) => one.count) + sample.silent;
  const shown = (loss: number) => `${number(loss)} a row`;
  const nothing: Blocker = {
    reason: `production's mistakes cost nothing here, and a share of nothing allows nothing`,
    missing: 0,
    needs: needsAdvice('labels of mistakes that production makes, or a limit in place of a share (limits.cost)'),
  };
  const gate = truthGate('truth.cost', 'Do its mistakes cost more?', predictions, evidence, {
    facts: `Its mistakes cost ${shown(sample.shadow)}, and production's ${shown(sample.production)}, over ${counted(truth.rows, 'rows')} with labels${unknownWords(sample)}`,
    words: ['it costs more by', 'increase', 'it costs less by'],
    show: shown,
    estimate: sample.shadow - sample.production,
    interval: (times, factor): Interval => {
      const [low, high] = excess(sample, share, times / factor, policy);
      return [low + margin, high + margin];
    },
    margin,
    n: truth.rows,
    known,
    minutes: [minutes.onlyProduction, minutes.onlyShadow],
    ...clustering(predictions, known, burstsOf(predictions, sample, policy)),
    blocker: unclear(truth, prices) ?? otherPrices(truth, prices) ?? (sample.production > 0 ? undefined : nothing),
  });
  return [{ ...gate, unit: 'number', ...labelsMissing(gate, sample) }];
}

/** Does a row cost no more than the limit, whatever production's costs? */
export function costLimit(evidence: Evidence, limit: number): Gate {
  const { policy, observations } = evidence;
  const predictions = labelledOf(observations);
  const truth = predictions?.truth;
  const title = 'Do its mistakes cost too much?';
  const { costs: prices = {} } = policy;
  if (predictions === undefined || truth?.outcomes === undefined)
    return {
      ...unknownCost(evidence, truth === undefined ? 'No label is known.' : noOutcomes(truth)),
      id: 'limits.cost',
      title,
      gating: gates(policy, 'limits.cost'),
      margin: limit,
    };
  const sample = costSample(truth, prices);
  const minutes = accuracyMinutes(predictions.blocks, lossSample(truth.strata ?? []));
  const gate = truthGate('limits.cost', title, predictions, evidence, {
    facts: `Its mistakes cost ${number(sample.shadow)} a row, over ${counted(truth.rows, 'rows')} with labels${unknownWords(sample)}`,
    words: ['they cost', 'cost', ''],
    show: (cost) => `${number(cost)} a row`,
    estimate: sample.shadow,
    // Where nothing is known, all may cost the most, whether the models agree or not.
    interval: (times, factor): Interval => {
      const [low, high] = excess(sample, -1, times / factor, policy);
      return [Math.max(0, low), Math.min(sample.most, high)];
    },
    margin: limit,
    mustNotLose: true,
    n: truth.rows,
    known: truth.rows,
    minutes: [minutes.onlyProduction],
    ...clustering(predictions, truth.rows, burstsOf(predictions, sample, policy)),
    blocker:
      unclear(truth, prices) ??
      chosenLabels(truth, evidence) ??
      unseenBursts(evidence, minutes.onlyProduction.filter(({ n }) => n > 0).length),
  });
  return { ...gate, unit: 'number', ...labelsMissing(gate, sample) };
}

/** Costs were named, and nothing can be said of them. */
export function unknownCost({ policy }: Evidence, reason: string): Gate {
  return {
    id: 'truth.cost',
    title: 'Do its mistakes cost more?',
    outcome: 'inconclusive',
    gating: gates(policy, 'truth.cost'),
    unit: 'number',
    estimate: undefined,
    interval: undefined,
    margin: undefined,
    relation: '<',
    n: 0,
    of: 'rows',
    reason,
    ...needsAdvice('labels of classes (--labels)'),
  };
}

function noOutcomes({ numbers, labels }: TruthSums): string {
  if (numbers !== undefined || labels === undefined) return `${CATEGORIES}.`;
  return `${CATEGORIES}, or an older version saved this without counting them.`;
}

/** How much less rows count for their minutes: by who is right, or by what the shadow costs more, which one rare mistake decides. */
function burstsOf(predictions: Predictions, sample: CostSample, blocks: Blocks): number {
  const { truth } = predictions;
  const minutes = accuracyMinutes(predictions.blocks, lossSample(truth?.strata ?? []));
  const costs = predictions.blocks.map((block) => ({ loss: block.cost ?? 0, truth: block.truth ?? 0 }));
  const [mean, deviation] = spreadOf(sample);
  return Math.max(lossClustering(minutes, predictions, blocks).factor, lossScatter(costs, { mean, deviation }, blocks));
}

/** A model errs on a repeated input as before, at whatever price: each input counts once. */
function clustering({ repeats }: Predictions, rows: number, bursts: number): Pick<TruthFound, 'clustering' | 'inputs'> {
  const inputs = repeats?.onlyProduction;
  const copies = copiesOf(inputs);
  const repeated = copies > bursts;
  return {
    inputs: repeated && inputs?.by === undefined ? rows / copies : rows,
    clustering: {
      factor: Math.max(copies, bursts),
      by: repeated ? 'inputs' : 'minutes',
      cluster: repeated ? inputs?.by : undefined,
    },
  };
}

/** Mean and standard deviation of what a row with a label costs more. */
function spreadOf({ values }: CostSample): [mean: number, deviation: number] {
  const n = total(values, (one) => one.count);
  if (n === 0) return [0, 0];
  const mean = total(values, (one) => one.count * (one.shadow - one.production)) / n;
  const squares = total(values, (one) => one.count * (one.shadow - one.production - mean) ** 2) / n;
  return [mean, Math.sqrt(squares)];
}

/** A row has no price, or a price no row: then what is judged is not what was meant. */
function unclear({ outcomes = [], strata = [] }: TruthSums, prices: Prices): Blocker | undefined {
  const others = outcomes.find(({ truth, production }) => truth === OTHERS && production === OTHERS);
  if (others !== undefined)
    return {
      reason: `labels and answers have more kinds of mistakes than are counted one by one, and ${counted(others.rows, 'rows')} are of the rest`,
      missing: 0,
      needs: needsAdvice('labels and answers of fewer classes'),
    };
  const labels = new Set(outcomes.map(({ truth }) => truth));
  const answers = new Set(
    [...outcomes.flatMap((one) => [one.production, one.shadow]), ...strata.map((one) => one.production)].map(className),
  );
  const unpriced = outcomes.flatMap(({ truth, production, shadow }) =>
    [production, shadow]
      .map(className)
      .filter((answer) => priceOf(prices, truth, answer) === undefined)
      .map((answer) => `${truth}→${answer}`),
  );
  const [first] = unpriced;
  if (first !== undefined) {
    const kinds = new Set(unpriced).size;
    return {
      reason: `the mistake ${first} occurs and has no price${kinds > 1 ? `, as ${kinds - 1} more` : ''}`,
      missing: 0,
      needs: needsAdvice(`a price for it: costs: { '${first}': … }, or '*→*' for all that have none`),
    };
  }
  const unknown = pricedClasses(prices).find((name) => !labels.has(name) && !answers.has(name));
  if (unknown !== undefined) {
    const near = nearest(unknown, [...labels, ...answers]);
    return {
      reason: `costs names the class ${unknown}, which no label and no answer is${near === undefined ? '' : `; did you mean ${near}?`}`,
      missing: 0,
      needs: needsAdvice('costs of classes that occur, or labels of this one'),
    };
  }
  const unseen = Object.keys(prices)
    .map((key) => classesOf(key)[0])
    .find((name) => name !== '*' && !labels.has(name));
  if (unseen === undefined) return undefined;
  return {
    reason: `no row with a label is of class ${unseen}, so what the models cost on it is not known`,
    missing: 0,
    needs: needsAdvice(`labels of rows of class ${unseen}`),
  };
}

/** Whether costs come in bursts is summed at the prices of then. */
function otherPrices(truth: TruthSums, prices: Prices): Blocker | undefined {
  const sorted = (one: Prices | undefined) =>
    JSON.stringify(Object.entries(one ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  if (sorted(truth.prices) === sorted(prices)) return undefined;
  return {
    reason: 'costs were summed minute by minute at other prices',
    missing: 0,
    needs: needsAdvice('a report on the captures themselves, with these costs'),
  };
}

function unknownWords({ unknown: { agree, differ } }: CostSample): string {
  const parts = [
    differ > 0 ? `${percent(differ)} of all rows, on which the models differ,` : '',
    agree > 0 ? `${percent(agree)}, on which they agree,` : '',
  ].filter((words) => words !== '');
  return parts.length === 0 ? '' : `; of ${parts.join(' and of ')} too few have a label`;
}

/** Where labels are missing, more traffic is not what helps. */
function labelsMissing({ outcome }: Gate, { missing, unknown }: CostSample) {
  return outcome === 'inconclusive' && unknown.differ > 0 && missing > 0 ? needsLabels(missing) : {};
}
