import type { UpdateOutcome } from '../../guard/outcome.ts';
import type { Phase } from '../../guard/phase.ts';
import type { UpdateStarted } from '../../state/updates.ts';
import type { UpdateEvidence } from './evidence.ts';
import type { MetricsMinute } from './fleet-metrics.ts';

/** How a guarded update ended, with the evidence. */
export interface EndedUpdate {
  update: UpdateStarted;
  ending: UpdateOutcome;
  evidence: UpdateEvidence;
  /** ms since the epoch. */
  endedAt: number;
  /** What was seen to happen, and when it was first seen, ms since the epoch. */
  stages: readonly { at: number; stage: Phase }[];
  /** What the endpoint captures now that it runs what a promotion asked for; undefined where it captures nothing. */
  capture?: { percent: number | undefined; destination: string } | undefined;
}

/** What both fleets did over an update. */
export interface UpdateMetrics {
  /** ms since the epoch. */
  start: number;
  end: number;
  fleets: {
    /** `both` where SageMaker does not publish the old fleet by its config: then the variant as a whole. */
    fleet: 'old' | 'new' | 'both';
    /** The endpoint config it ran; null for both together. */
    config: string | null;
    minutes: readonly MetricsMinute[];
  }[];
}
