import { ENDPOINT_INSTANCE_TYPES } from '../aws/sagemaker.ts';
import { nearest } from '../base/schema.ts';
import type { Fleets } from '../guard/capacity.ts';

/** An instance type that shadowctl does not know, and the one that it looks like. */
export interface UnknownType {
  kind: 'unknown-type';
  instanceType: string;
  nearest: string | undefined;
}

/** Types that this version does not know: mistyped, or newer than it is, which only AWS can tell. Pure. @param now whose types exist */
export function unknownTypes(next: Fleets, now?: Fleets): UnknownType[] {
  const typesOf = (config: Fleets | undefined) =>
    [...(config?.ProductionVariants ?? []), ...(config?.ShadowProductionVariants ?? [])].flatMap(
      ({ InstanceType: type }) => type ?? [],
    );
  // Of two that are as near the shorter one is meant: m5 rather than m5d.
  const known = [...ENDPOINT_INSTANCE_TYPES, ...typesOf(now)].toSorted((a, b) => a.length - b.length);
  return [...new Set<string>(typesOf(next))]
    .filter((instanceType) => !known.includes(instanceType))
    .map((instanceType) => ({ kind: 'unknown-type', instanceType, nearest: nearest(instanceType, known) }));
}
