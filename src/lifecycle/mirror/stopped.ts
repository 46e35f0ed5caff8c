import type { MirrorRollout } from '../../mirror/router/state.ts';

/** How a run of a rollout on a mirror ended. */
export interface MirrorStopped {
  kind: 'stopped';
  mirror: string;
  ended: 'passed' | 'failed' | 'cancelled' | 'paused';
  rollout: MirrorRollout;
  /** What the candidate answers now, as the step was written; `100%`, or `0%`. */
  now: string;
  /** What answers now, and the shadow that is the way back. */
  live: string;
  wayBack: string | undefined;
}
