import type { Answer } from '../../../src/analysis/answers/answer.ts';
import type { Payload } from '../../../src/analysis/answers/captures.ts';

/** A documented answer, what it was asked, and what must be made of it. */
export interface Golden {
  /** As the first column of the table in docs/answers.md names it. */
  of: string;
  shape: string;
  kind: string;
  input: Payload;
  output: Payload;
  answers: readonly Answer[];
}

const payload = (contentType: string, encoding: Payload['encoding']) => (data: string) => ({
  data,
  encoding,
  contentType,
});
const csv = payload('text/csv; charset=utf-8', 'CSV');
const jsonText = payload('application/json', 'JSON');
const lines = payload('application/jsonlines', 'JSON');
const json = (value: unknown) => jsonText(JSON.stringify(value));
const picture = (): Payload => ({
  data: Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0]).toString('base64'),
  encoding: 'BASE64',
  contentType: 'application/x-image',
});
const whole = (value: unknown): Answer => ({ other: JSON.stringify(value) });
const rowsOf = (rows: number) => csv(Array.from({ length: rows }, (_, i) => `${i},0.5`).join('\n'));
const instances = (rows: number) => json({ instances: Array.from({ length: rows }, () => ({ features: [1, 2] })) });
const inputs = (value: unknown) => json({ inputs: value });

