import type { Capacity } from './capacity.ts';

/** Where and when the estimates below hold. */
const ESTIMATED = { region: 'us-east-1', as: '2026-09' } as const;

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

/** The prices that count in a region. */
export interface PriceList {
  region: string;
  /** US dollars an hour for one instance, by type, as the user says: these come first, in every region. */
  given: Readonly<Record<string, number>>;
}

/** US dollars an hour for one instance; undefined where it is not known: none is taken from another region. */
export function hourlyPrice({ region, given }: PriceList, instanceType: string | undefined): number | undefined {
  if (instanceType === undefined) return undefined;
  if (Object.hasOwn(given, instanceType)) return given[instanceType];
  return region === ESTIMATED.region && Object.hasOwn(HOURLY, instanceType) ? HOURLY[instanceType] : undefined;
}

/** US dollars an hour for all of these; undefined where one price is not known. */
export function hourlySum(list: PriceList, fleets: readonly Capacity[]): number | undefined {
  let sum = 0;
  for (const { instanceType, count } of fleets) {
    const price = hourlyPrice(list, instanceType);
    if (price === undefined) return undefined;
    sum += price * count;
  }
  return sum;
}

/** Where the prices of these types come from, for a reader: how much a sum of them is worth. */
export function pricesFrom({ given }: PriceList, fleets: readonly Capacity[]): string {
  const own = fleets.filter(({ instanceType }) => Object.hasOwn(given, instanceType)).length;
  if (own === fleets.length) return 'prices of shadowctl.yaml';
  const estimate = `estimate of ${ESTIMATED.as} for ${ESTIMATED.region}, from public sources`;
  return own === 0 ? estimate : `${estimate}, and prices of shadowctl.yaml`;
}

/** Types whose price is not known. */
export function unpriced(list: PriceList, fleets: readonly Capacity[]): string[] {
  return fleets.flatMap(({ instanceType }) => (hourlyPrice(list, instanceType) === undefined ? [instanceType] : []));
}

/** What instances cost an hour, in words that say how much they are worth: `about $0.35 an hour (estimate …)`, or that it is not known. */
export function hourlyCost(list: PriceList, fleets: readonly Capacity[]): string {
  const sum = hourlySum(list, fleets);
  if (sum === undefined) return `price not known (${unpriced(list, fleets).join(', ')} in ${list.region})`;
  return `about ${dollars(sum)} an hour (${pricesFrom(list, fleets)})`;
}

/** `$0.35` */
export function dollars(amount: number): string {
  return `$${amount.toFixed(2)}`;
}
