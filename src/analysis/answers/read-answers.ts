import type { Answer } from './answer.ts';
import type { Capture, Payload } from './captures.ts';
import { kindOf, kindsOf } from './kinds/table.ts';
import type { Reading } from './reading.ts';
import { EACH_BY_ITSELF } from './reading.ts';
import type { Seen } from './seen.ts';
import { seenOf } from './seen.ts';
import type { Shape } from './shapes/shape.ts';
import { SHAPES, shapeOf } from './shapes/table.ts';

/** Share of a sample that must be of a shape: some answers may be broken. */
const MOST = 0.95;

/** All of an answer as free JSON. */
const WHOLE: Reading = { shape: 'path', kind: 'json', given: { path: [] } };

/** The readings that a sample of one side allows, the likeliest first: one, where nothing else is possible. */
export function readingsOf(sample: readonly Seen[]): Reading[] {
  for (const shape of SHAPES) {
    const readings = shape.readings?.(sample) ?? usualReadings(shape, sample);
    const fitting = readings.filter((reading) => fits(reading, sample));
    if (fitting.length === 0) continue;
    const leaves = shape.leaves?.bind(shape);
    const more =
      leaves !== undefined && sample.some((seen) => shape.rows(seen, fitting[0]) !== undefined && leaves(seen));
    return more ? [...fitting, WHOLE] : fitting;
  }
  return [];
}

const FIRST = 8;

/** Of a shape of which only the kind is open. */
function usualReadings({ name, kind, kinds: few, rows }: Shape, sample: readonly Seen[]): Reading[] {
  // Of most shapes the first few answers show that they are another.
  if (!sample.slice(0, FIRST).some((seen) => rows(seen) !== undefined)) return [];
  const found = sample.flatMap((seen) => rows(seen) ?? []);
  // Lists in which nothing was found say nothing about what may be found.
  if (found.every((one) => Array.isArray(one) && one.length === 0)) return [];
  const kinds = kind === undefined ? (few?.(found) ?? kindsOf(found).map((one) => one.name)) : [kind];
  return kinds.map((one) => ({ shape: name, kind: one }));
}

/** Can nearly all of a sample be read so? */
export function fits(reading: Reading, sample: readonly Seen[]): boolean {
  return sample.filter((seen) => readWith(reading, seen) !== undefined).length >= MOST * sample.length;
}

/** The rows of an answer by a reading, as they stand there; undefined where it cannot be read so. */
export function rowsWith(reading: Reading, seen: Seen): unknown[] | undefined {
  const rows = shapeOf(reading.shape).rows(seen, reading);
  return rows === undefined || rows.length === 0 ? undefined : rows;
}

/** The answers of a record by a reading, one a row; undefined where it is missing, or cannot be read so. */
export function readWith(reading: Reading, seen: Seen): Answer[] | undefined {
  if (reading.shape === EACH_BY_ITSELF.shape) {
    const readings = readingsOf([seen]);
    // Whether whole numbers are classes no record shows by itself: `detectTask` looks at all.
    // What else a record by itself leaves open is compared as it stands.
    const isOpen =
      readings.some(({ kind }) => kind === 'json') || (readings.length > 1 && readings[0]?.kind === 'scores');
    const own = isOpen ? WHOLE : (readings.find(({ kind }) => kind === 'number') ?? readings[0]);
    return own && readWith(own, seen);
  }
  const { read } = kindOf(reading.kind);
  const answers = rowsWith(reading, seen)?.map((row) => read(row, reading.classes));
  return answers === undefined || answers.some((one) => one === undefined) ? undefined : (answers as Answer[]);
}

/**
 * The answers of a captured request by a reading, one a row; undefined where its answer is missing or cannot be read so.
 *
 * @param reading without one, the record is read by itself
 */
export function answersOf(capture: Pick<Capture, 'input' | 'output'>, reading = EACH_BY_ITSELF): Answer[] | undefined {
  try {
    const seen = seenOf(capture);
    return seen && readWith(reading, seen);
  } catch (error) {
    // Nested so deep that no stack holds it: whatever it is, it cannot be read.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * The answers of a payload, as far as nothing but the payload decides how it is read; undefined where the request has a say.
 * Learners of answers ask this: what they learn must hold whatever is asked.
 */
export function readAnswers(output: Payload, reading = EACH_BY_ITSELF): Answer[] | undefined {
  const seen = seenOf({ input: undefined, output });
  return seen === undefined || dependsOnRequest(seen, reading)
    ? undefined
    : answersOf({ input: undefined, output }, reading);
}

/** May another request make another answer of this? */
function dependsOnRequest(seen: Seen, { shape }: Reading): boolean {
  const alone = shape === EACH_BY_ITSELF.shape;
  if (seen.form === 'csv' && (alone || shape === 'csv'))
    return seen.values.length === 1 && (seen.values[0] as unknown[]).length > 1;
  if (alone || shape === 'classification') {
    if (shapeOf('classification').rows(seen) !== undefined) return true;
  }
  const list = alone ? (shapeOf('list').rows(seen)?.[0] as unknown[] | undefined) : undefined;
  return (
    list !== undefined &&
    list.length > 1 &&
    !list.every((one) => typeof one === 'object' && one !== null && !Array.isArray(one))
  );
}
