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

/** Members of a ranked item. */
const OF_ITEMS = ['index', 'relevance_score', 'itemId', 'score', 'document', 'promotionName', 'reason'];

const TEXTS = ['generated_text', 'summary_text', 'translation_text'];

/** Lists of parts, of one text or of many; nothing may be found in any of them. */
function groups(seen: Seen, is: (value: unknown) => boolean): unknown[] | undefined {
  const whole = single(seen);
  if (!Array.isArray(whole)) return undefined;
  if (whole.every(is)) return [whole];
  return whole.every((one) => Array.isArray(one) && one.every(is)) ? whole : undefined;
}

/** What stands for the empty answer of a model that says that the text has none (`handle_impossible_answer`). */
const IMPOSSIBLE = '(no answer)';

/** Where the answer to a question stands, beside what it is. */
function placeOf(value: unknown): unknown {
  if (!isObject(value) || typeof value.answer !== 'string') return undefined;
  const { start, end, answer: word } = value;
  return typeof start === 'number' && typeof end === 'number' ? [{ entity: 'answer', start, end, word }] : undefined;
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
    // The same words may stand in another place.
    readings: () => [
      { shape: 'question-answering', kind: 'text' },
      { shape: 'answer-place', kind: 'spans' },
    ],
    leaves: othersThan('score', 'start', 'end', 'answer'),
    rows: (seen) =>
      each(seen, (value) =>
        isObject(value) && typeof value.answer === 'string' && 'score' in value && 'start' in value
          ? value.answer || IMPOSSIBLE
          : undefined,
      ),
  },
  {
    name: 'answer-place',
    of: 'HuggingFace, question answering: where the answer stands',
    source: `${PIPELINES}#transformers.QuestionAnsweringPipeline`,
    readings: () => [],
    rows: (seen) => each(seen, placeOf),
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
        return TEXTS.map((name) => value[name]).find((one) => typeof one === 'string');
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
    name: 'texts',
    of: 'vLLM, generate',
    source: 'https://docs.vllm.ai/en/latest/examples/online_serving/api_client.html',
    kind: 'text',
    rows(seen) {
      const whole = single(seen);
      if (!isObject(whole) || !Array.isArray(whole.text) || Object.keys(whole).length !== 1) return undefined;
      return whole.text.length > 0 && whole.text.every((one) => typeof one === 'string') ? whole.text : undefined;
    },
  },
  {
    name: 'speech',
    of: 'HuggingFace, speech recognition',
    source: `${PIPELINES}#transformers.AutomaticSpeechRecognitionPipeline`,
    kind: 'text',
    // The times of its parts are an answer, too.
    leaves: othersThan('text'),
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
    name: 'ranked-items',
    of: 'Ranked items of Cohere (rerank) and Amazon Personalize',
    source: 'https://docs.cohere.com/reference/rerank',
    kind: 'ranking',
    leaves: othersThan('results', 'itemList', 'personalizedRanking', ...OF_ITEMS),
    rows(seen) {
      const whole = single(seen);
      if (!isObject(whole)) return undefined;
      const list = [whole.results, whole.itemList, whole.personalizedRanking].find(Array.isArray);
      const isItem = (one: unknown) =>
        isObject(one) &&
        ((typeof one.index === 'number' && 'relevance_score' in one) || typeof one.itemId === 'string');
      return list !== undefined && list.length > 0 && list.every(isItem) ? [list] : undefined;
    },
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
