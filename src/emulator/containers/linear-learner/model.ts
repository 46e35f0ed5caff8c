import { unzipSync } from 'fflate';
import { readParams } from './params.ts';

type PredictorType = 'binary_classifier' | 'multiclass_classifier' | 'regressor';

/** A linear-learner model as its artifact holds it: raw weights, to be applied to raw features. */
export interface LinearModel {
  predictorType: PredictorType;
  lossType: string;
  /** Decides `predicted_label` of a binary model: score ≥ threshold is 1. */
  threshold: number;
  features: number;
  /** Outputs: the number of classes of a multiclass model, otherwise 1. */
  outputs: number;
  /** features × outputs, row after row, as in the file. */
  weight: Float32Array;
  bias: Float32Array;
}

/** Uncompressed size that a member of the inner zip may have at the most. */
const MEMBER_LIMIT = 512 * 1024 ** 2;

/**
 * Reads the files of an unpacked linear-learner artifact: `model_algo-1`, a zip with `additional-params.json` and
 * `mx-mod-0000.params` (facts 7.4, verified on real artifacts), members and parameters in any order, the bias optional.
 * Throws an Error that says what is missing or wrong.
 */
export function readLinearModel(files: ReadonlyMap<string, Uint8Array>): LinearModel {
  const name = [...files.keys()].find((path) => /^model_algo-\d+$/.test(path));
  const outer = name === undefined ? undefined : files.get(name);
  if (!outer) throw new Error(`there is no model_algo-1 among [${[...files.keys()].slice(0, 10).join(', ')}]`);
  const members = unzip(outer);
  const member = (file: string) => {
    const bytes = members[file];
    if (!bytes) throw new Error(`${name} has no ${file} but ${Object.keys(members).slice(0, 10).join(', ')}`);
    return bytes;
  };
  const additional = JSON.parse(Buffer.from(member('additional-params.json')).toString('utf8')) as Record<
    string,
    unknown
  >;
  const params = readParams(member('mx-mod-0000.params'));
  const weight = params.get('arg:fc0_weight');
  if (!weight)
    throw new Error(`the parameter file has no arg:fc0_weight but ${[...params.keys()].slice(0, 10).join(', ')}`);
  const features = weight.shape[0] ?? 0;
  const outputs = weight.shape[1] ?? 1;
  const bias = params.get('arg:fc0_bias')?.data ?? new Float32Array(outputs);
  if (weight.shape.length > 2 || features === 0 || bias.length !== outputs) {
    throw new Error(`the weights (${weight.shape.join(', ')}) and the bias (${bias.length}) do not fit each other`);
  }
  const predictorType = additional['predictor_type'];
  if (
    predictorType !== 'binary_classifier' &&
    predictorType !== 'multiclass_classifier' &&
    predictorType !== 'regressor'
  ) {
    throw new Error(`predictor_type is ${JSON.stringify(predictorType)}`);
  }
  if (predictorType !== 'multiclass_classifier' && outputs !== 1) {
    throw new Error(`a ${predictorType} has one output, these weights have ${outputs}`);
  }
  const threshold = additional['threshold'];
  return {
    predictorType,
    lossType: typeof additional['loss_type'] === 'string' ? additional['loss_type'] : '',
    threshold: typeof threshold === 'number' ? threshold : 0.5,
    features,
    outputs,
    weight: weight.data,
    bias,
  };
}

function unzip(bytes: Uint8Array): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, {
      filter: (file) => {
        if (file.originalSize > MEMBER_LIMIT) throw new Error(`${file.name} unpacks to ${file.originalSize} bytes`);
        return /^(?:additional-params\.json|mx-mod-0000\.params|manifest\.json)$/.test(file.name);
      },
    });
  } catch (error) {
    throw new Error(`model_algo-1 is not a usable zip: ${(error as Error).message}`, { cause: error });
  }
}
