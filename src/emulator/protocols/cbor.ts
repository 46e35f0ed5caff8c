import { decode, encode, Token, Type, type EncodeOptions } from 'cborg';
import type { Member, Shape } from '../model/shapes.ts';
import { valid } from './timestamps.ts';
import { describeError, type Protocol } from './wire.ts';
import { AwsError } from '../model/aws-error.ts';

type Reference = Pick<Member, 'shape'>;

/**
 * Smithy RPC v2 CBOR (https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html): a CBOR map each way, times
 * as tag 1 (epoch seconds), the operation in the path. What the Go SDK and new botocore speak to CloudWatch.
 */
export const cbor: Protocol = {
  parse(operation, request) {
    if (operation.input === undefined || request.body.byteLength === 0) return {};
    return (read({ shape: operation.input }, decodeBody(request.body)) ?? {}) as Record<string, unknown>;
  },

  serialize(operation, output, requestId) {
    const headers = headersOf(requestId);
    // An operation without an output answers without a body, and a body's type is only said of a body.
    if (operation.output === undefined) {
      delete headers['content-type'];
      return { status: 200, headers, body: '' };
    }
    return { status: 200, headers, body: encode(write({ shape: operation.output }, output ?? {}), ENCODING) };
  },

  serializeError(error, { service, requestId }) {
    const { name, queryCode, status } = describeError(error, service);
    const headers = headersOf(requestId);
    if (service?.metadata.awsQueryCompatible !== undefined) {
      headers['x-amzn-query-error'] = `${queryCode};${status < 500 ? 'Sender' : 'Receiver'}`;
    }
    return { status, headers, body: encode({ __type: name, message: error.message, ...error.details }, ENCODING) };
  },
};

function headersOf(requestId: string): Record<string, string> {
  return { 'x-amzn-requestid': requestId, 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' };
}

/** A number that goes as a double even when it is whole: strict clients refuse an integer where a double is due. */
class Double {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

const ENCODING: EncodeOptions = {
  float64: true,
  ignoreUndefinedProperties: true,
  typeEncoders: {
    Object(value: unknown) {
      if (value instanceof Double) return new Token(Type.float, value.value);
      if (value instanceof Date) return [new Token(Type.tag, 1), new Token(Type.float, value.getTime() / 1000)];
      return null;
    },
    Date: (value: Date) => [new Token(Type.tag, 1), new Token(Type.float, value.getTime() / 1000)],
  },
};

function decodeBody(body: Uint8Array): unknown {
  try {
    // Numbers of any tag but 1 have no meaning here; a bare tag is refused by cborg.
    return decode(body, { tags: { 1: (content) => ({ epochSeconds: content() }) } });
  } catch {
    throw new AwsError('SerializationException', 'The request body is not valid CBOR.');
  }
}

function read(reference: Reference, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  const { shape } = reference;
  switch (shape.type) {
    case 'structure': {
      const source = record(shape, value);
      const result: Record<string, unknown> = {};
      for (const member of shape.members) {
        if (!Object.hasOwn(source, member.name)) continue;
        const inner = read(member, source[member.name]);
        if (inner !== undefined) result[member.name] = inner;
      }
      return result;
    }
    case 'list': {
      if (!Array.isArray(value)) throw mismatch(shape);
      const { item } = shape;
      return item === undefined ? [] : value.map((one) => read(item, one));
    }
    case 'map':
      return Object.fromEntries(
        Object.entries(record(shape, value)).map(([key, one]) => [key, shape.value && read(shape.value, one)]),
      );
    case 'timestamp':
      return timestamp(shape, value);
    case 'blob':
      if (!(value instanceof Uint8Array)) throw mismatch(shape);
      return value;
    default:
      return scalar(shape, value);
  }
}

function timestamp(shape: Shape, value: unknown): Date {
  const seconds = typeof value === 'object' && value !== null && 'epochSeconds' in value ? value.epochSeconds : value;
  const date = typeof seconds === 'number' ? valid(Math.round(seconds * 1000)) : undefined;
  if (date === undefined) throw mismatch(shape);
  return date;
}

function scalar(shape: Shape, value: unknown): unknown {
  switch (shape.type) {
    case 'boolean':
      if (typeof value !== 'boolean') throw mismatch(shape);
      return value;
    case 'string':
      if (typeof value !== 'string') throw mismatch(shape);
      return value;
    default: {
      const number = typeof value === 'bigint' ? Number(value) : value;
      if (typeof number !== 'number') throw mismatch(shape);
      return shape.type === 'integer' || shape.type === 'long' ? Math.trunc(number) : number;
    }
  }
}

function record(shape: Shape, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
    throw mismatch(shape);
  return value as Record<string, unknown>;
}

function mismatch(shape: Shape): AwsError {
  return new AwsError(
    'SerializationException',
    `The request body has a value that is no ${shape.type} where ${shape.name} is due.`,
  );
}

function write(reference: Reference, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  const { shape } = reference;
  switch (shape.type) {
    case 'structure': {
      const source = value as Record<string, unknown>;
      const result: Record<string, unknown> = {};
      for (const member of shape.members) {
        const inner = source[member.name];
        if (inner !== undefined && inner !== null) result[member.name] = write(member, inner);
      }
      return result;
    }
    case 'list': {
      const { item } = shape;
      return item === undefined ? [] : (value as unknown[]).map((one) => write(item, one) ?? null);
    }
    case 'map':
      return Object.fromEntries(
        Object.entries(value).map(([key, one]) => [key, shape.value && write(shape.value, one)]),
      );
    case 'float':
    case 'double':
      return new Double(value as number);
    case 'timestamp':
      return value instanceof Date ? value : new Date(value as number);
    default:
      return value;
  }
}
