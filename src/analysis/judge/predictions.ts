import type { Predictions, SideCounts } from '../predictions.ts';
import { decides, gates } from '../policy/policy.ts';
import type { Gate } from './verdict.ts';
import { clusteringOf, shareInterval } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { labelNoise, numberNoise } from './noise-floor.ts';
import { different, proportion } from './proportion.ts';
import { hasComparator, judgeComparator } from './comparator.ts';
import { judgeFlags } from './flags.ts';
import { toleranceText } from './tolerance.ts';
import { judgeSchema } from './schema.ts';
import { kindNamed } from '../answers/kinds/table.ts';
import { count, percent } from '../../base/units.ts';
import { needsAdvice, NOTHING } from './needs.ts';

/** Does the shadow answer as production does? By labels, else by numbers; without truth this decides, with truth it informs, unless the policy says otherwise. */
export function judgeAnswers(evidence: Evidence): Gate[] {
  const predictions = evidence.observations.predictions;
  if (predictions === undefined || evidence.observations.shadow === undefined) return [];
  // With labels correctness decides, and with a comparator of the user's own what that says.
  const alone =
    (predictions.truth === undefined || predictions.truth.rows === 0) && !hasComparator(predictions, evidence.policy);
  const all = [...judgeSanity(predictions, evidence), ...judgeSchema(predictions, evidence)];
  if (predictions.labels !== undefined)
    all.push(agreement(predictions, evidence, alone), ...judgeFlags(predictions, evidence));
  else if (predictions.numbers !== undefined) all.push(closeness(predictions, evidence, alone));
  all.push(...judgeComparator(predictions, evidence));
  return all;
}

function agreement(predictions: Predictions, evidence: Evidence, alone: boolean): Gate {
  const { policy } = evidence;
  const { agree, rows } = predictions.labels ?? { agree: 0, rows: 0 };
  const minutes = predictions.blocks.map((block) => ({ successes: block.agree, n: block.rows }));
  const clustering = clusteringOf(minutes, predictions.repeats?.agreement);
  const kind = kindNamed(predictions.answers?.kind);
  // Of what is compared by more than equal or not, as vectors and texts are, alike is another question.
  const whole = kind?.comparison !== undefined;
  const id = whole ? 'answers.agreement' : 'labels.agreement';
  const gate = proportion(predictions, evidence, {
    id,
    title: whole ? 'Does it answer alike?' : 'Does it predict the same?',
    gating: alone ? gates(policy, id) : decides(policy, id),
    successes: agree,
    n: rows,
    minutes,
    clustering,
    margin: policy.agreement,
    below: false,
    facts: `${count(agree)} of ${count(rows)} ${whole ? 'answers' : 'predictions'}${different(predictions)} are ${whole ? 'alike' : 'equal'} (${percent(agree / Math.max(1, rows))})`,
    perBlock: (block) => block.agree,
    limits: ['at least', 'at most'],
    demand: `at least ${percent(policy.agreement)} is required`,
    noise: labelNoise(evidence),
  });
  if (gate.outcome !== 'fail') return gate;
  if (kind?.wording === true) return unlikeWording(gate);
  const { absolute, relative } = policy.answers;
  const isOpen = absolute === undefined && relative === undefined;
  return isOpen && kind?.comparison?.areNear?.(predictions.answers?.measures ?? []) === true ? nearNumbers(gate) : gate;
}

/** Other words may say the same: that they differ is no fault, and no proof of anything. */
function unlikeWording(gate: Gate): Gate {
  return {
    ...gate,
    outcome: 'inconclusive',
    reason: `${gate.reason.replace(/\.$/, '')}; but other words may say the same, so this alone does not fail.`,
    ...needsAdvice(
      'labels (--labels), a comparator of your own (--comparator), or a policy that says how alike is enough (answers: { similarity: … }) or lets the wording inform only (inform: [answers.agreement])',
    ),
  };
}

/** Near production's as a whole, and yet further apart than its answers are among themselves: how much counts, the policy must say. */
function nearNumbers(gate: Gate): Gate {
  return {
    ...gate,
    outcome: 'inconclusive',
    reason: `${gate.reason.replace(/\.$/, '')}; but together they lie within 5 % of production's, so this alone does not fail.`,
    ...needsAdvice('a tolerance in the policy (answers: { tolerance: { absolute: … } }), or labels (--labels)'),
  };
}

