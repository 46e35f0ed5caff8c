import type { Predictions } from '../predictions.ts';
import { decides, gates } from '../policy/policy.ts';
import { count, number, percent } from '../../base/units.ts';
import { clusteringOf } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { needsAdvice } from './needs.ts';
import { numberNoise, othersNoise } from './noise-floor.ts';
import { proportion } from './proportion.ts';
import { toleranceText } from './tolerance.ts';
import type { Gate } from './verdict.ts';

/**
 * Do the scores beside the labels, or what each model gives the class that production chose, lie near production's? Labels may
 * all be equal and their scores mean something else: logits for probabilities, another class's, noise. A threshold on the score
 * would then decide otherwise. Scores may move where a model was trained anew, so unless the policy says `expect: same` this is
 * at most inconclusive; and where scores are spread as production's, so that a threshold lets as many through, it informs.
 */
export function judgeScores(predictions: Predictions, evidence: Evidence, alone: boolean): Gate[] {
  const { numbers, labels, blocks, repeats } = predictions;
  if (labels === undefined || numbers?.of !== 'score') return [];
  const { policy } = evidence;
  const { rows, beyond, tolerance } = numbers;
  const moved =
    policy.expect?.kind === 'same' ||
    policy.numbers.tolerance !== undefined ||
    !spreadAlike(predictions, policy.minimumPairs);
  // Blocks count all rows, and only some may have scores.
  const minutes = blocks.map((block) => ({ successes: block.rows - (block.beyond ?? 0), n: block.rows }));
  const gate = proportion(predictions, evidence, {
    id: 'labels.scores',
    title: "Are its scores near production's?",
    gating: alone && moved ? gates(policy, 'labels.scores') : decides(policy, 'labels.scores'),
    successes: rows - beyond,
    n: rows,
    minutes,
    clustering: clusteringOf(minutes, repeats?.agreement, policy),
    margin: policy.agreement,
    below: false,
    facts: `${count(rows - beyond)} of ${count(rows)} scores lie within ${toleranceText(numbers)} of production's (${percent((rows - beyond) / Math.max(1, rows))})`,
    perBlock: (block) => block.rows - (block.beyond ?? 0),
    limits: ['at least', 'at most'],
    demand: `at least ${percent(policy.agreement)} is required`,
    noise: numberNoise(evidence, tolerance),
  });
  return [openAlone(gate, evidence, alone)];
}

/** Scores may move while labels stay: that alone fails only what should be the same. */
function openAlone(gate: Gate, { policy }: Evidence, alone: boolean): Gate {
  if (gate.outcome !== 'fail' || policy.expect?.kind === 'same') return gate;
  return {
    ...gate,
    outcome: 'inconclusive',
    reason: `${gate.reason.replace(/\.$/, '')}; scores may move while labels stay, so this alone does not fail.`,
    // Where labels decide already, there is nothing to give.
    ...(alone &&
      needsAdvice(
        `labels (--labels), a tolerance in the policy (answers: { tolerance: { absolute: … } }), or a policy that lets scores inform only (inform: [${gate.id}])`,
      )),
  };
}

/**
 * Where the labels are equal: do the scores of the classes that were not chosen lie near production's, together? Who shows the first
 * five, or compares the second with the first, reads them, too, and neither labels nor the score of the chosen class tell of them.
 */
export function judgeOthers(predictions: Predictions, evidence: Evidence, alone: boolean): Gate[] {
  const { labels, repeats } = predictions;
  if (labels?.others === undefined) return [];
  const { policy } = evidence;
  const { tolerance } = labels.others;
  // Of windows that were added, some may not say.
  const blocks = predictions.blocks.filter(({ others }) => others !== undefined);
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
  const beyond = blocks.reduce((sum, block) => sum + (block.others ?? 0), 0);
  const minutes = blocks.map((block) => ({ successes: block.rows - (block.others ?? 0), n: block.rows }));
  const gate = proportion(predictions, evidence, {
    id: 'labels.others',
    title: "Are its scores of other classes near production's?",
    gating: alone ? gates(policy, 'labels.others') : decides(policy, 'labels.others'),
    successes: rows - beyond,
    n: rows,
    minutes,
    clustering: clusteringOf(minutes, repeats?.agreement, policy),
    margin: policy.agreement,
    below: false,
    facts: `In ${count(beyond)} of ${count(rows)} rows (${percent(beyond / Math.max(1, rows))}) the class is the same, and the scores of the other classes lie further than ${number(tolerance)} from production's together, half of what these differ among themselves`,
    perBlock: (block) => block.rows - (block.others ?? 0),
    limits: ['they are near in at least', 'they are near in at most'],
    demand: `at least ${percent(policy.agreement)} is required`,
    noise: othersNoise(evidence, tolerance),
  });
  return [openAlone(gate, evidence, alone)];
}

/** Distributions this much apart let a threshold decide otherwise in a tenth of the rows at most. */
const ALIKE = 0.1;

/**
 * Are the scores of both spread alike: a Kolmogorov-Smirnov distance of at most `ALIKE`, and what two equal samples of this
 * size may show by chance (5 %, Smirnov 1948)? Of few scores anything may be by chance, and distances of several windows cannot
 * be added: of these it is not known.
 *
 * @param least scores from which on it is asked
 */
function spreadAlike({ numbers, merged = 1 }: Predictions, least: number): boolean {
  if (numbers === undefined || numbers.rows < least || merged > 1) return false;
  return numbers.distances.ks <= ALIKE + 1.358 * Math.sqrt(2 / Math.max(1, numbers.rows));
}
