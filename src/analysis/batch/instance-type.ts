/** Families that transform jobs have in place of those that only endpoints have, nearest first (facts 16.1). */
const INSTEAD: readonly (readonly [family: RegExp, families: readonly string[]])[] = [
  [/^(t[234]g?|m[678]g[dn]?|m5d|m5dn|m5n|m7a|m6a|m8\w*)$/, ['m5', 'm6i', 'm7i']],
  [/^(c[678]g[dn]?|c5d|c5n|c6in|c6a|c7a|c8\w*)$/, ['c5', 'c6i', 'c7i']],
  [/^(r\d\w*|x\d\w*)$/, ['r6i', 'r7i', 'm5']],
  [/^(g6e|g5g)$/, ['g6', 'g5']],
  [/^(inf1)$/, ['inf2']],
];

const SIZES = ['nano', 'micro', 'small', 'medium', 'large', 'xlarge'] as const;

/** How large an instance of a family is: 1 for xlarge, 2 for 2xlarge, halves below; undefined for what has no such size. */
function sizeOf(size: string): number | undefined {
  const [, times] = /^(\d+)xlarge$/.exec(size) ?? [];
  if (times !== undefined) return Number(times);
  const index = SIZES.indexOf(size as (typeof SIZES)[number]);
  return index < 0 ? undefined : 2 ** (index - SIZES.length + 1);
}

/**
 * The type of instance for a transform job that is nearest to one for an endpoint: the same, else the smallest of the nearest
 * family that is at least as large. Pure.
 * @param known every type that transform jobs take
 * @returns undefined where no type is like it
 */
export function nearestTransformType(type: string, known: readonly string[]): string | undefined {
  if (known.includes(type)) return type;
  const [, family = '', size = ''] = /^ml\.([^.]+)\.(.+)$/.exec(type) ?? [];
  const wanted = sizeOf(size);
  if (wanted === undefined) return undefined;
  const others = INSTEAD.find(([pattern]) => pattern.test(family))?.[1] ?? [];
  for (const one of [family, ...others]) {
    const [nearest] = known
      .flatMap((name) => {
        const [, itsFamily, itsSize = ''] = /^ml\.([^.]+)\.(.+)$/.exec(name) ?? [];
        const has = itsFamily === one ? sizeOf(itsSize) : undefined;
        return has !== undefined && has >= wanted ? [{ name, has }] : [];
      })
      .toSorted((a, b) => a.has - b.has);
    if (nearest !== undefined) return nearest.name;
  }
  return undefined;
}
