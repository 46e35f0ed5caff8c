import type { ProductionVariant } from '@aws-sdk/client-sagemaker';

/** Instances of one type. */
export interface Capacity {
  instanceType: string;
  count: number;
}

type Variants = readonly Pick<ProductionVariant, 'InstanceType' | 'InitialInstanceCount' | 'VariantName'>[] | undefined;

/** The variants of a config: production's and shadows'. */
export interface Fleets {
  ProductionVariants?: Variants;
  ShadowProductionVariants?: Variants;
}

/**
 * Instances by type of all variants together, a type once. Blue/green stands the whole new config up beside the old one, and
 * quotas count both.
 * @param scaled how many instances a variant has at this moment, where that is known
 */
export function capacityOf(
  configs: readonly { config: Fleets; scaled?: ((variant: string) => number | undefined) | undefined }[],
): Capacity[] {
  const counts = new Map<string, number>();
  for (const { config, scaled } of configs) {
    for (const variant of [...(config.ProductionVariants ?? []), ...(config.ShadowProductionVariants ?? [])]) {
      const { InstanceType: type, InitialInstanceCount = 0, VariantName = '' } = variant;
      if (type === undefined) continue;
      counts.set(type, (counts.get(type) ?? 0) + (scaled?.(VariantName) ?? InitialInstanceCount));
    }
  }
  return [...counts].map(([instanceType, count]) => ({ instanceType, count }));
}

interface RunningVariant {
  VariantName?: string | undefined;
  DesiredInstanceCount?: number | undefined;
}

/** The variants of an endpoint, as AWS shows them. */
export interface Running {
  ProductionVariants?: readonly RunningVariant[] | undefined;
  ShadowProductionVariants?: readonly RunningVariant[] | undefined;
}

/** How many instances a variant of a live endpoint has, or is being given. */
export function countIn(endpoint: Running): (variant: string) => number | undefined {
  const all = [...(endpoint.ProductionVariants ?? []), ...(endpoint.ShadowProductionVariants ?? [])];
  return (variant) => all.find(({ VariantName }) => VariantName === variant)?.DesiredInstanceCount;
}

/** Instances that stand at once while an endpoint is given another config: those that run, and all of the new one. */
export function capacityDuring(
  { endpoint, config }: { endpoint: Running; config: Fleets | undefined },
  next: Fleets,
): Capacity[] {
  return capacityOf([{ config: config ?? {}, scaled: countIn(endpoint) }, { config: next }]);
}

/** "6 × ml.m5.large and 2 × ml.m5.xlarge" */
export function capacityWords(needs: readonly Capacity[]): string {
  const parts = needs.map(({ instanceType, count }) => `${count} × ${instanceType}`);
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
