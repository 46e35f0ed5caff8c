/**
 * US dollars an hour for one instance in us-east-1. AWS publishes no list that could be shipped; these are figures that
 * public sources agree on (facts 10): good for the order of magnitude, and always said to be an estimate.
 */
const HOURLY: Readonly<Record<string, number>> = {
  'ml.t2.medium': 0.056,
  'ml.m5.large': 0.115,
  'ml.m5.xlarge': 0.23,
  'ml.m5.2xlarge': 0.461,
  'ml.c5.large': 0.102,
  'ml.c5.xlarge': 0.204,
  'ml.g4dn.xlarge': 0.736,
  'ml.g5.xlarge': 1.408,
};

/** US dollars an hour for one instance in us-east-1; undefined where no source is known. */
export function hourlyPrice(instanceType: string): number | undefined {
  return HOURLY[instanceType];
}

/** The same of a region: undefined everywhere but in us-east-1, for no price is taken from another region. */
export function hourlyPriceIn(region: string, instanceType: string | undefined): number | undefined {
  return region === 'us-east-1' && instanceType !== undefined ? hourlyPrice(instanceType) : undefined;
}

/** What instances cost an hour, in words that say how much they are worth; undefined where no source is known. */
export function hourlyCost(instanceType: string | undefined, count: number): string | undefined {
  const price = HOURLY[instanceType ?? ''];
  if (price === undefined) return undefined;
  return `about $${(price * count).toFixed(2)} an hour (estimate: us-east-1, from public sources)`;
}
