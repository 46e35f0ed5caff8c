import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import * as v from 'valibot';
import type { Clock } from '../base/clock.ts';
import { environmentError, type Problem } from '../base/errors.ts';
import type { LockHolder } from '../base/process-lock.ts';
import { duration } from '../base/units.ts';
import { describeHolder, HeldByAnother, whoAmI } from './lock.ts';
import type { ObjectPort, StoredObject } from './objects.ts';

/** A lease lasts so long, and is renewed that much earlier. Milliseconds. */
const LEASE = 60_000;
const RENEW_EVERY = 20_000;
/**
 * Nothing is written down, and nothing done that was written down, with less of the lease left than this: a call that was
 * announced is made before another may take over.
 */
const MARGIN = 30_000;
/** How often a lease that another holds is looked at. */
const LOOK_EVERY = 2_000;

const leaseSchema = v.object({
  id: v.string(),
  by: v.string(),
  host: v.string(),
  pid: v.number(),
  why: v.string(),
  /** ISO 8601. */
  since: v.string(),
  /** Milliseconds since the epoch, by the store's clock. */
  expires: v.number(),
});

type LeaseContent = v.InferOutput<typeof leaseSchema>;

/** A lease that is held, and renewed while `whileHeld` runs. */
export interface Lease {
  after: LockHolder | undefined;
  /** @throws Problem (cannot-run) where it is lost, or may be before a call ends */
  require(): void;
  /** Renews it where little is left. @throws Problem (cannot-run) as `require` does */
  renewed(): Promise<void>;
  /** Does `work`, and keeps the lease up meanwhile. */
  whileHeld<T>(work: () => Promise<T>): Promise<T>;
  release(): Promise<void>;
}

/** Who waits is told by whom, for what, and how long at most. */
export type OnWaiting = (holder: LockHolder, until: number) => void;

/**
 * Takes the lease in `key`: where there is none, or the one there has expired. Both are conditional writes, of which only one
 * can succeed.
 *
 * @param wait.most how long to wait for another's to end or expire, milliseconds
 * @param wait.signal ends the waiting
 * @throws Problem (cannot-run) naming the holder, and where the store does not keep to conditions
 */
export async function takeLease(
  objects: ObjectPort,
  clock: Clock,
  key: string,
  why: string,
  wait: { most: number; signal?: AbortSignal | undefined; onWaiting?: OnWaiting | undefined },
): Promise<Lease> {
  const began = clock.now();
  const content = {
    id: randomUUID(),
    by: whoAmI(),
    host: hostname(),
    pid: process.pid,
    why,
    since: new Date(began).toISOString(),
  };
  let reported = false;
  for (;;) {
    const there = await objects.get(key);
    const holder = there && readLease(there.text);
    const expired = there !== undefined && (holder === undefined || holder.expires <= there.now);
    if (there === undefined || expired) {
      const now = there?.now ?? clock.now();
      const found = await objects.put(
        key,
        textOf(content, now + LEASE),
        there === undefined ? 'absent' : { etag: there.etag },
      );
      if (found !== undefined) {
        const lease = held(objects, clock, key, content, found, holder && holderOf(holder));
        await requireConditions(objects, key, lease);
        return lease.lease;
      }
      continue;
    }
    if (clock.now() - began >= wait.most) throw heldByAnother(holder as LeaseContent, there, wait.most);
    if (!reported) wait.onWaiting?.(holderOf(holder as LeaseContent), began + wait.most);
    reported = true;
    await clock.sleep(LOOK_EVERY, wait.signal);
  }
}

/** Who holds the lease at this moment; an expired one is nobody's. */
export async function leaseHolder(objects: ObjectPort, key: string): Promise<LockHolder | undefined> {
  const there = await objects.get(key);
  const lease = there && readLease(there.text);
  return lease === undefined || there === undefined || lease.expires <= there.now ? undefined : holderOf(lease);
}

/** Takes the lease away from whoever holds it. */
export async function breakLease(objects: ObjectPort, key: string): Promise<LockHolder | 'damaged' | undefined> {
  const there = await objects.get(key);
  if (there === undefined) return undefined;
  const lease = readLease(there.text);
  if (!(await objects.delete(key, there.etag)))
    throw environmentError('The lock changed hands at this very moment.', 'Look again: shadowctl state show');
  return lease === undefined ? 'damaged' : holderOf(lease);
}

