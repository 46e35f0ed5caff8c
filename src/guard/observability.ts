import type { DescribeEndpointConfigCommandOutput } from '@aws-sdk/client-sagemaker';

/** From then on a new config has detailed observability unless it says no (API_MetricsConfig; facts 5.3). */
const DEFAULT_SINCE = Date.UTC(2026, 5, 17);

/**
 * True where a config that is derived from this one turns on what this one does not have: it is older than the default, and
 * says nothing.
 * @param now milliseconds since the epoch
 */
export function turnsOnObservability(
  config: Pick<DescribeEndpointConfigCommandOutput, 'MetricsConfig' | 'CreationTime'> | undefined,
  now: number,
): boolean {
  const created = config?.CreationTime?.getTime() ?? Number.POSITIVE_INFINITY;
  return (
    config?.MetricsConfig?.EnableDetailedObservability === undefined && created < DEFAULT_SINCE && now >= DEFAULT_SINCE
  );
}

export const OBSERVABILITY =
  'its config is from before June 17, 2026, when detailed observability became the default: SageMaker turns it on for the new one (it asks containers for /metrics and publishes more metrics, which may be billed), so old and new fleet differ in that too';
