import { isObject } from '../../../base/json.ts';
import { exceedsOne, namedScores } from '../kinds/labels.ts';
import { boxOf } from '../kinds/whole.ts';
import type { Seen } from '../seen.ts';
import type { Shape } from './shape.ts';
import { othersThan, single } from './shape.ts';

const PIPELINES = 'https://huggingface.co/docs/transformers/main_classes/pipelines';
const TOOLKIT = 'https://github.com/aws/sagemaker-huggingface-inference-toolkit';

/** Nothing but a label and its score: with more, something else may count. */
const isLabelled = (value: unknown) =>
  isObject(value) && 'label' in value && typeof value.score === 'number' && Object.keys(value).length === 2;

/**
 * Is this flat list of `{label, score}` one answer with all its classes, or a row each? The request says it; where it does
 * not, a class that comes twice is no list of classes.
 */
function rowsOfLabelled(list: readonly unknown[], { askedRows }: Seen): unknown[] | undefined {
  if (list.length === askedRows && askedRows > 1) return [...list];
  if (list.length === 1) return [...list];
  if (namedScores(list) === undefined) return askedRows === 1 ? undefined : [...list];
  return [[...list]];
}

/** The list of an answer: pipelines answer one text with an object, or with a list of one. */
function listed(seen: Seen): unknown[] | undefined {
  const whole = single(seen);
  return Array.isArray(whole) ? (whole as unknown[]) : isObject(whole) ? [whole] : undefined;
}

/** Every member of the list, or of its lists, by a function; undefined where one gives none. */
function each(seen: Seen, row: (value: unknown) => unknown): unknown[] | undefined {
  const rows = listed(seen)?.map((one) => row(Array.isArray(one) && one.length === 1 ? one[0] : one));
  return rows !== undefined && rows.length > 0 && rows.every((one) => one !== undefined) ? rows : undefined;
}

/** The class with the largest score; where several may apply, that may not be all. */
const scoresOrLabels = (rows: readonly unknown[]) => (exceedsOne(rows) ? ['scores', 'labels'] : ['scores']);

const TEXTS = ['generated_text', 'summary_text', 'translation_text'];

/** Lists of parts, of one text or of many. */
function groups(seen: Seen, is: (value: unknown) => boolean): unknown[] | undefined {
  const whole = single(seen);
  if (!Array.isArray(whole)) return undefined;
  if (whole.length > 0 && whole.every(is)) return [whole];
  const nested = whole.length > 0 && whole.every((one) => Array.isArray(one) && one.every(is));
  return nested && whole.some((one) => (one as unknown[]).length > 0) ? whole : undefined;
}

