import { draw, lotOf, swappedBy } from '../comparator/sample.ts';
import type { Sample } from '../comparator/sample.ts';
import { hashText } from '../ingest/fast/hash.ts';
import type { Pair, Pairing } from './pair.ts';

/** The pairs that a comparator is asked about: those of ../duckdb/sample.ts, where an id makes the pair. */
export function samplePairs({ pairs, method }: Pick<Pairing, 'pairs' | 'method'>, most: number): Sample {
  const lots = pairs
    .map((pair) => ({ pair, lot: lotOf(String(hashText(keyOf(pair, method))), pair.production.at) }))
    .toSorted((a, b) => (a.lot < b.lot ? -1 : 1));
  const { count, halvings } = draw(
    lots.slice(0, most + 1).map(({ lot }) => lot),
    most,
  );
  const drawn = lots.slice(0, count).map(({ pair, lot }) => ({
    id: pair.id,
    at: pair.production.at,
    production: pair.production,
    shadow: pair.shadow,
    swapped: swappedBy(lot),
  }));
  return { pairs: drawn, of: pairs.length, halvings };
}

function keyOf(pair: Pair, method: Pairing['method']): string {
  return method === 'input' ? (pair.production.input?.data ?? '') : pair.id;
}
