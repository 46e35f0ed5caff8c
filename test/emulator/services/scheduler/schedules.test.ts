import { UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDocument } from '../../../../src/emulator/iam/document.ts';
import { config, describeEndpoint, type Stand, stand, START, variant, withEndpoint } from '../sagemaker/stand.ts';

let it: Stand;
beforeEach(async () => {
  it = await stand();
  await withEndpoint(it);
});
afterEach(() => it.close());

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ROLE = 'arn:aws:iam::000000000000:role/deleter';
const DELETE = 'arn:aws:scheduler:::aws-sdk:sagemaker:deleteEndpoint';
/** `at(…)` so long after the clock started. */
const at = (ms: number) => `at(${new Date(START + ms).toISOString().slice(0, 19)})`;

/** A call of the REST API, as any client of AWS sends it; a refusal as `Code: message`. */
async function call(method: string, name: string, input?: object): Promise<Record<string, unknown> | string> {
  const reply = await fetch(`${it.emulator.url}/schedules/${name}`, {
    method,
    headers: {
      authorization:
        'AWS4-HMAC-SHA256 Credential=test/20260105/us-east-1/scheduler/aws4_request, SignedHeaders=host, Signature=0',
    },
    ...(input !== undefined && { body: JSON.stringify(input) }),
  });
  const body = (await reply.json()) as Record<string, string>;
  return reply.ok ? body : `${reply.headers.get('x-amzn-errortype')}: ${body.Message ?? body.message}`;
}

const create = ({ Name = 'away', ...more }: { Name?: string } & Record<string, unknown> = {}, target: object = {}) =>
  call('POST', Name, {
    ScheduleExpression: at(2 * HOUR),
    FlexibleTimeWindow: { Mode: 'OFF' },
    ActionAfterCompletion: 'DELETE',
    Target: { Arn: DELETE, RoleArn: ROLE, Input: '{"EndpointName":"Weather"}', ...target },
    ...more,
  });
const ARN = 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/away';
const DONE = { ScheduleArn: ARN };
const get = () => call('GET', 'away');
const status = () =>
  describeEndpoint(it).then(
    ({ EndpointStatus }) => EndpointStatus,
    () => 'gone',
  );
const waitUntil = (ms: number) => it.clock.sleep(START + ms - it.clock.now());

test('an endpoint is deleted at its time, and the schedule goes with it', async () => {
  expect(await create()).toEqual(DONE);
  expect(await get()).toMatchObject({
    Arn: ARN,
    GroupName: 'default',
    State: 'ENABLED',
    ScheduleExpressionTimezone: 'UTC',
    ActionAfterCompletion: 'DELETE',
    Target: { Arn: DELETE, RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 } },
  });
  await waitUntil(2 * HOUR - 1000);
  expect(await status()).toBe('InService');
  await waitUntil(2 * HOUR + MINUTE);
  expect(await status()).toBe('gone');
  expect(await get()).toContain('ResourceNotFoundException');
});

test('a schedule that is deleted calls nothing; one that stays is done', async () => {
  await create();
  expect(await create()).toContain('ConflictException');
  await call('DELETE', 'away');
  await create({ Name: 'other', State: 'DISABLED' });
  await waitUntil(3 * HOUR);
  expect(await status()).toBe('InService');
  await create({ ScheduleExpression: at(4 * HOUR), ActionAfterCompletion: 'NONE' });
  await waitUntil(5 * HOUR);
  expect(await status()).toBe('gone');
  expect(await get()).toMatchObject({ Arn: ARN });
});

test.each([
  [false, 'InService'],
  [true, 'gone'],
])('an update under way refuses the call; tried again: %s', async (retrySchedules, end) => {
  Object.assign(it.emulator.world.switches, { retrySchedules });
  await create();
  await config(it, 'config-2', [variant('AllTraffic', 1)]);
  await waitUntil(2 * HOUR - MINUTE);
  await it.sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'config-2' }));
  await waitUntil(2 * HOUR + MINUTE);
  expect(await status()).toBe('Updating');
  await waitUntil(3 * HOUR);
  expect(await status()).toBe(end);
});

test('what AWS refuses is refused in its words; what is not built, by name', async () => {
  expect(await create({}, { Arn: 'arn:aws:scheduler:us-east-1::aws-sdk:sagemaker:deleteEndpoint' })).toBe(
    'ValidationException: scheduler is not a supported service for a target',
  );
  expect(await create({}, { Input: undefined })).toBe(
    'ValidationException: You must provide an input to set this target for your schedule',
  );
  expect(await create({}, { Arn: DELETE.replace('delete', 'describe') })).toBe(
    'ValidationException: describeEndpoint API is not supported',
  );
  expect(await create({ FlexibleTimeWindow: { Mode: 'OFF', MaximumWindowInMinutes: 5 } })).toContain(
    'MaximumWindowInMinutes must not be provided',
  );
  expect(await create({ ScheduleExpression: 'at(2026-01-05T11:00:00Z)' })).toBe(
    'ValidationException: Invalid Schedule Expression at(2026-01-05T11:00:00Z).',
  );
  expect(await create({ GroupName: 'mine' })).toContain('ResourceNotFoundException');
  const unbuilt = [
    create({}, { Arn: DELETE.replace('deleteEndpoint', 'updateEndpoint') }),
    create({}, { Arn: 'arn:aws:states:us-east-1:000000000000:stateMachine:m' }),
    create({ ScheduleExpression: 'cron(0 9 * * ? *)' }),
    create({ ScheduleExpression: 'at(2025-12-01T00:00:00)' }),
    create({ ScheduleExpressionTimezone: 'Europe/Berlin' }),
  ];
  for (const one of await Promise.all(unbuilt)) expect(one).toMatch(/^NotImplemented: The emulator has not built/);
});

test('with policies: who creates one must be allowed to pass its role, and the role to delete the endpoint', async () => {
  const { iam } = it.emulator.world;
  const allow = (who: string, ...actions: string[]) => ({
    who,
    kind: 'identity-based policy' as const,
    document: readDocument(
      { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] },
      who,
    ),
  });
  const rest = ['sagemaker:DescribeEndpoint', 'scheduler:CreateSchedule'];
  iam.attach([allow('test', ...rest)]);
  expect(await create()).toMatch(
    /AccessDeniedException.*iam:PassRole on resource: arn:aws:iam::000000000000:role\/deleter/,
  );
  iam.attach([allow('test', 'iam:PassRole')]);
  expect(await create()).toMatch(/scheduler:CreateSchedule on resource: \S+:schedule\/default\/away/);
  iam.attach([allow('test', ...rest, 'iam:PassRole'), allow('role/deleter', 'sagemaker:DescribeEndpoint')]);
  expect(await create()).toEqual(DONE);
  await waitUntil(3 * HOUR);
  expect(await status()).toBe('InService');
  iam.attach([allow('test', ...rest, 'iam:PassRole'), allow('role/deleter', 'sagemaker:DeleteEndpoint')]);
  expect(await create({ ScheduleExpression: at(4 * HOUR) })).toEqual(DONE);
  await waitUntil(5 * HOUR);
  expect(await status()).toBe('gone');
});
