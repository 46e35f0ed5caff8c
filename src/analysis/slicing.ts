import type { ColumnCell, ColumnSums, Predictions, SliceSums, SliceTruth } from './predictions.ts';

/** At most so many columns of the inputs are cut. */
export const MAX_COLUMNS = 50;
/** So many words of a column are slices on their own; numbers with more different values than this are cut at their quartiles. */
export const MAX_CATEGORIES = 8;
/** A slice of fewer inputs says nothing. */
const MIN_INPUTS = 30;
/** Longer values are cut off. */
export const MAX_VALUE_CHARACTERS = 40;
/** Numbers are kept in so many parts of as many rows each, which other windows' can be put beside. */
const CELLS = 16;
/** An end of more rows than one of so many is no smaller than a quarter, by much. */
const FEW = 8;
/** So many words of a column are kept, each on its own, if they have so many inputs; all others together. */
export const MAX_WORDS = 64;
export const MIN_WORD_INPUTS = 10;
/** More cells of numbers than this, as many windows have, are put together in twos. */
const MAX_RANGES = 128;
/** A column is one of numbers if this share of its rows is. */
export const NUMERIC = 0.9;

/** The slice of all values that are none of the commonest, as tables show it. */
const ALL_OTHERS = 'all others';

/** Quantiles at which numbers are cut into cells; every fourth is a quartile. */
export const CELL_QUANTILES = Array.from({ length: CELLS - 1 }, (_, i) => (i + 1) / CELLS);

/** Names of the parts between these edges, and of what is no number. */
function quarterNames(edges: readonly number[]): string[] {
  const short = (value: number | undefined) => String(Number((value ?? Number.NaN).toPrecision(4)));
  return [
    `≤ ${short(edges[0])}`,
    ...edges.slice(1).map((edge, i) => `${short(edges[i])} … ${short(edge)}`),
    `> ${short(edges.at(-1))}`,
    'no number',
  ];
}

/**
 * The slices that these columns make: numbers in quarters, up to `most` words each on its own and all others together, of 30 different
 * inputs at least. Every row of a column is in one of them, if they are many enough. Undefined where no column can be cut.
 */
export function slicesOf(
  columns: readonly ColumnSums[] | undefined,
  most: number = MAX_CATEGORIES,
): SliceSums[] | undefined {
  const found = (columns ?? []).flatMap((column) => {
    const parts = isNumeric(column) ? quarters(column) : words(column, most);
    // One part is no slice of anything.
    if (parts.length < 2) return [];
    const large = parts.filter(({ inputs }) => inputs >= MIN_INPUTS);
    return large.every(({ others }) => others) ? [] : large;
  });
  return found.length === 0 ? undefined : found;
}

/**
 * The same with every word that is kept on its own, for those who look for one that is worse: where a column has fifty words, the eight
 * commonest are few of its rows, and one of the others would be lost among them. To hold each of them to a share would take too many rows.
 */
export function finestParts({ columns, slices }: Predictions): readonly SliceSums[] | undefined {
  return slices === undefined || columns === undefined ? slices : slicesOf(columns, MAX_WORDS);
}

/** The finest slices of all columns: every word on its own, and both ends of numbers, which are in a quarter, too. */
export function finestSlices(predictions: Predictions): readonly SliceSums[] | undefined {
  const parts = finestParts(predictions);
  const numeric = parts === undefined ? [] : (predictions.columns ?? []).filter(isNumeric);
  return parts && [...parts, ...numeric.flatMap(ends).filter(({ inputs }) => inputs >= MIN_INPUTS)];
}

