import { className } from './strata.ts';

/** What a mistake costs, by `truth→prediction` as `className` writes classes; `*` stands for every class that has no price of its own. */
export type Prices = Readonly<Record<string, number>>;

/** Stands for any class. */
const ANY = '*';

/** `fraud→ok`, or `fraud->ok`, as a key of prices; undefined where it is anything else. */
export function priceKey(words: string): string | undefined {
  const [truth = '', prediction = '', ...more] = words.split(/→|->/).map((name) => name.trim());
  if (truth === '' || prediction === '' || more.length > 0) return undefined;
  return `${className(truth)}→${className(prediction)}`;
}

/** Truth and prediction of a key. */
export function classesOf(key: string): readonly [truth: string, prediction: string] {
  const [truth = '', prediction = ''] = key.split('→');
  return [truth, prediction];
}

/** The classes that prices name. */
export function pricedClasses(prices: Prices): string[] {
  return [...new Set(Object.keys(prices).flatMap(classesOf))].filter((name) => name !== ANY);
}

/**
 * What it costs to say `prediction` where `truth` is the case. What has a price of its own has that; what is right costs
 * nothing; then `truth→*`, `*→prediction` and `*→*`, in this order.
 *
 * @param truth, prediction as `className` writes them
 * @returns undefined for a mistake without a price
 */
export function priceOf(prices: Prices, truth: string, prediction: string): number | undefined {
  const own = prices[`${truth}→${prediction}`];
  if (own !== undefined) return own;
  if (truth === prediction) return 0;
  return prices[`${truth}→${ANY}`] ?? prices[`${ANY}→${prediction}`] ?? prices[`${ANY}→${ANY}`];
}
