import { usageError } from '../../base/errors.ts';
import { labelRows } from './label-rows.ts';
import type { LabelText } from './label-text.ts';
import { follow } from './path.ts';
import { payloadText } from './captures.ts';
import type { Payload } from './captures.ts';

/** What was really the case, to look up for a row of a request. */
export interface Truth {
  /** Number of labels that can be used. */
  size: number;
  /** What was wrong with the labels, a sentence each. */
  notes: readonly string[];
  /** How labels find their rows: by the request's InferenceId, or by the features of the row. */
  by: 'id' | 'input';
  /** Every label with its key: an id, or features as CSV without spaces. */
  entries(): Iterable<readonly [key: string, label: string]>;
  /** `inputRow` is the row's features as CSV without spaces. Undefined where nobody knows. */
  of(id: string, row: number, inputRow: string | undefined): string | undefined;
}

const ID_NAMES = /^(inference[_ ]?id|id|event[_ ]?id)$/i;
const LABEL_NAMES = /^(label|target|truth|ground[_ ]?truth|class|y)$/i;

/** No label yet: of every answer the truth is still unknown. */
export function noTruth(note: string): Truth {
  return { size: 0, by: 'id', notes: [note], entries: () => [], of: () => undefined };
}

/**
 * Reads labels from CSV with a header, JSON Lines, or SageMaker's own records of ground truth. Where there is an
 * `inferenceId` column (or `id`), a label belongs to that request; where there is none, every other column is taken as
 * the features that were sent, in this order. What cannot be used is left out, counted and noted: two
 * different labels of one request (or of the same features) say nothing about either.
 *
 * @param column the column that holds the label; by default one of the usual names
 * @throws Problem (usage) for a file that is something else: no label column, or most lines not readable
 */
export function readTruths(files: readonly LabelText[], column?: string): Truth {
  const known = new Map<string, string | undefined>();
  const notes: string[] = [];
  let by: Truth['by'] | undefined;
  for (const file of files) {
    const found = readFile(file, column, known, notes);
    if (found === undefined) continue;
    if (by !== undefined && by !== found)
      throw usageError(
        `${file.source} has ${found === 'id' ? 'ids' : 'no ids'}, unlike the files before it.`,
        'Give files of one kind.',
      );
    by = found;
  }
  const first = files[0]?.source ?? 'The folder';
  if (by === undefined)
    throw usageError(
      files.length === 1 ? `${first} holds no labels.` : `${files.length} files hold no labels.`,
      'A file of labels needs a header line and at least one line of data.',
    );
  return {
    size: [...known.values()].filter((label) => label !== undefined).length,
    by,
    notes,
    *entries() {
      for (const [key, label] of known) if (label !== undefined) yield [key, label];
    },
    of: (id, row, inputRow) => {
      if (by === 'input') return inputRow === undefined ? undefined : known.get(inputRow);
      return known.get(`${id}#${row}`) ?? (row === 0 ? known.get(id) : undefined);
    },
  };
}

