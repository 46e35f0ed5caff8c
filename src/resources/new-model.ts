import type { CreateModelCommandInput, DescribeModelCommandOutput, Tag } from '@aws-sdk/client-sagemaker';
import type { Candidate } from './candidate.ts';

/**
 * The model for a candidate. What guards the present model's network (VPC, isolation) guards the new one too; what
 * belongs to its artifact (environment) does not carry over.
 */
export function newModel(
  name: string,
  candidate: Pick<Candidate, 'image' | 'modelDataUrl'>,
  settings: {
    role: string;
    environment: Readonly<Record<string, string>>;
    tags: Tag[];
    live: DescribeModelCommandOutput | undefined;
  },
): CreateModelCommandInput {
  const { live } = settings;
  return {
    ModelName: name,
    ExecutionRoleArn: settings.role,
    PrimaryContainer: {
      Image: candidate.image,
      ...(candidate.modelDataUrl === undefined ? {} : { ModelDataUrl: candidate.modelDataUrl }),
      ...(Object.keys(settings.environment).length === 0 ? {} : { Environment: { ...settings.environment } }),
    },
    ...(live?.VpcConfig === undefined ? {} : { VpcConfig: live.VpcConfig }),
    ...(live?.EnableNetworkIsolation === true ? { EnableNetworkIsolation: true } : {}),
    Tags: settings.tags,
  };
}
