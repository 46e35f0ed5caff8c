import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Aws } from '../../aws/clients.ts';
import { AwsProblem } from '../../aws/errors.ts';
import type { Unseen } from '../../aws/unseen.ts';
import { headObject, readObject } from '../../aws/s3.ts';
import { Problem } from '../../base/errors.ts';
import { checkArtifact } from './artifact.ts';
import { type CheckedCandidate, requireReadable } from './candidate.ts';

/** Larger artifacts are not fetched only to be looked at. */
const MAX_BYTES = 256 * 1024 * 1024;

export interface RemoteCheck {
  /** Accept an artifact that its image cannot read; a damaged one is refused all the same. */
  allowMismatch: boolean;
  /** Look into it whatever its image is: every model.tar.gz is a whole archive. */
  always?: true;
  signal: AbortSignal;
  /** Is told when the artifact could not be examined. */
  unexamined: (artifact: Unexamined) => void;
}

/** An artifact in S3 that was not looked into, and why: whether its image can read it is unknown. */
export type Unexamined = { uri: string; why: 'too-large'; bytes: number } | { uri: string; why: 'not-permitted' };

/**
 * Examines an artifact in S3 as a local one is examined: is it a whole model.tar.gz, of the kind its image reads? An
 * artifact that is too large or that these credentials cannot read is not examined, and `unexamined` is told.
 * @throws Problem (usage) where it is damaged, or of another algorithm than the image
 */
export async function checkRemote(aws: Aws, candidate: CheckedCandidate, options: RemoteCheck): Promise<void> {
  const { uri, builtIn } = candidate;
  if (uri === undefined || (builtIn === undefined && options.always !== true)) return;
  const bytes = await fetchArtifact(aws, uri, options);
  if (bytes === undefined) return;
  const folder = await mkdtemp(join(tmpdir(), 'shadowctl-artifact-'));
  try {
    const path = join(folder, 'model.tar.gz');
    await writeFile(path, bytes);
    const artifact = await named(uri, path, () => checkArtifact(path));
    if (!options.allowMismatch && builtIn !== undefined) requireReadable(uri, artifact, builtIn);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fetchArtifact(
  aws: Aws,
  uri: string,
  { unexamined, signal }: RemoteCheck,
): Promise<Uint8Array | undefined> {
  try {
    const facts = await headObject(aws, uri);
    if (facts === undefined) return undefined;
    if (facts.bytes > MAX_BYTES) {
      unexamined({ uri, why: 'too-large', bytes: facts.bytes });
      return undefined;
    }
    return await readObject(aws, uri, MAX_BYTES, signal);
  } catch (error) {
    if (!(error instanceof AwsProblem) || !error.clientFault) throw error;
    unexamined({ uri, why: 'not-permitted' });
    return undefined;
  }
}

/** @param missing the permission, where AWS names it */
export function unseenArtifact(uri: string, missing = `s3:GetObject on ${uri}`): Unseen {
  return { what: `the artifact of the model that runs (${uri})`, needs: missing };
}

/** The ETag of a model's artifact, or that it is gone; undefined where these credentials do not permit a look: an update does not need that permission. */
export async function artifactEtag(
  aws: Aws,
  uri: string,
  unseen: (one: Unseen) => void,
): Promise<string | 'gone' | undefined> {
  try {
    return (await headObject(aws, uri))?.etag ?? 'gone';
  } catch (error) {
    if (!(error instanceof AwsProblem) || !error.clientFault) throw error;
    unseen(unseenArtifact(uri, error.missing));
    return undefined;
  }
}

/** Errors speak of the object, not of the copy that was looked at. */
async function named<T>(uri: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem(error.kind, error.message.replaceAll(path, uri), { next: error.next, cause: error });
  }
}
