import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';
import { partitionOf } from './partition.ts';

/** An image in Amazon ECR. */
export interface EcrImage {
  /** Account of the registry, twelve digits. */
  registry: string;
  region: string;
  repository: string;
  /** `sha256:…`; undefined where it is named by its tag alone. */
  digest: string | undefined;
  tag: string;
}

const IMAGE =
  /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.[a-z0-9.-]+\/([^:@]+)(?::([^@]+))?(?:@(sha256:[0-9a-f]{64}))?$/;

/** Takes the path of an image apart; undefined where it is not in ECR. One without a tag is `latest`. */
export function ecrImage(path: string): EcrImage | undefined {
  const [, registry, region, repository, tag = 'latest', digest] = IMAGE.exec(path) ?? [];
  return registry === undefined || region === undefined || repository === undefined
    ? undefined
    : { registry, region, repository, tag, digest };
}

/** The digest of an image in this region as ECR has it; `gone` where there is no such image, or no such repository. */
export async function imageDigest(aws: Aws, image: EcrImage, signal?: AbortSignal): Promise<string | 'gone'> {
  const { BatchGetImageCommand } = await import('./sdk/ecr.ts');
  const client = await aws.ecr();
  const { registry, region, repository, tag, digest } = image;
  const named = `${repository}${digest === undefined ? `:${tag}` : `@${digest}`}`;
  const arn = `arn:${partitionOf(region)}:ecr:${region}:${registry}:repository/${repository}`;
  try {
    const { images, failures } = await call(
      aws.target,
      `look up image ${named}`,
      () =>
        client.send(
          new BatchGetImageCommand({
            registryId: registry,
            repositoryName: repository,
            imageIds: [digest === undefined ? { imageTag: tag } : { imageDigest: digest }],
          }),
          { abortSignal: signal },
        ),
      `ecr:BatchGetImage on ${arn}`,
    );
    const found = images?.[0]?.imageId?.imageDigest;
    if (found !== undefined) return found;
    const { failureCode: code = 'no image', failureReason: reason = '' } = failures?.[0] ?? {};
    if (code === 'ImageNotFound') return 'gone';
    // Other codes say that the image could not be had now (API_ImageFailure), not that there is none.
    throw new AwsProblem(
      `Could not look up image ${named}: ${reason} (${code})`,
      { code, words: reason, attempts: 1, clientFault: true, throttled: false },
      {},
    );
  } catch (error) {
    if (error instanceof AwsProblem && error.code === 'RepositoryNotFoundException') return 'gone';
    throw error;
  }
}
