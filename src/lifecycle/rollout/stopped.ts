import type { Rollout, RolloutEnd } from '../../state/rollouts.ts';

/** How this run of a rollout ended. */
export interface RolloutStopped {
  kind: 'stopped';
  endpoint: string;
  ended: RolloutEnd | 'paused';
  rollout: Rollout;
  /** The candidate's share of the requests now, 0 to 1. */
  share: number;
  /** The config that the endpoint runs now; undefined where the endpoint no longer exists. */
  config: string | undefined;
}
