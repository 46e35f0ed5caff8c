import { Command } from 'commander';
import type { Task } from '../analysis/predictions.ts';
import type { App, Host, Outcome, Run } from '../app.ts';
import { usageError } from '../base/errors.ts';
import { type CommandLine, shown, text } from '../base/text.ts';
import { durationFlag } from '../base/units.ts';
import { answerFlags } from './flags/answers.ts';
import {
  addCandidateFlags,
  type CandidateFlags,
  candidateFlags,
  candidateSpec,
  shownCandidate,
} from './flags/candidate.ts';
import { allowFlag } from './flags/comparator.ts';
import { adoptFlag } from './flags/common.ts';
import { pricedFlags, type PricedFlags, type PricedOptions, pricedOptions, shownPrices } from './flags/price.ts';
import { parseShare } from './flags/share.ts';
import { duration, instanceType, oneOf, positiveNumber, wholeNumber } from './flags/values.ts';
import { endpointOf, flagsWithParent } from './flags/parent.ts';

const DEFAULT_VARIANT = 'shadow';
const TASKS: readonly Task[] = ['regression', 'scores', 'binary', 'multiclass', 'json'];

export interface ShadowOptions extends PricedOptions {
  endpoint: string;
  candidate: CandidateFlags;
  /** Share of production's requests that the shadow sees, above 0, at most 1. */
  sample: number;
  /** Of the shadow variant. */
  variantName: string;
  /** Undefined: production's. */
  instanceType: string | undefined;
  instances: number | undefined;
  /** False: capture stays as it is. */
  capture: boolean;
  /** Where captures go; undefined: where they go already, or the default bucket. */
  captureTo: string | undefined;
  /** The shadow scales automatically, as production does. */
  autoscale: 'like-production' | undefined;
  /** Milliseconds for which production's own model is the shadow first, to measure how much it differs from itself. */
  calibrate: number | undefined;
  /** How answers are read and compared while calibrating, as `report` would: path into JSON, kind of answers, policy file. */
  prediction: string | undefined;
  answers: string | undefined;
  task: Task | undefined;
  policy: string | undefined;
  /** The policy's comparator may run without asking. */
  allowCommand: boolean;
  /** Milliseconds that it is to be attached, and US dollars that it may cost until then. */
  lasts: number | undefined;
  maxCost: number | undefined;
  adopt: boolean;
  wait: boolean;
}

export interface DetachOptions extends PricedOptions {
  endpoint: string;
  configName: string | undefined;
  wait: boolean;
}

interface Flags extends CandidateFlags, PricedFlags {
  endpoint?: string;
  sample: number;
  variantName: string;
  instanceType?: string;
  instances?: number;
  capture: boolean;
  captureTo?: string;
  autoscale?: 'like-production';
  calibrate?: number;
  prediction?: string;
  answers?: string;
  task?: Task;
  policy?: string;
  allowCommand?: boolean;
  for?: number;
  maxCost?: number;
  adopt?: boolean;
  wait: boolean;
}

const HELP = `
Example:
  $ shadowctl shadow --endpoint weather --artifact candidate.tar.gz --algorithm linear-learner --sample 100%

The production variant is taken from the live config unchanged.

A model that does not always give the same answer to the same request can be measured against itself first. Give the
same --prediction to report, too. If it is stopped while it measures, the same command continues, and shadow detach reverts it:
  $ shadowctl shadow --endpoint weather --artifact candidate.tar.gz --calibrate 30m --prediction '$.score'`;

const DETACH_HELP = `
To end a shadow because you do not want its model, use shadowctl keep: it also records the decision with its reason,
and notifies whom you name. This command only removes the shadow.

Example:
  $ shadowctl shadow detach --endpoint weather`;

