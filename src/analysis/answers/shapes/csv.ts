import { isUsable } from '../answer.ts';
import { sumsToOne } from '../kinds/lists.ts';
import { kindsOf } from '../kinds/table.ts';
import type { Columns, Reading } from '../reading.ts';
import type { Seen } from '../seen.ts';
import type { Shape } from './shape.ts';

/** Of more different whole numbers than this it is not sure that they are classes: they may be counts. */
const MAX_CLASSES = 100;
/** So few are classes, however few rows there are. */
const FEW_CLASSES = 20;

type Row = readonly unknown[];

/** What a column holds, over all rows of a sample. */
type Content = 'word' | 'whole' | 'unit' | 'number' | 'list' | 'mixed';

function contentOf(cells: readonly unknown[]): Content {
  if (cells.every(Array.isArray)) return 'list';
  if (cells.every((cell) => typeof cell === 'number' && isUsable(cell))) {
    const numbers = cells as number[];
    if (numbers.every(Number.isInteger)) return 'whole';
    return numbers.every((one) => one >= 0 && one <= 1) ? 'unit' : 'number';
  }
  return cells.every((cell) => typeof cell === 'string' || (typeof cell === 'number' && isUsable(cell)))
    ? 'word'
    : 'mixed';
}

/** One line with as many cells as the request has rows: XGBoost up to 1.3-1 puts all rows on one line. */
function isOneLine({ values, askedRows }: Seen): boolean {
  const [line, ...more] = values as Row[];
  return more.length === 0 && line !== undefined && line.length > 1 && line.length === askedRows;
}

/** So many rows are not numbered by chance. */
const NUMBERED = 10;

/** Columns that number the rows of each answer, from 0 or 1. */
function ordinalsOf(records: readonly (readonly Row[])[], count: number): Set<number> {
  const longer = records.filter((rows) => rows.length > 1);
  const numbers = (column: number, from: number) =>
    longer.flat().length >= NUMBERED && longer.every((rows) => rows.every((row, i) => row[column] === from + i));
  return new Set(Array.from({ length: count }, (_, i) => i).filter((i) => numbers(i, 0) || numbers(i, 1)));
}

/** What stands in which column, as far as documented answers go: a class (the first column of whole numbers or words), its score, lists. */
function columnsOf(
  rows: readonly Row[],
  ordinals: ReadonlySet<number>,
): { columns: Columns; sure: boolean } | undefined {
  const count = rows[0]?.length ?? 0;
  const contents = Array.from({ length: count }, (_, i) => contentOf(rows.map((row) => row[i])));
  if (contents.includes('mixed')) return undefined;
  const columns: Columns = { count };
  for (const [i, content] of contents.entries()) {
    if (content !== 'list') continue;
    const lists = rows.map((row) => row[i] as unknown[]);
    const isScores = lists.every((list) => list.length > 0 && list.every((one) => typeof one === 'number'));
    const isNames = !isScores || lists.every((list) => list.every(Number.isInteger));
    if (isNames) columns.names ??= i;
    else columns.scores ??= i;
  }
  const word = contents.indexOf('word');
  const label = word >= 0 ? word : contents.findIndex((one, i) => one === 'whole' && !ordinals.has(i));
  if (label >= 0) columns.label = label;
  const score = contents.findIndex((one, i) => i !== label && (one === 'unit' || one === 'number'));
  const whole = contents.findIndex((one, i) => i !== label && one === 'whole');
  if (score >= 0 || whole >= 0) columns.score = score >= 0 ? score : whole;
  const lists = columns.scores !== undefined || columns.names !== undefined;
  if (columns.label === undefined && columns.scores === undefined) return undefined;
  // Two columns of words are no class and its score.
  if (!lists && columns.score === undefined) return undefined;
  // What is neither the class nor its score may be an answer, too.
  const unread = contents.filter((one, i) => i !== label && i !== columns.score && one !== 'unit' && one !== 'list');
  const classes = new Set(rows.map((row) => row[label])).size;
  const isClass =
    label < 0 || word >= 0 || (contents[columns.score ?? -1] === 'unit' && areClasses(classes, rows.length));
  return { columns, sure: unread.length === 0 && (isClass || lists) };
}

