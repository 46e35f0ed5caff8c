import { isAbsolute, join } from 'node:path';
import type { Command } from 'commander';
import { usageError } from '../../base/errors.ts';
import type { CommandLine } from '../../base/text.ts';
import { durationFlag, SECOND } from '../../base/units.ts';
import type { CandidateSpec } from '../../lifecycle/candidate.ts';
import { parseSeconds } from '../../guard/quantities.ts';
import { wholeNumber } from './values.ts';

/** The candidate and how it is to be called: what deploy, canary and shadow have in common. */
export interface CandidateFlags {
  artifact?: string | undefined;
  algorithm?: string | undefined;
  image?: string | undefined;
  model?: string | undefined;
  modelPackage?: string | undefined;
  allowMismatch?: boolean | undefined;
  pinImage?: boolean | undefined;
  modelName?: string | undefined;
  configName?: string | undefined;
  role?: string | undefined;
  containerEnv?: Record<string, string> | undefined;
  subnets?: string[] | undefined;
  securityGroups?: string[] | undefined;
  volume?: number | undefined;
  downloadTimeout?: number | undefined;
  startupTimeout?: number | undefined;
  tag?: Record<string, string> | undefined;
}

/** Adds the flags that name a candidate. */
export function addCandidateFlags(command: Command): Command {
  const named = sourceFlags(command)
    .option('--pin-image', 'name the image by the digest that the endpoint runs, which no push to its tag changes')
    .option('--role <arn>', 'role to run the model with (default: shadowctl.yaml, SAGEMAKER_ROLE_ARN, the live model)')
    .option('--model-name <name>', 'name of the new model (default: derived from the endpoint and the time)')
    .option('--config-name <name>', 'name of the new endpoint config (default: derived the same way)');
  return tagFlag(
    networkFlags(named)
      .option(
        '--volume <gigabytes>',
        'storage of each instance, 1 to 512 (default: as the live endpoint)',
        wholeNumber('--volume', 1, 512),
      )
      .option(
        '--download-timeout <duration>',
        'how long SageMaker may take to fetch the artifact, 1m to 1h',
        timeout('--download-timeout'),
      )
      .option(
        '--startup-timeout <duration>',
        'how long the container may take until it answers, 1m to 1h',
        timeout('--startup-timeout'),
      ),
  );
}

/** Adds those that name a model without an endpoint: for a batch. */
export function addModelFlags(command: Command): Command {
  return tagFlag(
    networkFlags(
      sourceFlags(command)
        .option('--role <arn>', 'role to run the model with (default: shadowctl.yaml, SAGEMAKER_ROLE_ARN)')
        .option('--model-name <name>', 'name of the new model (default: derived from the batch and the time)'),
    ),
  );
}

/** What the model is made of. */
function sourceFlags(command: Command): Command {
  return command
    .option('--artifact <path|s3 uri>', 'the model: a local model.tar.gz (uploaded), or an s3:// URI')
    .option(
      '--algorithm <name[:version]>',
      'built-in container: linear-learner or xgboost[:version]; the image is looked up per region',
    )
    .option('--image <uri>', 'any other container image')
    .option('--model <name>', 'a model that exists in SageMaker, instead of an artifact')
    .option('--model-package <arn>', 'an approved version in the Model Registry, instead of an artifact')
    .option('--allow-mismatch', 'deploy an artifact even if the image cannot read it');
}

function networkFlags(command: Command): Command {
  return command
    .option('--container-env <key=value>', 'environment of the container (repeatable)', pair('--container-env', true))
    .option(
      '--subnets <id,...>',
      'subnets of the VPC that the model runs in (default: as the live model)',
      list('--subnets', 16),
    )
    .option('--security-groups <id,...>', 'security groups there', list('--security-groups', 5));
}

function tagFlag(command: Command): Command {
  return command.option('--tag <key=value>', 'tag for every resource that is created (repeatable)', pair('--tag'));
}

