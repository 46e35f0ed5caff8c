import type { PairCounts } from '../observations.ts';
import type { Policy } from '../policy/policy.ts';
import type { PairBlock, Predictions } from '../predictions.ts';
import type { Interval } from '../statistics/proportions.ts';
import { DIFFERENCE, SHARE, windowInterval } from '../statistics/window.ts';
import { insufficientData } from './evidence.ts';
import type { Evidence, Minutes } from './evidence.ts';
import { exceedanceMinutes, isCountedFor } from './latency.ts';
import { labelNoise, numberNoise, othersNoise, scoreNoise } from './noise-floor.ts';
import { errorMinutes } from './summaries.ts';
import { countedAgainst } from './unanswered.ts';
import { compare, worst } from './verdict.ts';
import type { Gate, Outcome } from './verdict.ts';

/**
 * The gate with what holds in this window, whatever its rows depend on: of shares and of differences of two shares. It says
 * nothing about any other time, and is no outcome by itself. Left out where something other than time stands in the way of
 * the gate, so that it would be a claim about other rows; and above a noise floor, which was measured at another time.
 */
export function withWindow(gate: Gate, evidence: Evidence): Gate {
  const { margin, relation } = gate;
  if (margin === undefined || gate.test === 'rule') return gate;
  // What more of the same does not help is in the way here, too.
  if (gate.outcome === 'inconclusive' && gate.missing === undefined) return gate;
  const interval = intervalOf(gate.id, evidence);
  if (interval === undefined) {
    const noWindow = whyNone(gate.id, evidence);
    return noWindow === undefined ? gate : { ...gate, noWindow };
  }
  return { ...gate, inWindow: { interval, outcome: compare(interval, margin, relation === '<') } };
}

/** What a verdict would be by this window alone: gates that are decided count as they are, the others by what holds in it. */
export function inWindow(gates: readonly Gate[]): Outcome {
  return worst(
    gates.map((gate) =>
      gate.outcome === 'inconclusive' ? { ...gate, outcome: gate.inWindow?.outcome ?? 'inconclusive' } : gate,
    ),
  );
}

/** Why nothing can be said of this window alone, where that is no matter of data that are missing. */
function whyNone(id: string, { observations: { metrics, predictions } }: Evidence): string | undefined {
  const [kind = '', name = ''] = id.split('.');
  if (id === 'latency.mean')
    return 'How long a single request may take has no bound, so neither has the mean of one window.';
  if (kind === 'latency' && QUANTILES.some((one) => one === name) && metrics.exceedances === undefined)
    return 'How many requests took longer than the threshold was not counted in this window.';
  if (id === 'slices')
    return 'Columns are cut at the quartiles of the whole window, so which rows are in a part depends on what came after them.';
  if (kind === 'distance' || kind === 'reference') return 'A distance between two distributions is not a mean of rows.';
  const { rows = 0, of = 0 } = predictions?.truth ?? {};
  if (kind === 'truth' && rows < of)
    return 'Only a part of the rows has a label, and how these were chosen is not known.';
  if (id === 'truth.error') return 'How far off an answer may be has no bound.';
  return undefined;
}

function intervalOf(id: string, evidence: Evidence): Interval | undefined {
  const { observations, policy } = evidence;
  if (id === 'errors') return errorsInWindow(evidence);
  if (id.startsWith('latency.')) return quantileInWindow(id, evidence);
  const { predictions } = observations;
  if (predictions === undefined || insufficientData(predictions, evidence) !== undefined) return undefined;
  switch (id) {
    case 'labels.agreement':
    case 'answers.agreement':
      return labelNoise(evidence) === undefined
        ? withUnanswered(predictions, evidence, (block) => block.agree, 'miss')
        : undefined;
    case 'labels.scores':
      // Blocks count all rows, and only some may have scores.
      return predictions.numbers?.rows === predictions.rows &&
        numberNoise(evidence, predictions.numbers.tolerance) === undefined
        ? share(predictions.blocks, ({ rows, beyond }) => (beyond === undefined ? undefined : rows - beyond), policy)
        : undefined;
    case 'labels.others':
      return predictions.labels?.others !== undefined &&
        othersNoise(evidence, predictions.labels.others.tolerance) === undefined
        ? share(predictions.blocks, ({ rows, others }) => (others === undefined ? undefined : rows - others), policy)
        : undefined;
    case 'numbers.tolerance':
      return numberNoise(evidence, predictions.numbers?.tolerance ?? 0) === undefined
        ? withUnanswered(predictions, evidence, (block) => block.beyond, 'hit')
        : undefined;
    case 'answers.refusals':
      return refusals(predictions, policy);
    case 'truth.accuracy':
      return accuracy(predictions, policy);
    default:
      return scoreInWindow(id, predictions, evidence);
  }
}

/**
 * What the shadow did not answer differs here, too, as in the gate; and of what nobody knows, both may be.
 *
 * @param lost what a row counts as that differs
 */
