import { gzipSync } from 'node:zlib';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateModelCommand } from '@aws-sdk/client-sagemaker';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { writeRecordIo } from '../../../../src/emulator/containers/recordio.ts';
import { STRICT_SWITCHES, type Switches } from '../../../../src/emulator/world/options.ts';
import { XGBOOST, xgboostArtifact } from '../../containers/containers.ts';
import { type Asked, describeJob, get, keys, logOf, type ModelServer, modelServer, put, rows, run } from './batch.ts';
import { LINEAR_LEARNER, refusal, type Stand, stand, withModels } from './stand.ts';

let it: Stand;
let server: ModelServer;
let switches: Switches;
const usual = { MaxConcurrentTransforms: 1 };
beforeAll(async () => {
  server = await modelServer();
  it = await stand({ containers: [`mine=${server.url}`] });
  switches = it.emulator.world.switches;
  await withModels(it);
  await it.s3.send(new CreateBucketCommand({ Bucket: 'data' }));
  await it.sagemaker.send(
    new CreateModelCommand({
      ModelName: 'mine',
      ExecutionRoleArn: 'arn:aws:iam::000000000000:role/SageMaker',
      PrimaryContainer: { Image: 'mine', Environment: { FROM_MODEL: '1' } },
    }),
  );
});
afterAll(async () => {
  await it.close();
  await server.close();
});
let answer: ModelServer['answer'];
beforeEach(() => {
  server.sent.length = 0;
  ({ answer } = server);
});
afterEach(() => {
  server.answer = answer;
  Object.assign(switches, STRICT_SWITCHES);
});

let jobs = 0;
/** Runs a job of the server's model over objects, each test in folders of its own; tells status and outputs. */
async function transform(objects: Record<string, string | Uint8Array>, { uri, output, ...asked }: Asked = {}) {
  jobs += 1;
  const [name, folder] = [`job-${jobs}`, `case-${jobs}`];
  for (const [key, body] of Object.entries(objects)) await put(it, `${folder}/${key}`, body);
  const job = await run(it, name, {
    ModelName: 'mine',
    uri: `s3://data/${folder}/${uri ?? ''}`,
    output: { S3OutputPath: `s3://data/${folder}-out`, ...output },
    ...usual,
    ...asked,
  });
  const outputs: Record<string, string> = {};
  for (const key of await keys(it, `${folder}-out/`)) outputs[key.slice(folder.length + 5)] = await get(it, key);
  return { status: job.TransformJobStatus, reason: job.FailureReason, outputs, name };
}
const invocations = () => server.sent.filter(({ path }) => path === '/invocations').map(({ body }) => body);
const log = async (name: string) => (await logOf(it, name))['*/data-log'] ?? [];
const CSV: Asked = {
  input: { ContentType: 'text/csv', SplitType: 'Line' },
  output: { Accept: 'text/csv', AssembleWith: 'Line' },
};

