import { dirname, isAbsolute, join } from 'node:path';
import type { Command } from 'commander';
import { usageError } from '../../base/errors.ts';
import type { EndpointDefaults, Project } from '../../base/project.ts';
import { STRATEGIES } from '../../guard/strategy.ts';
import { parseShare } from './share.ts';
import { isTime } from './moment.ts';
import { parseLatencyGrowth, parseLatencyLimit, parseRate, parseSeconds, parseSize } from '../../guard/quantities.ts';
import { parseTarget } from '../../lifecycle/targets.ts';
import { instanceType, oneOf, positiveNumber, wholeNumber } from './values.ts';

/**
 * What shadowctl.yaml says under `endpoints:`, as defaults of flags. A key is the default of one flag of the commands that
 * take it; it is read by that flag's own rules, and is left out where the flag would be refused or means something else.
 */

/** The keys that are defaults of flags; `answers` and `policy` are sections of the policy, `release` is one of its own. */
export type DefaultKey = Exclude<keyof EndpointDefaults, 'answers' | 'policy' | 'release'>;

/** A command line as far as it was typed. */
interface Typed {
  command: string;
  /** Whether the user typed this option, by its name in camel case. */
  has(...options: string[]): boolean;
  value(option: string): unknown;
  defaults: EndpointDefaults;
}

interface Default {
  /** The option it is the default of, in camel case. */
  option: string;
  /** The value as the option has it; `name` is said where it is wrong. @throws Problem (usage) */
  read(name: string, value: never, folder: string): unknown;
  /** Whether it applies to this command line; undefined: to every command that has the option. */
  applies?(typed: Typed): boolean;
}

/** A new model is made, from these flags or with those of the file: not where one that exists is named, or none. */
const makesModel = ({ has }: Typed) =>
  has('artifact', 'image', 'algorithm', 'modelPackage') && !has('model', 'resume', 'cancel');
const namesModel = (typed: Typed) => makesModel(typed) || typed.has('model');
/** The update is guarded: an undo only where that was asked for; what resumes keeps what it began with. */
const isGuarded = ({ command, has }: Typed) => (command === 'undo' ? has('strategy') : !has('resume', 'cancel'));
const strategyOf = ({ value, has, defaults }: Typed) =>
  (has('strategy') ? value('strategy') : defaults.strategy) ?? 'canary';
const withStrategy = (strategy: string) => (typed: Typed) =>
  typed.command === 'doctor' || (isGuarded(typed) && strategyOf(typed) === strategy);
const guardsOrLooks = (typed: Typed) => typed.command === 'doctor' || (typed.command !== 'rollout' && isGuarded(typed));
/** The requests come from the file's own `traffic`. */
const sendsItsTraffic = (typed: Typed) =>
  typed.defaults.traffic !== undefined && !typed.has('traffic', 'resume') && takesTraffic(typed);
const takesTraffic = ({ command }: Typed) => command === 'canary' || command === 'promote';

/** Checked by the flag's own rule, and kept as it was typed. */
function words(check: (name: string, text: string) => unknown) {
  return (name: string, text: string) => {
    check(name, text);
    return text;
  };
}

function inFolder(_: string, path: string, folder: string): string {
  return isAbsolute(path) || path.startsWith('s3://') ? path : join(folder, path);
}

const seconds = words(parseSeconds);
const size = words(parseSize);
const rate = words(parseRate);

export const ENDPOINT_DEFAULTS: Readonly<Record<DefaultKey, Default>> = {
  algorithm: {
    option: 'algorithm',
    read: (_, text: string) => text,
    applies: ({ has }) => has('artifact') && !has('image', 'model', 'modelPackage'),
  },
  image: {
    option: 'image',
    read: (_, text: string) => text,
    applies: ({ has }) => has('artifact') && !has('algorithm', 'model', 'modelPackage'),
  },
  role: { option: 'role', read: (_, text: string) => text, applies: makesModel },
  instanceType: {
    option: 'instanceType',
    read: (name, text: string) => instanceType(name)(text),
    // A shadow runs on what production runs on, so that both can be compared.
    applies: (typed) => typed.command === 'deploy' && namesModel(typed),
  },
  subnets: { option: 'subnets', read: (_, ids: string[]) => ids, applies: makesModel },
  securityGroups: { option: 'securityGroups', read: (_, ids: string[]) => ids, applies: makesModel },
  volume: { option: 'volume', read: (name, text: string) => wholeNumber(name, 1, 512)(text), applies: namesModel },
  downloadTimeout: { option: 'downloadTimeout', read: parseSeconds, applies: namesModel },
  startupTimeout: { option: 'startupTimeout', read: parseSeconds, applies: namesModel },
  tags: { option: 'tag', read: (_, tags: Record<string, string>) => tags },
  strategy: {
    option: 'strategy',
    read: (name, text: string) => oneOf(name, STRATEGIES)(text),
    applies: (typed) => typed.command !== 'undo',
  },
  canarySize: { option: 'canarySize', read: size, applies: withStrategy('canary') },
  stepSize: { option: 'stepSize', read: size, applies: withStrategy('linear') },
  batchSize: { option: 'batchSize', read: size, applies: withStrategy('rolling') },
  rollbackBatchSize: { option: 'rollbackBatchSize', read: size, applies: withStrategy('rolling') },
  // The bake of a rollout is how long each of its steps is watched.
  bake: { option: 'bake', read: seconds, applies: guardsOrLooks },
  finalBake: { option: 'finalBake', read: seconds, applies: guardsOrLooks },
  maxTime: { option: 'maxTime', read: seconds, applies: guardsOrLooks },
  max5xxRate: { option: 'max5xxRate', read: rate, applies: isGuarded },
  max4xxRate: { option: 'max4xxRate', read: rate, applies: isGuarded },
  maxLatency: {
    option: 'maxLatency',
    read: words(parseLatencyLimit),
    applies: (typed) => isGuarded(typed) && !typed.has('maxLatencyIncrease'),
  },
  maxLatencyIncrease: {
    option: 'maxLatencyIncrease',
    read: words(parseLatencyGrowth),
    applies: (typed) => isGuarded(typed) && !typed.has('maxLatency'),
  },
  baseline: { option: 'baseline', read: seconds, applies: isGuarded },
  alarms: {
    option: 'alarm',
    read: (_, names: string[]) => names,
    // Those that doctor is given are the only ones it examines.
    applies: (typed) => typed.command !== 'doctor' && isGuarded(typed),
  },
  notify: {
    option: 'notify',
    read: (name, targets: string[]) => {
      for (const target of targets) parseTarget(target, { option: name });
      return targets;
    },
    applies: isGuarded,
  },
  sample: { option: 'sample', read: parseShare },
  captureTo: { option: 'captureTo', read: (_, uri: string) => uri, applies: ({ value }) => value('capture') !== false },
  labels: {
    option: 'labels',
    read: inFolder,
    // What was saved contains sums, to which no label can be added.
    applies: ({ command, has, value }) =>
      command === 'promote' || (command === 'report' && !has('files') && (!has('from') || times(value('from')))),
  },
  traffic: { option: 'traffic', read: inFolder, applies: sendsItsTraffic },
  rate: { option: 'rate', read: (name, text: string) => positiveNumber(name)(text), applies: sendsItsTraffic },
  contentType: {
    option: 'contentType',
    read: (_, text: string) => text,
    applies: (typed) => typed.has('traffic', 'test', 'data') || sendsItsTraffic(typed),
  },
  labelColumn: { option: 'labelColumn', read: (_, text: string) => text, applies: sendsItsTraffic },
  header: { option: 'header', read: (_, value: boolean) => value, applies: sendsItsTraffic },
};

