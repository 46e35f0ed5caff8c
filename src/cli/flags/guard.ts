import { type Command, Option } from 'commander';
import { type StrategyName, STRATEGIES } from '../../guard/strategy.ts';
import { parseLatencyGrowth, parseLatencyLimit, parseRate, parseSeconds, parseSize } from '../../guard/quantities.ts';
import type { GuardOptions } from '../../lifecycle/guarded-update/start.ts';
import { usageError } from '../../base/errors.ts';
import { parseTarget } from '../../lifecycle/targets.ts';

/** What commander makes of `guardFlags`. */
export interface GuardWords {
  strategy: string;
  canarySize?: string;
  stepSize?: string;
  batchSize?: string;
  rollbackBatchSize?: string;
  bake?: string;
  finalBake?: string;
  maxTime?: string;
  max5xxRate?: string;
  max4xxRate?: string;
  maxLatency?: string;
  maxLatencyIncrease?: string;
  baseline: string;
  alarm?: string[];
  unguarded?: boolean;
  /** What `--unguarded` was called; `promote` has a `--force` of its own. */
  force?: boolean;
  notify?: string[];
  metrics?: boolean;
}

/**
 * Adds the flags of every command that updates an endpoint under guardrails.
 * @param words what to say of the strategy, where a command can do without guardrails
 */
export function guardFlags(command: Command, words: { strategy?: string } = {}): Command {
  const moving = command
    .optionsGroup('Moving traffic:')
    .option(
      '--strategy <name>',
      `${words.strategy ?? ''}${STRATEGIES.join(' | ')}`,
      words.strategy === undefined ? 'canary' : undefined,
    )
    .option('--canary-size <size>', 'canary: instances or percent replaced first (default: 1 instance)')
    .option('--step-size <size>', 'linear: instances or percent per step (default: 50%)')
    .option('--batch-size <size>', 'rolling: instances or percent replaced at a time (default: 50%)')
    .option('--rollback-batch-size <size>', 'rolling: instances or percent returned at a time (default: all)')
    .option('--bake <duration>', 'how long each stage is watched, 0s to 1h (default: 5m)')
    .option(
      '--final-bake <duration>',
      'how long the whole new fleet is watched before the old one is removed (default: 5m)',
    )
    .option('--max-time <duration>', 'when SageMaker gives up on the update, 10m to 8h (default: 8h)');
  return limitFlags(moving, {
    rate5xx: ' (default: 1%)',
    rate4xx: ' (default: 5%)',
    increase: ' (default: p90=100%)',
    fleet: 'new fleet',
  })
    .option('--no-metrics', 'do not wait for the metrics of both fleets, nor draw them, at the end')
    .option('--unguarded', 'update even if the examination finds that no alarm would guard the update');
}

/** Reads `--force`, too: what `--unguarded` was called. For commands that have no other use for the word. */
export function oldForceFlag(command: Command): Command {
  return command.addOption(new Option('--force').hideHelp());
}

/** The words with `--unguarded` in place of its old name. */
export function withoutOldForce<T extends Partial<GuardWords>>(words: T): T {
  return words.force === true ? { ...words, unguarded: true } : words;
}

/** What is said where the old name was used. */
export const OLD_FORCE = 'note: --force is called --unguarded here now, and was read as that.';

/**
 * Adds the flags that say what a new model may not do, and who is told.
 * @param words what to say of each default, and what the new model runs on
 */
export function limitFlags(
  command: Command,
  words: { rate5xx: string; rate4xx: string; increase: string; fleet: string },
): Command {
  return command
    .optionsGroup('What rolls back:')
    .option('--max-5xx-rate <rate>', `share of failed requests on the ${words.fleet}, such as 0.5%${words.rate5xx}`)
    .option('--max-4xx-rate <rate>', `share of refused requests on the ${words.fleet}, such as 10%${words.rate4xx}`)
    .option('--max-latency <limit>', `ModelLatency on the ${words.fleet}, for example p99=250ms`)
    .option(
      '--max-latency-increase <limit>',
      `increase compared with the running fleet, for example p99=20%${words.increase}`,
    )
    .option('--baseline <duration>', "how much of the running fleet's history to compare with", '1h')
    .option('--alarm <name...>', 'your own alarms, which also roll back')
    .option('--notify <target...>', 'notify an SNS topic (ARN) or a webhook (URL) of the outcome');
}

