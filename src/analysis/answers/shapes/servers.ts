import { isObject } from '../../../base/json.ts';
import { boxOf } from '../kinds/whole.ts';
import type { Shape } from './shape.ts';
import { othersThan, single } from './shape.ts';

const PROTOCOL = 'https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md';

interface Tensor {
  name: string;
  shape: number[];
  data: unknown[];
}

function isTensor(value: unknown): value is Tensor {
  return (
    isObject(value) &&
    typeof value.name === 'string' &&
    Array.isArray(value.shape) &&
    value.shape.every((one) => typeof one === 'number') &&
    Array.isArray(value.data)
  );
}

/** The rows of a tensor: its first dimension; what is below stays a list. */
function rowsOfTensor({ shape, data }: Tensor): unknown[] | undefined {
  const flat: unknown[] = data.flat<unknown[], 16>(16);
  const [rows = 1] = shape;
  const size = rows === 0 ? 0 : flat.length / rows;
  if (rows <= 0 || !Number.isInteger(size) || shape.reduce((a, b) => a * b, 1) !== flat.length) return undefined;
  return Array.from({ length: rows }, (_, i) => (size === 1 ? flat[i] : flat.slice(i * size, (i + 1) * size)));
}

/** A class as Triton's classification extension writes it: `score:index`, with its name behind that where it has one. */
const CLASS = /^(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?):(\d+)(?::(.*))?$/i;

/** Classes with their scores; undefined where one of a row is none. */
function classified(row: unknown): unknown {
  const all = (Array.isArray(row) ? row : [row]).map((one) => (typeof one === 'string' ? CLASS.exec(one) : null));
  if (all.length === 0 || !all.every((one) => one !== null)) return undefined;
  return all.map(([, score, index, name]) => ({ label: name ?? index, score: Number(score) }));
}

/** Outputs by name, row by row: a label and its scores where the names say so, else a record of all. */
function rowsOfTensors(tensors: readonly Tensor[]): unknown[] | undefined {
  const rows = tensors.map(rowsOfTensor);
  const count = rows[0]?.length;
  if (count === undefined || rows.some((one) => one?.length !== count)) return undefined;
  const [only] = rows;
  if (tensors.length === 1) return only?.map((row) => classified(row) ?? row);
  const named = (pattern: RegExp) => tensors.findIndex(({ name }) => pattern.test(name));
  const [label, scores] = [
    named(/^(?:predict|label|output_label|predicted_label|class)$/i),
    named(/^(?:predict_proba|probabilit(?:y|ies)|output_probability|scores?)$/i),
  ];
  return Array.from({ length: count }, (_, i) => {
    const row = rows.map((one) => one?.[i]);
    if (tensors.length === 2 && label >= 0 && scores >= 0) return { label: row[label], scores: row[scores] };
    return Object.fromEntries(tensors.map(({ name }, k) => [name, row[k]]));
  });
}

const EMBEDDINGS = ['embeddings', 'embedding', 'vectors', 'vector'];

export const SERVERS: readonly Shape[] = [
  {
    name: 'open-inference-protocol',
    of: 'Open Inference Protocol v2: Triton, MLServer, KServe',
    source: PROTOCOL,
    leaves: othersThan('outputs', 'name', 'shape', 'datatype', 'data'),
    rows(seen) {
      const whole = single(seen);
      if (!isObject(whole) || !Array.isArray(whole.outputs) || whole.outputs.length === 0) return undefined;
      return whole.outputs.every(isTensor) ? rowsOfTensors(whole.outputs) : undefined;
    },
  },
  {
    name: 'tensorflow-classify',
    of: 'TensorFlow Serving, classify and regress',
    source: 'https://www.tensorflow.org/tfx/serving/api_rest#classify_and_regress_api',
    rows(seen) {
      const whole = single(seen);
      if (!isObject(whole) || Object.keys(whole).length !== 1) return undefined;
      const list = whole.result ?? whole.results;
      return Array.isArray(list) && list.length > 0 ? (list as unknown[]) : undefined;
    },
  },
  {
    name: 'tensorflow-columns',
    of: 'TensorFlow Serving, predict in columns',
    source: 'https://www.tensorflow.org/tfx/serving/api_rest#predict_api',
    rows(seen) {
      const whole = single(seen);
      if (
        !isObject(whole) ||
        Object.keys(whole).length !== 1 ||
        !Array.isArray(whole.outputs) ||
        whole.outputs.length === 0
      )
        return undefined;
      return whole.outputs as unknown[];
    },
  },
  {
    name: 'torchserve-boxes',
    of: 'TorchServe, object detector',
    source: 'https://github.com/pytorch/serve/blob/master/docs/default_handlers.md',
    kind: 'boxes',
    rows(seen) {
      const whole = single(seen);
      if (!Array.isArray(whole) || whole.length === 0) return undefined;
      return whole.every((one) => isObject(one) && boxOf(one) !== undefined && !('box' in one)) ? [whole] : undefined;
    },
  },
  {
    name: 'embeddings',
    of: 'Embeddings of OpenAI, sentence-transformers and Cohere',
    source: 'https://platform.openai.com/docs/api-reference/embeddings/object',
    kind: 'vector',
    leaves: (seen) =>
      EMBEDDINGS.filter((name) => isObject(single(seen)) && name in (single(seen) as object)).length > 1 ||
      othersThan('data', 'index', ...EMBEDDINGS, 'texts', 'response_type')(seen),
    rows(seen) {
      const whole = single(seen);
      if (!isObject(whole)) return undefined;
      if (Array.isArray(whole.data) && whole.data.length > 0) {
        const rows = whole.data.map((one) => (isObject(one) ? one.embedding : undefined));
        return rows.every((one) => Array.isArray(one)) ? rows : undefined;
      }
      const named = EMBEDDINGS.map((name) => whole[name]).find((one) => one !== undefined && one !== null);
      // Cohere names the form of the numbers.
      const found = isObject(named) && Object.keys(named).length === 1 ? named.float : named;
      if (!Array.isArray(found) || found.length === 0) return undefined;
      return found.every(Array.isArray) ? (found as unknown[]) : [found];
    },
  },
];
