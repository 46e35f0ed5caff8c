import type { TruthCell, TruthOutcome, TruthStratum } from '../predictions.ts';
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

/**
 * Cells of at most twelve labels and the rest, and of the classes that the strata keep, sorted.
 *
 * @param all one cell of each class, label and of whether the models differ
 * @param strata as `commonestStrata` gives them
 */
export function commonestCells(all: readonly TruthCell[], strata: readonly TruthStratum[]): TruthCell[] {
  const classes = new Set(strata.map(({ production }) => production));
  const rows = new Map<string, number>();
  for (const cell of all) rows.set(cell.truth, (rows.get(cell.truth) ?? 0) + cell.rows);
  const kept = [...rows]
    .sort(([a, x], [b, y]) => y - x || compareLabels(a, b))
    .slice(0, CLASSES)
    .map(([name]) => name);
  const merged = new Map<string, TruthCell>();
  for (const one of all) {
    const production = classes.has(one.production) ? one.production : OTHERS;
    const truth = kept.includes(one.truth) ? one.truth : OTHERS;
    const key = `${one.differ} ${production}\n${truth}`;
    const { rows: n, right, shadowRight } = merged.get(key) ?? { rows: 0, right: 0, shadowRight: 0 };
    const sums = { rows: n + one.rows, right: right + one.right, shadowRight: shadowRight + one.shadowRight };
    merged.set(key, { production, differ: one.differ, truth, ...sums });
  }
  return sortedCells([...merged.values()]);
}

/** As strata are sorted, and then by label. */
export function sortedCells(cells: readonly TruthCell[]): TruthCell[] {
  const last = (name: string) => Number(name === OTHERS);
  return cells.toSorted(
    (a, b) =>
      last(a.production) - last(b.production) ||
      (a.production === b.production ? 0 : compareLabels(a.production, b.production)) ||
      Number(a.differ) - Number(b.differ) ||
      last(a.truth) - last(b.truth) ||
      compareLabels(a.truth, b.truth),
  );
}

/** Outcomes that are counted one by one. */
export const MOST_OUTCOMES = 1000;

/** The commonest outcomes one by one, sorted, and all others as one. */
export function commonestOutcomes(all: readonly TruthOutcome[]): TruthOutcome[] {
  const merged = new Map<string, TruthOutcome>();
  for (const one of all) {
    const key = `${one.production}\n${one.shadow}\n${one.truth}`;
    merged.set(key, { ...one, rows: one.rows + (merged.get(key)?.rows ?? 0) });
  }
  const others = { production: OTHERS, shadow: OTHERS, truth: OTHERS };
  const isOther = (one: TruthOutcome) => Number(one.truth === OTHERS && one.production === OTHERS);
  const sorted = [...merged.values()].toSorted((a, b) => isOther(a) - isOther(b) || b.rows - a.rows || byNames(a, b));
  const rest = [...sorted.slice(MOST_OUTCOMES), ...sorted.slice(0, MOST_OUTCOMES).filter(isOther)];
  const kept = sorted.slice(0, MOST_OUTCOMES).filter((one) => isOther(one) === 0);
  const rows = rest.reduce((sum, one) => sum + one.rows, 0);
  return rows === 0 ? kept : [...kept, { ...others, rows }];
}

/** By code points, as both engines can. */
function byNames(a: TruthOutcome, b: TruthOutcome): number {
  const [x, y] = [a, b].map((one) => `${one.production}\n${one.shadow}\n${one.truth}`) as [string, string];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** One name for a class that is written in several ways: `2.0` is 2, and `True` is true, as JSON and Python write it. */
export function className(label: string): string {
  if (/^(true|false)$/i.test(label)) return label.toLowerCase();
  const number = Number(label);
  return label.trim() !== '' && Number.isFinite(number) ? String(number) : label;
}
