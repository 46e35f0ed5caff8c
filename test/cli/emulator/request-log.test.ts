import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeEndpointCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { expect, test } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import { logRequests } from '../../../src/cli/emulator/request-log.ts';
import { startEmulator } from '../../../src/emulator/http/server.ts';
import type { Io } from '../../../src/ui/io.ts';

test('a request is named by its operation, whatever protocol it is in', async () => {
  const clock = new VirtualClock(Date.UTC(2026, 0, 5, 9));
  const emulator = await startEmulator({ clock });
  const said: string[] = [];
  const stop = logRequests({ err: (line: string) => said.push(line) } as unknown as Io, clock);
  const options = {
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  };
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  const sagemaker = new SageMakerClient(options);
  const runtime = new SageMakerRuntimeClient(options);
  const cloudwatch = new CloudWatchClient(options);
  const sts = new STSClient(options);
  const body = Buffer.from('1');
  for (const call of [
    () => s3.send(new HeadBucketCommand({ Bucket: 'none' })),
    () => sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'none' })),
    () => runtime.send(new InvokeEndpointCommand({ EndpointName: 'none', Body: body })),
    () => cloudwatch.send(new DescribeAlarmsCommand({})),
    () => sts.send(new GetCallerIdentityCommand({})),
  ]) {
    await call().catch(() => {});
  }
  await fetch(`${emulator.url}/_shadowctl/health`);
  await expect.poll(() => said.length).toBe(6);
  stop();
  for (const client of [s3, sagemaker, runtime, cloudwatch, sts]) client.destroy();
  await emulator.close();
  expect(said.map((line) => line.split(' ').slice(1).join(' '))).toEqual([
    'HEAD /none/ s3:HeadBucket 404 0 ms',
    'POST / sagemaker:DescribeEndpoint 400 0 ms',
    'POST /endpoints/none/invocations sagemaker-runtime:InvokeEndpoint 400 0 ms',
    'POST / cloudwatch:DescribeAlarms 200 0 ms',
    'POST / sts:GetCallerIdentity 200 0 ms',
    'GET /_shadowctl/health 200 0 ms',
  ]);
});
