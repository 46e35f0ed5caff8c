import type { Aws } from '../../aws/clients.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { bucketExists, headObject } from '../../aws/s3.ts';
import { s3Object } from '../../aws/s3-uri.ts';
import { usageError } from '../../base/errors.ts';
import { trackedResource, type State } from '../../state/replay.ts';
import { type Artifact, checkArtifact, MOST_NAMES } from './artifact.ts';
import { algorithmImage, algorithmOfImage, type Image } from './images.ts';
import type { Step } from '../steps.ts';

/** The model that is to be deployed, as the user named it. */
export interface CandidateOptions {
  /** An `s3://` URI or the path of a local model.tar.gz; undefined for an image that carries its model. */
  artifact?: string | undefined;
  /** `linear-learner`, `xgboost[:version]` */
  algorithm?: string | undefined;
  image?: string | undefined;
  /** A model that exists, in place of all of these. */
  model?: string | undefined;
  /** ARN of a version in the Model Registry, in place of artifact and image. */
  modelPackage?: string | undefined;
  /** Deploy an artifact behind an image that cannot read it all the same. */
  allowMismatch?: boolean | undefined;
}

/** What was found out about the candidate without asking AWS. */
export interface CheckedCandidate {
  /** Empty for a model that exists. */
  image: string;
  /** The built-in algorithm behind the image, where it is one. */
  builtIn: Image | undefined;
  /** A local artifact. */
  local: Artifact | undefined;
  /** An artifact in S3. */
  uri: string | undefined;
  /** ARN of the version in the Model Registry that image and artifact are from. */
  modelPackage?: string | undefined;
  /** What such a version says of its container's environment, where its parts are taken. */
  environment?: Readonly<Record<string, string>> | undefined;
}

/** The candidate, ready to become a model. */
export interface Candidate {
  image: string;
  modelDataUrl: string | undefined;
  /** ARN of the version in the Model Registry, which then stands for image and artifact. */
  modelPackage?: string | undefined;
  /** What must be done before the model can be created: a bucket, an upload. */
  steps: Step[];
}

/** The bucket SageMaker's own SDK uses by default. */
export function defaultBucket(region: string, account: string): string {
  return `sagemaker-${region}-${account}`;
}

/** Where everything lies that shadowctl writes to S3 for an endpoint; ends with a slash. */
export function ourPrefix(region: string, account: string, endpoint: string): string {
  return `s3://${defaultBucket(region, account)}/shadowctl/${endpoint}/`;
}

/**
 * Checks image and artifact as far as that is possible without AWS.
 * @throws Problem (usage): neither or both of --algorithm and --image, an unknown algorithm, a bad artifact, an
 * artifact that its image cannot read
 */
export async function checkCandidate(options: CandidateOptions, region: string): Promise<CheckedCandidate> {
  if (options.artifact === undefined && options.algorithm === undefined && options.image === undefined) {
    throw usageError(
      'No model was named: --artifact is missing.',
      'Give --artifact with a model.tar.gz or its s3:// URI and --algorithm or --image; or --image URI alone, for a container that includes its model.',
    );
  }
  if ((options.algorithm === undefined) === (options.image === undefined)) {
    throw usageError(
      options.image === undefined
        ? 'Neither --algorithm nor --image was given.'
        : 'Both --algorithm and --image were given.',
      'Give --algorithm linear-learner or xgboost[:version], or --image URI for any other container.',
    );
  }
  const builtIn =
    options.algorithm === undefined ? algorithmOfImage(options.image ?? '') : algorithmImage(options.algorithm, region);
  const image = builtIn?.uri ?? options.image ?? '';
  if (options.artifact === undefined) {
    if (builtIn !== undefined)
      throw usageError(
        `--artifact is missing: the image of ${builtIn.algorithm} contains no model.`,
        'Give a model.tar.gz or its s3:// URI.',
      );
    return { image, builtIn, local: undefined, uri: undefined };
  }
  if (options.artifact.startsWith('s3://')) {
    s3Object(options.artifact);
    return { image, builtIn, local: undefined, uri: options.artifact };
  }
  const local = await checkArtifact(options.artifact);
  if (builtIn !== undefined && options.allowMismatch !== true) requireReadable(options.artifact, local, builtIn);
  return { image, builtIn, local, uri: undefined };
}

/** Files that are no booster for certain. XGBoost tries to load whatever file there is, under any other name. */
const FOREIGN_FILE =
  /\.(pth|pt|onnx|h5|hdf5|keras|pb|safetensors|tflite|cbm|py|ipynb|md|csv|ya?ml|log)$|^requirements\.txt$/i;

/** Images that load one file of those there are; later ones load all, as an ensemble (facts 7.4). */
const LOADS_ONE = new Set(['0.72', '0.90-1', '0.90-2', '1.0-1', '1.2-1']);

/** Images whose XGBoost knows a base score that is one number; 1.7-1 and 3.0-5 go on with 0.5, older ones refuse the file (facts 7.4). */
const KEEPS_ONE_SCORE = new Set(['0.90-1', '0.90-2', '1.0-1', '1.2-1', '1.2-2', '1.3-1', '1.5-1', '1.7-1', '3.0-5']);

