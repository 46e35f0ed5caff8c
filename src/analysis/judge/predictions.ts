import type { PairBlock, Predictions, SideCounts } from '../observations.ts';
import type { Policy } from '../policy.ts';
import { gates } from '../policy.ts';
import { compare } from '../verdict.ts';
import type { Gate } from '../verdict.ts';
import { more } from './errors.ts';
import { enough, scatterOf, shareInterval, tooLittle } from './evidence.ts';
import { history } from './history.ts';
import type { Evidence, Scatter } from './evidence.ts';
import { count, number, percent } from './words.ts';

/** Does the shadow answer as production does? By labels, else by numbers; without truth this decides, with truth it informs. */
export function judgeAnswers(evidence: Evidence): Gate[] {
  const predictions = evidence.observations.predictions;
  if (predictions === undefined || evidence.observations.shadow === undefined) return [];
  const decides = predictions.truth === undefined || predictions.truth.rows === 0;
  const all = [...judgeSanity(predictions, evidence)];
  if (predictions.labels !== undefined) all.push(agreement(predictions, evidence, decides));
  else if (predictions.numbers !== undefined) all.push(closeness(predictions, evidence, decides));
  return all;
}

function agreement(predictions: Predictions, evidence: Evidence, decides: boolean): Gate {
  const { policy } = evidence;
  const { agree, rows } = predictions.labels ?? { agree: 0, rows: 0 };
  const scatter = scatterOf(
    predictions.blocks.map((block) => ({ successes: block.agree, n: block.rows })),
    predictions.repeats?.agreement,
  );
  return proportion(predictions, evidence, {
    id: 'labels.agreement',
    title: 'Does it predict the same?',
    gating: decides && gates(policy, 'labels.agreement'),
    successes: agree,
    n: rows,
    scatter,
    margin: policy.agreement,
    below: false,
    facts: `${count(agree)} of ${count(rows)} predictions${different(predictions)} are equal (${percent(agree / Math.max(1, rows))})`,
    perBlock: (block) => block.agree,
    limits: ['at least', 'at most'],
    demand: `${percent(policy.agreement)} is demanded`,
  });
}

function closeness(predictions: Predictions, evidence: Evidence, decides: boolean): Gate {
  const { policy } = evidence;
  const { beyond, rows, tolerance } = predictions.numbers ?? { beyond: 0, rows: 0, tolerance: 0 };
  return proportion(predictions, evidence, {
    id: 'numbers.tolerance',
    title: 'Does it predict nearly the same?',
    gating: decides && gates(policy, 'numbers.tolerance'),
    successes: beyond,
    n: rows,
    scatter: scatterOf(
      predictions.blocks.map((block) => ({
        successes: block.beyond ?? 0,
        n: block.beyond === undefined ? 0 : block.rows,
      })),
      predictions.repeats?.beyond,
    ),
    perBlock: (block) => block.beyond,
    margin: policy.numbers.share,
    below: true,
    facts: `${count(beyond)} of ${count(rows)} predictions${different(predictions)} differ by more than ${number(tolerance)} (${percent(beyond / Math.max(1, rows))})`,
    limits: ['at most', 'at least'],
    demand: `${percent(policy.numbers.share)} may`,
  });
}

interface Proportion {
  id: string;
  title: string;
  gating: boolean;
  successes: number;
  n: number;
  scatter: Scatter;
  margin: number;
  below: boolean;
  facts: string;
  /** Successes of one minute, to show how the share grew. */
  perBlock: (block: PairBlock) => number | undefined;
  /** Words for the bound that lets it pass, and the one that fails it. */
  limits: readonly [string, string];
  demand: string;
}

function proportion(predictions: Predictions, evidence: Evidence, ask: Proportion): Gate {
  const { policy, minutes } = evidence;
  const obstacle = tooLittle(predictions, evidence);
  const bounds = (n: number) => {
    const share = ask.n > 0 ? ask.successes / ask.n : 0;
    return shareInterval((share * n) / ask.scatter.factor, n / ask.scatter.factor, policy.alpha, policy);
  };
  const interval = bounds(ask.n);
  const outcome = obstacle === undefined ? compare(interval, ask.margin, ask.below) : 'inconclusive';
  const [good, bad] = ask.below ? [interval[1], interval[0]] : [interval[0], interval[1]];
  const words = {
    pass: `${ask.facts}; ${ask.limits[0]} ${percent(good)} for sure, and ${ask.demand}.`,
    fail: `${ask.facts}; ${ask.limits[1]} ${percent(bad)} for sure, and ${ask.demand}.`,
    inconclusive:
      obstacle === undefined
        ? `${ask.facts}; the truth lies between ${percent(interval[0])} and ${percent(interval[1])}, and ${ask.demand}.`
        : `${ask.facts}, but ${obstacle.reason}.`,
  };
  let needs: string | undefined;
  if (outcome === 'inconclusive') {
    const perMinute = minutes > 0 ? predictions.pairs / minutes : 0;
    const total =
      ask.n === 0 ? undefined : enough(ask.n, (n) => compare(bounds(n), ask.margin, ask.below) !== 'inconclusive');
    const missing = Math.max(obstacle?.missing ?? 0, total === undefined ? 0 : total - ask.n);
    if (obstacle?.of !== undefined) needs = `${count(obstacle.missing)} more ${obstacle.of}`;
    else if (missing > 0 && ask.scatter.by === 'inputs') needs = otherInputs(missing, ask.scatter);
    else if (missing > 0) needs = more(missing, perMinute, 'pairs');
    else
      needs =
        obstacle === undefined
          ? 'a share that does not lie right on the margin'
          : 'records that can be paired: send an InferenceId with every request';
  }
  return {
    id: ask.id,
    title: ask.title,
    outcome,
    gating: ask.gating,
    unit: 'share',
    estimate: ask.n > 0 ? ask.successes / ask.n : undefined,
    interval: ask.n > 0 ? interval : undefined,
    margin: ask.margin,
    relation: ask.below ? '<' : '>',
    history: growth(predictions, ask.perBlock, ask.scatter.factor, policy),
    n: ask.n,
    of: 'rows',
    reason: words[outcome],
    needs,
  };
}

