import { decode, encode } from 'cborg';
import { describe, expect, it } from 'vitest';
import { cbor } from '../../../src/emulator/protocols/cbor.ts';
import { json } from '../../../src/emulator/protocols/json.ts';
import { query } from '../../../src/emulator/protocols/query.ts';
import { headerText } from '../../../src/emulator/protocols/rest.ts';
import { restJson } from '../../../src/emulator/protocols/rest-json.ts';
import { restXml } from '../../../src/emulator/protocols/rest-xml.ts';
import { readTimestamp, writeTimestamp } from '../../../src/emulator/protocols/timestamps.ts';
import type { WireRequest } from '../../../src/emulator/protocols/wire.ts';
import { escapeXml } from '../../../src/emulator/protocols/xml-write.ts';
import { loadModel } from '../../../src/emulator/services/registry.ts';
import type { OperationModel, ServiceId } from '../../../src/emulator/model/shapes.ts';
import { AwsError } from '../../../src/emulator/model/aws-error.ts';

const AT = new Date(Date.UTC(2026, 0, 5, 9, 0, 0, 250));

async function operation(service: ServiceId, name: string): Promise<OperationModel> {
  const found = (await loadModel(service)).operation(name);
  if (found === undefined) throw new Error(`${service} has no ${name}`);
  return found;
}

function request(body: Uint8Array | string, more: Partial<WireRequest> = {}): WireRequest {
  return { method: 'POST', path: '/', query: [], headers: {}, body: Buffer.from(body), ...more };
}

describe('timestamps', () => {
  it.each([
    ['1767603600.25', AT],
    ['1767603600', new Date(Date.UTC(2026, 0, 5, 9))],
    ['-1.5', new Date(-1500)],
    ['2026-01-05T09:00:00.250Z', AT],
    ['2026-01-05T10:00:00.25+01:00', AT],
    ['2026-01-05T09:00:00', new Date(Date.UTC(2026, 0, 5, 9))],
    ['2026-01-05', new Date(Date.UTC(2026, 0, 5))],
    ['Mon, 05 Jan 2026 09:00:00 GMT', new Date(Date.UTC(2026, 0, 5, 9))],
    ['yesterday', undefined],
    ['', undefined],
    ['2026-13-45T00:00:00Z', undefined],
    ['1e300', undefined],
  ])('%j is %s', (text, expected) => {
    expect(readTimestamp(text)).toEqual(expected);
  });

  it('are written in three ways', () => {
    expect(writeTimestamp(AT, 'unixTimestamp')).toBe(1767603600.25);
    expect(writeTimestamp(AT, 'iso8601')).toBe('2026-01-05T09:00:00.250Z');
    expect(writeTimestamp(AT, 'rfc822')).toBe('Mon, 05 Jan 2026 09:00:00 GMT');
  });
});

