import { describe, expect, test } from 'vitest';
import { archive } from '../../../fixtures/scripts/archive.ts';
import { writeRecordIo } from '../../../src/emulator/containers/recordio.ts';
import { floatField, mapField } from '../../../src/emulator/containers/protobuf.ts';
import { fixture, recordedModel, start, XGBOOST, xgboostArtifact } from './containers.ts';

// What each release predicts and reads is compared with XGBoost itself: xgboost-real.test.ts.

const csv = (rows: (number | null)[][]) => rows.map((row) => row.map((x) => x ?? '').join(',')).join('\n');

/** The numbers of a text/csv answer of an image from 1.5-1 on. */
const rowsOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(',').map(Number));

describe('what it predicts', () => {
  test('the legacy image xgboost:1 loads a pickle of its time', async () => {
    const { rows, answers } = recordedModel('0.90', 'logistic', 'pkl');
    const container = await start({
      image: '811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1',
      artifact: xgboostArtifact('0.90', 'logistic', 'pkl'),
    });
    expect((await container.ask(csv(rows))).text.split(',').map(Number)).toEqual(answers);
  });

  test('several files are an ensemble: the mean, or one of them where that is switched off', async () => {
    const [a, b] = [recordedModel('1.7.4', 'stopped', 'bin'), recordedModel('1.7.4', 'logistic', 'ubj')];
    const artifact = archive({ a: a.bytes, b: b.bytes, '.hidden': Buffer.from('x') });
    const both = await start({ image: `${XGBOOST}:1.7-1`, artifact });
    const mean = a.answers.map((x, i) => Math.fround(Math.fround((x as number) + (b.answers[i] as number)) / 2));
    expect(rowsOf((await both.ask(csv(a.rows))).text).flat()).toEqual(mean);
    const one = await start({
      image: `${XGBOOST}:1.7-1`,
      artifact,
      environment: { SAGEMAKER_INFERENCE_ENSEMBLE: 'false' },
    });
    expect(rowsOf((await one.ask(csv(a.rows))).text).flat()).toEqual(a.answers);
  });
});

describe('files that were written by hand, after the source of XGBoost', () => {
  test.each([
    // A booster that is loaded from JSON knows its number of columns and takes fewer: the rest is missing.
    ['logistic.json', [200, 200, 200, 400]],
    // The wrapper of a pickle counts: n, or n − 1 (facts 7.3).
    ['logistic-1.7.pkl', [400, 200, 200, 400]],
  ])('%s of four columns', async (name, statuses) => {
    const container = await start({
      image: `${XGBOOST}:1.7-1`,
      artifact: archive({ 'xgboost-model': fixture(`xgboost/${name}`) }),
    });
    const answers = await Promise.all([2, 3, 4, 5].map((n) => container.ask(Array(n).fill('0.5').join(','))));
    expect(answers.map(({ status }) => status)).toEqual(statuses);
  });
});

/** A model of every image: JSON or UBJSON where the image reads it, otherwise the binary format. */
const RELEASE: Record<string, string> = {
  '1.2-1': '1.2.0',
  '1.3-1': '1.3.3',
  '1.5-1': '1.5.2',
  '1.7-1': '1.7.4',
  '3.0-5': '3.0.5',
  '3.2-0': '3.2.0',
};
const serve = (tag: string, name: string, environment = {}) => {
  const release = RELEASE[tag] as string;
  return start({
    image: `${XGBOOST}:${tag}`,
    artifact: xgboostArtifact(release, name, release.startsWith('3') ? 'ubj' : 'bin'),
    environment,
  });
};

