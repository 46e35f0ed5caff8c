import { encode } from 'cborg';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import { accept } from '../../../src/emulator/gateway/pipeline.ts';
import { cbor } from '../../../src/emulator/protocols/cbor.ts';
import { json } from '../../../src/emulator/protocols/json.ts';
import { query } from '../../../src/emulator/protocols/query.ts';
import { restJson } from '../../../src/emulator/protocols/rest-json.ts';
import { restXml } from '../../../src/emulator/protocols/rest-xml.ts';
import { decodeBody } from '../../../src/emulator/protocols/body.ts';
import type { Protocol, ProtocolId, WireRequest } from '../../../src/emulator/protocols/wire.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/http/server.ts';
import { loadModel } from '../../../src/emulator/services/registry.ts';
import type { OperationModel, ServiceId } from '../../../src/emulator/model/shapes.ts';
import { validate } from '../../../src/emulator/model/validate.ts';
import { AwsError } from '../../../src/emulator/model/aws-error.ts';

const RUNS = { numRuns: 300 };

/** Every built operation of a service. */
async function operations(service: ServiceId): Promise<OperationModel[]> {
  const model = await loadModel(service);
  return model.operationNames.flatMap((name) => {
    const operation = model.operation(name);
    return operation?.built === true ? [operation] : [];
  });
}

function request(body: Uint8Array | string, more: Partial<WireRequest> = {}): WireRequest {
  return { method: 'POST', path: '/', query: [], headers: {}, body: Buffer.from(body), ...more };
}

/** Parses and checks; whatever is wrong with the bytes must come out as a refusal of the client, 4xx. */
function parse(protocol: Protocol, operation: OperationModel, one: WireRequest): Record<string, unknown> | undefined {
  try {
    const input = protocol.parse(operation, one);
    validate(operation, input);
    return input;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    expect(error.status).toBeGreaterThanOrEqual(400);
    expect(error.status).toBeLessThan(500);
    return undefined;
  }
}

/** A JSON value with a good chance of AWS's own member names in it. */
function values(all: OperationModel[]): fc.Arbitrary<unknown> {
  const names = [...new Set(all.flatMap(({ input }) => input?.members.map(({ name }) => name) ?? []))];
  return fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, true, 0, -1, 1.5, 1e300, '', 'x', '1', 'NaN', '__proto__'),
      fc.string(),
      tie('list'),
      tie('object'),
    ),
    list: fc.array(tie('value'), { maxLength: 4 }),
    object: fc.dictionary(fc.oneof(fc.constantFrom(...names, '__proto__', 'constructor'), fc.string()), tie('value'), {
      maxKeys: 6,
    }),
  })).object;
}

describe('whatever arrives, the answer is a refusal in AWS shape and never a crash', () => {
  it.each<[ProtocolId, Protocol, ServiceId[]]>([
    ['json', json, ['sagemaker', 'logs', 'cloudwatch', 'application-autoscaling']],
    ['cbor', cbor, ['cloudwatch']],
  ])('%s: values of the wrong kinds', async (id, protocol, services) => {
    for (const service of services) {
      const all = await operations(service);
      fc.assert(
        fc.property(fc.constantFrom(...all), values(all), (operation, value) => {
          const body = id === 'json' ? JSON.stringify(value) : encode(value);
          parse(protocol, operation, request(body));
          expect(({} as Record<string, unknown>).polluted).toBeUndefined();
        }),
        RUNS,
      );
    }
  });

  it.each<[ProtocolId, Protocol, ServiceId]>([
    ['json', json, 'sagemaker'],
    ['cbor', cbor, 'cloudwatch'],
    ['query', query, 'cloudwatch'],
    ['rest-json', restJson, 'sagemaker-runtime'],
    ['rest-xml', restXml, 's3'],
  ])('%s: bytes at random, and good ones cut or changed', async (_id, protocol, service) => {
    const all = await operations(service);
    const good = [
      '{"EndpointName":"e","Tags":[{"Key":"k","Value":"v"}]}',
      encode({
        Namespace: 'n',
        MetricData: [{ MetricName: 'm', Value: 1.5, Dimensions: [{ Name: 'a', Value: 'b' }] }],
      }),
      'Action=X&MetricData.member.1.MetricName=m&MetricData.member.1.Dimensions.member.1.Name=%zz&MetricData.member.2.Value=x',
      '<Delete xmlns="x"><Object><Key>a&amp;&#65;</Key></Object><Quiet>true</Quiet></Delete>',
    ].map((one) => Buffer.from(one));
    const damaged = fc
      .tuple(fc.constantFrom(...good), fc.nat(), fc.nat(), fc.nat(255))
      .map(([bytes, cut, at, byte]) => {
        const copy = Buffer.from(bytes.subarray(0, 1 + (cut % bytes.length)));
        copy[at % copy.length] = byte;
        return copy;
      });
    const bodies = fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged, fc.constantFrom(...good));
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('%', '%zz', 'true', '1e999', 'Mon, 05 Jan 2026 09:00:00 GMT', '999999999999999'),
    );
    const headers = fc.dictionary(
      fc.constantFrom(
        'content-length',
        'range',
        'if-modified-since',
        'x-amz-meta-a',
        'x-amz-meta-__proto__',
        'content-type',
        'accept',
      ),
      text,
    );
    const queries = fc.array(
      fc.tuple(fc.constantFrom('max-keys', 'partNumber', 'uploadId', 'Action', 'StartTime'), text),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...all),
        bodies,
        headers,
        queries,
        text,
        (operation, body, more, parameters, path) => {
          parse(protocol, operation, request(body, { headers: more, query: parameters, path: `/${path}/a/b` }));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('nests as deep as memory goes', async () => {
    const sagemaker = (await operations('sagemaker')).find(({ name }) => name === 'CreateModel') as OperationModel;
    const deep = 200_000;
    parse(json, sagemaker, request(`{"Tags":${'['.repeat(deep)}${']'.repeat(deep)}}`));
    const cloudwatch = (await operations('cloudwatch')).find(({ name }) => name === 'PutMetricData') as OperationModel;
    parse(cbor, cloudwatch, request(Buffer.alloc(deep, 0x81)));
    parse(query, cloudwatch, request(`MetricData${'.member.1'.repeat(deep)}=1`));
    const s3 = (await operations('s3')).find(({ name }) => name === 'DeleteObjects') as OperationModel;
    parse(restXml, s3, request('<a>'.repeat(deep) + '</a>'.repeat(deep), { path: '/b' }));
  });

  it('expands no entities', async () => {
    const s3 = (await operations('s3')).find(({ name }) => name === 'DeleteObjects') as OperationModel;
    const laughs =
      '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>';
    expect(parse(restXml, s3, request(laughs, { path: '/b' }))).toBeUndefined();
    const secret =
      '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&x;</Key></Object></Delete>';
    expect(parse(restXml, s3, request(secret, { path: '/b' }))).toBeUndefined();
  });

  it('takes any chunk framing apart or refuses it', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '0\r\n',
        '\r\n',
        '5\r\nabcde\r\n',
        'ffffffff\r\n',
        '-1\r\n',
        '5;chunk-signature=x\r\n',
        'x-amz-checksum-crc32:AAAA\r\n',
        ':\r\n',
        '\n',
      ),
      fc.string({ maxLength: 10 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const one = request(pieces.join(''), { headers: { 'content-encoding': 'aws-chunked' } });
        const decoded = await decodeBody(one, 'rest-xml').catch((error: unknown) => error);
        if (decoded instanceof Error) expect(decoded).toMatchObject({ code: 'IncompleteBody', status: 400 });
        else expect(Object.getPrototypeOf((decoded as WireRequest).headers)).toBe(Object.prototype);
      }),
      RUNS,
    );
  });
});

