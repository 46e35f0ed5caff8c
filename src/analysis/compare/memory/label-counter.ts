import { compareLabels, labelTable, MOST_CLASSES, SHOWN } from '../../answers/labels.ts';
import type { LabelCell } from '../../answers/labels.ts';
import type { ClassSums, LabelSums } from '../../predictions.ts';

/** Where the rows lie that only one side gives a class. */
interface Places {
  inputs: Set<number>;
  minutes: Set<number>;
}

/** By class. */
interface Differing {
  onlyProduction: Map<string, Places>;
  onlyShadow: Map<string, Places>;
}

/** Counts pairs of labels. */
export class LabelCounter {
  readonly #cells = new Map<string, LabelCell>();
  readonly #differing: Differing = { onlyProduction: new Map(), onlyShadow: new Map() };
  #rows = 0;
  #agree = 0;

  /** @param minute in which the request came, and @param input which of all inputs it was */
  add(production: string, shadow: string, minute: number, input: number): void {
    this.#rows += 1;
    if (production === shadow) this.#agree += 1;
    else {
      placed(this.#differing.onlyProduction, production, minute, input);
      placed(this.#differing.onlyShadow, shadow, minute, input);
    }
    const key = JSON.stringify([production, shadow]);
    const cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, { production: production, shadow: shadow, count: 1 });
    else cell.count += 1;
  }

  /** @param classes false where labels are no classes, but whole answers */
  sums(classes: boolean): LabelSums | undefined {
    return labelSums([...this.#cells.values()], this.#rows, this.#agree, classes ? this.#differing : undefined);
  }
}

/** Agreement, kappa and confusion matrix from all pairs of labels; and, where they are classes, each by itself. */
export function labelSums(
  cells: readonly LabelCell[],
  rows: number,
  agree: number,
  differing?: Differing,
): LabelSums | undefined {
  const production = new Map<string, number>();
  const shadow = new Map<string, number>();
  const both = new Map<string, number>();
  for (const cell of cells) {
    production.set(cell.production, (production.get(cell.production) ?? 0) + cell.count);
    shadow.set(cell.shadow, (shadow.get(cell.shadow) ?? 0) + cell.count);
    if (cell.production === cell.shadow) both.set(cell.shadow, cell.count);
  }
  const names = [...new Set([...production.keys(), ...shadow.keys()])];
  const weight = (name: string) => (production.get(name) ?? 0) + (shadow.get(name) ?? 0);
  names.sort((a, b) => weight(b) - weight(a) || compareLabels(a, b));
  return labelTable({
    rows,
    agree,
    classes: names.length,
    commonest: names.slice(0, SHOWN),
    chance: names.reduce(
      (sum, name) => sum + ((production.get(name) ?? 0) / rows) * ((shadow.get(name) ?? 0) / rows),
      0,
    ),
    cells,
    byClass:
      differing &&
      names.slice(0, MOST_CLASSES).map((label) => ({
        label,
        production: production.get(label) ?? 0,
        shadow: shadow.get(label) ?? 0,
        both: both.get(label) ?? 0,
        onlyProduction: counted(differing.onlyProduction.get(label)),
        onlyShadow: counted(differing.onlyShadow.get(label)),
      })),
  });
}

function placed(all: Map<string, Places>, label: string, minute: number, input: number): void {
  let places = all.get(label);
  if (places === undefined) {
    places = { inputs: new Set(), minutes: new Set() };
    all.set(label, places);
  }
  places.inputs.add(input);
  places.minutes.add(minute);
}

function counted(places: Places | undefined): ClassSums['onlyShadow'] {
  return { inputs: places?.inputs.size ?? 0, minutes: places?.minutes.size ?? 0 };
}