/** Puts the labels of a file among those that are known. @returns how they find their rows; undefined for an empty file */
function readFile(
  { source, text, flaws }: LabelText,
  column: string | undefined,
  known: Map<string, string | undefined>,
  notes: string[],
): Truth['by'] | undefined {
  let columns: Columns | undefined;
  let rows = 0;
  const unreadable = new LineCount();
  const withoutId = new LineCount();
  const withoutLabel = new LineCount();
  const repeated = new LineCount();
  const contradicted = new LineCount();
  const spanning = new LineCount();
  let why = '';
  for (const { line, values, why: reason } of labelRows(text)) {
    rows += 1;
    if (values === undefined) {
      unreadable.add(line);
      why ||= reason ?? '';
      continue;
    }
    columns ??= columnsOf(Object.keys(values), source, column);
    const { id, label: labelName, features } = columns;
    const key =
      id === undefined ? features.map((name) => (values[name] ?? '').trim()).join(',') : (values[id] ?? '').trim();
    const label = (values[labelName] ?? '').trim();
    if (/\n/.test(label) || (id !== undefined && /\n/.test(key))) spanning.add(line);
    if (label === '') withoutLabel.add(line);
    else if (id !== undefined && key === '') withoutId.add(line);
    else if (!known.has(key)) known.set(key, label);
    else if (known.get(key) === label) repeated.add(line);
    else {
      known.set(key, undefined);
      contradicted.add(line);
    }
  }
  if (unreadable.count > rows / 2) {
    throw usageError(
      `${source}, line ${unreadable.first}: ${why}; so ${unreadable.count} of ${rows} lines cannot be read.`,
      'Labels are read from CSV with a header and as many values a line, or JSON Lines.',
    );
  }
  const what = columns?.id === undefined ? 'features' : 'an id';
  notes.push(
    ...flaws.map((flaw) => `${source}: ${flaw}`),
    ...unreadable.note(source, 'cannot be read', 'left out'),
    ...withoutId.note(source, 'no id', 'left out', 'has', 'have'),
    ...withoutLabel.note(source, 'no label', 'left out', 'has', 'have'),
    ...contradicted.note(source, `another label for ${what} that had one`, 'neither counts', 'has', 'have'),
    ...spanning.note(source, 'a label or an id over several lines', 'is a quote left open?', 'has', 'have'),
    // The same row of features has the same label as a rule.
    ...(columns?.id === undefined ? [] : repeated.note(source, 'a label again', 'counted once', 'gives', 'give')),
  );
  return columns === undefined ? undefined : columns.id === undefined ? 'input' : 'id';
}

interface Columns {
  id: string | undefined;
  label: string;
  features: readonly string[];
}

function columnsOf(names: readonly string[], source: string, column: string | undefined): Columns {
  const id = names.find((name) => ID_NAMES.test(name.trim()));
  const label = column ?? names.find((name) => LABEL_NAMES.test(name.trim()));
  if (label === undefined || !names.includes(label)) {
    throw usageError(
      column === undefined
        ? `${source} has no column that looks like a label.`
        : `${source} has no column '${column}'.`,
      `Its columns are: ${names.slice(0, 20).join(', ')}. Name the column with the labels: --labels ${source}:COLUMN`,
    );
  }
  return { id, label, features: names.filter((name) => name !== label) };
}

/** Lines with something in common. */
class LineCount {
  count = 0;
  first = 0;

  add(line: number): void {
    this.count += 1;
    if (this.count === 1) this.first = line;
  }

  /** Nothing, or a sentence: `labels.csv: 3 lines cannot be read (left out); the first is line 7.` */
  note(source: string, words: string, consequence: string, one = '', many = ''): string[] {
    if (this.count === 0) return [];
    const subject = this.count === 1 ? ['1 line', one] : [`${this.count} lines`, many];
    const place = this.count === 1 ? `it is line ${this.first}` : `the first is line ${this.first}`;
    return [`${source}: ${[...subject, words].filter((part) => part !== '').join(' ')} (${consequence}); ${place}.`];
  }
}

/** The rows of a request, each as CSV without spaces; for JSON the `features` of each instance. */
export function inputRows(payload: Payload): string[] {
  const text = payloadText(payload).trim();
  if (!text.startsWith('{') && !text.startsWith('[')) {
    return text.split('\n').map((line) =>
      line
        .split(',')
        .map((cell) => cell.trim())
        .join(','),
    );
  }
  try {
    const values: unknown[] = [JSON.parse(text)];
    const instances = follow(values[0], ['instances'])[0];
    const rows: unknown[] = Array.isArray(instances) ? instances : values;
    return rows.map((row) => {
      const features = follow(row, ['features'])[0] ?? row;
      return Array.isArray(features) ? features.map(String).join(',') : JSON.stringify(features);
    });
  } catch {
    return [];
  }
}