/** The candidate as the flags name it; a local path is taken from `cwd`. */
export function candidateSpec(flags: CandidateFlags, cwd: string): CandidateSpec {
  const { artifact } = flags;
  const local = artifact !== undefined && !artifact.startsWith('s3://') && !isAbsolute(artifact);
  return {
    artifact: local ? join(cwd, artifact) : artifact,
    algorithm: flags.algorithm,
    image: flags.image,
    model: flags.model,
    modelPackage: flags.modelPackage,
    allowMismatch: flags.allowMismatch === true,
    pinImage: flags.pinImage === true,
    modelName: flags.modelName,
    configName: flags.configName,
    role: flags.role,
    environment: flags.containerEnv ?? {},
    vpc: vpcOf(flags),
    fleet: { volumeGb: flags.volume, downloadSeconds: flags.downloadTimeout, startupSeconds: flags.startupTimeout },
    tags: flags.tag ?? {},
  };
}

/** Both or none: a VPC without one of them is none. @throws Problem (usage) */
function vpcOf({ subnets, securityGroups }: CandidateFlags): CandidateSpec['vpc'] {
  if (subnets === undefined && securityGroups === undefined) return undefined;
  if (subnets !== undefined && securityGroups !== undefined) return { subnets, securityGroups };
  const [given, missing] =
    subnets === undefined ? ['--security-groups', '--subnets'] : ['--subnets', '--security-groups'];
  throw usageError(`${given} was given without ${missing}: a model runs in a VPC with both.`, `Add ${missing}.`);
}

/** Parser of a flag that takes names, separated by commas. */
function list(option: string, most: number) {
  return (text: string): string[] => {
    const names = text.split(',').map((name) => name.trim());
    if (names.includes('')) throw usageError(`${option}: "${text}" is not a list of ids, separated by commas.`);
    if (names.length > most)
      throw usageError(`${option}: ${names.length} were given; SageMaker takes at most ${most}.`);
    return names;
  };
}

/** Parser of a flag that takes a time for which SageMaker waits, 60 to 3600 seconds; gives seconds. */
function timeout(option: string) {
  return (text: string): number => {
    const seconds = parseSeconds(option, text);
    if (seconds >= 60 && seconds <= 3600) return seconds;
    throw usageError(`${option} ${text}: SageMaker permits 1m to 1h.`);
  };
}

/** @param secret what is given is not repeated, whatever is wrong with it */
function pair(option: string, secret = false) {
  return (text: string, before: Record<string, string> = {}): Record<string, string> => {
    const mark = text.indexOf('=');
    // A value may be a secret, and the log of CI keeps what is said.
    const given = secret ? `what was given (${text.length} characters, not shown)` : `"${text}"`;
    if (mark < 1) throw usageError(`${option}: ${given} is not of the form key=value.`);
    return { ...before, [text.slice(0, mark)]: text.slice(mark + 1) };
  };
}

/** The flags of the candidate as a command is shown that names it again; undefined where one was repeated, which cannot be. */
export function shownCandidate(flags: CandidateFlags): CommandLine['options'] | undefined {
  const pairs = [flags.containerEnv ?? {}, flags.tag ?? {}].map((one) => Object.entries(one));
  if (pairs.some((one) => one.length > 1)) return undefined;
  const [env, tag] = pairs.map((one) => one[0]?.join('='));
  const timeout = (seconds: number | undefined) => (seconds === undefined ? undefined : durationFlag(seconds * SECOND));
  return {
    artifact: flags.artifact,
    algorithm: flags.algorithm,
    image: flags.image,
    model: flags.model,
    'model-package': flags.modelPackage,
    'allow-mismatch': flags.allowMismatch === true ? true : undefined,
    'pin-image': flags.pinImage === true ? true : undefined,
    role: flags.role,
    'model-name': flags.modelName,
    'config-name': flags.configName,
    'container-env': env,
    subnets: flags.subnets?.join(','),
    'security-groups': flags.securityGroups?.join(','),
    volume: flags.volume,
    'download-timeout': timeout(flags.downloadTimeout),
    'startup-timeout': timeout(flags.startupTimeout),
    tag,
  };
}

/** The flags of the candidate alone, out of all a command was given. */
export function candidateFlags(flags: CandidateFlags): CandidateFlags {
  return Object.fromEntries(NAMES.map((name) => [name, flags[name]]));
}

const NAMES = [
  'artifact',
  'algorithm',
  'image',
  'model',
  'modelPackage',
  'allowMismatch',
  'pinImage',
  'modelName',
  'configName',
  'role',
  'containerEnv',
  'subnets',
  'securityGroups',
  'volume',
  'downloadTimeout',
  'startupTimeout',
  'tag',
] as const satisfies readonly (keyof CandidateFlags)[];
