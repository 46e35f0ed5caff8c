import { describe, expect, test } from 'vitest';
import { archive } from '../../../fixtures/scripts/archive.ts';
import { fixture, start, XGBOOST, xgboostArtifact } from './containers.ts';

interface Golden {
  rows: (number | null)[][];
  base_first: number[][];
  sum_first: number[][];
  sum_first_limited?: number[][];
}

const golden = JSON.parse(fixture('xgboost/golden.json').toString()) as Record<string, Golden>;

const csv = (rows: Golden['rows']) => rows.map((row) => row.map((x) => x ?? '').join(',')).join('\n');

const libsvm = (rows: Golden['rows']) =>
  rows.map((row) => ['0', ...row.flatMap((x, i) => (x === null ? [] : [`${i}:${x}`]))].join(' ')).join('\n');

/** The numbers of a text/csv answer of an image from 1.5-1 on. */
const rowsOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(',').map(Number));

async function predictions(file: string, tag: string, rows: Golden['rows']): Promise<number[][]> {
  const container = await start({ image: `${XGBOOST}:${tag}`, artifact: xgboostArtifact(file) });
  const { status, text } = await container.ask(csv(rows));
  expect([status, container.ping()], text).toEqual([200, 200]);
  return rowsOf(text);
}

describe('what it predicts, to the last digit of float32', () => {
  const models = Object.keys(golden);

  test.each(models)('%s, from JSON', async (name) => {
    const { rows, base_first } = golden[name] as Golden;
    expect(await predictions(`${name}.json`, '1.7-1', rows)).toEqual(base_first);
  });

  test.each(models)('%s, from UBJSON', async (name) => {
    const { rows, base_first } = golden[name] as Golden;
    expect(await predictions(`${name}.ubj`, '3.2-0', rows)).toEqual(base_first);
  });

  test.each(models.filter((name) => !['linear', 'categorical'].includes(name)))(
    '%s, from the binary format',
    async (name) => {
      const { rows, base_first } = golden[name] as Golden;
      expect(await predictions(`${name}.bin`, '3.0-5', rows)).toEqual(base_first);
    },
  );

  test('the base score as a list, as XGBoost 3.1 writes it', async () => {
    const { rows, base_first } = golden['squared'] as Golden;
    expect(await predictions('squared-3.1.json', '3.2-0', rows)).toEqual(base_first);
  });

  test('until 1.2 the trees are summed before the base score is added', async () => {
    const { rows, sum_first, base_first } = golden['squared'] as Golden;
    expect(sum_first).not.toEqual(base_first);
    const container = await start({ image: `${XGBOOST}:1.2-1`, artifact: xgboostArtifact('squared.json') });
    expect((await container.ask(csv(rows))).text.split(',').map(Number)).toEqual(sum_first.flat());
  });

  test.each([
    ['logistic-0.90.protocol-0.pkl', '0.90-2-cpu-py3'],
    ['logistic-0.90.protocol-2.pkl', '0.90-1-cpu-py3'],
    ['logistic-0.90.protocol-3.pkl', '0.90-2-cpu-py3'],
    ['logistic-0.90.protocol-4.pkl', '0.90-2-cpu-py3'],
    ['logistic-0.90.protocol-5.pkl', '0.90-2-cpu-py3'],
    ['logistic-0.90.bin', '0.90-2-cpu-py3'],
    ['logistic-1.2.pkl', '1.2-1'],
    ['logistic-1.2.pkl', '1.0-1-cpu-py3'],
    ['logistic.bin', '1.2-1'],
    ['logistic.json', '1.2-1'],
  ])('%s behind image %s', async (file, tag) => {
    const { rows, sum_first } = golden['logistic'] as Golden;
    const container = await start({ image: `${XGBOOST}:${tag}`, artifact: xgboostArtifact(file) });
    const { status, text } = await container.ask(csv(rows));
    expect([status, text.split(',').map(Number)]).toEqual([200, sum_first.flat()]);
  });

  test.each([
    ['logistic-1.2.pkl', '1.3-1'],
    ['logistic-1.3.pkl', '1.3-1'],
    ['logistic-1.3.pkl', '1.5-1'],
    ['logistic-1.7.pkl', '1.7-1'],
  ])('%s behind image %s', async (file, tag) => {
    const { rows, base_first } = golden['logistic'] as Golden;
    const container = await start({ image: `${XGBOOST}:${tag}`, artifact: xgboostArtifact(file) });
    const { text } = await container.ask(csv(rows));
    expect(text.trimEnd().split(/[,\n]/).map(Number)).toEqual(base_first.flat());
  });

  test('the legacy image xgboost:1 loads a pickle of its time', async () => {
    const { rows, sum_first } = golden['logistic'] as Golden;
    const container = await start({
      image: '811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1',
      artifact: xgboostArtifact('logistic-0.90.protocol-2.pkl'),
    });
    expect((await container.ask(csv(rows))).text.split(',').map(Number)).toEqual(sum_first.flat());
  });

  test('a pickle keeps the limit of early stopping', async () => {
    const { rows, sum_first_limited } = golden['stopped'] as Golden;
    const container = await start({ image: `${XGBOOST}:1.2-1`, artifact: xgboostArtifact('stopped-1.2.pkl') });
    expect((await container.ask(csv(rows))).text.split(',').map(Number)).toEqual(sum_first_limited?.flat());
  });

  test('libsvm and CSV of the same records agree, absent entries being missing', async () => {
    const { rows, base_first } = golden['squared'] as Golden;
    const full = rows.slice(0, 12);
    const container = await start({ image: `${XGBOOST}:1.7-1`, artifact: xgboostArtifact('squared.json') });
    expect(rowsOf((await container.ask(libsvm(full), 'text/libsvm')).text)).toEqual(base_first.slice(0, 12));
  });

  test('several files are an ensemble: the mean, or one of them where that is switched off', async () => {
    const { rows } = golden['squared'] as Golden;
    const artifact = archive({
      a: fixture('xgboost/squared.json'),
      b: fixture('xgboost/poisson.ubj'),
      '.hidden': Buffer.from('x'),
    });
    const [a, b] = [golden['squared'] as Golden, golden['poisson'] as Golden].map((model) => model.base_first.flat());
    const both = await start({ image: `${XGBOOST}:1.7-1`, artifact });
    const mean = a?.map((x, i) => Math.fround(Math.fround(x + (b?.[i] ?? 0)) / 2));
    expect(rowsOf((await both.ask(csv(rows))).text).flat()).toEqual(mean);
    const one = await start({
      image: `${XGBOOST}:1.7-1`,
      artifact,
      environment: { SAGEMAKER_INFERENCE_ENSEMBLE: 'false' },
    });
    expect(rowsOf((await one.ask(csv(rows))).text).flat()).toEqual(a);
  });
});

