import { dayPlus } from '../../analysis/batch/period.ts';
import type { BatchDay } from '../../analysis/batch/day.ts';
import { describeTransformJob, type TransformJob } from '../../aws/transform-jobs.ts';
import { orUnseen } from '../../aws/unseen.ts';
import { Problem } from '../../base/errors.ts';
import type { LockHolder } from '../../base/process-lock.ts';
import { attemptsOf, begunBatch } from '../../state/batches.ts';
import { existing, replay, type TrackedResource } from '../../state/replay.ts';
import { notSeen, type Session } from '../session.ts';
import { batchNames, knownBatch, openBatch } from './store.ts';

/** What stands of a batch. */
export interface BatchStatus {
  batch: string;
  /** Where its days are kept. */
  path: string;
  /** Undefined before its first day, and after a cleanup. */
  candidate: string | undefined;
  against: string | undefined;
  /** Oldest first. */
  days: BatchDay[];
  /** Days between the first and the last that are not kept. */
  missing: string[];
  /** Days with the same content as an earlier one, and which. */
  twice: { day: string; as: string }[];
  /** Days that were begun and are not kept: their jobs, as AWS has them. */
  open: { day: string; attempt: number; jobs: TransformJob[] }[];
  /** What it made and still has: models, uploads, outputs. */
  made: TrackedResource['ref'][];
  /** Who works on it at this moment. */
  holder: LockHolder | undefined;
}

/** @throws Problem (cannot-run) where there is no such batch here */
export async function batchStatus(session: Session, batch: string): Promise<BatchStatus> {
  const store = await knownBatch(session, batch);
  const state = replay(store.journal.events());
  const begun = begunBatch(state);
  const days = await store.readAll();
  const open: BatchStatus['open'] = [];
  for (const { day, attempt, jobs, kept } of attemptsOf(state)) {
    if (kept !== undefined || attemptsOf(state, day).some((one) => one.attempt > attempt)) continue;
    open.push({
      day,
      attempt,
      jobs: await described(
        session,
        jobs.map(({ job }) => job),
      ),
    });
  }
  return {
    batch,
    path: store.path,
    candidate: begun?.model,
    against: begun?.against,
    days,
    missing: missingDays(days.map(({ day }) => day)),
    twice: twiceDelivered(days),
    open,
    made: existing(state)
      .map(({ ref }) => ref)
      .filter(({ kind }) => kind !== 'transform-job'),
    holder: await store.journal.store.holder(),
  };
}

/** A batch, as a list shows it. */
export interface ListedBatch {
  batch: string;
  /** Undefined after a cleanup. */
  candidate: string | undefined;
  against: string | undefined;
  /** How many days are kept, and the last of them. */
  days: number;
  last: string | undefined;
  /** Nothing of it is left, as far as its journal tells. */
  clean: boolean;
}

/** The batches of this state in this account and region; AWS is not asked. One whose journal is moved or damaged is left out. */
export async function listBatches(session: Session): Promise<ListedBatch[]> {
  const listed: ListedBatch[] = [];
  for (const batch of await batchNames(session)) {
    const store = await openBatch(session, batch).catch((error: unknown) => {
      if (error instanceof Problem) return undefined;
      throw error;
    });
    if (store === undefined) continue;
    const state = replay(store.journal.events());
    const begun = begunBatch(state);
    const days = await store.days();
    const { clean } = state;
    listed.push({
      batch,
      candidate: begun?.model,
      against: begun?.against,
      days: days.length,
      last: days.at(-1),
      clean,
    });
  }
  return listed;
}

async function described(session: Session, names: readonly string[]): Promise<TransformJob[]> {
  const aws = await session.aws();
  const found: TransformJob[] = [];
  for (const name of names) {
    const job = await orUnseen(
      `transform job ${name}`,
      () => describeTransformJob(aws, name, session.signal),
      notSeen(session),
    );
    if (job !== undefined) found.push(job);
  }
  return found;
}

/** Days between the first and the last that are not among them. Pure. */
function missingDays(days: readonly string[]): string[] {
  const [first, last] = [days[0], days.at(-1)];
  const missing: string[] = [];
  if (first === undefined || last === undefined) return missing;
  for (let day = first; day < last; day = dayPlus(day, 1)) if (!days.includes(day)) missing.push(day);
  return missing;
}

/** Days whose content an earlier one had already. Pure. */
function twiceDelivered(days: readonly Pick<BatchDay, 'day' | 'digest'>[]): { day: string; as: string }[] {
  const first = new Map<string, string>();
  return days.flatMap(({ day, digest }) => {
    const as = first.get(digest);
    if (as === undefined) first.set(digest, day);
    return as === undefined ? [] : [{ day, as }];
  });
}