describe('whole requests at random', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator({ clock: new VirtualClock(Date.UTC(2026, 0, 5, 9)) });
  });
  afterAll(() => emulator.close());

  it.each(['toString', 'constructor', '__proto__'])('know no service called %s', async (name) => {
    const form = { 'content-type': 'application/x-www-form-urlencoded', host: 'localhost' };
    const credential = `AWS4-HMAC-SHA256 Credential=t/20260105/us-east-1/${name}/aws4_request, x`;
    for (const one of [
      request(`Action=X&Version=${name}`, { headers: form }),
      request('Action=X', { headers: { ...form, authorization: credential } }),
      request('', { headers: { 'x-amz-target': `${name}.X` } }),
      request('', { path: `/service/${name}/operation/X`, headers: { 'smithy-protocol': 'rpc-v2-cbor' } }),
    ]) {
      const reply = await accept(emulator.world, one).answer(one.body, 'id');
      expect(reply?.status).toBe(501);
    }
  });

  it('are answered with a status of HTTP, and never with an InternalFailure', async () => {
    const targets = [
      'SageMaker.ListEndpoints',
      'SageMaker.',
      '.',
      '',
      'GraniteServiceVersion20100801.ListMetrics',
      'Logs_20140328.__proto__',
      'constructor.toString',
      'X.Y',
    ];
    const headers = fc.record(
      {
        'x-amz-target': fc.constantFrom(...targets),
        'smithy-protocol': fc.constantFrom('rpc-v2-cbor', 'rpc-v3'),
        'content-type': fc.constantFrom('application/x-www-form-urlencoded', 'application/json', ''),
        'content-encoding': fc.constantFrom('gzip', 'aws-chunked', 'x'),
        'x-amz-copy-source': fc.constantFrom('/b/k', '%', ''),
        host: fc.constantFrom('localhost', 'b.s3.localhost', '127.0.0.1:1'),
        authorization: fc.oneof(
          fc.string(),
          fc.constantFrom(
            'AWS4-HMAC-SHA256 Credential=a/b',
            'AWS4-HMAC-SHA256 Credential=test/20260105/us-east-1/s3/aws4_request, x',
            'AWS k:s',
            'AWS4-HMAC-SHA256 Credential=t/20260105/us-east-1/toString/aws4_request',
          ),
        ),
      },
      { requiredKeys: ['host'] },
    );
    const paths = fc.oneof(
      fc.constantFrom(
        '/',
        '//',
        '/b',
        '/b/',
        '/b/k',
        '/endpoints/e/invocations',
        '/endpoints//invocations',
        '/endpoints/%/invocations',
        '/service/GraniteServiceVersion20100801/operation/toString',
        '/%',
      ),
      fc.webPath(),
    );
    const queries = fc.array(
      fc.tuple(
        fc.constantFrom(
          'Action',
          'Version',
          'uploads',
          'uploadId',
          'partNumber',
          'delete',
          'tagging',
          'list-type',
          'X-Amz-Credential',
          'acl',
          'max-keys',
        ),
        fc.oneof(fc.string(), fc.constantFrom('', '2', 'toString', '2011-06-15', 'GetCallerIdentity', 'AssumeRole')),
      ),
      { maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS'),
        paths,
        queries,
        headers,
        fc.oneof(fc.string(), fc.constantFrom('{}', '<a/>', 'Action=GetCallerIdentity')),
        async (method, path, parameters, more, body) => {
          const one = request(body, { method, path, query: parameters, headers: more });
          const reply = await accept(emulator.world, one).answer(one.body, 'id');
          expect(reply?.status).toBeGreaterThanOrEqual(200);
          expect(reply?.status).not.toBe(500);
        },
      ),
      { numRuns: 1500 },
    );
  });
});
