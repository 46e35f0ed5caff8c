import { GetMetricStatisticsCommand, CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DeleteFunctionCommand,
  GetFunctionConfigurationCommand,
  PutFunctionConcurrencyCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../../../src/base/clock.ts';
import { create, invoke, lines, refused, ROLE, type Stand, stand, zip } from './stand.ts';

let it: Stand;
beforeEach(async () => {
  it = await stand();
});
afterEach(() => it.close());

test('a function answers with what it was given, and finds only its own environment', async () => {
  process.env.SECRET_OF_THE_MACHINE = 'x';
  await create(
    it,
    'export const handler = async (event, context) => ({ event, env: process.env, name: context.functionName, left: context.getRemainingTimeInMillis() });',
    {
      Environment: { Variables: { OWN: '1' } },
      MemorySize: 256,
    },
  );
  const { answer, status, error } = await invoke(it, { a: [1] });
  delete process.env.SECRET_OF_THE_MACHINE;
  expect([status, error]).toEqual([200, undefined]);
  const { env, ...rest } = answer as { env: Record<string, string>; left: number };
  expect(rest).toMatchObject({ event: { a: [1] }, name: 'f' });
  expect(rest.left).toBeLessThanOrEqual(3000);
  expect(env).toMatchObject({
    OWN: '1',
    AWS_REGION: 'us-east-1',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    AWS_ENDPOINT_URL: it.emulator.url,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
    _HANDLER: 'index.handler',
  });
  expect(
    Object.keys(env).filter((name) => !/^(AWS_|LAMBDA_|_HANDLER|OWN|LANG|TZ|PATH|HOME|TMPDIR)/.test(name)),
  ).toEqual([]);
});

test('CommonJS by callback, a handler in a folder, a module by package.json', async () => {
  const files = {
    'lib/one.js': 'exports.go = (event, context, callback) => setTimeout(() => callback(null, event + 1), 5);',
    'two.cjs': 'exports.handler = () => { /* neither promise nor callback */ };',
    'esm/package.json': '{"type":"module"}',
    'esm/three.js': 'export const handler = () => Promise.resolve(import.meta.url.endsWith("three.js"));',
  };
  const code = { Code: { ZipFile: zip(files) } };
  for (const [FunctionName, Handler] of [
    ['one', 'lib/one.go'],
    ['two', 'two.handler'],
    ['three', 'esm/three.handler'],
  ] as const)
    await create(it, '', { ...code, FunctionName, Handler });
  expect((await invoke(it, 41, { FunctionName: 'one' })).answer).toBe(42);
  expect((await invoke(it, 41, { FunctionName: 'two' })).answer).toBe(null);
  expect((await invoke(it, 41, { FunctionName: 'three' })).answer).toBe(true);
});

const FAILING: [how: string, code: string, told: object][] = [
  [
    'throws',
    'export const handler = async () => { throw new TypeError("no"); };',
    { errorType: 'TypeError', errorMessage: 'no' },
  ],
  [
    'throws no Error',
    'export const handler = async () => { throw "no"; };',
    { errorType: 'string', errorMessage: 'no', trace: [] },
  ],
  [
    'has no such export',
    'export const other = 1;',
    { errorType: 'Runtime.HandlerNotFound', errorMessage: 'index.handler is undefined or not exported' },
  ],
  ['is no JavaScript', 'export const handler = (', { errorType: 'Runtime.UserCodeSyntaxError' }],
  [
    'imports what is not there',
    'import "nothing-of-that-name"; export const handler = 1;',
    { errorType: expect.stringMatching(/^Runtime\.ImportModuleError$|^Error$/) },
  ],
  [
    'ends its process',
    'export const handler = async () => process.exit(3);',
    {
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringMatching(/^RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 3$/),
    },
  ],
  [
    'rejects unseen',
    'export const handler = () => { Promise.reject(new Error("late")); return new Promise(() => setTimeout(() => {}, 500)); };',
    { errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: 'Error: late' },
  ],
];

test('what goes wrong in a function is told', async () => {
  await Promise.all(
    FAILING.map(async ([how, code, told], index) => {
      await create(it, code, { FunctionName: `f${index}` });
      const found = await invoke(it, {}, { FunctionName: `f${index}` });
      expect(found, how).toMatchObject({ status: 200, error: 'Unhandled', answer: told });
    }),
  );
});

test('a function that takes too long is killed', async () => {
  await create(
    it,
    'let n = 0; export const handler = async (sleep) => { n += 1; await new Promise((done) => setTimeout(done, sleep)); return n; };',
    { Timeout: 1 },
  );
  expect([(await invoke(it, 0)).answer, (await invoke(it, 0)).answer]).toEqual([1, 2]);
  const { answer, error } = await invoke(it, 5000, { LogType: 'Tail' });
  expect([error, answer]).toEqual([
    'Unhandled',
    {
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/ Error: Task timed out after 1\.00 seconds$/) as string,
    },
  ]);
  expect((await invoke(it, 0)).answer).toBe(1);
});

