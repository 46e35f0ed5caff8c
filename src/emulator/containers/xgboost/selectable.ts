import { pythonFloat, pythonJsonFloat } from '../python.ts';
import { writeRecordIo } from '../recordio.ts';
import { floatField, mapField } from '../protobuf.ts';
import type { Answer } from './evaluate.ts';

/** A value as Python holds it: integers print without a point. */
type Value = { int: number } | { float: number } | { ints: number[] } | { floats: number[] };

const CLASSES = ['predicted_label', 'labels', 'raw_score', 'raw_scores'];
const PROBABILITIES = [...CLASSES, 'probability', 'probabilities'];

/** What SAGEMAKER_INFERENCE_OUTPUT may ask for, by objective (serve_utils.VALID_OBJECTIVES). */
const KEYS: Record<string, readonly string[]> = {
  'reg:squarederror': ['predicted_score'],
  'reg:logistic': ['predicted_score'],
  'reg:gamma': ['predicted_score'],
  'reg:absoluteerror': ['predicted_score'],
  'reg:tweedie': ['predicted_score'],
  'binary:logistic': PROBABILITIES,
  'binary:logitraw': CLASSES,
  'binary:hinge': CLASSES,
  'multi:softmax': CLASSES,
  'multi:softprob': PROBABILITIES,
};

const NAN: Value = { float: Number.NaN };

/** The chosen outputs in the accepted type. Throws an Error with the image's text (status 500). */
export function writeSelected(
  answers: readonly Answer[],
  keys: readonly string[],
  objective: string,
  classes: number,
  accept: string,
): Buffer {
  const valid = KEYS[objective];
  if (!valid) throw new Error(`Objective \`${objective}\` unsupported for selectable inference predictions.`);
  // The image fills its dictionaries in the order of this list, whatever was asked; the CSV keeps the order asked for.
  const known = [
    'predicted_label',
    'labels',
    'probability',
    'probabilities',
    'raw_score',
    'raw_scores',
    'predicted_score',
  ];
  const ordered = [
    ...known.filter((key) => keys.includes(key) && valid.includes(key)),
    ...keys.filter((key) => !valid.includes(key)),
  ];
  const rows = answers.map(
    (answer) =>
      new Map(ordered.map((key) => [key, valid.includes(key) ? select(key, answer, objective, classes) : NAN])),
  );
  const objects = () =>
    rows.map((row) => `{${[...row].map(([key, value]) => `"${key}": ${print(value, pythonJsonFloat)}`).join(', ')}}`);
  switch (accept) {
    case 'application/json':
      return Buffer.from(`{"predictions": [${objects().join(', ')}]}`);
    case 'application/jsonlines':
      return Buffer.from(
        objects()
          .map((line) => `${line}\n`)
          .join(''),
      );
    case 'text/csv':
      return Buffer.from(rows.map((row) => keys.map((key) => csvCell(row.get(key) ?? NAN)).join(',')).join('\n'));
    case 'application/x-recordio-protobuf':
      return records(rows);
    default:
      throw new Error(`Cannot encode selected predictions into accept type '${accept}'.`);
  }
}

function select(key: string, answer: Answer, objective: string, classes: number): Value {
  const list = Array.isArray(answer) ? answer : undefined;
  const score = list ? Math.max(...list) : (answer as number);
  switch (key) {
    case 'predicted_label':
      if (list) return { int: list.indexOf(score) };
      if (objective === 'binary:logistic') return { int: score > 0.5 ? 1 : 0 };
      return objective === 'binary:logitraw' ? { int: score > 0 ? 1 : 0 } : { float: score };
    case 'labels':
      if (objective.startsWith('binary:')) return { ints: [0, 1] };
      return classes > 0 ? { ints: Array.from({ length: classes }, (_, k) => k) } : NAN;
    case 'probabilities':
    case 'raw_scores':
      return { floats: list ?? [1 - score, score] };
    default:
      return { float: score };
  }
}

function print(value: Value, float: (value: number) => string): string {
  if ('int' in value) return String(value.int);
  if ('float' in value) return float(value.float);
  return `[${('ints' in value ? value.ints.map(String) : value.floats.map(float)).join(', ')}]`;
}

const csvCell = (value: Value) =>
  'ints' in value || 'floats' in value ? `"${print(value, pythonFloat)}"` : print(value, pythonFloat);

/** The image never empties its buffer: each frame repeats the records before it. */
function records(rows: readonly ReadonlyMap<string, Value>[]): Buffer {
  const frames: Buffer[] = [];
  let payload = Buffer.alloc(0);
  for (const row of rows) {
    const fields = [...row].map(([key, value]) => mapField(2, key, floatField(numbers(value))));
    payload = Buffer.concat([payload, ...fields]);
    frames.push(writeRecordIo(payload));
  }
  return Buffer.concat(frames);
}

function numbers(value: Value): number[] {
  if ('int' in value) return [value.int];
  if ('float' in value) return [value.float];
  return 'ints' in value ? value.ints : value.floats;
}
