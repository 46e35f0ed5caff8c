import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeCensus } from '../../../src/aws/census.ts';
import {
  createEndpoint,
  createEndpointConfig,
  createModel,
  describeEndpoint,
  describeEndpointConfig,
} from '../../../src/aws/sagemaker.ts';
import { REALISTIC_LATENCIES } from '../../../src/emulator/world/options.ts';
import { ARTIFACT_005, ARTIFACT_009, FIXTURES, ROLE, type TestWorld, testWorld } from '../../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld({ latencies: REALISTIC_LATENCIES });
});
afterEach(() => world.close());

const V1 = `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --yes`;
const V2 = `deploy --endpoint weather --artifact ${ARTIFACT_009} --algorithm linear-learner --yes`;
const TEST_ROWS = join(FIXTURES, 'data/test.csv');

test('creates everything, tests it and draws its metrics', async () => {
  const { code, out, err } = await world.shadowctl(
    `${V1} --instances 3 --model-name weather-model-v1-1 --config-name weather-config-v1-1 --test ${TEST_ROWS}`,
  );
  expect({ code, err: err.split('\n').slice(-8) }).toEqual({
    code: 0,
    err: [
      'endpoint weather: Creating. AllTraffic: Launching 3 instance(s).',
      'endpoint weather is in service on weather-config-v1-1 after 4 min 49 s',
      'testing the inference with 100 payloads of test.csv (the first 100 of 365)',
      '100 of 100 payloads answered (the first 100 of 365)',
      'waiting for the metrics: SageMaker publishes them by the minute',
      'the metrics have arrived',
      'Next, see what stands:',
      '  shadowctl status --endpoint weather',
    ],
  });
  expect(out).toContain('Endpoint weather is in service on weather-config-v1-1 (AllTraffic, 3 instances).');
  expect(out).toMatch(/First answer: \{"predictions": \[\{"score": \[[^]*"predicted_label": \d/);
  expect(out.split('\n').filter((line) => line.length > 100)).toEqual([]);
  for (const title of ['5XXError of AllTraffic', '4XXError of AllTraffic', 'ModelLatency of AllTraffic'])
    expect(out).toContain(title);
  expect(await takeCensus(world.aws)).toMatchObject({
    endpoints: ['weather'],
    models: ['weather-model-v1-1'],
    endpointConfigs: ['weather-config-v1-1'],
  });
});

test('a type that AWS refuses: what stands, the type that was meant, and a line that removes what was made', async () => {
  const refused = await world.shadowctl(`${V1} --instance-type ml.m5z.large --model-name m1`);
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('--instance-type ml.m5.large') });
  expect(refused.err).toContain(', model m1.');
  expect(refused.err).toContain('\n  To remove what was made: shadowctl cleanup --endpoint weather');
  expect(await takeCensus(world.aws)).toMatchObject({ models: ['m1'], endpoints: [], endpointConfigs: [] });
  expect(await world.shadowctl('cleanup --endpoint weather --yes')).toMatchObject({ code: 0 });
  expect(await takeCensus(world.aws)).toMatchObject({ models: [] });
});

test('of an endpoint that serves, only what nothing needs is removed after a refusal', async () => {
  await world.shadowctl(`${V1} --model-name m1 --config-name c1`);
  const refused = await world.shadowctl(`${V2} --instance-type ml.m5z.large --model-name m2`);
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('shadowctl prune --endpoint weather') });
  expect(refused.err).not.toContain('shadowctl cleanup');
  expect(await world.shadowctl('prune --endpoint weather --yes')).toMatchObject({ code: 0 });
  expect(await takeCensus(world.aws)).toMatchObject({
    models: ['m1'],
    endpoints: ['weather'],
    endpointConfigs: ['c1'],
  });
});

test('an endpoint of ours is updated: same variant, counts kept unless asked for', async () => {
  await world.shadowctl(`${V1} --instances 3 --variant-name Production`);
  expect(await world.shadowctl(`${V2} --config-name kept`)).toMatchObject({ code: 0 });
  expect(await describeEndpointConfig(world.aws, 'kept')).toMatchObject({
    ProductionVariants: [{ VariantName: 'Production', InitialInstanceCount: 3, InstanceType: 'ml.m5.large' }],
  });
  expect(await world.shadowctl(`${V2} --config-name asked --instances 2`)).toMatchObject({ code: 0 });
  expect(await describeEndpoint(world.aws, 'weather')).toMatchObject({
    EndpointConfigName: 'asked',
    ProductionVariants: [{ VariantName: 'Production', CurrentInstanceCount: 2 }],
  });
});

