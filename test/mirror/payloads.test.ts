import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { collectFromFiles } from '../../src/analysis/observe/from-files.ts';
import { comparisonBy } from '../../src/analysis/policy/answers.ts';
import { readPolicy } from '../../src/analysis/policy/schema.ts';
import { streamFacts } from '../../src/mirror/record/stream.ts';
import { openModel, openRig, type Rig } from './rig.ts';
import { quantileMargins } from '../../src/analysis/observe/exceedances.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function observed(rig: Rig) {
  const policy = readPolicy({ blockMinutes: 1 }, 'test');
  rig.clock.advance(120_000);
  await rig.mirror.tick();
  return collectFromFiles({
    path: rig.records,
    variants: undefined,
    window: undefined,
    comparison: { tolerance: undefined, ...comparisonBy(policy, undefined), memory: '1GB', spill: rig.folder },
    latency: quantileMargins(policy),
  });
}

/** Two rows of the i-th request; the score is no whole number. */
const rows = (i: number) => [
  [i, 0.5],
  [i + 1, 0.25],
];
const scores = (i: number) => [i * 1.5 + 0.25, i / 3 + 0.125];
const label = (i: number) => (i % 3 === 0 ? 'sun' : 'rain');
const tensor = (name: string, data: unknown[], datatype = 'FP64') => ({ name, shape: [data.length], datatype, data });

/** What each server documents: where it is asked, how, and what it answers. */
const SERVERS: readonly {
  of: string;
  path: string;
  ask: (i: number) => unknown;
  answer: (i: number) => unknown;
  kind: string;
  type?: string;
  key?: (i: number) => string;
}[] = [
  {
    of: 'TensorFlow Serving, rows',
    path: '/v1/models/weather:predict',
    ask: (i) => ({ signature_name: 'serving_default', instances: rows(i) }),
    answer: (i) => ({ predictions: scores(i) }),
    kind: 'number',
  },
  {
    of: 'TensorFlow Serving, columns of a version',
    path: '/v1/models/weather/versions/3:predict',
    ask: (i) => ({ inputs: rows(i) }),
    answer: (i) => ({ outputs: scores(i).map((score) => [score]) }),
    kind: 'number',
  },
  {
    of: 'KServe v1',
    path: '/v1/models/weather:predict',
    ask: (i) => ({ instances: rows(i) }),
    answer: (i) => ({ predictions: [label(i), label(i + 1)] }),
    kind: 'label',
  },
  {
    of: 'Open Inference v2',
    path: '/v2/models/weather/infer',
    ask: (i) => ({ id: `mine-${i}`, inputs: [{ name: 'x', shape: [2, 2], datatype: 'FP64', data: rows(i) }] }),
    answer: (i) => ({ model_name: 'weather', model_version: '1', id: `mine-${i}`, outputs: [tensor('y', scores(i))] }),
    kind: 'number',
    key: (i) => `mine-${i}`,
  },
  {
    of: 'TorchServe',
    path: '/predictions/weather/1.0',
    ask: (i) => rows(i),
    answer: (i) => [
      { sun: 0.75 + i / 100, rain: 0.25 - i / 100 },
      { sun: 0.125, rain: 0.875 },
    ],
    kind: 'scores',
  },
  {
    of: 'MLflow',
    path: '/invocations',
    ask: (i) => ({ dataframe_split: { columns: ['a', 'b'], data: rows(i) } }),
    answer: (i) => ({ predictions: scores(i) }),
    kind: 'number',
  },
  {
    of: 'SageMaker containers, JSON',
    path: '/invocations',
    ask: (i) => ({ instances: rows(i).map((features) => ({ features })) }),
    answer: (i) => ({
      predictions: [label(i), label(i + 1)].map((predicted_label) => ({ predicted_label, score: 0.5 })),
    }),
    kind: 'scored-label',
  },
  {
    of: 'SageMaker containers, CSV',
    path: '/invocations',
    ask: (i) =>
      rows(i)
        .map((row) => row.join(','))
        .join('\n'),
    answer: (i) => scores(i).join('\n'),
    kind: 'number',
    type: 'text/csv',
  },
  {
    of: 'SageMaker endpoints',
    path: '/endpoints/weather/invocations',
    ask: (i) => ({ inputs: [`text ${i}`, 'another'] }),
    answer: (i) => [label(i), label(i + 1)].map((one, n) => ({ label: one, score: 0.5 + n / 8 })),
    kind: 'scores',
  },
  {
    of: 'XGBoost on SageMaker: the numbers of many rows in one line',
    path: '/invocations',
    ask: (i) =>
      rows(i)
        .map((row) => row.join(','))
        .join('\n'),
    answer: (i) => scores(i).join(','),
    kind: 'number',
    type: 'text/csv',
  },
];