function times(from: unknown): boolean {
  return [from].flat().every((one) => typeof one === 'string' && isTime(one));
}

/** `canary-size` of `canarySize`. */
function flagOf(option: string): string {
  return option.replace(/[A-Z]|\d+/g, (part) => `-${part.toLowerCase()}`);
}

/** Every key of one endpoint, checked as the flags would. @throws Problem (usage) naming file, key and value */
export function checkedDefaults(
  { file = 'shadowctl.yaml' }: Pick<Project, 'file'>,
  endpoint: string,
  defaults: EndpointDefaults,
): { key: DefaultKey; flag: string; value: unknown }[] {
  const where = `${file}: endpoints.${endpoint}`;
  for (const [one, other] of EXCLUSIVE)
    if (defaults[one] !== undefined && defaults[other] !== undefined)
      throw usageError(`${where}: ${one} and ${other} exclude each other.`, 'Leave one of them out.');
  return keysOf(defaults).map((key) => {
    const { option, read } = ENDPOINT_DEFAULTS[key];
    const value = read(`${where}.${key}`, defaults[key] as never, dirname(file));
    return { key, flag: `--${flagOf(option)}`, value };
  });
}

const EXCLUSIVE: readonly (readonly [DefaultKey, DefaultKey])[] = [
  ['maxLatency', 'maxLatencyIncrease'],
  ['algorithm', 'image'],
];

function keysOf(defaults: EndpointDefaults): DefaultKey[] {
  return (Object.keys(ENDPOINT_DEFAULTS) as DefaultKey[]).filter((key) => defaults[key] !== undefined);
}

/**
 * Gives the options of a command that were not typed what shadowctl.yaml says of its endpoint.
 * @throws Problem (usage) for a value of the file that the flag would not take
 */
export async function fillDefaults(command: Command, project: () => Promise<Project>): Promise<void> {
  const endpoint: unknown = command.getOptionValue('endpoint');
  const takes = new Set(command.options.map((option) => option.attributeName()));
  if (typeof endpoint !== 'string' || !Object.values(ENDPOINT_DEFAULTS).some(({ option }) => takes.has(option))) return;
  const read = await project();
  const defaults = Object.hasOwn(read.endpoints, endpoint) ? read.endpoints[endpoint] : undefined;
  if (defaults === undefined) return;
  const isTyped = (option: string) => command.getOptionValueSource(option) === 'cli';
  const typed: Typed = {
    command: command.name(),
    has: (...options) => options.some(isTyped),
    value: (option) => command.getOptionValue(option) as unknown,
    defaults,
  };
  const { file = 'shadowctl.yaml' } = read;
  for (const key of keysOf(defaults)) {
    const { option, applies } = ENDPOINT_DEFAULTS[key];
    if (!takes.has(option) || applies?.(typed) === false || (isTyped(option) && key !== 'tags')) continue;
    const [found] = checkedDefaults({ file }, endpoint, { [key]: defaults[key] });
    // Tags add up; all else is replaced by what was typed.
    const value =
      key === 'tags' ? { ...defaults.tags, ...(command.getOptionValue(option) as object | undefined) } : found?.value;
    command.setOptionValueWithSource(option, value, 'config');
  }
  for (const [one, other] of EXCLUSIVE)
    if (!isTyped(one) && !isTyped(other))
      checkedDefaults({ file }, endpoint, { [one]: defaults[one], [other]: defaults[other] });
}
