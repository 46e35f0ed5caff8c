import type {
  BatchDeleteImageCommandInput,
  BatchDeleteImageResponse,
  BatchGetImageCommandInput,
  BatchGetImageResponse,
  DeleteRepositoryCommandInput,
  DeleteRepositoryResponse,
  ECR,
  ImageFailure,
  ImageIdentifier,
  PutImageCommandInput,
  PutImageResponse,
} from '@aws-sdk/client-ecr';
import type { Context, OperationsOf } from '../operation.ts';
import {
  deleteImage,
  deleteRepository,
  digestOf,
  type ImageId,
  manifestOf,
  pushImage,
  type Repository,
  repositoryGone,
} from '../../world/images.ts';
import { partitionOf } from '../../world/partition.ts';
import { invalidParameter, repositoryNotFound } from './errors.ts';

/** ECR: whether an image exists, and which one a tag names. No layers are kept, and none are pulled. */
export const operations = {
  BatchDeleteImage: batchDeleteImage,
  BatchGetImage: batchGetImage,
  DeleteRepository: deleteRepositoryOf,
  PutImage: putImage,
} satisfies OperationsOf<ECR>;

interface InRepository {
  registryId?: string | undefined;
  repositoryName?: string | undefined;
}

/** The repository of a request. @throws AwsError where it was deleted */
function repositoryOf({ world, account, region }: Context, input: InRepository): Repository {
  const repository = { registry: input.registryId ?? account, region, name: input.repositoryName ?? '' };
  if (repositoryGone(world.store, repository)) throw repositoryNotFound(repository);
  return repository;
}

/** Each image that is asked for, with its digest where there is one. */
function looked({ world }: Context, repository: Repository, ids: readonly ImageIdentifier[] | undefined) {
  return (ids ?? []).map(({ imageDigest, imageTag }) => {
    if (imageDigest === undefined && imageTag === undefined)
      throw invalidParameter('Invalid request parameters: an image is named by its tag or its digest.');
    const id: ImageId = imageDigest === undefined ? { tag: imageTag ?? '' } : { digest: imageDigest };
    return { id, asked: { imageDigest, imageTag }, digest: digestOf(world.store, repository, id) };
  });
}

function failure(imageId: ImageIdentifier): ImageFailure {
  return { imageId, failureCode: 'ImageNotFound', failureReason: 'Requested image not found' };
}

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

function batchGetImage(context: Context, input: BatchGetImageCommandInput): BatchGetImageResponse {
  const repository = repositoryOf(context, input);
  const all = looked(context, repository, input.imageIds);
  return {
    images: all.flatMap(({ digest, asked }) => {
      if (digest === undefined) return [];
      return [
        {
          registryId: repository.registry,
          repositoryName: repository.name,
          imageId: { imageDigest: digest, imageTag: asked.imageTag },
          // Of an image that nobody pushed here there is nothing to show.
          imageManifest: manifestOf(context.world.store, repository, digest) ?? '{"schemaVersion":2}',
          imageManifestMediaType: MANIFEST,
        },
      ];
    }),
    failures: all.filter(({ digest }) => digest === undefined).map(({ asked }) => failure(asked)),
  };
}

function batchDeleteImage(context: Context, input: BatchDeleteImageCommandInput): BatchDeleteImageResponse {
  const repository = repositoryOf(context, input);
  const all = looked(context, repository, input.imageIds);
  for (const { id, digest } of all) if (digest !== undefined) deleteImage(context.world.store, repository, id, digest);
  return {
    imageIds: all.flatMap(({ digest, asked }) =>
      digest === undefined ? [] : [{ imageDigest: digest, imageTag: asked.imageTag }],
    ),
    failures: all.filter(({ digest }) => digest === undefined).map(({ asked }) => failure(asked)),
  };
}

function putImage(context: Context, input: PutImageCommandInput): PutImageResponse {
  const repository = repositoryOf(context, input);
  const { imageManifest = '', imageTag } = input;
  const digest = pushImage(context.world.store, repository, imageManifest, imageTag);
  return {
    image: {
      registryId: repository.registry,
      repositoryName: repository.name,
      imageId: { imageDigest: digest, imageTag },
      imageManifest,
    },
  };
}

function deleteRepositoryOf(context: Context, input: DeleteRepositoryCommandInput): DeleteRepositoryResponse {
  const { registry, region, name } = repositoryOf(context, input);
  deleteRepository(context.world.store, { registry, region, name }, context.world.clock.now());
  return {
    repository: {
      repositoryArn: `arn:${partitionOf(region)}:ecr:${region}:${registry}:repository/${name}`,
      registryId: registry,
      repositoryName: name,
    },
  };
}
