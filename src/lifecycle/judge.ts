import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { labelText } from '../analysis/answers/label-text.ts';
import { countWords } from '../analysis/answers/label-words.ts';
import { type Reference, readReference } from '../analysis/answers/reference.ts';
import type { Truth } from '../analysis/answers/truth.ts';
import type { Comparator } from '../analysis/compare/comparator/compare.ts';
import type { LabelNext } from '../analysis/compare/label-next.ts';
import type { ComparisonOptions } from '../analysis/compare/options.ts';
import type { Doing } from '../analysis/doing.ts';
import type { EarlierFailure } from '../analysis/judge/earlier.ts';
import { fleetChange, fleetText } from '../analysis/judge/fleets.ts';
import { judge } from '../analysis/judge/judge.ts';
import type { Outcome } from '../analysis/judge/verdict.ts';
import type { WaiverState } from '../analysis/judge/verdict.ts';
import { summarizeBoth } from '../analysis/judge/summaries.ts';
import type { NoiseFloor, Observations, Window } from '../analysis/observations.ts';
import type { Task } from '../analysis/predictions.ts';
import { collectFromFiles, type Live } from '../analysis/observe/from-files.ts';
import type { CompareElsewhere } from '../analysis/observe/elsewhere.ts';
import { type QuantileMargins, quantileMargins } from '../analysis/observe/exceedances.ts';
import type { LinePattern } from '../analysis/observe/line-pattern.ts';
import type { LogSelector } from '../analysis/observe/logs.ts';
import { comparisonBy } from '../analysis/policy/answers.ts';
import { accepts } from '../analysis/policy/policy.ts';
import type { Policy } from '../analysis/policy/policy.ts';
import { redact } from '../analysis/redact.ts';
import type { Unseen } from '../aws/unseen.ts';
import type { Aws } from '../aws/clients.ts';
import type { Clock } from '../base/clock.ts';
import { usageError } from '../base/errors.ts';
import { count, counted, duration } from '../base/units.ts';
import type { Report } from '../report/report.ts';
import { type ConfigRun, configRuns } from '../state/config-runs.ts';
import type { Journal } from '../state/journal.ts';
import { latestNoise } from '../state/noise.ts';
import { replay, type State } from '../state/replay.ts';
import { positionOf } from '../state/rollouts.ts';
import { unfinishedUpdate } from '../state/updates.ts';
import { withCalibration } from './calibration.ts';
import { type LabelSource, readLabels } from './labels.ts';
import { decideWindow, type WindowRequest } from './window.ts';
import { type CapturesPlace, withCapturesCache } from './captures-cache.ts';

/** What judging asks for. */
export interface JudgeSession {
  clock: Clock;
  signal: AbortSignal;
  aws(): Promise<Aws>;
  journal(endpoint: string): Promise<Journal>;
  project(): Promise<{ stateDir: string }>;
  /** Where captures are kept, where that is not the state folder. */
  captures?(): Promise<CapturesPlace>;
}

/** What is judged: an endpoint in AWS, or what was saved of one. */
export type JudgeSource =
  | {
      kind: 'endpoint';
      endpoint: string;
      /** False judges by metrics alone. */
      predictions: boolean;
      /** Take predictions from what the containers print, instead of data capture. */
      logs: LogSelector | undefined;
    }
  | {
      kind: 'files';
      /** Saved observations, a folder of captures, or logs. */
      path: string;
      /** Further saved observations, whose sums are added. */
      also?: readonly string[] | undefined;
      /** How the lines of logs are written. */
      line?: LinePattern | undefined;
      /** Folders of production and shadow below it, where their names do not tell. */
      variants: readonly [production: string, shadow: string] | undefined;
      /** What is live where no model is: nothing, or what a file says was decided. */
      live?: 'nothing' | LabelSource | undefined;
    };

