import { csvRecords, csvValue } from '../../base/csv.ts';
import { usageError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { jsonValues } from './json.ts';
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
  /** When the newest label came, in milliseconds since the epoch; undefined where labels do not say when they came. */
  newest?: number | undefined;
  /** Every label with its key: an id, or features as `inputRows` gives them; and when it came, where labels say so. */
  entries(): Iterable<readonly [key: string, label: string, at?: number | undefined]>;
  /** `inputRow` is the row's features as `inputRows` gives them. Undefined where nobody knows. */
  of(id: string, row: number, inputRow: string | undefined): string | undefined;
  /** When the label of the same row came. */
  cameAt?(id: string, row: number, inputRow: string | undefined): number | undefined;
}

/** Names of ids, those first that win: Model Monitor takes the caller's id before SageMaker's own. */
const ID_NAMES = [
  /^(eventMetadata[._])?inference[-_ ]?id$/i,
  /^(eventMetadata[._])?event[-_ ]?id$/i,
  /^(request[-_ ]?)?id$/i,
] as const;
const LABEL_NAMES =
  /^(label|true[-_ ]?label|target|truth|ground[-_ ]?truth|groundTruthData[._]data|class|y|y[-_ ]?true)$/i;
/** What a file of values holds, beside ids or features: how its column may be called, and what flag names it. */
const ROLES = {
  labels: { names: LABEL_NAMES, what: 'a label', flag: '--labels' },
  decisions: { names: /^(decision|decided|prediction|answer|label)$/i, what: 'a decision', flag: '--live' },
} as const;
/** When a label came. */
const TIME_NAMES = /^(label(l?ed)?|truth|ground[-_ ]?truth)[-_ ]?(at|time|timestamp|date)$/i;
/** How pandas writes that there is nothing. */
const NOTHING = /^(nan|<na>)?$/i;

/** No label yet: of every answer the truth is still unknown. */
export function noTruth(note: string): Truth {
  return { size: 0, by: 'id', notes: [note], entries: () => [], of: () => undefined };
}

/**
 * Reads labels from CSV with a header, records of JSON or Python, or SageMaker's own records of ground truth. Where there
 * is an `inferenceId` column (or `eventId`, `requestId`, `id`), a label belongs to that request; where there is none, every
 * other column is taken as the features that were sent, in this order. What cannot be used is left out, counted by reason
 * and noted: two different labels of one request (or of the same features) say nothing about either.
 *
 * @param column the column that holds the label; by default one of the usual names
 * @param role what the values are: labels, or what was decided in place of a model
 * @throws Problem (usage) for a file that is something else: no label column, or most lines not readable
 */
export function readTruths(files: readonly LabelText[], column?: string, role: keyof typeof ROLES = 'labels'): Truth {
  const known: Known = { labels: new Map(), byOtherId: new Map(), times: new Map(), newest: undefined };
  const notes: string[] = [];
  let by: Truth['by'] | undefined;
  for (const file of files) {
    const found = readFile(file, { column, role }, known, notes);
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
      'A file of labels needs a header line and at least one line of data, or a record a label.',
    );
  const { labels, byOtherId, times, newest } = known;
  const look = (key: string) => (labels.has(key) ? labels.get(key) : byOtherId.get(key));
  /** The key of a row's label. */
  const keyOf = (id: string, row: number, inputRow: string | undefined): string | undefined => {
    if (by === 'input') return inputRow;
    const own = `${id}#${row}`;
    return look(own) !== undefined ? own : row === 0 ? id : undefined;
  };
  return {
    size: [...labels.values()].filter((label) => label !== undefined).length,
    by,
    notes,
    newest,
    *entries() {
      for (const [key, label] of labels) if (label !== undefined) yield [key, label, times.get(key)];
      for (const [key, label] of byOtherId)
        if (label !== undefined && !labels.has(key)) yield [key, label, times.get(key)];
    },
    of: (id, row, inputRow) => {
      const key = keyOf(id, row, inputRow);
      return key === undefined ? undefined : look(key);
    },
    cameAt: (id, row, inputRow) => {
      const key = keyOf(id, row, inputRow);
      return key === undefined ? undefined : times.get(key);
    },
  };
}

/** Labels by their key; undefined where they contradict each other. */
interface Known {
  labels: Map<string, string | undefined>;
  /** The same labels by the id that SageMaker gave, where the file has the caller's id too. */
  byOtherId: Map<string, string | undefined>;
  /** When they came, by either key. */
  times: Map<string, number>;
  newest: number | undefined;
}

