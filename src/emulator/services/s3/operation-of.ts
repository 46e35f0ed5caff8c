import type { WireRequest } from '../../protocols/wire.ts';
import type { ServiceModel } from '../../model/shapes.ts';

/** Which S3 operation a request is, by method, path, query and headers; undefined when S3 has none such. */
export function operationOf(service: ServiceModel, request: WireRequest): string | undefined {
  const path = request.path.replace(/^\/+/, '');
  const slash = path.indexOf('/');
  const kind = path === '' ? 'service' : slash < 0 || slash === path.length - 1 ? 'bucket' : 'object';
  const query = new Map(request.query);
  const special = specialOperation(kind, request, query);
  if (special !== undefined) return special;
  const candidates = table(service).get(`${request.method} ${kind}`) ?? [];
  return candidates.find(({ literals }) => literals.every(([name, value]) => matches(query, name, value)))?.name;
}

type Kind = 'service' | 'bucket' | 'object';

/** Operations that AWS's description does not distinguish by path and query alone. */
function specialOperation(kind: Kind, request: WireRequest, query: Map<string, string>): string | undefined {
  const upload = query.has('uploadId');
  const copy = request.headers['x-amz-copy-source'] !== undefined;
  switch (`${request.method} ${kind}`) {
    case 'PUT object':
      if (upload || query.has('partNumber')) return copy ? 'UploadPartCopy' : 'UploadPart';
      return copy && !query.has('renameObject') ? 'CopyObject' : undefined;
    case 'GET object':
      return upload ? 'ListParts' : undefined;
    case 'DELETE object':
      return upload ? 'AbortMultipartUpload' : undefined;
    case 'POST object':
      return upload ? 'CompleteMultipartUpload' : undefined;
    case 'GET service':
      return 'ListBuckets';
    case 'GET bucket':
      return bucketListing(query);
    default:
      return undefined;
  }
}

/** Without an `id` these are lists; with one they are about one configuration. */
const BY_ID: Record<string, string> = {
  analytics: 'BucketAnalyticsConfiguration',
  'intelligent-tiering': 'BucketIntelligentTieringConfiguration',
  inventory: 'BucketInventoryConfiguration',
  metrics: 'BucketMetricsConfiguration',
};

function bucketListing(query: Map<string, string>): string | undefined {
  for (const [name, operation] of Object.entries(BY_ID)) {
    if (query.has(name)) return query.has('id') ? `Get${operation}` : `List${operation}s`;
  }
  return undefined;
}

function matches(query: Map<string, string>, name: string, value: string): boolean {
  return value === '' ? query.has(name) : query.get(name) === value;
}

interface Candidate {
  name: string;
  literals: [string, string][];
}

const tables = new WeakMap<ServiceModel, Map<string, Candidate[]>>();

/** The operations by method and kind of path, those that demand most of the query first. */
function table(service: ServiceModel): Map<string, Candidate[]> {
  const known = tables.get(service);
  if (known !== undefined) return known;
  const made = new Map<string, Candidate[]>();
  for (const name of service.operationNames) {
    const http = service.operation(name)?.http;
    if (http === undefined || REACHED_OTHERWISE.has(name)) continue;
    const [path = '/', query = ''] = http.requestUri.split('?');
    const kind: Kind = path === '/' ? 'service' : path === '/{Bucket}' ? 'bucket' : 'object';
    const key = `${http.method} ${kind}`;
    const list = made.get(key) ?? [];
    list.push({ name, literals: [...new URLSearchParams(query)] });
    made.set(key, list);
  }
  for (const list of made.values()) list.sort((a, b) => b.literals.length - a.literals.length);
  tables.set(service, made);
  return made;
}

/** Found by `specialOperation`, or of the same method and path as another that is meant. */
const REACHED_OTHERWISE = new Set([
  'AbortMultipartUpload',
  'CompleteMultipartUpload',
  'CopyObject',
  'GetBucketLifecycle',
  'GetBucketNotification',
  'ListDirectoryBuckets',
  'ListParts',
  'PutBucketLifecycle',
  'PutBucketNotification',
  'UploadPart',
  'UploadPartCopy',
  'WriteGetObjectResponse',
]);
