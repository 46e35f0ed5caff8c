import type { OperationModel, ServiceModel } from '../model/shapes.ts';
import type { AwsError } from '../model/aws-error.ts';

export type ProtocolId = 'json' | 'query' | 'cbor' | 'rest-json' | 'rest-xml';

/** A request as it came, its body decoded (gzip, chunk framing) but not yet understood. */
export interface WireRequest {
  method: string;
  /** The path as sent, percent encoding and all, without the query. */
  path: string;
  /** The query's parameters in order, decoded. */
  query: readonly (readonly [string, string])[];
  /** Names in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Uint8Array;
}

export interface WireResponse {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
  /** Each is a Set-Cookie of its own. */
  cookies?: readonly string[];
  /** What was asked for, as `s3:CreateBucket`; for the emulator's own log, not for the wire. */
  operation?: string;
  /** The connection is to break when half of the body is sent. */
  cut?: boolean;
}

/** What an error reply needs to know besides the error. */
export interface ErrorSetting {
  service: ServiceModel | undefined;
  requestId: string;
  request: WireRequest;
}

/** Bytes to an operation's input, and its output or refusal back to bytes. All three are free of side effects. */
export interface Protocol {
  /** Throws `AwsError` when the bytes are not what the operation's description says. */
  parse(operation: OperationModel, request: WireRequest): Record<string, unknown>;
  serialize(operation: OperationModel, output: unknown, requestId: string, request: WireRequest): WireResponse;
  serializeError(error: AwsError, setting: ErrorSetting): WireResponse;
}

/** The one value of a header; several lines of the same name are joined as HTTP joins them. */
export function header(request: Pick<WireRequest, 'headers'>, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** Name, Query code and status of an error, by the service's description where it has one. */
export function describeError(
  error: AwsError,
  service: ServiceModel | undefined,
): { name: string; queryCode: string; status: number } {
  const shape = service?.error(error.code);
  const modelled = shape?.error;
  return {
    name: shape?.name ?? error.code,
    queryCode: error.queryCode ?? modelled?.code ?? error.code,
    // 400 is what AwsError carries when nothing was said.
    status: error.status === 400 ? (modelled?.httpStatusCode ?? 400) : error.status,
  };
}
