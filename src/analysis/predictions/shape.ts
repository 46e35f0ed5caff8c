import { detectTask } from './task.ts';
import { countRows, readAnswers } from './answers.ts';
import type { Answer } from './answers.ts';
import { payloadText } from './captures.ts';
import type { Capture } from './captures.ts';
import type { Path } from './path.ts';
import type { Task } from '../observations.ts';

/** How the answers of a variant are built, so that an engine can take them apart without reading each as JSON here. */
export interface Shape {
  format: 'json' | 'csv' | 'csv-joined';
  /** Path of the rows in JSON, as DuckDB and SQL/JSON write it. */
  rows: string;
  /** Member of a row that holds the label, or the number; undefined where there is none; '' for the row itself. */
  label: string | undefined;
  number: string | undefined;
  /** The number is a list of scores, one a class; the label may have to be taken from it. */
  vector: boolean;
}

const LABEL_KEYS = ['predicted_label', 'predicted_class', 'label', 'class'];
const NUMBER_KEYS = ['score', 'probability', 'prediction', 'predicted_value', 'value', 'scores', 'probabilities'];

/** Shape and task of a sample of records; undefined where they have none in common, as free JSON. */
export function detectShape(
  captures: readonly Capture[],
  path: Path | undefined,
  words: string | undefined,
): { shape: Shape; task: Task } | undefined {
  const sample = captures.filter((capture) => capture.output !== undefined && capture.output.data !== '');
  const answers: Answer[] = [];
  const shapes = new Map<string, Shape>();
  for (const capture of sample) {
    if (capture.output === undefined) continue;
    const read = readAnswers(capture.output, {
      path,
      inputRows: capture.input === undefined ? undefined : countRows(capture.input),
    });
    if (read === undefined) continue;
    answers.push(...read);
    const shape = shapeOf(payloadText(capture.output).trim(), read, words);
    if (shape === undefined) return undefined;
    shapes.set(JSON.stringify(shape), shape);
  }
  const [shape] = shapes.values();
  if (shape === undefined || shapes.size > 1) return undefined;
  const task = detectTask(answers);
  return task === 'json' ? undefined : { shape, task };
}

function shapeOf(text: string, read: readonly Answer[], words: string | undefined): Shape | undefined {
  const first = read[0];
  if (first === undefined || first.other !== undefined) return undefined;
  const vector = first.scores !== undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // JSON Lines of objects would be split into columns by commas.
    if (text.startsWith('{')) return undefined;
    const joined = !text.includes('\n') && read.length > 1;
    return {
      format: joined ? 'csv-joined' : 'csv',
      rows: '',
      label: first.label !== undefined && !vector ? '' : undefined,
      number: first.label === undefined || vector ? '' : undefined,
      vector,
    };
  }
  // A bare number is CSV as much as JSON.
  if (words === undefined && (typeof value !== 'object' || value === null)) {
    return {
      format: 'csv',
      rows: '',
      label: first.label === undefined ? undefined : '',
      number: first.number === undefined ? undefined : '',
      vector,
    };
  }
  if (words !== undefined)
    return {
      format: 'json',
      rows: words,
      label: first.label !== undefined && !vector ? '' : undefined,
      number: first.label === undefined || vector ? '' : undefined,
      vector,
    };
  const inner = typeof value === 'object' && value !== null && 'predictions' in value ? value.predictions : value;
  const base = inner === value ? '$' : '$.predictions';
  const row: unknown = Array.isArray(inner) ? inner[0] : inner;
  const rows = Array.isArray(inner) ? `${base}[*]` : base;
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    return {
      format: 'json',
      rows,
      label: first.label !== undefined && !vector ? '' : undefined,
      number: first.label === undefined || vector ? '' : undefined,
      vector,
    };
  }
  const has = (key: string) => Object.hasOwn(row, key);
  const number = NUMBER_KEYS.find(has);
  return {
    format: 'json',
    rows,
    label: LABEL_KEYS.find(has),
    number: first.number === undefined && !vector ? undefined : number,
    vector,
  };
}