describe('bytes of the answer, by image', () => {
  const two = '0.1,0.2,0.3,0.4\n0.5,,0.7,0.8';
  const ask = async (tag: string, file: string, accept?: string, environment = {}) => {
    const container = await start({ image: `${XGBOOST}:${tag}`, artifact: xgboostArtifact(file), environment });
    return container.ask(two, 'text/csv', accept);
  };

  test('until 1.3-1 one line of CSV whatever is accepted, lists in brackets', async () => {
    const { text, contentType } = await ask('1.3-1', 'squared.json', 'application/json');
    expect(text).toMatch(/^-?[\d.]+,-?[\d.]+$/);
    expect(contentType).toBe('text/csv; charset=utf-8');
    expect((await ask('1.3-1', 'softprob.json')).text).toMatch(
      /^\[[\d.]+, [\d.]+, [\d.]+\],\[[\d.]+, [\d.]+, [\d.]+\]$/,
    );
  });

  test('since 1.5-1 a line a record, or JSON with Python’s spaces', async () => {
    expect((await ask('1.5-1', 'squared.json')).text).toMatch(/^-?[\d.]+\n-?[\d.]+\n$/);
    expect((await ask('1.5-1', 'softprob.json')).text).toMatch(/^[\d.]+,[\d.]+,[\d.]+\n[\d.]+,[\d.]+,[\d.]+\n$/);
    const json = await ask('1.7-1', 'softprob.json', 'application/json');
    expect(json.text).toMatch(
      /^\{"predictions": \[\{"score": \[[\d.]+, [\d.]+, [\d.]+\]\}, \{"score": \[[\d.]+, [\d.]+, [\d.]+\]\}\]\}$/,
    );
    expect(json.contentType).toBe('application/json');
  });

  test('a label is a float: 1.0', async () => {
    expect((await ask('1.7-1', 'hinge.json')).text).toMatch(/^[01]\.0\n[01]\.0\n$/);
  });

  test('SAGEMAKER_BATCH: a line a record in every image', async () => {
    expect((await ask('1.2-1', 'squared.json', undefined, { SAGEMAKER_BATCH: 'True' })).text).toMatch(
      /^-?[\d.]+\n-?[\d.]+\n$/,
    );
  });

  test('SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT decides where nothing is accepted', async () => {
    const { text } = await ask('1.7-1', 'squared.json', undefined, {
      SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT: 'application/json',
    });
    expect(text).toMatch(/^\{"predictions": \[\{"score": /);
  });

  test('SAGEMAKER_INFERENCE_OUTPUT chooses', async () => {
    const environment = { SAGEMAKER_INFERENCE_OUTPUT: 'probability, predicted_label,labels,predicted_score' };
    const [p] = (golden['logistic'] as Golden).base_first[0] as [number];
    const row = (golden['logistic'] as Golden).rows.slice(0, 1);
    const container = await start({
      image: `${XGBOOST}:1.7-1`,
      artifact: xgboostArtifact('logistic.json'),
      environment,
    });
    const json = await container.ask(csv(row), 'text/csv', 'application/json');
    expect(json.text).toBe(
      `{"predictions": [{"predicted_label": ${p > 0.5 ? 1 : 0}, "labels": [0, 1], "probability": ${p}, "predicted_score": NaN}]}`,
    );
    expect((await container.ask(csv(row))).text).toBe(`${p},${p > 0.5 ? 1 : 0},"[0, 1]",nan`);
  });
});

describe('a model that the image cannot load', () => {
  const OLD_PICKLE = 'logistic-0.90.protocol-2.pkl';

  test.each([
    ['a pickle of 0.90', '1.2-1', xgboostArtifact(OLD_PICKLE)],
    ['a pickle of 0.90', '1.0-1-cpu-py3', xgboostArtifact(OLD_PICKLE)],
    ['a pickle of 1.2', '0.90-2-cpu-py3', xgboostArtifact('logistic-1.2.pkl')],
    ['JSON', '0.90-2-cpu-py3', xgboostArtifact('logistic.json')],
    ['UBJSON', '1.2-1', xgboostArtifact('logistic.ubj')],
    ['a linear-learner artifact', '1.2-1', fixture('artifacts/009-model.tar.gz')],
  ])('%s behind %s comes up healthy and answers every invocation with 500', async (_, tag, artifact) => {
    const container = await start({ image: `${XGBOOST}:${tag}`, artifact });
    expect(container.ping()).toBe(200);
    const { status, text } = await container.ask('1,2,3,4');
    expect(status).toBe(500);
    expect(text).toMatch(
      /^Unable to load model: Model \/opt\/ml\/model\/\S+ cannot be loaded:\nPickle load error=[^]+\nXGB load model error=/,
    );
    expect(container.lines.join('\n')).toContain('"POST /invocations HTTP/1.1" 500');
    expect(container.lines.join('\n')).toContain('Traceback (most recent call last):');
  });

  test.each([
    ['a pickle of 0.90', '1.3-1', xgboostArtifact(OLD_PICKLE)],
    ['a pickle of 0.90', '1.2-2', xgboostArtifact(OLD_PICKLE)],
    ['the binary format', '3.2-0', xgboostArtifact('logistic.bin')],
    ['UBJSON', '1.5-1', xgboostArtifact('logistic.ubj')],
    ['a linear-learner artifact', '1.7-1', fixture('artifacts/009-model.tar.gz')],
  ])('%s behind %s never passes /ping', async (_, tag, artifact) => {
    const container = await start({ image: `${XGBOOST}:${tag}`, artifact });
    expect(container.ping()).toBe(500);
    expect((await container.ask('1,2,3,4')).status).toBe(500);
  });

  test('a pickle is read, never executed', async () => {
    // cos\nsystem\n(S'touch …'\ntR. — what pickle.load would run.
    const evil = Buffer.concat([
      Buffer.from([0x80, 2]),
      Buffer.from("cos\nsystem\n(S'touch /tmp/shadowctl-pickle-ran'\ntR."),
    ]);
    const container = await start({ image: `${XGBOOST}:1.2-1`, artifact: archive({ 'xgboost-model': evil }) });
    expect((await container.ask('1,2')).text).toContain(
      'executes no pickle, and this one is not of xgboost.core.Booster but of os system',
    );
  });

  test('a tree that leads back to its root is refused instead of walked for ever', async () => {
    const model = JSON.parse(fixture('xgboost/squared.json').toString());
    model.learner.gradient_booster.model.trees[0].left_children[0] = 0;
    const container = await start({
      image: `${XGBOOST}:1.7-1`,
      artifact: archive({ m: Buffer.from(JSON.stringify(model)) }),
    });
    expect(container.ping()).toBe(500);
  });

  test.each(['logistic.ubj', 'logistic.bin', 'logistic-1.2.pkl', 'logistic-0.90.protocol-0.pkl', 'dart.bin'])(
    '%s cut off anywhere fails as a load',
    async (file) => {
      const whole = fixture(`xgboost/${file}`);
      for (let end = 0; end < whole.length; end += Math.ceil(whole.length / 60)) {
        const image = file.includes('0.90') ? `${XGBOOST}:0.90-2-cpu-py3` : `${XGBOOST}:1.7-1`;
        const container = await start({ image, artifact: archive({ m: whole.subarray(0, end) }) });
        expect((await container.ask('1,2,3,4')).status).toBe(500);
      }
    },
  );
});

describe('refusals in the image’s words', () => {
  const ask = async (tag: string, body: string, contentType?: string, accept?: string, file = 'squared.json') => {
    const container = await start({ image: `${XGBOOST}:${tag}`, artifact: xgboostArtifact(file) });
    const { status, text } = await container.ask(body, contentType, accept);
    return [status, text];
  };
  const CSV = 'Loading csv data failed with Exception, please ensure data is in csv format:\n ';

  test('an empty body', async () => expect(await ask('1.7-1', '')).toEqual([204, '']));

  test('a header line', async () => {
    expect(await ask('1.7-1', 'precipitation,temp_max\n1,2')).toEqual([
      415,
      `${CSV}<class 'ValueError'>\n could not convert string to float: 'precipitation'`,
    ]);
  });

  test('ragged rows', async () => {
    expect(await ask('1.3-1', '1,2,3\n1,2')).toEqual([
      415,
      `${CSV}<class 'ValueError'>\n setting an array element with a sequence.`,
    ]);
    expect((await ask('3.0-5', '1,2,3\n1,2'))[1]).toContain('The detected shape was (2,) + inhomogeneous part.');
  });

  test('no delimiter to be found', async () => {
    expect(await ask('1.7-1', ' \n ')).toEqual([415, `${CSV}<class '_csv.Error'>\n Could not determine delimiter`]);
  });

  test('content types', async () => {
    expect(await ask('1.7-1', '{}', 'application/json')).toEqual([
      415,
      'application/json is not an accepted ContentType: csv, libsvm, parquet, recordio-protobuf, text/csv, text/libsvm, text/x-libsvm, application/x-parquet, application/x-recordio-protobuf.',
    ]);
    expect(await ask('1.7-1', 'x', 'application/x-parquet')).toEqual([
      415,
      'Content-type application/x-parquet is not supported.',
    ]);
  });

  test('accept types', async () => {
    const text =
      "Accept type image/png is not supported. Please use supported accept types: ['application/json', 'application/jsonlines', 'application/x-recordio-protobuf', 'text/csv'].";
    expect(await ask('1.7-1', '1,2,3,4', 'text/csv', 'image/png')).toEqual([406, text]);
  });

  test('too many columns', async () => {
    expect((await ask('1.7-1', '1,2,3,4,5'))[1]).toMatch(
      /^Unable to evaluate payload provided: Check failed: .*\(4 vs\. 5\)/,
    );
    expect((await ask('1.7-1', '1,2,3'))[0]).toBe(200);
  });

  test('a pickle wants its number of columns', async () => {
    expect(await ask('1.3-1', '1,2,3', 'text/csv', undefined, 'logistic-1.2.pkl')).toEqual([
      400,
      'Unable to evaluate payload provided: Feature size of csv inference data 3 is not consistent with feature size of trained model 4.',
    ]);
  });
});
