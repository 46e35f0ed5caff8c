import type {
  ContainerDefinition,
  CreateModelCommandInput,
  DescribeModelCommandOutput,
  Tag,
} from '@aws-sdk/client-sagemaker';
import { cannotRun, usage } from '../errors.ts';

/** What is to differ in a model; undefined keeps what the live one has. */
export interface ModelChange {
  name: string;
  image: string | undefined;
  /** `s3://` URI; undefined for an image that carries its model. */
  artifact: string | undefined;
  role: string | undefined;
  environment: Readonly<Record<string, string>>;
  tags: Tag[];
}

/**
 * The live model with another artifact, and another image where one is given. Environment, network and role stay; the
 * environment does not survive a change of image, for it was written for the other container.
 */
export function deriveModel(live: DescribeModelCommandOutput, change: ModelChange): CreateModelCommandInput {
  if (live.Containers !== undefined && live.Containers.length > 0) {
    throw cannotRun(
      `The live model ${live.ModelName} is a pipeline of ${live.Containers.length} containers: which of them the artifact belongs to cannot be known.`,
      'Create the new model yourself and deploy it with: shadowctl deploy',
    );
  }
  const old: ContainerDefinition = live.PrimaryContainer ?? {};
  const image = change.image ?? old.Image;
  if (image === undefined)
    throw usage(`The live model ${live.ModelName} has no image of its own: give --algorithm or --image.`);
  const sameImage = image === old.Image;
  const { ModelDataSource: _d, ModelPackageName: _p, ...kept } = old;
  const environment = { ...(sameImage ? old.Environment : {}), ...change.environment };
  return {
    ModelName: change.name,
    ExecutionRoleArn: change.role ?? live.ExecutionRoleArn,
    PrimaryContainer: {
      ...(sameImage ? kept : {}),
      Image: image,
      ModelDataUrl: change.artifact,
      Environment: environment,
    },
    ...(live.VpcConfig === undefined ? {} : { VpcConfig: live.VpcConfig }),
    ...(live.EnableNetworkIsolation === undefined ? {} : { EnableNetworkIsolation: live.EnableNetworkIsolation }),
    Tags: change.tags,
  };
}
