import { isObject, parsedJson } from '../base/json.ts';
import type { Aws } from './clients.ts';
import { call } from './errors.ts';
import { pages } from './pages.ts';

/**
 * What one instance of a type costs an hour for hosting, on demand, in US dollars, by AWS's Price List API; undefined where
 * that has no such product, or several prices for it.
 */
export async function listedPrice(
  aws: Aws,
  { region, instanceType }: { region: string; instanceType: string },
  signal?: AbortSignal,
): Promise<number | undefined> {
  const { GetProductsCommand } = await import('./sdk/pricing.ts');
  const client = await aws.pricing();
  const match = (Field: string, Value: string) => ({ Type: 'TERM_MATCH' as const, Field, Value });
  const Filters = [match('regionCode', region), match('instanceName', instanceType)];
  const send = (NextToken: string | undefined) =>
    call(
      aws.target,
      `look up the price of ${instanceType}`,
      () =>
        client.send(new GetProductsCommand({ ServiceCode: 'AmazonSageMaker', Filters, NextToken }), {
          abortSignal: signal,
        }),
      'pricing:GetProducts on *',
    );
  const found = new Set<number>();
  for await (const { PriceList = [] } of pages(send, ({ NextToken }) => NextToken))
    for (const document of PriceList)
      for (const price of hostingPrices(parsedJson(String(document)), region, instanceType)) found.add(price);
  return found.size === 1 ? [...found][0] : undefined;
}

/** What a document of the price list says that an hour of hosting costs from the first one on. */
function hostingPrices(document: unknown, region: string, instanceType: string): number[] {
  const attributes = member(member(document, 'product'), 'attributes');
  const is = (key: string, value: string) => member(attributes, key) === value;
  if (!is('regionCode', region) || !is('instanceName', instanceType) || !is('component', 'Hosting')) return [];
  return values(member(member(document, 'terms'), 'OnDemand')).flatMap((offer) =>
    values(member(offer, 'priceDimensions')).flatMap((rate) => {
      const hourly = Number(member(member(rate, 'pricePerUnit'), 'USD') ?? Number.NaN);
      // Zero is what a free tier says, of hours that are few.
      const counts = /^hours?$|^hrs?$/i.test(String(member(rate, 'unit'))) && Number.isFinite(hourly) && hourly > 0;
      return counts ? [hourly] : [];
    }),
  );
}

function member(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function values(value: unknown): unknown[] {
  return isObject(value) ? Object.values(value) : [];
}