/**
 * Refuses an artifact that a built-in image cannot read for certain.
 * @param source its path or URI, for the message
 * @throws Problem (usage) naming what is in it and what is looked for
 */
export function requireReadable(source: string, artifact: Artifact, image: Image): void {
  const { format, members } = artifact;
  const { algorithm, version } = image;
  if (format !== undefined && format !== algorithm) {
    throw usageError(
      `${source} was written by ${format} (it holds ${listed(members)}); the image of ${algorithm}:${version} cannot read it.`,
      `Give --algorithm ${format}; to deploy it behind ${algorithm} anyway, add --allow-mismatch.`,
    );
  }
  if (algorithm === 'xgboost') requireBoosters(source, members, image);
  if (algorithm === 'xgboost' && artifact.isNewBooster && KEEPS_ONE_SCORE.has(version)) {
    throw usageError(
      `${source} was written by XGBoost 3.1 or later; the image of xgboost:${version} loads no such model, or loads it and answers wrongly without an error.`,
      'Give --algorithm xgboost:3.2-0, or write the model again with the XGBoost of the image; to deploy it anyway, add --allow-mismatch.',
    );
  }
  if (format === undefined && algorithm === 'linear-learner') {
    throw usageError(
      `${source} holds ${listed(members)}; the image of ${algorithm}:${version} looks for the file model_algo-1 and cannot read it.`,
      `Give the --image of the framework that wrote it; to deploy it behind ${algorithm} anyway, add --allow-mismatch.`,
    );
  }
}

/**
 * XGBoost's image loads what lies at the top of the archive and does not begin with a dot, and fails where one of
 * these is no booster.
 * @throws Problem (usage)
 */
function requireBoosters(source: string, members: readonly string[], { version }: Image): void {
  const top = members.map((member) => member.replace(/^\.\//, '')).filter((name) => /^[^./][^/]*$/.test(name));
  const foreign = top.filter((name) => FOREIGN_FILE.test(name));
  // Of more files not all names are known.
  if (top.length === 0 && members.length < MOST_NAMES) {
    throw usageError(
      `${source} holds ${listed(members)}; the image of xgboost:${version} looks for a booster (xgboost-model) at the top of the archive, where there is no file.`,
      'Pack it from inside of its folder: tar -czf model.tar.gz -C model-folder xgboost-model; to deploy it anyway, add --allow-mismatch.',
    );
  }
  if (foreign.length === top.length && top.length > 0) {
    throw usageError(
      `${source} holds ${listed(members)}; the image of xgboost:${version} looks for a booster (xgboost-model) and cannot read it.`,
      'Give the --image of the framework that wrote it; to deploy it behind xgboost anyway, add --allow-mismatch.',
    );
  }
  if (foreign.length > 0 && !LOADS_ONE.has(version)) {
    throw usageError(
      `${source} holds ${listed(foreign)} beside boosters; the image of xgboost:${version} loads every file at the top of the archive, and fails on one that is not a booster.`,
      'Pack the booster alone: tar -czf model.tar.gz -C model-folder xgboost-model; to deploy it anyway (behind a script of your own, or with SAGEMAKER_INFERENCE_ENSEMBLE=false), add --allow-mismatch.',
    );
  }
}

function listed(members: readonly string[]): string {
  return members.length > 5 ? `${members.slice(0, 5).join(', ')} and ${members.length - 5} more` : members.join(', ');
}

/**
 * Finds out where the artifact will lie, and what must be done for that. A local one goes to the account's default
 * bucket, under its content hash.
 */
export async function prepareCandidate(
  aws: Aws,
  place: { account: string; endpoint: string; state: State },
  checked: CheckedCandidate,
): Promise<Candidate> {
  const { image, local, modelPackage } = checked;
  if (modelPackage !== undefined) return { image, modelDataUrl: checked.uri, modelPackage, steps: [] };
  if (checked.uri !== undefined) await refuseMissing(aws, checked.uri);
  if (local === undefined) return { image, modelDataUrl: checked.uri, steps: [] };
  const { region } = aws.target;
  const name = `${ourPrefix(region, place.account, place.endpoint)}artifacts/${local.sha256}/model.tar.gz`;
  const tracked = trackedResource(place.state, { kind: 's3-object', name });
  if (tracked?.state === 'exists' && (await headObject(aws, name))?.bytes === local.bytes)
    return { image, modelDataUrl: name, steps: [] };
  const bucket = defaultBucket(region, place.account);
  const steps: Step[] = (await bucketExists(aws, bucket))
    ? []
    : [{ action: 'create', kind: 's3-bucket', name: bucket }];
  const { path, bytes, sha256 } = local;
  return {
    image,
    modelDataUrl: name,
    steps: [...steps, { action: 'create', kind: 's3-object', name, input: { path, bytes, sha256 } }],
  };
}

async function refuseMissing(aws: Aws, uri: string): Promise<void> {
  try {
    if ((await headObject(aws, uri)) === undefined)
      throw usageError(`--artifact: there is no object ${uri}.`, 'Check the bucket, the key and the region.');
  } catch (error) {
    // The user who deploys may lack permission to read the artifact; SageMaker's role must have it.
    if (error instanceof AwsProblem && error.denied) return;
    throw error;
  }
}