/** Puts the labels of a file among those that are known. @returns how they find their rows; undefined for an empty file */
function readFile(
  { source, text, flaws }: LabelText,
  { column, role }: { column: string | undefined; role: keyof typeof ROLES },
  known: Known,
  notes: string[],
): Truth['by'] | undefined {
  let columns: Columns | undefined;
  let rows = 0;
  const unreadable = new Map<string, LineCount>();
  const withoutId = new LineCount();
  const withoutLabel = new LineCount();
  const repeated = new LineCount();
  const contradicted = new LineCount();
  const spanning = new LineCount();
  const timeless = new LineCount();
  let why: { line: number; words: string } | undefined;
  for (const { line, values, names, flaw = '', why: words = '' } of labelRows(text)) {
    rows += 1;
    if (values === undefined) {
      const count = unreadable.get(flaw) ?? new LineCount();
      unreadable.set(flaw, count);
      count.add(line);
      why ??= { line, words };
      continue;
    }
    columns ??= columnsOf(names ?? Object.keys(values), { source, column, role, header: names !== undefined });
    const { ids, label: labelName, time, features } = columns;
    const [key = '', ...others] =
      ids.length === 0
        ? [inputKey(features.map((name) => values[name] ?? ''))]
        : ids.map((id) => (values[id] ?? '').trim()).filter((id) => id !== '');
    const label = (values[labelName] ?? '').trim();
    if (/\n/.test(label) || (ids.length > 0 && /\n/.test(key))) spanning.add(line);
    if (NOTHING.test(label)) withoutLabel.add(line);
    else if (ids.length > 0 && key === '') withoutId.add(line);
    else {
      const at = time === undefined ? undefined : moment(values[time] ?? '');
      if (time !== undefined && at === undefined) timeless.add(line);
      if (at !== undefined) {
        known.newest = Math.max(known.newest ?? at, at);
        for (const each of [key, ...others]) known.times.set(each, Math.max(known.times.get(each) ?? at, at));
      }
      const found = keep(known.labels, key, label);
      if (found === 'again') repeated.add(line);
      else if (found === 'contradicted') contradicted.add(line);
      for (const other of others) keep(known.byOtherId, other, label);
    }
  }
  const lost = [...unreadable.values()].reduce((sum, { count }) => sum + count, 0);
  if (why !== undefined && lost > rows / 2) {
    throw usageError(
      `${source}, line ${why.line}: ${why.words}; so ${lost} of ${rows} lines cannot be read.`,
      'Labels are read from CSV with a header and as many values a line, or from records of JSON or Python: an object a label, such as {"inferenceId": "r-1", "label": 1}.',
    );
  }
  const byId = columns !== undefined && columns.ids.length > 0;
  notes.push(
    ...flaws.map((flaw) => `${source}: ${flaw}`),
    ...[...unreadable].flatMap(([flaw, count]) => count.note(source, `cannot be read, ${flaw}`, 'left out')),
    ...withoutId.note(source, 'no id', 'left out', 'has', 'have'),
    ...withoutLabel.note(source, 'no label', 'left out', 'has', 'have'),
    ...contradicted.note(
      source,
      `another label for ${byId ? 'an id' : 'features'} that had one`,
      'neither counts',
      'has',
      'have',
    ),
    ...timeless.note(
      source,
      'no time that can be read',
      'does not count where others say when they came',
      'has',
      'have',
    ),
    ...spanning.note(source, 'a label or an id over several lines', 'is a quote left open?', 'has', 'have'),
    // The same row of features has the same label as a rule.
    ...(byId ? repeated.note(source, 'a label again', 'counted once', 'gives', 'give') : []),
  );
  return columns === undefined ? undefined : byId ? 'id' : 'input';
}

function keep(labels: Known['labels'], key: string, label: string): 'new' | 'again' | 'contradicted' {
  if (!labels.has(key)) {
    labels.set(key, label);
    return 'new';
  }
  if (labels.get(key) === label || Number(labels.get(key)) === Number(label)) return 'again';
  labels.set(key, undefined);
  return 'contradicted';
}

interface Columns {
  /** That of the caller first, then SageMaker's; none where labels go by features. */
  ids: readonly string[];
  label: string;
  /** That says when the label came. */
  time: string | undefined;
  features: readonly string[];
}

