import type { LinearModel } from './model.ts';

/** The features of one record. */
export interface Features {
  values: ArrayLike<number>;
  /** Positions of `values` in a sparse record; undefined when dense. */
  keys?: ArrayLike<number> | undefined;
}

/** One answer: one score for regression and binary models, one a class for multiclass models. */
export interface Prediction {
  /** float32 values. */
  scores: Float32Array;
  /** Undefined for regression. */
  label: number | undefined;
}

const fround = Math.fround;

/**
 * z = x·W + b in float32, then by type of model (facts 7.4): regression z; binary sigmoid(z), or z itself under hinge
 * loss, labelled 1 from the threshold on; multiclass softmax(z − max + 10) clipped to [1e-10, 1], labelled by argmax.
 */
export function predict(model: LinearModel, record: Features): Prediction {
  const z = linear(model, record);
  if (model.predictorType === 'regressor') return { scores: z, label: undefined };
  if (model.predictorType === 'binary_classifier') {
    if (model.lossType !== 'hinge_loss') z[0] = 1 / (1 + Math.exp(-(z[0] as number)));
    return { scores: z, label: (z[0] as number) >= model.threshold ? 1 : 0 };
  }
  softmax(z);
  let label = 0;
  for (let c = 1; c < z.length; c++) if ((z[c] as number) > (z[label] as number)) label = c;
  return { scores: z, label };
}

function linear(model: LinearModel, { values, keys }: Features): Float32Array {
  const { outputs, weight } = model;
  const z = new Float32Array(outputs);
  for (let i = 0; i < values.length; i++) {
    const x = fround(values[i] as number);
    const row = (keys === undefined ? i : (keys[i] as number)) * outputs;
    for (let c = 0; c < outputs; c++) z[c] = fround((z[c] as number) + fround(x * (weight[row + c] as number)));
  }
  for (let c = 0; c < outputs; c++) z[c] = fround((z[c] as number) + (model.bias[c] as number));
  return z;
}

function softmax(z: Float32Array): void {
  let max = -Infinity;
  for (let c = 0; c < z.length; c++) max = Math.max(max, z[c] as number);
  let sum = 0;
  for (let c = 0; c < z.length; c++) {
    const power = fround(Math.exp(fround(fround((z[c] as number) - max) + 10)));
    z[c] = power;
    sum = fround(sum + power);
  }
  for (let c = 0; c < z.length; c++) z[c] = Math.min(1, Math.max(fround(1e-10), (z[c] as number) / sum));
}
