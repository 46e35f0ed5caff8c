import type { DescribeModelCommandOutput, Tag } from '@aws-sdk/client-sagemaker';
import { describeEndpointConfig, describeModel } from '../aws/sagemaker.ts';
import { usageError } from '../base/errors.ts';
import { newRun } from '../resources/apply.ts';
import {
  type CandidateOptions,
  type CheckedCandidate,
  checkCandidate,
  prepareCandidate,
} from '../resources/artifact/candidate.ts';
import { checkRemote } from '../resources/artifact/check-remote.ts';
import { chooseRole, newModel } from '../resources/model.ts';
import { checkName, chooseName } from '../resources/naming.ts';
import { type Step, withoutExisting } from '../resources/steps.ts';
import { type Ownership, tagList } from '../resources/tags.ts';
import type { EndpointSession, Session } from './session.ts';

/** A new model: what it is made of, and how what is created for it is named. */
export interface CandidateSpec extends CandidateOptions {
  /** Undefined: chosen from the endpoint's name and the time. */
  modelName?: string | undefined;
  configName?: string | undefined;
  /** ARN of the role to run it with; undefined: the project's, else the live model's. */
  role?: string | undefined;
  /** Environment of its container. */
  environment?: Readonly<Record<string, string>>;
  /** Tags in addition to the project's. */
  tags?: Readonly<Record<string, string>>;
}

/** Names and tags of what one run creates for a candidate. */
export interface CandidateNames {
  own: Ownership;
  tags: Readonly<Record<string, string>>;
  /** The same, as AWS takes them. */
  tagList: Tag[];
  model: string;
  /** Of the endpoint config that will run it. */
  config: string;
}

/** Refuses names that AWS would not take, before any call. @throws Problem (usage) */
export function checkCandidateNames({ modelName, configName }: Pick<CandidateSpec, 'modelName' | 'configName'>): void {
  if (modelName !== undefined) checkName('model', modelName, '--model-name');
  if (configName !== undefined) checkName('endpoint config', configName, '--config-name');
}

/**
 * Looks into the artifact, here or in S3, before anything is changed: is it a model that its image can read?
 * @param liveModel most new models come for the container that runs already: its image is the default
 * @throws Problem (usage) where it is not
 */
export async function examineCandidate(
  session: Session,
  spec: CandidateSpec,
  liveModel?: DescribeModelCommandOutput,
): Promise<CheckedCandidate> {
  const aws = await session.aws();
  const image = spec.image ?? (spec.algorithm === undefined ? liveModel?.PrimaryContainer?.Image : undefined);
  const checked = await checkCandidate({ ...spec, image }, aws.target.region);
  await checkRemote(aws, checked, {
    allowMismatch: spec.allowMismatch === true,
    signal: session.signal,
    unexamined: (artifact) => session.emit({ kind: 'artifact-unexamined', artifact }),
  });
  return checked;
}

/**
 * Names for what a run creates: those that were given, else new ones.
 * @param words.model `model` or `shadow-model`: what stands in a name that is chosen; likewise `words.config`
 */
export async function nameCandidate(
  on: EndpointSession,
  spec: Pick<CandidateSpec, 'modelName' | 'configName' | 'tags'>,
  words: { model: string; config: string } = { model: 'model', config: 'config' },
): Promise<CandidateNames> {
  const { session, endpoint } = on;
  const project = await session.project();
  const at = session.clock.now();
  const taken = on.state().resources.map((tracked) => tracked.ref.name);
  checkCandidateNames(spec);
  const own = { project: project.name, endpoint, run: newRun(session.clock) };
  const tags = { ...project.tags, ...spec.tags };
  return {
    own,
    tags,
    tagList: tagList(own, tags),
    model: spec.modelName ?? chooseName(endpoint, words.model, at, taken),
    config: spec.configName ?? chooseName(endpoint, words.config, at, taken),
  };
}

/** What must be done for the model to exist: an upload, the model. Nothing is created yet. */
export async function planModel(
  on: EndpointSession,
  spec: Pick<CandidateSpec, 'role' | 'environment'>,
  names: Pick<CandidateNames, 'model' | 'tagList'>,
  checked: CheckedCandidate,
  liveModel: DescribeModelCommandOutput | undefined,
): Promise<Step[]> {
  const { aws, account, endpoint } = on;
  const candidate = await prepareCandidate(aws, { account, endpoint, state: on.state() }, checked);
  const role = chooseRole({
    flag: spec.role,
    project: (await on.session.project()).role,
    env: undefined,
    live: liveModel?.ExecutionRoleArn,
  });
  const { environment = {} } = spec;
  const input = newModel(names.model, candidate, { role, environment, tags: names.tagList, live: liveModel });
  return [...candidate.steps, { action: 'create', kind: 'model', name: names.model, input }];
}

/** A config cannot replace itself. @throws Problem (usage) */
export function requireAnotherConfig(endpoint: string, config: string, live: string | undefined): void {
  if (config === live)
    throw usageError(
      `--config-name ${config}: ${endpoint} runs this config now, and SageMaker updates only to a different one.`,
      'Give another name, or leave the flag out.',
    );
}

/**
 * Leaves out what an interrupted run of the same command has created already.
 * @throws Problem (cannot-run) where a name is taken by something else
 */
export async function leaveOutExisting(on: EndpointSession, steps: readonly Step[]): Promise<Step[]> {
  const { aws, session } = on;
  const existing = new Set<Step>();
  for (const step of steps) {
    const found =
      step.action !== 'create'
        ? undefined
        : step.kind === 'model'
          ? await describeModel(aws, step.name, session.signal)
          : step.kind === 'endpoint-config'
            ? await describeEndpointConfig(aws, step.name, session.signal)
            : undefined;
    if (found !== undefined) existing.add(step);
  }
  return withoutExisting(steps, on.state(), (step) => existing.has(step));
}
