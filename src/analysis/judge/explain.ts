import { distanceInterval } from './distances.ts';
import type { Distance } from './distances.ts';
import { differenceInterval, errorsInterval } from './errors.ts';
import { requestsPerMinute } from './latency.ts';
import { meanInterval, minutesToPass, shareInterval } from './evidence.ts';
import { classRows, equalNumbers, leastAllRight, leastForTruth, leastRequests, rangesPerMargin } from './least.ts';
import type { Task } from '../predictions.ts';
import type { Policy } from '../policy/policy.ts';
import { decides, GATES, gates, policyFor, RULES } from '../policy/policy.ts';
import { keyOf, SUPERSEDED_BY_LABELS } from '../policy/words.ts';
import { pairShares } from '../statistics/paired-shares.ts';
import { compare } from './verdict.ts';
import { count, counted, duration, durationFlag, milliseconds, number, percent, points } from '../../base/units.ts';

/** One demand of a policy, in words, and what it takes to meet it. */
export interface Demand {
  gate: string;
  /** A rule holds what was seen against a limit as it is; a test bounds what is behind it. */
  sort: 'test' | 'rule';
  gating: boolean;
  demand: string;
  /** The policy's keys that say so, with their values: `latency.p99: 0.2`. */
  key: string;
  /** The least traffic with which it can be decided, if all goes well. */
  traffic: string;
}

/** Where no traffic proves what is required: a margin of nothing, or a share of all. */
const NEVER = 'cannot be reached with any amount of traffic: leave some margin';

/** What no key changes. */
const NO_KEY = 'always';

