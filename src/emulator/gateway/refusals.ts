import { AwsError } from '../model/aws-error.ts';
import type { OperationModel, ServiceModel } from '../model/shapes.ts';
import { header, type ProtocolId, type WireRequest } from '../protocols/wire.ts';

// What every service of AWS refuses, in the words of its family: the services that once spoke Query, S3, and the others.

/** Does a service, whatever protocol it speaks now, have the codes of the Query protocol? */
function hasQueryCodes({ metadata }: ServiceModel): boolean {
  return metadata.protocols.includes('query');
}

/** S3 alone speaks REST in XML. */
function isS3({ metadata }: ServiceModel): boolean {
  return metadata.protocol === 'rest-xml';
}

/** What AWS does not know either. `name` is undefined where method and path fit no operation. */
export function unknownOperation(
  service: ServiceModel,
  protocol: ProtocolId,
  name: string | undefined,
  request: WireRequest,
): AwsError {
  switch (protocol) {
    case 'query': {
      const version = service.metadata.apiVersion;
      return new AwsError('InvalidAction', `Could not find operation ${name} for version ${version}`);
    }
    case 'rest-xml':
      if (request.method === 'POST' && /^multipart\/form-data/i.test(header(request, 'content-type') ?? '')) {
        const message = 'POST Object (uploads by form) is an operation of AWS that the emulator has not built.';
        return new AwsError('NotImplemented', message, { status: 501 });
      }
      return new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
        status: 405,
        details: { Method: request.method },
      });
    default: {
      const what = name ?? `${request.method} ${request.path}`;
      const status = protocol === 'rest-json' ? 404 : 400;
      const message = `${service.metadata.serviceId} of AWS has no operation ${what}.`;
      return new AwsError('UnknownOperationException', message, { status });
    }
  }
}

/** Known to AWS, not built here. */
export function notImplemented(operation: OperationModel, protocol: ProtocolId): AwsError {
  const code = protocol === 'query' || protocol === 'rest-xml' ? 'NotImplemented' : 'NotImplementedException';
  const name = `${operation.service.metadata.serviceId} ${operation.name}`;
  return new AwsError(code, `${name} is an operation of AWS that the emulator has not built.`, { status: 501 });
}

/** A browser that follows an address changes nothing: an address may lie anywhere. */
export function byNavigation({ name }: OperationModel): AwsError {
  const message = `The emulator does not carry out ${name} for a browser that follows an address: the request carries Sec-Fetch-Mode. Send it by an SDK or by curl.`;
  return new AwsError('AccessDenied', message, { status: 403 });
}

/** S3 asks to slow down; the services that come from Query have a shorter word for it than those of JSON. */
export function throttled(service: ServiceModel): AwsError {
  if (isS3(service)) return new AwsError('SlowDown', 'Please reduce your request rate.', { status: 503 });
  return new AwsError(hasQueryCodes(service) ? 'Throttling' : 'ThrottlingException', 'Rate exceeded');
}

/** What a fault of the kind `error` answers, before any work is done. `fault` is its id. */
export function failed(fault: string, status: number): AwsError {
  const code = status === 503 ? 'ServiceUnavailable' : status >= 500 ? 'InternalFailure' : 'ValidationException';
  return new AwsError(code, `A fault on demand (${fault}).`, { status });
}

/** An error that is not a refusal is a defect of the emulator: the client sees a 500, the cause goes to the log. */
export function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`shadowctl emulator: ${message}\n`);
  return new AwsError('InternalFailure', 'The emulator failed unexpectedly; its log says why.', { status: 500 });
}
