import { counted, percent, points } from '../../../base/units.ts';
import type { Policy } from '../../policy/policy.ts';
import { keyOf } from '../../policy/words.ts';
import { meanInterval } from '../evidence.ts';
import { classRows, leastForTruth, leastRequests } from '../least.ts';
import { compare } from '../verdict.ts';
import { byTask, type Demand, demandsOf, ifSet, inPoints, NO_KEY } from './demand.ts';
import type { TrafficNeeded } from './traffic-needed.ts';

/** What is added to demands on agreement that only inform once labels say which model is right. */
export function unlessLabels(policy: Policy): string {
  return policy.expect?.kind === 'same' ? '' : ' (for information where labels are available)';
}

/** What is demanded of answers before they are compared: that they are there, can be read and can be paired. */
export function outputDemands(policy: Policy, traffic: TrafficNeeded): Demand[] {
  const demand = demandsOf(policy);
  return [
    demand(
      'output.gap',
      "where the captures of the shadow's in a folder pause while production's go on, those after the pause give the same verdict as all",
      'what the others need',
      NO_KEY,
    ),
    demand(
      'output.reading',
      'where its answers can be read in several ways, all of them give the same verdict',
      'what the others need',
      keyOf(policy, 'answers.kind'),
    ),
    demand(
      'output.readable',
      `of its answers at most ${points(policy.unparsed)} more than of production's are empty or cannot be read`,
      traffic.pairs(0),
      keyOf(policy, 'unparsed'),
    ),
    demand(
      'output.answered',
      `of the requests that production answered, it may have failed or left unknown at most ${percent(policy.unparsed)}`,
      'one pair',
      keyOf(policy, 'unparsed'),
    ),
    demand(
      'output.schema',
      `of its answers at most ${points(policy.unparsed)} more than of production's lack a field that production's have, or have a different type`,
      '50 answers',
      keyOf(policy, 'unparsed'),
    ),
    demand(
      'output.form',
      "nothing that nearly all of production's answers hold is missing in all of its own, or of another type there",
      'one pair',
      keyOf(policy, 'fields.ignore'),
    ),
    demand(
      'output.pairs',
      'answers of both were found and paired, and both inputs of a pair by an id are the same',
      'one pair',
      keyOf(policy, 'unparsed'),
    ),
    demand(
      'output.values',
      `JSON: no value of a field is shown to be given by one model and mostly not by the other${unlessLabels(policy)}`,
      `${policy.minimumPairs} pairs of different inputs`,
      keyOf(policy, 'classes.agreement'),
    ),
    demand(
      'output.varied',
      'it does not give one answer to nearly every request, unless production does',
      '50 answers',
      NO_KEY,
    ),
  ];
}

/** What is demanded of labels, and of the scores beside them, as production gives them. */
export function labelDemands(policy: Policy, traffic: TrafficNeeded): Demand[] {
  const demand = demandsOf(policy);
  const unless = unlessLabels(policy);
  const asksScores = policy.expect?.kind === 'same' || policy.numbers.tolerance !== undefined;
  const unlessAlike = asksScores
    ? unless
    : ' (for information where labels are available, or where scores of both are spread alike)';
  const agreeing = (share: number) => traffic.lasting(traffic.pairs(traffic.allAgree(share)));
  return [
    ...byTask(policy, ['binary', 'json', 'multiclass'], 'agreement').map(({ tasks, value, key }) =>
      demand(
        'labels.agreement',
        `${tasks}: more than ${percent(value)} of its ${tasks === 'json' ? 'answers' : 'labels'} equal production's${unless}`,
        agreeing(value),
        key,
      ),
    ),
    demand(
      'labels.classes',
      `every class that production gives is given, and none that production never gives in more than ${percent(policy.newClasses)} of the rows`,
      traffic.lasting(traffic.pairs(0)),
      keyOf(policy, 'newClasses'),
    ),
    ...byTask(policy, ['binary', 'multiclass'], 'agreement').map(({ value, key }) =>
      demand(
        'labels.scores',
        `scores beside labels: more than ${percent(value)} lie within answers.tolerance of production's, or half of their spread where it is not set, and 0.1 of probabilities${unlessAlike}`,
        agreeing(value),
        key,
      ),
    ),
    ...byTask(policy, ['binary', 'multiclass'], 'agreement').map(({ value, key }) =>
      demand(
        'labels.others',
        `scores of the classes that were not chosen: in more than ${percent(value)} of the rows with equal labels they lie together within answers.tolerance of production's, or half of what these differ among themselves, if that is more${unless}`,
        agreeing(value),
        key,
      ),
    ),
    demand(
      'labels.byClass',
      `of each class that production gives to ${counted(policy.classes.rows, 'rows')} or more, the shadow gives more than ${percent(policy.classes.agreement)} of them the same${unless}`,
      traffic.lasting(`${traffic.pairs(0)}, and ${classRows(policy)} rows of each`),
      `${keyOf(policy, 'classes.agreement')}; ${keyOf(policy, 'classes.rows')}`,
    ),
  ];
}

/** What is demanded of answers that are more than equal or not: vectors, texts, and what a comparator gives. */
export function alikeDemands(policy: Policy, traffic: TrafficNeeded): Demand[] {
  const demand = demandsOf(policy);
  return [
    ...byTask(policy, ['json'], 'agreement').map(({ value, key }) =>
      demand(
        'answers.agreement',
        `vectors, rankings, boxes, texts and other answers that are more than equal or not: more than ${percent(value)} are alike; another wording alone does not fail${unlessLabels(policy)}`,
        traffic.lasting(traffic.pairs(traffic.allAgree(value))),
        key,
      ),
    ),
    demand(
      'answers.refusals',
      `texts and chats: its share of refusals is less than ${inPoints(policy.answers.refusals)} above production's`,
      traffic.lasting(traffic.pairs(leastForTruth(policy, policy.answers.refusals))),
      keyOf(policy, 'answers.refusals'),
    ),
    ...comparatorNames(policy).map((name) => {
      const margin = policy.answers.margins[name] ?? policy.agreement;
      const proven = (n: number) => compare(meanInterval(n, n, policy.alpha / 2, policy), margin, false) === 'pass';
      return demand(
        `answers.${name}`,
        `the mean of what the comparator gives${name === 'comparator' ? '' : ` as ${name}`} is more than ${percent(margin)}`,
        traffic.lasting(traffic.pairs(leastRequests(proven))),
        `${keyOf(policy, 'answers.command')}; ${keyOf(policy, policy.answers.margins[name] === undefined ? 'agreement' : `answers.margins.${name}`)}`,
      );
    }),
  ];
}

/** What is demanded of every part of every column of the inputs. */
export function sliceDemands(policy: Policy, traffic: TrafficNeeded): Demand[] {
  const demand = demandsOf(policy);
  return ifSet(policy.slices, (share) =>
    demand(
      'slices',
      `in every part of every column of the inputs more than ${percent(share)} of its answers equal production's`,
      traffic.lasting(traffic.pairsInEachPart(traffic.allAgree(share)), 'parts'),
      keyOf(policy, 'slices'),
    ),
  );
}

/** The numbers that the policy's comparator is known to give: those with a margin, else a plain one. */
function comparatorNames({ answers }: Policy): readonly string[] {
  if (answers.command === undefined) return [];
  const names = Object.keys(answers.margins);
  return names.length === 0 ? ['comparator'] : names;
}