/** The columns of two windows: cells of one value are added, and numbers' cells stand side by side. */
export function addColumns(
  a: readonly ColumnSums[],
  b: readonly ColumnSums[],
  /** Different inputs of both together, as a share of those of both by themselves. */
  different: number,
): ColumnSums[] {
  const apart = (cell: ColumnCell): ColumnCell => ({ ...cell, inputs: cell.inputs * different });
  const scaled = [a, b].map((list) => list.map(({ column, cells }) => ({ column, cells: cells.map(apart) })));
  const [left = [], right = []] = scaled;
  const names = [...new Set([...left, ...right].map(({ column }) => column))].slice(0, MAX_COLUMNS);
  return names.map((column) => {
    const cells = [left, right].flatMap((list) => list.find((one) => one.column === column)?.cells ?? []);
    const added = new Map<string, ColumnCell>();
    for (const cell of cells) {
      const { of, value, least, most } = cell;
      const key = JSON.stringify([of, value, least, most]);
      const before = added.get(key);
      added.set(key, before === undefined ? cell : { ...before, ...sumOf([before, cell]) });
    }
    return { column, cells: fewer([...added.values()]) };
  });
}

/** No more words and ranges than are kept: words beyond are among the rest, and ranges that lie next to each other are put together. */
function fewer(cells: readonly ColumnCell[]): ColumnCell[] {
  const of = (kind: ColumnCell['of']) => cells.filter((cell) => cell.of === kind);
  const sorted = of('word').toSorted(byRows);
  const beyond = [...sorted.slice(MAX_WORDS), ...of('rest')];
  const ranges = of('range').toSorted((x, y) => middle(x) - middle(y));
  const joined: ColumnCell[] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    const pair = ranges.slice(i, i + 2);
    const [least, most] = [Math.min(...pair.map(low)), Math.max(...pair.map(high))];
    joined.push({ of: 'range', least, most, ...sumOf(pair) });
  }
  return [
    ...sorted.slice(0, MAX_WORDS),
    ...(ranges.length > MAX_RANGES ? joined : ranges),
    ...of('text'),
    ...(beyond.length === 0 ? [] : [{ of: 'rest' as const, ...sumOf(beyond) }]),
  ];
}

function byRows(x: ColumnCell, y: ColumnCell): number {
  return y.rows - x.rows || ((x.value ?? '') < (y.value ?? '') ? -1 : 1);
}

type Sums = Pick<SliceSums, 'rows' | 'hits' | 'inputs' | 'truth'>;

function sumOf(cells: readonly Sums[]): Sums {
  const total = (of: (cell: Sums) => number) => cells.reduce((sum, cell) => sum + of(cell), 0);
  const told = cells.flatMap(({ truth }) => (truth === undefined ? [] : [truth]));
  const truth = (of: (one: SliceTruth) => number) => told.reduce((sum, one) => sum + of(one), 0);
  return {
    rows: total(({ rows }) => rows),
    hits: total(({ hits }) => hits),
    inputs: total(({ inputs }) => inputs),
    ...(told.length === 0
      ? {}
      : {
          truth: {
            rows: truth(({ rows }) => rows),
            loss: truth(({ loss }) => loss),
            lossSquared: truth(({ lossSquared }) => lossSquared),
            production: truth(({ production = 0 }) => production),
            near: truth(({ near = 0 }) => near),
          },
        }),
  };
}