function withUnanswered(
  predictions: Predictions,
  evidence: Evidence,
  hits: (block: PairBlock) => number | undefined,
  lost: 'hit' | 'miss',
): Interval | undefined {
  const { counted, worst: most } = countedAgainst(predictions, evidence);
  const bounds = [counted, ...(most === undefined ? [] : [most])].map((sums) => {
    const rows = (sums.labels ?? sums.numbers)?.rows ?? 0;
    // Nobody knows in which minute they came.
    const more = Math.max(0, rows - sums.blocks.reduce((sum, block) => sum + block.rows, 0));
    return share(sums.blocks, hits, evidence.policy, { successes: lost === 'hit' ? more : 0, n: more });
  });
  if (bounds.some((one) => one === undefined)) return undefined;
  const known = bounds as Interval[];
  return [Math.min(...known.map(([low]) => low)), Math.max(...known.map(([, high]) => high))];
}

/** Undefined where an older version did not count it. */
function share(
  blocks: readonly PairBlock[],
  hits: (block: PairBlock) => number | undefined,
  { alpha }: Policy,
  more: Minutes[number] = { successes: 0, n: 0 },
): Interval | undefined {
  if (blocks.some((block) => hits(block) === undefined)) return undefined;
  return windowInterval(
    [...blocks.map((block) => ({ successes: hits(block) ?? 0, n: block.rows })), ...(more.n === 0 ? [] : [more])].map(
      sumsOf,
    ),
    SHARE,
    alpha,
  );
}

/** Of hits the squares are the hits. */
function sumsOf({ successes, n }: Minutes[number]) {
  return { n, sum: successes, squares: successes };
}

/** Rows where something is true of one side alone, less those where it is true of the other alone. */
function difference(minutes: readonly { n: number; more: number; less: number }[], { alpha }: Policy): Interval {
  return windowInterval(
    minutes.map(({ n, more, less }) => ({ n, sum: more - less, squares: more + less })),
    DIFFERENCE,
    alpha,
  );
}

function refusals({ answers }: Predictions, policy: Policy): Interval | undefined {
  const flag = answers?.flags.find(({ name }) => name === 'refuses');
  return (
    flag &&
    difference(
      flag.minutes.map(({ rows, onlyShadow, onlyProduction }) => ({ n: rows, more: onlyShadow, less: onlyProduction })),
      policy,
    )
  );
}

/** Where every compared row has a label: of a part of them nobody knows how it was chosen. */
function accuracy({ blocks, truth }: Predictions, policy: Policy): Interval | undefined {
  if (truth === undefined || truth.rows < truth.of || truth.rows === 0) return undefined;
  return difference(
    blocks.map((block) => ({ n: block.truth ?? 0, more: block.onlyProduction ?? 0, less: block.onlyShadow ?? 0 })),
    policy,
  );
}

/** Where it is not known one by one which requests failed, each share is bounded alone, at half of alpha. */
function errorsInWindow({ observations: { metrics }, policy }: Evidence): Interval | undefined {
  if (metrics.shadow === undefined) return undefined;
  if (metrics.paired !== undefined) return discordant(metrics.paired.failed, policy);
  return apart(errorMinutes(metrics.production), errorMinutes(metrics.shadow), policy);
}

/** The shadow's share less production's, of the same requests. */
function discordant({ n, production, shadow }: PairCounts, policy: Policy, from = 0): Interval {
  const minutes = n.map((all, i) => ({ n: all, more: shadow[i] ?? 0, less: production[i] ?? 0 }));
  return difference(minutes.slice(from), policy);
}

/** Likewise of which took longer than production's quantile. Means have no bound in a window: nobody knows how long a request may take. */
function quantileInWindow(id: string, { observations: { metrics }, policy }: Evidence): Interval | undefined {
  const name = QUANTILES.find((one) => id === `latency.${one}`);
  const exceedance = name && metrics.exceedances?.[name];
  if (name === undefined || exceedance === undefined || metrics.shadow === undefined) return undefined;
  if (!isCountedFor(exceedance, name, policy)) return undefined;
  if (exceedance.pairs !== undefined) {
    const first = metrics.shadow.invocations.findIndex((n) => (n ?? 0) > 0);
    return first < 0 ? undefined : discordant(exceedance.pairs, policy, first + policy.warmupMinutes);
  }
  const minutes = exceedanceMinutes(metrics.production, metrics.shadow, exceedance, policy);
  return apart(
    minutes.map(({ production }) => production),
    minutes.map(({ shadow }) => shadow),
    policy,
  );
}

const QUANTILES = ['p50', 'p90', 'p99'] as const;

/** The shadow's share less production's. */
function apart(production: Minutes, shadow: Minutes, { alpha }: Policy): Interval {
  const bounds = (side: Minutes) => windowInterval(side.map(sumsOf), SHARE, alpha / 2);
  const [ofProduction, ofShadow] = [bounds(production), bounds(shadow)];
  return [ofShadow[0] - ofProduction[1], ofShadow[1] - ofProduction[0]];
}

/**
 * A number from 0 to 1 of a comparator that was asked about every pair: of a sample, which pairs are in it depends on what
 * came later. The squares of such numbers are no greater than the numbers.
 */
function scoreInWindow(id: string, predictions: Predictions, evidence: Evidence): Interval | undefined {
  const sums = predictions.comparator;
  const score = sums?.scores.find(({ name }) => id === `answers.${name}`);
  if (sums === undefined || score === undefined || sums.halvings > 0 || score.rows === 0) return undefined;
  if (score.least < 0 || score.most > 1 || scoreNoise(evidence, sums.digest, score.name) !== undefined)
    return undefined;
  return windowInterval(
    score.minutes.map(({ rows, sum }) => ({ n: rows, sum, squares: sum })),
    SHARE,
    evidence.policy.alpha,
  );
}
