import { compareLabels, labelTable, SHOWN } from '../../src/analysis/answers/labels.ts';
import type { LabelCell } from '../../src/analysis/answers/labels.ts';
import type { LabelSums } from '../../src/analysis/predictions.ts';

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
    if (cell === undefined) this.#cells.set(key, { production: ours, shadow: theirs, count: 1 });
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
    ours.set(cell.production, (ours.get(cell.production) ?? 0) + cell.count);
    theirs.set(cell.shadow, (theirs.get(cell.shadow) ?? 0) + cell.count);
  }
  const names = [...new Set([...ours.keys(), ...theirs.keys()])];
  const weight = (name: string) => (ours.get(name) ?? 0) + (theirs.get(name) ?? 0);
  return labelTable({
    rows,
    agree,
    classes: names.length,
    commonest: names.sort((a, b) => weight(b) - weight(a) || compareLabels(a, b)).slice(0, SHOWN),
    chance: names.reduce((sum, name) => sum + ((ours.get(name) ?? 0) / rows) * ((theirs.get(name) ?? 0) / rows), 0),
    cells,
  });
}