/** ` of 365 different inputs`, where inputs repeat. */
export function different({ rows, repeats }: Predictions): string {
  return repeats === undefined || repeats.inputs >= rows ? '' : ` of ${count(repeats.inputs)} different inputs`;
}

/** The same inputs again would tell nothing new. */
export function otherInputs(rows: number, scatter: Scatter): string {
  return `about ${count(rows / scatter.factor)} inputs that were not sent yet (repeating the same ones says nothing new)`;
}

/** The share and its interval, minute by minute. */
function growth(
  predictions: Predictions,
  successes: (block: PairBlock) => number | undefined,
  scatter: number,
  policy: Policy,
): NonNullable<Gate['history']> {
  let n = 0;
  let hits = 0;
  const sums = predictions.blocks.map((block) => {
    n += block.rows;
    hits += successes(block) ?? 0;
    return { n, hits };
  });
  return history(sums.length, (steps) => {
    const sum = sums[steps - 1];
    if (sum === undefined || sum.n === 0) return undefined;
    const interval = shareInterval(sum.hits / scatter, sum.n / scatter, policy.alpha, policy);
    return { n: sum.n, estimate: sum.hits / sum.n, interval };
  });
}

const ENOUGH_TO_SEE = 50;

/** Is the output sane at all? A model that says one thing for every input, or nothing that can be read, fails outright. */
function judgeSanity(predictions: Predictions, evidence: Evidence): Gate[] {
  const { production, shadow } = predictions;
  const { policy } = evidence;
  const asked = shadow.records;
  const unread = shadow.unparsed;
  const found: Gate[] = [];
  const base = { gating: true, unit: 'share' as const, of: 'answers' as const, needs: undefined };
  if (asked > 0) {
    const interval = shareInterval(unread, asked, policy.alpha, policy);
    const share = unread / asked;
    // A broken answer is a defect wherever it shows: nothing has to be proven, only chance hits in a handful waited out.
    const bad = share > policy.unparsed;
    const outcome = !bad ? 'pass' : asked < ENOUGH_TO_SEE ? 'inconclusive' : 'fail';
    const example = shadow.examples[0] === undefined ? '' : `, for example: ${shadow.examples[0].slice(0, 60)}`;
    found.push({
      ...base,
      id: 'output.readable',
      title: 'Can its answers be read?',
      gating: gates(policy, 'output.readable'),
      outcome,
      estimate: share,
      interval,
      margin: policy.unparsed,
      relation: '<',
      n: asked,
      reason:
        unread === 0
          ? `Every one of ${count(asked)} captured answers is a prediction.`
          : `${count(unread)} of ${count(asked)} captured answers (${percent(share)}) are no prediction that could be understood${example}.`,
      needs: outcome === 'inconclusive' ? 'more captured answers' : undefined,
    });
  }
  const stuck = constantOutput(production, shadow);
  if (stuck !== undefined) found.push({ ...base, ...stuck, gating: gates(policy, 'output.varied') });
  return found;
}

function constantOutput(
  production: SideCounts,
  shadow: SideCounts,
): Omit<Gate, 'gating' | 'unit' | 'of' | 'needs'> | undefined {
  if (shadow.answers < ENOUGH_TO_SEE || shadow.commonest === undefined) return undefined;
  const { answer, share } = shadow.commonest;
  const usual = production.commonest?.share ?? 1;
  // Production may well be lopsided itself; what counts is that the shadow lost the variety that production shows.
  const stuck = share > 0.99 && usual < 0.95;
  return {
    id: 'output.varied',
    title: 'Does it answer different things?',
    outcome: stuck ? 'fail' : 'pass',
    estimate: share,
    interval: undefined,
    margin: 0.99,
    relation: '<',
    n: shadow.answers,
    reason: stuck
      ? `It answers '${answer}' to ${percent(share)} of all requests; production's commonest answer has ${percent(usual)}.`
      : `${count(shadow.distinct)} different answers; the commonest, '${answer}', has ${percent(share)}.`,
  };
}