describe('which objects', () => {
  test('a prefix is a string: what lies beside it matches, too', async () => {
    const { outputs } = await transform(
      { '2024/1/a': 'a\n', '2024/10/b': 'b\n', '2024/2/c': 'c\n' },
      { uri: '2024/1' },
    );
    expect(outputs).toEqual({ '1/a.out': 'A\n', '10/b.out': 'B\n' });
  });

  test('an output is called by what follows the prefix; of a prefix within a name either by its folder or by itself', async () => {
    const objects = { 'in/2024-1': 'a\n', 'in/2024-11/x/b': 'b\n' };
    const ask = { uri: 'in/2024-1' };
    expect(Object.keys((await transform(objects, ask)).outputs)).toEqual(['2024-1.out', '2024-11/x/b.out']);
    switches.transformOutputPath = 'prefix';
    expect(Object.keys((await transform(objects, ask)).outputs)).toEqual(['1/x/b.out', '2024-1.out']);
    switches.transformOutputPath = 'folder';
    expect(Object.keys((await transform(objects, { uri: 'in' })).outputs)).toEqual([
      'in/2024-1.out',
      'in/2024-11/x/b.out',
    ]);
    expect(Object.keys((await transform(objects, { uri: 'in/' })).outputs)).toEqual(['2024-1.out', '2024-11/x/b.out']);
  });

  test('a manifest names objects below a prefix; a job fails with one that is none', async () => {
    const objects = { 'a/1': 'one\n', 'a/b/2': 'two\n', 'a/3': 'three\n' };
    const list = JSON.stringify([{ prefix: `s3://data/case-${jobs + 1}/a/` }, 'b/2', '1']);
    const made = await transform({ ...objects, manifest: list }, { manifest: true, uri: 'manifest' });
    expect(made.outputs).toEqual({ '1.out': 'ONE\n', 'b/2.out': 'TWO\n' });
    expect(invocations()).toEqual(['two\n', 'one\n']);
    const broken = await transform({ manifest: '["no prefix"]' }, { manifest: true, uri: 'manifest' });
    expect(broken).toMatchObject({ status: 'Failed', outputs: {} });
    expect(await log(broken.name)).toEqual([expect.stringMatching(/neither/)]);
    const missing = JSON.stringify([{ prefix: `s3://data/case-${jobs + 1}/` }, 'gone', 'x']);
    const half = await transform({ x: 'x\n', manifest: missing }, { manifest: true, uri: 'manifest' });
    expect(half).toMatchObject({ status: 'Failed', outputs: { 'x.out': 'X\n' } });
  });

  test('instances share the objects, and each asks containers of its own', async () => {
    const objects = { a: 'a\n', b: 'b\n', c: 'c\n' };
    const resources = { InstanceType: 'ml.m5.xlarge', InstanceCount: 2 } as const;
    const made = await transform(objects, { TransformResources: resources });
    expect(made.outputs).toEqual({ 'a.out': 'A\n', 'b.out': 'B\n', 'c.out': 'C\n' });
    expect(server.sent.filter(({ path }) => path === '/ping')).toHaveLength(2);
  });
});

describe('records and mini-batches', () => {
  test('without a SplitType an object is one request, with one lines are gathered up to MaxPayloadInMB', async () => {
    await transform({ a: 'a\nb\n' }, { input: { SplitType: 'None' }, output: { AssembleWith: 'None' } });
    expect(invocations()).toEqual(['a\nb\n']);
    server.sent.length = 0;
    const line = `${'x'.repeat(400_000)}\n`;
    const { outputs } = await transform({ a: line.repeat(5), b: 'b' }, { MaxPayloadInMB: 1 });
    expect(invocations().map((body) => body.length)).toEqual([800_002, 800_002, 400_001, 1]);
    expect(outputs['a.out']).toBe(line.repeat(5).toUpperCase());
    expect(outputs['b.out']).toBe('B\n');
  });

  test('single records come one by one, side by side as many as may, and stay in their order', async () => {
    let [atOnce, most] = [0, 0];
    server.answer = async ({ path, body }) => {
      if (path !== '/invocations') return { status: path === '/ping' ? 200 : 404 };
      atOnce += 1;
      most = Math.max(most, atOnce);
      // The first is answered last.
      for (let turns = body.startsWith('0') ? 40 : 1; turns > 0; turns -= 1) await new Promise(setImmediate);
      atOnce -= 1;
      return { body: `<${body.trim()}>` };
    };
    const objects = { a: '0\n1\n2\n3\n4\n5\n' };
    const made = await transform(objects, { BatchStrategy: 'SingleRecord', MaxConcurrentTransforms: 3 });
    expect(made.outputs['a.out']).toBe('<0>\n<1>\n<2>\n<3>\n<4>\n<5>\n');
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(3);
  });

  test('what is larger than a payload may be fails, and says which record', async () => {
    const made = await transform({ a: `x\n${'x'.repeat(1_100_000)}\n`, b: 'b\n' }, { MaxPayloadInMB: 1 });
    expect(made).toMatchObject({
      status: 'Failed',
      reason: 'ClientError: See job logs for more information',
      outputs: { 'b.out': 'B\n' },
    });
    expect((await log(made.name))[1]).toMatch(/case-\d+\/a: Record 2 has 1100001 bytes/);
  });

  test('gzip is unpacked; what is none fails alone', async () => {
    const made = await transform(
      { 'a.gz': gzipSync('a\n'), 'b.gz': 'no gzip\n' },
      { input: { CompressionType: 'Gzip' } },
    );
    expect(made).toMatchObject({ status: 'Failed', outputs: { 'a.gz.out': 'A\n' } });
  });

  test('frames of RecordIO go together as they are, alone without their frame', async () => {
    const object = Buffer.concat([writeRecordIo(Buffer.from('abc')), writeRecordIo(Buffer.from('defgh'))]);
    const ask: Asked = { input: { SplitType: 'RecordIO' }, output: { AssembleWith: 'None' } };
    await transform({ a: object }, ask);
    expect(invocations()).toEqual([object.toString('latin1')]);
    server.sent.length = 0;
    const made = await transform({ a: object }, { ...ask, BatchStrategy: 'SingleRecord' });
    expect(invocations()).toEqual(['abc', 'defgh']);
    expect(made.outputs['a.out']).toBe('ABCDEFGH');
    expect(await transform({ a: object.subarray(0, 20) }, ask)).toMatchObject({ status: 'Failed', outputs: {} });
  });

  test('a container says by /execution-parameters what was not asked for', async () => {
    const wishes = { MaxConcurrentTransforms: 7, BatchStrategy: 'SINGLE_RECORD', MaxPayloadInMB: 2 };
    server.answer = ({ path, body }) =>
      path === '/execution-parameters' ? { body: JSON.stringify(wishes) } : { body };
    const wished = await transform({ a: '1\n2\n' }, { MaxConcurrentTransforms: 0 });
    expect((await log(wished.name))[0]).toMatch(
      /MaxConcurrentTransforms=7, MaxPayloadInMB=2, BatchStrategy=SINGLE_RECORD$/,
    );
    const asked = await transform(
      { a: '1\n2\n' },
      { MaxConcurrentTransforms: 2, MaxPayloadInMB: 3, BatchStrategy: 'MultiRecord' },
    );
    expect((await log(asked.name))[0]).toMatch(
      /MaxConcurrentTransforms=2, MaxPayloadInMB=3, BatchStrategy=MULTI_RECORD$/,
    );
    server.answer = ({ path, body }) => (path === '/execution-parameters' ? { body: 'none' } : { body });
    const byDefault = await transform({ a: '1\n2\n' }, { MaxConcurrentTransforms: 0 });
    expect((await log(byDefault.name))[0]).toMatch(
      /MaxConcurrentTransforms=1, MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD$/,
    );
  });
});