test('--plan shows and changes nothing, exit 4; the same as JSON', async () => {
  const plan = await world.shadowctl(`${V1} --plan --model-name m --config-name c`);
  expect(plan.code).toBe(4);
  expect(plan.out).toContain('+ endpoint config c  (AllTraffic: m on 1 × ml.m5.large)');
  // That a canary needs two becomes known here, not weeks later; who asks for a number knows.
  expect(plan.out).toContain('note: it gets 1 instance.');
  expect((await world.shadowctl(`${V1} --plan --instances 1`)).out).not.toContain('it gets 1 instance');
  const json = await world.shadowctl(`${V1} --plan --format json`);
  expect(JSON.parse(json.out).steps.map((step: { kind: string }) => step.kind)).toEqual([
    's3-bucket',
    's3-object',
    'model',
    'endpoint-config',
    'log-group',
    'endpoint',
  ]);
  expect(await takeCensus(world.aws)).toEqual({ endpoints: [], models: [], endpointConfigs: [], alarms: [] });
});

test.each(['n', '', 'maybe'])('asks, and takes "%s" for a no: that is no error, and exit 1', async (answer) => {
  const { code, err } = await world.shadowctl(V1.replace(' --yes', ''), { answers: [answer] });
  expect(code).toBe(1);
  expect(err).toMatch(/Do this in account 000000000000, us-east-1\? \[y\/N\] .*\nNot done; nothing was changed\.$/);
  expect(err).not.toContain('error');
  expect((await takeCensus(world.aws)).models).toEqual([]);
});

test('asks, and takes yes for an answer', async () => {
  const line = V1.replace(' --yes', '');
  expect(await world.shadowctl(line)).toMatchObject({ code: 2, err: expect.stringContaining('Add --yes') });
  expect((await takeCensus(world.aws)).models).toEqual([]);
  expect(await world.shadowctl(line, { answers: ['y'] })).toMatchObject({ code: 0 });
});

test('given again with the same names it changes nothing; with another artifact it refuses the name', async () => {
  const named = '--model-name m --config-name c';
  await world.shadowctl(`${V1} ${named}`);
  const again = await world.shadowctl(`${V1} ${named}`);
  expect(again).toMatchObject({ code: 0 });
  expect(again.err).not.toContain('created');
  expect(await world.shadowctl(`${V1} ${named} --plan`)).toMatchObject({
    code: 0,
    out: expect.stringContaining('Nothing to do'),
  });
  expect(await world.shadowctl(`${V2} ${named}`)).toMatchObject({
    code: 2,
    err: expect.stringContaining('There is a model m already, with other content.'),
  });
});

test('an interrupt while waiting says what stands and how to go on; the same command then goes on', async () => {
  const stop = new AbortController();
  const line = `${V1} --model-name m --config-name c`;
  const [ended] = await world.clock.all([
    () => world.shadowctl(line, { signal: stop.signal }),
    async () => {
      await world.clock.sleep(60_000);
      stop.abort(new DOMException('stop', 'AbortError'));
      return undefined;
    },
  ]);
  expect(ended).toMatchObject({ code: 130 });
  expect(ended?.err).toMatch(/Interrupted\. .* What exists: .*model m, endpoint config c.*endpoint weather/);
  expect(await world.shadowctl(line)).toMatchObject({ code: 0, out: expect.stringContaining('in service on c') });
});

