import { CloudWatchLogsClient, DescribeLogStreamsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateEndpointCommand, CreateModelCommand, type InferenceExecutionMode } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { config, invoke, LINEAR_LEARNER, refusal, type Stand, stand, variant, withModels } from './stand.ts';

let it: Stand;
beforeEach(async () => {
  it = await stand();
  await withModels(it);
});
afterEach(() => it.close());

/** An endpoint whose model has two containers, the same algorithm with different artifacts. */
async function withTwoContainers(Mode: InferenceExecutionMode) {
  await it.sagemaker.send(
    new CreateModelCommand({
      ModelName: 'two',
      Containers: [
        { ContainerHostname: 'first', Image: LINEAR_LEARNER, ModelDataUrl: 's3://models/005.tar.gz' },
        { ContainerHostname: 'second', Image: LINEAR_LEARNER, ModelDataUrl: 's3://models/009.tar.gz' },
      ],
      InferenceExecutionConfig: { Mode },
    }),
  );
  await config(it, 'c', [variant('A', 1, { ModelName: 'two' })]);
  await it.sagemaker.send(new CreateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'c' }));
  it.at(300);
}

test('a pipeline passes each answer on, names the container that failed, and logs per container', async () => {
  await withTwoContainers('Serial');
  // linear-learner's answer is no request that linear-learner understands: the second container refuses it.
  await expect(invoke(it)).rejects.toMatchObject({
    name: 'ModelError',
    message: expect.stringMatching(/^Received client error \(\d+\) from second with message "/),
  });
  const logs = new CloudWatchLogsClient({
    endpoint: it.emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const reply = await logs.send(new DescribeLogStreamsCommand({ logGroupName: '/aws/sagemaker/Endpoints/Weather' }));
  logs.destroy();
  const streams = (reply.logStreams ?? []).map((stream) => stream.logStreamName?.replace(/i-0[0-9a-f]{16}/, 'ID'));
  expect(streams).toEqual(['A/ID/first', 'A/ID/second']);
});

test('direct invocation asks the container it names', async () => {
  await withTwoContainers('Direct');
  const answer = async (TargetContainerHostname: string) =>
    Buffer.from((await invoke(it, { TargetContainerHostname })).Body).toString();
  expect(await answer('first')).not.toBe(await answer('second'));
  expect(await refusal(invoke(it, { TargetContainerHostname: 'third' }))).toMatch(/^ValidationError: /);
});
