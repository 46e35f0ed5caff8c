import { queryParameters } from '../protocols/query.ts';
import { header, type ProtocolId, type WireRequest } from '../protocols/wire.ts';
import { SERVICE_IDS, type ServiceId } from '../model/shapes.ts';
import { bucketInHost } from './host.ts';
import { AwsError } from '../model/aws-error.ts';

/** All of a request but its body. */
export type Head = Omit<WireRequest, 'body'>;

/** Which service is meant, in which protocol, and the operation where the protocol names it outright. */
export interface Route {
  service: ServiceId;
  protocol: ProtocolId;
  /** Undefined in REST protocols, where method and path decide. */
  operation: string | undefined;
  /** The path with the bucket of a virtual-host request put in front. */
  path: string;
}

/** What the head of a request says. */
export interface Call {
  protocol: ProtocolId;
  scope: Scope;
}

/** Who signed, for which region and service; all undefined for an unsigned request. */
interface Scope {
  accessKeyId: string | undefined;
  region: string | undefined;
  service: string | undefined;
}

/** The refusal of a service of AWS that the emulator does not carry. */
function unknownService(service: string, operation: string): AwsError {
  const carried = SERVICE_IDS.join(', ');
  const message = `The emulator does not carry ${service} (${operation}). It carries: ${carried}.`;
  return new AwsError('NotImplemented', message, { status: 501 });
}

// Maps, not objects: what a client sends may well be called `toString`.
const TARGETS: ReadonlyMap<string, ServiceId> = new Map([
  ['SageMaker', 'sagemaker'],
  ['GraniteServiceVersion20100801', 'cloudwatch'],
  ['Logs_20140328', 'logs'],
  ['AnyScaleFrontendService', 'application-autoscaling'],
  ['AmazonEC2ContainerRegistry_V20150921', 'ecr'],
  ['AWSPriceListService', 'pricing'],
  ['AWSEvents', 'events'],
  ['AmazonSQS', 'sqs'],
  ['AmazonAthena', 'athena'],
  ['AWSGlue', 'glue'],
]);

/** Signing names (the service in a credential scope) of the services that speak Query. */
const QUERY_SIGNERS: ReadonlyMap<string, ServiceId> = new Map([
  ['monitoring', 'cloudwatch'],
  ['sts', 'sts'],
  ['sns', 'sns'],
  ['iam', 'iam'],
  ['sqs', 'sqs'],
  ['cloudformation', 'cloudformation'],
]);

/** The versions that a Query call names, for unsigned calls (AssumeRoleWithWebIdentity and the like are unsigned). */
const QUERY_VERSIONS: ReadonlyMap<string, ServiceId> = new Map([
  ['2010-08-01', 'cloudwatch'],
  ['2011-06-15', 'sts'],
  ['2010-03-31', 'sns'],
  ['2010-05-08', 'iam'],
  ['2012-11-05', 'sqs'],
  ['2010-05-15', 'cloudformation'],
]);

const RUNTIME_PATH = /^\/endpoints\/[^/]*\/(?:invocations|async-invocations|invocations-response-stream)$/;

/** Reads the credential scope from the Authorization header or a presigned URL. */
function scopeOf(request: Pick<Head, 'headers' | 'query'>): Scope {
  const authorization = request.headers.authorization;
  let credential: string | undefined;
  if (typeof authorization === 'string') {
    const start = authorization.indexOf('Credential=');
    // Signature version 2, still spoken by old S3 clients: `AWS KEY:signature`.
    if (start < 0) {
      const key = /^AWS ([^:\s]+):/.exec(authorization)?.[1];
      return { accessKeyId: key, region: undefined, service: key === undefined ? undefined : 's3' };
    }
    const rest = authorization.slice(start + 'Credential='.length);
    const end = rest.search(/[,\s]/);
    credential = end < 0 ? rest : rest.slice(0, end);
  } else {
    credential = request.query.find(([name]) => name.toLowerCase() === 'x-amz-credential')?.[1];
    if (credential === undefined) {
      const key = request.query.find(([name]) => name === 'AWSAccessKeyId')?.[1];
      return { accessKeyId: key, region: undefined, service: key === undefined ? undefined : 's3' };
    }
  }
  // `key/20260105/us-east-1/sagemaker/aws4_request`; a key may itself hold slashes.
  const parts = credential.split('/');
  // Version 4A is for several regions: `key/20260105/s3/aws4_request`.
  if (/^\d{8}$/.test(parts.at(-3) ?? '')) parts.splice(-2, 0, '');
  const [service, region] = [parts.at(-2), parts.at(-3)];
  return {
    accessKeyId: parts.slice(0, -4).join('/') || undefined,
    region: region === undefined || !/^[a-z0-9-]{1,64}$/.test(region) ? undefined : region,
    service,
  };
}

