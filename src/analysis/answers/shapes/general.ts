import { isObject } from '../../../base/json.ts';
import { isNumbers, sumsToOne } from '../kinds/lists.ts';
import { kindsOf } from '../kinds/table.ts';
import { follow } from '../path.ts';
import type { Given, Reading } from '../reading.ts';
import type { Seen } from '../seen.ts';
import type { Shape } from './shape.ts';
import { othersThan, single } from './shape.ts';

const FORMATS = 'https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-inference.html';

/** So many answers, all of them probabilities that are 1 together, are no coincidence. */
const MANY = 10;

/** A list of which nothing but the request says whether it is a row each, or one answer. */
function flatList(seen: Seen): unknown[] | undefined {
  const list = anyList(seen);
  return list !== undefined && list.length > 0 ? list : undefined;
}

/** A list of answers, or one in which nothing was found. */
function anyList(seen: Seen): unknown[] | undefined {
  const whole = single(seen);
  const list = isObject(whole) && Array.isArray(whole.predictions) ? (whole.predictions as unknown[]) : whole;
  return Array.isArray(list) ? (list as unknown[]) : undefined;
}

const besidePredictions = othersThan('predictions');

/** The whole list is one answer. */
const oneList: Shape = {
  name: 'list',
  of: 'A list that is one answer: built-in image classification, a forecast, an embedding',
  source: 'https://docs.aws.amazon.com/sagemaker/latest/dg/image-classification.html',
  rows(seen) {
    const list = anyList(seen);
    return list === undefined ? undefined : [list];
  },
  readings: () => [],
};

/** Records under `predictions`, in a list, one a line, or alone. */
const rows: Shape = {
  name: 'rows',
  of: 'Rows in a list, under `predictions`, or one a line: built-in algorithms, TensorFlow Serving, MLflow, scikit-learn',
  source: FORMATS,
  leaves(seen) {
    const whole = single(seen);
    // Members of the rows are the kinds' to know.
    return (
      isObject(whole) &&
      Array.isArray(whole.predictions) &&
      besidePredictions({ ...seen, values: [{ ...whole, predictions: [] }] })
    );
  },
  rows(seen) {
    if (seen.form !== 'json') return undefined;
    const found = flatList(seen) ?? seen.values;
    if (found.some((one) => isObject(one) && Array.isArray(one.predictions))) return undefined;
    return found.some((one) => one === null || one === undefined) ? undefined : [...found];
  },
  readings(sample) {
    const lists = sample.map(flatList);
    const values = sample.flatMap((seen) => this.rows(seen) ?? []);
    if (values.length === 0) return [];
    const each = kindsOf(values).map(({ name }): Reading => ({ shape: 'rows', kind: name }));
    if (!lists.every((list) => list !== undefined)) return each;
    // One answer is a list where the request has one row, and the list more.
    const whole = () => kindsOf(lists).map(({ name }): Reading => ({ shape: 'list', kind: name }));
    const atoms = lists.every((list) => list.every((one) => typeof one !== 'object' || Array.isArray(one)));
    const asOne =
      sample.every(({ askedRows }, i) => askedRows === 1 && (lists[i]?.length ?? 0) > 0) &&
      lists.some((list) => list.length > 1);
    if (asOne && atoms) return whole();
    const known = sample.filter(({ askedRows }, i) => askedRows !== undefined && askedRows === lists[i]?.length);
    if (
      known.length === sample.length ||
      !lists.every((list) => isNumbers(list) || list.every((one) => typeof one === 'string'))
    )
      return each;
    const lengths = new Set(lists.map((list) => list.length));
    // Probabilities that are 1 together in every answer belong to one row, however the list is called.
    const scores = lists.every((list) => isNumbers(list) && list.length > 1 && sumsToOne(list));
    if (scores && lists.length >= MANY && lengths.size === 1) return whole();
    // By convention there is a member of `predictions` for each row.
    const named = sample.every((seen) => isObject(single(seen)));
    if (lengths.has(1) || (named && sample.every(({ askedRows }) => askedRows === undefined))) return each;
    // Lists of the same length, whatever was asked: they may be one answer each.
    if (sample.some(({ askedRows }) => askedRows === undefined) && lengths.size > 1) return each;
    return scores ? [...whole(), ...each] : [...each, ...whole()];
  },
};

/** What the user says where answers lie; in CSV the cells of a line are a list. */
const path: Shape = {
  name: 'path',
  of: 'What --prediction and the section answers: of the policy name',
  source: 'shadowctl help answers',
  rows(seen, reading) {
    const given = reading?.given;
    if (given === undefined || seen.form === 'bytes') return undefined;
    const { path: way } = given;
    const found =
      way === undefined ? (flatList(seen) ?? [...seen.values]) : seen.values.flatMap((one) => follow(one, way));
    if (found.length === 0) return undefined;
    const row = found.map((one) => partsOf(one, given));
    return row.some((one) => one === null || one === undefined) ? undefined : row;
  },
  readings: () => [],
};

/** The parts of a row that the user names; the row itself where none is named. */
function partsOf(row: unknown, { label, scores, largest }: Given): unknown {
  if (largest !== undefined) return follow(row, largest)[0];
  if (label === undefined && scores === undefined) return row;
  const name = label === undefined ? undefined : follow(row, label)[0];
  if (label !== undefined && (name === undefined || name === null)) return undefined;
  const found = scores === undefined ? [] : follow(row, scores);
  const score = found.length > 1 ? found : found[0];
  if (scores !== undefined && score === undefined) return undefined;
  return { ...(label === undefined ? {} : { label: name }), ...(scores === undefined ? {} : { score }) };
}

/** Bytes that are neither text nor JSON. */
const binary: Shape = {
  name: 'bytes',
  of: 'Pictures, sounds, NumPy arrays, RecordIO and other bytes',
  source: FORMATS,
  kind: 'bytes',
  rows: ({ form, values }) => (form === 'bytes' ? [...values] : undefined),
};

export const GENERAL: readonly Shape[] = [binary, oneList, rows, path];