export function shadowCommand(
  host: Host,
  start: Run<ShadowOptions> = run,
  startDetach: Run<DetachOptions> = runDetach,
): Command {
  const command = new Command('shadow').option('--endpoint <name>', 'the endpoint');
  const shadow = addCandidateFlags(command.optionsGroup('The candidate:'))
    .optionsGroup('The shadow:')
    .option(
      '--sample <share>',
      'share of the requests that the shadow receives',
      (text: string) => parseShare('--sample', text),
      1,
    )
    .option('--variant-name <name>', 'name of the shadow variant', DEFAULT_VARIANT)
    .option(
      '--instance-type <type>',
      'instance type of the shadow (default: as production)',
      instanceType('--instance-type'),
    )
    .option(
      '--instances <count>',
      'number of instances (default: as production, for a fair comparison)',
      wholeNumber('--instances', 1),
    )
    .option('--capture-to <s3 uri>', 'where requests and answers of both variants are captured')
    .option('--no-capture', 'leave data capture as it is: only errors and latency can be compared then')
    .option(
      '--autoscale <how>',
      "let the shadow scale automatically: like-production, with production's limits and policies",
      oneOf('--autoscale', ['like-production'] as const),
    )
    .option(
      '--for <duration>',
      'how long the shadow is to be attached (24h): once that is over, the next command that changes the endpoint detaches it first',
      duration('--for'),
    )
    .option(
      '--max-cost <dollars>',
      'with --for: refuse a shadow whose instances cost more until its end, or whose price is not known',
      positiveNumber('--max-cost'),
    )
    .option(
      '--calibrate <duration>',
      'first shadow production with its own model for this long (30m) and record how much it differs from itself: the report counts only larger differences',
      duration('--calibrate'),
    );
  const described = allowFlag(
    answerFlags(shadow, 'with --calibrate, as for report: ')
      .option('--task <task>', 'with --calibrate, as for report: the kind of answers', oneOf('--task', TASKS))
      .option('--policy <file>', 'with --calibrate, as for report: the policy with tolerance and fields'),
  ).optionsGroup('Other options:');
  pricedFlags(adoptFlag(described).option('--no-wait', 'do not wait until the endpoint has settled'))
    .addHelpText('after', HELP)
    .action((flags: Flags) => host.start(start, parse(flags)));
  command.addCommand(detachCommand(host, startDetach));
  return command;
}

function parse(flags: Flags): ShadowOptions {
  const captured = flags.calibrate === undefined ? '--capture-to' : '--calibrate';
  if (!flags.capture && (flags.captureTo ?? flags.calibrate) !== undefined)
    throw usageError(`--no-capture and ${captured} exclude each other.`, 'Leave one of them out.');
  if (flags.calibrate !== undefined && !flags.wait)
    throw usageError('--calibrate waits for the endpoint and for requests; it cannot be combined with --no-wait.');
  if (flags.maxCost !== undefined && flags.for === undefined)
    throw usageError('--max-cost says what a shadow may cost until its end, and --for is missing.', 'Add --for 24h.');
  if (flags.for === 0) throw usageError('--for: the shadow must be attached for longer than nothing.');
  if (flags.autoscale !== undefined && !flags.wait)
    throw usageError('--autoscale waits until the shadow is in service; it cannot be combined with --no-wait.');
  const reading = (['prediction', 'answers', 'task', 'policy'] as const).find((name) => flags[name] !== undefined);
  if (flags.calibrate === undefined && flags.allowCommand === true)
    throw usageError(
      '--allow-command permits the comparator while calibrating, and --calibrate is missing.',
      'Add --calibrate 30m, or give it to shadowctl report later.',
    );
  if (flags.calibrate === undefined && reading !== undefined)
    throw usageError(
      `--${reading} says how answers are read while calibrating, and --calibrate is missing.`,
      'Add --calibrate 30m, or give it to shadowctl report later.',
    );
  return {
    endpoint: endpointOf(flags),
    candidate: candidateFlags(flags),
    sample: flags.sample,
    variantName: flags.variantName,
    instanceType: flags.instanceType,
    instances: flags.instances,
    capture: flags.capture,
    captureTo: flags.captureTo,
    autoscale: flags.autoscale,
    calibrate: flags.calibrate,
    prediction: flags.prediction,
    answers: flags.answers,
    task: flags.task,
    policy: flags.policy,
    allowCommand: flags.allowCommand === true,
    lasts: flags.for,
    maxCost: flags.maxCost,
    adopt: flags.adopt === true,
    wait: flags.wait,
    ...pricedOptions(flags),
  };
}