function closeness(predictions: Predictions, evidence: Evidence, alone: boolean): Gate {
  const { policy } = evidence;
  const { beyond, rows, tolerance } = predictions.numbers ?? { beyond: 0, rows: 0, tolerance: 0 };
  const minutes = predictions.blocks.map((block) => ({
    successes: block.beyond ?? 0,
    n: block.beyond === undefined ? 0 : block.rows,
  }));
  return proportion(predictions, evidence, {
    id: 'numbers.tolerance',
    title: 'Does it predict nearly the same?',
    gating: alone ? gates(policy, 'numbers.tolerance') : decides(policy, 'numbers.tolerance'),
    successes: beyond,
    n: rows,
    minutes,
    clustering: clusteringOf(minutes, predictions.repeats?.beyond),
    perBlock: (block) => block.beyond,
    margin: policy.numbers.share,
    below: true,
    facts: `${count(beyond)} of ${count(rows)} predictions${different(predictions)} differ by more than ${toleranceText({ tolerance, relative: predictions.numbers?.relative })} (${percent(beyond / Math.max(1, rows))})`,
    limits: ['at most', 'at least'],
    demand: `at most ${percent(policy.numbers.share)} is allowed`,
    noise: numberNoise(evidence, tolerance),
  });
}

const MIN_ANSWERS = 50;

/** Is the output sane at all? A model that says one thing for every input, or nothing that can be read, fails outright. */
function judgeSanity(predictions: Predictions, evidence: Evidence): Gate[] {
  const { production, shadow } = predictions;
  const { policy } = evidence;
  const asked = shadow.records;
  const unread = shadow.unparsed;
  const found: Gate[] = [];
  const base = { gating: true, test: 'rule' as const, unit: 'share' as const, of: 'answers' as const, ...NOTHING };
  if (asked > 0) {
    const interval = shareInterval(unread, asked, policy.alpha, policy);
    const share = unread / asked;
    // A broken answer is a defect wherever it shows: nothing has to be proven, only chance hits in a handful waited out.
    const bad = share > policy.unparsed;
    const outcome = !bad ? 'pass' : asked < MIN_ANSWERS ? 'inconclusive' : 'fail';
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
          ? asked === 1
            ? 'The one captured answer is a prediction.'
            : `All ${count(asked)} captured answers are predictions.`
          : `${count(unread)} of ${count(asked)} captured answers (${percent(share)}) could not be read as predictions${example}.`,
      ...(outcome === 'inconclusive' ? needsAdvice('more captured answers') : NOTHING),
    });
  }
  // Looked for and not found is no evidence: late captures, a bucket that is closed, ids that do not meet.
  if (predictions.pairs === 0) {
    found.push({
      ...base,
      id: 'output.pairs',
      title: 'Were its answers compared?',
      gating: gates(policy, 'output.pairs'),
      outcome: 'inconclusive',
      estimate: undefined,
      interval: undefined,
      margin: undefined,
      relation: '>',
      n: 0,
      reason: `No answer of the shadow could be paired with one of production's (${count(shadow.records)} and ${count(production.records)} were found).`,
      ...needsAdvice('captured answers of both, or --no-predictions to judge without'),
    });
  }
  const stuck = constantOutput(production, shadow);
  if (stuck !== undefined) found.push({ ...base, ...stuck, gating: gates(policy, 'output.varied') });
  return found;
}

function constantOutput(
  production: SideCounts,
  shadow: SideCounts,
): Omit<Gate, 'gating' | 'test' | 'unit' | 'of' | 'needs' | 'missing'> | undefined {
  if (shadow.answers < MIN_ANSWERS || shadow.commonest === undefined) return undefined;
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
      ? `It answers '${answer}' to ${percent(share)} of all requests; production's most common answer has ${percent(usual)}.`
      : `${shadow.distinct === 1 ? 'It gives one answer to everything' : `${count(shadow.distinct)} different answers`}; the most common, '${answer}', has ${percent(share)}${share > 0.99 ? `, and production's has ${percent(usual)}` : ''}.`,
  };
}