export const HUGGING_FACE: readonly Shape[] = [
  {
    name: 'zero-shot',
    of: 'HuggingFace, zero-shot classification',
    source: `${PIPELINES}#transformers.ZeroShotClassificationPipeline`,
    kinds: scoresOrLabels,
    leaves: othersThan('sequence', 'labels', 'scores'),
    rows: (seen) =>
      each(seen, (value) => {
        if (!isObject(value) || !Array.isArray(value.labels) || !Array.isArray(value.scores)) return undefined;
        const { labels, scores } = value as { labels: unknown[]; scores: unknown[] };
        if (labels.length !== scores.length || labels.length === 0 || !labels.every((one) => typeof one === 'string'))
          return undefined;
        return labels.map((label, i) => ({ label, score: scores[i] }));
      }),
  },
  {
    name: 'token-classification',
    of: 'HuggingFace, token classification',
    source: `${PIPELINES}#transformers.TokenClassificationPipeline`,
    kind: 'spans',
    rows: (seen) => groups(seen, (one) => isObject(one) && ('entity' in one || 'entity_group' in one)),
  },
  {
    name: 'hugging-face-boxes',
    of: 'HuggingFace, object detection',
    source: `${PIPELINES}#transformers.ObjectDetectionPipeline`,
    kind: 'boxes',
    rows: (seen) => groups(seen, (one) => isObject(one) && isObject(one.box) && boxOf(one) !== undefined),
  },
  {
    name: 'fill-mask',
    of: 'HuggingFace, fill-mask',
    source: `${PIPELINES}#transformers.FillMaskPipeline`,
    kind: 'scores',
    rows: (seen) =>
      groups(seen, (one) => isObject(one) && typeof one.token_str === 'string' && typeof one.score === 'number')?.map(
        (row) =>
          (row as { token_str: string; score: number }[]).map(({ token_str: label, score }) => ({ label, score })),
      ),
  },
  {
    name: 'classification',
    of: 'HuggingFace, classification of texts, pictures and sounds; all classes (`top_k`) or the first',
    source: `${TOOLKIT}/issues/64`,
    kinds: scoresOrLabels,
    rows(seen) {
      const list = listed(seen);
      if (list === undefined || list.length === 0) return undefined;
      if (list.every(isLabelled)) return rowsOfLabelled(list, seen);
      return list.every((one) => Array.isArray(one) && one.length > 0 && one.every(isLabelled)) ? list : undefined;
    },
  },
  {
    name: 'question-answering',
    of: 'HuggingFace, question answering',
    source: `${PIPELINES}#transformers.QuestionAnsweringPipeline`,
    kind: 'text',
    leaves: othersThan('score', 'start', 'end', 'answer'),
    rows: (seen) =>
      each(seen, (value) =>
        isObject(value) && typeof value.answer === 'string' && 'score' in value && 'start' in value
          ? value.answer
          : undefined,
      ),
  },
  {
    name: 'generation',
    of: 'HuggingFace, text generation, summaries, translations; TGI, LMI',
    source: `${PIPELINES}#transformers.TextGenerationPipeline`,
    kind: 'text',
    leaves: othersThan(...TEXTS, 'details', 'finish_reason'),
    rows: (seen) =>
      each(seen, (value) => {
        if (!isObject(value)) return undefined;
        const found = TEXTS.map((name) => value[name]).find((one) => typeof one === 'string');
        return found;
      }),
  },
  {
    name: 'generation-stream',
    of: 'TGI, streamed',
    source: 'https://huggingface.co/docs/text-generation-inference/conceptual/streaming',
    kind: 'text',
    rows({ form, values }) {
      if (form !== 'json' || values.length === 0) return undefined;
      const parts = values.map((value) =>
        isObject(value) && isObject(value.token) && typeof value.token.text === 'string' ? value.token : undefined,
      );
      if (!parts.every((one) => one !== undefined)) return undefined;
      return [
        parts
          .filter((token) => token.special !== true)
          .map((token) => token.text)
          .join(''),
      ];
    },
  },
  {
    name: 'speech',
    of: 'HuggingFace, speech recognition',
    source: `${PIPELINES}#transformers.AutomaticSpeechRecognitionPipeline`,
    kind: 'text',
    rows: (seen) =>
      each(seen, (value) =>
        isObject(value) &&
        typeof value.text === 'string' &&
        Object.keys(value).every((key) => key === 'text' || key === 'chunks')
          ? value.text
          : undefined,
      ),
  },
  {
    name: 'rerank',
    of: 'Text Embeddings Inference, rerank',
    source: 'https://huggingface.co/docs/text-embeddings-inference/quick_tour#re-rankers',
    kind: 'ranking',
    rows: (seen) =>
      groups(
        seen,
        (one) => isObject(one) && typeof one.index === 'number' && typeof one.score === 'number' && !('label' in one),
      ),
  },
  {
    name: 'features',
    of: 'HuggingFace, feature extraction: a vector a token',
    source: `${PIPELINES}#transformers.FeatureExtractionPipeline`,
    kind: 'vector',
    rows(seen) {
      const whole = single(seen);
      if (!Array.isArray(whole) || whole.length === 0) return undefined;
      const isMatrix = (one: unknown) => Array.isArray(one) && one.length > 0 && one.every(Array.isArray);
      return whole.every(isMatrix) ? (whole as unknown[]) : undefined;
    },
  },
];
