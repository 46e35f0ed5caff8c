import { pythonJsonFloat } from '../python.ts';
import { writeLabels } from '../recordio.ts';
import type { Prediction } from './predict.ts';

/** What linear-learner can answer with; CSV is not among it (facts 7.4). */
export const OFFERED = ['application/json', 'application/jsonlines', 'application/x-recordio-protobuf'] as const;

/** The predictions in a type of `OFFERED`, byte for byte as the image prints them: Python's spacing, float32 widened to double. */
export function writeResponse(predictions: readonly Prediction[], multiclass: boolean, type: string): Buffer {
  if (type === 'application/x-recordio-protobuf') {
    return Buffer.concat(
      predictions.map(({ scores, label }) =>
        writeLabels(
          label === undefined
            ? [['score', scores]]
            : [
                ['score', scores],
                ['predicted_label', [label]],
              ],
        ),
      ),
    );
  }
  const objects = predictions.map((prediction) => toJson(prediction, multiclass));
  if (type === 'application/jsonlines') return Buffer.from(`${objects.join('\n')}\n`);
  return Buffer.from(`{"predictions": [${objects.join(', ')}]}`);
}

function toJson({ scores, label }: Prediction, multiclass: boolean): string {
  let score = pythonJsonFloat(scores[0] as number);
  if (multiclass) {
    for (let c = 1; c < scores.length; c++) score += `, ${pythonJsonFloat(scores[c] as number)}`;
    score = `[${score}]`;
  }
  return label === undefined ? `{"score": ${score}}` : `{"score": ${score}, "predicted_label": ${label}}`;
}