/** What XGBoost's container answers: the numbers of all rows in one line, which only the request tells apart from one row. */
const ONE_LINE = SERVERS.at(-1) as (typeof SERVERS)[number];

test('what the candidate itself answers is read by its request, too', async () => {
  let n = 0;
  const model = () =>
    openModel((_, res) => res.writeHead(200, { 'Content-Type': 'text/csv' }).end(String(ONE_LINE.answer(n))));
  const [live, shadow] = [await model(), await model()];
  const rig = await openRig({
    live: live.url,
    shadows: { shadow: shadow.url },
    canary: { shadow: 'shadow', share: '100%' },
  });
  open.push(live, shadow, rig);
  for (; n < 12; n += 1) {
    await rig.post(String(ONE_LINE.ask(n)), { path: ONE_LINE.path, headers: { 'Content-Type': 'text/csv' } });
    const { shadows, live: lively } = rig.mirror.counted();
    await rig.until(
      () => shadows.get('shadow')?.metrics.outcomes.answered === n + 1 && lively.outcomes.answered === n + 1,
    );
  }
  expect((await observed(rig)).predictions).toMatchObject({ pairs: 12, rows: 24, differentRows: 0 });
});

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

describe('answers are read without flags', () => {
  test.each(SERVERS)('of $of', async ({ path, ask, answer, kind, type = 'application/json', key }) => {
    let n = 0;
    const model = () => openModel((_, res) => res.writeHead(200, { 'Content-Type': type }).end(textOf(answer(n))));
    const [live, shadow] = [await model(), await model()];
    const rig = await openRig({ live: live.url, shadows: { shadow: shadow.url } });
    open.push(live, shadow, rig);
    for (; n < 24; n += 1) {
      await rig.post(textOf(ask(n)), { path, headers: { 'Content-Type': type } });
      const { shadows } = rig.mirror.counted();
      await rig.until(() => shadows.get('shadow')?.metrics.outcomes.answered === n + 1);
    }
    const { predictions } = await observed(rig);
    expect(predictions).toMatchObject({ method: 'inferenceId', pairs: 24, rows: 48, differentRows: 0, coverage: 1 });
    expect(predictions?.answers?.kind).toBe(kind);
    expect(predictions?.production.unreadable).toBe(0);
    expect(rig.mirror.counted().shadows.get('shadow')?.metrics.agreements).toEqual({
      agreeing: 24,
      differing: 0,
      unreadable: 0,
    });
    if (key !== undefined) expect(shadow.seen.map(({ body }) => JSON.parse(body).id)).toContain(key(7));
  });
});

const chunk = (delta: object | undefined, more: object = {}) =>
  `data: ${JSON.stringify({ object: 'chat.completion.chunk', choices: delta === undefined ? [] : [{ index: 0, delta, finish_reason: null }], ...more })}\n\n`;

