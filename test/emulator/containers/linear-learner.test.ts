import { gunzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { archive } from '../../../fixtures/scripts/archive.ts';
import { type LinearLearner, linearLearnerArtifact } from '../../../fixtures/scripts/linear-learner-artifact.ts';
import { readRecordIo } from '../../../src/emulator/containers/recordio.ts';
import { fixture, LINEAR_LEARNER, start } from './containers.ts';

const serve = (model: LinearLearner, order = {}) =>
  start({ image: LINEAR_LEARNER, artifact: linearLearnerArtifact(model, order) });

const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex');

const REGRESSOR: LinearLearner = { predictorType: 'regressor', shape: [2, 1], weight: [0.1, -2], bias: [0.5] };
const BINARY: LinearLearner = {
  predictorType: 'binary_classifier',
  shape: [2, 1],
  weight: [1, -1],
  bias: [0],
  threshold: 0.463,
};
const MULTI: LinearLearner = {
  predictorType: 'multiclass_classifier',
  shape: [2, 3],
  weight: [1, 0, -1, 0, 1, 0],
  bias: [0, 0, 0.25],
};

describe('the forward pass, against the same arithmetic written out', () => {
  test('regression: float32, widened to double in print', async () => {
    const container = await serve(REGRESSOR);
    const f = Math.fround;
    const score = f(f(f(f(0.1) * 3) + f(-2 * f(0.7))) + 0.5);
    expect((await container.ask('3,0.7')).text).toBe(`{"predictions": [{"score": ${score}}]}`);
    expect(String(score).length).toBeGreaterThan(12);
  });

  test('binary: sigmoid, labelled from the artifact’s own threshold on', async () => {
    const container = await serve(BINARY);
    const score = Math.fround(1 / (1 + Math.exp(-Math.fround(-0.125))));
    expect(score).toBeGreaterThan(0.463);
    expect((await container.ask('0,0.125')).text).toBe(`{"predictions": [{"score": ${score}, "predicted_label": 1}]}`);
    expect((await container.ask('0,0.25')).text).toContain('"predicted_label": 0');
  });

  test('binary under hinge loss: the margin itself', async () => {
    const container = await serve({ ...BINARY, lossType: 'hinge_loss', threshold: 0 });
    expect((await container.ask('3,1')).text).toBe('{"predictions": [{"score": 2.0, "predicted_label": 1}]}');
  });

  test('multiclass: softmax(z − max + 10), clipped at 1e-10', async () => {
    const container = await serve(MULTI);
    const { score, predicted_label } = JSON.parse((await container.ask('1,2')).text).predictions[0];
    const powers = [1, 2, -0.75].map((z) => Math.exp(z - 2 + 10));
    const sum = powers.reduce((a, b) => a + b);
    powers.forEach((power, k) => expect(score[k]).toBeCloseTo(power / sum, 6));
    expect(predicted_label).toBe(1);
    const far = JSON.parse((await container.ask('100,0')).text).predictions[0].score;
    expect(far).toEqual([1, Math.fround(1e-10), Math.fround(1e-10)]);
  });

  test('exponents and whole numbers print as in Python', async () => {
    const container = await serve({ ...REGRESSOR, weight: [1, 0], bias: [0] });
    const { text } = await container.ask('1,0\n0.0000152587890625,0\n1e20,0\n0,0');
    expect(text).toBe(
      '{"predictions": [{"score": 1.0}, {"score": 1.52587890625e-05}, {"score": 1.0000000200408773e+20}, {"score": 0.0}]}',
    );
  });
});

describe('parameter files and scores of MXNet itself', () => {
  const {
    rows,
    mxnet: _,
    ...recorded
  } = JSON.parse(fixture('linear-learner/mxnet.json').toString()) as {
    rows: number[][];
    mxnet: string;
  } & Record<string, { params: string; scores: number[][] }>;

  test.each(Object.entries(recorded))('%s', async (name, { params, scores }) => {
    const [predictorType = ''] = name.split(' ');
    const members = {
      'additional-params.json': Buffer.from(JSON.stringify({ predictor_type: predictorType, threshold: 0.5 })),
      'mx-mod-0000.params': hex(params),
    };
    const artifact = archive({ 'model_algo-1': zipSync(members, { level: 0 }) });
    const container = await start({ image: LINEAR_LEARNER, artifact });
    const { predictions } = JSON.parse((await container.ask(rows.map((row) => row.join(',')).join('\n'))).text);
    expect(predictions.length).toBe(rows.length);
    predictions.forEach(({ score }: { score: number | number[] }, i: number) => {
      [score].flat().forEach((value, k) => {
        // The image clips what softmax gives; `exp` and the order of sums differ by a few units in the last place.
        const clipped = predictorType === 'multiclass_classifier' ? 1e-10 : Number.NEGATIVE_INFINITY;
        const wanted = Math.max(clipped, scores[i]?.[k] as number);
        expect(Math.abs(value - wanted)).toBeLessThanOrEqual(Math.abs(wanted) * 1e-6);
      });
    });
  });
});

describe('artifacts', () => {
  test.each([
    [
      'members in another order',
      { members: ['mx-mod-0000.params', 'mx-mod-symbol.json', 'additional-params.json', 'manifest.json'] },
    ],
    ['bias before weight', { biasFirst: true }],
  ])('%s: the same answer', async (_, order) => {
    expect((await (await serve(MULTI, order)).ask('1,2')).text).toBe((await (await serve(MULTI)).ask('1,2')).text);
  });

  test('without bias: as with a bias of nought', async () => {
    const { bias: _, ...rest } = MULTI;
    expect((await (await serve(rest)).ask('1,2')).text).toBe(
      (await (await serve({ ...MULTI, bias: [0, 0, 0] })).ask('1,2')).text,
    );
  });

  test('one that is no linear-learner model never passes /ping, and the log says why', async () => {
    const container = await start({
      image: LINEAR_LEARNER,
      artifact: linearLearnerArtifact(MULTI, { members: ['manifest.json'] }),
    });
    expect(container.ping()).toBe(500);
    expect((await container.ask('1,2')).status).toBe(500);
    expect(container.lines.join('\n')).toContain('model_algo-1 has no additional-params.json but manifest.json');
  });
});

describe('what it reads and answers', () => {
  const one = '{"score": 2.0, "predicted_label": 1}';
  const hinge = { ...BINARY, lossType: 'hinge_loss', threshold: 0 };
  const frame = hex('0a23d7ce 18000000');
  // Record { features: { "values": { float32_tensor: { values: [3, 1] } } } }, written out by hand.
  const record = hex('0a16 0a0676616c756573 120c 120a 0a08 00004040 0000803f');

  test.each([
    ['text/csv', '3,1\n'],
    ['text/csv; charset=utf-8', ' 3.0, 1e0\r\n'],
    ['application/json', '{"instances": [{"features": [3, 1]}]}'],
    ['application/json', '{"instances": [{"data": {"features": {"values": [3, 1]}}}]}'],
    ['application/json', '{"instances": [{"data": {"features": {"keys": [1, 0], "shape": [2], "values": [1, 3]}}}]}'],
    ['application/jsonlines', '{"features": [3, 1]}\n'],
    ['application/x-recordio-protobuf', Buffer.concat([frame, record])],
  ])('%s (case %#)', async (contentType, body) => {
    const { status, text } = await (await serve(hinge)).ask(body, contentType);
    expect([status, text]).toEqual([200, `{"predictions": [${one}]}`]);
  });

  // What endpoints and a batch transform of 2023 printed (facts 7.4): the digits of a float32, cut off, never rounded.
  test.each([
    [1, '0.989977359771728'],
    [1, '0.504138827323913'],
    [0, '0.333132773637771'],
    [0, '0.321518242359161'],
    [0, '0.237941488623619'],
    [0, '0.050630431622266'],
    [0, '0.047645717859268'],
  ])('application/jsonlines as answer: predicted_label %i, score %s, as recorded on AWS', async (label, score) => {
    const container = await serve({ ...hinge, weight: [1, 0], threshold: 0.5 });
    const { text, contentType } = await container.ask(`${score},0\n${score},0`, 'text/csv', 'application/jsonlines');
    const line = `{"predicted_label":${label},"score":${score}}\n`;
    expect([text, contentType]).toEqual([line + line, 'application/jsonlines']);
    const json = await container.ask(`${score},0`);
    expect(json.text).toBe(`{"predictions": [{"score": ${Math.fround(Number(score))}, "predicted_label": ${label}}]}`);
  });

  test('application/jsonlines as answer of a regressor and of several classes', async () => {
    const ask = async (model: LinearLearner, body: string) =>
      (await (await serve(model)).ask(body, 'text/csv', 'application/jsonlines')).text;
    const regressor: LinearLearner = { ...REGRESSOR, weight: [1, 0], bias: [0] };
    expect(await ask(regressor, '12345.678,0\n-0.7,0\n2,0')).toBe(
      '{"score":12345.677734375}\n{"score":-0.699999988079071}\n{"score":2.0}\n',
    );
    expect(await ask(MULTI, '1,1')).toMatch(
      /^\{"predicted_label":0,"score":\[0\.\d{1,15},0\.\d{1,15},0\.\d{1,15}\]\}\n$/,
    );
  });

  test('RecordIO-protobuf as answer: labels score and predicted_label as float32', async () => {
    const { body } = await (await serve(hinge)).ask('3,1', 'text/csv', 'application/x-recordio-protobuf');
    const [record = new Uint8Array()] = readRecordIo(body);
    const label = (name: string, value: string) => {
      const hex = Buffer.from(name).toString('hex');
      const size = (n: number) => n.toString(16).padStart(2, '0');
      return `12${size(name.length + 12)}0a${size(name.length)}${hex}120812060a04${value}`;
    };
    expect(Buffer.from(record).toString('hex')).toBe(label('score', '00000040') + label('predicted_label', '0000803f'));
  });

  test.each([
    [400, 'text/csv', 'precipitation,temp_max'],
    [400, 'text/csv', '1,2\n3'],
    [400, 'text/csv', '1,'],
    [400, 'text/csv', ''],
    [400, 'text/csv', '0x10,1'],
    [400, 'application/json', '{"instances": '],
    [400, 'application/json', '{"instances": [{"features": ["a", 1]}]}'],
    [400, 'application/json', '{"instances": [{"data": {"features": {"keys": [7], "values": [1]}}}]}'],
    [400, 'application/json', 'null'],
    [400, 'application/jsonlines', '1\n'],
    [400, 'application/x-recordio-protobuf', 'neither'],
    [415, 'image/png', 'x'],
  ])('%i for %s %j', async (status, contentType, body) => {
    const container = await serve(BINARY);
    expect((await container.ask(body, contentType)).status).toBe(status);
    expect(container.lines.at(-1)).toMatch(
      new RegExp(
        `^127\\.0\\.0\\.1 - - \\[05/Jan/2026:09:00:00 \\+0000\\] "POST /invocations HTTP/1\\.1" ${status} \\d+ `,
      ),
    );
  });

  test('a payload it cannot use: one sentence for the client, the reason in the log', async () => {
    const container = await serve(BINARY);
    expect((await container.ask('precipitation,1')).text).toBe('unable to evaluate payload provided');
    expect(container.lines.join('\n')).toContain(
      'Customer Error: Line 1 of the CSV holds "precipitation", which is not a number.',
    );
  });

  test('CSV as answer, which linear-learner does not offer: JSON', async () => {
    const { contentType, text } = await (await serve(hinge)).ask('3,1', 'text/csv', 'text/csv');
    expect([contentType, text]).toEqual(['application/json', `{"predictions": [${one}]}`]);
  });
});

describe('the fixtures: accuracy through the container and of the weights themselves', () => {
  const rows = fixture('data/test.csv').toString().trimEnd().split('\n');
  const labels = fixture('data/test-labels.csv').toString().trimEnd().split('\n').map(Number);

  test.each([
    ['005', 261],
    ['009', 299],
  ])('%s: %i of 365', async (name, right) => {
    const artifact = fixture(`artifacts/${name}-model.tar.gz`);
    const container = await start({ image: LINEAR_LEARNER, artifact });
    const { weight, bias } = weights(artifact);
    const hits = { container: 0, weights: 0 };
    for (const [i, row] of rows.entries()) {
      const { predicted_label } = JSON.parse((await container.ask(row)).text).predictions[0];
      const z = bias.map((b, k) => row.split(',').reduce((sum, x, j) => sum + Number(x) * (weight[j * 5 + k] ?? 0), b));
      if (predicted_label === labels[i]) hits.container += 1;
      if (z.indexOf(Math.max(...z)) === labels[i]) hits.weights += 1;
    }
    expect(hits.container / rows.length).toBe(hits.weights / rows.length);
    expect(hits.container).toBe(right);
  });
});

/** The weights of an artifact, found by their names in the unpacked bytes and nothing else of the emulator's readers. */
function weights(artifact: Uint8Array): { weight: number[]; bias: number[] } {
  const tar = gunzipSync(artifact);
  const floats = (start: number, count: number) =>
    Array.from({ length: count }, (_, i) => tar.readFloatLE(start + 4 * i));
  // Header of an array: magic, storage, two dimensions of eight bytes, device type and id, dtype.
  const magic = Buffer.from('c9fa93f9', 'hex');
  const first = tar.indexOf(magic);
  const second = tar.indexOf(magic, first + 4);
  const data = 4 + 4 + 4 + 16 + 12;
  return { weight: floats(first + data, 30), bias: floats(second + data, 5) };
}
