import type { Policy } from '../policy/policy.ts';
import { decides, gates } from '../policy/policy.ts';
import type { Gate } from './verdict.ts';
import { judgeAccuracy } from './accuracy.ts';
import { labelledOf } from './chosen-labels.ts';
import { judgeCost, unknownCost } from './cost.ts';
import type { WordLabels } from '../predictions.ts';
import type { Evidence } from './evidence.ts';
import { judgeRegressions } from './regressions.ts';
import { judgeLoss, judgeScores } from './loss.ts';
import { needsAdvice } from './needs.ts';
import type { Needs } from './needs.ts';
import { truthMargin, unripe } from './truth-gate.ts';
import { judgeRecall } from './recall.ts';
import { judgeTruthSlices } from './truth-slices.ts';
import { count, counted, duration } from '../../base/units.ts';

/** Is the shadow less right than production, where the truth is known? Paired: both models answered the same rows. */
export function judgeTruth(evidence: Evidence): Gate[] {
  const predictions = labelledOf(evidence.observations);
  const truth = predictions?.truth;
  if (predictions === undefined) return [];
  if (truth === undefined)
    return [
      ...(evidence.policy.expect?.kind === 'better' ? [unknown(evidence, UNLABELLED)] : []),
      ...(evidence.policy.costs === undefined ? [] : [unknownCost(evidence, 'No label is known.')]),
    ];
  if (truth.rows > 0 && truth.labels !== undefined)
    return [
      ...judgeAccuracy(predictions, truth, evidence).map((gate) => unlessPriced(gate, evidence.policy)),
      ...judgeRecall(predictions, truth, evidence),
      ...judgeCost(predictions, truth, evidence),
      ...judgeRegressions(predictions, truth, evidence),
      ...judgeScores(predictions, truth, evidence),
      ...judgeTruthSlices(predictions, evidence),
    ];
  if (truth.rows > 0 && truth.numbers !== undefined)
    return [
      ...judgeLoss(predictions, truth, evidence),
      ...judgeCost(predictions, truth, evidence),
      ...judgeTruthSlices(predictions, evidence),
    ];
  const late = unripe(predictions, evidence.policy);
  if (late !== undefined) return [{ ...unknown(evidence, sentence(late.reason)), ...late.needs }];
  if (truth.age !== undefined && truth.of === 0)
    return [unknown(evidence, `No compared request was ${duration(truth.age.age)} old when labels were looked up.`)];
  if (truth.of === 0)
    return [
      unknown(
        evidence,
        'No answers have been compared yet, so no label has its row.',
        needsAdvice('answers of both models'),
      ),
    ];
  const { words, production } = predictions.answers ?? {};
  // Of labels that are numbers one would have had its row, if ids were the same.
  if (words !== undefined && words.labels === words.of)
    return [unknown(evidence, ...wordsAgainstNumbers(words, production?.from))];
  const none =
    truth.unknown === 1 ? 'The one label belongs to none' : `None of the ${count(truth.unknown)} labels belongs to one`;
  const reason = `${truth.unknown === 0 ? 'None of the labels belongs to one' : none} of the ${counted(truth.of, 'compared rows')}.`;
  return [unknown(evidence, reason)];
}

const UNLABELLED = 'It is expected to be better, and without labels nobody knows which of two answers is right.';

/** Labels that are words, and answers that are read as numbers: none is held against the other, whoever it belongs to. */
function wordsAgainstNumbers({ labels, member }: WordLabels, from: string | undefined): [string, Needs] {
  const where = from === undefined ? '' : `, from ${from}`;
  const reading =
    member === undefined ? '' : `the answers read where they hold such words (--prediction '${member}'), or `;
  return [
    `${counted(labels, 'labels')} ${labels === 1 ? 'is' : 'are'} true or false, or another word, and the answers are read as numbers${where}: neither can be held against the other.`,
    needsAdvice(`${reading}labels that are numbers: 0 and 1, where the answers are the probability of 1`),
  ];
}

/** Accuracy counts every mistake alike; where the policy says what each costs, the cost decides. */
function unlessPriced(gate: Gate, policy: Policy): Gate {
  const priced = policy.costs !== undefined && gates(policy, 'truth.cost');
  return priced && !decides(policy, gate.id) ? { ...gate, gating: false } : gate;
}

const LABELS_OF_WINDOW = needsAdvice(
  'labels with the InferenceIds of this window, or with the features as they were sent',
);

function unknown({ policy }: Evidence, reason: string, needs: Needs = LABELS_OF_WINDOW): Gate {
  return {
    id: 'truth',
    title: 'Is it less accurate?',
    outcome: 'inconclusive',
    gating: gates(policy, 'truth'),
    unit: 'share',
    estimate: undefined,
    interval: undefined,
    margin: truthMargin(policy),
    relation: '<',
    n: 0,
    of: 'rows',
    reason,
    ...needs,
  };
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
