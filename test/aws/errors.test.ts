import { shown, text } from '../../src/base/text.ts';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Aws, connect } from '../../src/aws/clients.ts';
import { AwsProblem, shortened } from '../../src/aws/errors.ts';
import { metricData } from '../../src/aws/cloudwatch.ts';
import { bucketExists, createBucket, headObject, isEmpty, readObject } from '../../src/aws/s3.ts';
import { createModel, describeEndpoint, updateEndpoint } from '../../src/aws/sagemaker.ts';
import { rememberEnvironment } from '../support/environment.ts';
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

test('of a long list of permitted values the nearest one is told; short ones stay', () => {
  const types = Array.from({ length: 300 }, (_, i) => `ml.x${i}.large`);
  const said = (wrong: string) =>
    `1 validation error: Value '${wrong}' at 'productionVariants.1.member.instanceType' failed to satisfy constraint: Member must satisfy enum value set: [${[...types, 'ml.m5.large'].join(', ')}]`;
  expect(shortened(said('ml.m5.lage'))).toMatch(/enum value set: \[ml\.m5\.large, … and 300 more\]$/);
  expect(shortened(said('nonsense'))).toMatch(/\[ml\.x0\.large, .*ml\.x4\.large, … and 296 more\]$/);
  expect(shortened("Value 'a': [b, c]")).toBe("Value 'a': [b, c]");
});

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
  const restore = rememberEnvironment();
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
    restore();
  }
});

const PROFILES = `[profile failing]
credential_process = /bin/false
[profile garbage]
credential_process = /bin/echo hello
[profile elsewhere]
role_arn = arn:aws:iam::123456789012:role/a
source_profile = nowhere
[profile loggedout]
login_session = arn:aws:iam::123456789012:user/me
`;

test.each([
  ['--profile failing', {}, /Command failed.*profile "failing" gave none/],
  ['--profile garbage', {}, /invalid JSON/],
  ['--profile elsewhere', {}, /\[nowhere\]/],
  ['', { AWS_PROFILE: 'unknown' }, /\[unknown\].*profile "unknown" gave none/],
  ['--profile loggedout', {}, /aws login --profile loggedout/],
])('a profile that gives no keys: why, and what to do: %s %o', async (flags, env, words) => {
  const restore = rememberEnvironment();
  const config = join(world.root, 'config');
  writeFileSync(config, PROFILES);
  const files = { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: '/nonexistent', HOME: world.root };
  Object.assign(process.env, files, env, { AWS_EC2_METADATA_DISABLED: 'true' });
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) delete process.env[name];
  try {
    const without = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
    const { code, err } = await world.shadowctl(`status ${flags}`.trim(), { env: { ...without, ...files, ...env } });
    expect([code, err.replace(/\s+/g, ' ')]).toEqual([2, expect.stringMatching(words)]);
  } finally {
    restore();
  }
});

test.each([
  [301, 'PermanentRedirect', 'in another region'],
  [400, 'BadRequest', 'a session token has expired'],
  [403, 'AccessDenied', 'the request was refused without a word'],
])('HEAD is answered %i without a body: the status says what it means', async (status, code, words) => {
  const server = createServer((_, response) => response.writeHead(status).end());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const error = await caught(at(url, (aws) => headObject(aws, 's3://bucket/key')));
  server.close();
  expect(error).toBeInstanceOf(AwsProblem);
  expect(error).toMatchObject({ code, clientFault: true, denied: status === 403 });
  expect((error as AwsProblem).message).toContain(words);
  expect((error as AwsProblem).next).toBeDefined();
});

test('a bucket in another region is followed there', async () => {
  const elsewhere = { ...world.aws.target, region: 'eu-west-1' };
  const there = connect(elsewhere);
  await createBucket(there, 'moved');
  there.close();
  expect(await bucketExists(world.aws, 'moved')).toBe(true);
  expect(await headObject(world.aws, 's3://moved/none')).toBeUndefined();
});

test.each([
  ['InternalError', { code: 'InternalError', transient: true }, 3],
  ['Forbidden', { code: 'AccessDenied', denied: true }, 1],
])('a metric that CloudWatch answers with %s is no minute without requests', async (StatusCode, facts, asked) => {
  let sent = 0;
  const send = async () => {
    sent += 1;
    return { MetricDataResults: [{ Id: 'a', Label: 'Invocations', StatusCode, Timestamps: [], Values: [] }] };
  };
  const aws = { ...world.aws, cloudwatch: async () => ({ send }) } as unknown as Aws;
  expect(await caught(metricData(aws, [{ Id: 'a' }], { start: 0, end: 1 }))).toMatchObject(facts);
  expect(sent).toBe(asked);
});

/** A server that answers everything in the same way, while `use` is at work. */
async function answering<T>(
  status: number,
  type: string,
  body: string,
  use: (aws: Aws) => Promise<T>,
): Promise<unknown> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': type }).end(body);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const error = await caught(at(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, use));
  server.closeAllConnections();
  server.close();
  return error;
}

describe("a page of somebody else's in AWS's place is named as that, and proves nothing", () => {
  const uses: Record<string, (aws: Aws) => Promise<unknown>> = {
    SageMaker: (aws) => describeEndpoint(aws, 'e'),
    CloudWatch: (aws) => metricData(aws, [{ Id: 'a' }], { start: 0, end: 1 }),
    'HEAD of S3': (aws) => headObject(aws, 's3://b/k'),
    'a list of S3': (aws) => isEmpty(aws, 's3://b/k'),
    'an object of S3': (aws) => readObject(aws, 's3://b/k', 100),
    STS: (aws) => aws.account(),
  };
  test.each(
    Object.entries(uses).flatMap(([name, use]) => [200, 302, 403].map((status) => [name, status, use] as const)),
  )('%s, %i', async (_, status, use) => {
    const error = await answering(status, 'text/html', '<html><body>Blocked</body></html>', use);
    expect(error).toMatchObject({ code: 'UnreadableAnswer', clientFault: false, provesNothingHappened: false });
    expect((error as AwsProblem).message).toContain(`(HTTP ${status}, text/html)`);
  });
});

test.each([
  ['NotAuthorized', { denied: true }, /^Grant/],
  ['OptInRequired', { aboutCredentials: false }, /may not have enabled us-east-1/],
  ['UnrecognizedClientException', { aboutCredentials: true }, /--profile.*may not have enabled us-east-1/],
  ['ExpiredTokenException', { aboutCredentials: true }, /session .* has ended/],
])('%s', async (code, facts, advice) => {
  const body = JSON.stringify({ __type: code, message: 'no' });
  const error = await answering(400, 'application/x-amz-json-1.1', body, (aws) => describeEndpoint(aws, 'e'));
  expect(error).toMatchObject({ code, ...facts });
  expect((error as AwsProblem).next).toMatch(advice);
});
