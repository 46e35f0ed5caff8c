import type { BatchDay } from '../../analysis/batch/day.ts';
import type { Period } from '../../analysis/batch/period.ts';
import type { RecordedAttempt } from '../../state/batches.ts';
import type { Problem } from '../../base/errors.ts';
import type { BatchPlan } from '../plans.ts';
import type { LockedEndpoint } from '../session.ts';
import type { Inputs } from './inputs.ts';
import type { LookedAt } from './look.ts';
import type { Candidate } from './models.ts';
import type { BatchSettings } from './settings.ts';
import type { BatchStore } from './store.ts';

/** A batch whose lock is held, as what plans models takes an endpoint. */
export type BatchOn = LockedEndpoint & { batch: string; store: BatchStore };

/** How a run of a day ended. */
export type BatchRun =
  | { kind: 'planned'; plan: BatchPlan }
  /** There is no object of that day. */
  | { kind: 'missing'; day: string; problem: Problem }
  /** It was run before, and nothing has changed since. */
  | { kind: 'unchanged'; day: BatchDay; path: string }
  /** It was run before, and objects have come since: they are counted, and not judged. */
  | { kind: 'late'; day: BatchDay; path: string; objects: number }
  | { kind: 'done'; day: BatchDay; path: string };

/** How a look at a day ended, for who does not wait for its jobs. */
export type LookedDay = BatchRun | { kind: 'running'; day: string; jobs: number };

/** How a day is run. */
export interface RunHow {
  /** Decide only: nothing is begun. */
  plan: boolean;
  /**
   * Waits until its jobs have ended. Without, this is one of many looks at a day: it returns while jobs are running, and what a job
   * had no answer to is not asked again.
   */
  waits: boolean;
}

/** Everything that is decided about a day before anything is done. */
export interface Decision {
  settings: BatchSettings;
  period: Period;
  inputs: Inputs;
  looked: LookedAt[];
  candidate: Candidate;
  /** Image of the model on production's side, where it is one. */
  productionImage: string | undefined;
  /** The run that is gone on with. */
  resumed: RecordedAttempt | undefined;
  /** 1, 2, … */
  attempt: number;
  how: RunHow;
  plan: BatchPlan;
}

/** A day that was run, and to which objects have come since. */
export type LateDecision = { kind: 'late'; day: BatchDay; path: string; objects: number; late: LookedAt[] };
