import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/http/server.ts';

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ clock: new VirtualClock(Date.UTC(2026, 0, 5, 9)) });
});
afterAll(() => emulator.close());

function sts(accessKeyId: string, sessionToken?: string): STSClient {
  const credentials = { accessKeyId, secretAccessKey: 'test', ...(sessionToken && { sessionToken }) };
  return new STSClient({ endpoint: emulator.url, region: 'us-east-1', credentials });
}

describe('STS over Query', () => {
  it('is the account named by an access key of twelve digits, else 000000000000', async () => {
    expect(await sts('123456789012').send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: '123456789012',
      Arn: 'arn:aws:iam::123456789012:root',
      UserId: '123456789012',
    });
    expect(await sts('test').send(new GetCallerIdentityCommand({}))).toMatchObject({ Account: '000000000000' });
  });

  it('gives out sessions that act in the account of their role', async () => {
    const RoleArn = 'arn:aws:iam::210987654321:role/service-role/deployer';
    const { Credentials, AssumedRoleUser } = await sts('test').send(
      new AssumeRoleCommand({ RoleArn, RoleSessionName: 'ci' }),
    );
    expect(Credentials?.Expiration).toEqual(new Date(Date.UTC(2026, 0, 5, 10)));
    expect(AssumedRoleUser?.Arn).toBe('arn:aws:sts::210987654321:assumed-role/deployer/ci');
    const session = sts(Credentials?.AccessKeyId ?? '', Credentials?.SessionToken);
    expect(await session.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: '210987654321',
      Arn: 'arn:aws:sts::210987654321:assumed-role/deployer/ci',
    });
  });

  it('refuses in the words of AWS what the description forbids', async () => {
    const bad = sts('test').send(new AssumeRoleCommand({ RoleArn: 'short', RoleSessionName: 'a b' }));
    await expect(bad).rejects.toMatchObject({
      name: 'ValidationError',
      message:
        "2 validation errors detected: Value 'short' at 'roleArn' failed to satisfy constraint: Member must have " +
        "length greater than or equal to 20; Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member " +
        'must satisfy regular expression pattern: [\\w+=,.@-]*',
    });
  });
});
