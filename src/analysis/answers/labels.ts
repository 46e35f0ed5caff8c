import type { LabelSums } from '../observations.ts';

/** A confusion matrix of more classes cannot be read. */
export const SHOWN = 12;

/** Pairs of labels that were counted. */
export interface LabelCell {
  ours: string;
  theirs: string;
  count: number;
}

/** Counts pairs of labels. */
export class LabelCounter {
  readonly #cells = new Map<string, LabelCell>();
  #rows = 0;
  #agree = 0;

  add(ours: string, theirs: string): void {
    this.#rows += 1;
    if (ours === theirs) this.#agree += 1;
    const key = JSON.stringify([ours, theirs]);
    const cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, { ours, theirs, count: 1 });
    else cell.count += 1;
  }

  sums(): LabelSums | undefined {
    return labelSums([...this.#cells.values()], this.#rows, this.#agree);
  }
}

/** Agreement, kappa and confusion matrix from all pairs of labels. */
export function labelSums(cells: readonly LabelCell[], rows: number, agree: number): LabelSums | undefined {
  const ours = new Map<string, number>();
  const theirs = new Map<string, number>();
  for (const cell of cells) {
    ours.set(cell.ours, (ours.get(cell.ours) ?? 0) + cell.count);
    theirs.set(cell.theirs, (theirs.get(cell.theirs) ?? 0) + cell.count);
  }
  const names = [...new Set([...ours.keys(), ...theirs.keys()])];
  const weight = (name: string) => (ours.get(name) ?? 0) + (theirs.get(name) ?? 0);
  return labelTable({
    rows,
    agree,
    classes: names.length,
    commonest: names.sort((a, b) => weight(b) - weight(a) || compare(a, b)).slice(0, SHOWN),
    chance: names.reduce((sum, name) => sum + ((ours.get(name) ?? 0) / rows) * ((theirs.get(name) ?? 0) / rows), 0),
    cells,
  });
}

/** The same from what was counted elsewhere. */
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
}): LabelSums | undefined {
  const { rows, agree, classes, chance } = counted;
  if (rows === 0) return undefined;
  const shown = [...counted.commonest].sort(compare);
  const rest = classes > shown.length;
  const index = new Map(shown.map((name, i) => [name, i]));
  const size = shown.length + (rest ? 1 : 0);
  const counts = Array.from({ length: size }, () => Array.from({ length: size }, () => 0));
  for (const cell of counted.cells) {
    const row = counts[index.get(cell.ours) ?? shown.length] as number[];
    const column = index.get(cell.theirs) ?? shown.length;
    row[column] = (row[column] ?? 0) + cell.count;
  }
  return {
    rows,
    agree,
    confusion: { labels: rest ? [...shown, '…'] : shown, counts },
    classes,
    // Cohen 1960.
    kappa: chance < 1 ? (agree / rows - chance) / (1 - chance) : undefined,
  };
}

/** Numbers by size, everything else by text. */
function compare(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  return Number.isNaN(difference) ? (a < b ? -1 : 1) : difference;
}
