import type { DescribeEndpointCommandOutput, ProductionVariantSummary } from '@aws-sdk/client-sagemaker';

/** What an endpoint is doing, as far as it can be inferred: SageMaker has no field that says so (facts 4.2). */
type PhaseName =
  | 'settled'
  | 'starting'
  | 'launching'
  | 'shifting'
  | 'baking'
  | 'final-bake'
  | 'terminating'
  | 'updating'
  | 'rolling-back'
  | 'creating'
  | 'deleting'
  | 'failed';

export interface Phase {
  name: PhaseName;
  /** SageMaker's own words, where it has any. */
  words: string | undefined;
  /** Share of the requests the new fleet takes, 0 to 1. */
  share: number;
  oldFleet: FleetCount | undefined;
  newFleet: FleetCount | undefined;
  /** When the present bake ends, ms since the epoch. */
  bakeEnds: number | undefined;
  /** The config the update leads to, once SageMaker says so. */
  target: string | undefined;
}

interface FleetCount {
  config: string;
  current: number;
  desired: number;
}

/**
 * True for the old fleet in the final bake: SageMaker counts 0 of its instances, for none takes requests, but they run until
 * the bake is over, to take them back (facts 4.2).
 */
export function standsBy(
  phase: Pick<Phase, 'name'>,
  { current, desired }: { current: number | undefined; desired: number | undefined },
): boolean {
  return phase.name === 'final-bake' && current === 0 && (desired ?? 0) > 0;
}

/** True for two looks at one stage: the share counts, in whole per cent, where the stage is one of its shares. */
export function samePhase(a: Phase, b: Phase): boolean {
  const shares = a.name === 'shifting' || a.name === 'baking';
  return a.name === b.name && (!shares || Math.round(a.share * 100) === Math.round(b.share * 100));
}

type Description = Pick<
  DescribeEndpointCommandOutput,
  'EndpointStatus' | 'EndpointConfigName' | 'ProductionVariants' | 'PendingDeploymentSummary'
>;

/** Reads the stage out of statuses, counts and status messages. */
export function inferPhase(endpoint: Description): Phase {
  const live = endpoint.ProductionVariants?.[0];
  const pending = endpoint.PendingDeploymentSummary;
  const coming = pending?.ProductionVariants?.[0];
  const status = coming?.VariantStatus?.[0] ?? live?.VariantStatus?.[0];
  // The new fleet is only ever taken away when the update is being undone.
  const undoing = coming?.VariantStatus?.[0]?.Status === 'Deleting';
  const words = status?.StatusMessage;
  const share =
    coming === undefined
      ? 0
      : trafficShare(words, coming.CurrentInstanceCount ?? 0, coming.DesiredInstanceCount ?? 0, status?.Status);
  return {
    name: undoing ? 'rolling-back' : stageName(endpoint, status?.Status, share),
    words,
    share,
    oldFleet: fleet(endpoint.EndpointConfigName, live),
    newFleet: fleet(pending?.EndpointConfigName, coming),
    bakeEnds: status?.Status === 'Baking' ? bakeEnd(words, status.StartTime) : undefined,
    target: pending?.EndpointConfigName,
  };
}

function stageName(endpoint: Description, variantStatus: string | undefined, share: number): PhaseName {
  switch (endpoint.EndpointStatus) {
    case 'InService':
      return 'settled';
    case 'Failed':
    case 'UpdateRollbackFailed':
    case 'OutOfService':
      return 'failed';
    case 'Creating':
      return 'creating';
    case 'Deleting':
      return 'deleting';
    case 'RollingBack':
      return 'rolling-back';
    case 'SystemUpdating':
      return 'updating';
    default:
  }
  switch (variantStatus) {
    case 'Creating':
    case 'Updating':
      return 'launching';
    case 'ActivatingTraffic':
      return 'shifting';
    case 'Baking':
      return share >= 1 ? 'final-bake' : 'baking';
    case 'Deleting':
      return 'terminating';
    default:
      return endpoint.PendingDeploymentSummary === undefined ? 'starting' : 'updating';
  }
}

/** Requests go to instances at random, so the new fleet's share is that of its active instances (facts 4.3). */
function trafficShare(words: string | undefined, current: number, desired: number, status: string | undefined): number {
  if (status === 'Creating' || status === 'Updating') return 0;
  if (desired <= 0) return 0;
  const active = /canary capacity of (\d+) instance/.exec(words ?? '')?.[1];
  if (active !== undefined) return Math.min(1, Number(active) / desired);
  if (/full capacity/.test(words ?? '')) return 1;
  return Math.min(1, current / desired);
}

/** "Baking for 600 seconds (TerminationWaitInSeconds) …": AWS names that field in every stage. */
function bakeEnd(words: string | undefined, start: Date | undefined): number | undefined {
  const seconds = /Baking for (\d+) seconds/.exec(words ?? '')?.[1];
  return seconds === undefined || start === undefined ? undefined : start.getTime() + Number(seconds) * 1000;
}

function fleet(
  config: string | undefined,
  variant: Pick<ProductionVariantSummary, 'CurrentInstanceCount' | 'DesiredInstanceCount'> | undefined,
): FleetCount | undefined {
  if (config === undefined || variant === undefined) return undefined;
  return { config, current: variant.CurrentInstanceCount ?? 0, desired: variant.DesiredInstanceCount ?? 0 };
}
