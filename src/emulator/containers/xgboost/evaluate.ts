import type { LoadedBooster } from './load.ts';
import { predictRecord } from './predict.ts';
import type { Matrix } from './requests.ts';
import { atLeast, type ImageVersion } from './versions.ts';

/** Predictions of one record: one number, or one a class. */
export type Answer = number | number[];

/**
 * What serve_utils.predict returns: one booster's answers, or the ensemble's vote (softmax, hinge) or mean. Throws an
 * Error with the text of the Python exception (status 400).
 */
export function evaluate(boosters: readonly LoadedBooster[], matrix: Matrix, image: ImageVersion): Answer[] {
  const first = boosters[0] as LoadedBooster;
  if (first.pickled) checkFeatures(first, matrix, image);
  for (const { booster } of boosters) {
    // Since 1.1 XGBoost refuses more columns than the model has, before it ignored them; fewer are missing values.
    if (matrix.columns > booster.features && atLeast(image, 1, 1)) {
      throw new Error(
        `Check failed: learner_model_param_.num_feature >= p_fmat->Info().num_col_ (${booster.features} vs. ${matrix.columns}) : ` +
          'Number of columns does not match number of features in booster.',
      );
    }
  }
  const sumFirst = !atLeast(image, 1, 3);
  const answers: Answer[] = [];
  for (let row = 0; row < matrix.rows; row++) {
    const each = boosters.map(({ booster, scratch }) => {
      const record = scratch.fill(Number.NaN);
      matrix.fill(row, record);
      return predictRecord(booster, record, sumFirst);
    });
    const joined = each.length === 1 ? (each[0] as Float32Array) : join(each, first.booster.objective);
    answers.push(joined.length === 1 ? (joined[0] as number) : Array.from(joined));
  }
  return answers;
}

/**
 * The size check that the image makes for pickled models only, in its words: CSV and RecordIO have n or n - 1 columns (one
 * fewer passes on AWS, aws/sagemaker-xgboost-container#410), libsvm at most n + 1.
 */
function checkFeatures(pickled: LoadedBooster, { format, columns }: Matrix, image: ImageVersion): void {
  if (!pickled.named && !atLeast(image, 1, 5)) throw new Error("object of type 'NoneType' has no len()");
  const { features } = pickled.booster;
  if (format === 'libsvm') {
    if (columns <= features + 1) return;
    throw new Error(
      `Feature size of libsvm inference data ${columns} is larger than feature size of trained model ${features}.`,
    );
  }
  if (columns === features || columns === features - 1) return;
  // The legacy image's sentence for CSV has no full stop.
  const stop = format === 'csv' && !atLeast(image, 0, 90) ? '' : '.';
  throw new Error(
    `Feature size of ${format} inference data ${columns} is not consistent with feature size of trained model ${features}${stop}`,
  );
}

function join(each: readonly Float32Array[], objective: string): Float32Array {
  const first = each[0] as Float32Array;
  if (objective === 'multi:softmax' || objective === 'binary:hinge')
    return first.map((_, k) => mode(each.map((one) => one[k] as number)));
  return first.map((_, k) =>
    Math.fround(each.reduce((sum, one) => Math.fround(sum + (one[k] as number)), 0) / each.length),
  );
}

/** scipy.stats.mode: the most frequent value, the smallest among equals. */
function mode(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((a, b) => (b[1] > a[1] || (b[1] === a[1] && b[0] < a[0]) ? b : a))[0];
}
