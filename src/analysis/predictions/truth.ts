import { usage } from '../../errors.ts';
import { follow } from './path.ts';
import { payloadText } from './captures.ts';
import type { Payload } from './captures.ts';

/** What was really the case, to look up for a row of a request. */
export interface Truth {
  /** Number of labels read. */
  size: number;
  /** How labels find their rows: by the request's InferenceId, or by the features of the row. */
  by: 'id' | 'input';
  /** Every label with its key: an id, or features as CSV without spaces. */
  entries(): Iterable<readonly [key: string, label: string]>;
  /** `inputRow` is the row's features as CSV without spaces. Undefined where nobody knows. */
  of(id: string, row: number, inputRow: string | undefined): string | undefined;
}

const ID_NAMES = /^(inference[_ ]?id|id|event[_ ]?id)$/i;
const LABEL_NAMES = /^(label|target|truth|ground[_ ]?truth|class|y)$/i;

/**
 * Reads labels from CSV with a header, or JSON Lines. Where there is an `inferenceId` column (or `id`), a label belongs
 * to that request; where there is none, every other column is taken as the features that were sent, in this order.
 *
 * @param column the column that holds the label; by default one of the usual names
 * @throws Problem (usage) naming line and column of what cannot be understood
 */
export function readTruth(text: string, source: string, column?: string): Truth {
  const rows = /^\s*[{[]/.test(text) ? fromJsonLines(text, source) : fromCsv(text, source);
  const names = rows[0] === undefined ? [] : Object.keys(rows[0]);
  if (rows.length === 0)
    throw usage(`${source} holds no labels.`, 'It needs a header line and at least one line of data.');
  const idName = names.find((name) => ID_NAMES.test(name.trim()));
  const labelName = column ?? names.find((name) => LABEL_NAMES.test(name.trim()));
  if (labelName === undefined || !names.includes(labelName)) {
    throw usage(
      column === undefined
        ? `${source} has no column that looks like a label.`
        : `${source} has no column '${column}'.`,
      `Its columns are: ${names.slice(0, 20).join(', ')}. Name the one with the truth: --labels ${source}:COLUMN`,
    );
  }
  const known = new Map<string, string | undefined>();
  for (const row of rows) {
    const key =
      idName === undefined
        ? names
            .filter((name) => name !== labelName)
            .map((name) => (row[name] ?? '').trim())
            .join(',')
        : (row[idName] ?? '').trim();
    const label = (row[labelName] ?? '').trim();
    if (label === '') continue;
    // The same features with two different truths say nothing about either.
    if (idName === undefined && known.has(key) && known.get(key) !== label) known.set(key, undefined);
    else known.set(key, label);
  }
  return {
    size: known.size,
    by: idName === undefined ? 'input' : 'id',
    *entries() {
      for (const [key, label] of known) if (label !== undefined) yield [key, label];
    },
    of: (id, row, inputRow) => {
      if (idName === undefined) return inputRow === undefined ? undefined : known.get(inputRow);
      return known.get(`${id}#${row}`) ?? (row === 0 ? known.get(id) : undefined);
    },
  };
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

type Row = Record<string, string>;

function fromJsonLines(text: string, source: string): Row[] {
  return text.split('\n').flatMap((line, index): Row[] => {
    if (line.trim() === '') return [];
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value !== 'object' || value === null) throw new TypeError('no object');
      const entries = Object.entries(value).map(([key, one]) => [
        key,
        typeof one === 'string' ? one : JSON.stringify(one),
      ]);
      return [Object.fromEntries(entries) as Row];
    } catch (cause) {
      throw usage(`${source}, line ${index + 1}: not a JSON object: ${line.slice(0, 60)}`, undefined, cause);
    }
  });
}

function fromCsv(text: string, source: string): Row[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const header = splitCsv(lines[0] ?? '').map((name) => name.trim());
  return lines.slice(1).map((line, index) => {
    const cells = splitCsv(line);
    if (cells.length !== header.length) {
      throw usage(
        `${source}, line ${index + 2}: ${cells.length} values under a header of ${header.length}: ${line.slice(0, 60)}`,
        'Every line needs as many values as the header has names.',
      );
    }
    return Object.fromEntries(header.map((name, i) => [name, cells[i] ?? '']));
  });
}

/** Cells of one CSV line; quotes may hold commas, doubled quotes stand for one. */
function splitCsv(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    (match) => match[1]?.replaceAll('""', '"') ?? match[2] ?? '',
  );
}