/** What a policy demands of a shadow, gate by gate. */
export function explainPolicy(policy: Policy): Demand[] {
  const blocks = `${counted(policy.minimumBlocks, 'blocks')} of ${counted(policy.blockMinutes, 'minutes')}, after ${counted(policy.warmupMinutes, 'minutes')} of warm-up`;
  const share = (margin: number, above: boolean) => (n: number) =>
    compare(shareInterval(above ? n : 0, n, policy.alpha, policy), margin, !above) === 'pass';
  const nothing = (n: number) => pairShares([{ production: { successes: 0, n }, shadow: { successes: 0, n } }]);
  const errors = leastRequests((n) => errorsInterval(nothing(n), policy)[1] < policy.errors);
  // Two shares are bounded apart, each at half of alpha, and production's lower bound is zero where nothing fails.
  const none = (n: number) => ({ failed: 0, n, effective: n });
  const pairs = (least: number | undefined) =>
    least === undefined ? NEVER : `${counted(Math.max(policy.minimumPairs, least), 'pairs')} of different inputs`;
  const lasting = (words: string, of?: 'parts') =>
    words === NEVER ? NEVER : `${words}, in ${counted(minutesToPass(policy, of), 'minutes')}`;
  const unlessLabels = policy.expect?.kind === 'same' ? '' : ' (for information where labels are available)';
  const asksScores = policy.expect?.kind === 'same' || policy.numbers.tolerance !== undefined;
  const unlessAlike = asksScores
    ? unlessLabels
    : ' (for information where labels are available, or where scores of both are spread alike)';
  const inEachPart = (least: number | undefined) =>
    least === undefined ? NEVER : `${pairs(0)}, and ${count(least)} in each part`;
  // Errors of both models come in bursts that labels do not show, so limits on labels wait as parts do.
  const labelled = (least: number | undefined, what: string) =>
    least === undefined
      ? NEVER
      : `${count(Math.max(policy.minimumPairs, least))} ${what} with a label, in ${counted(minutesToPass(policy, 'parts'), 'minutes')}`;
  const demand = (gate: string, words: string, traffic: string, key: string): Demand => ({
    gate,
    sort: RULES.includes(gate) ? 'rule' : 'test',
    gating: isGating(policy, gate),
    demand: words,
    traffic,
    key,
  });
  const latency = (['mean', 'p50', 'p90', 'p99'] as const).map((name) => {
    const quantile = name === 'mean' ? 0 : Number(name.slice(1)) / 100;
    const least = quantile > 0 ? `, with ${number(requestsPerMinute(quantile), 2)} requests a minute` : '';
    return demand(
      `latency.${name}`,
      `its ${name} latency is at most ${percent(policy.latency[name])} longer than production's${policy.latencyFloor > 0 ? `, or ${milliseconds(policy.latencyFloor)}` : ''}`,
      `${blocks}${least}`,
      keyOf(policy, `latency.${name}`),
    );
  });
  const distances = Object.entries(policy.distances).filter((one): one is [Distance, number] => one[1] !== undefined);
  const informs = (gate: string, words: string, traffic = `${blocks}, and as long before the shadow`): Demand => ({
    gate,
    sort: 'test',
    gating: decides(policy, gate),
    demand: words,
    traffic,
    key: keyOf(policy, gate),
  });
  const before = leastRequests((n) => differenceInterval(none(n), none(n), policy)[1] < policy.effect.errors);
  const effect = [
    informs(
      'effect.latency',
      `production itself is at most ${percent(policy.effect.latency)} slower than before the shadow`,
    ),
    informs(
      'effect.overhead',
      `its overhead is at most ${percent(policy.effect.overhead)} longer than before the shadow`,
    ),
    informs(
      'effect.errors',
      `the share of its requests that fail is less than ${inPoints(policy.effect.errors)} above that before the shadow`,
      before === undefined ? NEVER : `${counted(before, 'requests')} without a failure, and as many before the shadow`,
    ),
  ];
  const { latency: times, errors: mostErrors, accuracy, recall, cost } = policy.limits;
  const allowed =
    mostErrors === undefined ? undefined : leastRequests((n) => errorsInterval(nothing(n), policy)[1] < mostErrors);
  const limits = [
    ...Object.entries(times).flatMap(([name, limit]) =>
      limit === undefined
        ? []
        : [
            demand(
              `limits.latency.${name}`,
              `its ${name} latency is at most ${milliseconds(limit)}`,
              blocks,
              `limits.latency.${name}: ${milliseconds(limit)}`,
            ),
          ],
    ),
    ...(mostErrors === undefined
      ? []
      : [
          demand(
            'limits.errors',
            `less than ${percent(mostErrors)} of its requests fail`,
            allowed === undefined ? NEVER : lasting(`${counted(allowed, 'requests')} without a failure`),
            keyOf(policy, 'limits.errors'),
          ),
        ]),
    ...(accuracy === undefined
      ? []
      : [
          demand(
            'limits.accuracy',
            `at least ${percent(accuracy)} of its answers are right`,
            labelled(leastAllRight(policy, accuracy), 'rows'),
            keyOf(policy, 'limits.accuracy'),
          ),
        ]),
    ...Object.entries(recall).map(([name, share]) =>
      demand(
        'limits.recall',
        `of the rows with the label ${name} it finds at least ${percent(share)}`,
        labelled(leastAllRight(policy, share), `rows of class ${name}`),
        keyOf(policy, `limits.recall.${name}`),
      ),
    ),
    ...(cost === undefined
      ? []
      : [
          demand(
            'limits.cost',
            `its mistakes cost less than ${cost} a row`,
            labelled(0, 'rows'),
            keyOf(policy, 'limits.cost'),
          ),
        ]),
    ...(['memory', 'cpu'] as const).flatMap((name) => {
      const margin = policy.resources[name];
      return margin === undefined
        ? []
        : [
            demand(
              `resources.${name}`,
              `its use of ${name === 'cpu' ? 'the processors' : 'memory'} is at most ${percent(margin)} more than production's`,
              blocks,
              keyOf(policy, `resources.${name}`),
            ),
          ];
    }),
  ];
  const tolerance =
    policy.numbers.tolerance === undefined
      ? "a tenth of the standard deviation of production's (of heavy tails, less)"
      : String(policy.numbers.tolerance);
  return [
    demand('traffic.sampling', 'it received the requested share of the traffic', 'one request', NO_KEY),
    ...(policy.cover === undefined
      ? []
      : [
          demand(
            'traffic.cover',
            `the evidence covers ${duration(policy.cover)} of traffic`,
            `${duration(policy.cover)}, without pauses of more than an hour`,
            `cover: ${durationFlag(policy.cover)}`,
          ),
        ]),
    demand(
      'errors',
      `its share of failed requests is less than ${inPoints(policy.errors)} above production's`,
      errors === undefined ? NEVER : lasting(`${counted(errors, 'requests')} without a failure`),
      keyOf(policy, 'errors'),
    ),
    ...latency,
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
      pairs(0),
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
      `JSON: no value of a field is shown to be given by one model and mostly not by the other${unlessLabels}`,
      `${policy.minimumPairs} pairs of different inputs`,
      keyOf(policy, 'classes.agreement'),
    ),
    demand(
      'output.varied',
      'it does not give one answer to nearly every request, unless production does',
      '50 answers',
      NO_KEY,
    ),
    ...byTask(policy, ['binary', 'json', 'multiclass'], 'agreement').map(({ tasks, value, key }) =>
      demand(
        'labels.agreement',
        `${tasks}: more than ${percent(value)} of its ${tasks === 'json' ? 'answers' : 'labels'} equal production's${unlessLabels}`,
        lasting(pairs(leastRequests(share(value, true)))),
        key,
      ),
    ),
    demand(
      'labels.classes',
      `every class that production gives is given, and none that production never gives in more than ${percent(policy.newClasses)} of the rows`,
      lasting(pairs(0)),
      keyOf(policy, 'newClasses'),
    ),
    ...byTask(policy, ['binary', 'multiclass'], 'agreement').map(({ value, key }) =>
      demand(
        'labels.scores',
        `scores beside labels: more than ${percent(value)} lie within answers.tolerance of production's, or half of their spread where it is not set, and 0.1 of probabilities${unlessAlike}`,
        lasting(pairs(leastRequests(share(value, true)))),
        key,
      ),
    ),
    ...byTask(policy, ['binary', 'multiclass'], 'agreement').map(({ value, key }) =>
      demand(
        'labels.others',
        `scores of the classes that were not chosen: in more than ${percent(value)} of the rows with equal labels they lie together within answers.tolerance of production's, or half of what these differ among themselves, if that is more${unlessLabels}`,
        lasting(pairs(leastRequests(share(value, true)))),
        key,
      ),
    ),
    demand(
      'labels.byClass',
      `of each class that production gives to ${counted(policy.classes.rows, 'rows')} or more, the shadow gives more than ${percent(policy.classes.agreement)} of them the same${unlessLabels}`,
      lasting(`${pairs(0)}, and ${classRows(policy)} rows of each`),
      `${keyOf(policy, 'classes.agreement')}; ${keyOf(policy, 'classes.rows')}`,
    ),
    ...byTask(policy, ['json'], 'agreement').map(({ value, key }) =>
      demand(
        'answers.agreement',
        `vectors, rankings, boxes, texts and other answers that are more than equal or not: more than ${percent(value)} are alike; another wording alone does not fail${unlessLabels}`,
        lasting(pairs(leastRequests(share(value, true)))),
        key,
      ),
    ),
    demand(
      'answers.refusals',
      `texts and chats: its share of refusals is less than ${inPoints(policy.answers.refusals)} above production's`,
      lasting(pairs(leastForTruth(policy, policy.answers.refusals))),
      keyOf(policy, 'answers.refusals'),
    ),
    ...comparatorNames(policy).map((name) => {
      const margin = policy.answers.margins[name] ?? policy.agreement;
      return demand(
        `answers.${name}`,
        `the mean of what the comparator gives${name === 'comparator' ? '' : ` as ${name}`} is more than ${percent(margin)}`,
        lasting(
          pairs(leastRequests((n) => compare(meanInterval(n, n, policy.alpha / 2, policy), margin, false) === 'pass')),
        ),
        `${keyOf(policy, 'answers.command')}; ${keyOf(policy, policy.answers.margins[name] === undefined ? 'agreement' : `answers.margins.${name}`)}`,
      );
    }),
    ...byTask(policy, ['regression', 'scores'], 'numbers.share').map(({ tasks, value, key }) =>
      demand(
        'numbers.tolerance',
        `${tasks}: less than ${percent(value)} of its numbers differ by more than ${tolerance}${unlessLabels}`,
        lasting(pairs(leastRequests(share(value, false)))),
        `${key}; ${keyOf(policy, 'numbers.tolerance')}`,
      ),
    ),
    demand(
      'numbers.bias',
      `regression, scores: on average its numbers lie less than ${policy.bias === undefined ? '0.05 (with labels 0.1)' : number(policy.bias)} standard deviations from production's`,
      lasting(pairs(0)),
      keyOf(policy, 'bias'),
    ),
    ...(policy.slices === undefined
      ? []
      : [
          demand(
            'slices',
            `in every part of every column of the inputs more than ${percent(policy.slices)} of its answers equal production's`,
            lasting(inEachPart(leastRequests(share(policy.slices, true))), 'parts'),
            keyOf(policy, 'slices'),
          ),
        ]),
    ...distances.map(([name, margin]) =>
      demand(
        `distance.${name}`,
        `the distributions of numbers lie less than ${margin} apart${name === 'wasserstein' ? ', in the unit of the numbers' : ''}`,
        lasting(
          name === 'wasserstein'
            ? `${pairs(0)}, and about ${count(rangesPerMargin(policy))} × the range of the numbers ÷ the limit`
            : pairs(leastRequests((n) => distanceInterval(name, equalNumbers(n), 1, policy)[1] < margin)),
        ),
        keyOf(policy, `distances.${name}`),
      ),
    ),
    ...(['ks', 'psi'] as const).flatMap((name) => {
      const margin = policy.reference?.[name];
      return margin === undefined
        ? []
        : [
            demand(
              `reference.${name}`,
              `its numbers lie less than ${margin} (${name === 'ks' ? 'Kolmogorov-Smirnov' : 'population stability index'}) from those of ${policy.reference?.file ?? ''}`,
              lasting(pairs(0)),
              keyOf(policy, `reference.${name}`),
            ),
          ];
    }),
    ...byTask(policy, ['regression', 'scores', 'binary', 'multiclass', 'json'], 'truth').map(({ tasks, value, key }) =>
      demand(
        'truth',
        `${tasks}: against labels, it loses less than ${inPoints(value)} of accuracy (of numbers: its mean absolute error, and of probabilities its Brier score, is less than ${percent(value)} larger)`,
        `${pairs(leastForTruth(policy, value))} with labels, in ${counted(minutesToPass(policy), 'minutes')}; of numbers, about ${count(Math.log(1 / policy.alpha) / value)} × their range ÷ production's mean error`,
        key,
      ),
    ),
    demand(
      'truth.recall',
      `classes: against labels, its recall of no class is proven to be ${inPoints(policy.recall)} lower than production's (decide: [truth.recall] demands proof that it is not)`,
      lasting(`${pairs(0)} with labels, on which the models agree and on which they differ`),
      keyOf(policy, 'recall'),
    ),
    ...(policy.costs === undefined
      ? []
      : [
          demand(
            'truth.cost',
            `classes: against labels, a row costs at most ${percent(policy.cost)} more than with production; then accuracy only informs`,
            lasting(`${pairs(0)} with labels, and some of every class that costs names`),
            `${keyOf(policy, 'costs')}; ${keyOf(policy, 'cost')}`,
          ),
        ]),
    ...(policy.regressions === undefined
      ? []
      : [
          demand(
            'truth.regressions',
            `classes: against labels, less than ${percent(policy.regressions)} of the rows are right with production and wrong with it`,
            lasting(pairs(leastForTruth(policy, policy.regressions))),
            keyOf(policy, 'regressions'),
          ),
        ]),
    ...(decides(policy, 'stability')
      ? [
          demand(
            'stability',
            'it passes without any one class (by accuracy, with labels) or any one part of the inputs (by agreement, without), too',
            lasting(`${pairs(0)} with labels, or with inputs that were captured`),
            keyOf(policy, 'decide'),
          ),
        ]
      : []),
    ...limits,
    ...effect,
  ];
}