function held(
  objects: ObjectPort,
  clock: Clock,
  key: string,
  content: Omit<LeaseContent, 'expires'>,
  first: { etag: string; now: number },
  after: LockHolder | undefined,
) {
  // By this machine's clock, whose pace is the store's: only its time of day may differ.
  let [etag, until] = [first.etag, clock.now() + LEASE];
  let lost: Problem | undefined;

  let renewing: Promise<void> | undefined;
  // One at a time: the second of two would find another entity tag, and take its own lease for another's.
  const renew = () => {
    renewing ??= renewOnce().finally(() => (renewing = undefined));
    return renewing;
  };
  const renewOnce = async () => {
    if (lost !== undefined) return;
    const asked = clock.now();
    const there = await objects.get(key);
    // Only the one who wrote it last knows its entity tag.
    const now = there?.now ?? asked;
    const found = there === undefined ? undefined : await objects.put(key, textOf(content, now + LEASE), { etag });
    if (found === undefined) lost = lostTo(there && readLease(there.text), content.id);
    else [etag, until] = [found.etag, asked + LEASE];
  };
  const requireHeld = () => {
    if (lost === undefined && clock.now() >= until) lost = lostTo(undefined, content.id);
    if (lost !== undefined) throw lost;
  };

  const lease: Lease = {
    after,
    require() {
      requireHeld();
      if (clock.now() > until - MARGIN)
        throw environmentError(
          `The lock on the state runs out in ${duration(until - clock.now())}, and could not be renewed in time. Nothing was done.`,
          'Check the network, and run the command again.',
        );
    },
    async renewed() {
      requireHeld();
      if (clock.now() > until - MARGIN) await renew();
      lease.require();
    },
    async whileHeld(work) {
      const done = new AbortController();
      const [outcome] = await clock.all<unknown>([
        async () => {
          try {
            return await work();
          } finally {
            done.abort();
          }
        },
        async () => {
          while (!done.signal.aborted) {
            await clock.sleep(RENEW_EVERY, done.signal).catch(() => undefined);
            // What cannot be renewed now may be in a while; when it has run out, whoever writes is told.
            if (!done.signal.aborted) await renew().catch(() => undefined);
          }
        },
      ]);
      return outcome as never;
    },
    async release() {
      if (lost === undefined) await objects.delete(key, etag).catch(() => false);
    },
  };
  return { lease, etag: () => etag, moved: (to: string) => (etag = to) };
}

/**
 * Some stores that speak S3's protocol ignore conditions: two could hold one lease there, and take each other's away.
 * @throws Problem (cannot-run)
 */
async function requireConditions(objects: ObjectPort, key: string, taken: ReturnType<typeof held>): Promise<void> {
  const other = `"${'0'.repeat(32)}"`;
  const probe = `{"probe":"${randomUUID()}"}`;
  const ignored =
    (await objects.put(key, probe, 'absent')) !== undefined
      ? 'If-None-Match'
      : (await objects.put(key, probe, { etag: other })) !== undefined
        ? 'If-Match on PutObject'
        : !(await objects.delete(key, other))
          ? undefined
          : 'If-Match on DeleteObject';
  if (ignored === undefined) return;
  await objects.delete(key);
  throw environmentError(
    `The store of ${objects.uri('')} ignores the condition ${ignored}: there, two people could change an endpoint at the same time. Nothing was done (the lock ${taken.etag()} was taken back).`,
    'Keep the state in a bucket of Amazon S3, or in a folder (--state FOLDER).',
  );
}

function lostTo(lease: LeaseContent | undefined, own: string): Problem {
  const other = lease !== undefined && lease.id !== own ? ` ${describeHolder(holderOf(lease))} has it now.` : '';
  return environmentError(
    `The lock on the state was lost: it was not renewed within ${duration(LEASE)}.${other} Nothing more was done.`,
    'Run the command again: it looks at what stands, and goes on from there.',
  );
}

function heldByAnother(lease: LeaseContent, there: StoredObject, waited: number): Problem {
  const left = duration(Math.max(0, lease.expires - there.now));
  return new HeldByAnother(
    `This endpoint is locked by ${describeHolder(holderOf(lease))}${waited > 0 ? `; ${duration(waited)} were waited` : ''}. Its lock runs out in ${left} unless it is renewed.`,
    'Wait until it has ended (--lock-timeout 10m waits longer). If you are sure that it no longer runs: shadowctl state unlock',
    holderOf(lease),
  );
}

function textOf(content: Omit<LeaseContent, 'expires'>, expires: number): string {
  return JSON.stringify({ ...content, expires });
}

function readLease(text: string): LeaseContent | undefined {
  try {
    const parsed = v.safeParse(leaseSchema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

function holderOf({ id, by, host, pid, why, since }: LeaseContent): LockHolder {
  return { id, by, host, pid, why, since };
}