describe('AWS JSON', () => {
  it('reads an input as its shape says and drops what it does not know', async () => {
    const putLogEvents = await operation('logs', 'PutLogEvents');
    const body = '{"logGroupName":"g","logEvents":[{"timestamp":1.9,"message":"m"}],"unknown":1,"sequenceToken":null}';
    expect(json.parse(putLogEvents, request(body))).toEqual({
      logGroupName: 'g',
      logEvents: [{ timestamp: 1, message: 'm' }],
    });
    expect(json.parse(putLogEvents, request(''))).toEqual({});
  });

  it.each([
    ['{"EndpointName":1}', 'NUMBER_VALUE can not be converted to a String'],
    ['{"EndpointName":["x"]}', 'Start of list found where not expected'],
    ['{"EndpointName":{}}', 'Start of structure or map found where not expected.'],
    ['{"Tags":"x"}', 'Expected list or null'],
    ['{"DeploymentConfig":true}', 'Expected null'],
    ['[]', 'Start of list found where not expected'],
    ['{', 'Unexpected content in the request body: it is not JSON.'],
    [Buffer.from('{"EndpointName":"\xff"}', 'latin1'), 'The request body is not UTF-8.'],
  ])('refuses %s', async (body, message) => {
    const create = await operation('sagemaker', 'CreateEndpoint');
    expect(() => json.parse(create, request(body))).toThrow(
      expect.objectContaining({ code: 'SerializationException', message }),
    );
  });

  it('answers nothing where the operation has no output, and an empty object where it has', async () => {
    const headers = { 'content-type': 'application/x-amz-json-1.1; charset=utf-8' };
    const deleted = json.serialize(
      await operation('sagemaker', 'DeleteEndpoint'),
      undefined,
      'id',
      request('', { headers }),
    );
    expect(deleted).toEqual({
      status: 200,
      headers: { 'x-amzn-requestid': 'id', 'content-type': 'application/x-amz-json-1.1' },
      body: '',
    });
    expect(json.serialize(await operation('sagemaker', 'DeleteTags'), undefined, 'id', request('')).body).toBe('{}');
  });

  it('writes times as seconds with their fraction', async () => {
    const describeEndpoint = await operation('sagemaker', 'DescribeEndpoint');
    const output = { EndpointName: 'e', CreationTime: AT, FailureReason: undefined, Unknown: 1 };
    expect(json.serialize(describeEndpoint, output, 'id', request('')).body).toBe(
      '{"EndpointName":"e","CreationTime":1767603600.25}',
    );
  });

  it('writes doubles as doubles also where they are whole, integers as integers', async () => {
    const body = async (name: string, output: object) =>
      json.serialize(await operation('cloudwatch', name), output, 'id', request('')).body;
    const Values = [7, -3, 0.5, 1e300, 0, Number.NaN, 123456789012];
    expect(await body('GetMetricData', { MetricDataResults: [{ Id: 'm "1"\n', Values }] })).toBe(
      '{"MetricDataResults":[{"Id":"m \\"1\\"\\n","Values":[7.0,-3.0,0.5,1e+300,0.0,"NaN",123456789012.0]}]}',
    );
    expect(await body('DescribeAlarms', { MetricAlarms: [{ Period: 60, Threshold: 1 }] })).toBe(
      '{"MetricAlarms":[{"Period":60,"Threshold":1.0}]}',
    );
  });
});

describe('Query', () => {
  it('reads numbered lists in their order, with gaps, flattened or not', async () => {
    const put = await operation('cloudwatch', 'PutMetricData');
    const body =
      'Action=PutMetricData&Namespace=a%20b%2Bc&MetricData.member.10.MetricName=last&MetricData.member.2.MetricName=first' +
      '&MetricData.member.2.Values.member.1=1.5&MetricData.member.2.Timestamp=2026-01-05T09%3A00%3A00.250Z';
    expect(query.parse(put, request(body))).toEqual({
      Namespace: 'a b+c',
      MetricData: [{ MetricName: 'first', Values: [1.5], Timestamp: AT }, { MetricName: 'last' }],
    });
    expect(query.parse(put, request('MetricData.1.MetricName=flat'))).toEqual({ MetricData: [{ MetricName: 'flat' }] });
    expect(query.parse(put, request('MetricData='))).toEqual({ MetricData: [] });
  });

  it('reads maps, and parameters of the URL', async () => {
    const create = await operation('sns', 'CreateTopic');
    const body =
      'Attributes.entry.1.key=DisplayName&Attributes.entry.1.value=Me&Attributes.entry.2.key=__proto__&Attributes.entry.2.value=x';
    const input = query.parse(create, request(body, { query: [['Name', 'topic']] }));
    expect(input).toMatchObject({ Name: 'topic' });
    expect(Object.entries(input.Attributes as object)).toEqual([
      ['DisplayName', 'Me'],
      ['__proto__', 'x'],
    ]);
  });

  it.each(['Value=x', 'Timestamp=soon', 'Counts.member.1=1e'])('refuses %s', async (parameter) => {
    const put = await operation('cloudwatch', 'PutMetricData');
    expect(() => query.parse(put, request(`MetricData.member.1.${parameter}`))).toThrow(
      expect.objectContaining({ code: 'MalformedInput' }),
    );
  });

  it('writes XML, escaped', async () => {
    const describeAlarms = await operation('cloudwatch', 'DescribeAlarms');
    const output = {
      MetricAlarms: [{ AlarmName: '<a & "b">\r\0', Threshold: 1.5, AlarmActions: [], StateUpdatedTimestamp: AT }],
    };
    expect(query.serialize(describeAlarms, output, 'id', request('')).body).toBe(
      '<DescribeAlarmsResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><DescribeAlarmsResult><MetricAlarms><member>' +
        '<AlarmName>&lt;a &amp; &quot;b&quot;&gt;&#xD;\uFFFD</AlarmName><AlarmActions></AlarmActions>' +
        '<StateUpdatedTimestamp>2026-01-05T09:00:00.250Z</StateUpdatedTimestamp><Threshold>1.5</Threshold>' +
        '</member></MetricAlarms></DescribeAlarmsResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DescribeAlarmsResponse>',
    );
    expect(escapeXml('tab\tline\n')).toBe('tab\tline\n');
  });
});

