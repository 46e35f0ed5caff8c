import { afterEach, beforeEach, expect, test } from 'vitest';
import { invoke, refusal, type Stand, stand, withEndpoint } from './stand.ts';

let it: Stand;
beforeEach(async () => {
  it = await stand();
  await withEndpoint(it);
});
afterEach(() => it.close());

const SEE =
  'See https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logEventViewer:group=/aws/sagemaker/Endpoints/Weather in account 000000000000 for more information.';

test('a failing container is a ModelError with AWS’s words, status 424', async () => {
  it.emulator.world.faults.add({ kind: 'failing-model', times: 1 });
  const text = 'The emulator was told to let this model fail (fault failing-model).';
  await expect(invoke(it)).rejects.toMatchObject({
    name: 'ModelError',
    message: `Received server error (500) from primary with message "${text}". ${SEE}`,
    OriginalStatusCode: 500,
    OriginalMessage: text,
    LogStreamArn: 'arn:aws:logs:us-east-1:000000000000:log-group:/aws/sagemaker/Endpoints/Weather',
    $metadata: { httpStatusCode: 424 },
  });
  await expect(invoke(it, { Body: Buffer.from('not,a,number') })).rejects.toMatchObject({
    name: 'ModelError',
    message: expect.stringMatching(/^Received client error \(400\) from primary with message "/),
    OriginalStatusCode: 400,
  });
});

test('a container that takes 60 s has timed out', async () => {
  it.emulator.world.faults.add({ kind: 'slow-model', milliseconds: 61_000, times: 1 });
  const before = it.clock.now();
  await expect(invoke(it)).rejects.toMatchObject({
    name: 'ModelError',
    OriginalStatusCode: 0,
    message: `Received server error (0) from primary with message "Your invocation timed out while waiting for a response from container primary. Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again.". ${SEE}`,
  });
  expect(it.clock.now() - before).toBeGreaterThanOrEqual(60_000);
  expect(it.clock.now() - before).toBeLessThan(60_100);
});

test('the caller waits the simulated latency', async () => {
  const before = it.clock.now();
  await invoke(it);
  expect(it.clock.now() - before).toBeGreaterThan(1);
  expect(it.clock.now() - before).toBeLessThan(60);
});

test('refusals are ValidationError', async () => {
  expect(await refusal(invoke(it, { EndpointName: 'nobody' }))).toBe(
    'ValidationError: Endpoint nobody of account 000000000000 not found.',
  );
  expect(await refusal(invoke(it, { TargetVariant: 'nobody' }))).toMatch(/^ValidationError: /);
  expect(await refusal(invoke(it, { TargetModel: 'x.tar.gz' }))).toBe(
    'ValidationError: Endpoint Weather is not a multi-model endpoint and does not support target model header.',
  );
  expect((await invoke(it, { TargetVariant: 'AllTraffic' })).InvokedProductionVariant).toBe('AllTraffic');
});

test('accounts do not see each other', async () => {
  const { SageMakerRuntimeClient } = await import('@aws-sdk/client-sagemaker-runtime');
  const runtime = new SageMakerRuntimeClient({
    endpoint: it.emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: '111122223333', secretAccessKey: 'test' },
  });
  expect(await refusal(invoke({ ...it, runtime }))).toBe(
    'ValidationError: Endpoint Weather of account 111122223333 not found.',
  );
  runtime.destroy();
});
