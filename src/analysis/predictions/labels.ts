import type { LabelSums } from '../observations.ts';

const SHOWN = 12;
/** A million different labels are no classes; counting their pairs stops here. */
const MOST_CELLS = 100_000;

/** Counts pairs of labels. */
export class LabelCounter {
  readonly #cells = new Map<string, { ours: string; theirs: string; count: number }>();
  #rows = 0;
  #agree = 0;

  add(ours: string, theirs: string): void {
    this.#rows += 1;
    if (ours === theirs) this.#agree += 1;
    const key = JSON.stringify([ours, theirs]);
    const cell = this.#cells.get(key);
    if (cell !== undefined) cell.count += 1;
    else if (this.#cells.size < MOST_CELLS) this.#cells.set(key, { ours, theirs, count: 1 });
  }

  sums(): LabelSums | undefined {
    return labelSums([...this.#cells.values()], this.#rows, this.#agree);
  }
}

/** Agreement, kappa and confusion matrix from counted pairs of labels. */
export function labelSums(
  cells: readonly { ours: string; theirs: string; count: number }[],
  rows: number,
  agree: number,
): LabelSums | undefined {
  if (rows === 0) return undefined;
  const ours = new Map<string, number>();
  const theirs = new Map<string, number>();
  for (const cell of cells) {
    ours.set(cell.ours, (ours.get(cell.ours) ?? 0) + cell.count);
    theirs.set(cell.theirs, (theirs.get(cell.theirs) ?? 0) + cell.count);
  }
  const names = [...new Set([...ours.keys(), ...theirs.keys()])];
  const weight = (name: string) => (ours.get(name) ?? 0) + (theirs.get(name) ?? 0);
  const commonest = names.sort((a, b) => weight(b) - weight(a) || compare(a, b)).slice(0, SHOWN);
  const shown = commonest.sort(compare);
  const rest = names.length > shown.length;
  const index = new Map(shown.map((name, i) => [name, i]));
  const size = shown.length + (rest ? 1 : 0);
  const counts = Array.from({ length: size }, () => Array.from({ length: size }, () => 0));
  for (const cell of cells) {
    const row = counts[index.get(cell.ours) ?? shown.length] as number[];
    const column = index.get(cell.theirs) ?? shown.length;
    row[column] = (row[column] ?? 0) + cell.count;
  }
  const chance = names.reduce(
    (sum, name) => sum + ((ours.get(name) ?? 0) / rows) * ((theirs.get(name) ?? 0) / rows),
    0,
  );
  return {
    rows,
    agree,
    confusion: { labels: rest ? [...shown, '…'] : shown, counts },
    classes: names.length,
    kappa: chance < 1 ? (agree / rows - chance) / (1 - chance) : undefined,
  };
}

/** Numbers by size, everything else by text. */
function compare(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  return Number.isNaN(difference) ? (a < b ? -1 : 1) : difference;
}
