import type { Prices } from '../answers/prices.ts';
import type { Task } from '../predictions.ts';
import type { Expectation } from './expect.ts';

/** What differs from task to task. */
interface TaskPolicy {
  agreement?: number | undefined;
  /** Share of numbers that may lie beyond the tolerance. */
  share?: number | undefined;
  truth?: number | undefined;
}

/** What a policy says about answers; paths are as they are written. */
interface AnswersPolicy {
  /** A name of the table of kinds; undefined: as the answers show. */
  kind?: string | undefined;
  /** Where the rows lie; and within a row the label, the score or scores, or the map whose largest value's key is the label. */
  path?: string | undefined;
  label?: string | undefined;
  scores?: string | undefined;
  largest?: string | undefined;
  /** False: lists in free JSON, and ranked lists, are equal whatever their order. */
  order: boolean;
  /** How far two numbers may lie apart and still be equal: absolutely, and as a share of production's in addition. */
  absolute?: number | undefined;
  relative?: number | undefined;
  /** Similarity of words from which on two texts are alike. */
  similarity: number;
  /** How much higher the share of refusals may be; and beginnings of refusals beside those that are known. */
  refusals: number;
  openings: readonly string[];
  /** A comparator of the user's own, for the shell; how many pairs it is asked about at most, and what it may take. */
  command?: string | undefined;
  sample: number;
  limits: { time: number; memory: number };
  /** What the mean of each of its numbers must be above, by name; `agreement` for those that are not named. */
  margins: Readonly<Record<string, number>>;
}

/** Absolute limits. Latencies in milliseconds, shares from 0 to 1. */
interface LimitsPolicy {
  /** Latency of the shadow alone, per statistic. */
  latency: { mean?: number | undefined; p50?: number | undefined; p90?: number | undefined; p99?: number | undefined };
  /** Share of its requests that may fail. */
  errors?: number | undefined;
  /** Against labels: share of its answers that must be right, of all (`accuracy`) and by class (`recall`). */
  accuracy?: number | undefined;
  /** Against labels: what a row may cost, at the prices of `costs`. */
  cost?: number | undefined;
  recall: Readonly<Record<string, number>>;
}

/** A gate that may stay open or fail, and who answers for it. */
export interface Waiver {
  /** Its id. */
  gate: string;
  reason: string;
  owner?: string | undefined;
  /** The last day on which it counts, in UTC: `2026-12-31`. */
  until?: string | undefined;
}