describe('CBOR', () => {
  /** As smithy-go writes it: maps of definite length, tag 1 over a 64-bit float, numbers as 64-bit floats. Written by hand from its encoder; no Go was at hand to record. */
  const GO = Buffer.from(
    'a2694e616d657370616365616e6a4d65747269634461746181a36a4d65747269634e616d65616d6556616c7565fb3ff80000000000006954696d657374616d70c1fb41da56df64100000',
    'hex',
  );

  it('reads what Go sends', async () => {
    const put = await operation('cloudwatch', 'PutMetricData');
    expect(cbor.parse(put, request(GO))).toEqual({
      Namespace: 'n',
      MetricData: [{ MetricName: 'm', Value: 1.5, Timestamp: AT }],
    });
  });

  it('reads maps and texts of indefinite length, and whole numbers as seconds', async () => {
    const put = await operation('cloudwatch', 'PutMetricData');
    const indefinite = Buffer.from('bf694e616d65737061636563616263ff', 'hex');
    expect(cbor.parse(put, request(indefinite))).toEqual({ Namespace: 'abc' });
    const whole = Buffer.from('a16a4d65747269634461746181a16954696d657374616d70c11a695b7dd0', 'hex');
    expect(cbor.parse(put, request(whole))).toEqual({ MetricData: [{ Timestamp: new Date(0x695b7dd0 * 1000) }] });
    expect(cbor.parse(put, request(''))).toEqual({});
  });

  it('refuses other kinds than are due', async () => {
    const put = await operation('cloudwatch', 'PutMetricData');
    for (const bad of [{ Namespace: 1 }, { MetricData: {} }, { MetricData: [1] }, [], 'x']) {
      expect(() => cbor.parse(put, request(encode(bad)))).toThrow(
        expect.objectContaining({ code: 'SerializationException' }),
      );
    }
  });

  it('writes doubles as doubles, integers as integers and times as tag 1', async () => {
    const output = { Datapoints: [{ Timestamp: AT, Sum: 3 }] };
    const statistics = cbor.serialize(await operation('cloudwatch', 'GetMetricStatistics'), output, 'id', request(''));
    const hex = Buffer.from(statistics.body as Uint8Array).toString('hex');
    expect(hex).toContain('6353756dfb4008000000000000');
    expect(hex).toContain('c1fb41da56df64100000');
    const alarms = cbor.serialize(
      await operation('cloudwatch', 'DescribeAlarms'),
      { MetricAlarms: [{ Period: 60 }] },
      'id',
      request(''),
    );
    expect(Buffer.from(alarms.body as Uint8Array).toString('hex')).toContain('66506572696f64183c');
    expect(decode(alarms.body as Uint8Array)).toEqual({ MetricAlarms: [{ Period: 60 }] });
  });
});

