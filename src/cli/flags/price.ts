import type { Command } from 'commander';
import { usageError } from '../../base/errors.ts';
import { commonFlags, type CommonFlags, type CommonOptions, commonOptions } from './common.ts';
import { instanceType } from './values.ts';

/** US dollars an hour for one instance, by type. */
export type Prices = Readonly<Record<string, number>>;

/** What `pricedFlags` adds. */
export interface PricedFlags extends CommonFlags {
  price?: Prices;
}

/** The common options, with prices, as values. */
export interface PricedOptions extends CommonOptions {
  /** As said for this command. */
  prices: Prices | undefined;
}

const NAME = '--price';

/** Adds `--price` to a command that says what something costs. */
export function priceFlag(command: Command): Command {
  return command.option(
    '--price <type=dollars...>',
    'what one instance of a type costs an hour, for example ml.m5.large=0.13; comes before prices: in shadowctl.yaml',
    (text: string, earlier: Prices | undefined): Prices => ({ ...earlier, ...parsePrice(text) }),
  );
}

/** `ml.m5.large=0.13` @throws Problem (usage) */
function parsePrice(text: string): Prices {
  const [type = '', dollars = '', ...rest] = text.split('=');
  const hourly = Number(dollars);
  if (rest.length > 0 || dollars.trim() === '' || !Number.isFinite(hourly) || hourly < 0)
    throw usageError(
      `${NAME}: "${text}" is not a valid price.`,
      'Give the type and US dollars an hour: --price ml.m5.large=0.13',
    );
  return { [instanceType(NAME)(type)]: hourly };
}

/** Adds the flags of every command that changes something and says what that costs. */
export function pricedFlags(command: Command): Command {
  return commonFlags(priceFlag(command));
}

/** The common options, and prices that were given by `--price`. */
export function pricedOptions(flags: PricedFlags): PricedOptions {
  return { ...commonOptions(flags), prices: flags.price };
}

/** As the flag was typed, for a command line that is shown. */
export function shownPrices(prices: Prices | undefined): string[] | undefined {
  return prices && Object.entries(prices).map(([type, hourly]) => `${type}=${hourly}`);
}