/** What the shadow must prove. Shares and margins are fractions: 0.1 is ten percent. */
export interface Policy {
  /** Chance of a wrong answer that is accepted, per gate. */
  alpha: number;
  /** `always`: bounds hold however often anybody looks. `once`: narrower, for a single look at the end. */
  looks: 'always' | 'once';
  /** What the new model is expected to be; undefined where nobody said. */
  expect: Expectation | undefined;
  /** Fewer pairs than this decide nothing about predictions. */
  minimumPairs: number;
  /** Milliseconds of traffic that a pass must cover; undefined: as much as its gates need. */
  cover: number | undefined;
  /** Column of the inputs, or path into the request, whose rows hang together: a user, a conversation. */
  cluster: string | undefined;
  /** Pairs as a share of the requests that the shadow should have seen. */
  minimumCoverage: number;
  /** Minutes after the shadow's first request that are left out of latency. */
  warmupMinutes: number;
  /** Latency passes after so many blocks; answers after as many minutes that have some, parts of the inputs after thrice that. */
  blockMinutes: number;
  minimumBlocks: number;
  /** Days after which a batch passes, and every day of the week once. */
  minimumDays: number;
  /** Rows are judged by the days of a batch; undefined: by minutes. Observations say so, no policy file does. */
  over?: 'days';
  /** Slower by no more than so many milliseconds is no slower, whatever share of production's latency that is. */
  latencyFloor: number;
  /** How much slower the shadow may be, per statistic. */
  latency: { mean: number; p50: number; p90: number; p99: number };
  /** How much higher the shadow's share of failed requests may be. */
  errors: number;
  /** Share of equal labels that is demanded where no truth is known. */
  agreement: number;
  /** Share of the rows of each class of production that the shadow must give the same, of classes with so many rows. */
  classes: { agreement: number; rows: number };
  /** Share of rows that the shadow may give a class that production never gives. */
  newClasses: number;
  /** Numbers count as equal within `tolerance`; undefined: a part of the spread of production's (`usualTolerance`). `share` may lie beyond. */
  numbers: { tolerance: number | undefined; share: number };
  /** How far the mean of the shadow's numbers may lie from production's, in standard deviations of production's; undefined: see `judgeBias`. */
  bias: number | undefined;
  /** Share of equal answers that is demanded in every slice of every input column; undefined: parts are shown only. */
  slices: number | undefined;
  /** Free JSON, by path: what is left out, and how far numbers may lie apart and still be equal. */
  fields: { ignore: readonly string[]; tolerance: Readonly<Record<string, number>> };
  /** What answers are, where they lie, and when two of them are alike. */
  answers: AnswersPolicy;
  /** How far apart the distributions of the two models' numbers may lie; without a limit they are shown only. */
  distances: { ks?: number; wasserstein?: number; psi?: number; jensenShannon?: number };
  /** A file of numbers that the shadow's are to be spread as, and how far apart they may lie; undefined: not asked. */
  reference: { file: string; ks?: number | undefined; psi?: number | undefined } | undefined;
  /** How much lower accuracy (or higher the mean absolute error, as a share of production's) may be against labels. */
  truth: number;
  /** How much lower the recall of any class may be against labels, as a share of the class's rows. */
  recall: number;
  /** Share of rows with labels that may be right with production and wrong with the shadow; undefined: not asked. */
  regressions: number | undefined;
  /** How old a request must be, in milliseconds, for its label to count; undefined: any age. */
  maturity: number | undefined;
  /** How the rows were chosen that have a label; undefined: nobody says, which counts where nothing is live to compare with. */
  labels: 'random' | undefined;
  /** What each kind of mistake costs, against labels; undefined: all cost alike, which is accuracy. */
  costs: Prices | undefined;
  /** How much more a row may cost than with production, as a share of what it costs with production. */
  cost: number;
  /** What the shadow must hold whatever production does; what is not named has no limit. */
  limits: LimitsPolicy;
  /** How much more of its instances the shadow may use than production, as a share: 0.2 is 20 % more. Undefined: not judged. */
  resources: { memory?: number | undefined; cpu?: number | undefined };
  /** What is demanded of answers of one kind instead. */
  tasks: Readonly<Partial<Record<Task, TaskPolicy>>>;
  /** Share of answers that may be missing or not understood. */
  unparsed: number;
  /** What shadowing may cost production, against the time before: latency and overhead as ratios, failed requests as a share. */
  effect: { latency: number; overhead: number; errors: number };
  /** Gates that inform unless they are named here, by id or its first part: `effect`, `effect.latency`. */
  decide: readonly string[];
  /** Gates that are shown without deciding, by id or its first part: `latency`, `latency.p99`. */
  inform: readonly string[];
  /** Gates that do not decide although they did not pass; always shown. */
  waivers: readonly Waiver[];
  /** `window`: promote goes on, through a canary, where the claims about this window pass and no gate fails. */
  accept: 'window' | undefined;
  /**
   * What promote does where SageMaker refuses guardrails beside a shadow: `canary` detaches the shadow and updates through
   * a canary without asking, `none` stops; undefined: asks.
   */
  fallback: 'canary' | 'none' | undefined;
}

export const DEFAULT_POLICY: Policy = {
  alpha: 0.05,
  looks: 'always',
  expect: undefined,
  minimumPairs: 300,
  cover: undefined,
  cluster: undefined,
  minimumCoverage: 0.9,
  warmupMinutes: 2,
  blockMinutes: 10,
  minimumBlocks: 8,
  minimumDays: 7,
  // Chosen, not derived: it is little beside what a caller waits for any request over a network.
  latencyFloor: 0.25,
  latency: { mean: 0.1, p50: 0.1, p90: 0.2, p99: 0.2 },
  errors: 0.01,
  agreement: 0.9,
  // Two good models of a rare class agree on fewer of its rows than of all; fewer than 200 rows of one prove little.
  classes: { agreement: 0.8, rows: 200 },
  newClasses: 0.001,
  numbers: { tolerance: undefined, share: 0.05 },
  bias: undefined,
  slices: undefined,
  fields: { ignore: [], tolerance: {} },
  answers: {
    order: true,
    similarity: 1,
    refusals: 0.01,
    openings: [],
    sample: 1000,
    limits: { time: 600_000, memory: 4e9 },
    margins: {},
  },
  distances: {},
  reference: undefined,
  truth: 0.02,
  recall: 0.1,
  regressions: undefined,
  maturity: undefined,
  labels: undefined,
  costs: undefined,
  cost: 0.05,
  limits: { latency: {}, recall: {} },
  resources: {},
  // Two classes agree by chance more often than many do; free JSON is compared whole, without order of better and worse.
  tasks: { binary: { agreement: 0.95 }, json: { agreement: 0.95 } },
  unparsed: 0.01,
  effect: { latency: 0.1, overhead: 0.2, errors: 0.01 },
  decide: [],
  inform: [],
  waivers: [],
  accept: undefined,
  fallback: undefined,
};

