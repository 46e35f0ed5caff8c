import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { decodeChunks } from './aws-chunked.ts';
import { header, type ProtocolId, type WireRequest } from './wire.ts';
import { AwsError } from '../model/aws-error.ts';

const unzip = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** The most bytes a body may have, before and after it is unpacked. InvokeEndpoint's own limit, 6 MiB, is in its description. */
export const MAX_BYTES: Record<ProtocolId, number> = {
  json: 16 * 2 ** 20,
  query: 16 * 2 ** 20,
  cbor: 16 * 2 ** 20,
  'rest-json': 8 * 2 ** 20,
  'rest-xml': 2 ** 30,
};

/** What the API of Lambda takes: the code of a function, as base64 in JSON ("70167211 bytes for the CreateFunction operation"). */
export const MAX_BYTES_OF_LAMBDA = 70_167_211;

/** The refusal of a body beyond its bound. */
export function tooLarge(protocol: ProtocolId, most = MAX_BYTES[protocol]): AwsError {
  if (protocol === 'rest-xml') {
    return new AwsError('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
      details: { MaxSizeAllowed: most },
    });
  }
  return new AwsError('RequestEntityTooLargeException', `The request body is larger than ${most} bytes.`, {
    status: 413,
  });
}

/**
 * Undoes what was done to a body for the journey: `aws-chunked` framing (its trailers join the headers) and, but for
 * S3, where it belongs to the object, Content-Encoding. Throws `AwsError` for what is damaged.
 */
export async function decodeBody(request: WireRequest, protocol: ProtocolId): Promise<WireRequest> {
  const encoding = header(request, 'content-encoding');
  if (protocol === 'rest-xml') return isChunked(request, encoding) ? unchunk(request, encoding) : request;
  if (encoding === undefined || encoding === 'identity') return request;
  if (protocol === 'rest-json') return request;
  const how = encoding.trim().toLowerCase();
  if (how !== 'gzip' && how !== 'deflate') {
    throw new AwsError('SerializationException', `The Content-Encoding ${JSON.stringify(encoding)} is not known.`);
  }
  try {
    return { ...request, body: await unzip[how](request.body, { maxOutputLength: MAX_BYTES[protocol] }) };
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(protocol);
    throw new AwsError('SerializationException', `The request body is not valid ${how}.`);
  }
}

function isChunked(request: WireRequest, encoding: string | undefined): boolean {
  if (encoding?.split(',').some((one) => one.trim() === 'aws-chunked') === true) return true;
  return (header(request, 'x-amz-content-sha256') ?? '').startsWith('STREAMING-');
}

function unchunk(request: WireRequest, encoding: string | undefined): WireRequest {
  const { body, trailers } = decodeChunks(request.body);
  const declared = header(request, 'x-amz-decoded-content-length');
  if (declared !== undefined && Number(declared) !== body.byteLength) {
    throw new AwsError(
      'IncompleteBody',
      'You did not provide the number of bytes specified by the Content-Length HTTP header.',
    );
  }
  const headers: Record<string, string | string[] | undefined> = { ...request.headers, ...trailers };
  const kept = encoding
    ?.split(',')
    .map((one) => one.trim())
    .filter((one) => one !== 'aws-chunked' && one !== '');
  // What remains is the object's own encoding and is stored with it.
  if (kept === undefined || kept.length === 0) delete headers['content-encoding'];
  else headers['content-encoding'] = kept.join(',');
  headers['content-length'] = String(body.byteLength);
  return { ...request, headers, body };
}
