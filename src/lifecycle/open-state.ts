import { resolve } from 'node:path';
import type { Aws } from '../aws/clients.ts';
import { s3Place } from '../aws/s3-uri.ts';
import type { Clock } from '../base/clock.ts';
import { usageError } from '../base/errors.ts';
import type { Sourced } from '../base/settings.ts';
import { MINUTE } from '../base/units.ts';
import { folderState } from '../state/folder-state.ts';
import type { OnWaiting } from '../state/lease.ts';
import { objectState } from '../state/object-state.ts';
import type { StateRoot } from '../state/store.ts';

/** Where journals are kept, as it was written, and how. */
export interface StatePlace {
  /** A folder, or `s3://bucket/prefix`. */
  place: string;
  /** Of a bucket: the account that must own it, twelve digits. */
  owner?: string | undefined;
  /** Of a bucket: the key of KMS that encrypts what is written there. */
  kmsKey?: string | undefined;
}

/** Where they are kept: what the settings say, or the project's folder; relative to where it was said. */
export function statePlace(
  said: Sourced | undefined,
  project: { state: StatePlace | undefined; stateDir: string; root: string },
  cwd: string,
): StatePlace & { folder: string } {
  if (said === undefined) return { place: project.stateDir, folder: project.root };
  const typed = said.from.kind === 'flag' || said.from.kind === 'variable';
  return { ...project.state, place: said.value, folder: typed ? cwd : project.root };
}

/** How long a lock in a bucket is waited for, where nobody says: who holds one may be a colleague's run of a minute. */
const LOCK_TIMEOUT = 2 * MINUTE;

/**
 * Opens a place of state.
 *
 * @param folder relative paths are taken from it
 * @throws Problem (usage) for what looks like a URI of something else
 */
export async function openState(
  { place, owner, kmsKey, folder }: StatePlace & { folder: string },
  {
    aws,
    clock,
    ...waiting
  }: {
    aws: () => Promise<Aws>;
    clock: Clock;
    lockTimeout?: number | undefined;
    signal?: AbortSignal | undefined;
    onWaiting?: OnWaiting | undefined;
  },
): Promise<StateRoot> {
  const bucket = s3Place(place);
  // A slash too few must not make a folder of that name; C: is a disk.
  if (bucket === undefined && /^[a-z][a-z0-9+.-]+:/i.test(place))
    throw usageError(
      `The state cannot be kept at "${place}".`,
      'Name a folder, or a place in a bucket like s3://my-bucket/shadowctl.',
    );
  if (bucket === undefined) return folderState(resolve(folder, place), clock);
  const { stateObjects } = await import('../aws/state-objects.ts');
  return objectState(stateObjects(await aws(), clock, bucket, { owner, kmsKey }), clock, {
    ...waiting,
    lockTimeout: waiting.lockTimeout ?? LOCK_TIMEOUT,
  });
}
