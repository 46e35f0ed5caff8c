import { afterEach, beforeEach, expect, test } from 'vitest';
import { listedPrice } from '../../src/aws/pricing.ts';
import { hasPriceList, pricingRegion } from '../../src/aws/pricing-region.ts';
import type { Aws } from '../../src/aws/clients.ts';
import { type TestWorld, testWorld } from '../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld({ prices: [{ region: 'eu-west-1', instanceType: 'ml.m5.large', hourly: 0.128 }] });
});
afterEach(() => world.close());

test('the region that is asked is one of the three, and no other partition is', () => {
  const asked = ['us-east-1', 'us-west-2', 'sa-east-1', 'eu-west-1', 'me-south-1', 'ap-northeast-2'].map(pricingRegion);
  expect(asked).toEqual(['us-east-1', 'us-east-1', 'us-east-1', 'eu-central-1', 'eu-central-1', 'ap-south-1']);
  expect(['eu-west-1', 'cn-north-1', 'us-gov-west-1'].map(hasPriceList)).toEqual([true, false, false]);
});

test('the price of hosting, not of training', async () => {
  const of = (region: string) => listedPrice(world.aws, { region, instanceType: 'ml.m5.large' });
  expect(await of('eu-west-1')).toBe(0.128);
  expect(await of('eu-west-3')).toBeUndefined();
});

const offer = (prices: string[], over: Record<string, unknown> = {}, unit = 'Hrs', currency = 'USD') =>
  JSON.stringify({
    product: { attributes: { regionCode: 'r', instanceName: 'ml.x.y', component: 'Hosting', ...over } },
    terms: {
      OnDemand: Object.fromEntries(
        prices.map((price, at) => [at, { priceDimensions: { a: { unit, pricePerUnit: { [currency]: price } } } }]),
      ),
      Reserved: { a: { priceDimensions: { a: { unit, pricePerUnit: { USD: '0.01' } } } } },
    },
  });

test.each<[string, string[], number | undefined]>([
  ['one', [offer(['0.5000000000'])], 0.5],
  ['the same in two offers', [offer(['0.5', '0.50'])], 0.5],
  ['two prices', [offer(['0.5', '0.6'])], undefined],
  ['a free tier beside it', [offer(['0.5', '0.0000000000'])], 0.5],
  ['another purpose', [offer(['0.5'], { component: 'Notebook' })], undefined],
  ['of another region or type, whatever was asked', [offer(['0.5'], { regionCode: 's' })], undefined],
  ['by the second', [offer(['0.5'], {}, 'Seconds')], undefined],
  ['in another currency', [offer(['0.5'], {}, 'Hrs', 'CNY')], undefined],
  ['no number', [offer(['free'])], undefined],
  ['no JSON, and nothing in it', ['{', 'null', '[]', '{"product":{}}', '{"terms":{"OnDemand":[1]}}'], undefined],
])('%s', async (_, PriceList, expected) => {
  const pricing = async () => ({ send: async () => ({ PriceList }) });
  const aws = { ...world.aws, pricing } as unknown as Aws;
  expect(await listedPrice(aws, { region: 'r', instanceType: 'ml.x.y' })).toBe(expected);
});