function columnsOf(
  names: readonly string[],
  {
    source,
    column,
    role,
    header,
  }: { source: string; column: string | undefined; role: keyof typeof ROLES; header: boolean },
): Columns {
  const { names: usual, what, flag } = ROLES[role];
  const [inference, event, id] = ID_NAMES.map((pattern) => names.find((name) => pattern.test(name.trim())));
  const own = [inference, event].filter((name) => name !== undefined);
  const ids = own.length === 0 && id !== undefined ? [id] : own;
  const likely = names.filter((name) => usual.test(name.trim()));
  const label = column ?? likely[0];
  if (label === undefined || !names.includes(label)) {
    if (header && names.some(isData)) throw noHeader(names, { source, what });
    const listed = names.slice(0, 20).join(', ');
    throw usageError(
      column === undefined
        ? `${source} has no column that looks like ${what}.`
        : `${source} has no column '${column}'.`,
      `${header ? 'Its first line names the columns' : 'The first record has the names'}: ${listed}. Name the column that is meant: ${flag} ${source}:COLUMN`,
    );
  }
  if (column === undefined && likely.length > 1)
    throw usageError(
      `${source} has several columns that look like ${what}: ${likely.join(', ')}.`,
      `Name the one that is meant: ${flag} ${source}:${label}`,
    );
  const time = names.find((name) => name !== label && TIME_NAMES.test(name.trim()));
  const features = names.filter((name) => name !== label && name !== time);
  const twice = features.find((name, i) => features.indexOf(name) !== i);
  if (ids.length === 0 && twice !== undefined)
    throw usageError(
      `${source} has no ids, so labels go by features, and two of its columns are called '${twice}'.`,
      'Give each column a name of its own, or a column inferenceId.',
    );
  return { ids, label, time, features };
}

/** Is it a value, and no name of a column? */
function isData(name: string): boolean {
  return name.trim() === '' || !Number.isNaN(Number(name));
}

/** The first line of CSV is data. Names would be guessed, and so would which column is the label: the user must say. */
function noHeader(names: readonly string[], { source, what }: { source: string; what: string }): Error {
  const begins = names.join(',').slice(0, 60);
  const named =
    names.length === 2
      ? 'inferenceId,label'
      : names.map((_, i) => (i === names.length - 1 ? 'label' : `f${i + 1}`)).join(',');
  return usageError(
    `${source} has no header: its first line looks like data (${begins}).`,
    names.length === 1
      ? `A line needs ${what} and what it belongs to: an id, or the features that were sent. Write a first line that names the columns, such as inferenceId,label, and the ids below it.`
      : `Write a line above it that names the ${names.length} columns, such as ${named}: inferenceId for the id of a request, or the features in the order in which they were sent, and label for the column of the labels, wherever it stands.`,
  );
}

/** ISO 8601, or seconds or milliseconds since the epoch, as milliseconds; undefined for anything else. */
function moment(words: string): number | undefined {
  const text = words.trim();
  if (/^\d{9,10}(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (/^\d{12,13}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return undefined;
  // Without a zone it is UTC, as all times of captures are.
  const zoned = /^[^T ]+$|(z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`;
  const at = Date.parse(zoned.replace(' ', 'T'));
  return Number.isNaN(at) ? undefined : at;
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

/** The rows of a request, each as the key that `Truth.of` takes; for JSON of the `features` of each instance. */
export function inputRows(payload: Payload): string[] {
  const text = payloadText(payload).trim();
  if (!text.startsWith('{') && !text.startsWith('[')) {
    return text.includes('"')
      ? Array.from(csvRecords(text, ','), ({ fields, text: line }) => inputKey(fields?.map(csvValue) ?? [line]))
      : text.split('\n').map((line) => inputKey(line.split(',')));
  }
  const values = jsonValues(text) ?? [];
  const instances = values.length === 1 ? follow(values[0], ['instances'])[0] : undefined;
  const rows: unknown[] = Array.isArray(instances) ? instances : values;
  return rows.map((row) => {
    const features = follow(row, ['features'])[0] ?? row;
    const cells = Array.isArray(features) ? features : isObject(features) ? Object.values(features) : [features];
    return inputKey(cells.map((cell) => (typeof cell === 'object' ? JSON.stringify(cell) : String(cell))));
  });
}

/** Features as one text: without spaces around them, numbers as JavaScript writes them, so that `1.0` is `1`. */
function inputKey(cells: readonly string[]): string {
  return cells
    .map((cell) => {
      const text = cell.trim();
      return /^-?(0|[1-9]\d{0,14})(\.\d{1,15})?(e[-+]?\d{1,3})?$/i.test(text) ? String(Number(text) + 0) : text;
    })
    .join(',');
}
