import { partitionOf } from './partition.ts';

/** Regions of the Price List API, by the continent of those that ask (AWS Billing User Guide, "Price List Query API", endpoints). */
const PRICING_REGIONS: readonly (readonly [prefix: RegExp, region: string])[] = [
  [/^(?:eu|il|me|af)-/, 'eu-central-1'],
  [/^ap-/, 'ap-south-1'],
];

/** The region where the Price List API is asked from another: it is in three, and knows the prices of all of a partition. */
export function pricingRegion(region: string): string {
  return PRICING_REGIONS.find(([prefix]) => prefix.test(region))?.[1] ?? 'us-east-1';
}

/** Does the Price List API, which the commercial regions share, know prices of this region in US dollars? */
export function hasPriceList(region: string): boolean {
  return partitionOf(region) === 'aws';
}
