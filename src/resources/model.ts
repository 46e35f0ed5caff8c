import type {
  ContainerDefinition,
  CreateModelCommandInput,
  DescribeModelCommandOutput,
  Tag,
  VpcConfig,
} from '@aws-sdk/client-sagemaker';
import { usageError } from '../base/errors.ts';
import type { Candidate } from './artifact/candidate.ts';

/**
 * The model for a candidate. What guards the present model's network (VPC, isolation) guards the new one too. Behind an
 * image of the same repository its container has all that the present one's has, but for image and artifact, and for the variables that
 * are given: one that lost its variables, or a second source of data, would answer another question.
 */
export function newModel(
  name: string,
  candidate: Pick<Candidate, 'image' | 'modelDataUrl' | 'modelPackage'>,
  settings: {
    role: string;
    environment: Readonly<Record<string, string>>;
    tags: Tag[];
    /** Undefined: as the live model has it. */
    vpc?: VpcConfig | undefined;
    live: DescribeModelCommandOutput | undefined;
  },
): CreateModelCommandInput {
  const { live, vpc = live?.VpcConfig } = settings;
  const {
    Image: _image,
    ModelDataUrl: _artifact,
    ModelDataSource: _source,
    ModelPackageName: _package,
    InferenceSpecificationName: _specification,
    Environment: variables,
    Mode,
    // Known to this version or not (`sagemaker.ts`).
    ...kept
  } = sameContainer(candidate, live) ?? {};
  const environment = { ...variables, ...settings.environment };
  const source =
    candidate.modelPackage === undefined
      ? {
          Image: candidate.image,
          ...(candidate.modelDataUrl === undefined ? {} : { ModelDataUrl: candidate.modelDataUrl }),
        }
      : { ModelPackageName: candidate.modelPackage };
  return {
    ModelName: name,
    ExecutionRoleArn: settings.role,
    PrimaryContainer: {
      ...kept,
      // What AWS describes of every model is no setting of this one: the same model is asked for by the same words.
      ...(Mode === undefined || Mode === 'SingleModel' ? {} : { Mode }),
      ...source,
      ...(Object.keys(environment).length === 0 ? {} : { Environment: environment }),
    },
    ...(vpc === undefined ? {} : { VpcConfig: vpc }),
    ...(live?.EnableNetworkIsolation === true ? { EnableNetworkIsolation: true } : {}),
    Tags: settings.tags,
  };
}

/** The present model's container, where the candidate's image is of the same repository. */
function sameContainer(
  { image, modelPackage }: Pick<Candidate, 'image' | 'modelPackage'>,
  live: DescribeModelCommandOutput | undefined,
): ContainerDefinition | undefined {
  const [only, another] = live?.Containers ?? [];
  const container = live?.PrimaryContainer ?? (another === undefined ? only : undefined);
  if (modelPackage !== undefined || container?.Image === undefined) return undefined;
  return repositoryOf(container.Image) === repositoryOf(image) ? container : undefined;
}

/** An image without its tag or digest. */
function repositoryOf(image: string): string {
  return image.replace(/(@sha256:[0-9a-f]+|:[^:/]+)$/, '');
}

/**
 * Refuses to put a model of one container in the place of what is no such model.
 * @throws Problem (usage)
 */
export function requireOneContainer(live: DescribeModelCommandOutput | undefined): void {
  const containers = live?.Containers?.length ?? 0;
  const several = (live?.PrimaryContainer ?? live?.Containers?.[0])?.Mode === 'MultiModel';
  if (containers <= 1 && !several) return;
  throw usageError(
    `The live model ${live?.ModelName} ${several ? 'serves many models (MultiModel)' : `is a pipeline of ${containers} containers`}; a new model of one container would replace all of it.`,
    'Create the whole new model yourself (aws sagemaker create-model), and name it: --model NAME',
  );
}

/**
 * The role SageMaker is to run a model with: the flag's, else shadowctl.yaml's, else the environment's, else `live`,
 * the one the endpoint's present model runs with.
 * @throws Problem (usage) where there is none, or it is not the ARN of a role
 */
export function chooseRole(sources: {
  flag: string | undefined;
  project: string | undefined;
  env: string | undefined;
  live?: string | undefined;
}): string {
  const role = sources.flag ?? sources.project ?? (sources.env === '' ? undefined : sources.env) ?? sources.live;
  if (role === undefined) {
    throw usageError(
      'SageMaker needs a role to run the model, and none was named.',
      'Give --role ARN, write `role:` into shadowctl.yaml, or set SAGEMAKER_ROLE_ARN.',
    );
  }
  if (!/^arn:aws[a-z-]*:iam::\d{12}:role\/?[a-zA-Z_0-9+=,.@\-_/]+$/.test(role)) {
    throw usageError(`"${role}" is not the ARN of a role.`, 'It looks like arn:aws:iam::123456789012:role/name.');
  }
  return role;
}

/** The S3 URIs of a model's artifacts; many models lie under a prefix, which is no object. */
export function artifactsOf(model: Pick<DescribeModelCommandOutput, 'Containers' | 'PrimaryContainer'>): string[] {
  return (model.Containers ?? [model.PrimaryContainer]).flatMap((container) => {
    const uri = container?.Mode === 'MultiModel' ? undefined : container?.ModelDataUrl;
    return uri?.startsWith('s3://') === true ? [uri] : [];
  });
}
