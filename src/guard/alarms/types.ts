import type { Text } from '../../base/text.ts';
import type { Finding } from '../finding.ts';

/** The update an alarm is to guard. */
export interface GuardedUpdate {
  endpoint: string;
  variant: string;
  /** The new fleet's config; undefined when only the endpoint as it stands is examined. */
  newConfig: string | undefined;
  /** The config that runs now. */
  liveConfig: string | undefined;
  /** The longest single bake, in seconds. */
  bakeSeconds: number;
  /** Share of the requests the new fleet takes in the first stage, 0 to 1. */
  firstShare: number;
  /** Requests a minute the endpoint serves; undefined when that is not known. */
  requestsPerMinute: number | undefined;
}

/** Metrics that are 1 or 0 for each request. */
export const ERROR_METRICS = new Set(['Invocation4XXErrors', 'Invocation5XXErrors', 'InvocationModelErrors']);

/** Takes note of a finding about the alarm under examination. */
export type Report = (severity: Finding['severity'], check: string, message: string, next?: Text) => void;
