import type { Task } from '../predictions.ts';
import type { Answer } from './answer.ts';

const MAX_CLASSES = 20;
const MIN_ANSWERS = 50;

/**
 * What kind of answers these are. Labels speak for themselves; bare numbers are classes when they are a few whole ones
 * (xgboost's multi:softmax answers `2.0`), scores when all lie between 0 and 1, else a regression.
 *
 * @param areNumbers they are read as numbers, and are no classes
 */
export function detectTask(answers: readonly Answer[], areNumbers = false): Task {
  const labels = new Set<string>();
  let numbers = 0;
  let others = 0;
  let whole = true;
  let unit = true;
  const values = new Set<number>();
  for (const answer of answers) {
    if (answer.other !== undefined) others += 1;
    else if (answer.label !== undefined) labels.add(answer.label);
    else if (answer.number !== undefined) {
      numbers += 1;
      whole &&= Number.isInteger(answer.number);
      unit &&= answer.number >= 0 && answer.number <= 1;
      if (values.size <= MAX_CLASSES) values.add(answer.number);
    }
  }
  if (others > 0) return 'json';
  if (labels.size > 0) {
    const single = answers.some((answer) => answer.number !== undefined && answer.label !== undefined);
    return labels.size <= 2 && (single || !answers.some((answer) => (answer.scores?.length ?? 0) > 2))
      ? 'binary'
      : 'multiclass';
  }
  if (!areNumbers && numbers >= MIN_ANSWERS && whole && values.size <= MAX_CLASSES) return 'multiclass';
  return unit && numbers > 0 ? 'scores' : 'regression';
}