test('what a function sends or leaves running holds nothing up', async () => {
  await create(
    it,
    `import { spawn } from 'node:child_process';
     export const handler = async ({ leave }) => {
       process.send(null);
       process.send('nothing');
       if (leave === undefined) return 1;
       const left = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20_000)'], { detached: true, stdio: 'inherit' });
       console.log('left ' + left.pid);
       if (leave === 'exit') process.exit(3);
       await new Promise(() => setInterval(() => {}, 1000));
     };`,
    { Timeout: 1 },
  );
  expect((await invoke(it)).answer).toBe(1);
  for (const leave of ['exit', 'wait']) {
    const began = performance.now();
    const { answer, tail } = await invoke(it, { leave }, { LogType: 'Tail' });
    const pid = Number(/left (\d+)/.exec(tail)?.[1]);
    // In a session of its own it is out of the emulator's reach.
    process.kill(pid, 'SIGKILL');
    expect(answer).toMatchObject({ errorType: leave === 'exit' ? 'Runtime.ExitError' : 'Sandbox.Timedout' });
    expect(performance.now() - began).toBeLessThan(5000);
  }
});

test('log lines and metrics', async () => {
  await create(
    it,
    'console.log("loaded"); export const handler = async (event) => { console.error("at", { event }); if (event) throw new Error("x"); };',
  );
  const { tail } = await invoke(it, 0, { LogType: 'Tail' });
  await invoke(it, 1);
  const logged = (await lines(it, '/aws/lambda/f')) ?? [];
  expect(
    logged.map((line) =>
      line
        .replace(/^\S+Z\t\S+\t/, '')
        .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, 'ID')
        .replace(/[\d.]+ (ms|MB)/g, 'N $1'),
    ),
  ).toEqual([
    'INFO\tloaded',
    'START RequestId: ID Version: $LATEST',
    'ERROR\tat { event: 0 }',
    'END RequestId: ID',
    'REPORT RequestId: ID\tDuration: N ms\tBilled Duration: N ms\tMemory Size: N MB\tMax Memory Used: N MB\tInit Duration: N ms',
    'START RequestId: ID Version: $LATEST',
    'ERROR\tat { event: 1 }',
    expect.stringContaining('Invoke Error'),
    'END RequestId: ID',
    'REPORT RequestId: ID\tDuration: N ms\tBilled Duration: N ms\tMemory Size: N MB\tMax Memory Used: N MB',
  ]);
  expect(tail).toContain('REPORT RequestId');
  const cloudwatch = new CloudWatchClient(it.config);
  const sum = async (MetricName: string) => {
    const [point] =
      (
        await cloudwatch.send(
          new GetMetricStatisticsCommand({
            Namespace: 'AWS/Lambda',
            MetricName,
            Dimensions: [{ Name: 'FunctionName', Value: 'f' }],
            StartTime: new Date(Date.now() - 3_600_000),
            EndTime: new Date(Date.now() + 3_600_000),
            Period: 7200,
            Statistics: ['Sum'],
          }),
        )
      ).Datapoints ?? [];
    return point?.Sum;
  };
  expect([await sum('Invocations'), await sum('Errors'), await sum('Throttles')]).toEqual([2, 1, 0]);
  expect(await sum('Duration')).toBeGreaterThan(0);
  cloudwatch.destroy();
});