/** As people send chunks of a chat. */
const events = (...chunks: object[]): Payload => ({
  data: [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}`), 'data: [DONE]', ''].join('\n\n'),
  encoding: 'JSON',
  contentType: 'text/event-stream',
});
const delta = (content: string, finish: string | null = null) => ({
  id: 'c-1',
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
});

export const GOLDEN: readonly Golden[] = [
  {
    of: 'linear-learner, regression',
    shape: 'rows',
    kind: 'number',
    input: instances(2),
    output: jsonText('{"predictions": [{"score": 0.4}, {"score": 1.5}]}'),
    answers: [{ number: 0.4 }, { number: 1.5 }],
  },
  {
    of: 'linear-learner and factorization machines, binary',
    shape: 'rows',
    kind: 'scored-label',
    input: instances(1),
    output: jsonText('{"predictions": [{"score": 0.4, "predicted_label": 0}]}'),
    answers: [{ label: '0', number: 0.4 }],
  },
  {
    of: 'linear-learner, several classes',
    shape: 'rows',
    kind: 'scores',
    input: instances(1),
    output: jsonText('{"predictions": [{"score": [0.1, 0.2, 0.4, 0.3], "predicted_label": 2}]}'),
    answers: [{ label: '2', scores: [0.1, 0.2, 0.4, 0.3] }],
  },
  {
    of: 'linear-learner, JSON Lines',
    shape: 'rows',
    kind: 'scored-label',
    input: lines('{"features":[1,2]}\n{"features":[3,4]}'),
    output: lines('{"predicted_label":1,"score":0.989977359771728}\n{"predicted_label":0,"score":0.25}\n'),
    answers: [
      { label: '1', number: 0.989977359771728 },
      { label: '0', number: 0.25 },
    ],
  },
  {
    of: 'XGBoost, a number a row',
    shape: 'csv',
    kind: 'number',
    input: rowsOf(2),
    output: csv('0.036397725343704224\n0.7\n'),
    answers: [{ number: 0.036397725343704224 }, { number: 0.7 }],
  },
  {
    of: 'XGBoost up to 1.3-1, rows on one line',
    shape: 'csv',
    kind: 'number',
    input: rowsOf(3),
    output: csv('0.25,0.5,0.25'),
    answers: [{ number: 0.25 }, { number: 0.5 }, { number: 0.25 }],
  },
  {
    of: 'XGBoost, multi:softprob',
    shape: 'csv',
    kind: 'scores',
    input: rowsOf(2),
    output: csv('0.1,0.7,0.2\n0.6,0.3,0.1\n'),
    answers: [
      { label: '1', scores: [0.1, 0.7, 0.2] },
      { label: '0', scores: [0.6, 0.3, 0.1] },
    ],
  },
  {
    of: 'XGBoost, JSON',
    shape: 'rows',
    kind: 'scores',
    input: rowsOf(1),
    output: jsonText('{"predictions": [{"score": [0.1, 0.7, 0.2]}]}'),
    answers: [{ label: '1', scores: [0.1, 0.7, 0.2] }],
  },
  {
    of: 'XGBoost with SAGEMAKER_INFERENCE_OUTPUT, CSV: predicted_label,probability',
    shape: 'labelled-csv',
    kind: 'scored-label',
    input: rowsOf(2),
    output: csv('2,0.95\n1,0.66'),
    answers: [
      { label: '2', number: 0.95 },
      { label: '1', number: 0.66 },
    ],
  },
  {
    of: 'XGBoost with SAGEMAKER_INFERENCE_OUTPUT, CSV: probability,predicted_label',
    shape: 'labelled-csv',
    kind: 'scored-label',
    input: rowsOf(2),
    output: csv('0.95,2\n0.66,1'),
    answers: [
      { label: '2', number: 0.95 },
      { label: '1', number: 0.66 },
    ],
  },
  {
    of: 'XGBoost with SAGEMAKER_INFERENCE_OUTPUT, CSV: predicted_label,probability,probabilities',
    shape: 'labelled-csv',
    kind: 'scores',
    input: rowsOf(1),
    output: csv('1,0.93,"[0.07, 0.93]"'),
    answers: [{ label: '1', scores: [0.07, 0.93] }],
  },
  {
    of: 'XGBoost with SAGEMAKER_INFERENCE_OUTPUT, CSV: labels,probabilities',
    shape: 'labelled-csv',
    kind: 'scores',
    input: rowsOf(1),
    output: csv('"[0, 1]","[0.93, 0.07]"'),
    answers: [{ label: '0', scores: [0.93, 0.07] }],
  },
  {
    of: 'XGBoost with SAGEMAKER_INFERENCE_OUTPUT, JSON',
    shape: 'rows',
    kind: 'scored-label',
    input: rowsOf(1),
    output: jsonText(
      '{"predictions": [{"predicted_label": 1, "labels": [0, 1], "probability": 0.93, "raw_score": 2.6}]}',
    ),
    answers: [{ label: '1', number: 0.93 }],
  },
  {
    of: 'XGBoost with SAGEMAKER_INFERENCE_OUTPUT, JSON Lines: predicted_score',
    shape: 'rows',
    kind: 'number',
    input: rowsOf(2),
    output: lines('{"predicted_score": 7.25}\n{"predicted_score": 8.5}\n'),
    answers: [{ number: 7.25 }, { number: 8.5 }],
  },
  {
    of: 'Autopilot, predicted_label,probability',
    shape: 'labelled-csv',
    kind: 'scored-label',
    input: rowsOf(2),
    output: csv('no.,0.85\nyes.,0.6\n'),
    answers: [
      { label: 'no.', number: 0.85 },
      { label: 'yes.', number: 0.6 },
    ],
  },
  {
    of: 'Autopilot, predicted_label,probability,probabilities,labels',
    shape: 'labelled-csv',
    kind: 'scores',
    input: rowsOf(1),
    output: csv(`no,0.85,"[0.85, 0.15]","['no', 'yes']"`),
    answers: [{ label: 'no', scores: [0.85, 0.15] }],
  },
  {
    of: 'k-means, JSON',
    shape: 'rows',
    kind: 'scored-label',
    input: rowsOf(2),
    output: json({
      predictions: [
        { closest_cluster: 1, distance_to_cluster: 3 },
        { closest_cluster: 2, distance_to_cluster: 5 },
      ],
    }),
    answers: [
      { label: '1', number: 3 },
      { label: '2', number: 5 },
    ],
  },
  {
    of: 'k-means, CSV',
    shape: 'labelled-csv',
    kind: 'scored-label',
    input: rowsOf(2),
    output: csv('1.0,3.5\n2.0,5.25'),
    answers: [
      { label: '1', number: 3.5 },
      { label: '2', number: 5.25 },
    ],
  },
  {
    of: 'random cut forest',
    shape: 'random-cut-forest',
    kind: 'number',
    input: rowsOf(2),
    output: json({ scores: [{ score: 0.02 }, { score: 0.25 }] }),
    answers: [{ number: 0.02 }, { number: 0.25 }],
  },
  {
    of: 'principal component analysis',
    shape: 'pca',
    kind: 'vector',
    input: rowsOf(2),
    output: json({ projections: [{ projection: [1, 2, 3] }, { projection: [6, 7, 8] }] }),
    answers: [whole([1, 2, 3]), whole([6, 7, 8])],
  },
  {
    of: 'neural topic model',
    shape: 'topics',
    kind: 'vector',
    input: rowsOf(1),
    output: json({ predictions: [{ topic_weights: [0.25, 0.5, 0.25] }] }),
    answers: [whole([0.25, 0.5, 0.25])],
  },
  {
    of: 'Object2Vec',
    shape: 'object2vec',
    kind: 'vector',
    input: instances(1),
    output: json({ predictions: [{ embeddings: [0.5, -0.25] }] }),
    answers: [whole([0.5, -0.25])],
  },
  {
    of: 'DeepAR',
    shape: 'deepar',
    kind: 'numbers',
    input: instances(1),
    output: json({ predictions: [{ quantiles: { '0.9': [3, 4], '0.5': [1, 2] }, mean: [1.5, 2.5] }] }),
    answers: [whole([1.5, 2.5, 1, 2, 3, 4])],
  },
  {
    of: 'BlazingText, classification',
    shape: 'blazingtext',
    kind: 'scores',
    input: json({ instances: ['a text', 'another'] }),
    output: json([
      { prob: [0.9, 0.1], label: ['__label__1', '__label__2'] },
      { prob: [0.8, 0.2], label: ['__label__2', '__label__1'] },
    ]),
    answers: [
      { label: '__label__1', scores: [0.9, 0.1] },
      { label: '__label__2', scores: [0.2, 0.8] },
    ],
  },
  {
    of: 'BlazingText, word vectors',
    shape: 'word-vectors',
    kind: 'vector',
    input: json({ instances: ['sun'] }),
    output: json([{ word: 'sun', vector: [0.5, -1] }]),
    answers: [whole([0.5, -1])],
  },
  {
    of: 'image classification (MXNet)',
    shape: 'list',
    kind: 'scores',
    input: picture(),
    output: json([0.2, 0.7, 0.1]),
    answers: [{ label: '1', scores: [0.2, 0.7, 0.1] }],
  },
  {
    of: 'image classification (MXNet), JSON Lines',
    shape: 'image-classification',
    kind: 'scores',
    input: picture(),
    output: lines('{"prediction": [0.2, 0.7, 0.1]}'),
    answers: [{ label: '1', scores: [0.2, 0.7, 0.1] }],
  },
  {
    of: 'object detection (MXNet)',
    shape: 'object-detection',
    kind: 'boxes',
    input: picture(),
    output: json({ prediction: [[4, 0.86, 0.3, 0.07, 0.71, 0.93]] }),
    answers: [whole([{ box: [0.3, 0.07, 0.71, 0.93], label: '4', score: 0.86 }])],
  },
  {
    of: 'HuggingFace, classification, the first class',
    shape: 'classification',
    kind: 'scores',
    input: inputs('good'),
    output: json([{ label: 'POSITIVE', score: 0.99 }]),
    answers: [{ label: 'POSITIVE', number: 0.99 }],
  },
  {
    of: 'HuggingFace, classification of several texts',
    shape: 'classification',
    kind: 'scores',
    input: inputs(['good', 'bad']),
    output: json([
      { label: 'POSITIVE', score: 0.99 },
      { label: 'NEGATIVE', score: 0.98 },
    ]),
    answers: [
      { label: 'POSITIVE', number: 0.99 },
      { label: 'NEGATIVE', number: 0.98 },
    ],
  },
  {
    of: 'HuggingFace, classification, all classes',
    shape: 'classification',
    kind: 'scores',
    input: json({ inputs: 'a text', parameters: { top_k: null } }),
    output: json([
      { label: 'joy', score: 0.6 },
      { label: 'anger', score: 0.3 },
      { label: 'fear', score: 0.1 },
    ]),
    answers: [{ label: 'joy', scores: [0.3, 0.1, 0.6] }],
  },
  {
    of: 'HuggingFace, classification, all classes in a list of lists',
    shape: 'classification',
    kind: 'scores',
    input: inputs('a text'),
    output: json([
      [
        { label: 'joy', score: 0.7 },
        { label: 'anger', score: 0.3 },
      ],
    ]),
    answers: [{ label: 'joy', scores: [0.3, 0.7] }],
  },
  {
    of: 'HuggingFace, zero-shot classification',
    shape: 'zero-shot',
    kind: 'scores',
    input: json({ inputs: 'my parcel', parameters: { candidate_labels: ['refund', 'delivery'] } }),
    output: json({ sequence: 'my parcel', labels: ['delivery', 'refund'], scores: [0.9, 0.1] }),
    answers: [{ label: 'delivery', scores: [0.9, 0.1] }],
  },
  {
    of: 'HuggingFace, token classification',
    shape: 'token-classification',
    kind: 'spans',
    input: inputs('I am Wolfgang'),
    output: json([{ entity_group: 'PER', score: 0.99, word: 'Wolfgang', start: 5, end: 13 }]),
    answers: [whole([{ end: 13, label: 'PER', start: 5, text: 'Wolfgang' }])],
  },
  {
    of: 'HuggingFace, question answering',
    shape: 'question-answering',
    kind: 'text',
    input: inputs({ question: 'Where?', context: 'In Berlin.' }),
    output: json({ score: 0.9, start: 3, end: 9, answer: 'Berlin' }),
    answers: [whole('Berlin')],
  },
  {
    of: 'HuggingFace, fill-mask',
    shape: 'fill-mask',
    kind: 'scores',
    input: inputs('The [MASK] shines.'),
    output: json([
      { score: 0.5, token: 1, token_str: 'sun', sequence: 'The sun shines.' },
      { score: 0.2, token: 2, token_str: 'moon', sequence: 'The moon shines.' },
    ]),
    answers: [{ label: 'sun', number: 0.5 }],
  },
  {
    of: 'HuggingFace, summarization',
    shape: 'generation',
    kind: 'text',
    input: inputs('A long text.'),
    output: json([{ summary_text: 'A text.' }]),
    answers: [whole('A text.')],
  },
  {
    of: 'HuggingFace, text generation',
    shape: 'generation',
    kind: 'text',
    input: inputs('Once'),
    output: json([{ generated_text: 'Once upon a time' }]),
    answers: [whole('Once upon a time')],
  },
  {
    of: 'TGI, streamed',
    shape: 'generation-stream',
    kind: 'text',
    input: inputs('Once'),
    output: events(
      { token: { text: ' upon' } },
      { token: { text: ' a time' } },
      { token: { text: '</s>', special: true } },
    ),
    answers: [whole(' upon a time')],
  },
  {
    of: 'HuggingFace, speech recognition',
    shape: 'speech',
    kind: 'text',
    input: { ...picture(), contentType: 'audio/flac' },
    output: json({ text: 'hello world' }),
    answers: [whole('hello world')],
  },
  {
    of: 'HuggingFace, object detection',
    shape: 'hugging-face-boxes',
    kind: 'boxes',
    input: picture(),
    output: json([{ score: 0.99, label: 'cat', box: { xmin: 1, ymin: 2, xmax: 30, ymax: 40 } }]),
    answers: [whole([{ box: [1, 2, 30, 40], label: 'cat', score: 0.99 }])],
  },
  {
    of: 'HuggingFace, feature extraction',
    shape: 'features',
    kind: 'vector',
    input: inputs('sun'),
    output: json([
      [
        [0.5, -0.5],
        [0.25, 0.75],
      ],
    ]),
    answers: [whole([0.5, -0.5, 0.25, 0.75])],
  },
  {
    of: 'Text Embeddings Inference, rerank',
    shape: 'rerank',
    kind: 'ranking',
    input: json({ query: 'sun', texts: ['moon', 'sun'] }),
    output: json([
      { index: 1, score: 0.9 },
      { index: 0, score: 0.1 },
    ]),
    answers: [whole(['1', '0'])],
  },
  {
    of: 'TorchServe, image and text classifier',
    shape: 'rows',
    kind: 'scores',
    input: picture(),
    output: json({ tabby: 0.6, tiger_cat: 0.3, lynx: 0.1 }),
    answers: [{ label: 'tabby', scores: [0.1, 0.6, 0.3] }],
  },
  {
    of: 'TorchServe, object detector',
    shape: 'torchserve-boxes',
    kind: 'boxes',
    input: picture(),
    output: json([{ person: [1, 2, 30, 40], score: 0.9 }]),
    answers: [whole([{ box: [1, 2, 30, 40], label: 'person', score: 0.9 }])],
  },
  {
    of: 'TensorFlow Serving, predict',
    shape: 'rows',
    kind: 'scores',
    input: json({ instances: [[1], [2]] }),
    output: json({
      predictions: [
        [0.25, 0.75],
        [0.5, 0.5],
      ],
    }),
    answers: [
      { label: '1', scores: [0.25, 0.75] },
      { label: '0', scores: [0.5, 0.5] },
    ],
  },
  {
    of: 'TensorFlow Serving, predict in columns',
    shape: 'tensorflow-columns',
    kind: 'number',
    input: json({ inputs: [[1], [2]] }),
    output: json({ outputs: [[3.5], [4.5]] }),
    answers: [{ number: 3.5 }, { number: 4.5 }],
  },
  {
    of: 'TensorFlow Serving, classify',
    shape: 'tensorflow-classify',
    kind: 'scores',
    input: json({ examples: [{ x: 1 }] }),
    output: json({
      results: [
        [
          ['no', 0.25],
          ['yes', 0.75],
        ],
      ],
    }),
    answers: [{ label: 'yes', scores: [0.25, 0.75] }],
  },
  {
    of: 'TensorFlow Serving, regress',
    shape: 'tensorflow-classify',
    kind: 'number',
    input: json({ examples: [{ x: 1 }] }),
    output: json({ results: [7.5] }),
    answers: [{ number: 7.5 }],
  },
  {
    of: 'Open Inference Protocol v2: MLServer, KServe',
    shape: 'open-inference-protocol',
    kind: 'number',
    input: json({ inputs: [{ name: 'x', shape: [2, 2], datatype: 'FP32', data: [1, 2, 3, 4] }] }),
    output: json({
      model_name: 'm',
      outputs: [{ name: 'predict', shape: [2, 1], datatype: 'FP32', data: [1.5, 0.25] }],
    }),
    answers: [{ number: 1.5 }, { number: 0.25 }],
  },
  {
    of: 'Triton, a label and the scores of all classes',
    shape: 'open-inference-protocol',
    kind: 'scores',
    input: json({ inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] }] }),
    output: json({
      model_name: 'm',
      outputs: [
        { name: 'label', shape: [1], datatype: 'INT64', data: [1] },
        { name: 'probabilities', shape: [1, 2], datatype: 'FP32', data: [0.25, 0.75] },
      ],
    }),
    answers: [{ label: '1', scores: [0.25, 0.75] }],
  },
  {
    of: 'MLflow',
    shape: 'rows',
    kind: 'number',
    input: json({ dataframe_split: { columns: ['a'], data: [[1], [2]] } }),
    output: json({ predictions: [3.5, 4.5] }),
    answers: [{ number: 3.5 }, { number: 4.5 }],
  },
  {
    of: 'scikit-learn',
    shape: 'rows',
    kind: 'label',
    input: json([
      [1, 2],
      [3, 4],
    ]),
    output: json(['setosa', 'virginica']),
    answers: [{ label: 'setosa' }, { label: 'virginica' }],
  },
  {
    of: 'embeddings of OpenAI',
    shape: 'embeddings',
    kind: 'vector',
    input: json({ input: 'sun', model: 'm' }),
    output: json({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [0.5, -1] }],
      usage: { total_tokens: 1 },
    }),
    answers: [whole([0.5, -1])],
  },
  {
    of: 'chat of OpenAI, vLLM, TGI, LMI',
    shape: 'chat',
    kind: 'chat',
    input: json({ messages: [{ role: 'user', content: 'Hi' }] }),
    output: json({
      id: 'c-1',
      object: 'chat.completion',
      created: 1,
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello!', refusal: null }, finish_reason: 'stop' }],
      usage: { total_tokens: 9 },
    }),
    answers: [whole({ finish: 'stop', refusal: null, text: 'Hello!', tools: [] })],
  },
  {
    of: 'chat, streamed',
    shape: 'chat-stream',
    kind: 'chat',
    input: json({ messages: [{ role: 'user', content: 'Hi' }], stream: true }),
    output: events(delta('Hel'), delta('lo!'), delta('', 'stop')),
    answers: [whole({ finish: 'stop', refusal: null, text: 'Hello!', tools: [] })],
  },
  {
    of: 'messages of Anthropic',
    shape: 'messages',
    kind: 'chat',
    input: json({ messages: [{ role: 'user', content: 'Hi' }] }),
    output: json({ type: 'message', content: [{ type: 'text', text: 'Hello!' }], stop_reason: 'end_turn' }),
    answers: [whole({ finish: 'end_turn', refusal: null, text: 'Hello!', tools: [] })],
  },
  {
    of: 'bytes: NumPy arrays, RecordIO, pictures, tensors of Triton',
    shape: 'bytes',
    kind: 'bytes',
    input: rowsOf(1),
    output: {
      data: Buffer.from([0x93, 0x4e, 0]).toString('base64'),
      encoding: 'BASE64',
      contentType: 'application/x-npy',
    },
    answers: [whole({ bytes: 3, sha256: '75c470df24d8b6084b5fc73ecee2e56b7e255640b77cb0b0775991c1c228eff9' })],
  },
];