function detachCommand(host: Host, start: Run<DetachOptions>): Command {
  const command = new Command('detach')
    .description('remove the shadow; production stays as it is')
    // commander gives flags that the parent has too to the parent: see `both`.
    .option('--endpoint <name>', 'the endpoint')
    .option('--config-name <name>', 'name of the new endpoint config, if one is needed')
    .option('--no-wait', 'do not wait until the endpoint has settled');
  return pricedFlags(command)
    .addHelpText('after', DETACH_HELP)
    .action((_: unknown, given: Command) => {
      const flags = flagsWithParent<Flags>(given);
      const { configName, wait } = flags;
      return host.start(start, { endpoint: endpointOf(flags), configName, wait, ...pricedOptions(flags) });
    });
}

/** Attaches a candidate as shadow variant to a live endpoint. */
export async function run(app: App, options: ShadowOptions): Promise<Outcome> {
  const { attachShadow } = await import('../lifecycle/shadow/attach.ts');
  const { sessionOf } = await import('./session.ts');
  const { reportDetachesFirst, reportPlainUpdate } = await import('./views/settled.ts');
  const session = sessionOf(app, options);
  const result = await attachShadow(session, {
    ...options,
    candidate: candidateSpec(options.candidate, app.cwd),
    calibrate: options.calibrate === undefined ? undefined : await calibration(app, options, options.calibrate),
  });
  if (result.kind === 'detaches-first') return reportDetachesFirst(app.io, options.format, result);
  const outcome = reportPlainUpdate(app.io, options.format, result);
  const runs = result.kind !== 'planned' && result.settled?.kind === 'running';
  if (runs && options.format === 'text') {
    const { endpoint } = options;
    app.io.out('Next: watch until the shadow is decided, while requests flow:');
    app.io.out(text`  ${shown('report', { endpoint, watch: true })}`);
  }
  return outcome;
}

/** The command line that was typed; undefined where it cannot be shown. */
function again(options: ShadowOptions, length: number): CommandLine | undefined {
  const candidate = shownCandidate(options.candidate);
  if (candidate === undefined) return undefined;
  const { endpoint, sample, variantName, instanceType, instances, captureTo } = options;
  const { prediction, answers, task, policy, allowCommand } = options;
  return shown('shadow', {
    endpoint,
    ...candidate,
    sample: sample === 1 ? undefined : sample,
    'variant-name': variantName === DEFAULT_VARIANT ? undefined : variantName,
    'instance-type': instanceType,
    instances,
    'capture-to': captureTo,
    for: options.lasts === undefined ? undefined : durationFlag(options.lasts),
    'max-cost': options.maxCost,
    price: shownPrices(options.prices),
    calibrate: durationFlag(length),
    prediction,
    answers,
    task,
    policy,
    'allow-command': allowCommand ? true : undefined,
  });
}

/** How answers are read while calibrating: refused before anything is changed. */
async function calibration(app: App, options: ShadowOptions, length: number) {
  const { endpoint, prediction, answers, task, policy: file, allowCommand } = options;
  const { loadReportPolicy, noteTask, withAnswers } = await import('./flags/judging.ts');
  noteTask(app.io, task);
  const { withComparator } = await import('./flags/comparator.ts');
  const { policy, comparator } = await withComparator(app, await loadReportPolicy(app, file, endpoint), {
    comparator: undefined,
    comparatorSample: undefined,
    comparatorTime: undefined,
    allowCommand,
  });
  return {
    length,
    task,
    comparator,
    policy: withAnswers(policy, { prediction, answers }),
    again: again(options, length),
  };
}

/** Takes the shadow variant away from an endpoint. */
export async function runDetach(app: App, options: DetachOptions): Promise<Outcome> {
  const { detachShadow } = await import('../lifecycle/shadow/detach.ts');
  const { sessionOf } = await import('./session.ts');
  const { reportPlainUpdate } = await import('./views/settled.ts');
  return reportPlainUpdate(app.io, options.format, await detachShadow(sessionOf(app, options), options));
}