describe('filters and joins of CSV', () => {
  /** Answers the sum of a row's cells. */
  const sums: ModelServer['answer'] = ({ path, body }) => {
    if (path !== '/invocations') return { status: path === '/ping' ? 200 : 404 };
    const lines = body.trim().split('\n');
    const sum = (line: string) => line.split(',').reduce((all, cell) => all + Number(cell), 0);
    return { body: lines.map((line) => `${sum(line)}\n`).join('') };
  };
  beforeEach(() => {
    server.answer = sums;
  });

  test('an id rides along, and the answer stands beside it', async () => {
    const DataProcessing = { InputFilter: '$[1:]', JoinSource: 'Input', OutputFilter: '$[0,-1]' } as const;
    const made = await transform({ a: 'a-1,1,2\r\n"b,2",3,4\n' }, { ...CSV, DataProcessing });
    expect(invocations()).toEqual(['1,2\n3,4\n']);
    expect(made.outputs['a.out']).toBe('a-1,3\n"b,2",7\n');
  });

  test('the end of a slice is part of it, or is not', async () => {
    const ask = { ...CSV, DataProcessing: { InputFilter: '$[0:1]' } };
    expect((await transform({ a: '1,2,4\n' }, ask)).outputs['a.out']).toBe('3\n');
    switches.sliceEnd = 'exclusive';
    expect((await transform({ a: '1,2,4\n' }, ask)).outputs['a.out']).toBe('1\n');
  });

  test('an index beyond the row fails', async () => {
    const made = await transform({ a: '1,2\n' }, { ...CSV, DataProcessing: { InputFilter: '$[5]' } });
    expect(made).toMatchObject({ status: 'Failed', outputs: {} });
    const out = await transform(
      { a: '1,2\n' },
      { ...CSV, DataProcessing: { JoinSource: 'Input', OutputFilter: '$[0,5:]' } },
    );
    expect(out).toMatchObject({ status: 'Failed', outputs: {} });
    expect(await log(out.name)).toContainEqual(expect.stringContaining('"$[0,5:]" asks for 5, of 3.'));
  });

  test('ids and the time of the start are put to each line', async () => {
    const DataCaptureConfig = { DestinationS3Uri: 's3://data/captured', GenerateInferenceId: true };
    const made = await transform({ a: '1,2\n5,6\n' }, { ...CSV, DataCaptureConfig });
    const { TransformStartTime } = await describeJob(it, made.name);
    const start = TransformStartTime?.toISOString().replace('.000', '');
    const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}';
    expect(made.outputs['a.out']).toMatch(new RegExp(`^3, ${uuid},${start}\n11, ${uuid},${start}\n$`));
    const manifests = await keys(it, 'captured/');
    expect(manifests.map((key) => key.replace(new RegExp(uuid), '*'))).toEqual([
      expect.stringMatching(/^captured\/input\/2026\/01\/05\/\d\d\/\*\.json$/),
      expect.stringMatching(/^captured\/output\/2026\/01\/05\/\d\d\/\*\.json$/),
    ]);
    expect(JSON.parse(await get(it, manifests[0] ?? ''))).toEqual([{ prefix: `s3://data/case-${jobs}/` }, 'a']);
    expect(JSON.parse(await get(it, manifests[1] ?? ''))).toEqual([{ prefix: `s3://data/case-${jobs}-out/` }, 'a.out']);
  });

  test('a container that answers fewer rows leaves fewer lines; with a join nothing, or the rows there are', async () => {
    server.answer = ({ path, body }) => (path === '/invocations' ? { body: body.split('\n').slice(1).join('\n') } : {});
    const object = { a: '1\n2\n3\n' };
    expect(await transform(object, CSV)).toMatchObject({ status: 'Completed', outputs: { 'a.out': '2\n3\n' } });
    const join = { ...CSV, DataProcessing: { JoinSource: 'Input' } } as const;
    const made = await transform(object, join);
    expect(made).toMatchObject({ status: 'Failed', outputs: {} });
    expect(await log(made.name)).toContainEqual(expect.stringContaining('has 2 rows for 3 records'));
    switches.unequalJoin = 'shorten';
    expect(await transform(object, join)).toMatchObject({ status: 'Completed', outputs: { 'a.out': '1,2\n2,3\n' } });
  });

  test("the image's own XGBoost answers a row a line", async () => {
    await put(it, 'xgb.tar.gz', xgboostArtifact('1.7.4', 'logistic', 'ubj'));
    await it.sagemaker.send(
      new CreateModelCommand({
        ModelName: 'xgb',
        ExecutionRoleArn: 'arn:aws:iam::000000000000:role/SageMaker',
        PrimaryContainer: { Image: `${XGBOOST}:1.7-1`, ModelDataUrl: 's3://data/xgb.tar.gz' },
      }),
    );
    const [row, other] = ['1,2,3,4', '4,3,2,1'];
    const ask: Asked = { ...CSV, ModelName: 'xgb' };
    const plain = await transform({ a: `${row}\n${other}\n` }, ask);
    expect(plain.outputs['a.out']).toMatch(/^0\.\d+\n0\.\d+\n$/);
    const DataProcessing = { InputFilter: '$[1:]', JoinSource: 'Input', OutputFilter: '$[0,-1]' } as const;
    const joined = await transform({ a: `id-1,${row}\nid-2,${other}\n` }, { ...ask, DataProcessing });
    const [first, second] = plain.outputs['a.out']?.split('\n') ?? [];
    expect(joined.outputs['a.out']).toBe(`id-1,${first}\nid-2,${second}\n`);
  });
});