/** How an endpoint is judged. */
export interface JudgeOptions {
  source: JudgeSource;
  /** Undefined only for files: all that they hold. */
  window: WindowRequest | undefined;
  policy: Policy;
  /** Where the policy came from, for the report. */
  policyFrom: string;
  /** The truth about the requests; read anew at every look, since it may arrive late. */
  labels: LabelSource | undefined;
  task: Task | undefined;
  /** The policy's own comparator, where it may run; without it, its gates stay open. */
  comparator: Comparator | undefined;
  /** Asks which rows should get a label next. */
  labelNext?: LabelNext | undefined;
  /** Memory bound of the comparison, like `1GB`. */
  memory: string;
  /** Leave out what was sent, who sent it, and free answers. */
  redact: boolean;
  /** Is asked before an endpoint's captures are downloaded: they may be compared where they lie. */
  elsewhere?: CompareElsewhere | undefined;
  /** Told of what these credentials may not read, for whoever does not show the report's notes. */
  unseen?: ((one: Unseen) => void) | undefined;
}

/** What must be said; the rest has a default. */
export type JudgeRequest = Pick<JudgeOptions, 'source' | 'window' | 'policy'> & Partial<JudgeOptions>;

const DEFAULTS = {
  policyFrom: 'the caller',
  labels: undefined,
  task: undefined,
  comparator: undefined,
  memory: '1GB',
  redact: false,
};

/** Is told what is being done. */
export type JudgeProgress = (doing: Doing) => void;

/** Looks once and judges. @throws Problem where the options do not fit together, or AWS does not answer */
export async function judgeEndpoint(
  session: JudgeSession,
  request: JudgeRequest,
  progress?: JudgeProgress,
): Promise<Report> {
  return looksAt(session, { ...DEFAULTS, ...request })(progress);
}

/**
 * A function that looks and judges each time it is called: up to the present, from where the first look began.
 *
 * @param again there will be more than one look: labels may still come
 */
export function looksAt(
  session: JudgeSession,
  options: JudgeOptions,
  again = false,
): (progress?: JudgeProgress) => Promise<Report> {
  const { policy, policyFrom } = options;
  let from: number | undefined;
  return async (progress) => {
    const now = session.clock.now();
    const decided = options.window && decideWindow(options.window, now);
    from ??= decided?.from;
    const window = decided && { ...decided, from: from ?? decided.from };
    const labels = options.labels && (await readLabels(session, options.labels, again));
    const asked = labels && withExample(labels);
    const seen = await observe(session, options, { window, truth: asked?.truth, example: asked?.example, progress });
    const observations = options.redact ? redact(seen) : seen;
    return {
      schema: 'shadowctl-report/1',
      created: now,
      observations,
      summaries: summarizeBoth(observations),
      policy,
      policyFrom,
      verdict: judge(observations, policy, 'shadow', now),
      fleets: fleetChange(observations),
    };
  };
}

interface Look {
  /** Without `from`: since the present shadow is in service. */
  window: { from: number | undefined; to: number } | undefined;
  truth: Truth | undefined;
  /** Features of a row that was compared, as labels by features must have them. */
  example: (() => string | undefined) | undefined;
  progress: JudgeProgress | undefined;
}

function observe(session: JudgeSession, options: JudgeOptions, look: Look): Promise<Observations> {
  return withCapturesCache(session, (cache) => observeWith(cache, session, options, look));
}

async function observeWith(
  cache: string,
  session: JudgeSession,
  options: JudgeOptions,
  look: Look,
): Promise<Observations> {
  const { source, policy, task, memory, comparator, labelNext } = options;
  const { truth, progress } = look;
  const inLogs = source.kind === 'endpoint' && source.logs !== undefined;
  const known = source.kind === 'endpoint' ? replay((await session.journal(source.endpoint)).events()) : undefined;
  const comparison: ComparisonOptions = {
    // In logs the path leads to the line's answer, and is no part of it.
    ...(await comparisonFor(inLogs ? { ...policy, answers: { ...policy.answers, path: undefined } } : policy, {
      task,
      now: session.clock.now(),
    })),
    truth,
    comparator,
    labelNext,
    memory,
    spill: cache,
    signal: session.signal,
    progress,
  };
  const seen =
    source.kind === 'files'
      ? await collectFromFiles({
          ...source,
          live: await liveOf(session, source.live),
          window: filesWindow(look.window),
          comparison,
          latency: quantileMargins(policy),
        })
      : await observeEndpoint(session, source, look, {
          comparison,
          cache,
          runs: known && configRuns(known),
          noise: latestNoise(known?.facts ?? []),
          latency: quantileMargins(policy),
          unseen: options.unseen,
          elsewhere: options.elsewhere,
        });
  const calibrated = besides(
    known === undefined ? seen : withCalibration(withUnderWay(seen, known), known, policy.answers.path),
    comparison,
  );
  if (truth === undefined) return calibrated;
  return {
    ...calibrated,
    notes: [
      ...calibrated.notes,
      ...ageNotes(truth, policy, calibrated),
      ...truthNotes(truth, calibrated, { example: look.example?.(), redact: options.redact }),
    ],
  };
}

