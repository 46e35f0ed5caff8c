import { gates } from '../policy/policy.ts';
import { expectationText } from '../policy/expect.ts';
import type { Predictions } from '../predictions.ts';
import { className } from '../answers/strata.ts';
import { count, counted, percent } from '../../base/units.ts';
import { judgeCover } from './cover.ts';
import { confidence, requiredSampleSize, shareInterval } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { judgeReference } from './reference.ts';
import { judgeLimits } from './limits.ts';
import { needsAdvice, needsMore, NOTHING } from './needs.ts';
import type { Gate } from './verdict.ts';
import { compare } from './verdict.ts';

/** Fewer answers than this say nothing about how they are. */
const MIN_ANSWERS = 50;

/**
 * What can be asked of a model beside which nothing is live: limits, against labels or its own metrics, and whether its answers
 * can be read and differ. Nothing that is held against production.
 */
export function judgeAlone(evidence: Evidence): Gate[] {
  const { predictions } = evidence.observations;
  return [
    ...judgeCover(evidence),
    ...(predictions === undefined ? [] : [readableAlone(predictions, evidence), ...variedAlone(predictions, evidence)]),
    ...expectedAlone(evidence),
    ...judgeReference(evidence),
    ...judgeLimits(evidence),
  ];
}

/** Are there limits at all? Without, there is nothing to hold the model against. */
export function hasLimits({ policy: { limits, reference } }: Pick<Evidence, 'policy'>): boolean {
  const { latency, recall, ...others } = limits;
  return [reference, ...Object.values(latency), ...Object.values(recall), ...Object.values(others)].some(
    (limit) => limit !== undefined,
  );
}

/** Of all its answers, how many are empty or cannot be read? */
function readableAlone({ shadow }: Predictions, { policy }: Evidence): Gate {
  const { records, withoutAnswer, unparsed, examples } = shadow;
  const broken = withoutAnswer + unparsed;
  const bounds = (n: number) => shareInterval((broken / Math.max(1, records)) * n, n, policy.alpha / 2, policy);
  const interval = bounds(records);
  const spotless = broken === 0 && records >= policy.minimumPairs;
  const decided = compare(interval, policy.unparsed);
  const outcome = records < MIN_ANSWERS ? 'inconclusive' : spotless ? 'pass' : decided;
  const example = unparsed > 0 && examples[0] !== undefined ? `, for example: ${examples[0].slice(0, 60)}` : '';
  const needed =
    (requiredSampleSize(records, (n) => compare(bounds(n), policy.unparsed) !== 'inconclusive') ?? 0) - records;
  return {
    id: 'output.readable',
    title: 'Can its answers be read?',
    test: 'rule',
    gating: gates(policy, 'output.readable'),
    outcome,
    unit: 'share',
    estimate: records > 0 ? broken / records : undefined,
    interval: records > 0 ? interval : undefined,
    margin: policy.unparsed,
    relation: '<',
    n: records,
    of: 'answers',
    reason:
      broken === 0
        ? `All ${count(records)} captured answers are predictions.`
        : `Of ${count(records)} captured answers ${count(broken)} are empty or could not be read as predictions${example}: between ${percent(interval[0])} and ${percent(interval[1])} of all (${confidence(policy)}), and the limit is ${percent(policy.unparsed)}.`,
    ...(outcome === 'inconclusive'
      ? needed > 0
        ? needsMore('requests', needed, 'captured answers')
        : needsAdvice('a share of broken answers that is not so close to the margin')
      : NOTHING),
  };
}

/** One answer to everything: labels may say that there are others to give. Asked only where it is so. */
function variedAlone({ shadow, truth }: Predictions, { policy }: Evidence): Gate[] {
  const { answers, distinct, commonest } = shadow;
  if (answers < MIN_ANSWERS || distinct !== 1 || commonest === undefined) return [];
  const others = (truth?.cells ?? []).filter(({ truth: label }) => label !== className(commonest.answer));
  const missed = others.reduce((sum, { rows }) => sum + rows, 0);
  return [
    {
      id: 'output.varied',
      title: 'Does it answer different things?',
      test: 'rule',
      gating: gates(policy, 'output.varied'),
      outcome: missed > 0 ? 'fail' : 'inconclusive',
      unit: 'share',
      estimate: commonest.share,
      interval: undefined,
      margin: undefined,
      relation: '<',
      n: answers,
      of: 'answers',
      reason: `It answers '${commonest.answer}' to everything${missed > 0 ? `, and ${counted(missed, 'rows')} with a label are something else` : ''}.`,
      ...(missed > 0 ? NOTHING : needsAdvice('labels of other classes, or inform: [output.varied] if there are none')),
    },
  ];
}

/** To be the same, or better, is to be so against something. */
function expectedAlone({ policy }: Evidence): Gate[] {
  if (policy.expect === undefined) return [];
  return [
    {
      id: 'output.pairs',
      title: 'Were its answers compared?',
      test: 'rule',
      gating: gates(policy, 'output.pairs'),
      outcome: 'inconclusive',
      unit: 'share',
      estimate: undefined,
      interval: undefined,
      margin: undefined,
      relation: '>',
      n: 0,
      of: 'answers',
      reason: `The policy says expect: ${expectationText(policy.expect)}, and nothing is live that it could be held against.`,
      ...needsAdvice('what is live (--live FILE), or a policy without expect'),
    },
  ];
}