describe('bytes of the answer, by image', () => {
  const two = '0.1,0.2,0.3,4,5\n0.5,,0.7,1,2';
  const ask = async (tag: string, name: string, accept?: string, environment = {}) =>
    (await serve(tag, name, environment)).ask(two, 'text/csv', accept);

  test('until 1.3-1 one line of CSV whatever is accepted, lists in brackets', async () => {
    const { text, contentType } = await ask('1.3-1', 'squared', 'application/json');
    expect(text).toMatch(/^-?[\d.]+,-?[\d.]+$/);
    expect(contentType).toBe('text/csv; charset=utf-8');
    expect((await ask('1.3-1', 'softprob')).text).toMatch(/^\[[\d.]+, [\d.]+, [\d.]+\],\[[\d.]+, [\d.]+, [\d.]+\]$/);
  });

  test('since 1.5-1 a line a record, or JSON with Python’s spaces', async () => {
    expect((await ask('1.5-1', 'squared')).text).toMatch(/^-?[\d.]+\n-?[\d.]+\n$/);
    expect((await ask('1.5-1', 'softprob')).text).toMatch(/^[\d.]+,[\d.]+,[\d.]+\n[\d.]+,[\d.]+,[\d.]+\n$/);
    const json = await ask('1.7-1', 'softprob', 'application/json');
    expect(json.text).toMatch(
      /^\{"predictions": \[\{"score": \[[\d.]+, [\d.]+, [\d.]+\]\}, \{"score": \[[\d.]+, [\d.]+, [\d.]+\]\}\]\}$/,
    );
    expect(json.contentType).toBe('application/json');
  });

  test('a label is a float: 1.0', async () => {
    expect((await ask('1.7-1', 'hinge')).text).toMatch(/^[01]\.0\n[01]\.0\n$/);
  });

  test('SAGEMAKER_BATCH: a line a record in every image', async () => {
    expect((await ask('1.2-1', 'squared', undefined, { SAGEMAKER_BATCH: 'True' })).text).toMatch(
      /^-?[\d.]+\n-?[\d.]+\n$/,
    );
  });

  test('SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT decides where nothing is accepted', async () => {
    const { text } = await ask('1.7-1', 'squared', undefined, {
      SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT: 'application/json',
    });
    expect(text).toMatch(/^\{"predictions": \[\{"score": /);
  });

  test('SAGEMAKER_INFERENCE_OUTPUT chooses', async () => {
    const environment = { SAGEMAKER_INFERENCE_OUTPUT: 'probability, predicted_label,labels,predicted_score' };
    const { rows, answers } = recordedModel('1.7.4', 'logistic', 'bin');
    const [p, row] = [answers[0] as number, csv(rows.slice(0, 1))];
    const container = await serve('1.7-1', 'logistic', environment);
    const label = p > 0.5 ? 1 : 0;
    const object = `{"predicted_label": ${label}, "labels": [0, 1], "probability": ${p}, "predicted_score": NaN}`;
    const json = await container.ask(row, 'text/csv', 'application/json');
    expect(json.text).toBe(`{"predictions": [${object}]}`);
    const lines = await container.ask(`${row}\n${row}`, 'text/csv', 'application/jsonlines');
    expect(lines.text).toBe(`${object}\n${object}\n`);
    expect((await container.ask(row)).text).toBe(`${p},${label},"[0, 1]",nan`);
  });

  test('SAGEMAKER_INFERENCE_OUTPUT: CSV ends its last line only in a batch transform', async () => {
    const environment = { SAGEMAKER_INFERENCE_OUTPUT: 'predicted_label', SAGEMAKER_BATCH: 'true' };
    expect((await ask('1.7-1', 'logistic', undefined, environment)).text).toMatch(/^[01]\n[01]\n$/);
  });
});

describe('a model that the image cannot load', () => {
  const OLD_PICKLE = ['0.90', 'logistic', 'pkl'] as const;

  test.each([
    ['a pickle of 0.90', '1.2-1', xgboostArtifact(...OLD_PICKLE)],
    ['a pickle of 0.90', '1.0-1-cpu-py3', xgboostArtifact(...OLD_PICKLE)],
    ['a pickle of 1.2', '0.90-2-cpu-py3', xgboostArtifact('1.2.0', 'logistic', 'pkl')],
    ['JSON', '0.90-2-cpu-py3', xgboostArtifact('1.7.4', 'logistic', 'json')],
    ['JSON of 1.3', '1.2-1', xgboostArtifact('1.3.3', 'logistic', 'json')],
    ['UBJSON', '1.2-1', xgboostArtifact('1.7.4', 'logistic', 'ubj')],
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
    ['a pickle of 0.90', '1.3-1', xgboostArtifact(...OLD_PICKLE)],
    ['a pickle of 0.90', '1.2-2', xgboostArtifact(...OLD_PICKLE)],
    ['the binary format', '3.2-0', xgboostArtifact('1.7.4', 'logistic', 'bin')],
    ['UBJSON', '1.5-1', xgboostArtifact('1.7.4', 'logistic', 'ubj')],
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
    const model = JSON.parse(recordedModel('1.7.4', 'logistic', 'json').bytes.toString());
    model.learner.gradient_booster.model.trees[0].left_children[0] = 0;
    const container = await start({
      image: `${XGBOOST}:1.7-1`,
      artifact: archive({ m: Buffer.from(JSON.stringify(model)) }),
    });
    expect(container.ping()).toBe(500);
  });

  test.each([
    ['1.7.4', 'logistic', 'ubj', '1.7-1'],
    ['1.7.4', 'logistic', 'bin', '1.7-1'],
    ['1.2.0', 'logistic', 'pkl', '1.7-1'],
    ['0.90', 'logistic', 'pkl-0', '0.90-2-cpu-py3'],
    ['1.2.0', 'dart', 'bin', '1.7-1'],
  ])('%s %s %s cut off anywhere fails as a load', async (release, name, form, tag) => {
    const whole = recordedModel(release, name, form).bytes;
    for (let end = 0; end < whole.length; end += Math.ceil(whole.length / 60)) {
      const container = await start({ image: `${XGBOOST}:${tag}`, artifact: archive({ m: whole.subarray(0, end) }) });
      expect((await container.ask('1,2,3,4')).status).toBe(500);
    }
  });
});

describe('refusals in the image’s words', () => {
  const ask = async (
    tag: string,
    body: string | Uint8Array,
    contentType?: string,
    accept?: string,
    name = 'squared',
  ) => {
    const { status, text } = await (await serve(tag, name)).ask(body, contentType, accept);
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

  // What Python 3 says of the same bytes.
  test.each([
    ['312cff32', 'byte 0xff in position 2: invalid start byte'],
    ['c0af', 'byte 0xc0 in position 0: invalid start byte'],
    ['312ce4', 'byte 0xe4 in position 2: unexpected end of data'],
    ['312cf09f98', 'bytes in position 2-4: unexpected end of data'],
    ['312ce4b832', 'bytes in position 2-3: invalid continuation byte'],
    ['312ceda080', 'byte 0xed in position 2: invalid continuation byte'],
  ])('bytes that are not UTF-8: %s', async (hex, reason) => {
    expect(await ask('1.7-1', Buffer.from(hex, 'hex'))).toEqual([
      415,
      `${CSV}<class 'UnicodeDecodeError'>\n 'utf-8' codec can't decode ${reason}`,
    ]);
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

  const NOT_ACCEPTED =
    'is not an accepted ContentType: csv, libsvm, parquet, recordio-protobuf, text/csv, text/libsvm, text/x-libsvm, application/x-parquet, application/x-recordio-protobuf.';

  test.each([
    ['text/csv;label_size=1', undefined],
    ['text/csv; charset=utf-8; label_size="1"', undefined],
    ['csv', undefined],
    ['Text/CSV', undefined],
    [
      'text/csv;label_size=0',
      'text/csv;label_size=0 is not an accepted csv ContentType. Optional parameter label_size must be equal to 1',
    ],
    ['csv; label_size=1', `csv; label_size=1 ${NOT_ACCEPTED}`],
    ['application/CSV', `application/csv ${NOT_ACCEPTED}`],
    ['text/libsvm; charset=utf-8', `text/libsvm; charset=utf-8 ${NOT_ACCEPTED}`],
    ['application/x-npy', `application/x-npy ${NOT_ACCEPTED}`],
  ])('content type %s', async (contentType, refusal) => {
    const [status, text] = await ask('1.2-1', '1,2,3,4,5', contentType);
    expect([status, refusal === undefined ? undefined : text]).toEqual([refusal === undefined ? 200 : 415, refusal]);
  });

  test('accept types', async () => {
    const text =
      "Accept type image/png is not supported. Please use supported accept types: ['application/json', 'application/jsonlines', 'application/x-recordio-protobuf', 'text/csv'].";
    expect(await ask('1.7-1', '1,2,3,4', 'text/csv', 'image/png')).toEqual([406, text]);
  });

  test('a pickle of n columns wants n or n - 1, in RecordIO as in CSV', async () => {
    const container = await start({ image: `${XGBOOST}:1.3-1`, artifact: xgboostArtifact('1.3.3', 'logistic', 'pkl') });
    const record = (values: number[]) => writeRecordIo(mapField(1, 'values', floatField(values)));
    for (const [columns, status] of [
      [3, 400],
      [4, 200],
      [5, 200],
      [6, 400],
    ] as const) {
      const values = [0.5, 0.25, 1, 2, 3, 4].slice(0, columns);
      const refusal = (format: string) =>
        `Unable to evaluate payload provided: Feature size of ${format} inference data ${columns} is not consistent with feature size of trained model 5.`;
      const lines = await container.ask(values.join(','));
      const records = await container.ask(record(values), 'application/x-recordio-protobuf');
      expect([columns, lines.status, records.status]).toEqual([columns, status, status]);
      if (status === 400) expect([lines.text, records.text]).toEqual([refusal('csv'), refusal('recordio-protobuf')]);
      else expect(records.text).toBe(lines.text);
    }
  });

  test('RecordIO: records of different widths make no matrix', async () => {
    const record = (values: number[]) => writeRecordIo(mapField(1, 'values', floatField(values)));
    const body = Buffer.concat([record([1, 2, 3, 4, 5]), record([1, 2, 3])]);
    expect((await ask('1.7-1', body, 'application/x-recordio-protobuf'))[0]).toBe(415);
  });
});