describe('chats', () => {
  /** Three pieces of text, so many milliseconds apart, after a wait; then the count of tokens. */
  async function streaming(wait: number, apart: number) {
    const advance = async (ms: number) => {
      // What was sent has come before time goes on.
      for (let i = 0; i < 30; i += 1) await turn();
      rig.clock.advance(ms);
    };
    const answering = async (res: Parameters<Parameters<typeof openModel>[0]>[1]) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
      res.write(chunk({ role: 'assistant', content: '' }));
      await advance(wait);
      for (const text of ['It ', 'will ', 'rain.']) {
        res.write(chunk({ content: text }));
        await advance(apart);
      }
      res.write(chunk(undefined, { usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 } }));
      res.end('data: [DONE]\n\n');
    };
    const live = await openModel((_, res) => void answering(res));
    const shadow = await openModel((_, res) =>
      res.writeHead(200, { 'Content-Type': 'application/json' }).end(
        JSON.stringify({
          object: 'chat.completion',
          choices: [{ index: 0, message: { role: 'assistant', content: 'It will rain.' }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 12, completion_tokens: 4, total_tokens: 16 },
        }),
      ),
    );
    const rig = await openRig({ live: live.url, shadows: { shadow: shadow.url } });
    open.push(live, shadow, rig);
    return rig;
  }

  test('that are streamed are recorded with the times of their pieces, and usage on both sides', async () => {
    const rig = await streaming(200, 20);
    for (let i = 0; i < 3; i += 1) {
      const { body } = await rig.post(`{"stream":true,"messages":[{"role":"user","content":"${i}?"}]}`, {
        path: '/v1/chat/completions',
      });
      expect(body).toContain('[DONE]');
      await rig.until(() => rig.mirror.counted().live.outcomes.answered === i + 1);
    }
    const { streams, notes, predictions } = await observed(rig);
    expect(streams?.production).toMatchObject({
      answers: 3,
      timed: 3,
      counted: 3,
      completionTokens: 3,
      promptTokens: 36,
    });
    expect(streams?.production?.firstMs).toBeCloseTo(200, 0);
    expect(streams?.production?.apartMs).toBeCloseTo(20, 0);
    expect(streams?.shadow).toMatchObject({ answers: 3, timed: 0, firstMs: undefined, completionTokens: 4 });
    expect(notes.filter((note) => note.startsWith('Chats: '))).toMatchInlineSnapshot(`
      [
        "Chats: live began its text after 200 ms, and sent a piece every 20 ms (3 streams), counted 3 tokens an answer, 9 in 3 answers to 36 of requests; shadow counted 4 tokens an answer, 12 in 3 answers to 36 of requests. Medians; no gate rests on them.",
      ]
    `);
    // Whether it was streamed makes no difference to what was said.
    expect(predictions).toMatchObject({ pairs: 3, coverage: 1 });
  });

  const stream = (...events: string[]) => Buffer.from(events.join(''));
  const headers = ['Content-Type', 'text/event-stream'];

  test('a role and a count of tokens are no pieces; a call of a tool is one', () => {
    const plain = stream(
      chunk({ role: 'assistant', content: '' }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{' } }] }),
      chunk({}, { usage: { prompt_tokens: 1, completion_tokens: 2 } }),
      'data: [DONE]\n\n',
    );
    const arrivals = [plain.length, 50];
    expect(streamFacts({ plain, headers, arrivals, began: 10, ms: 40 })).toEqual({
      pieces: 1,
      firstMs: 40,
      lastMs: 40,
      promptTokens: 1,
      completionTokens: 2,
    });
  });

  test('times are not told where a caller held the stream up, or where it was packed', () => {
    const plain = stream(chunk({ content: 'a' }), chunk({ content: 'b' }));
    const arrivals = [plain.length / 2, 20, plain.length, 900];
    const times = (ms: number, more: string[] = []) =>
      streamFacts({ plain, headers: [...headers, ...more], arrivals, began: 10, ms })?.firstMs;
    expect([times(900), times(100), times(900, ['Content-Encoding', 'gzip'])]).toEqual([10, undefined, undefined]);
  });

  test('what is no chat has none of this', () => {
    const facts = (plain: string, type: string) =>
      streamFacts({ plain: Buffer.from(plain), headers: ['Content-Type', type], arrivals: [], began: 0, ms: 1 });
    expect(facts('{"predictions":[1]}', 'application/json')).toBeUndefined();
    expect(facts('{"usage":"low"}', 'application/json')).toBeUndefined();
    expect(facts('{"usage":', 'application/json')).toBeUndefined();
    expect(facts('data: tick\n\n', 'text/event-stream')).toBeUndefined();
    expect(facts('data: {"choices":[{"delta":{"content":"x"}', 'text/event-stream')).toBeUndefined();
  });
});