/** The journal knows which command is at work, and of a rollout, for which AWS shows no update. */
function withUnderWay(seen: Observations, known: State): Observations {
  const position = positionOf(known);
  if (position !== undefined)
    return { ...seen, underWay: { what: 'rollout', to: position.rollout.model, since: position.began } };
  const started = unfinishedUpdate(known)?.started;
  const { underWay } = seen;
  if (underWay === undefined || underWay.to !== started?.requested) return seen;
  return { ...seen, underWay: { ...underWay, what: started.command } };
}

/** Saved sums that were held against another reference say nothing about this one. */
function besides(seen: Observations, { reference }: ComparisonOptions): Observations {
  const { predictions } = seen;
  if (predictions?.reference === undefined || predictions.reference.digest === reference?.digest) return seen;
  return { ...seen, predictions: { ...predictions, reference: undefined } };
}

/** What every comparison by this policy has in common, wherever its answers come from. */
export async function comparisonFor(
  policy: Policy,
  { task, now }: { task: Task | undefined; now: number },
): Promise<Omit<ComparisonOptions, 'memory' | 'spill'>> {
  return {
    tolerance: policy.numbers.tolerance,
    ...comparisonBy(policy, task),
    maturity: { age: policy.maturity, now },
    reference: policy.reference && (await referenceOf(policy.reference.file)),
  };
}

/** `FILE` or `FILE:COLUMN`; a file that is really called that is one. @throws Problem (usage) where it cannot be read */
async function referenceOf(words: string): Promise<Reference> {
  const [, path = words, column] = existsSync(words) ? [] : (/^(.+):([^:/\\\\]+)$/.exec(words) ?? []);
  if (!existsSync(path))
    throw usageError(
      `There is no file ${path}, which the policy names as reference.`,
      'Correct reference in the policy.',
    );
  const { text } = labelText(await readFile(path), path);
  return readReference(text, path, column);
}

async function liveOf(session: JudgeSession, live: 'nothing' | LabelSource | undefined): Promise<Live | undefined> {
  return live === undefined || live === 'nothing'
    ? live
    : { name: live.name, decisions: await readLabels(session, live, false, 'decisions') };
}

/** Files are judged whole, unless somebody says which part of them. */
function filesWindow(window: Look['window']): Window | undefined {
  return window && { from: window.from ?? 0, to: window.to };
}

async function observeEndpoint(
  session: JudgeSession,
  { endpoint, predictions, logs }: Extract<JudgeSource, { kind: 'endpoint' }>,
  { window }: Look,
  how: {
    comparison: ComparisonOptions;
    cache: string;
    runs: ConfigRun[] | undefined;
    noise: NoiseFloor | undefined;
    latency: QuantileMargins;
    unseen: JudgeOptions['unseen'];
    elsewhere: JudgeOptions['elsewhere'];
  },
): Promise<Observations> {
  if (window === undefined) throw new Error('an endpoint is judged over a window of time');
  // The clients of AWS are slow to load, and files need none.
  const { collect } = await import('../analysis/observe/observe.ts');
  return collect(await session.aws(), session.clock, { endpoint, window, predictions, logs, ...how });
}

/** What is not known of how old labels are. */
function ageNotes(truth: Truth, { maturity }: Policy, { predictions }: Observations): string[] {
  const { rows = 0, of = 0, age } = predictions?.truth ?? {};
  if (age !== undefined && age.young > 0)
    return [
      `${counted(age.young, 'rows')} are younger than ${duration(age.age)} (maturity) and were not compared with labels.`,
    ];
  if (truth.newest !== undefined || maturity !== undefined || rows === 0 || rows >= of) return [];
  return [
    'The labels do not say when they came (column labeledAt), and the policy does not say after how long they are complete (maturity): whether the labels still to come will be like these is not known.',
  ];
}