describe('REST-JSON', () => {
  it('gathers an invocation from path, headers and body', async () => {
    const invoke = await operation('sagemaker-runtime', 'InvokeEndpoint');
    const headers = {
      'content-type': 'text/csv',
      'x-amzn-sagemaker-target-variant': 'v',
      'x-amzn-sagemaker-inference-id': 'i',
    };
    const input = restJson.parse(invoke, request('1,2', { path: '/endpoints/my%2De/invocations', headers }));
    expect(input).toEqual({
      EndpointName: 'my-e',
      Body: Buffer.from('1,2'),
      ContentType: 'text/csv',
      TargetVariant: 'v',
      InferenceId: 'i',
    });
  });

  it('spreads an answer over headers and body', async () => {
    const invoke = await operation('sagemaker-runtime', 'InvokeEndpoint');
    const output = {
      Body: Buffer.from('{}'),
      ContentType: 'application/json',
      InvokedProductionVariant: 'v',
      CustomAttributes: 'a\r\nb',
    };
    expect(restJson.serialize(invoke, output, 'id', request(''))).toMatchObject({
      status: 200,
      body: Buffer.from('{}'),
      headers: {
        'Content-Type': 'application/json',
        'x-Amzn-Invoked-Production-Variant': 'v',
        'X-Amzn-SageMaker-Custom-Attributes': 'a  b',
      },
    });
    expect(headerText('naïve ☃')).toBe(Buffer.from('naïve ☃').toString('latin1'));
  });

  it('carries the details of a ModelError with the status of its description', async () => {
    const service = await loadModel('sagemaker-runtime');
    const error = new AwsError('ModelError', 'Received server error', { details: { OriginalStatusCode: 500 } });
    const reply = restJson.serializeError(error, { service, requestId: 'id', request: request('') });
    expect(reply).toMatchObject({ status: 424, headers: { 'x-amzn-ErrorType': 'ModelError' } });
    expect(JSON.parse(reply.body as string)).toEqual({ Message: 'Received server error', OriginalStatusCode: 500 });
  });
});

describe('REST-XML', () => {
  it('reads bodies with names of any namespace, entities and white space', async () => {
    const tagging = await operation('s3', 'PutBucketTagging');
    const body =
      '<?xml version="1.0"?>\n<s:Tagging xmlns:s="x">\n <s:TagSet><s:Tag><s:Key> a </s:Key><s:Value>&lt;&#x263A;&#65;<![CDATA[&amp;]]></s:Value></s:Tag></s:TagSet></s:Tagging>';
    expect(restXml.parse(tagging, request(body, { method: 'PUT', path: '/b' }))).toMatchObject({
      Bucket: 'b',
      Tagging: { TagSet: [{ Key: ' a ', Value: '<\u263AA&amp;' }] },
    });
  });

  it('reads headers, lists of headers, and the query by the kind of each', async () => {
    const get = await operation('s3', 'GetObject');
    const headers = { 'if-modified-since': 'Mon, 05 Jan 2026 09:00:00 GMT', range: 'bytes=0-1' };
    const one = request('', {
      method: 'GET',
      path: '/b/k%20/x',
      headers,
      query: [
        ['partNumber', '2'],
        ['response-content-type', 'a/b'],
      ],
    });
    expect(restXml.parse(get, one)).toEqual({
      Bucket: 'b',
      Key: 'k /x',
      IfModifiedSince: new Date(Date.UTC(2026, 0, 5, 9)),
      Range: 'bytes=0-1',
      PartNumber: 2,
      ResponseContentType: 'a/b',
    });
    expect(() => restXml.parse(get, { ...one, query: [['partNumber', 'two']] })).toThrow(
      expect.objectContaining({ code: 'InvalidArgument' }),
    );
  });

  it('writes the one reply that is not wrapped', async () => {
    const location = await operation('s3', 'GetBucketLocation');
    expect(restXml.serialize(location, { LocationConstraint: 'eu-west-1' }, 'id', request('')).body).toMatch(
      /\n<LocationConstraint xmlns="http:\/\/s3.amazonaws.com\/doc\/2006-03-01\/">eu-west-1<\/LocationConstraint>$/,
    );
  });

  it('tells the region of a bucket also to HEAD', async () => {
    const service = await loadModel('s3');
    const error = new AwsError('PermanentRedirect', 'Elsewhere', {
      status: 301,
      details: { BucketRegion: 'eu-west-1' },
    });
    const reply = restXml.serializeError(error, { service, requestId: 'id', request: request('', { method: 'HEAD' }) });
    expect(reply).toMatchObject({ status: 301, body: '', headers: { 'x-amz-bucket-region': 'eu-west-1' } });
  });
});