test('a function is Pending first, is changed, and goes', async () => {
  const clock = new VirtualClock(Date.UTC(2026, 0, 5, 9));
  const own = await stand({ latencies: { functionActive: 3000 } }, clock);
  const state = async () => {
    const one = await own.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'f' }));
    return [one.State, one.LastUpdateStatus];
  };
  expect(await create(own, 'export const handler = async () => 1;')).toMatchObject({
    State: 'Pending',
    Version: '$LATEST',
  });
  expect(await refused(create(own, ''))).toBe('409 ResourceConflictException: Function already exist: f');
  expect(await refused(invoke(own))).toMatch(/^409 ResourceConflictException: .*: Pending$/);
  await clock.sleep(3000);
  expect(await state()).toEqual(['Active', 'Successful']);
  expect((await invoke(own)).answer).toBe(1);
  const code = { ZipFile: zip({ 'index.mjs': 'export const handler = async () => 2;' }) };
  await own.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: 'f', ...code }));
  expect(await state()).toEqual(['Active', 'InProgress']);
  const late = own.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Timeout: 9 }));
  expect(await refused(late)).toMatch(/^409 ResourceConflictException: .*An update is in progress/);
  await clock.sleep(3000);
  expect((await invoke(own)).answer).toBe(2);
  await own.lambda.send(new DeleteFunctionCommand({ FunctionName: 'f' }));
  expect(await refused(invoke(own))).toBe(
    '404 ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:000000000000:function:f',
  );
  await own.close();
});

test('code comes from a bucket; what is no code is refused', async () => {
  const s3 = new S3Client({ ...it.config, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'code' }));
  await s3.send(
    new PutObjectCommand({
      Bucket: 'code',
      Key: 'a.zip',
      Body: zip({ 'index.mjs': 'export const handler = async () => "s3";' }),
    }),
  );
  s3.destroy();
  await create(it, '', { Code: { S3Bucket: 'code', S3Key: 'a.zip' } });
  expect((await invoke(it)).answer).toBe('s3');
  const other = (more: object) => refused(create(it, '', { FunctionName: 'g', ...more }));
  expect(await other({ Code: { S3Bucket: 'code', S3Key: 'b.zip' } })).toContain('S3 Error Code: NoSuchKey');
  expect(await other({ Code: { ZipFile: Buffer.from('no zip') } })).toContain('Could not unzip uploaded file');
  expect(await other({ Code: { ZipFile: zip({ '../out.js': '' }) } })).toContain('Could not unzip uploaded file');
  expect(await other({ Runtime: 'python3.12' })).toMatch(/^501 NotImplemented: .*python3\.12/);
  expect(await other({ Layers: ['arn:aws:lambda:us-east-1:000000000000:layer:x:1'] })).toMatch(
    /^501 NotImplemented: .*layers/,
  );
  expect(await other({ Environment: { Variables: { AWS_REGION: 'x' } } })).toContain(
    'Reserved keys used in this request: AWS_REGION',
  );
});

test('a function without concurrency is throttled', async () => {
  await create(it, 'export const handler = async () => 1;', { Role: ROLE });
  await it.lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: 'f', ReservedConcurrentExecutions: 0 }));
  expect(await refused(invoke(it))).toBe('429 TooManyRequestsException: Rate Exceeded.');
});
