import type { Aws } from '../aws/clients.ts';
import { AwsProblem } from '../aws/errors.ts';
import { hasPriceList } from '../aws/pricing-region.ts';
import { listedPrice } from '../aws/pricing.ts';
import { hourlyPrice, type PriceList } from '../guard/prices.ts';
import type { Session } from './session.ts';

/** What the price list said, by region and type, for as long as the connection is used: one command asks once. */
const told = new WeakMap<Aws, Map<string, Promise<number | undefined>>>();

/**
 * The prices that count where this session works, for these fleets. AWS's price list is asked for those that nobody has said
 * and that no estimate is shipped for; where it may not be asked, or does not answer, a price is not known, and no work waits.
 */
export async function pricesOf(
  session: Pick<Session, 'aws' | 'project' | 'prices' | 'signal'>,
  ...fleets: readonly (readonly { instanceType: string | undefined }[])[]
): Promise<PriceList> {
  const aws = await session.aws();
  const { prices: given } = await session.project();
  const { region } = aws.target;
  const known = { region, asked: session.prices ?? {}, given, listed: {} };
  if (!hasPriceList(region)) return known;
  const types = fleets.flat().flatMap(({ instanceType }) => instanceType ?? []);
  const unknown = types.filter((type) => hourlyPrice(known, type) === undefined);
  const asked = told.get(aws) ?? new Map<string, Promise<number | undefined>>();
  told.set(aws, asked);
  const listed: Record<string, number> = {};
  for (const type of unknown) {
    const price = asked.get(type) ?? look(aws, region, type, session.signal);
    asked.set(type, price);
    const hourly = await price;
    if (hourly !== undefined) listed[type] = hourly;
  }
  return { ...known, listed };
}

/** Undefined where it is not known, for whatever reason: a plan says so, and nothing fails for want of a price. */
async function look(aws: Aws, region: string, instanceType: string, signal: AbortSignal): Promise<number | undefined> {
  if (aws.unreached.has('PRICING')) return undefined;
  try {
    return await listedPrice(aws, { region, instanceType }, signal);
  } catch (error) {
    if (!(error instanceof AwsProblem)) throw error;
    aws.unreached.set('PRICING', error.words);
    return undefined;
  }
}