/** A difference of two shares: `1 percentage point`. */
function inPoints(difference: number): string {
  const value = number(difference * 100, 3);
  return `${value} percentage ${value === '1' ? 'point' : 'points'}`;
}

function isGating(policy: Policy, gate: string): boolean {
  if (policy.answers.command !== undefined && SUPERSEDED_BY_LABELS.includes(gate)) return decides(policy, gate);
  // A number of a comparator may have any name; `truth` is one of three gates, by the kind of answers.
  if (gate.startsWith('answers.')) return gates(policy, gate);
  // Recall has a demand of its own.
  if (gate === 'truth') return ['truth.accuracy', 'truth.error', 'truth.score'].some((id) => gates(policy, id));
  return GATES.some((id) => (id === gate || id.startsWith(`${gate}.`)) && gates(policy, id));
}

/** The numbers that the policy's comparator is known to give: those with a margin, else a plain one. */
function comparatorNames({ answers }: Policy): readonly string[] {
  if (answers.command === undefined) return [];
  const names = Object.keys(answers.margins);
  return names.length === 0 ? ['comparator'] : names;
}

/** Where in the policy the demand on a kind of answers stands. */
const OF_TASK = {
  agreement: { of: (policy: Policy) => policy.agreement, member: 'agreement' },
  'numbers.share': { of: (policy: Policy) => policy.numbers.share, member: 'share' },
  truth: { of: (policy: Policy) => policy.truth, member: 'truth' },
} as const;

/** Tasks of which the policy demands the same, together. */
function byTask(
  policy: Policy,
  tasks: readonly Task[],
  what: keyof typeof OF_TASK,
): { tasks: string; value: number; key: string }[] {
  const { of, member } = OF_TASK[what];
  const groups = new Map<number, Task[]>();
  for (const task of tasks) {
    const value = of(policyFor(policy, task));
    groups.set(value, [...(groups.get(value) ?? []), task]);
  }
  const keyFor = (task: Task) =>
    policy.tasks[task]?.[member] === undefined ? keyOf(policy, what) : keyOf(policy, `tasks.${task}.${member}`);
  return [...groups].map(([value, names]) => ({
    tasks: names.length === 5 ? 'any task' : names.join(', '),
    value,
    key: [...new Set(names.map(keyFor))].join('; '),
  }));
}
