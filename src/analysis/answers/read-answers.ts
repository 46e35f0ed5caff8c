import { isUsable } from './answer.ts';
import type { Answer } from './answer.ts';
import { payloadText } from './captures.ts';
import type { Capture, Payload } from './captures.ts';
import { canonicalJson, jsonValues } from './json.ts';
import { follow } from './path.ts';
import type { Path } from './path.ts';
import { countRows } from './row-count.ts';

/** How the answers of a whole comparison are read. */
export interface AnswerRules {
  /** Where predictions lie in a JSON answer, parsed; without it the formats of the built-in algorithms are known. */
  path?: Path | undefined;
  /** JSON rows are taken whole, whatever they look like: for comparing field by field. */
  whole?: boolean | undefined;
}

export interface AnswerOptions extends AnswerRules {
  /** Rows of the request, to understand `0.1,0.9` on one line: two predictions, or one with two scores. */
  inputRows?: number | undefined;
}

/** The predictions of a captured request, one a row; undefined where its answer is missing or cannot be understood. */
export function answersOf(
  { input, output }: Pick<Capture, 'input' | 'output'>,
  rules: AnswerRules,
): Answer[] | undefined {
  if (output === undefined) return undefined;
  return readAnswers(output, { ...rules, inputRows: input === undefined ? undefined : countRows(input) });
}

/** The predictions in an answer, one a row; undefined where it cannot be understood as any. */
export function readAnswers(payload: Payload, options: AnswerOptions = {}): Answer[] | undefined {
  const text = payloadText(payload).trim();
  if (text === '') return undefined;
  const type = payload.contentType ?? '';
  if (/csv/.test(type) || (payload.encoding === 'CSV' && !/json/.test(type))) return readCsv(text, options.inputRows);
  const values = jsonValues(text);
  if (values === undefined) return /json/.test(type) ? undefined : readCsv(text, options.inputRows);
  const found =
    options.path === undefined
      ? values.flatMap(predictionsOf)
      : values.flatMap((one) => follow(one, options.path ?? []));
  const answers = found.map(options.whole === true ? wholeValue : readValue);
  return answers.length === 0 || answers.some((answer) => answer === undefined) ? undefined : (answers as Answer[]);
}

function predictionsOf(value: unknown): unknown[] {
  const inner = typeof value === 'object' && value !== null && 'predictions' in value ? value.predictions : value;
  return Array.isArray(inner) ? inner : [inner];
}

const LABEL_KEYS = ['predicted_label', 'predicted_class', 'label', 'class'];
const NUMBER_KEYS = ['score', 'probability', 'prediction', 'predicted_value', 'value', 'scores', 'probabilities'];

function readValue(value: unknown): Answer | undefined {
  if (typeof value === 'number') return isUsable(value) ? { number: value } : undefined;
  if (typeof value === 'string') return { label: value };
  if (typeof value === 'boolean') return { label: String(value) };
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) {
    if (value.length === 1) return readValue(value[0]);
    return numbers(value) ? { label: String(largest(value)), scores: value } : { other: canonicalJson(value) };
  }
  const record = value as Record<string, unknown>;
  const label = LABEL_KEYS.map((key) => atom(record[key])).find((one) => one !== undefined);
  const score = NUMBER_KEYS.map((key) => record[key]).find(
    (one) => typeof one === 'number' || (Array.isArray(one) && numbers(one)),
  );
  const answer: Answer = {};
  if (label !== undefined) answer.label = label;
  if (typeof score === 'number' && !isUsable(score)) return undefined;
  if (typeof score === 'number') answer.number = score;
  else if (Array.isArray(score)) {
    if (score.length === 1) answer.number = score[0] as number;
    else {
      answer.scores = score;
      answer.label ??= String(largest(score));
    }
  }
  return answer.label === undefined && answer.number === undefined ? { other: canonicalJson(value) } : answer;
}

function wholeValue(value: unknown): Answer | undefined {
  return value === undefined ? undefined : { other: canonicalJson(value) };
}

/** A class as text; `2` and `2.0` are one: xgboost and linear-learner print it either way. */
function atom(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? `${value}` : undefined;
}

function readCsv(text: string, inputRows: number | undefined): Answer[] | undefined {
  const lines = text.split('\n').map((line) => line.trim().split(','));
  const only = lines.length === 1 ? lines[0] : undefined;
  // XGBoost up to 1.3-1 puts the predictions of all rows on one line.
  const rows = only !== undefined && only.length > 1 && only.length === inputRows ? only.map((cell) => [cell]) : lines;
  const answers = rows.map((cells): Answer | undefined => {
    const values = cells.map((cell) => (cell.trim() === '' ? Number.NaN : Number(cell)));
    if (values.every(isUsable)) {
      return values.length === 1 ? { number: values[0] as number } : { label: String(largest(values)), scores: values };
    }
    const word = cells.length === 1 ? cells[0]?.trim().replace(/^"(.*)"$/, '$1') : undefined;
    return word === undefined || isBroken(word) ? undefined : { label: word };
  });
  return answers.some((answer) => answer === undefined) ? undefined : (answers as Answer[]);
}

/** No class, but what a model prints that has lost its way. */
function isBroken(word: string): boolean {
  return word === '' || /^[+-]?(nan|inf|infinity)$/i.test(word) || !Number.isNaN(Number(word));
}

function numbers(list: readonly unknown[]): list is number[] {
  return list.length > 0 && list.every((one) => typeof one === 'number' && isUsable(one));
}

function largest(scores: readonly number[]): number {
  return scores.reduce((best, score, index) => (score > (scores[best] ?? Number.NEGATIVE_INFINITY) ? index : best), 0);
}
