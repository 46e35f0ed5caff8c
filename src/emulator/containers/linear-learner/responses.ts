import { pythonJsonFloat } from '../python.ts';
import { writeLabels } from '../recordio.ts';
import type { Prediction } from './predict.ts';

/** What linear-learner can answer with; CSV is not among it (facts 7.4). */
export const OFFERED = ['application/json', 'application/jsonlines', 'application/x-recordio-protobuf'] as const;

/**
 * The predictions in a type of `OFFERED`, byte for byte as the image prints them (facts 7.4): JSON with Python's spaces and
 * float32 widened to double, JSON Lines compact with the label first and at most fifteen decimals.
 */
export function writeResponse(predictions: readonly Prediction[], multiclass: boolean, type: string): Buffer {
  switch (type) {
    case 'application/x-recordio-protobuf':
      return Buffer.concat(predictions.map(toRecord));
    case 'application/jsonlines':
      return Buffer.from(predictions.map((prediction) => `${toLine(prediction, multiclass)}\n`).join(''));
    default:
      return Buffer.from(`{"predictions": [${predictions.map((one) => toJson(one, multiclass)).join(', ')}]}`);
  }
}

function toRecord({ scores, label }: Prediction): Buffer {
  const score = ['score', scores] as const;
  return writeLabels(label === undefined ? [score] : [score, ['predicted_label', [label]]]);
}

function toJson({ scores, label }: Prediction, multiclass: boolean): string {
  let score = pythonJsonFloat(scores[0] as number);
  if (multiclass) {
    for (let c = 1; c < scores.length; c++) score += `, ${pythonJsonFloat(scores[c] as number)}`;
    score = `[${score}]`;
  }
  return label === undefined ? `{"score": ${score}}` : `{"score": ${score}, "predicted_label": ${label}}`;
}

/** A record's line of JSON Lines: keys in alphabetical order, no space. */
function toLine({ scores, label }: Prediction, multiclass: boolean): string {
  const list = Array.from(scores, fifteenDecimals).join(',');
  const score = `"score":${multiclass ? `[${list}]` : list}`;
  return label === undefined ? `{${score}}` : `{"predicted_label":${label},${score}}`;
}

/**
 * The shortest digits of a double, cut off (not rounded) after fifteen decimals: 0.504138827323913 of 0.5041388273239136.
 * How the image prints numbers that Python prints with an exponent is not recorded; they are left as they are.
 */
function fifteenDecimals(value: number): string {
  const text = pythonJsonFloat(value);
  const point = text.indexOf('.');
  if (point < 0 || text.includes('e')) return text;
  return text.slice(0, point + 16).replace(/(?<=\.\d+)0+$/, '');
}
