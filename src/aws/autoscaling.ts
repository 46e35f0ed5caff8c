import type { Aws } from './clients.ts';
import { call } from './errors.ts';
import { pages } from './pages.ts';

/** A variant that scales automatically. */
export interface ScalableTarget {
  variant: string;
  /** Instances, at least and at most. */
  min: number;
  max: number;
}

/** What Application Auto Scaling changes of a variant. */
export const SCALABLE_DIMENSION = 'sagemaker:variant:DesiredInstanceCount';

/** How Application Auto Scaling names a variant. */
export function scalableResource(endpoint: string, variant: string): string {
  return `endpoint/${endpoint}/variant/${variant}`;
}

/** Those of an endpoint's variants that scale by themselves. */
export async function scalableTargets(
  aws: Aws,
  endpoint: string,
  variants: readonly string[],
  signal?: AbortSignal,
): Promise<ScalableTarget[]> {
  if (variants.length === 0) return [];
  const { DescribeScalableTargetsCommand } = await import('./sdk/autoscaling.ts');
  const client = await aws.autoscaling();
  const names = new Map(variants.map((variant) => [scalableResource(endpoint, variant), variant]));
  const send = (NextToken: string | undefined) =>
    call(
      aws.target,
      `find out whether endpoint "${endpoint}" scales automatically`,
      () =>
        client.send(
          new DescribeScalableTargetsCommand({
            ServiceNamespace: 'sagemaker',
            ResourceIds: [...names.keys()],
            ScalableDimension: SCALABLE_DIMENSION,
            NextToken,
          }),
          { abortSignal: signal },
        ),
      'application-autoscaling:DescribeScalableTargets',
    );
  const found: ScalableTarget[] = [];
  for await (const page of pages(send, (one) => one.NextToken)) {
    for (const { ResourceId, MinCapacity, MaxCapacity } of page.ScalableTargets ?? []) {
      const variant = names.get(ResourceId ?? '');
      if (variant !== undefined) found.push({ variant, min: MinCapacity ?? 0, max: MaxCapacity ?? 0 });
    }
  }
  return found;
}
