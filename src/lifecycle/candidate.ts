import type { DescribeModelCommandOutput, ProductionVariant, Tag } from '@aws-sdk/client-sagemaker';
import type { Aws } from '../aws/clients.ts';
import { describeEndpoint, describeEndpointConfig, describeModel, describeModelPackage } from '../aws/sagemaker.ts';
import { usageError } from '../base/errors.ts';
import { lines, text } from '../base/text.ts';
import { newRun } from '../resources/apply.ts';
import {
  type CandidateOptions,
  type CheckedCandidate,
  checkCandidate,
  prepareCandidate,
} from '../resources/artifact/candidate.ts';
import { checkRemote } from '../resources/artifact/check-remote.ts';
import { algorithmOfImage } from '../resources/artifact/images.ts';
import { chooseRole, newModel, requireOneContainer } from '../resources/model.ts';
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
  /** A version in the Model Registry that waits for its approval is made from its parts: SageMaker runs none by its name. */
  unapproved?: boolean | undefined;
  /** Name its image by digest, as the endpoint's instances run it. */
  pinImage?: boolean | undefined;
  /** Environment of its container. */
  environment?: Readonly<Record<string, string>>;
  /** Where its containers run; undefined: as the live model. */
  vpc?: { subnets: readonly string[]; securityGroups: readonly string[] } | undefined;
  /** What its variant is given in place of production's own. */
  fleet?: VariantSettings | undefined;
  /** Tags in addition to the project's. */
  tags?: Readonly<Record<string, string>>;
}

/** Settings of a variant that a large model needs. */
interface VariantSettings {
  /** Gigabytes of storage on each instance. */
  volumeGb?: number | undefined;
  /** Seconds that SageMaker waits for the artifact, and for the container to answer /ping. */
  downloadSeconds?: number | undefined;
  startupSeconds?: number | undefined;
}

/** The settings as a variant takes them; what is not set is not there. */
export function variantSettings({ fleet = {} }: Pick<CandidateSpec, 'fleet'>): Partial<ProductionVariant> {
  const { volumeGb, downloadSeconds, startupSeconds } = fleet;
  return {
    ...(volumeGb === undefined ? {} : { VolumeSizeInGB: volumeGb }),
    ...(downloadSeconds === undefined ? {} : { ModelDataDownloadTimeoutInSeconds: downloadSeconds }),
    ...(startupSeconds === undefined ? {} : { ContainerStartupHealthCheckTimeoutInSeconds: startupSeconds }),
  };
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

/** Refuses names that AWS would not take, and what does not go together, before any call. @throws Problem (usage) */
export function checkCandidateNames(spec: CandidateSpec): void {
  const { model, modelPackage, modelName, configName, artifact, algorithm, image } = spec;
  if (model !== undefined) checkName('model', model, '--model');
  if (modelName !== undefined) checkName('model', modelName, '--model-name');
  if (configName !== undefined) checkName('endpoint config', configName, '--config-name');
  const refuse = (flag: string, what: string, others: Record<string, unknown>) => {
    const [other] = Object.entries(others).find(([, value]) => value !== undefined) ?? [];
    if (other !== undefined) throw usageError(`${flag} ${what}; it cannot be combined with ${other}.`);
  };
  if (spec.pinImage === true)
    refuse('--pin-image', 'names the image of a new model by digest', {
      '--model': model,
      '--model-package': modelPackage,
    });
  const sources = { '--artifact': artifact, '--algorithm': algorithm, '--image': image };
  if (modelPackage !== undefined) {
    refuse('--model-package', 'names the image and the artifact of the model', { ...sources, '--model': model });
    if (!PACKAGE_ARN.test(modelPackage))
      throw usageError(
        `--model-package: "${modelPackage}" is not the ARN of a version in the Model Registry.`,
        'It looks like arn:aws:sagemaker:us-east-1:123456789012:model-package/group/3.',
      );
  }
  if (model !== undefined) {
    const own = { '--model-name': modelName, '--role': spec.role, '--subnets': spec.vpc };
    const environment = Object.keys(spec.environment ?? {}).length === 0 ? undefined : spec.environment;
    refuse('--model', 'names a model that exists', { ...sources, ...own, '--container-env': environment });
  }
}

const PACKAGE_ARN = /^arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:model-package\/[\w-]+\/\d+$/i;

/** True where a spec names a new model, or one that exists. */
export function namesModel(spec: CandidateSpec): boolean {
  return [spec.model, spec.modelPackage, spec.artifact, spec.algorithm, spec.image].some((one) => one !== undefined);
}

/**
 * Looks into the artifact, here or in S3, before anything is changed: is it a model that its image can read?
 * @param liveModel most new models come for the container that runs already: its image is the default
 * @param always also where it is not known what the image reads: then it must be a whole archive
 * @throws Problem (usage) where it is not
 */
export async function examineCandidate(
  session: Session,
  spec: CandidateSpec,
  liveModel?: DescribeModelCommandOutput,
  always?: true,
): Promise<CheckedCandidate> {
  const aws = await session.aws();
  if (spec.model !== undefined) {
    if ((await describeModel(aws, spec.model, session.signal)) === undefined)
      throw usageError(
        `--model: there is no model "${spec.model}" in ${aws.target.region}.`,
        text`See those that exist: ${{ program: 'aws', command: 'sagemaker list-models', options: { 'max-items': 20 }, incomplete: false }}`,
      );
    return { image: '', builtIn: undefined, local: undefined, uri: undefined };
  }
  const image = spec.image ?? (spec.algorithm === undefined ? liveModel?.PrimaryContainer?.Image : undefined);
  const checked =
    spec.modelPackage === undefined
      ? await checkCandidate({ ...spec, image }, aws.target.region)
      : await examinePackage(aws, spec.modelPackage, spec.unapproved === true, session.signal);
  await checkRemote(aws, checked, {
    allowMismatch: spec.allowMismatch === true,
    ...(always === true && { always }),
    signal: session.signal,
    unexamined: (artifact) => session.emit({ kind: 'artifact-unexamined', artifact }),
  });
  return checked;
}

/**
 * A version in the Model Registry: its image and its artifact. "For versioned models, the value of this parameter must
 * be set to Approved to deploy the model" (API reference of CreateModelPackage, ModelApprovalStatus).
 * @param unapproved it is to be made from its parts, also while it waits for its approval
 * @throws Problem (usage) where there is none, or it may not be deployed
 */
async function examinePackage(
  aws: Aws,
  arn: string,
  unapproved: boolean,
  signal: AbortSignal,
): Promise<CheckedCandidate> {
  const found = await describeModelPackage(aws, arn, signal);
  if (found === undefined)
    throw usageError(`--model-package: there is no model package ${arn} in ${aws.target.region}.`);
  const { ModelPackageStatus: status, ModelApprovalStatus: approval } = found;
  if (status !== 'Completed')
    throw usageError(`--model-package: ${arn} is ${status}, not Completed.`, 'Wait until SageMaker has completed it.');
  const waits = unapproved && approval === 'PendingManualApproval';
  if (approval !== undefined && approval !== 'Approved' && !waits)
    throw usageError(
      `--model-package: ${arn} is ${approval}: SageMaker deploys only versions that are Approved.`,
      lines(
        'Approve it in the Model Registry, or with:',
        `aws sagemaker update-model-package --model-package-arn ${arn} --model-approval-status Approved`,
      ),
    );
  const containers = found.InferenceSpecification?.Containers ?? [];
  const [container] = containers;
  if (containers.length !== 1 || container?.Image === undefined)
    throw usageError(`--model-package: ${arn} has ${containers.length} containers; shadowctl deploys models of one.`);
  const { Image: image, ModelDataUrl: uri, Environment: environment = {} } = container;
  const parts = { image, builtIn: algorithmOfImage(image), local: undefined, uri };
  return unapproved ? { ...parts, environment } : { ...parts, modelPackage: arn };
}

/**
 * Names for what a run creates: those that were given, else new ones.
 * @param words.model `model` or `shadow-model`: what stands in a name that is chosen; likewise `words.config`
 */
export async function nameCandidate(
  on: EndpointSession,
  spec: Pick<CandidateSpec, 'model' | 'modelName' | 'configName' | 'tags'>,
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
    model: spec.model ?? spec.modelName ?? chooseName(endpoint, words.model, at, taken),
    config: spec.configName ?? chooseName(endpoint, words.config, at, taken),
  };
}

