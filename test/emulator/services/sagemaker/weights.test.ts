import {
  CreateEndpointCommand,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { config, describeEndpoint, invoke, refusal, type Stand, stand, variant, withModels } from './stand.ts';

let it: Stand;
beforeEach(async () => {
  it = await stand();
  await withModels(it);
  await config(it, 'two', [variant('A', 1, { InitialVariantWeight: 9 }), variant('B', 1, { ModelName: 'm009' })]);
  await it.sagemaker.send(new CreateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'two' }));
  it.at(300);
  await describeEndpoint(it);
});
afterEach(() => it.close());

const scale = (
  ...DesiredWeightsAndCapacities: { VariantName: string; DesiredWeight?: number; DesiredInstanceCount?: number }[]
) =>
  it.sagemaker.send(
    new UpdateEndpointWeightsAndCapacitiesCommand({ EndpointName: 'Weather', DesiredWeightsAndCapacities }),
  );

async function share(variantName: string, calls = 300): Promise<number> {
  let hits = 0;
  for (let index = 0; index < calls; index += 1)
    if ((await invoke(it)).InvokedProductionVariant === variantName) hits += 1;
  return hits / calls;
}

test('weights share the requests; a change takes 85 s and drops none', async () => {
  expect(await share('B')).toBeGreaterThan(0.03);
  expect(await share('B')).toBeLessThan(0.17);
  it.at(400);
  await scale({ VariantName: 'A', DesiredWeight: 0 }, { VariantName: 'B', DesiredInstanceCount: 3 });
  expect(await describeEndpoint(it)).toMatchObject({
    EndpointStatus: 'Updating',
    ProductionVariants: [
      { VariantName: 'A', CurrentWeight: 9, DesiredWeight: 0, CurrentInstanceCount: 1, DesiredInstanceCount: 1 },
      {
        VariantName: 'B',
        CurrentWeight: 1,
        DesiredWeight: 1,
        CurrentInstanceCount: 1,
        DesiredInstanceCount: 3,
        VariantStatus: [{ Status: 'Updating', StatusMessage: 'Scaling out desired instance count to 3.' }],
      },
    ],
  });
  expect(await share('A', 30)).toBeGreaterThan(0.5);
  it.at(485);
  const settled = await describeEndpoint(it);
  expect(settled).toMatchObject({
    EndpointStatus: 'InService',
    EndpointConfigName: 'two',
    ProductionVariants: [
      { VariantName: 'A', CurrentWeight: 0, DesiredWeight: 0 },
      { VariantName: 'B', CurrentInstanceCount: 3, DesiredInstanceCount: 3 },
    ],
  });
  expect(settled.ProductionVariants?.[1]).not.toHaveProperty('VariantStatus');
  expect(await share('B', 50)).toBe(1);
  // A variant without weight still answers who asks for it.
  expect((await invoke(it, { TargetVariant: 'A' })).InvokedProductionVariant).toBe('A');
});

test('a variant nobody knows is named', async () => {
  expect(await refusal(scale({ VariantName: 'C', DesiredWeight: 1 }))).toBe(
    'ValidationException: The variant name(s) "C" is/are not present within endpoint configuration "two".',
  );
});

test('a variant is named once', async () => {
  const twice = it.sagemaker.send(
    new UpdateEndpointWeightsAndCapacitiesCommand({
      EndpointName: 'Weather',
      DesiredWeightsAndCapacities: [
        { VariantName: 'AllTraffic', DesiredWeight: 1 },
        { VariantName: 'AllTraffic', DesiredWeight: 2 },
      ],
    }),
  );
  expect(await refusal(twice)).toMatch(/^ValidationException: .*"AllTraffic"/);
});

test('instances that do not come: RollingBack, then the old numbers', async () => {
  it.emulator.world.faults.add({ kind: 'insufficient-capacity', endpoint: 'Weather' });
  await scale({ VariantName: 'A', DesiredInstanceCount: 4, DesiredWeight: 1 });
  it.at(300 + 85);
  expect((await describeEndpoint(it)).EndpointStatus).toBe('RollingBack');
  await invoke(it);
  it.at(300 + 170);
  expect(await describeEndpoint(it)).toMatchObject({
    EndpointStatus: 'InService',
    ProductionVariants: [
      { VariantName: 'A', CurrentWeight: 9, DesiredWeight: 9, CurrentInstanceCount: 1, DesiredInstanceCount: 1 },
      { VariantName: 'B' },
    ],
  });
});

test('RetainAllVariantProperties keeps live counts and weights, but for what is excluded', async () => {
  await scale({ VariantName: 'A', DesiredWeight: 5, DesiredInstanceCount: 2 });
  it.at(400);
  await config(it, 'three', [variant('A', 1, { InitialVariantWeight: 7 }), variant('B', 4)]);
  await it.sagemaker.send(
    new UpdateEndpointCommand({
      EndpointName: 'Weather',
      EndpointConfigName: 'three',
      RetainAllVariantProperties: true,
      ExcludeRetainedVariantProperties: [{ VariantPropertyType: 'DesiredWeight' }],
    }),
  );
  it.at(800);
  expect(await describeEndpoint(it)).toMatchObject({
    EndpointConfigName: 'three',
    ProductionVariants: [
      { VariantName: 'A', CurrentWeight: 7, CurrentInstanceCount: 2 },
      { VariantName: 'B', CurrentWeight: 1, CurrentInstanceCount: 1 },
    ],
  });
});
