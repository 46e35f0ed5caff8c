import { decode } from 'cborg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/http/server.ts';
import { exchange, recorded } from './exchange.ts';

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ clock: new VirtualClock(Date.UTC(2026, 0, 5, 9)) });
});
afterAll(() => emulator.close());

async function replay(name: string) {
  const reply = await exchange(emulator.port, recorded(name));
  if (reply === undefined) throw new Error(`${name} was not answered.`);
  return { ...reply, text: reply.body.toString() };
}

describe('boto3 speaking CBOR to CloudWatch', () => {
  it('puts metric data, gzipped when there is much of it, and is answered without a body', async () => {
    const reply = await replay('cloudwatch-cbor-put-metric-data');
    expect(reply).toMatchObject({ status: 200, text: '', headers: { 'smithy-protocol': 'rpc-v2-cbor' } });
    expect(reply.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('reads its numbers back as doubles and its times as tagged seconds', async () => {
    await replay('cloudwatch-cbor-put-metric-data');
    const { status, body } = await replay('cloudwatch-cbor-get-metric-statistics');
    expect(status).toBe(200);
    const seconds = Date.UTC(2026, 0, 5, 8, 59) / 1000;
    const read = decode(body, { tags: { 1: (content) => ({ seconds: content() }) } });
    expect(read).toMatchObject({ Label: 'Latency', Datapoints: [{ Timestamp: { seconds }, Maximum: 12.5 }] });
    // Tag 1 and a 64-bit float, as strict readers (Go) demand.
    expect(body.includes(Buffer.from('c1fb', 'hex'))).toBe(true);
  });

  it('sets an alarm and describes it', async () => {
    expect(await replay('cloudwatch-cbor-put-metric-alarm')).toMatchObject({ status: 200, text: '' });
    const { status, body } = await replay('cloudwatch-cbor-describe-alarms');
    expect(status).toBe(200);
    const tags = { 1: (content: () => unknown) => content() };
    expect(decode(body, { tags })).toMatchObject({
      MetricAlarms: [{ AlarmName: 'recorded', Threshold: 1 }],
      CompositeAlarms: [],
    });
  });

  it('names the error by its shape, and by its old code for clients of Query', async () => {
    const { status, headers, body } = await replay('cloudwatch-cbor-set-alarm-state');
    expect(status).toBe(404);
    expect(headers['x-amzn-query-error']).toBe('ResourceNotFound;Sender');
    expect(decode(body)).toMatchObject({ __type: 'ResourceNotFound', message: expect.any(String) });
  });
});

describe('boto3 speaking JSON 1.0 to CloudWatch', () => {
  it('puts metric data, gzipped when there is much of it', async () => {
    expect(await replay('cloudwatch-json-put-metric-data')).toMatchObject({ status: 200, text: '' });
    expect(recorded('cloudwatch-json-put-metric-data-large').toString('latin1')).not.toContain('"Latency"');
  });

  it('is answered in the version of JSON it asked in, times as epoch seconds', async () => {
    await replay('cloudwatch-json-put-metric-alarm');
    const reply = await replay('cloudwatch-json-describe-alarms');
    expect(reply.headers['content-type']).toBe('application/x-amz-json-1.0');
    expect(JSON.parse(reply.text)).toMatchObject({
      MetricAlarms: [
        {
          AlarmName: 'recorded',
          StateValue: 'INSUFFICIENT_DATA',
          AlarmConfigurationUpdatedTimestamp: Date.UTC(2026, 0, 5, 9) / 1000,
        },
      ],
    });
    expect(JSON.parse((await replay('cloudwatch-json-get-metric-data')).text)).toMatchObject({
      MetricDataResults: [{ Id: 'm1' }],
    });
  });

  it('names the error by its shape, and by its old code in a header', async () => {
    const { status, headers, text } = await replay('cloudwatch-json-set-alarm-state');
    expect({ status, error: headers['x-amzn-query-error'] }).toEqual({ status: 404, error: 'ResourceNotFound;Sender' });
    expect(JSON.parse(text)).toMatchObject({ __type: 'ResourceNotFound' });
  });
});

describe('boto3 speaking Query to CloudWatch', () => {
  it('puts metric data from numbered parameters, also many', async () => {
    const { status, headers, text } = await replay('cloudwatch-query-put-metric-data');
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'text/xml' });
    expect(text).toMatch(
      /^<PutMetricDataResponse xmlns="http:\/\/monitoring.amazonaws.com\/doc\/2010-08-01\/"><ResponseMetadata><RequestId>/,
    );
  });

  it('reads statistics and alarms as XML with times in ISO 8601', async () => {
    await replay('cloudwatch-query-put-metric-data');
    const statistics = await replay('cloudwatch-query-get-metric-statistics');
    expect(statistics.text).toContain('<GetMetricStatisticsResult><Label>Latency</Label><Datapoints><member>');
    expect(statistics.text).toContain('<Timestamp>2026-01-05T08:59:00.000Z</Timestamp>');
    await replay('cloudwatch-query-put-metric-alarm');
    expect((await replay('cloudwatch-query-describe-alarms')).text).toContain(
      '<MetricAlarms><member><AlarmName>recorded</AlarmName>',
    );
    expect(await replay('cloudwatch-query-get-metric-data')).toMatchObject({ status: 200 });
  });

  it('is refused in XML', async () => {
    const { status, text } = await replay('cloudwatch-query-set-alarm-state');
    expect(status).toBe(404);
    expect(text).toMatch(
      /<Error><Type>Sender<\/Type><Code>ResourceNotFound<\/Code><Message>[^<]*<\/Message><\/Error><RequestId>/,
    );
  });
});

describe('boto3 speaking to SageMaker and its runtime', () => {
  it('is refused in JSON 1.1', async () => {
    const reply = await replay('sagemaker-describe-endpoint');
    expect(reply).toMatchObject({ status: 400, headers: { 'content-type': 'application/x-amz-json-1.1' } });
    expect(JSON.parse(reply.text)).toEqual({
      __type: 'ValidationException',
      message: 'Could not find endpoint "arn:aws:sagemaker:us-east-1:123456789012:endpoint/absent".',
    });
    expect(await replay('sagemaker-create-endpoint-config')).toMatchObject({
      status: 400,
      text: expect.stringContaining('Could not find model'),
    });
  });

  it('names what is not built', async () => {
    const { status, text } = await replay('sagemaker-create-training-job');
    expect(status).toBe(501);
    expect(JSON.parse(text)).toMatchObject({
      __type: 'NotImplementedException',
      message: expect.stringContaining('ListTrainingJobs'),
    });
  });

  it('invokes with a binary body, and learns the error from a header', async () => {
    const { status, headers, text } = await replay('runtime-invoke-endpoint');
    expect({ status, type: headers['x-amzn-errortype'] }).toEqual({ status: 400, type: 'ValidationError' });
    expect(JSON.parse(text)).toEqual({ Message: 'Endpoint absent of account 123456789012 not found.' });
  });
});

describe('boto3 speaking to the other services', () => {
  it('is answered by Logs, STS, SNS and Application Auto Scaling', async () => {
    expect(await replay('logs-create-log-group')).toMatchObject({
      status: 200,
      text: '',
      headers: { 'content-length': '0' },
    });
    expect(JSON.parse((await replay('logs-filter-log-events')).text)).toMatchObject({ events: [] });
    expect((await replay('sts-get-caller-identity')).text).toContain('<Account>123456789012</Account>');
    expect((await replay('sns-create-topic')).text).toContain(
      '<TopicArn>arn:aws:sns:us-east-1:123456789012:recorded</TopicArn>',
    );
    expect(JSON.parse((await replay('autoscaling-describe-targets')).text)).toEqual({ ScalableTargets: [] });
    expect(JSON.parse((await replay('lambda-list-functions')).text)).toEqual({ Functions: [] });
  });

  it('is told by name which operations there are not', async () => {
    const json = await replay('ecr-describe-repositories');
    expect(json.status).toBe(501);
    expect(JSON.parse(json.text).message).toContain('ECR DescribeRepositories');
    expect(await replay('iam-get-role')).toMatchObject({
      status: 200,
      text: expect.stringContaining('<RoleName>role</RoleName>'),
    });
  });

  it('uses S3 by path and by host name', async () => {
    expect(await replay('s3-create-bucket')).toMatchObject({ status: 200, headers: { location: '/recorded' } });
    expect(await replay('s3-put-object')).toMatchObject({
      status: 200,
      text: '',
      headers: { 'x-amz-checksum-crc32': 'n1l/VQ==' },
    });
    expect(await replay('s3-put-object-sha256')).toMatchObject({ status: 200 });
    const listed = await replay('s3-list-objects');
    expect(listed.text).toContain('<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">');
    expect(listed.text).toContain('<Key>a+b/%2B%C3%BC</Key>');
    expect((await replay('s3-virtual-host-list')).text).toContain('<Name>recorded</Name>');
    expect(await replay('s3-put-tagging')).toMatchObject({ status: 200 });
    expect((await replay('s3-delete-objects')).text).toContain('<DeleteResult');
  });
});

describe('the AWS CLI', () => {
  it('lists', async () => {
    expect(await replay('cli-cloudwatch-list-metrics')).toMatchObject({ status: 200 });
    expect(JSON.parse((await replay('cli-sagemaker-list-endpoints')).text)).toEqual({ Endpoints: [] });
    expect(JSON.parse((await replay('cli-logs-describe-log-groups')).text)).toMatchObject({
      logGroups: expect.any(Array),
    });
  });

  it('makes a bucket, copies a file into it after 100-continue, and lists it', async () => {
    await replay('cli-s3-mb');
    expect(await replay('cli-s3-cp')).toMatchObject({ status: 200, headers: { etag: expect.any(String) } });
    expect((await replay('cli-s3-ls')).text).toContain(
      '<Key>copied.bin</Key><LastModified>2026-01-05T09:00:00.000Z</LastModified>',
    );
  });

  it('invokes an endpoint', async () => {
    expect(await replay('cli-runtime-invoke-endpoint')).toMatchObject({
      status: 400,
      text: expect.stringContaining('Endpoint absent of account'),
    });
  });
});
