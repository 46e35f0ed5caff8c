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

/** US dollars an hour for one instance, by type. */
type Hourly = Readonly<Record<string, number>>;

/** The prices that count in a region: in this order. */
export interface PriceList {
  region: string;
  /** As said for this command (`--price`). */
  asked?: Hourly | undefined;
  /** As shadowctl.yaml says. */
  given: Hourly;
  /** As AWS's Price List API says, for this region. */
  listed?: Hourly | undefined;
}

/** Where a price comes from. */
type PriceSource = 'asked' | 'given' | 'estimate' | 'listed';

function priceOf(
  { region, asked = {}, given, listed = {} }: PriceList,
  instanceType: string,
): { hourly: number; from: PriceSource } | undefined {
  const estimates = region === ESTIMATED.region ? HOURLY : {};
  for (const [from, prices] of Object.entries({ asked, given, estimate: estimates, listed }) as [
    PriceSource,
    Hourly,
  ][]) {
    const hourly = Object.hasOwn(prices, instanceType) ? prices[instanceType] : undefined;
    if (hourly !== undefined) return { hourly, from };
  }
  return undefined;
}

/** US dollars an hour for one instance; undefined where it is not known: none is taken from another region. */
export function hourlyPrice(list: PriceList, instanceType: string | undefined): number | undefined {
  return instanceType === undefined ? undefined : priceOf(list, instanceType)?.hourly;
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
export function pricesFrom(list: PriceList, fleets: readonly Capacity[]): string {
  const used = new Set(fleets.map(({ instanceType }) => priceOf(list, instanceType)?.from));
  const sources = (Object.keys(SOURCES) as PriceSource[]).filter((one) => used.has(one));
  return sources.map((one) => SOURCES[one]).join(', and ');
}

const SOURCES: Readonly<Record<PriceSource, string>> = {
  estimate: `estimate of ${ESTIMATED.as} for ${ESTIMATED.region}, from public sources`,
  listed: "AWS's price list, on demand",
  given: 'prices of shadowctl.yaml',
  asked: 'prices of --price',
};

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
