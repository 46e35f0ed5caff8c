import type { Answer } from './answer.ts';
import type { Capture, Payload } from './captures.ts';
import { readValue } from './kinds/labels.ts';
import { kindOf, kindsOf } from './kinds/table.ts';
import { canonicalJson } from './json.ts';
import type { Path } from './path.ts';
import type { Reading } from './reading.ts';
import type { Seen } from './seen.ts';
import { seenOf } from './seen.ts';
import { SHAPES, shapeOf } from './shapes/table.ts';

/** How the answers of a whole comparison are read. */
export interface AnswerRules {
  /** Where predictions lie in an answer, parsed; without it the shapes of the table are known. */
  path?: Path | undefined;
  /** JSON rows are taken whole, whatever they look like: for comparing field by field. */
  whole?: boolean | undefined;
}

/** Share of a sample that must be of a shape: some answers may be broken. */
const MOST = 0.95;

/** The readings that a sample of one side allows, the likeliest first: one, where nothing else is possible. */
export function readingsOf(sample: readonly Seen[]): Reading[] {
  for (const shape of SHAPES) {
    if (shape.readings !== undefined) {
      const readings = shape.readings(sample);
      if (readings.length > 0) return readings;
      continue;
    }
    const found = sample.map((seen) => shape.rows(seen));
    if (found.filter((rows) => rows !== undefined).length < MOST * sample.length) continue;
    const kinds = shape.kind === undefined ? kindsOf(found.flatMap((rows) => rows ?? [])) : [kindOf(shape.kind)];
    return kinds.map(({ name }) => ({ shape: shape.name, kind: name }));
  }
  return [];
}

/** The answers of a record by a reading, one a row; undefined where it is missing, or cannot be read so. */
function readWith(reading: Reading, seen: Seen): Answer[] | undefined {
  const { read } = kindOf(reading.kind);
  const answers = shapeOf(reading.shape).rows(seen, reading)?.map(read);
  return answers === undefined || answers.length === 0 || answers.some((one) => one === undefined)
    ? undefined
    : (answers as Answer[]);
}

/** The predictions of a captured request, one a row; undefined where its answer is missing or cannot be understood. */
export function answersOf(capture: Pick<Capture, 'input' | 'output'>, rules: AnswerRules): Answer[] | undefined {
  try {
    const seen = seenOf(capture);
    return seen === undefined ? undefined : answersOfSeen(seen, rules);
  } catch (error) {
    // Nested so deep that no stack holds it: whatever it is, it cannot be read.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function answersOfSeen(seen: Seen, { path, whole }: AnswerRules): Answer[] | undefined {
  if (whole === true && seen.form === 'json') {
    const rows =
      path === undefined
        ? shapeOf('rows').rows(seen)
        : shapeOf('path').rows(seen, { shape: 'path', kind: 'json', path });
    const answers = rows?.map((value): Answer => ({ other: canonicalJson(value) }));
    return answers?.length === 0 ? undefined : answers;
  }
  if (path !== undefined) {
    const rows = shapeOf('path').rows(seen, { shape: 'path', kind: 'json', path });
    const answers = rows?.map(anyValue);
    return answers === undefined || answers.some((one) => one === undefined) ? undefined : (answers as Answer[]);
  }
  const [reading] = readingsOf([seen]);
  return reading && readWith(reading, seen);
}

/** A value of whatever kind it looks like. */
function anyValue(value: unknown): Answer | undefined {
  return (
    readValue(value) ?? (typeof value === 'object' && value !== null ? kindsOf([value])[0]?.read(value) : undefined)
  );
}

/**
 * The predictions in an answer, as far as nothing but the answer decides how it is read; undefined where the request has a
 * say. Learners of answers ask this: what they learn must hold whatever is asked.
 */
export function readAnswers(payload: Payload, rules: AnswerRules = {}): Answer[] | undefined {
  const seen = seenOf({ input: undefined, output: payload });
  if (seen === undefined || (rules.path === undefined && dependsOnRequest(seen))) return undefined;
  return answersOf({ input: undefined, output: payload }, rules);
}

/** May another request make another answer of this? Of lists that are neither of records nor of one member. */
function dependsOnRequest(seen: Seen): boolean {
  if (seen.form === 'csv') return seen.values.length === 1 && (seen.values[0] as unknown[]).length > 1;
  if (shapeOf('classification').rows(seen) !== undefined) return true;
  const list = shapeOf('list').rows(seen)?.[0] as unknown[] | undefined;
  return (
    list !== undefined &&
    list.length > 1 &&
    !list.every((one) => typeof one === 'object' && one !== null && !Array.isArray(one))
  );
}