/** Whole numbers of which there is only one, or about one a row, need not be classes: they may be ids, or counts. */
const areClasses = (classes: number, rows: number) =>
  classes > 1 && classes <= MAX_CLASSES && (classes <= FEW_CLASSES || classes <= rows / 2);

function labelled(row: Row, { label, score, scores, names }: Columns): unknown {
  const known = label === undefined ? {} : { label: row[label] };
  const list = scores === undefined ? undefined : (row[scores] as unknown[]);
  if (!Array.isArray(list)) return score === undefined ? known : { ...known, score: row[score] };
  const named = names === undefined ? undefined : row[names];
  if (label === undefined && Array.isArray(named) && named.length === list.length)
    return list.map((one, i) => ({ label: String(named[i]), score: one }));
  return { ...known, scores: list };
}

/** The cells of each line: one value, or a list. */
function cellsOf(seen: Seen, kind?: string): unknown[] | undefined {
  if (seen.form !== 'csv') return undefined;
  const lines = seen.values as Row[];
  const oneLine = isOneLine(seen) && kind !== 'one-row';
  const rows = oneLine ? (lines[0] as Row) : lines.map((line) => (line.length === 1 ? line[0] : line));
  const isBroken = (cell: unknown): boolean =>
    Array.isArray(cell)
      ? cell.some(isBroken)
      : typeof cell === 'number'
        ? !isUsable(cell)
        : cell === '' || /^[+-]?(nan|inf(inity)?)$/i.test(String(cell));
  return rows.some(isBroken) ? undefined : [...rows];
}

/** CSV whose columns are a class and what belongs to it. */
export const labelledCsv: Shape = {
  name: 'labelled-csv',
  of: 'CSV of a class with its probability and more: Autopilot, XGBoost with SAGEMAKER_INFERENCE_OUTPUT, k-means',
  source: 'https://github.com/aws/sagemaker-xgboost-container/pull/111',
  rows(seen, reading) {
    const columns = reading?.columns;
    if (seen.form !== 'csv' || columns === undefined) return undefined;
    const lines = seen.values as Row[];
    if (lines.some((line) => line.length !== columns.count)) return undefined;
    // A list that breaks off is a word.
    const lists = [columns.scores, columns.names].filter((one) => one !== undefined);
    if (lines.some((line) => lists.some((column) => !Array.isArray(line[column])))) return undefined;
    return lines.map((line) => labelled(line, columns));
  },
  readings(sample) {
    const records = sample.flatMap((seen) => (seen.form === 'csv' && !isOneLine(seen) ? [seen.values as Row[]] : []));
    const rows = records.flat();
    const count = rows[0]?.length ?? 0;
    if (count < 2 || rows.some((row) => row.length !== count)) return [];
    const numeric = rows.every((row) => row.every((cell) => typeof cell === 'number'));
    const unit = numeric && rows.every((row) => sumsToOne(row as number[]));
    const found = columnsOf(rows, ordinalsOf(records, count));
    if (found === undefined) return [];
    const { columns, sure } = found;
    // Probabilities of all classes are what they look like, but for rows of nothing but 0 and 1.
    const oneHot = unit && rows.every((row) => row.every((cell) => cell === 0 || cell === 1));
    if (unit && !oneHot) return [];
    const kind = columns.scores !== undefined ? 'scores' : 'scored-label';
    const own: Reading = { shape: 'labelled-csv', kind, columns };
    if (sure && !oneHot) return [own];
    const plain = plainReadings(sample);
    return [own, ...(plain.length > 0 ? plain : [{ shape: 'csv', kind: 'json' }])];
  },
};

/** What the cells are, if no class is among them. */
function plainReadings(sample: readonly Seen[]): Reading[] {
  const values = sample.flatMap((seen) => cellsOf(seen) ?? []);
  // A line of several words is no answer that anybody has documented; the error page of a proxy is one.
  const plain = values.every((value) => !Array.isArray(value) || value.every((cell) => typeof cell === 'number'));
  return values.length === 0 || !plain ? [] : kindsOf(values).map(({ name }) => ({ shape: 'csv', kind: name }));
}

/** CSV of one number or word a row, or of a score for each class. */
export const plainCsv: Shape = {
  name: 'csv',
  of: 'CSV: XGBoost, linear-learner, scikit-learn',
  source: 'https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost.html',
  rows: (seen) => cellsOf(seen),
  readings: plainReadings,
};
