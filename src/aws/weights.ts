import { UpdateEndpointWeightsAndCapacitiesCommand } from '@aws-sdk/client-sagemaker';
import type { Aws } from './clients.ts';
import { call } from './errors.ts';

/** What is changed of an endpoint's production variants, by name. */
export interface Shift {
  weights?: Readonly<Record<string, number>>;
  /** Instances. */
  counts?: Readonly<Record<string, number>>;
}

/**
 * Changes how the requests of an endpoint are divided among its production variants, or how many instances these have. The
 * endpoint is `Updating` meanwhile.
 */
export async function updateWeights(aws: Aws, endpoint: string, { weights = {}, counts = {} }: Shift): Promise<void> {
  const client = await aws.sagemaker();
  const names = new Set([...Object.keys(weights), ...Object.keys(counts)]);
  const DesiredWeightsAndCapacities = [...names].map((VariantName) => ({
    VariantName,
    DesiredWeight: weights[VariantName],
    DesiredInstanceCount: counts[VariantName],
  }));
  await call(aws.target, `change the variants of endpoint "${endpoint}"`, () =>
    client.send(new UpdateEndpointWeightsAndCapacitiesCommand({ EndpointName: endpoint, DesiredWeightsAndCapacities })),
  );
}