describe('what is refused before anything is created', () => {
  const refused = async (line: string, message: RegExp) => {
    const before = await takeCensus(world.aws);
    const ended = await world.shadowctl(line);
    expect(ended.err).toMatch(message);
    expect(ended.code).toBe(2);
    expect(await takeCensus(world.aws)).toEqual(before);
  };

  test.each<[string, RegExp]>([
    [
      'deploy --endpoint under_score --image i --yes',
      /--endpoint: "under_score" cannot be the name of an endpoint.\n.*no underscores/,
    ],
    [`${V1} --model-name a.b`, /--model-name: "a.b" cannot be the name of a model/],
    [`${V1} --config-name -c-`, /config-name/],
    [`${V1} --variant-name ${'v'.repeat(64)}`, /--variant-name: .* cannot be the name of a variant/],
    ['deploy --endpoint w --yes', /No model was named: --artifact is missing/],
    [`deploy --endpoint w --artifact ${ARTIFACT_005} --yes`, /Neither --algorithm nor --image/],
    [`${V1} --instance-type m5.large`, /--instance-type: "m5.large" is not an .*\n.*Did you mean ml.m5.large\?/],
    [`${V1} --test ${ARTIFACT_005}`, /--test: 005-model.tar.gz is a gzip file, not text/],
    ['deploy --endpoint w --algorithm xgboost --image i --yes', /Both --algorithm and --image/],
    [
      `deploy --endpoint w --artifact ${ARTIFACT_005} --algorithm kmeans --yes`,
      /"kmeans" is not an algorithm.*\n.*linear-learner, xgboost/,
    ],
    [`deploy --endpoint w --artifact ${ARTIFACT_005} --algorithm xgboost:9 --yes`, /no version "9".*\n.*xgboost:1.7-1/],
    ['deploy --endpoint w --algorithm linear-learner --yes', /--artifact is missing/],
    [
      `deploy --endpoint w --artifact ${ARTIFACT_009} --algorithm xgboost:1.2-1 --yes`,
      /written by linear-learner .* cannot read it.\n.*--allow-mismatch/,
    ],
    ['deploy --endpoint w --artifact none.tar.gz --algorithm linear-learner --yes', /there is no file .*none.tar.gz/],
    [
      'deploy --endpoint w --artifact s3://nobucket/m.tar.gz --algorithm linear-learner --yes',
      /no object s3:\/\/nobucket/,
    ],
    [`${V1} --role admin`, /"admin" is not the ARN of a role/],
    [`${V1} --test none.csv`, /--test: there is no file none.csv/],
  ])('%s', (line, message) => refused(line, message));

  test.each<[string, () => Buffer | string, RegExp]>([
    ['text', () => 'hello', /is not a gzip file/],
    ['truncated', () => readFileSync(ARTIFACT_005).subarray(0, 300), /is truncated/],
    ['gzip of no tar', () => execFileSync('gzip', { input: 'x'.repeat(2000) }), /holds no tar archive/],
    [
      'climbing',
      () =>
        execFileSync('tar', ['-czPf', '-', '--transform', 's,^,../,', 'package.json'], { cwd: join(FIXTURES, '..') }),
      /"\.\.\/package.json", which leads out/,
    ],
    ['empty', () => execFileSync('tar', ['-czf', '-', '-T', '/dev/null']), /holds no file/],
  ])('an artifact that is %s', async (_, make, message) => {
    writeFileSync(join(world.root, 'bad.tar.gz'), make());
    await refused('deploy --endpoint w --artifact bad.tar.gz --algorithm linear-learner --yes', message);
  });

  test.each<[string, string, RegExp]>([
    ['linear-learner', 'model.pth', /holds model\.pth; .* looks for the file model_algo-1 and cannot read it/],
    ['linear-learner', 'anything', /looks for the file model_algo-1/],
    ['xgboost', 'model.pth', /looks for a booster \(xgboost-model\) and cannot read it/],
  ])('behind %s, an artifact of nothing but %s', async (algorithm, name, message) => {
    writeFileSync(join(world.root, name), 'x');
    execFileSync('tar', ['-czf', 'odd.tar.gz', name], { cwd: world.root });
    const line = `deploy --endpoint w --artifact odd.tar.gz --algorithm ${algorithm} --yes`;
    await refused(line, message);
    expect(await world.shadowctl(`${line} --allow-mismatch --plan`)).toMatchObject({ code: 4 });
  });

  test('behind xgboost a booster may have any name', async () => {
    writeFileSync(join(world.root, 'booster'), 'x');
    execFileSync('tar', ['-czf', 'own.tar.gz', 'booster'], { cwd: world.root });
    const line = 'deploy --endpoint w --artifact own.tar.gz --algorithm xgboost --plan';
    expect(await world.shadowctl(line)).toMatchObject({ code: 4 });
  });

  test.each<[string, string, RegExp]>([
    ['empty', '', /holds no rows/],
    ['a header alone', 'a,b\n', /looks like a header/],
    ['a header', 'a,b\n1,2\n', /line 1 of rows.csv looks like a header \(a,b\).*\n.*--header/],
    ['ragged', '1,2\n1,2,3\n', /line 2 of rows.csv has 3 columns, line 1 has 2/],
    ['an open quotation mark', '1,2\n1,"2\n', /line 2 of rows.csv holds a quotation mark/],
  ])('a test file with %s', async (_, content, message) => {
    writeFileSync(join(world.root, 'rows.csv'), content);
    await refused(`${V1} --test rows.csv`, message);
  });

  test('without a role', async () => {
    const ended = await world.shadowctl(V1, { env: { SAGEMAKER_ROLE_ARN: undefined } });
    expect(ended).toMatchObject({ code: 2, err: expect.stringContaining('--role ARN') });
  });

  test('an endpoint in the middle of an update', async () => {
    await world.shadowctl(`${V1} --no-wait`);
    await refused(V2, /Endpoint "weather" is busy: Creating/);
  });

  test('an endpoint that is not ours, until it is openly adopted; cleanup never deletes it', async () => {
    await createModel(world.aws, {
      ModelName: 'theirs',
      ExecutionRoleArn: ROLE,
      PrimaryContainer: {
        Image: '382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1',
        ModelDataUrl: await uploaded(),
      },
    });
    await createEndpointConfig(world.aws, {
      EndpointConfigName: 'theirs',
      ProductionVariants: [
        { VariantName: 'v', ModelName: 'theirs', InstanceType: 'ml.m5.large', InitialInstanceCount: 1 },
      ],
    });
    await createEndpoint(world.aws, { EndpointName: 'weather', EndpointConfigName: 'theirs' });
    await world.clock.sleep(600_000);
    await refused(V2, /exists without shadowctl's tag.*\n.*--adopt/);
    expect(await world.shadowctl(`${V2} --adopt --model-name ours --config-name ours`)).toMatchObject({ code: 0 });
    const cleaned = await world.shadowctl('cleanup --endpoint weather --yes');
    expect(cleaned).toMatchObject({ code: 0 });
    expect(cleaned.out).toContain('left: endpoint config ours (in use by an endpoint that is kept)');
    expect(cleaned.out).toContain('  shadowctl undo --endpoint weather');
    expect(await takeCensus(world.aws)).toMatchObject({
      endpoints: ['weather'],
      endpointConfigs: ['ours', 'theirs'],
      models: ['ours', 'theirs'],
    });
  });

  /** Uploads an artifact by way of a deployment elsewhere; gives its URI. */
  async function uploaded(): Promise<string> {
    const other = await world.shadowctl(
      `deploy --endpoint other --artifact ${ARTIFACT_005} --algorithm linear-learner --plan --format json`,
    );
    const { steps } = JSON.parse(other.out) as { steps: { kind: string; name: string }[] };
    const uri = steps.find((step) => step.kind === 's3-object')?.name ?? '';
    const { createBucket } = await import('../../../src/aws/s3.ts');
    const { putFile } = await import('../../../src/aws/s3-upload.ts');
    await createBucket(world.aws, 'sagemaker-us-east-1-000000000000');
    await putFile(world.aws, uri, { path: ARTIFACT_005, bytes: readFileSync(ARTIFACT_005).length, metadata: {} });
    return uri;
  }
});

test('a container that never gets healthy: exit 1, the reason, and cleanup takes the failed endpoint away', async () => {
  const line = `deploy --endpoint weather --artifact ${ARTIFACT_009} --algorithm xgboost:1.5-1 --allow-mismatch --yes`;
  const ended = await world.shadowctl(line);
  expect(ended.code).toBe(1);
  expect(ended.out).toMatch(/it is Failed[\s\S]*did not pass the ping health check/);
  expect(await world.shadowctl(V1)).toMatchObject({
    code: 2,
    err: expect.stringMatching(/is Failed:[\s\S]*shadowctl cleanup/),
  });
  expect(await world.shadowctl('cleanup --endpoint weather --yes')).toMatchObject({ code: 0 });
  expect(await takeCensus(world.aws)).toEqual({ endpoints: [], models: [], endpointConfigs: [], alarms: [] });
});

test('a test whose payloads are refused ends with 1 and shows the first refusal', async () => {
  writeFileSync(join(world.root, 'rows.csv'), '1,2\n');
  const ended = await world.shadowctl(`${V1} --test rows.csv --no-metrics`);
  expect(ended.code).toBe(1);
  expect(ended.out).toMatch(/First refusal: line 1: Received client error/);
});
