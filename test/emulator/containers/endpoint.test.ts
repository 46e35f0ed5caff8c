import { CloudWatchLogsClient, DescribeLogStreamsCommand, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateEndpointCommand, CreateModelCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, expect, test } from 'vitest';
import { archive } from '../../../fixtures/scripts/archive.ts';
import { config, describeEndpoint, invoke, type Stand, stand, variant } from '../services/sagemaker/stand.ts';
import { fixture, LINEAR_LEARNER, XGBOOST, xgboostArtifact } from './containers.ts';

let it: Stand | undefined;
afterEach(async () => {
  await it?.close();
  it = undefined;
});

/** An endpoint `Weather` of one instance with this image, model and environment, a quarter of an hour after it was asked for. */
async function endpoint(
  image: string,
  artifact: Uint8Array,
  Environment = {},
  containers: string[] = [],
): Promise<Stand> {
  const made = await stand({ containers });
  it = made;
  await made.s3.send(new CreateBucketCommand({ Bucket: 'models' }));
  await made.s3.send(new PutObjectCommand({ Bucket: 'models', Key: 'm.tar.gz', Body: artifact }));
  const PrimaryContainer = { Image: image, ModelDataUrl: 's3://models/m.tar.gz', Environment };
  await made.sagemaker.send(
    new CreateModelCommand({
      ModelName: 'm',
      ExecutionRoleArn: 'arn:aws:iam::000000000000:role/SageMaker',
      PrimaryContainer,
    }),
  );
  await config(made, 'c', [variant('AllTraffic', 1, { ModelName: 'm' })]);
  await made.sagemaker.send(new CreateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'c' }));
  made.at(900);
  return made;
}

async function logLines({ emulator }: Stand): Promise<string[]> {
  const logs = new CloudWatchLogsClient({
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const logGroupName = '/aws/sagemaker/Endpoints/Weather';
  const { logStreams } = await logs.send(new DescribeLogStreamsCommand({ logGroupName }));
  const logStreamName = logStreams?.[0]?.logStreamName;
  const { events } = await logs.send(new GetLogEventsCommand({ logGroupName, logStreamName, startFromHead: true }));
  logs.destroy();
  return (events ?? []).map((event) => event.message ?? '');
}

test('an algorithm mismatch behind xgboost 1.2-1 comes into service and fails every invocation', async () => {
  const made = await endpoint(`${XGBOOST}:1.2-1`, fixture('artifacts/009-model.tar.gz'));
  expect((await describeEndpoint(made)).EndpointStatus).toBe('InService');
  await expect(invoke(made)).rejects.toMatchObject({
    name: 'ModelError',
    OriginalStatusCode: 500,
    OriginalMessage: expect.stringMatching(
      /^Unable to load model: Model \/opt\/ml\/model\/model_algo-1 cannot be loaded:/,
    ),
  });
  const lines = await logLines(made);
  expect(lines).toContainEqual(expect.stringMatching(/"GET \/ping HTTP\/1\.1" 200 /));
  expect(lines).toContainEqual(expect.stringMatching(/"POST \/invocations HTTP\/1\.1" 500 /));
});

test('the same behind a later image never comes into service', async () => {
  const made = await endpoint(`${XGBOOST}:1.7-1`, fixture('artifacts/009-model.tar.gz'));
  const { EndpointStatus, FailureReason } = await describeEndpoint(made);
  expect(EndpointStatus).toBe('Failed');
  expect(FailureReason).toContain('did not pass the ping health check');
});

test('an XGBoost model is served with its environment', async () => {
  const made = await endpoint(`${XGBOOST}:1.7-1`, xgboostArtifact('1.7.4', 'logistic', 'ubj'), {
    SAGEMAKER_INFERENCE_OUTPUT: 'predicted_label',
  });
  const { Body, ContentType } = await invoke(made, { Body: Buffer.from('1,2,3,4'), Accept: 'application/json' });
  expect(ContentType).toBe('application/json');
  expect(Buffer.from(Body).toString()).toMatch(/^\{"predictions": \[\{"predicted_label": [01]\}\]\}$/);
});

test('an artifact that climbs out of its folder fails the endpoint, and says where it lies', async () => {
  const made = await endpoint(LINEAR_LEARNER, archive({ '../../model_algo-1': Buffer.from('x') }));
  const { EndpointStatus, FailureReason } = await describeEndpoint(made);
  expect(EndpointStatus).toBe('Failed');
  expect(FailureReason).toMatch(
    /^Failed to extract model data archive for container "container_1" from URL "s3:\/\/models\/m\.tar\.gz"\./,
  );
});

test('a command of the user’s serves an image, and what it prints is in the log group', async () => {
  const program = `require('node:http').createServer((q, a) => { console.log('asked', q.url); a.end(require('node:fs').readFileSync(process.env.SM_MODEL_DIR + '/answer.txt')); }).listen(process.env.PORT, '127.0.0.1')`;
  const made = await endpoint('acme/model:1', archive({ 'answer.txt': Buffer.from('forty-two') }), {}, [
    `acme/model=node -e "${program}"`,
  ]);
  expect((await describeEndpoint(made)).EndpointStatus).toBe('InService');
  expect(Buffer.from((await invoke(made)).Body).toString()).toBe('forty-two');
  expect(await logLines(made)).toContain('asked /invocations');
});
