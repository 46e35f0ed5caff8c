import { packagesWith, describeEndpoint, describeEndpointConfig, describeModel } from '../../aws/sagemaker.ts';
import { listObjects, type ListedObject } from '../../aws/s3.ts';
import { s3Place, s3Uri } from '../../aws/s3-uri.ts';
import { Problem, usageError } from '../../base/errors.ts';
import { artifactEtag } from '../../resources/artifact/check-remote.ts';
import { recordFact } from '../../state/journal.ts';
import { knownSources, openRelease, type Release, type ReleaseSource, sameSource } from '../../state/releases.ts';
import type { Target } from '../events.ts';
import { sendNote } from '../notify.ts';
import { lockEndpoint, notSeen, openRun, type Session, viewEndpoint } from '../session.ts';
import type { ReleaseNote } from './note.ts';
import { beginRelease, type ReleaseBegin, type ReleaseRequest } from './release.ts';

/** What starts a release by itself: another artifact below a prefix, or a version that is approved. */
export interface WatchRequest extends Omit<ReleaseRequest, 'wanted' | 'from' | 'again' | 'plan'> {
  /** `s3://bucket/prefix/`, or the ARN of a group of the Model Registry. */
  prefix: string;
  targets: readonly Target[];
}

/** What came of a look at a prefix. */
export type WatchLook =
  /** Nothing that is new. */
  | { kind: 'nothing' }
  /** So many are new, and wait for the release under way. */
  | { kind: 'queued'; names: readonly string[] }
  | { kind: 'begun'; name: string };

/** A candidate that was found, and why it is none that could follow production. */
interface Found {
  source: ReleaseSource;
  unfit: string | undefined;
}

/**
 * Looks for candidates that have had no release, and begins one of the newest: older ones are passed over, and said. What
 * production runs, and what lay there before its model was made, is no successor of it. An upload in parts is listed once it
 * is complete.
 */
export async function lookForArtifacts(session: Session, request: WatchRequest): Promise<WatchLook> {
  const { endpoint, targets } = request;
  const { fresh, open } = await freshIn(session, request);
  if (fresh.length === 0) return { kind: 'nothing' };
  if (open !== undefined) return { kind: 'queued', names: fresh.map(({ source }) => source.name) };
  for (const { source, unfit } of fresh)
    if (unfit !== undefined) await passOver(session, endpoint, source, unfit, undefined);
  const young = fresh.filter(({ unfit }) => unfit === undefined);
  for (;;) {
    const newest = young.pop();
    if (newest === undefined) return { kind: 'nothing' };
    const { source } = newest;
    try {
      const wanted = wantedOf(source);
      const over = young.map((one) => one.source).filter((older) => !sameSource(older, source));
      const begun = await beginRelease(session, { ...request, wanted, from: 'watch', over, again: false, plan: false });
      if (begun.kind !== 'begun') {
        // Somebody else was faster: where it is under way, what came before it waits for its end.
        if (begun.kind === 'known' && begun.release.ended !== undefined) continue;
        return { kind: 'queued', names: over.map(({ name }) => name) };
      }
      for (const { name } of over) session.emit({ kind: 'release-passed-over', name, why: aNewerCame(source) });
      return { kind: 'begun', name: source.name };
    } catch (error) {
      if (!(error instanceof Problem) || error.kind !== 'usage') throw error;
      await passOver(session, endpoint, source, error.message, targets);
    }
  }
}

/**
 * What a look would begin, as `--plan` shows it; nothing is changed, and nothing is passed over. Undefined where there is nothing new.
 */
export async function planWatched(
  session: Session,
  request: Pick<WatchRequest, 'prefix'> & Omit<ReleaseRequest, 'wanted' | 'from' | 'again' | 'plan'>,
): Promise<ReleaseBegin | undefined> {
  const { fresh, open } = await freshIn(session, request);
  if (open !== undefined) return { kind: 'known', release: open };
  const newest = fresh.findLast(({ unfit }) => unfit === undefined)?.source;
  return (
    newest && beginRelease(session, { ...request, wanted: wantedOf(newest), from: 'watch', again: false, plan: true })
  );
}

/** A candidate that was found, as a flag would name it. */
function wantedOf({ kind, name }: ReleaseSource): ReleaseRequest['wanted'] {
  return kind === 'model-package' ? { modelPackage: name } : { artifact: name };
}

/** Candidates that have had no release, oldest first, and the release that is under way. */
async function freshIn(
  session: Session,
  { endpoint, prefix, settings }: Pick<WatchRequest, 'endpoint' | 'prefix' | 'settings'>,
): Promise<{ fresh: Found[]; open: Release | undefined }> {
  const group = GROUP.exec(prefix)?.[1];
  const all =
    group === undefined
      ? await artifactsIn(session, endpoint, prefix)
      : await versionsOf(session, endpoint, group, settings.registry);
  const known = await viewEndpoint(session, endpoint, async (on) => {
    const state = on.state();
    return { sources: knownSources(state), open: openRelease(state) };
  });
  const fresh = all.filter(({ source }) => !known.sources.some((one) => sameSource(one, source)));
  return { fresh, open: known.open };
}

