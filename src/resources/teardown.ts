import { AwsProblem } from '../aws/errors.ts';
import type { Unseen } from '../aws/unseen.ts';
import type { TrackedResource } from '../state/replay.ts';
import type { ResourceKind, ResourceRef } from '../state/journal.ts';
import type { Step } from './steps.ts';

/** A resource of the journal, and what AWS says about it. */
export interface ResourceCheck {
  tracked: TrackedResource;
  exists: boolean;
  /** It carries our tag. */
  managed: boolean;
  /** These credentials may not look: whether it exists, or whose it is, is not known. */
  unseen?: Unseen | undefined;
}

export interface Keep {
  uploads: boolean;
  captures: boolean;
  logs: boolean;
}

/** Something that stays, and why. */
export interface Remainder {
  ref: ResourceRef;
  why: string;
  /** It was to go, and AWS refuses to let these credentials look at it, or to delete it. */
  denied?: true;
  /** An endpoint that stays needs it, as long as it runs as it does. */
  inUse?: true;
  /** shadowctl did not create it, and never deletes it. */
  adopted?: true;
}

/** Why a bucket stays. */
export const CONTAINS_KEPT = 'it contains what is kept';

export type Deletion = Extract<Step, { action: 'delete' }>;

export interface Teardown {
  /** In the order in which they are safe. */
  steps: Deletion[];
  left: Remainder[];
}

/** Delete the endpoint first: SageMaker lets anybody delete the config it runs, and then it can never be updated again. */
const ORDER: readonly ResourceKind[] = [
  'endpoint',
  'scalable-target',
  'endpoint-config',
  'model',
  'alarm',
  's3-object',
  's3-prefix',
  'batch-outputs',
  'log-group',
  // Queries first: what they write is not there yet.
  'athena-look',
  'glue-database',
  'athena-data',
  's3-bucket',
];

/**
 * What is to be deleted, last created first within each kind, and what stays. Pure.
 * @param inUse configs, models, uploads and folders of captures that an endpoint needs which is going to stay
 */
export function planTeardown(checks: readonly ResourceCheck[], inUse: readonly ResourceRef[], keep: Keep): Teardown {
  const teardown: Teardown = { steps: [], left: [] };
  for (const kind of ORDER) {
    for (const { tracked, exists, managed, unseen } of checks
      .filter((one) => one.tracked.ref.kind === kind)
      .toReversed()) {
      if (unseen !== undefined && tracked.state === 'exists') {
        teardown.left.push({
          ref: tracked.ref,
          why: `not seen: needs ${unseen.needs ?? 'a permission'}`,
          denied: true,
        });
        continue;
      }
      // AWS refused us this name, or we have deleted the resource: one that exists now is somebody else's.
      if (!exists || (!managed && tracked.state !== 'exists')) continue;
      const used = inUse.some((ref) => ref.kind === kind && isOrHolds(tracked.ref, ref));
      const why = reasonToStay(tracked, managed, used, keep);
      if (why === undefined) teardown.steps.push({ action: 'delete', kind, name: tracked.ref.name });
      else
        teardown.left.push({
          ref: tracked.ref,
          why,
          ...(used && managed && !tracked.adopted ? { inUse: true } : {}),
          ...(tracked.adopted ? { adopted: true } : {}),
        });
    }
  }
  return teardown;
}

/** Captures are written somewhere below the folder that is ours. */
function isOrHolds({ kind, name }: ResourceRef, used: ResourceRef): boolean {
  return kind === 's3-prefix' ? used.name.startsWith(name) : used.name === name;
}

function reasonToStay(tracked: TrackedResource, managed: boolean, inUse: boolean, keep: Keep): string | undefined {
  const { kind } = tracked.ref;
  if (tracked.adopted) return 'adopted: it existed before';
  if (!managed) return 'it does not carry the tag that shadowctl gave it: created again, or the tag was removed';
  if (inUse)
    return kind === 's3-prefix' ? 'the endpoint is kept, and captures to it' : 'in use by an endpoint that is kept';
  if (kind === 's3-object' && keep.uploads) return 'kept (--keep-uploads)';
  if (kind === 's3-prefix' && keep.captures) return 'kept (--keep-captures)';
  if (kind === 'log-group' && keep.logs) return 'kept (--keep-logs)';
  if (kind === 's3-bucket' && (keep.uploads || keep.captures)) return CONTAINS_KEPT;
  return undefined;
}

/**
 * What stays where AWS refuses a deletion: it keeps nothing else from going, and the next cleanup finds it.
 * @param notEmpty why a bucket stays that contains more than what was deleted
 * @throws the error, where it is not proven that AWS did nothing, or where no other deletion would succeed either
 */
export function refusedDeletion({ kind, name }: Deletion, error: unknown, notEmpty: string): Remainder {
  if (!(error instanceof AwsProblem)) throw error;
  const ref = { kind, name };
  if (error.denied) return { ref, why: `not deleted: needs ${error.missing ?? error.words}`, denied: true };
  if (error.code === 'BucketNotEmpty') return { ref, why: notEmpty };
  // As a model that a config of another journal names, where SageMaker refuses that.
  if (error.provesNothingHappened && !error.aboutCredentials)
    return { ref, why: `not deleted: ${error.words}`, denied: true };
  throw error;
}

/** What carries our tag and is still there after a teardown. @param expected what was not to go, or could not */
export function stillThere(checks: readonly ResourceCheck[], expected: readonly Remainder[]): Remainder[] {
  const isExpected = ({ kind, name }: ResourceRef) =>
    expected.some(({ ref }) => ref.kind === kind && ref.name === name);
  return checks
    .filter(({ tracked, exists, managed }) => exists && managed && !isExpected(tracked.ref))
    .map(({ tracked }) => ({ ref: tracked.ref, why: 'it is still there' }));
}