/** What must be done for the model to exist: an upload, the model. Nothing is created yet. */
export async function planModel(
  on: EndpointSession,
  spec: Pick<CandidateSpec, 'model' | 'role' | 'environment' | 'vpc' | 'pinImage'>,
  names: Pick<CandidateNames, 'model' | 'tagList'>,
  checked: CheckedCandidate,
  liveModel: DescribeModelCommandOutput | undefined,
): Promise<Step[]> {
  const { aws, account, endpoint } = on;
  if (spec.model !== undefined) return [];
  requireOneContainer(liveModel);
  const image = spec.pinImage === true ? await pinned(on, checked.image) : checked.image;
  const candidate = await prepareCandidate(aws, { account, endpoint, state: on.state() }, { ...checked, image });
  const role = chooseRole({
    flag: spec.role,
    project: (await on.session.project()).role,
    env: undefined,
    live: liveModel?.ExecutionRoleArn,
  });
  const environment = { ...checked.environment, ...spec.environment };
  const vpc = spec.vpc && { Subnets: [...spec.vpc.subnets], SecurityGroupIds: [...spec.vpc.securityGroups] };
  const input = newModel(names.model, candidate, { role, environment, tags: names.tagList, vpc, live: liveModel });
  return [...candidate.steps, { action: 'create', kind: 'model', name: names.model, input }];
}

/**
 * An image by the digest that the endpoint's instances run it with: a tag may name another image tomorrow, when an instance
 * is replaced.
 * @throws Problem (usage) where none of them runs it
 */
async function pinned({ aws, endpoint, session }: EndpointSession, image: string): Promise<string> {
  if (image.includes('@sha256:')) return image;
  const live = await describeEndpoint(aws, endpoint, session.signal);
  const variants = [...(live?.ProductionVariants ?? []), ...(live?.ShadowProductionVariants ?? [])];
  const deployed = variants.flatMap((variant) => variant.DeployedImages ?? []);
  const digest = deployed.find((one) => one.SpecifiedImage === image)?.ResolvedImage;
  if (digest !== undefined) return digest;
  const [, registry = '', repository = '', tag = ''] = /^(\d+)\.dkr\.ecr\.[^/]+\/(.+?):([^:/]+)$/.exec(image) ?? [];
  throw usageError(
    `--pin-image: no instance of endpoint "${endpoint}" runs ${image}, so its digest is not known here.`,
    registry === ''
      ? 'Give the image by its digest: --image REPOSITORY@sha256:…'
      : lines(
          'Give the image by its digest (--image REPOSITORY@sha256:…), which this tells:',
          `aws ecr describe-images --registry-id ${registry} --repository-name ${repository} --image-ids imageTag=${tag} --query imageDetails[0].imageDigest`,
        ),
  );
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