const aNewerCame = ({ name }: ReleaseSource) => `a newer one came: ${name}`;

/** A group of the Model Registry, by its ARN. */
const GROUP = /^arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:model-package-group\/([\w-]+)$/i;

/** Archives below a prefix, oldest first. */
async function artifactsIn(session: Session, endpoint: string, prefix: string): Promise<Found[]> {
  const aws = await session.aws();
  const place = placeOf(prefix);
  const found: ListedObject[] = [];
  for await (const one of listObjects(aws, place, session.signal, 'problem'))
    if (one.bytes > 0 && one.key.endsWith('.tar.gz')) found.push(one);
  if (found.length === 0) return [];
  const { since, etag: runs } = await productionNow(session, endpoint);
  return found
    .toSorted((a, b) => a.modified - b.modified || (a.key < b.key ? -1 : 1))
    .map(({ key, etag, bytes, modified }) => ({
      source: { kind: 'artifact', name: s3Uri({ bucket: place.bucket, key }), etag, bytes },
      unfit:
        etag === runs
          ? 'it is what production runs'
          : since !== undefined && modified < since
            ? 'it is older than the model that production runs'
            : undefined,
    }));
}

/**
 * Versions of a group, oldest first: those that are approved, or, where an approval answers, those that wait for one; never
 * both. Approval may come late, so that only what production runs sets a bound.
 */
async function versionsOf(
  session: Session,
  endpoint: string,
  group: string,
  registry: 'starts' | 'answers',
): Promise<Found[]> {
  const { modelPackage } = await productionNow(session, endpoint);
  const status = registry === 'answers' ? 'PendingManualApproval' : 'Approved';
  const all = await packagesWith(await session.aws(), group, status, session.signal);
  const at = all.findIndex((arn) => arn.toLowerCase() === modelPackage?.toLowerCase());
  return all.map((name, index) => ({
    source: { kind: 'model-package', name },
    unfit:
      index > at
        ? undefined
        : index === at
          ? 'it is what production runs'
          : 'it is older than the version that production runs',
  }));
}

/** @throws Problem (usage) for anything but a bucket, with or without a prefix */
function placeOf(prefix: string) {
  const place = s3Place(prefix);
  if (place === undefined)
    throw usageError(
      `--watch: "${prefix}" is neither a place in S3 nor a group of the Model Registry.`,
      'Give one like s3://bucket/prefix/, or arn:aws:sagemaker:us-east-1:123456789012:model-package-group/weather.',
    );
  return place;
}

/** What production runs, as far as anybody can say. */
interface Production {
  /** When its model was made, ms since the epoch. */
  since: number | undefined;
  /** Of its artifact. */
  etag: string | undefined;
  /** ARN of its version in the Model Registry. */
  modelPackage: string | undefined;
}

async function productionNow(session: Session, endpoint: string): Promise<Production> {
  const aws = await session.aws();
  const live = await describeEndpoint(aws, endpoint, session.signal);
  const config =
    live?.EndpointConfigName === undefined
      ? undefined
      : await describeEndpointConfig(aws, live.EndpointConfigName, session.signal);
  const name = config?.ProductionVariants?.[0]?.ModelName;
  const model = name === undefined ? undefined : await describeModel(aws, name, session.signal);
  const uri = model?.PrimaryContainer?.ModelDataUrl;
  const etag = uri === undefined ? undefined : await artifactEtag(aws, uri, notSeen(session));
  const modelPackage = model?.PrimaryContainer?.ModelPackageName;
  return { since: model?.CreationTime?.getTime(), etag, modelPackage };
}

/** Writes down that an artifact starts no release, once; and tells people, where it is worth a mail. */
async function passOver(
  session: Session,
  endpoint: string,
  source: ReleaseSource,
  why: string,
  targets: readonly Target[] | undefined,
): Promise<void> {
  session.emit({ kind: 'release-passed-over', name: source.name, why });
  await lockEndpoint(session, { endpoint, command: 'release --watch' }, async (on) => {
    if (knownSources(on.state()).some((one) => sameSource(one, source))) return;
    const note: ReleaseNote = { endpoint, release: '', source: source.name, about: 'passed-over', why };
    if (targets !== undefined) await sendNote(session, targets, note);
    const run = await openRun(on, 'release --watch');
    await recordFact(run, { name: 'release-passed-over', value: { source, why, at: session.clock.now() } });
  });
}