describe('filters and joins of JSON Lines', () => {
  const echo =
    (text: string): ModelServer['answer'] =>
    ({ path }) =>
      path === '/invocations' ? { body: text } : {};

  test('keys come in alphabetical order without spaces, decimals with 15 digits or all, integers as they are', async () => {
    server.answer = echo('{"score": 0.12345678901234567, "big": 12345678901234567890}\n');
    const object = { a: '{"id": 9007199254740993, "x": {"b": 1.50, "a": 2}}\n' };
    const join = { DataProcessing: { JoinSource: 'Input' } } as const;
    const head = '{"SageMakerOutput":{"big":12345678901234567890,"score":';
    const tail = '},"id":9007199254740993,"x":{"a":2,"b":1.5}}\n';
    expect((await transform(object, join)).outputs['a.out']).toBe(`${head}0.123456789012346${tail}`);
    switches.joinedDigits = 17;
    expect((await transform(object, join)).outputs['a.out']).toBe(`${head}0.12345678901234566${tail}`);
  });

  test('what is no object is put beside the answer, and an attribute of that name is overwritten', async () => {
    server.answer = echo('1\n2\n');
    const object = { a: '[1, 2]\n{"SageMakerOutput": "old", "id": 7}\n' };
    const made = await transform(object, { DataProcessing: { JoinSource: 'Input' } });
    expect(made.outputs['a.out']).toBe('{"SageMakerInput":[1,2],"SageMakerOutput":1}\n{"SageMakerOutput":2,"id":7}\n');
  });

  test.each([
    ['$.x.b', '{"id":1,"x":{"a":[1,2,3],"b":"t"}}', '"t"'],
    ["$['id','y']", '{"id":1,"x":0,"y":2}', '{"id":1,"y":2}'],
    ["$.x.['b','a']", '{"x":{"a":1,"b":2,"c":3}}', '{"a":1,"b":2}'],
    ['$.x[0,-1]', '{"x":[5,6,7]}', '[5,7]'],
    ['$.x[1]', '{"x":[5,6,7]}', '6'],
    ['$.x[:1]', '{"x":[5,6,7]}', '[5,6]'],
    ['$.x[-2:]', '{"x":[5,6,7]}', '[6,7]'],
    ['$.x.*', '{"x":{"b":1,"a":[2]}}', '[1,[2]]'],
    ['$[*].id', '[{"id":1},{"id":2}]', '[1,2]'],
  ])('%s of %s is %s', async (InputFilter, record, sent) => {
    await transform({ a: `${record}\n` }, { DataProcessing: { InputFilter } });
    expect(invocations()).toEqual([`${sent}\n`]);
  });

  test('an attribute that is missing, and a line that is no JSON, fail', async () => {
    const filter = { DataProcessing: { InputFilter: '$.features' } };
    const made = await transform({ a: '{"features":[1]}\n{"id":1}\n', b: 'no\n', c: '{"features":1}\n' }, filter);
    expect(made).toMatchObject({ status: 'Failed', outputs: { 'c.out': '1\n' } });
    const said = await log(made.name);
    expect(said).toContainEqual(expect.stringContaining('/a: "$.features" finds no attribute "features".'));
    expect(said).toContainEqual(expect.stringContaining('/b: The record is no JSON'));
  });

  test('JSON of a whole object is joined whole', async () => {
    server.answer = echo('{"predictions": [1, 2]}');
    const made = await transform(
      { a: '{"instances": [{"x": 1}, {"x": 2}]}' },
      {
        input: { ContentType: 'application/json', SplitType: 'None' },
        output: { Accept: 'application/json', AssembleWith: 'None' },
        DataProcessing: { JoinSource: 'Input' },
      },
    );
    expect(made.outputs['a.out']).toBe('{"SageMakerOutput":{"predictions":[1,2]},"instances":[{"x":1},{"x":2}]}');
  });

  test('linear-learner is joined by JSON Lines, and takes a bare array or does not', async () => {
    const joined = await transform(
      { a: rows(2) },
      {
        ModelName: 'm009',
        DataProcessing: { JoinSource: 'Input', OutputFilter: "$['features','SageMakerOutput']" },
        DataCaptureConfig: { DestinationS3Uri: 's3://data/ids', GenerateInferenceId: true },
      },
    );
    const [first] = (joined.outputs['a.out'] ?? '').split('\n');
    expect(first).toMatch(
      /^\{"SageMakerInferenceId":"[0-9a-f-]{36}","SageMakerInferenceTime":"2026-01-05T\d\d:\d\d:\d\dZ","SageMakerOutput":\{"predicted_label":2,"score":\[[\d.,]+\]\},"features":\[0,0,5,3,1,0\]\}$/,
    );
    const bare: Asked = { ModelName: 'm009', DataProcessing: { InputFilter: '$.features' } };
    expect((await transform({ a: rows(1) }, bare)).status).toBe('Failed');
    const other = await stand({ switches: { linearLearnerArrays: true } });
    await withModels(other);
    await other.s3.send(new CreateBucketCommand({ Bucket: 'data' }));
    await put(other, 'in/a', rows(1));
    expect((await run(other, 'bare', bare)).TransformJobStatus).toBe('Completed');
    expect(await get(other, 'out/a.out')).toMatch(/^\{"predicted_label":2,"score":/);
    await other.close();
  });

  test('linear-learner answers no CSV: a job that accepts it fails, or has JSON in its outputs', async () => {
    const ask: Asked = { ...CSV, ModelName: 'm009' };
    const made = await transform({ a: '0,10,5,3,1,0\n' }, ask);
    expect(made).toMatchObject({
      status: 'Failed',
      reason: 'ClientError: See job logs for more information',
      outputs: {},
    });
    expect((await log(made.name))[1]).toContain('Failed to parse output from the algorithm as CSV');
    switches.checkCsvAnswers = false;
    const unread = await transform({ a: '0,10,5,3,1,0\n' }, ask);
    expect(unread).toMatchObject({
      status: 'Completed',
      outputs: { 'a.out': expect.stringMatching(/^\{"predictions": /) },
    });
  });
});

test.each<[string, Asked, RegExp]>([
  ['another Accept', { output: { Accept: 'text/csv' } }, /same ContentType and Accept/],
  ['no Accept', { output: { Accept: undefined } }, /same ContentType and Accept/],
  [
    'another type',
    { input: { ContentType: 'text/libsvm' }, output: { Accept: 'text/libsvm' } },
    /needs the ContentType/,
  ],
  ['other delimiters', { output: { AssembleWith: 'None' } }, /same SplitType and AssembleWith/],
  [
    'CSV that is not split',
    { input: { ContentType: 'text/csv', SplitType: 'None' }, output: { Accept: 'text/csv', AssembleWith: 'None' } },
    /SplitType and AssembleWith Line/,
  ],
  ['names in CSV', { ...CSV, DataProcessing: { JoinSource: 'Input', OutputFilter: "$['id']" } }, /only index based/],
  ['no JSONPath', { DataProcessing: { InputFilter: '$..id' } }, /no JSONPath that batch transform supports/],
])('data processing with %s is refused, or fails', async (_, asked, words) => {
  const ask = { DataProcessing: { JoinSource: 'Input' as const }, ...asked };
  expect(await refusal(transform({ a: '1\n' }, ask))).toMatch(words);
  switches.transformRules = 'fail';
  const made = await transform({ a: '1\n' }, ask);
  expect(made).toMatchObject({
    status: 'Failed',
    reason: 'ClientError: See job logs for more information',
    outputs: {},
  });
  expect(await log(made.name)).toEqual([expect.stringMatching(words)]);
});

test('a pipeline of containers: each is asked with the answer of the one before', async () => {
  await it.sagemaker.send(
    new CreateModelCommand({
      ModelName: 'pipeline',
      ExecutionRoleArn: 'arn:aws:iam::000000000000:role/SageMaker',
      Containers: [
        { Image: 'mine', ContainerHostname: 'clean' },
        { Image: LINEAR_LEARNER, ModelDataUrl: 's3://models/009.tar.gz', ContainerHostname: 'score' },
      ],
    }),
  );
  server.answer = ({ path }) => (path === '/invocations' ? { body: '0,10,5,3,1,0\n', type: 'text/csv' } : {});
  const made = await transform(
    { a: 'what comes in\n' },
    { ModelName: 'pipeline', input: { ContentType: 'text/plain' } },
  );
  expect(made).toMatchObject({
    status: 'Completed',
    outputs: { 'a.out': expect.stringMatching(/^\{"predicted_label"/) },
  });
  expect(invocations()).toEqual(['what comes in\n']);
  expect(Object.keys(await logOf(it, made.name)).sort()).toEqual(['*/data-log', '*/score']);
});
