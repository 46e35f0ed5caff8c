import type { TruthStratum } from '../predictions.ts';
import { compareLabels } from './labels.ts';

/** Classes of production's whose rows are counted apart; those of all others stand together. */
export const CLASSES = 12;

/** Stands for all classes that are not among the commonest. No label is empty. */
export const OTHERS = '…';

/**
 * Strata of at most twelve classes and the rest, sorted: the classes in which the models differ most often are kept.
 *
 * @param all one stratum of each class and of whether the models differ
 */
export function commonestStrata(all: readonly TruthStratum[]): TruthStratum[] {
  const rows = new Map<string, { differing: number; rows: number }>();
  for (const one of all) {
    const seen = rows.get(one.production) ?? { differing: 0, rows: 0 };
    rows.set(one.production, {
      differing: seen.differing + (one.differ ? one.rows : 0),
      rows: seen.rows + one.rows,
    });
  }
  const kept = [...rows]
    .sort(([a, x], [b, y]) => y.differing - x.differing || y.rows - x.rows || compareLabels(a, b))
    .slice(0, CLASSES)
    .map(([name]) => name);
  const merged = new Map<string, TruthStratum>();
  for (const one of all) {
    const production = kept.includes(one.production) ? one.production : OTHERS;
    const key = `${one.differ} ${production}`;
    const sum = merged.get(key);
    merged.set(key, sum === undefined ? { ...one, production } : added(sum, one));
  }
  return sortedStrata([...merged.values()]);
}

/** By class, the others last; of each class first the rows on which the models agree. */
export function sortedStrata(strata: readonly TruthStratum[]): TruthStratum[] {
  return strata.toSorted(
    (a, b) =>
      Number(a.production === OTHERS) - Number(b.production === OTHERS) ||
      (a.production === b.production ? Number(a.differ) - Number(b.differ) : compareLabels(a.production, b.production)),
  );
}

function added(a: TruthStratum, b: TruthStratum): TruthStratum {
  return {
    production: a.production,
    differ: a.differ,
    rows: a.rows + b.rows,
    labelled: a.labelled + b.labelled,
    onlyProduction: a.onlyProduction + b.onlyProduction,
    onlyShadow: a.onlyShadow + b.onlyShadow,
  };
}