/** Reads who sends a request and in which protocol it is: all that is known before its body has come. */
export function readHead(head: Head): Call {
  const scope = scopeOf(head);
  return { scope, protocol: protocolOf(head, scope) };
}

/** Which protocol a request is in; what is none other is S3's, as S3 takes any path. */
function protocolOf(request: Head, scope: Scope): ProtocolId {
  if (scope.service !== 's3' && request.method === 'POST' && RUNTIME_PATH.test(request.path)) return 'rest-json';
  if (header(request, 'smithy-protocol') === 'rpc-v2-cbor') return 'cbor';
  if (request.headers['x-amz-target'] !== undefined) return 'json';
  if (isQuery(request)) return 'query';
  const s3 = scope.service === undefined || scope.service === 's3' || scope.service === 's3express';
  return s3 ? 'rest-xml' : 'rest-json';
}

/** Says which service a request is for, its body decoded. Throws NotImplemented for a service the emulator does not have. */
export function route(request: WireRequest, { scope, protocol }: Call): Route {
  const { path } = request;
  switch (protocol) {
    case 'cbor':
      return routeCbor(path);
    case 'json':
      return routeTarget(header(request, 'x-amz-target') ?? '', path);
    case 'query':
      return routeQuery(request, scope);
    case 'rest-json':
      if (scope.service === 'scheduler' || scope.service === 'lambda')
        return { service: scope.service, protocol, operation: undefined, path };
      if (!RUNTIME_PATH.test(path)) throw unknownService(scope.service ?? 'a service', `${request.method} ${path}`);
      return { service: 'sagemaker-runtime', protocol, operation: undefined, path };
    default: {
      const bucket = bucketInHost(header(request, 'host') ?? '');
      return { service: 's3', protocol, operation: undefined, path: bucket === undefined ? path : `/${bucket}${path}` };
    }
  }
}

function routeCbor(path: string): Route {
  const match = /^\/service\/([^/]+)\/operation\/([^/]+)$/.exec(path);
  const service = match?.[1] === undefined ? undefined : TARGETS.get(match[1]);
  if (service === undefined) throw unknownService(match?.[1] ?? 'a service', match?.[2] ?? path);
  return { service, protocol: 'cbor', operation: match?.[2], path };
}

function routeTarget(target: string, path: string): Route {
  const dot = target.lastIndexOf('.');
  const prefix = target.slice(0, Math.max(0, dot));
  const service = TARGETS.get(prefix);
  if (service === undefined) throw unknownService(prefix || 'a service', target.slice(dot + 1));
  return { service, protocol: 'json', operation: target.slice(dot + 1), path };
}

function isQuery(request: Head): boolean {
  if (request.method === 'POST') {
    return (header(request, 'content-type') ?? '').startsWith('application/x-www-form-urlencoded');
  }
  return request.method === 'GET' && request.path === '/' && request.query.some(([name]) => name === 'Action');
}

function routeQuery(request: WireRequest, scope: Scope): Route {
  const parameters = queryParameters(request);
  const find = (name: string) => parameters.find(([key]) => key === name)?.[1];
  const action = find('Action');
  const version = find('Version');
  const service = scope.service === undefined ? QUERY_VERSIONS.get(version ?? '') : QUERY_SIGNERS.get(scope.service);
  if (service === undefined) throw unknownService(scope.service ?? `version ${version}`, action ?? 'no action');
  if (action === undefined) throw new AwsError('MissingAction', 'The request is missing an action.');
  return { service, protocol: 'query', operation: action, path: request.path };
}
