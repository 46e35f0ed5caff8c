import { CreateRoleCommand, DeleteRoleCommand, GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateModelCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/http/server.ts';

let emulator: Emulator;
let iam: IAMClient;
const client = () => ({
  endpoint: emulator.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
});
beforeEach(async () => {
  emulator = await startEmulator({ clock: new VirtualClock(Date.UTC(2026, 0, 5, 9)), seed: 1 });
  iam = new IAMClient(client());
});
afterEach(async () => {
  iam.destroy();
  await emulator.close();
});

const refused = (call: Promise<unknown>) =>
  call.then(
    () => 'not refused',
    (error: Error & { $metadata?: { httpStatusCode?: number } }) =>
      `${error.$metadata?.httpStatusCode} ${error.name}: ${error.message}`,
  );
const ARN = 'arn:aws:iam::000000000000:role/service-role/Models';

test('every role exists until it is deleted, under the path that a model names it by', async () => {
  expect((await iam.send(new GetRoleCommand({ RoleName: 'any' }))).Role).toMatchObject({
    Arn: 'arn:aws:iam::000000000000:role/any',
    Path: '/',
    RoleId: expect.stringMatching(/^AROA[0-9A-F]{17}$/) as string,
    CreateDate: new Date(Date.UTC(2026, 0, 5, 9)),
  });
  const sagemaker = new SageMakerClient(client());
  const model = (ModelName: string) =>
    sagemaker.send(
      new CreateModelCommand({ ModelName, ExecutionRoleArn: ARN, PrimaryContainer: { Image: 'registry.local/own:1' } }),
    );
  await model('m');
  const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'models' }));
  expect(Role).toMatchObject({ Arn: ARN, Path: '/service-role/', RoleName: 'Models' });
  expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toContain('sagemaker.amazonaws.com');

  await iam.send(new DeleteRoleCommand({ RoleName: 'Models' }));
  const gone = '404 NoSuchEntityException: The role with name Models cannot be found.';
  expect(await refused(iam.send(new GetRoleCommand({ RoleName: 'Models' })))).toBe(gone);
  expect(await refused(iam.send(new DeleteRoleCommand({ RoleName: 'Models' })))).toBe(gone);
  expect(await refused(model('n'))).toMatch(/^400 ValidationException: Could not assume role .*\/Models/);
  const sts = new STSClient(client());
  const assume = sts.send(new AssumeRoleCommand({ RoleArn: ARN, RoleSessionName: 'session' }));
  expect(await refused(assume)).toMatch(/^403 AccessDenied: User: .* sts:AssumeRole on resource: /);
  sagemaker.destroy();
  sts.destroy();
});

test('a role that is created again is another, and stands only once', async () => {
  const create = () =>
    iam.send(new CreateRoleCommand({ RoleName: 'r', Path: '/a/b/', Description: 'd', AssumeRolePolicyDocument: '{}' }));
  const first = await create();
  expect(first.Role).toMatchObject({ Arn: 'arn:aws:iam::000000000000:role/a/b/r', Path: '/a/b/', Description: 'd' });
  expect(await refused(create())).toBe('409 EntityAlreadyExistsException: Role with name r already exists.');
  await iam.send(new DeleteRoleCommand({ RoleName: 'R' }));
  expect((await create()).Role?.Arn).toBe(first.Role?.Arn);
  expect(await refused(iam.send(new GetRoleCommand({ RoleName: 'a b' })))).toMatch(
    /^400 ValidationError: 1 validation/,
  );
});
