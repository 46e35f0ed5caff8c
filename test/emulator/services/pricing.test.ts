import { GetProductsCommand, type GetProductsCommandInput, PricingClient } from '@aws-sdk/client-pricing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/http/server.ts';

let emulator: Emulator;
let pricing: PricingClient;
beforeEach(async () => {
  emulator = await startEmulator({
    clock: new VirtualClock(Date.UTC(2026, 0, 5, 9)),
    prices: [
      { region: 'eu-west-1', instanceType: 'ml.m5.large', hourly: 0.128 },
      { region: 'eu-west-1', instanceType: 'ml.c5.large', hourly: 0.11 },
    ],
  });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  pricing = new PricingClient({ endpoint: emulator.url, region: 'us-east-1', credentials, maxAttempts: 1 });
});
afterEach(async () => {
  pricing.destroy();
  await emulator.close();
});

type Filters = GetProductsCommandInput['Filters'];
const ask = (Filters: Filters, more: Partial<GetProductsCommandInput> = {}) =>
  pricing.send(new GetProductsCommand({ ServiceCode: 'AmazonSageMaker', Filters, ...more }));
const usage = async (Filters: Filters) =>
  ((await ask(Filters)).PriceList ?? []).map(
    (one: unknown) => JSON.parse(String(one)).product.attributes.usagetype as string,
  );

test('products of every purpose, by filters that must all hold', async () => {
  expect(await usage([{ Type: 'TERM_MATCH', Field: 'instanceName', Value: 'ml.m5.large' }])).toEqual([
    'Host:ml.m5.large',
    'Train:ml.m5.large',
  ]);
  const hosting = { Type: 'EQUALS', Field: 'component', Value: 'Hosting' } as const;
  expect(await usage([hosting, { Type: 'CONTAINS', Field: 'instanceName', Value: '.c5.' }])).toEqual([
    'Host:ml.c5.large',
  ]);
  expect(await usage([hosting, { Type: 'NONE_OF', Field: 'instanceName', Value: 'ml.c5.large,ml.c6.large' }])).toEqual([
    'Host:ml.m5.large',
  ]);
  expect(await usage([hosting, { Type: 'TERM_MATCH', Field: 'regionCode', Value: 'us-east-1' }])).toEqual([]);
});

test('pages; what is not built is refused by name', async () => {
  const first = await ask(undefined, { MaxResults: 3 });
  expect(first.PriceList).toHaveLength(3);
  const second = await ask(undefined, { MaxResults: 3, NextToken: first.NextToken });
  expect(second.PriceList).toHaveLength(1);
  expect(second.NextToken).toBeUndefined();
  await expect(ask(undefined, { NextToken: 'x' })).rejects.toMatchObject({ name: 'InvalidNextTokenException' });
  await expect(ask(undefined, { ServiceCode: 'AmazonEC2' })).rejects.toMatchObject({ name: 'NotImplemented' });
});
