import { UpdateEndpointWeightsAndCapacitiesCommand } from '@aws-sdk/client-sagemaker';
import type { Aws } from './clients.ts';
import { call } from './errors.ts';

/** Changes how the requests of an endpoint are divided among its production variants. The endpoint is `Updating` meanwhile. */
export async function updateWeights(
  aws: Aws,
  endpoint: string,
  weights: Readonly<Record<string, number>>,
): Promise<void> {
  const client = await aws.sagemaker();
  const DesiredWeightsAndCapacities = Object.entries(weights).map(([VariantName, DesiredWeight]) => ({
    VariantName,
    DesiredWeight,
  }));
  await call(aws.target, `change the weights of endpoint "${endpoint}"`, () =>
    client.send(new UpdateEndpointWeightsAndCapacitiesCommand({ EndpointName: endpoint, DesiredWeightsAndCapacities })),
  );
}
