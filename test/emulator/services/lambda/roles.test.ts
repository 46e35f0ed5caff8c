import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDocument } from '../../../../src/emulator/iam/document.ts';
import { create, invoke, lines, refused, type Stand, stand } from './stand.ts';

// With one policy of any kind IAM is enforced; that of `nobody` limits nobody here.
const ENFORCED = {
  who: 'nobody',
  kind: 'identity-based policy' as const,
  document: readDocument({ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }, 'test'),
};
const BASIC = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
const trust = (principal: object) =>
  JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }] });

let it: Stand;
let iam: IAMClient;
beforeEach(async () => {
  it = await stand({ iam: [ENFORCED] });
  iam = new IAMClient(it.config);
});
afterEach(async () => {
  iam.destroy();
  await it.close();
});

const createRole = (RoleName: string, principal: object) =>
  iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust(principal) }));
const allow = (RoleName: string, Action: string, Resource: string) =>
  iam.send(
    new PutRolePolicyCommand({
      RoleName,
      PolicyName: 'own',
      PolicyDocument: JSON.stringify({ Statement: [{ Effect: 'Allow', Action, Resource }] }),
    }),
  );

/** Puts an object by S3's REST with the credentials that the function finds. */
const PUT = `import { request } from 'node:http';
export const handler = (key) => new Promise((done, fail) => {
  const authorization = 'AWS4-HMAC-SHA256 Credential=' + process.env.AWS_ACCESS_KEY_ID + '/20260105/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0';
  request(process.env.AWS_ENDPOINT_URL + '/own/' + key, { method: 'PUT', headers: { authorization } }, (reply) => done(reply.resume().statusCode)).on('error', fail).end('x');
});`;

test('a function may do what the policies of its role say, and logs where it may', async () => {
  const s3 = new S3Client({ ...it.config, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'own' }));
  await createRole('functions', { Service: 'lambda.amazonaws.com' });
  await create(it, PUT);
  expect((await invoke(it, 'a/1')).answer).toBe(403);
  expect(await lines(it, '/aws/lambda/f')).toBeUndefined();
  await allow('functions', 's3:PutObject', 'arn:aws:s3:::own/a/*');
  await iam.send(new AttachRolePolicyCommand({ RoleName: 'functions', PolicyArn: BASIC }));
  expect([(await invoke(it, 'a/1')).answer, (await invoke(it, 'b/1')).answer]).toEqual([200, 403]);
  expect(await lines(it, '/aws/lambda/f')).toHaveLength(6);
  expect(await refused(s3.send(new PutObjectCommand({ Bucket: 'own', Key: 'b/1', Body: 'x' })))).toBe('not refused');
  s3.destroy();
});

test('a role that does not trust Lambda is none for a function; who may take a role is in its trust policy', async () => {
  await createRole('functions', { Service: 'sagemaker.amazonaws.com' });
  expect(await refused(create(it, ''))).toBe(
    '400 InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda.',
  );
  const sts = new STSClient(it.config);
  const take = (name: string) =>
    refused(
      sts.send(new AssumeRoleCommand({ RoleArn: `arn:aws:iam::000000000000:role/${name}`, RoleSessionName: 'me' })),
    );
  expect(await take('functions')).toMatch(/^403 AccessDenied: /);
  await createRole('people', { AWS: '000000000000' });
  expect(await take('people')).toBe('not refused');
  sts.destroy();
});

test('policies are shown, and a role that has any is not deleted', async () => {
  await createRole('r', { Service: 'lambda.amazonaws.com' });
  await allow('r', 'sns:Publish', '*');
  await iam.send(new AttachRolePolicyCommand({ RoleName: 'r', PolicyArn: BASIC }));
  const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName: 'r', PolicyName: 'own' }));
  expect(JSON.parse(decodeURIComponent(PolicyDocument))).toMatchObject({ Statement: [{ Action: 'sns:Publish' }] });
  expect((await iam.send(new ListRolePoliciesCommand({ RoleName: 'r' }))).PolicyNames).toEqual(['own']);
  expect((await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: 'r' }))).AttachedPolicies).toEqual([
    { PolicyArn: BASIC, PolicyName: 'AWSLambdaBasicExecutionRole' },
  ]);
  const remove = () => refused(iam.send(new DeleteRoleCommand({ RoleName: 'r' })));
  expect(await remove()).toBe('409 DeleteConflictException: Cannot delete entity, must detach all policies first.');
  await iam.send(new DetachRolePolicyCommand({ RoleName: 'r', PolicyArn: BASIC }));
  expect(await remove()).toBe('409 DeleteConflictException: Cannot delete entity, must delete policies first.');
  await iam.send(new DeleteRolePolicyCommand({ RoleName: 'r', PolicyName: 'own' }));
  expect(await remove()).toBe('not refused');
  await createRole('s', { Service: 'lambda.amazonaws.com' });
  expect(await refused(allow('s', 'sns:Publish', '*'))).toBe('not refused');
  const strange = {
    Effect: 'Allow',
    Action: 'sns:Publish',
    Resource: '*',
    Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
  };
  const put = iam.send(
    new PutRolePolicyCommand({
      RoleName: 's',
      PolicyName: 'x',
      PolicyDocument: JSON.stringify({ Statement: strange }),
    }),
  );
  expect(await refused(put)).toMatch(/^501 NotImplemented: .*IpAddress/);
  expect(
    await refused(
      iam.send(
        new AttachRolePolicyCommand({ RoleName: 's', PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }),
      ),
    ),
  ).toMatch(/^501 NotImplemented: .*AdministratorAccess/);
});
