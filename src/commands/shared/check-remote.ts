import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from '../../app.ts';
import type { Aws } from '../../aws/clients.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { headObject, readObject } from '../../aws/s3.ts';
import { Problem } from '../../base/errors.ts';
import { checkArtifact } from '../../resources/artifact.ts';
import { type CheckedCandidate, requireReadable } from '../../resources/candidate.ts';

/** Larger artifacts are not fetched only to be looked at. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Looks into an artifact that lies in S3, as is done with a local one: is it a whole model.tar.gz, and of the kind its
 * image reads? Who may not read it, or finds it too large, is told that nobody has looked.
 * @throws Problem (usage) where it is damaged, or of another algorithm than the image
 */
export async function checkRemote(
  app: App,
  aws: Aws,
  candidate: CheckedCandidate,
  allowMismatch: boolean,
): Promise<void> {
  const { uri, builtIn } = candidate;
  if (uri === undefined || builtIn === undefined) return;
  const bytes = await fetchArtifact(app, aws, uri);
  if (bytes === undefined) return;
  const folder = await mkdtemp(join(tmpdir(), 'shadowctl-artifact-'));
  try {
    const path = join(folder, 'model.tar.gz');
    await writeFile(path, bytes);
    const artifact = await named(uri, path, () => checkArtifact(path));
    if (!allowMismatch) requireReadable(uri, artifact, builtIn);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fetchArtifact(app: App, aws: Aws, uri: string): Promise<Uint8Array | undefined> {
  try {
    const facts = await headObject(aws, uri);
    if (facts === undefined) return undefined;
    if (facts.bytes > MOST_BYTES) {
      app.io.err(
        `note: ${uri} is too large to be looked into (${facts.bytes} bytes): whether its image can read it is not known.`,
      );
      return undefined;
    }
    return await readObject(aws, uri, MOST_BYTES, app.signal);
  } catch (error) {
    if (!(error instanceof AwsProblem) || !error.clientFault) throw error;
    app.io.err(`note: ${uri} cannot be read with these credentials: whether its image can read it is not known.`);
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
