import type { MissingMinute, Predictions, SideCounts } from '../predictions.ts';
import { gates } from '../policy/policy.ts';
import type { Policy } from '../policy/policy.ts';
import type { Interval } from '../statistics/proportions.ts';
import { count, counted, percent, points } from '../../base/units.ts';
import { blockerNeeds, confidence, requiredSampleSize, shareInterval } from './evidence.ts';
import type { Evidence, Minutes } from './evidence.ts';
import { needsAdvice, needsMore, NOTHING } from './needs.ts';
import { nothingRead, nothingReadText } from './nothing-read.ts';
import type { Needs } from './needs.ts';
import { compare } from './verdict.ts';
import { pairedDifference } from './paired.ts';
import { hitsScatter } from './scatter.ts';
import { unansweredOf } from './unanswered.ts';
import type { Gate, Outcome } from './verdict.ts';
import { copiesOf } from '../statistics/repeats.ts';

/** Fewer records than this say nothing about how often answers are broken. */
const MIN_ANSWERS = 50;

/** How much more often one side breaks than the other: of n requests, what the shadow alone and production alone did not answer. */
interface Broken {
  onlyShadow: number;
  onlyProduction: number;
  n: number;
  interval: (scale: number) => Interval;
}

/**
 * Can its answers be read, where production's can? An answer that is empty or cannot be read counts against the shadow, one of
 * production's for it: two models that say the same are as good, whatever they say. The difference is bounded, request
 * by request.
 */
export function readable(predictions: Predictions, evidence: Evidence): Gate {
  const { policy } = evidence;
  const { production, shadow } = predictions;
  const found = brokenPairs(predictions, evidence) ?? brokenSides(predictions, policy);
  const { onlyShadow, onlyProduction, n } = found;
  const margin = policy.unparsed;
  const interval = found.interval(1);
  // None in so many that chance would have shown one, if more than the margin were broken: a proof, too.
  const spotless = onlyShadow === 0 && n >= policy.minimumPairs;
  const unread = nothingRead(predictions, policy);
  const bad = interval[0] > margin;
  const good = spotless || interval[1] < margin;
  const outcome: Outcome =
    n < MIN_ANSWERS || unread !== undefined ? 'inconclusive' : bad ? 'fail' : good ? 'pass' : 'inconclusive';
  return {
    id: 'output.readable',
    title: 'Can its answers be read?',
    test: 'rule',
    gating: gates(policy, 'output.readable'),
    outcome,
    unit: 'share',
    difference: true,
    estimate: n > 0 ? (onlyShadow - onlyProduction) / n : undefined,
    interval: n > 0 ? interval : undefined,
    margin,
    relation: '<',
    n,
    of: 'answers',
    reason:
      unread === undefined
        ? reasonOf({ ...found, shadow, production, outcome, spotless, bounds: interval }, policy)
        : nothingReadText(unread),
    ...(unread !== undefined ? blockerNeeds(unread) : outcome === 'inconclusive' ? needsOf(found, policy) : NOTHING),
  };
}

function needsOf({ onlyShadow, n, interval }: Broken, policy: Policy): Needs {
  const decided = (rows: number) => compare(interval(rows / n), policy.unparsed) !== 'inconclusive';
  const needed = onlyShadow === 0 ? policy.minimumPairs - n : (requiredSampleSize(Math.max(1, n), decided) ?? n) - n;
  return needed > 0
    ? needsMore('requests', needed, 'captured answers of both')
    : needsAdvice('a share of broken answers that is not so close to the margin');
}

/** By requests of which both records are there; undefined where they are not known one by one. */
function brokenPairs(predictions: Predictions, evidence: Evidence): Broken | undefined {
  const missing = unansweredOf(predictions, evidence);
  if (missing === undefined) return undefined;
  const { minutes, empty, unreadable, onlyShadow: better } = missing;
  const there = (minute: MissingMinute) => minute.answered - minute.absent + minute.onlyShadow + minute.neither;
  const of = (hits: (minute: MissingMinute) => number): Minutes =>
    minutes.map((minute) => ({ successes: hits(minute), n: there(minute) }));
  const n = minutes.reduce((sum, minute) => sum + there(minute), 0);
  // A model breaks on a repeated input as before.
  const copies = copiesOf(predictions.repeats?.agreement);
  const broken = empty + unreadable;
  const bursts = Math.max(
    hitsScatter(
      of((minute) => minute.empty + minute.unreadable),
      evidence.policy,
    ),
    hitsScatter(
      of((minute) => minute.onlyShadow),
      evidence.policy,
    ),
  );
  return {
    onlyShadow: broken,
    onlyProduction: better,
    n,
    interval: (scale) =>
      pairedDifference(
        { first: broken * scale, second: better * scale, n: n * scale, factor: Math.max(copies, bursts) },
        evidence.policy,
      ),
  };
}

/** By the records of each side, where nothing is known of pairs. */
function brokenSides({ production, shadow }: Predictions, policy: Policy): Broken {
  const broken = ({ records, withoutAnswer, unparsed }: SideCounts) => ({ hits: withoutAnswer + unparsed, n: records });
  const [ours, theirs] = [broken(production), broken(shadow)];
  const bounds = ({ hits, n }: { hits: number; n: number }, scale: number) =>
    shareInterval(hits * scale, n * scale, policy.alpha / 2, policy);
  return {
    onlyShadow: theirs.hits,
    onlyProduction: theirs.n === 0 || ours.n === 0 ? 0 : (ours.hits / ours.n) * theirs.n,
    n: theirs.n,
    interval: (scale) => {
      const [worse, best] = [bounds(theirs, scale), bounds(ours, scale)];
      return [worse[0] - best[1], worse[1] - best[0]];
    },
  };
}

function reasonOf(
  found: Omit<Broken, 'interval'> & {
    shadow: SideCounts;
    production: SideCounts;
    outcome: Outcome;
    spotless: boolean;
    bounds: Interval;
  },
  policy: Policy,
): string {
  const { shadow, production, outcome, onlyShadow, onlyProduction, n, bounds, spotless } = found;
  const lost = shadow.unparsed + shadow.withoutAnswer;
  if (lost === 0 && production.unparsed + production.withoutAnswer === 0)
    return shadow.records === 1
      ? 'The one captured answer is a prediction.'
      : `All ${count(shadow.records)} captured answers are predictions${outcome === 'inconclusive' ? `; the policy requires ${count(policy.minimumPairs)}` : ''}.`;
  const side = ({ unparsed, withoutAnswer, records }: SideCounts) =>
    `${count(unparsed + withoutAnswer)} of ${count(records)} (${percent((unparsed + withoutAnswer) / Math.max(1, records))})`;
  const example =
    shadow.examples[0] === undefined || shadow.unparsed === 0
      ? ''
      : `, for example: ${shadow.examples[0].slice(0, 60)}`;
  const facts = `Of the shadow's captured answers ${side(shadow)} are empty or could not be read as predictions${example}; of production's, ${side(production)}. Of ${counted(n, 'requests')}, only the shadow's is missing in ${count(onlyShadow)}, and only production's in ${count(Math.round(onlyProduction))}`;
  const allowed = `the limit is ${points(policy.unparsed)} more`;
  const sure = confidence(policy);
  if (outcome === 'pass')
    return spotless ? `${facts}.` : `${facts}: at most ${points(bounds[1])} more (${sure}), and ${allowed}.`;
  if (outcome === 'fail') return `${facts}: at least ${points(bounds[0])} more (${sure}), and ${allowed}.`;
  return `${facts}: between ${points(bounds[0])} and ${points(bounds[1])} more (${sure}), and ${allowed}.`;
}