/** The same labels, and the features of a row that was looked up: where many records are compared on disk, none is. */
function withExample(labels: Truth): { truth: Truth; example: () => string | undefined } {
  let seen: string | undefined;
  const of: Truth['of'] = (id, row, inputRow) => {
    seen ??= inputRow;
    return labels.of(id, row, inputRow);
  };
  return { truth: { ...labels, of }, example: () => seen };
}

/** Features of a compared row, where one is known; `redact`: none is shown. */
interface Example {
  example: string | undefined;
  redact: boolean;
}

/** What was wrong with the labels, and how many found no request. */
function truthNotes(truth: Truth, { predictions }: Observations, asked: Example): string[] {
  const { rows = 0, of = 0 } = predictions?.truth ?? {};
  if (truth.by === 'input' && rows === 0 && of > 0 && truth.size > 0)
    return [...truth.notes, unlikeFeatures(truth, asked)];
  // Features may be sent many times, or never: only an id should be found.
  const unknown = truth.by === 'id' ? (predictions?.truth?.unknown ?? 0) : 0;
  // Before anything is compared, that says nothing of the labels.
  if (unknown === 0 || of === 0) return [...truth.notes];
  // Models that say only numbers: words cannot be held against them, whoever they belong to.
  const words = predictions?.labels === undefined ? countWords(truth) : 0;
  if (words > 0)
    return [
      ...truth.notes,
      `${words} of ${truth.size} labels are not numbers, but the answers are: these labels cannot be compared.`,
    ];
  return [
    ...truth.notes,
    `${unknown} of ${truth.size} labels belong to no compared answer: their requests are not in this window, were not captured, or do not exist.`,
  ];
}

/** Why labels by features belong to nothing, as far as the features of one of each tell. */
function unlikeFeatures(truth: Truth, { example, redact: hidden }: Example): string {
  const [label] = truth.entries();
  const own = label?.[0] ?? '';
  const none =
    truth.size === 1
      ? 'The one label has the features of no compared row'
      : `None of the ${count(truth.size)} labels has the features of a compared row`;
  if (example === undefined)
    return `${none}: every column but that of the label must be a feature, in the order in which it was sent.`;
  const [has, sent] = [own.split(',').length, example.split(',').length];
  const shown = hidden
    ? ''
    : `: the first label is of (${own.slice(0, SHOWN)}), and a request sent (${example.slice(0, SHOWN)})`;
  return has === sent
    ? `${none}, although both have ${counted(has, 'columns')}: they are in another order, or have other values${shown}.`
    : `${none}: labels have ${counted(has, 'columns')} beside that of the label, and requests ${count(sent)}${shown}. Leave out what was not sent, or give a column inferenceId.`;
}

/** Characters of features that are shown. */
const SHOWN = 60;

/** What a report says, as far as a decision needs it. */
export interface Judgement {
  /** `nothing` where there was nothing to compare. */
  outcome: Outcome | 'nothing';
  summary: string;
  /** One sentence for each gate that decides and did not pass. */
  reasons: readonly string[];
  /** Waivers that count, and those that have ended. */
  waived: readonly WaiverState[];
  /** The verdict is inconclusive, and the policy accepts that every claim about this window passes. */
  accepted: boolean;
  /** What is to be known of the evidence, a sentence each: what could not be read, for one. */
  notes: readonly string[];
  /** Gates that failed on this shadow before, and that this verdict does not answer: it is open because of them. */
  earlier: readonly EarlierFailure[];
}

/** The verdict of a report. Pure. */
export function judgementOf({ verdict, policy, observations, fleets }: Report): Judgement {
  const notes = [...observations.notes, ...(fleets === undefined ? [] : [fleetText(fleets)])];
  if (verdict === undefined) return { ...nothingJudged('nothing', 'There was nothing to compare.'), notes };
  const reasons = verdict.gates
    .filter((gate) => gate.gating && gate.outcome !== 'pass')
    .map((gate) => `${gate.id} (${gate.outcome}): ${gate.reason}`);
  const waived = verdict.waivers.filter(({ state }) => state !== 'unasked' && state !== 'unneeded');
  const { outcome, summary } = verdict;
  return { outcome, summary, reasons, waived, accepted: accepts(policy, verdict), notes, earlier: [] };
}

/** A judgement without any gate. */
export function nothingJudged(outcome: Judgement['outcome'], summary: string): Judgement {
  return { outcome, summary, reasons: [], waived: [], accepted: false, notes: [], earlier: [] };
}
