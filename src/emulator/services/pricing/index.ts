import type { Filter, GetProductsCommandInput, GetProductsResponse, Pricing } from '@aws-sdk/client-pricing';
import type { InstancePrice } from '../../world/options.ts';
import type { Context, OperationsOf } from '../operation.ts';
import { invalidNextToken, notBuilt } from './errors.ts';

/** The Price List API: what instances of SageMaker cost, as far as the emulator was told. */
export const operations = { GetProducts: getProducts } satisfies OperationsOf<Pricing>;

/** Of one answer, where nothing is said (API_pricing_GetProducts: at most 100). */
const MAX_RESULTS = 100;

function getProducts({ world }: Context, input: GetProductsCommandInput): GetProductsResponse {
  const { ServiceCode, Filters = [], NextToken, MaxResults = MAX_RESULTS } = input;
  if (ServiceCode !== 'AmazonSageMaker') throw notBuilt(`the prices of ${ServiceCode}`);
  const found = world.prices
    .flatMap(productsOf)
    .filter((product) => Filters.every((filter) => matches(product, filter)));
  const from = NextToken === undefined ? 0 : Number(NextToken);
  if (!Number.isInteger(from) || from < 0 || from > found.length) throw invalidNextToken();
  const end = from + MaxResults;
  return {
    FormatVersion: 'aws_v1',
    PriceList: found.slice(from, end).map((product) => JSON.stringify(documentOf(product))),
    ...(end < found.length && { NextToken: String(end) }),
  };
}

interface Product {
  family: 'ML Instance';
  attributes: Record<string, string>;
  hourly: number;
}

/** Hosting is one of the purposes for which an instance type has a product of its own (facts 10). */
const PURPOSES = [
  { component: 'Hosting', usage: 'Host', operation: 'RunInstance', dearer: 0 },
  { component: 'Training', usage: 'Train', operation: 'RunInstance', dearer: 0.01 },
];

function productsOf({ region, instanceType, hourly }: InstancePrice): Product[] {
  return PURPOSES.map(({ component, usage, operation, dearer }) => ({
    family: 'ML Instance',
    attributes: {
      servicecode: 'AmazonSageMaker',
      regionCode: region,
      locationType: 'AWS Region',
      instanceName: instanceType,
      instanceType: `${instanceType}-${component}`,
      component,
      platoinstancename: instanceType.split('.')[1] ?? '',
      platoinstancetype: component,
      usagetype: `${usage}:${instanceType}`,
      operation,
    },
    hourly: hourly + dearer,
  }));
}

function matches({ family, attributes }: Product, { Type, Field = '', Value = '' }: Filter): boolean {
  const value =
    Field === 'productFamily' ? family : Field === 'ServiceCode' ? attributes.servicecode : attributes[Field];
  switch (Type) {
    case 'CONTAINS':
      return value?.includes(Value) === true;
    case 'ANY_OF':
      return value !== undefined && Value.split(',').includes(value);
    case 'NONE_OF':
      return value === undefined || !Value.split(',').includes(value);
    default:
      return value === Value;
  }
}

/** As AWS's documents of version `aws_v1` are built ("Reading the service price list file", Billing User Guide). */
function documentOf({ family, attributes, hourly }: Product) {
  const sku = Buffer.from(`${attributes.regionCode} ${attributes.instanceType}`)
    .toString('hex')
    .slice(-16)
    .toUpperCase();
  const offer = `${sku}.JRTCKXETXF`;
  const rate = `${offer}.6YS6EN2CT7`;
  return {
    product: { productFamily: family, attributes, sku },
    serviceCode: 'AmazonSageMaker',
    terms: {
      OnDemand: {
        [offer]: {
          sku,
          offerTermCode: 'JRTCKXETXF',
          termAttributes: {},
          priceDimensions: {
            [rate]: {
              rateCode: rate,
              unit: 'Hrs',
              beginRange: '0',
              endRange: 'Inf',
              description: `$${hourly} per ${attributes.instanceType} hour`,
              appliesTo: [],
              pricePerUnit: { USD: hourly.toFixed(10) },
            },
          },
        },
      },
    },
  };
}
