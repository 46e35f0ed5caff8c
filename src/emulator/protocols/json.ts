import { describeError, header, type ErrorSetting, type Protocol } from './wire.ts';
import { parseJson, readJson, writeJson } from './json-shapes.ts';
import { AwsError } from '../model/aws-error.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * AWS JSON 1.0 and 1.1: the operation in `x-amz-target`, the input as one JSON object. The reply repeats the
 * version the client asked in. Services that once spoke Query (CloudWatch) name the old code in
 * `x-amzn-query-error` for clients that send `x-amzn-query-mode` (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).
 */
export const json: Protocol = {
  parse(operation, request) {
    const value = parseJson(decode(request.body));
    if (operation.input === undefined) return {};
    return (readJson({ shape: operation.input, timestampFormat: undefined }, value) ?? {}) as Record<string, unknown>;
  },

  serialize(operation, output, requestId, request) {
    // Operations without an output (DeleteEndpoint, …) answer with no body at all.
    const body =
      operation.output === undefined
        ? ''
        : (writeJson({ shape: operation.output, timestampFormat: undefined }, output ?? {}) ?? '{}');
    return { status: 200, headers: headers(requestId, request), body };
  },

  serializeError(error, setting) {
    const { name, queryCode, status } = describeError(error, setting.service);
    const reply: Record<string, string> = headers(setting.requestId, setting.request);
    if (setting.service?.metadata.awsQueryCompatible !== undefined) {
      reply['x-amzn-query-error'] = `${queryCode};${status < 500 ? 'Sender' : 'Receiver'}`;
    }
    return { status, headers: reply, body: JSON.stringify({ __type: name, message: error.message, ...error.details }) };
  },
};

function headers(requestId: string, request: ErrorSetting['request']): Record<string, string> {
  const version = /application\/x-amz-json-1\.[01]/.exec(header(request, 'content-type') ?? '')?.[0];
  return { 'x-amzn-requestid': requestId, 'content-type': version ?? 'application/x-amz-json-1.1' };
}

function decode(body: Uint8Array): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new AwsError('SerializationException', 'The request body is not UTF-8.');
  }
}
