import type { DescribeEndpointCommandOutput } from '@aws-sdk/client-sagemaker';
import type { Aws } from '../aws/clients.ts';
import { AwsProblem } from '../aws/errors.ts';
import { describeEndpoint } from '../aws/sagemaker.ts';
import type { Clock } from '../base/clock.ts';
import { environmentError } from '../base/errors.ts';
import { shown, text } from '../base/text.ts';
import { duration, HOUR, MINUTE } from '../base/units.ts';

/** The endpoint as AWS describes it. */
export type Endpoint = DescribeEndpointCommandOutput;

/** How a creation, an update or a deletion ended. */
export type Settled =
  /** In service on the config that was asked for. */
  | { kind: 'running'; endpoint: Endpoint }
  /** In service, but on another config than was asked for: SageMaker reports a rollback no other way (facts 4.3). */
  | { kind: 'rolled-back'; endpoint: Endpoint; reason: string | undefined }
  /** `Failed`, `UpdateRollbackFailed` or `OutOfService`: it exists, and stays until it is deleted. */
  | { kind: 'failed'; endpoint: Endpoint; reason: string | undefined }
  | { kind: 'gone' };

export interface WaitOptions {
  endpoint: string;
  /** The config it is to run; undefined waits until it is settled on any, or gone. */
  config: string | undefined;
  /** Wait until it is gone, whatever it says meanwhile: a deletion that was accepted may not show at once. */
  untilGone?: boolean;
  signal: AbortSignal;
  /** LastModifiedTime read before an update was asked for: an endpoint that still has it has not begun. */
  since?: Date | undefined;
  /** Milliseconds. Default: six hours, more than the longest update AWS permits. */
  timeout?: number;
  /** Milliseconds until the next look, given the milliseconds waited so far. */
  pause?: (waited: number) => number;
  /** Called after each look that found it not yet settled. */
  onLook?: (endpoint: Endpoint, waited: number) => void | Promise<void>;
  /** Called when a look did not succeed and will be repeated. */
  onTrouble?: (problem: AwsProblem) => void;
}

const SETTLED = new Set(['InService', 'Failed', 'OutOfService', 'UpdateRollbackFailed']);

/** True where nothing is being done to an endpoint: AWS then takes an update or a deletion. `RollingBack` does not end in -ing. */
export function isSettled({ EndpointStatus: status }: Pick<Endpoint, 'EndpointStatus'>): boolean {
  return status !== undefined && SETTLED.has(status);
}

const TIMEOUT = 6 * HOUR;
/** How long an update that AWS has accepted may still look as if it had not begun. */
const BEGIN_WITHIN = MINUTE;
/** Looks that fail in a row before the wait is given up. */
const TROUBLES = 10;
/** So long one waits until credentials that have expired are renewed, by whoever can. */
export const RENEWED_WITHIN = 20 * MINUTE;

/** Often at first, then every 15 seconds: AWS limits the rate of Describe calls. */
function defaultPause(waited: number): number {
  return Math.min(15_000, Math.max(1_000, waited / 2));
}

/**
 * Looks at an endpoint until it has settled, and says on what. The SDK's own waiters poll on real timers and call a
 * rollback a success.
 * @throws Problem (cannot-run) when it has not settled in time or AWS cannot be asked; the signal's reason on abort
 */
export async function waitForEndpoint(aws: Aws, clock: Clock, options: WaitOptions): Promise<Settled> {
  const { signal, timeout = TIMEOUT, pause = defaultPause } = options;
  const began = clock.now();
  let troubles = 0;
  let expired: number | undefined;
  for (;;) {
    signal.throwIfAborted();
    const waited = clock.now() - began;
    try {
      const endpoint = await describeEndpoint(aws, options.endpoint, signal);
      troubles = 0;
      expired = undefined;
      if (endpoint === undefined) return { kind: 'gone' };
      const settled = verdict(endpoint, options, waited);
      if (settled !== undefined) return settled;
      await options.onLook?.(endpoint, waited);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AwsProblem)) throw error;
      // Keys of the environment cannot change while we run; a profile, a role, SSO can be renewed beside us.
      if (error.aboutCredentials && aws.target.credentials === undefined) {
        expired ??= waited;
        if (waited - expired > RENEWED_WITHIN) throw error;
      } else if (!error.transient || ++troubles >= TROUBLES) throw error;
      options.onTrouble?.(error);
    }
    if (waited > timeout) {
      throw environmentError(
        `Endpoint "${options.endpoint}" has not settled after ${duration(waited)}.`,
        text`Look at it with: ${shown('status', { endpoint: options.endpoint })}`,
      );
    }
    await clock.sleep(pause(waited) * (1 + troubles), signal);
  }
}

/** What this look says about how it ended; undefined while it has not. */
function verdict(endpoint: Endpoint, options: WaitOptions, waited: number): Settled | undefined {
  const { EndpointStatus: status = '', EndpointConfigName: config, FailureReason: reason } = endpoint;
  if (!SETTLED.has(status)) return undefined;
  if (options.untilGone === true && (status !== 'Failed' || waited < BEGIN_WITHIN)) return undefined;
  if (status !== 'InService') return { kind: 'failed', endpoint, reason };
  if (options.config === undefined || config === options.config) return { kind: 'running', endpoint };
  const untouched = options.since !== undefined && endpoint.LastModifiedTime?.getTime() === options.since.getTime();
  if (untouched && waited < BEGIN_WITHIN) return undefined;
  return { kind: 'rolled-back', endpoint, reason: reason === '' ? undefined : reason };
}

/** What an endpoint is doing, in a few words: its status, and what AWS says about the fleets on the way. */
export function describeProgress(endpoint: Endpoint): string {
  const variants = [
    ...(endpoint.PendingDeploymentSummary?.ProductionVariants ?? []),
    ...(endpoint.PendingDeploymentSummary?.ShadowProductionVariants ?? []),
  ];
  const details = variants.flatMap((variant) =>
    (variant.VariantStatus ?? []).map((status) => `${variant.VariantName}: ${status.StatusMessage ?? status.Status}`),
  );
  const status = endpoint.EndpointStatus ?? 'unknown';
  return details.length === 0 ? status : `${status}. ${details.join(' ')}`;
}
