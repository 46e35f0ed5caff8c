import { createHash } from 'node:crypto';
import type { Store } from '../storage/store.ts';

/** A repository of Amazon ECR. */
export interface Repository {
  /** Twelve digits. */
  registry: string;
  region: string;
  name: string;
}

/** How an image is named within its repository. */
export type ImageId = { tag: string } | { digest: string };

/*
 * The emulator pulls no images: every tag is taken to name one, and every digest to be one, until it is deleted. What is
 * kept is what was said otherwise.
 */

const tagsOf = (store: Store) => store.table<{ digest: string | undefined }>('ecr-tags');
const digestsOf = (store: Store) => store.table<{ manifest: string | undefined; deleted: boolean }>('ecr-images');
const deletedRepositories = (store: Store) => store.table<{ deletedAt: number }>('ecr-deleted-repositories');
const keyOf = ({ registry, region, name }: Repository) => `${registry}/${region}/${name}`;
const uriOf = ({ registry, region, name }: Repository) =>
  `${registry}.dkr.ecr.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/${name}`;

/** Repository and name of an image in ECR; undefined for any other image. */
function parseImage(uri: string): { repository: Repository; id: ImageId } | undefined {
  const parts =
    /^(\d{12})\.dkr\.ecr[\w-]*\.([a-z0-9-]+)\.[^/]+\/([^:@]+)(?::([^@]+))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(uri);
  if (parts === null) return undefined;
  const [, registry = '', region = '', name = '', tag = 'latest', digest] = parts;
  return { repository: { registry, region, name }, id: digest === undefined ? { tag } : { digest } };
}

/** The digest of an image; undefined where there is none of that name. */
export function digestOf(store: Store, repository: Repository, id: ImageId): string | undefined {
  if (repositoryGone(store, repository)) return undefined;
  const key = keyOf(repository);
  const digest = 'digest' in id ? id.digest : taggedDigest(store, repository, id.tag);
  if (digest === undefined || digestsOf(store).get(`${key}@${digest}`)?.deleted === true) return undefined;
  return digest;
}

function taggedDigest(store: Store, repository: Repository, tag: string): string | undefined {
  const known = tagsOf(store).get(`${keyOf(repository)}:${tag}`);
  if (known !== undefined) return known.digest;
  return sha256(`${uriOf(repository)}:${tag}`);
}

function sha256(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** The manifest of an image, as it was pushed. */
export function manifestOf(store: Store, repository: Repository, digest: string): string | undefined {
  return digestsOf(store).get(`${keyOf(repository)}@${digest}`)?.manifest;
}

/** Keeps an image that is pushed, and gives its tag to it. */
export function pushImage(store: Store, repository: Repository, manifest: string, tag: string | undefined): string {
  const digest = sha256(manifest);
  digestsOf(store).set(`${keyOf(repository)}@${digest}`, { manifest, deleted: false });
  if (tag !== undefined) tagsOf(store).set(`${keyOf(repository)}:${tag}`, { digest });
  return digest;
}

/** Deletes an image: by its tag, which is taken from it, and where no other is known the image with it; or by its digest. */
export function deleteImage(store: Store, repository: Repository, id: ImageId, digest: string): void {
  const key = keyOf(repository);
  if ('tag' in id) tagsOf(store).set(`${key}:${id.tag}`, { digest: undefined });
  const tagged = tagsOf(store)
    .entries(`${key}:`)
    .some(([, one]) => one.digest === digest);
  if ('digest' in id || !tagged)
    digestsOf(store).set(`${key}@${digest}`, { manifest: manifestOf(store, repository, digest), deleted: true });
}

/** Was the repository deleted? Every other is taken to exist. */
export function repositoryGone(store: Store, repository: Repository): boolean {
  return deletedRepositories(store).get(keyOf(repository)) !== undefined;
}

/** Writes down that a repository is deleted. @param at milliseconds since the epoch */
export function deleteRepository(store: Store, repository: Repository, at: number): void {
  deletedRepositories(store).set(keyOf(repository), { deletedAt: at });
}

/** Is this image of ECR gone? False for any that is not in ECR. */
export function imageGone({ store }: { store: Store }, uri: string): boolean {
  const image = parseImage(uri);
  return image !== undefined && digestOf(store, image.repository, image.id) === undefined;
}

/** The image by its digest, as SageMaker resolves it; a stand-in for images that are not in ECR, or gone from it. */
export function resolvedImage({ store }: { store: Store }, uri: string): string {
  const image = parseImage(uri);
  const digest = image === undefined ? undefined : digestOf(store, image.repository, image.id);
  return digest === undefined ? standIn(uri) : `${untagged(uri)}@${digest}`;
}

/** Stands for the digest of an image that nobody pushed. */
export function standIn(uri: string): string {
  return `${untagged(uri)}@${sha256(uri)}`;
}

function untagged(uri: string): string {
  return uri.replace(/(@sha256:[0-9a-f]+|:[^:/]+)$/, '');
}