/** Every gate that a verdict may have, in the order of a report. `decide` and `inform` name them, or the first part of some. */
export const GATES: readonly string[] = [
  'traffic.sampling',
  'traffic.cover',
  ...['rows', 'days'].map((name) => `batch.${name}`),
  'windows.sums',
  'errors',
  ...['mean', 'p50', 'p90', 'p99'].map((name) => `latency.${name}`),
  ...['gap', 'reading', 'readable', 'answered', 'schema', 'form', 'pairs', 'varied', 'values'].map(
    (name) => `output.${name}`,
  ),
  ...['agreement', 'scores', 'others', 'classes', 'byClass'].map((name) => `labels.${name}`),
  ...['agreement', 'refusals', 'comparator'].map((name) => `answers.${name}`),
  ...['tolerance', 'bias'].map((name) => `numbers.${name}`),
  'slices',
  'slices.apart',
  ...['ks', 'wasserstein', 'psi', 'jensenShannon', 'classes', 'numbers'].map((name) => `distance.${name}`),
  ...['ks', 'psi'].map((name) => `reference.${name}`),
  'truth.accuracy',
  'truth.error',
  'truth.score',
  'truth.recall',
  'truth.cost',
  'truth.regressions',
  'truth.slices',
  'stability',
  ...['latency.mean', 'latency.p50', 'latency.p90', 'latency.p99', 'errors', 'accuracy', 'recall', 'cost'].map(
    (name) => `limits.${name}`,
  ),
  ...['memory', 'cpu'].map((name) => `resources.${name}`),
  ...['latency', 'overhead', 'errors'].map((name) => `effect.${name}`),
];

/** Those of them that hold what was seen against a limit as it is, where the others bound what is behind it. */
export const RULES: readonly string[] = [
  'traffic.sampling',
  'traffic.cover',
  ...['rows', 'days'].map((name) => `batch.${name}`),
  'windows.sums',
  ...['gap', 'reading', 'readable', 'answered', 'schema', 'form', 'pairs', 'varied', 'values'].map(
    (name) => `output.${name}`,
  ),
  'labels.classes',
  'slices.apart',
  'truth.slices',
];

/** How `answers.kinds` names what differs from task to task. */
export const GROUP_OF = {
  regression: 'number',
  scores: 'number',
  binary: 'binary',
  multiclass: 'label',
  json: 'json',
} as const satisfies Readonly<Record<Task, string>>;

export const TASKS = Object.keys(GROUP_OF) as readonly Task[];

/** Keys that have moved into the section `answers:`, and where to; they are still read. */
export const MOVED: readonly (readonly [old: string, now: string])[] = [
  ['fields.ignore', 'answers.ignore'],
  ['fields.tolerance', 'answers.tolerance.fields'],
  ['numbers.tolerance', 'answers.tolerance.absolute'],
  ...TASKS.map((task) => [`tasks.${task}`, `answers.kinds.${GROUP_OF[task]}`] as const),
];

/**
 * How much longer the shadow's latency may be, as a share of production's: as the policy says, and at least its floor.
 *
 * @param production what production takes, in milliseconds
 */
export function latencyMargin(
  { latency, latencyFloor }: Pick<Policy, 'latency' | 'latencyFloor'>,
  name: keyof Policy['latency'],
  production: number,
): number {
  return production > 0 ? Math.max(latency[name], latencyFloor / production) : latency[name];
}

/** The policy as it is for answers of this kind. */
export function policyFor(policy: Policy, task: Task): Policy {
  const own = policy.tasks[task] ?? {};
  return {
    ...policy,
    agreement: own.agreement ?? policy.agreement,
    numbers: { ...policy.numbers, share: own.share ?? policy.numbers.share },
    truth: own.truth ?? policy.truth,
  };
}

/** May a promotion rest on the claims about the window alone? Only where nothing failed, and every one of them passes. */
export function accepts(
  { accept }: Pick<Policy, 'accept'>,
  { outcome, inWindow }: { outcome: string; inWindow: string },
): boolean {
  return accept === 'window' && outcome === 'inconclusive' && inWindow === 'pass';
}

/** Does this gate decide under the policy? */
export function gates(policy: Policy, id: string): boolean {
  return !named(policy.inform, id);
}

/** Does a gate decide that informs by default? */
export function decides(policy: Policy, id: string): boolean {
  return named(policy.decide, id) && gates(policy, id);
}

function named(names: readonly string[], id: string): boolean {
  return names.some((name) => id === name || id.startsWith(`${name}.`));
}
