import { MOST_CLASSES } from '../answers/labels.ts';
import type { ClassSums, MissingMinute } from '../predictions.ts';

/**
 * Rows of each class in two windows.
 *
 * @param shared inputs that may have come in both, of all classes: each may be of the class
 */
export function mergeClasses(a: readonly ClassSums[], b: readonly ClassSums[], shared: number): ClassSums[] {
  const merged = new Map(a.map((one) => [one.label, one]));
  for (const other of b) {
    const one = merged.get(other.label);
    merged.set(other.label, one === undefined ? other : mergeClass(one, other, shared));
  }
  const weight = ({ production, shadow }: ClassSums) => production + shadow;
  return [...merged.values()].toSorted((x, y) => weight(y) - weight(x)).slice(0, MOST_CLASSES);
}

function mergeClass(a: ClassSums, b: ClassSums, shared: number): ClassSums {
  const places = (side: 'onlyProduction' | 'onlyShadow') => ({
    inputs: Math.max(a[side].inputs, b[side].inputs, a[side].inputs + b[side].inputs - shared),
    minutes: a[side].minutes + b[side].minutes,
  });
  return {
    label: a.label,
    production: a.production + b.production,
    shadow: a.shadow + b.shadow,
    both: a.both + b.both,
    onlyProduction: places('onlyProduction'),
    onlyShadow: places('onlyShadow'),
  };
}

/** What was missing in the minutes of two windows; a minute of both is one. */
export function mergeMissing(a: readonly MissingMinute[], b: readonly MissingMinute[]): MissingMinute[] {
  const merged = new Map(a.map((minute) => [minute.at, minute]));
  for (const other of b) {
    const one = merged.get(other.at);
    merged.set(other.at, one === undefined ? other : added(one, other));
  }
  return [...merged.values()].toSorted((x, y) => x.at - y.at);
}

function added(a: MissingMinute, b: MissingMinute): MissingMinute {
  return {
    at: a.at,
    answered: a.answered + b.answered,
    empty: a.empty + b.empty,
    unreadable: a.unreadable + b.unreadable,
    absent: a.absent + b.absent,
    rows: a.rows + b.rows,
    absentRows: a.absentRows + b.absentRows,
    onlyShadow: a.onlyShadow + b.onlyShadow,
    neither: a.neither + b.neither,
  };
}
