import type { Fleet, Instance, Variant } from '../fleet/variant.ts';
import type { Platform } from '../world.ts';

/** Which fleets of an endpoint take requests now. */
interface Serving {
  serving: Fleet | undefined;
  next: Fleet | undefined;
}

/** The fleet whose variants the caller can name: the old one until it takes no more requests. */
export function visibleFleet({ serving, next }: Serving): Fleet | undefined {
  return next && serving?.production.every((variant) => variant.serving.length === 0) ? next : serving;
}

/** A variant by its share of the weights; undefined when no weight is above zero. */
export function pickVariant(world: Platform, fleet: Fleet): Variant | undefined {
  const [only] = fleet.production;
  if (fleet.production.length === 1) return only;
  let total = 0;
  for (const variant of fleet.production) total += variant.record.weight;
  let drawn = world.random.next() * total;
  for (const variant of fleet.production) {
    drawn -= variant.record.weight;
    if (drawn < 0) return variant;
  }
  return undefined;
}

/**
 * Old fleet or new: while traffic shifts, each request goes to the new one with the share of its instances that take
 * traffic, at random and not sticky (facts 4.3: a canary of 1 out of 3 saw 35 % of the requests).
 */
export function pickFleet(world: Platform, { serving, next }: Serving, variant: Variant): Variant {
  if (!serving || !next) return variant;
  const counterpart = next.production.find((other) => other.record.name === variant.record.name);
  if (!counterpart || counterpart.serving.length === 0) return variant;
  const share = counterpart.serving.length / counterpart.record.desiredCount;
  return variant.serving.length === 0 || world.random.next() < share ? counterpart : variant;
}

/** One of the instances that take requests. */
export function pickInstance(world: Platform, variant: Variant): Instance | undefined {
  const { serving } = variant;
  return serving.length === 1 ? serving[0] : serving[Math.floor(world.random.next() * serving.length)];
}
