import { isObject } from '../../../base/json.ts';
import type { Shape } from './shape.ts';
import { othersThan, single } from './shape.ts';
import { boxOf } from '../kinds/whole.ts';

const AWS = 'https://docs.aws.amazon.com/sagemaker/latest/dg';

/** Rows under a member, or one a line: both forms of a built-in algorithm. */
function under(member: string, row: (value: unknown) => unknown): Shape['rows'] {
  return (seen) => {
    if (seen.form !== 'json') return undefined;
    const whole = single(seen);
    const list = isObject(whole) && Array.isArray(whole[member]) ? (whole[member] as unknown[]) : seen.values;
    const rows = list.map(row);
    return rows.length > 0 && rows.every((one) => one !== undefined) ? rows : undefined;
  };
}

const member = (name: string) => (value: unknown) => (isObject(value) ? value[name] : undefined);

/** The mean and every quantile, as far as they were asked for; samples are drawn at random. */
function forecastOf(value: unknown): unknown {
  if (!isObject(value)) return undefined;
  const quantiles = isObject(value.quantiles) ? Object.entries(value.quantiles) : [];
  const lists = quantiles.toSorted(([a], [b]) => Number(a) - Number(b)).map(([, list]) => list);
  const all = [...(Array.isArray(value.mean) ? [value.mean] : []), ...lists];
  return all.length > 0 && all.every(Array.isArray) ? all.flat() : undefined;
}

export const BUILT_IN: readonly Shape[] = [
  {
    name: 'random-cut-forest',
    of: 'Random cut forest',
    source: `${AWS}/rcf-in-formats.html`,
    kind: 'number',
    leaves: othersThan('scores', 'score'),
    rows: (seen) => {
      const whole = single(seen);
      if (!isObject(whole) || !Array.isArray(whole.scores) || whole.scores.length === 0) return undefined;
      return whole.scores.every((one) => isObject(one) && typeof one.score === 'number') ? whole.scores : undefined;
    },
  },
  {
    name: 'pca',
    of: 'Principal component analysis',
    source: `${AWS}/PCA-in-formats.html`,
    kind: 'vector',
    leaves: othersThan('projections', 'projection'),
    rows: under('projections', member('projection')),
  },
  {
    name: 'topics',
    of: 'Neural topic model',
    source: `${AWS}/ntm-in-formats.html`,
    kind: 'vector',
    leaves: othersThan('predictions', 'topic_weights'),
    rows: under('predictions', member('topic_weights')),
  },
  {
    name: 'object2vec',
    of: 'Object2Vec',
    source: `${AWS}/object2vec-encoder-embeddings.html`,
    kind: 'vector',
    leaves: othersThan('predictions', 'embeddings'),
    rows: under('predictions', member('embeddings')),
  },
  {
    name: 'deepar',
    of: 'DeepAR',
    source: `${AWS}/deepar-in-formats.html`,
    kind: 'numbers',
    leaves: othersThan('predictions', 'mean', 'quantiles', 'samples'),
    rows: under('predictions', forecastOf),
  },
  {
    name: 'blazingtext',
    of: 'BlazingText, text classification',
    source: `${AWS}/blazingtext.html`,
    kind: 'scores',
    leaves: othersThan('label', 'prob'),
    rows: (seen) => {
      const whole = single(seen);
      const list = Array.isArray(whole) ? (whole as unknown[]) : seen.form === 'json' ? seen.values : [];
      const rows = list.map((one) => {
        if (!isObject(one) || !Array.isArray(one.prob) || !Array.isArray(one.label)) return undefined;
        const { prob, label } = one as { prob: unknown[]; label: unknown[] };
        return prob.length === label.length && prob.length > 0
          ? label.map((name, i) => ({ label: name, score: prob[i] }))
          : undefined;
      });
      return rows.length > 0 && rows.every((one) => one !== undefined) ? rows : undefined;
    },
  },
  {
    name: 'word-vectors',
    of: 'BlazingText, word vectors',
    source: `${AWS}/blazingtext.html`,
    kind: 'vector',
    leaves: othersThan('word', 'vector'),
    rows: (seen) => {
      const whole = single(seen);
      const list = Array.isArray(whole) ? (whole as unknown[]) : seen.form === 'json' ? seen.values : [];
      const rows = list.map((one) => (isObject(one) && typeof one.word === 'string' ? one.vector : undefined));
      return rows.length > 0 && rows.every((one) => one !== undefined) ? rows : undefined;
    },
  },
  {
    name: 'object-detection',
    of: 'Object detection (MXNet)',
    source: `${AWS}/object-detection-in-formats.html`,
    kind: 'boxes',
    leaves: othersThan('prediction'),
    rows: (seen) => {
      const rows = under('', member('prediction'))(seen);
      return rows?.every(
        (one) => Array.isArray(one) && one.every((box) => Array.isArray(box) && boxOf(box) !== undefined),
      ) === true
        ? rows
        : undefined;
    },
  },
  {
    name: 'image-classification',
    of: 'Image classification (MXNet), JSON Lines',
    source: `${AWS}/image-classification.html`,
    leaves: othersThan('prediction'),
    rows: (seen) => {
      const rows = under('', member('prediction'))(seen);
      return rows?.every(
        (one) => Array.isArray(one) && one.length > 1 && one.every((score) => typeof score === 'number'),
      ) === true
        ? rows
        : undefined;
    },
  },
];
