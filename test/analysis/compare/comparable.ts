import type { DivergingPair, Predictions } from '../../../src/analysis/predictions.ts';

/** The engine gives Wasserstein's distance to a part of the range. */
function near({ distances, histogram }: NonNullable<Predictions['numbers']>): object {
  const range = histogram.high - histogram.low;
  return { ...distances, wasserstein: Math.round((distances.wasserstein / range) * 1e4) };
}

/** Numbers to nine digits after the point, and twelve in all: the engines add in different orders. What is a sample or an example may differ. */
export function comparable(found: Predictions): unknown {
  const { numbers, top, production, shadow, alternatives, columns, ...rest } = found;
  const plain = {
    ...rest,
    columns: columns?.toSorted((a, b) => (a.column < b.column ? -1 : 1)),
    alternatives: alternatives?.map(comparable),
    production: { ...production, examples: [], commonest: production.commonest?.share },
    shadow: { ...shadow, examples: [], commonest: shadow.commonest?.share },
    numbers:
      numbers === undefined ? undefined : { ...numbers, scatter: numbers.scatter.length > 0, distances: near(numbers) },
    top: top.toSorted(inOrder).map((pair) => ({ ...pair, id: found.method === 'input' ? '' : pair.id })),
  };
  return JSON.parse(
    JSON.stringify(plain, (_, value: unknown) =>
      typeof value === 'number' ? Math.round(Number(value.toPrecision(12)) * 1e9) / 1e9 || 0 : value,
    ),
  );
}

/** Of pairs that differ as much and came at the same time, any may stand first. */
function inOrder(a: DivergingPair, b: DivergingPair): number {
  const distance = Math.round((b.distance - a.distance) * 1e9);
  return distance || a.at - b.at || (a.id < b.id ? -1 : 1);
}
