import { DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { BatchGetImageCommand } from '@aws-sdk/client-ecr';
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { GetFunctionUrlConfigCommand } from '@aws-sdk/client-lambda';
import { GetProductsCommand } from '@aws-sdk/client-pricing';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { DescribeEndpointCommand } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { ListTopicsCommand } from '@aws-sdk/client-sns';
import { describe, expect, test } from 'vitest';
import { connect } from '../../src/aws/clients.ts';
import { call } from '../../src/aws/errors.ts';
import { rememberEnvironment } from '../support/environment.ts';

describe('FIPS and dual stack by the environment', () => {
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const CLIENTS = {
    sagemaker: new DescribeEndpointCommand({ EndpointName: 'x' }),
    runtime: new InvokeEndpointCommand({ EndpointName: 'x', Body: '' }),
    cloudwatch: new DescribeAlarmsCommand({}),
    logs: new DescribeLogGroupsCommand({}),
    s3: new HeadObjectCommand({ Bucket: 'my-bucket', Key: 'k' }),
    sns: new ListTopicsCommand({}),
    autoscaling: new DescribeScalableTargetsCommand({ ServiceNamespace: 'sagemaker' }),
    iam: new GetRoleCommand({ RoleName: 'x' }),
    ecr: new BatchGetImageCommand({ repositoryName: 'x', imageIds: [] }),
    pricing: new GetProductsCommand({ ServiceCode: 'x' }),
    lambda: new GetFunctionUrlConfigCommand({ FunctionName: 'x' }),
    cloudformation: new DescribeStacksCommand({}),
  } as const;

  /** The hosts that would be asked. */
  async function hosts(env: Record<string, string>, endpointUrl?: string): Promise<string[]> {
    const restore = rememberEnvironment();
    Object.assign(process.env, env);
    const aws = connect({ region: 'us-east-1', endpointUrl, profile: undefined, credentials });
    try {
      const asked: string[] = [];
      for (const [name, command] of Object.entries(CLIENTS)) {
        const client = (await aws[name as keyof typeof CLIENTS]()) as {
          send(command: unknown): Promise<unknown>;
          config: { requestHandler: unknown };
        };
        const handle = async ({ hostname }: { hostname: string }) => {
          asked.push(hostname);
          throw Object.assign(new Error('asked'), { name: 'Asked' });
        };
        client.config.requestHandler = { handle };
        await expect(client.send(command)).rejects.toThrow('asked');
      }
      return asked;
    } finally {
      aws.close();
      restore();
    }
  }

  test('hold for every client', async () => {
    for (const host of await hosts({ AWS_USE_FIPS_ENDPOINT: 'true' })) expect(host).toMatch(/-fips\./);
    for (const host of await hosts({ AWS_USE_DUALSTACK_ENDPOINT: 'true' }))
      expect(host).toMatch(/\.api\.aws$|^my-bucket\.s3\.dualstack\./);
    const both = { AWS_USE_FIPS_ENDPOINT: 'true', AWS_USE_DUALSTACK_ENDPOINT: 'true' };
    for (const host of await hosts(both)) expect(host).toMatch(/-fips\..*(?:api\.aws|dualstack)/);
  });

  test('a URL that is given stands, the emulator among them', async () => {
    const both = { AWS_USE_FIPS_ENDPOINT: 'true', AWS_USE_DUALSTACK_ENDPOINT: 'true' };
    expect(new Set(await hosts(both, 'http://127.0.0.1:9'))).toEqual(new Set(['127.0.0.1']));
  });

  test('a host that does not exist names the variable that asks for it', async () => {
    const error = Object.assign(new Error('getaddrinfo'), {
      code: 'ENOTFOUND',
      hostname: 'api-fips.sagemaker.eu-west-1.amazonaws.com',
    });
    const target = { region: 'eu-west-1', endpointUrl: undefined, profile: undefined, credentials };
    await expect(call(target, 'look', () => Promise.reject(error))).rejects.toMatchObject({
      code: 'ENOTFOUND',
      next: expect.stringContaining('AWS_USE_FIPS_ENDPOINT'),
    });
  });
});
