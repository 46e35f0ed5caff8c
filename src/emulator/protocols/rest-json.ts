import { parseJson, readJson, writeJson } from './json-shapes.ts';
import { bindingsOf, headerText, readBindings, writeHeaders } from './rest.ts';
import { describeError, type Protocol } from './wire.ts';
import { AwsError } from '../model/aws-error.ts';

/** REST with JSON bodies, the way of SageMaker's runtime: method and path name the operation, most members travel as headers. */
export const restJson: Protocol = {
  parse(operation, request) {
    const input: Record<string, unknown> = {};
    const { payload, body } = bindingsOf(operation);
    readBindings(operation, request, input, malformed);
    if (payload?.shape.type === 'blob') {
      input[payload.name] = request.body;
    } else if (payload !== undefined) {
      const text = Buffer.from(request.body).toString('utf8');
      input[payload.name] = payload.shape.type === 'string' ? text : readJson(payload, parseJson(text));
    } else if (body.length > 0 && operation.input !== undefined) {
      const shape = { ...operation.input, members: body };
      const text = Buffer.from(request.body).toString('utf8');
      Object.assign(input, readJson({ shape, timestampFormat: undefined }, parseJson(text)));
    }
    return input;
  },

  serialize(operation, output, requestId) {
    const result = (output ?? {}) as Record<string, unknown>;
    const headers = writeHeaders(operation, result);
    headers['x-amzn-RequestId'] = requestId;
    const { payload, status: code } = bindingsOf(operation).out;
    const said = code === undefined ? undefined : result[code.name];
    const status = typeof said === 'number' ? said : (operation.http.responseCode ?? 200);
    if (payload?.shape.type === 'blob' || payload?.shape.type === 'string') {
      return { status, headers, body: (result[payload.name] as Uint8Array | string | undefined) ?? '' };
    }
    headers['Content-Type'] ??= 'application/json';
    if (payload !== undefined) return { status, headers, body: writeJson(payload, result[payload.name]) ?? '{}' };
    if (operation.output === undefined) return { status, headers, body: '' };
    const shape = {
      ...operation.output,
      members: operation.output.members.filter((member) => member.location === undefined),
    };
    return { status, headers, body: writeJson({ shape, timestampFormat: undefined }, result) ?? '{}' };
  },

  serializeError(error, { service, requestId }) {
    const { name, status } = describeError(error, service);
    const headers = {
      'x-amzn-RequestId': requestId,
      'x-amzn-ErrorType': headerText(name),
      'Content-Type': 'application/json',
    };
    // The runtime's own shapes write it large, and every SDK reads either.
    const messageName =
      service?.error(error.code)?.members.find((one) => /^message$/i.test(one.name))?.name ?? 'message';
    return { status, headers, body: JSON.stringify({ [messageName]: error.message, ...error.details }) };
  },
};

function malformed(text: string, wanted: string): AwsError {
  return new AwsError(
    'SerializationException',
    `${JSON.stringify(text.slice(0, 100))} can not be converted to ${wanted}`,
  );
}
