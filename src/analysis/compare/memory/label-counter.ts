import { compareLabels, labelTable, SHOWN } from '../../answers/labels.ts';
import type { LabelCell } from '../../answers/labels.ts';
import type { LabelSums } from '../../predictions.ts';

/** Counts pairs of labels. */
export class LabelCounter {
  readonly #cells = new Map<string, LabelCell>();
  #rows = 0;
  #agree = 0;

  add(production: string, shadow: string): void {
    this.#rows += 1;
    if (production === shadow) this.#agree += 1;
    const key = JSON.stringify([production, shadow]);
    const cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, { production: production, shadow: shadow, count: 1 });
    else cell.count += 1;
  }

  sums(): LabelSums | undefined {
    return labelSums([...this.#cells.values()], this.#rows, this.#agree);
  }
}

/** Agreement, kappa and confusion matrix from all pairs of labels. */
export function labelSums(cells: readonly LabelCell[], rows: number, agree: number): LabelSums | undefined {
  const production = new Map<string, number>();
  const shadow = new Map<string, number>();
  for (const cell of cells) {
    production.set(cell.production, (production.get(cell.production) ?? 0) + cell.count);
    shadow.set(cell.shadow, (shadow.get(cell.shadow) ?? 0) + cell.count);
  }
  const names = [...new Set([...production.keys(), ...shadow.keys()])];
  const weight = (name: string) => (production.get(name) ?? 0) + (shadow.get(name) ?? 0);
  return labelTable({
    rows,
    agree,
    classes: names.length,
    commonest: names.sort((a, b) => weight(b) - weight(a) || compareLabels(a, b)).slice(0, SHOWN),
    chance: names.reduce(
      (sum, name) => sum + ((production.get(name) ?? 0) / rows) * ((shadow.get(name) ?? 0) / rows),
      0,
    ),
    cells,
  });
}
