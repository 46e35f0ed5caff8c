import type { Predictions, SideCounts } from '../predictions.ts';
import { decides, gates, GROUP_OF } from '../policy/policy.ts';
import type { Policy } from '../policy/policy.ts';
import type { Gate } from './verdict.ts';
import { blockerNeeds, clusteringOf, shareInterval } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { labelNoise, noiseApart, numberNoise } from './noise-floor.ts';
import { different, proportion } from './proportion.ts';
import { judgeAnswered } from './answered.ts';
import { apartOf, apartText, notNear } from './apart.ts';
import { judgeBias } from './bias.ts';
import { judgeClasses } from './classes.ts';
import { hasComparator, judgeComparator } from './comparator.ts';
import { differenceAlone } from './expected.ts';
import { judgeForm } from './form.ts';
import { judgeOthers, judgeScores } from './scores.ts';
import { judgeFlags } from './flags.ts';
import { judgeValues } from './values.ts';
import { toleranceText } from './tolerance.ts';
import { readable } from './readable.ts';
import { countedAgainst, eitherWay } from './unanswered.ts';
import { judgeSchema } from './schema.ts';
import { kindNamed } from '../answers/kinds/table.ts';
import { count, counted, percent } from '../../base/units.ts';
import { needsAdvice, NOTHING } from './needs.ts';
import { nothingRead, nothingReadText } from './nothing-read.ts';

/** Does the shadow answer as production does? By labels, else by numbers; without truth, and where it should be the same, this decides; else with truth it informs, unless the policy says otherwise. */
export function judgeAnswers(evidence: Evidence): Gate[] {
  const predictions = evidence.observations.predictions;
  if (predictions === undefined || evidence.observations.shadow === undefined) return [];
  // With labels correctness decides, unless to differ is a fault by itself; with a comparator of the user's own what that says.
  const known = predictions.truth !== undefined && predictions.truth.rows > 0;
  const { expect } = evidence.policy;
  const alone = (!known || expect?.kind === 'same') && !hasComparator(predictions, evidence.policy);
  const all = [
    ...judgeSanity(predictions, evidence),
    ...judgeSchema(predictions, evidence),
    ...judgeForm(predictions, evidence),
    ...judgeValues(predictions, evidence, alone),
  ];
  if (predictions.labels !== undefined)
    all.push(
      difference(predictions, evidence, (sums, words) => agreement(sums, evidence, alone, words)),
      ...judgeScores(predictions, evidence, alone),
      ...judgeOthers(predictions, evidence, alone),
      ...judgeClasses(predictions, evidence, alone),
      ...judgeFlags(predictions, evidence),
    );
  else if (predictions.numbers !== undefined)
    all.push(
      difference(predictions, evidence, (sums, words) => closeness(sums, evidence, alone, words)),
      ...judgeBias(predictions, evidence),
    );
  all.push(...judgeComparator(predictions, evidence));
  return all;
}

/** A gate about how many rows differ, with what the shadow did not answer counted against it; open where what nobody knows would decide. */
function difference(
  predictions: Predictions,
  evidence: Evidence,
  judged: (sums: Predictions, words: string) => Gate,
): Gate {
  const { counted, words, worst, unknown } = countedAgainst(predictions, evidence);
  const gate = eitherWay(judged(counted, words), worst && judged(worst, words), unknown);
  const { labels, numbers } = counted;
  return differenceAlone(gate, labels === undefined ? (numbers?.beyond ?? 0) : labels.rows - labels.agree, evidence);
}

/** Whose limit it is, where that of this kind of answers stands in place of the general one; else nothing. */
function ofKind({ task }: Predictions, { tasks }: Policy, key: 'agreement' | 'share'): string {
  const kind = GROUP_OF[task];
  return tasks[task]?.[key] === undefined ? '' : ` of ${kind} answers (answers.kinds.${kind}.${key})`;
}

function agreement(predictions: Predictions, evidence: Evidence, alone: boolean, lost: string): Gate {
  const { policy } = evidence;
  const { agree, rows } = predictions.labels ?? { agree: 0, rows: 0 };
  const minutes = predictions.blocks.map((block) => ({ successes: block.agree, n: block.rows }));
  const clustering = clusteringOf(minutes, predictions.repeats?.agreement, policy);
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
    facts: `${count(agree)} of ${count(rows)} ${whole ? 'answers' : 'predictions'}${different(predictions)}${lost} are ${whole ? 'alike' : 'equal'} (${percent(agree / Math.max(1, rows))})`,
    perBlock: (block) => block.agree,
    limits: ['at least', 'at most'],
    demand: `at least ${percent(policy.agreement)} is required${ofKind(predictions, policy, 'agreement')}`,
    noise: labelNoise(evidence),
  });
  // What should answer as production does should say it in the same words.
  if (gate.outcome !== 'fail' || policy.expect?.kind === 'same') return gate;
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

