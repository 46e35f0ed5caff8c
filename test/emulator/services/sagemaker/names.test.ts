import {
  CreateEndpointCommand,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { config, describeEndpoint, invoke, type Stand, stand, variant, withModels } from './stand.ts';

let it: Stand;
beforeEach(async () => {
  it = await stand();
});
afterEach(() => it.close());

test('variants may be called as every object’s members are', async () => {
  await withModels(it);
  const names = ['constructor', 'toString', 'valueOf'];
  await config(
    it,
    'one',
    names.map((name) => variant(name, 1)),
  );
  await config(
    it,
    'two',
    names.map((name) => variant(name, 2)),
  );
  await it.sagemaker.send(new CreateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'one' }));
  it.at(285);
  const summary = async () => {
    const { EndpointStatus, ProductionVariants } = await describeEndpoint(it);
    return [
      EndpointStatus,
      ...(ProductionVariants ?? []).map((one) => `${one.VariantName} ${one.CurrentWeight} ${one.CurrentInstanceCount}`),
    ];
  };
  expect(await summary()).toEqual(['InService', 'constructor 1 1', 'toString 1 1', 'valueOf 1 1']);
  await it.sagemaker.send(
    new UpdateEndpointWeightsAndCapacitiesCommand({
      EndpointName: 'Weather',
      DesiredWeightsAndCapacities: [{ VariantName: 'toString', DesiredWeight: 3 }],
    }),
  );
  it.at(600);
  expect(await summary()).toEqual(['InService', 'constructor 1 1', 'toString 3 1', 'valueOf 1 1']);
  await it.sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'two' }));
  it.at(1200);
  expect(await summary()).toEqual(['InService', 'constructor 1 2', 'toString 1 2', 'valueOf 1 2']);
  for (const name of names) {
    const { InvokedProductionVariant } = await invoke(it, { TargetVariant: name });
    expect(InvokedProductionVariant).toBe(name);
  }
});

test('also where the update is rolling', async () => {
  await withModels(it);
  await config(it, 'one', [variant('constructor', 2)]);
  await config(it, 'two', [variant('constructor', 4)]);
  await it.sagemaker.send(new CreateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'one' }));
  it.at(285);
  await it.sagemaker.send(
    new UpdateEndpointCommand({
      EndpointName: 'Weather',
      EndpointConfigName: 'two',
      DeploymentConfig: {
        RollingUpdatePolicy: { MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 1 }, WaitIntervalInSeconds: 60 },
      },
    }),
  );
  it.at(4000);
  const { EndpointStatus, ProductionVariants } = await describeEndpoint(it);
  expect([EndpointStatus, ProductionVariants?.[0]?.CurrentInstanceCount]).toEqual(['InService', 4]);
});
