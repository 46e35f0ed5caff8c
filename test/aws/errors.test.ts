import { shown, text } from '../../src/base/text.ts';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Aws, connect } from '../../src/aws/clients.ts';
import { AwsProblem } from '../../src/aws/errors.ts';
import { createModel, describeEndpoint, updateEndpoint } from '../../src/aws/sagemaker.ts';
import { type TestWorld, testWorld } from '../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

function at(endpointUrl: string, use: (aws: Aws) => Promise<unknown>): Promise<unknown> {
  const aws = connect({
    region: 'us-east-1',
    endpointUrl,
    profile: undefined,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return use(aws).finally(() => aws.close());
}

test('a refusal carries what was to be done, AWS’s words and code, and that nothing happened', async () => {
  const error = await caught(updateEndpoint(world.aws, { EndpointName: 'never', EndpointConfigName: 'c' }));
  expect(error).toBeInstanceOf(AwsProblem);
  expect(error).toMatchObject({
    kind: 'cannot-run',
    code: 'ValidationException',
    attempts: 1,
    clientFault: true,
    throttled: false,
    provesNothingHappened: true,
    transient: false,
    message:
      'Could not update endpoint "never": Could not find endpoint "arn:aws:sagemaker:us-east-1:000000000000:endpoint/never". (ValidationException)',
  });
});

test('what is missing is undefined, not an error', async () => {
  expect(await describeEndpoint(world.aws, 'never')).toBeUndefined();
});

test('throttling that does not end is said with the number of attempts', async () => {
  world.emulator.world.faults.add({ kind: 'throttle', service: 'sagemaker', operation: 'DescribeEndpoint' });
  const error = await caught(describeEndpoint(world.aws, 'e'));
  expect(error).toMatchObject({ throttled: true, transient: true, provesNothingHappened: false, attempts: 5 });
  expect((error as AwsProblem).message).toMatch(/Rate exceeded .*after 5 attempts/);
}, 60_000);

test('a fault of the service proves nothing', async () => {
  world.emulator.world.faults.add({ kind: 'error', service: 'sagemaker', operation: 'CreateModel' });
  const error = await caught(
    createModel(world.aws, {
      ModelName: 'm',
      ExecutionRoleArn: 'arn:aws:iam::000000000000:role/r-role',
      PrimaryContainer: { Image: 'i' },
    }),
  );
  expect(error).toMatchObject({ clientFault: false, transient: true, provesNothingHappened: false });
});

test('nobody there: the URL is named, and how to start the emulator', async () => {
  const error = await caught(at('http://127.0.0.1:1', (aws) => describeEndpoint(aws, 'e')));
  expect(error).toMatchObject({
    code: 'ECONNREFUSED',
    message: 'Could not look at endpoint "e": there is no answer at http://127.0.0.1:1 (ECONNREFUSED).',
    next: text`Check the URL; start the emulator with: ${shown('emulator start')}`,
  });
});

test('a connection that breaks proves nothing', async () => {
  const server: Server = createServer((request) => request.socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const error = await caught(at(url, (aws) => describeEndpoint(aws, 'e')));
  server.close();
  expect(error).toMatchObject({
    provesNothingHappened: false,
    transient: true,
    message: expect.stringContaining(`the connection to ${url} broke`),
  });
});

test('no credentials: names --profile and --emulator', async () => {
  const env = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
  const before = { ...process.env };
  // The SDK's own chain reads the machine's environment and files.
  Object.assign(process.env, {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/nonexistent',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  });
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) delete process.env[name];
  try {
    const ended = await world.shadowctl('status', { env });
    expect(ended.code).toBe(2);
    expect(ended.err).toMatch(/no AWS credentials were found[\s\S]*--profile[\s\S]*--emulator/);
  } finally {
    for (const name of Object.keys(process.env)) delete process.env[name];
    Object.assign(process.env, before);
  }
});
