import { counted } from '../../base/units.ts';
import type { Observations } from '../observations.ts';

/** The sizes of both fleets, where these did not stay in proportion. */
export interface FleetChange {
  /** Instances at the fewest and at the most. */
  production: { least: number; most: number };
  shadow: { least: number; most: number };
  /** Minutes in which the shadow had, for an instance of production, another number of instances than in most. */
  minutes: number;
  /** In so many of them it had more: that flatters it. */
  flattered: number;
  /** Minutes in which the sizes of both are known. */
  of: number;
}

/** Ratios that differ by less are the same: in a minute of scaling, numbers are between two. */
const SAME = 0.02;

/**
 * Did one fleet scale without the other? Then latency and errors of some minutes are of another load than those of the
 * rest. Undefined where they stayed in proportion, and where nothing is known of their sizes. Pure.
 */
export function fleetChange({ metrics: { instances } }: Pick<Observations, 'metrics'>): FleetChange | undefined {
  if (instances === undefined) return undefined;
  const both = instances.production.flatMap((production, i) => {
    const shadow = instances.shadow[i] ?? null;
    return production === null || shadow === null ? [] : [{ production, shadow, ratio: shadow / production }];
  });
  const usual = mostOften(both.map(({ ratio }) => ratio));
  if (usual === undefined) return undefined;
  const others = both.filter(({ ratio }) => Math.abs(ratio / usual - 1) > SAME);
  if (others.length === 0) return undefined;
  const range = (counts: readonly number[]) => ({ least: Math.min(...counts), most: Math.max(...counts) });
  return {
    production: range(both.map(({ production }) => production)),
    shadow: range(both.map(({ shadow }) => shadow)),
    minutes: others.length,
    flattered: others.filter(({ ratio }) => ratio > usual).length,
    of: both.length,
  };
}

/** The commonest of some numbers; of several the first. */
function mostOften(numbers: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const one of numbers) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}

/** Latency and errors are of all minutes together: the reader must know that some are of another load. */
export function fleetText({ production, shadow, minutes, flattered, of }: FleetChange): string {
  const size = ({ least, most }: FleetChange['shadow']) => (least === most ? `${most}` : `${least} to ${most}`);
  const flatters = flattered === 0 ? '' : `, and in ${flattered} of them it had more, which flatters it`;
  return `Latency and errors are of fleets that did not stay in proportion: production had ${size(production)} instances, the shadow ${size(shadow)}. In ${minutes} of ${counted(of, 'minutes')} the shadow had another share of instances than usual${flatters}.`;
}