/** For commands that can do without guardrails: only who names a strategy gets them. @throws Problem 'usage' */
export function guardIfAsked(words: Partial<GuardWords>): GuardOptions | undefined {
  const { strategy, baseline = '1h' } = words;
  if (strategy !== undefined) return parseGuard({ ...words, strategy, baseline });
  if (words.metrics === false)
    throw usageError(
      '--no-metrics belongs to a guarded update, and no --strategy was given.',
      `For example: --strategy canary`,
    );
  const lost = GUARD_ONLY.find((name) => words[name] !== undefined);
  if (lost !== undefined) {
    const flag = lost
      .replace(/[A-Z]|\d/, (part) => `-${part.toLowerCase()}`)
      .replace(/[A-Z]/g, (part) => `-${part.toLowerCase()}`);
    throw usageError(
      `--${flag} belongs to a guarded update, and no --strategy was given.`,
      `For example: --strategy canary`,
    );
  }
  return undefined;
}

const GUARD_ONLY = [
  'canarySize',
  'stepSize',
  'batchSize',
  'rollbackBatchSize',
  'bake',
  'finalBake',
  'maxTime',
  'max5xxRate',
  'max4xxRate',
  'maxLatency',
  'maxLatencyIncrease',
  'alarm',
  'unguarded',
  'notify',
] as const;

/** The words as values. @throws Problem 'usage' naming the flag */
export function parseGuard(words: GuardWords): GuardOptions {
  const strategy = STRATEGIES.find((name) => name === words.strategy);
  if (strategy === undefined)
    throw usageError(`--strategy "${words.strategy}" is not known.`, `Known: ${STRATEGIES.join(', ')}.`);
  const seconds = (flag: string, text: string | undefined) =>
    text === undefined ? undefined : parseSeconds(flag, text);
  return {
    strategy: {
      strategy,
      size: sizeOf(strategy, words),
      rollbackSize:
        words.rollbackBatchSize === undefined ? undefined : parseSize('--rollback-batch-size', words.rollbackBatchSize),
      bakeSeconds: seconds('--bake', words.bake),
      finalBakeSeconds: seconds('--final-bake', words.finalBake),
      maxSeconds: seconds('--max-time', words.maxTime),
    },
    ...parseLimits(words),
    unguarded: words.unguarded ?? false,
    metrics: words.metrics ?? true,
  };
}

/** What `limitFlags` adds, as values. @throws Problem 'usage' naming the flag */
export function parseLimits(
  words: Omit<GuardWords, 'strategy'>,
): Pick<GuardOptions, 'limits' | 'baselineMinutes' | 'alarms' | 'notify'> {
  if (words.maxLatency !== undefined && words.maxLatencyIncrease !== undefined) {
    throw usageError('--max-latency and --max-latency-increase set the limit of the same alarm: give one of them.');
  }
  const baselineMinutes = parseSeconds('--baseline', words.baseline) / 60;
  if (baselineMinutes < 5 || baselineMinutes > 1440)
    throw usageError(`--baseline ${words.baseline}: it must be between 5m and 24h.`);
  const rate = (flag: string, text: string | undefined) => (text === undefined ? undefined : parseRate(flag, text));
  const { maxLatency, maxLatencyIncrease: increase } = words;
  return {
    limits: {
      max5xxRate: rate('--max-5xx-rate', words.max5xxRate),
      max4xxRate: rate('--max-4xx-rate', words.max4xxRate),
      maxLatency: maxLatency === undefined ? undefined : parseLatencyLimit('--max-latency', maxLatency),
      maxLatencyIncrease: increase === undefined ? undefined : parseLatencyGrowth('--max-latency-increase', increase),
    },
    baselineMinutes: Math.round(baselineMinutes),
    alarms: teamAlarms(words.alarm ?? []),
    notify: (words.notify ?? []).map((one) => parseTarget(one)),
  };
}

/** A size flag belongs to one strategy; given with another it would do nothing. */
function sizeOf(strategy: StrategyName, words: GuardWords) {
  const flags = [
    ['canary', '--canary-size', words.canarySize],
    ['linear', '--step-size', words.stepSize],
    ['rolling', '--batch-size', words.batchSize],
  ] as const;
  const given = flags.filter(([, , text]) => text !== undefined);
  const foreign = given.find(([owner]) => owner !== strategy);
  if (foreign !== undefined)
    throw usageError(`${foreign[1]} belongs to --strategy ${foreign[0]}, and the strategy is ${strategy}.`);
  const [own] = given;
  return own?.[2] === undefined ? undefined : parseSize(own[1], own[2]);
}

/** SageMaker takes ten alarms; three are ours. */
const MAX_TEAM_ALARMS = 7;

function teamAlarms(names: readonly string[]): string[] {
  const distinct = [...new Set(names)];
  if (distinct.length > MAX_TEAM_ALARMS) {
    throw usageError(
      `--alarm was given ${distinct.length} times: SageMaker accepts 10 alarms, and shadowctl uses 3 of them.`,
    );
  }
  const long = distinct.find((name) => name === '' || name.length > 255);
  if (long !== undefined) throw usageError(`--alarm "${long.slice(0, 60)}": an alarm's name has 1 to 255 characters.`);
  return distinct;
}
