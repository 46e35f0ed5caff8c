import type { OperationModel } from '../model/shapes.ts';
import { bindingsOf, headerText, readBindings, writeHeaders } from './rest.ts';
import { describeError, type Protocol, type WireResponse } from './wire.ts';
import { readXml } from './xml-read.ts';
import { element, escapeXml, writeMembers } from './xml-write.ts';
import { AwsError } from '../model/aws-error.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Roots of S3's replies: AWS's descriptions leave them out, clients other than the SDKs look at them. */
const ROOTS: Record<string, string> = {
  CompleteMultipartUpload: 'CompleteMultipartUploadResult',
  CreateMultipartUpload: 'InitiateMultipartUploadResult',
  DeleteObjects: 'DeleteResult',
  GetBucketTagging: 'Tagging',
  GetBucketVersioning: 'VersioningConfiguration',
  GetObjectAttributes: 'GetObjectAttributesResponse',
  GetObjectTagging: 'Tagging',
  ListBuckets: 'ListAllMyBucketsResult',
  ListMultipartUploads: 'ListMultipartUploadsResult',
  ListObjects: 'ListBucketResult',
  ListObjectsV2: 'ListBucketResult',
  ListParts: 'ListPartsResult',
};

/** REST with XML bodies, the way of S3. */
export const restXml: Protocol = {
  parse(operation, request) {
    const input: Record<string, unknown> = {};
    const { payload, body } = bindingsOf(operation);
    readBindings(operation, request, input, malformed);
    if (payload?.shape.type === 'blob') input[payload.name] = request.body;
    else if (payload !== undefined) {
      if (request.body.byteLength > 0) input[payload.name] = readXml(payload.shape, request.body);
    } else if (body.length > 0 && operation.input !== undefined && request.body.byteLength > 0) {
      Object.assign(input, readXml(operation.input, request.body));
    }
    return input;
  },

  serialize(operation, output, requestId) {
    const result = (output ?? {}) as Record<string, unknown>;
    const headers = { ...common(requestId), ...writeHeaders(operation, result) };
    const { payload } = bindingsOf(operation).out;
    const status = statusOf(operation, result);
    if (payload?.shape.type === 'blob') {
      return { status, headers, body: (result[payload.name] as Uint8Array | undefined) ?? '' };
    }
    const body = operation.http.method === 'HEAD' ? '' : bodyOf(operation, result);
    if (body === '') return { status, headers, body };
    headers['Content-Type'] ??= 'application/xml';
    return { status, headers, body: DECLARATION + body };
  },

  serializeError(error, { service, requestId, request }): WireResponse {
    const { queryCode, status } = describeError(error, service);
    const headers = common(requestId);
    const { BucketRegion, ...details } = error.details;
    // The SDKs look here for the region to turn to, also in the bodiless answer to HEAD.
    if (typeof BucketRegion === 'string') headers['x-amz-bucket-region'] = headerText(BucketRegion);
    if (status === 304) {
      for (const [name, value] of Object.entries(details))
        if (typeof value === 'string') headers[name] = headerText(value);
    }
    if (request.method === 'HEAD' || status === 304) return { status, headers, body: '' };
    headers['Content-Type'] = 'application/xml';
    const more = Object.entries(details)
      .filter(([name, value]) => /^[A-Za-z_][\w.-]*$/.test(name) && value !== undefined)
      .map(([name, value]) => element(name, String(value)))
      .join('');
    const parts = element('Code', queryCode) + element('Message', error.message) + more;
    const ids = element('RequestId', requestId) + element('HostId', hostId(requestId));
    return { status, headers, body: `${DECLARATION}<Error>${parts}${ids}</Error>` };
  },
};

function common(requestId: string): Record<string, string> {
  return { 'x-amz-request-id': requestId, 'x-amz-id-2': hostId(requestId), Server: 'AmazonS3' };
}

function hostId(requestId: string): string {
  return Buffer.from(`shadowctl ${requestId}`).toString('base64');
}

/** A part of an object is a 206, as the answer to a Range; everything else is as AWS's description says. */
function statusOf(operation: OperationModel, output: Record<string, unknown>): number {
  if (output.ContentRange !== undefined) return 206;
  return operation.http.responseCode ?? (operation.name === 'DeleteObject' ? 204 : 200);
}

function bodyOf(operation: OperationModel, output: Record<string, unknown>): string {
  if (operation.output === undefined) return '';
  // The one reply that is not wrapped: the root itself holds the text.
  if (operation.name === 'GetBucketLocation') {
    const location = escapeXml((output.LocationConstraint as string | undefined) ?? '');
    return `<LocationConstraint xmlns="${NAMESPACE}">${location}</LocationConstraint>`;
  }
  const { payload } = bindingsOf(operation).out;
  const shape = payload?.shape ?? operation.output;
  if (!shape.members.some((member) => member.location === undefined)) return '';
  const root = payload?.wireName ?? ROOTS[operation.name] ?? shape.name;
  const value = payload === undefined ? output : (output[payload.name] ?? {});
  return `<${root} xmlns="${NAMESPACE}">${writeMembers(shape, value)}</${root}>`;
}

function malformed(text: string, wanted: string): AwsError {
  return new AwsError('InvalidArgument', `Provided value cannot be parsed as ${wanted}.`, {
    details: { ArgumentValue: text.slice(0, 100) },
  });
}