/** What a cell holds, if it is of numbers; a word may be one. */
function numberOf({ of, value = '', least }: ColumnCell): number | undefined {
  if (of === 'range') return least;
  if (of !== 'word' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function low(cell: ColumnCell): number {
  return cell.least ?? numberOf(cell) ?? 0;
}

function high(cell: ColumnCell): number {
  return cell.most ?? numberOf(cell) ?? 0;
}

function middle(cell: ColumnCell): number {
  return (low(cell) + high(cell)) / 2;
}

/** Numbers of many values, in nearly all rows; what one window has as words, another may have as such. */
function isNumeric({ cells }: ColumnSums): boolean {
  if (cells.some(({ of }) => of === 'range')) return true;
  const rows = (list: readonly ColumnCell[]) => list.reduce((sum, cell) => sum + cell.rows, 0);
  const numbers = cells.filter((cell) => numberOf(cell) !== undefined);
  return cells.length > MAX_CATEGORIES && rows(numbers) >= NUMERIC * rows(cells);
}

/**
 * Cells of numbers, each whole in the quarter in which its middle row lies: of one window they end at its quartiles, of several a row may
 * stand in the quarter next to its own. Which of them it is goes by the inputs alone, so that bounds of a quarter hold.
 */
function quarters({ column, cells }: ColumnSums): SliceSums[] {
  const numbers = cells.filter((cell) => numberOf(cell) !== undefined).toSorted((x, y) => middle(x) - middle(y));
  const all = numbers.reduce((sum, { rows }) => sum + rows, 0);
  const groups: ColumnCell[][] = [];
  for (const cell of numbers) {
    const last = groups.at(-1);
    // Cells of one value stay together.
    if (last?.[0] !== undefined && middle(last[0]) === middle(cell)) last.push(cell);
    else groups.push([cell]);
  }
  const found: ColumnCell[][] = [[], [], [], []];
  let before = 0;
  for (const group of groups) {
    const rows = group.reduce((sum, cell) => sum + cell.rows, 0);
    const quarter = Math.min(3, Math.floor((4 * (before + rows / 2)) / all));
    found[quarter]?.push(...group);
    before += rows;
  }
  const filled = found.filter((quarter) => quarter.length > 0);
  const edges = filled.slice(0, -1).map((quarter) => Math.max(...quarter.map(high)));
  const names = quarterNames(edges);
  const others = cells.filter((cell) => numberOf(cell) === undefined);
  return [
    ...(filled.length < 2
      ? filled.map((quarter) => ({ column, part: 'numbers', ...slice(quarter) }))
      : filled.map((quarter, i) => ({ column, part: names[i] ?? '', ...slice(quarter) }))),
    ...(others.length === 0 ? [] : [{ column, part: 'no number', ...slice(others) }]),
  ];
}

/** The least and the greatest sixteenth of numbers, each by itself: of a quarter, what is wrong with the longest or dearest few is little. */
function ends({ column, cells }: ColumnSums): SliceSums[] {
  const numbers = cells.filter((cell) => numberOf(cell) !== undefined).toSorted((x, y) => middle(x) - middle(y));
  const all = sumOf(numbers).rows;
  const upTo = (sorted: readonly ColumnCell[]) => {
    const found: ColumnCell[] = [];
    for (const cell of sorted) {
      found.push(cell);
      if (sumOf(found).rows >= all / CELLS) break;
    }
    return found;
  };
  const [least, greatest] = [upTo(numbers), upTo(numbers.toReversed())];
  const few = (list: readonly ColumnCell[]) => sumOf(list).rows <= all / FEW;
  const short = (value: number) => String(Number(value.toPrecision(4)));
  return [
    ...(few(least) ? [{ column, part: `≤ ${short(Math.max(...least.map(high)))}`, ...slice(least) }] : []),
    ...(few(greatest) ? [{ column, part: `> ${short(Math.min(...greatest.map(low)))}`, ...slice(greatest) }] : []),
  ];
}

/** The commonest words, if they have enough inputs, and all others together. */
function words({ column, cells }: ColumnSums, most: number): SliceSums[] {
  const sorted = cells.filter(({ of }) => of === 'word').toSorted(byRows);
  const own = sorted.slice(0, most).filter(({ inputs }) => inputs >= MIN_INPUTS);
  const others = cells.filter((cell) => !own.includes(cell));
  return [
    ...own.map((cell) => ({ column, part: cell.value ?? '', ...slice([cell]) })),
    ...(others.length === 0 ? [] : [{ column, part: ALL_OTHERS, others: true as const, ...slice(others) }]),
  ];
}

function slice(cells: readonly ColumnCell[]): Sums {
  const sums = sumOf(cells);
  return { ...sums, inputs: Math.max(1, Math.floor(sums.inputs + 1e-9)) };
}