function closeness(predictions: Predictions, evidence: Evidence, alone: boolean, lost: string): Gate {
  const { policy } = evidence;
  const { beyond, rows, tolerance } = predictions.numbers ?? { beyond: 0, rows: 0, tolerance: 0 };
  const minutes = predictions.blocks.map((block) => ({
    successes: block.beyond ?? 0,
    n: block.beyond === undefined ? 0 : block.rows,
  }));
  const known = (predictions.truth?.rows ?? 0) > 0;
  const apart = known ? undefined : apartOf(predictions, policy);
  const gate = proportion(predictions, evidence, {
    id: 'numbers.tolerance',
    title: 'Does it predict nearly the same?',
    gating: alone ? gates(policy, 'numbers.tolerance') : decides(policy, 'numbers.tolerance'),
    successes: beyond,
    n: rows,
    minutes,
    clustering: clusteringOf(minutes, predictions.repeats?.beyond, policy),
    perBlock: (block) => block.beyond,
    margin: policy.numbers.share,
    below: true,
    facts: `${count(beyond)} of ${count(rows)} predictions${different(predictions)}${lost} differ by more than ${toleranceText({ tolerance, relative: predictions.numbers?.relative })} (${percent(beyond / Math.max(1, rows))})${apart === undefined ? '' : `, and ${apartText(apart, policy)}`}`,
    limits: ['at most', 'at least'],
    demand: `the limit is ${percent(policy.numbers.share)}${ofKind(predictions, policy, 'share')}`,
    noise: numberNoise(evidence, tolerance),
  });
  const blocker = known || gate.outcome !== 'pass' ? undefined : notNear(predictions, policy, noiseApart(evidence));
  if (blocker === undefined) return gate;
  return {
    ...gate,
    outcome: 'inconclusive',
    reason: `${gate.reason.replace(/\.$/, '')}; but ${blocker.reason}.`,
    ...blockerNeeds(blocker),
  };
}

const MIN_ANSWERS = 50;

/** Is the output sane at all? A model that says one thing for every input, or nothing that can be read, fails outright. */
function judgeSanity(predictions: Predictions, evidence: Evidence): Gate[] {
  const { production, shadow } = predictions;
  const { policy } = evidence;
  const found: Gate[] = [];
  const base = { gating: true, test: 'rule' as const, unit: 'share' as const, of: 'answers' as const, ...NOTHING };
  if (shadow.records > 0) found.push(readable(predictions, evidence));
  const answered = judgeAnswered(predictions, evidence);
  if (answered !== undefined) found.push(answered);
  // Looked for and not found is no evidence: late captures, a bucket that is closed, ids that do not meet.
  if (predictions.pairs === 0) {
    const unread = nothingRead(predictions, policy);
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
      ...(unread === undefined
        ? {
            reason: `No answer of the shadow could be paired with one of production's (${count(shadow.records)} and ${count(production.records)} were found).`,
            ...needsAdvice('captured answers of both, or --no-predictions to judge without'),
          }
        : { reason: nothingReadText(unread), ...blockerNeeds(unread) }),
    });
  }
  const strangers = otherRequests(predictions, policy);
  if (strangers !== undefined) found.push({ ...base, ...strangers, gating: gates(policy, 'output.pairs') });
  const stuck = constantOutput(predictions, policy);
  if (stuck !== undefined) found.push({ ...base, ...stuck, gating: gates(policy, 'output.varied') });
  return found;
}

/**
 * Records that share an id and hold different inputs are of two requests: an id that came again, or one that was given to the wrong record.
 * That both models then answer alike says nothing, where one answer is frequent, or follows on another like it.
 */
function otherRequests(
  { pairedInputs, method }: Predictions,
  { unparsed }: Policy,
): Omit<Gate, 'gating' | 'test' | 'unit' | 'of'> | undefined {
  const { known = 0, differing = 0 } = pairedInputs ?? {};
  if (method === 'input' || known === 0 || differing <= unparsed * known) return undefined;
  const share = differing / known;
  return {
    id: 'output.pairs',
    title: 'Are they the same requests?',
    outcome: 'inconclusive',
    estimate: share,
    interval: undefined,
    margin: unparsed,
    relation: '<',
    n: known,
    reason: `Of ${counted(known, 'pairs')} whose inputs were captured on both sides, ${count(differing)} (${percent(share)}) hold two different inputs: they share an id, and are not one request. At most ${percent(unparsed)} may.`,
    ...needsAdvice(
      'an id of its own for every request, on both sides; or, where something between changes the requests, inform: [output.pairs] in the policy',
    ),
  };
}

/** Another answer than its commonest: at most this share lets it look as if it said one thing to everything. */
const LITTLE_VARIETY = 0.01;

/**
 * Has the shadow lost the variety that production shows? Asked only where nearly all of its answers are one. Production may
 * well be lopsided itself, so that it counts whether the shadow gives other answers less than half as often.
 */
function constantOutput(
  { production, shadow, repeats, rows }: Predictions,
  policy: Policy,
): Omit<Gate, 'gating' | 'test' | 'unit' | 'of'> | undefined {
  if (shadow.answers < MIN_ANSWERS || shadow.commonest === undefined) return undefined;
  const { answer, share } = shadow.commonest;
  const usual = production.commonest?.share ?? 1;
  // A repeated input is answered as before.
  const copies = repeats === undefined || repeats.inputs === 0 ? 1 : Math.max(1, rows / repeats.inputs);
  const others = (side: SideCounts, of: number) => {
    const n = side.answers / copies;
    return shareInterval((1 - of) * n, n, policy.alpha / 2, policy);
  };
  const limit = Math.max(1 - LITTLE_VARIETY, 1 - (1 - usual) / 2);
  const lost = others(shadow, share)[1] < others(production, usual)[0] / 2;
  const outcome = share <= limit ? 'pass' : lost ? 'fail' : 'inconclusive';
  const facts =
    shadow.distinct === 1
      ? `It answers '${answer}' to everything`
      : `It gives ${count(shadow.distinct)} different answers, and '${answer}' to ${percent(share)} of all requests`;
  return {
    id: 'output.varied',
    title: 'Does it answer different things?',
    outcome,
    estimate: share,
    interval: undefined,
    // Of one answer that production, too, gives to everything, there is nothing to lose.
    margin: limit < 1 ? limit : undefined,
    relation: '<',
    n: shadow.answers,
    reason: `${facts}${share > 1 - LITTLE_VARIETY && production.commonest !== undefined ? `; production gives its most common answer to ${percent(usual)}` : ''}.`,
    ...(outcome === 'inconclusive' ? needsAdvice('more captured answers') : NOTHING),
  };
}
