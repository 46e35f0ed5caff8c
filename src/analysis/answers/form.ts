import { isObject } from '../../base/json.ts';
import type { AnswerForm } from '../predictions.ts';
import type { Answer } from './answer.ts';
import { describe } from './describe.ts';
import { keyOf } from './kinds/labels.ts';
import { kindNamed } from './kinds/table.ts';
import { pathText } from './path.ts';
import { readWith, rowsWith } from './read-answers.ts';
import type { Columns, Given, Reading } from './reading.ts';
import type { Seen } from './seen.ts';
import { SHAPES } from './shapes/table.ts';

const MAX_EXAMPLE = 60;

/** How one side is read, for people: the shape, where its rows lie, and one of them. */
export function formOf(reading: Reading, sample: readonly Seen[]): AnswerForm {
  const seen = sample.find((one) => readWith(reading, one) !== undefined);
  const answer = seen && readWith(reading, seen)?.[0];
  return {
    shape: reading.shape,
    from: fromWords(reading, seen),
    example: answer && shown(answer, reading).slice(0, MAX_EXAMPLE),
  };
}

function shown(answer: Answer, { kind }: Reading): string {
  const show = kindNamed(kind)?.show;
  return answer.other === undefined || show === undefined ? describe(answer) : show(JSON.parse(answer.other));
}

function fromWords(reading: Reading, seen: Seen | undefined): string {
  if (reading.given !== undefined) return givenWords(reading.given);
  if (reading.columns !== undefined) return columnWords(reading.columns);
  const whole = seen?.form === 'json' && seen.values.length === 1 ? seen.values[0] : undefined;
  if (reading.shape === 'rows' || reading.shape === 'list') {
    const list = isObject(whole) && Array.isArray(whole.predictions) ? '$.predictions' : '$';
    if (reading.shape === 'list') return list;
    const row = seen && rowsWith(reading, seen)?.[0];
    const key = reading.kind === 'json' ? undefined : keyOf(row);
    return `${list}${list !== '$' || Array.isArray(whole) ? '[*]' : ''}${key === undefined ? '' : `.${key}`}`;
  }
  if (reading.shape === 'csv') return 'the cells of each line';
  return SHAPES.find(({ name }) => name === reading.shape)?.of ?? 'each record by itself';
}

function givenWords({ path, label, scores, largest }: Given): string {
  const parts = [
    path === undefined ? undefined : pathText(path),
    label === undefined ? undefined : `label ${pathText(label)}`,
    scores === undefined ? undefined : `scores ${pathText(scores)}`,
    largest === undefined ? undefined : `the key of the largest in ${pathText(largest)}`,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

/** What stands in which column of CSV: `column 1 (label), column 2 (score)`. */
export function columnWords({ label, score, scores, names }: Columns): string {
  const named: [string, number | undefined][] = [
    ['label', label],
    ['score', score],
    ['scores', scores],
    ['classes', names],
  ];
  return named.flatMap(([name, i]) => (i === undefined ? [] : [`column ${i + 1} (${name})`])).join(', ');
}
