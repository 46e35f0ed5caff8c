import type { ClassSums, LabelSums } from '../predictions.ts';

/** A confusion matrix of more classes cannot be read. */
export const SHOWN = 12;

/** Classes that are counted one by one. */
export const MOST_CLASSES = 2000;

/** Pairs of labels that were counted. */
export interface LabelCell {
  production: string;
  shadow: string;
  count: number;
}

/** Agreement, kappa and confusion matrix from counted pairs of labels. */
export function labelTable(counted: {
  rows: number;
  agree: number;
  /** Different labels of both sides. */
  classes: number;
  /** At most twelve of them. */
  commonest: readonly string[];
  /** Share that would agree if the two had nothing to do with each other. */
  chance: number;
  /** Labels that are not among the commonest may stand together under any other name. */
  cells: readonly LabelCell[];
  /** Undefined where labels are no classes. */
  byClass: readonly ClassSums[] | undefined;
}): LabelSums | undefined {
  const { rows, agree, classes, chance, byClass } = counted;
  if (rows === 0) return undefined;
  const shown = [...counted.commonest].sort(compareLabels);
  const rest = classes > shown.length;
  const index = new Map(shown.map((name, i) => [name, i]));
  const size = shown.length + (rest ? 1 : 0);
  const counts = Array.from({ length: size }, () => Array.from({ length: size }, () => 0));
  for (const cell of counted.cells) {
    const row = counts[index.get(cell.production) ?? shown.length] as number[];
    const column = index.get(cell.shadow) ?? shown.length;
    row[column] = (row[column] ?? 0) + cell.count;
  }
  return {
    rows,
    agree,
    confusion: { labels: rest ? [...shown, '…'] : shown, counts },
    classes,
    // Cohen 1960.
    kappa: chance < 1 ? (agree / rows - chance) / (1 - chance) : undefined,
    byClass: byClass?.toSorted((a, b) => weight(b) - weight(a) || (a.label < b.label ? -1 : 1)),
  };
}

function weight({ production, shadow }: ClassSums): number {
  return production + shadow;
}

/** Numbers by size, everything else by text. */
export function compareLabels(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  return Number.isNaN(difference) || difference === 0 ? (a < b ? -1 : 1) : difference;
}
