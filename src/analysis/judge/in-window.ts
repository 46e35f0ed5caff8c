import type { Policy } from '../policy/policy.ts';
import type { PairBlock, Predictions } from '../predictions.ts';
import type { Interval } from '../statistics/proportions.ts';
import { DIFFERENCE, SHARE, windowInterval } from '../statistics/window.ts';
import { insufficientData } from './evidence.ts';
import type { Evidence, Minutes } from './evidence.ts';
import { labelNoise, numberNoise } from './noise-floor.ts';
import { errorMinutes } from './summaries.ts';
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
  if (interval === undefined) return gate;
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

function intervalOf(id: string, evidence: Evidence): Interval | undefined {
  const { observations, policy } = evidence;
  if (id === 'errors') return errorsInWindow(evidence);
  const { predictions } = observations;
  if (predictions === undefined || insufficientData(predictions, evidence) !== undefined) return undefined;
  switch (id) {
    case 'labels.agreement':
    case 'answers.agreement':
      return labelNoise(evidence) === undefined ? share(predictions.blocks, (block) => block.agree, policy) : undefined;
    case 'labels.scores':
      // Blocks count all rows, and only some may have scores.
      return predictions.numbers?.rows === predictions.rows &&
        numberNoise(evidence, predictions.numbers.tolerance) === undefined
        ? share(predictions.blocks, ({ rows, beyond }) => (beyond === undefined ? undefined : rows - beyond), policy)
        : undefined;
    case 'numbers.tolerance':
      return numberNoise(evidence, predictions.numbers?.tolerance ?? 0) === undefined
        ? share(predictions.blocks, (block) => block.beyond, policy)
        : undefined;
    case 'answers.refusals':
      return refusals(predictions, policy);
    case 'truth.accuracy':
      return accuracy(predictions, policy);
    default:
      return undefined;
  }
}

/** Undefined where an older version did not count it. */
function share(
  blocks: readonly PairBlock[],
  hits: (block: PairBlock) => number | undefined,
  { alpha }: Policy,
): Interval | undefined {
  if (blocks.some((block) => hits(block) === undefined)) return undefined;
  return windowInterval(
    blocks.map((block) => sumsOf({ successes: hits(block) ?? 0, n: block.rows })),
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

/** Which requests failed is not known one by one: each share is bounded alone, at half of alpha. */
function errorsInWindow({ observations: { metrics }, policy }: Evidence): Interval | undefined {
  if (metrics.shadow === undefined) return undefined;
  const [production, shadow] = [metrics.production, metrics.shadow].map((table) =>
    windowInterval(errorMinutes(table).map(sumsOf), SHARE, policy.alpha / 2),
  );
  return production && shadow && [shadow[0] - production[1], shadow[1] - production[0]];
}
