import { isAbsolute, join } from 'node:path';
import type { Command } from 'commander';
import { usageError } from '../../base/errors.ts';
import type { CandidateSpec } from '../../lifecycle/candidate.ts';

/** The candidate and how it is to be called: what deploy, canary and shadow have in common. */
export interface CandidateFlags {
  artifact?: string | undefined;
  algorithm?: string | undefined;
  image?: string | undefined;
  allowMismatch?: boolean | undefined;
  modelName?: string | undefined;
  configName?: string | undefined;
  role?: string | undefined;
  containerEnv?: Record<string, string> | undefined;
  tag?: Record<string, string> | undefined;
}

/** Adds the flags that name a candidate. */
export function addCandidateFlags(command: Command): Command {
  return command
    .option('--artifact <path|s3 uri>', 'the model: a local model.tar.gz (uploaded), or an s3:// URI')
    .option(
      '--algorithm <name[:version]>',
      'built-in container: linear-learner or xgboost[:version]; the image is looked up per region',
    )
    .option('--image <uri>', 'any other container image')
    .option('--allow-mismatch', 'deploy an artifact even if the image cannot read it')
    .option('--role <arn>', 'role to run the model with (default: shadowctl.yaml, SAGEMAKER_ROLE_ARN, the live model)')
    .option('--model-name <name>', 'name of the new model (default: derived from the endpoint and the time)')
    .option('--config-name <name>', 'name of the new endpoint config (default: derived the same way)')
    .option('--container-env <key=value>', 'environment of the container (repeatable)', pair('--container-env'))
    .option('--tag <key=value>', 'tag for every resource that is created (repeatable)', pair('--tag'));
}

/** The candidate as the flags name it; a local path is taken from `cwd`. */
export function candidateSpec(flags: CandidateFlags, cwd: string): CandidateSpec {
  const { artifact } = flags;
  const local = artifact !== undefined && !artifact.startsWith('s3://') && !isAbsolute(artifact);
  return {
    artifact: local ? join(cwd, artifact) : artifact,
    algorithm: flags.algorithm,
    image: flags.image,
    allowMismatch: flags.allowMismatch === true,
    modelName: flags.modelName,
    configName: flags.configName,
    role: flags.role,
    environment: flags.containerEnv ?? {},
    tags: flags.tag ?? {},
  };
}

function pair(option: string) {
  return (text: string, before: Record<string, string> = {}): Record<string, string> => {
    const mark = text.indexOf('=');
    if (mark < 1) throw usageError(`${option}: "${text}" is not of the form key=value.`);
    return { ...before, [text.slice(0, mark)]: text.slice(mark + 1) };
  };
}

/** The flags of the candidate alone, out of all a command was given. */
export function candidateFlags(flags: CandidateFlags): CandidateFlags {
  const { artifact, algorithm, image, allowMismatch, modelName, configName, role, containerEnv, tag } = flags;
  return { artifact, algorithm, image, allowMismatch, modelName, configName, role, containerEnv, tag };
}
