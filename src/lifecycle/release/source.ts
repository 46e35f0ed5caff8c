import { createHash } from 'node:crypto';
import { bucketExists, headObject } from '../../aws/s3.ts';
import { environmentError, usageError } from '../../base/errors.ts';
import { checkArtifact } from '../../resources/artifact/artifact.ts';
import { defaultBucket, ourPrefix, prepareCandidate } from '../../resources/artifact/candidate.ts';
import { trackedResource } from '../../state/replay.ts';
import type { Release, ReleaseSource } from '../../state/releases.ts';
import type { Step } from '../../resources/steps.ts';
import type { CandidateSpec } from '../candidate.ts';
import { applySteps, type EndpointSession, type LockedEndpoint, openRun, type Session } from '../session.ts';
import type { ReleaseSettings } from './settings.ts';

/** What is to be released, as a caller names it: exactly one of the three. */
export interface Wanted {
  /** An `s3://` URI, or an absolute path. */
  artifact?: string | undefined;
  model?: string | undefined;
  modelPackage?: string | undefined;
}

/**
 * What tells this candidate from every other: of an object its ETag and version, of a file its SHA-256.
 * @throws Problem (usage) where there is none, or (cannot-run) where it may not be looked at
 */
export async function identify(session: Session, wanted: Wanted): Promise<ReleaseSource> {
  const { artifact, model, modelPackage } = wanted;
  if (model !== undefined) return { kind: 'model', name: model };
  if (modelPackage !== undefined) return { kind: 'model-package', name: modelPackage };
  if (artifact === undefined)
    throw usageError(
      'No candidate was named.',
      'Give --artifact, --model-package, or --model for an existing model; or --watch s3://bucket/prefix/.',
    );
  if (!artifact.startsWith('s3://')) {
    const { sha256, bytes } = await checkArtifact(artifact);
    return { kind: 'file', name: artifact, etag: sha256, bytes };
  }
  const facts = await headObject(await session.aws(), artifact);
  if (facts === undefined)
    throw usageError(`--artifact: there is no object ${artifact}.`, 'Check the bucket, the key and the region.');
  if (facts.etag === '')
    throw environmentError(`S3 told no ETag of ${artifact}: what lies there now could not be told from what comes.`);
  return { kind: 'artifact', name: artifact, etag: facts.etag, version: facts.version, bytes: facts.bytes };
}

/** True where its artifact must first be brought to a key that never changes. Pure. */
export function mustCopy({ begun: { source }, uri }: Release): boolean {
  return uri === undefined && (source.kind === 'artifact' || source.kind === 'file');
}

/**
 * Brings the artifact to a key that is named by its content: whatever is written under the old key later reaches no
 * instance that starts then.
 * @throws Problem (cannot-run) where another content lies under the old key by now
 */
export async function secureArtifact(on: LockedEndpoint, release: Release): Promise<void> {
  const { aws, account, endpoint, session } = on;
  const { uri, steps } = await planArtifact(on, release.begun.source);
  const run = await openRun(on, 'release: artifact');
  await applySteps(session, run, steps);
  if (!uri.startsWith(ourPrefix(aws.target.region, account, endpoint))) throw new Error('a copy lies elsewhere');
  await run.journal.append({
    type: 'fact',
    run: run.id,
    name: 'release-copied',
    value: { release: release.id, uri },
  });
}

/**
 * Where an artifact is brought, and what does that: no step where it lies there already.
 * @throws Problem (cannot-run) where a file is another by now
 */
export async function planArtifact(
  on: EndpointSession,
  source: ReleaseSource,
): Promise<{ uri: string; steps: Step[] }> {
  const { aws, account } = on;
  const { uri, steps } = source.kind === 'file' ? await upload(on, source) : await copy(on, source);
  const bucket = defaultBucket(aws.target.region, account);
  const create: Step[] =
    steps.length === 0 || steps.some(({ kind }) => kind === 's3-bucket') || (await bucketExists(aws, bucket))
      ? []
      : [{ action: 'create', kind: 's3-bucket', name: bucket }];
  return { uri, steps: [...create, ...steps] };
}

async function upload(on: EndpointSession, source: ReleaseSource): Promise<{ uri: string; steps: Step[] }> {
  const { aws, account, endpoint } = on;
  const local = await checkArtifact(source.name);
  if (local.sha256 !== source.etag)
    throw environmentError(
      `${source.name} is another file by now than when this release began.`,
      'Begin another release with it.',
    );
  const checked = { image: '', builtIn: undefined, local, uri: undefined };
  const { modelDataUrl = '', steps } = await prepareCandidate(aws, { account, endpoint, state: on.state() }, checked);
  return { uri: modelDataUrl, steps };
}

async function copy(on: EndpointSession, source: ReleaseSource): Promise<{ uri: string; steps: Step[] }> {
  const { aws, account, endpoint } = on;
  const { name, etag = '', version, bytes = 0 } = source;
  const content = createHash('sha256')
    .update(`${name}\n${etag}\n${version ?? ''}`)
    .digest('hex');
  const uri = `${ourPrefix(aws.target.region, account, endpoint)}artifacts/${content}/model.tar.gz`;
  const stands = trackedResource(on.state(), { kind: 's3-object', name: uri })?.state === 'exists';
  if (stands && (await headObject(aws, uri))?.bytes === bytes) return { uri, steps: [] };
  const input = { from: name, etag, bytes, ...(version !== undefined && { version }) };
  return { uri, steps: [{ action: 'create', kind: 's3-object', name: uri, input }] };
}

/** The candidate as a shadow takes it: made as production's model unless the settings say otherwise. */
export function candidateOf(
  release: Pick<Release, 'begun' | 'uri'>,
  settings: Pick<ReleaseSettings, 'image' | 'algorithm' | 'role' | 'environment'>,
): CandidateSpec {
  const { source, image, algorithm, allowMismatch, terms } = release.begun;
  if (source.kind === 'model') return { model: source.name };
  const own = { role: settings.role, environment: settings.environment };
  if (source.kind === 'model-package')
    return { modelPackage: source.name, unapproved: terms.registry === 'answers', ...own };
  const given = image !== undefined || algorithm !== undefined;
  return {
    artifact: release.uri ?? source.name,
    image: given ? image : settings.image,
    algorithm: given ? algorithm : settings.algorithm,
    allowMismatch: allowMismatch === true,
    ...own,
  };
}
