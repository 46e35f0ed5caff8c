import { usageError } from '../../base/errors.ts';
import { type RawHeaders, towardsShadow, withOwn, withoutQueryCredentials } from '../../mirror/headers.ts';
import { splitTarget } from '../../mirror/routes.ts';
import { httpPlace, type Place, type Sign, sagemakerPlace, targetOn } from '../../mirror/upstream.ts';
import type { Session } from '../session.ts';
import type { TargetSpec } from './planned.ts';
import type { Recorded } from './recorded.ts';
import type { RecordingFacts } from './recording.ts';

export interface TargetOptions {
  target: TargetSpec;
  /** In place of the recorded path. */
  path: string | undefined;
  /** Sent with every request, in place of recorded ones: names and values in turn. */
  headers: RawHeaders;
  /** Of requests of which none is recorded. */
  contentType: string | undefined;
  /** The recorded credentials are sent, too. */
  credentials: boolean;
}

/** Methods that change nothing, by what HTTP says of them (RFC 9110, 9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

const NONE: ReadonlySet<string> = new Set();

/** How many requests of these would do again what they did, for all that is known of a server. */
export function unsafeRequests({ methods }: Pick<RecordingFacts, 'methods'>): number {
  return methods.reduce((sum, { method, requests }) => sum + (SAFE.has(method) ? 0 : requests), 0);
}

/** A request as it goes out. */
interface Outgoing {
  method: string;
  /** Path and query. */
  target: string;
  headers: () => RawHeaders | Promise<RawHeaders>;
  signed: boolean;
}

export interface ReplayTarget {
  place: Place;
  /** For people, and for whoever judges the records. */
  name: string;
  /** @param id of this one sending: no two are the same, in this replay or another */
  outgoing(request: Recorded, id: string): Outgoing;
}

/**
 * @throws Problem (usage) where the recording says no path and the URL has none either: which route is meant nobody knows
 */
export async function openTarget(
  session: Session,
  options: TargetOptions,
  facts: Pick<RecordingFacts, 'withoutTarget' | 'methods'>,
): Promise<ReplayTarget> {
  const { target, path } = options;
  const others = facts.methods.filter(({ method }) => method !== 'POST');
  if (target.kind === 'sagemaker' && others.length > 0)
    throw usageError(
      `The recording has requests that no endpoint takes: ${others.map(({ method, requests }) => `${method} (${requests})`).join(', ')}.`,
      'Name the path of the invocations: --only /invocations',
    );
  if (target.kind === 'sagemaker') return endpointTarget(session, target, options);
  const { pathname } = new URL(target.url);
  if (facts.withoutTarget > 0 && path === undefined && pathname === '/')
    throw usageError(
      `The recording does not say on which path its requests came, and neither does ${target.url}.`,
      'Name the path of the model, as in http://127.0.0.1:8080/invocations.',
    );
  const place = httpPlace(target.url, path);
  return { place, name: target.url, outgoing: (request, id) => httpRequest(place, options, request, id) };
}

function httpRequest(place: Place, options: TargetOptions, request: Recorded, id: string): Outgoing {
  const { credentials, headers: own } = options;
  const { method } = request;
  return {
    method,
    target: recordedTarget(place, options, request),
    signed: false,
    headers: () =>
      withOwn(
        towardsShadow(typed(request, options.contentType), {
          shadow: 'replay',
          id,
          host: place.url.host,
          length: request.body.length,
          drop: NONE,
          own: [],
          trusted: credentials,
        }),
        // In place of a recorded one, which is used up: a server would answer that from its memory.
        [...(SAFE.has(method) ? [] : ['Idempotency-Key', id]), ...own],
      ),
  };
}

function recordedTarget(place: Place, { credentials, path }: TargetOptions, { target }: Recorded): string {
  // Without a path of its own a request goes to that of the URL.
  if (target === undefined) return path === undefined ? place.url.pathname : (place.path('/') ?? path);
  const [own, query] = splitTarget(target);
  return targetOn(place, own + (credentials ? query : withoutQueryCredentials(query))) ?? own;
}

async function endpointTarget(
  session: Session,
  { endpoint, variant }: Extract<TargetSpec, { kind: 'sagemaker' }>,
  options: TargetOptions,
): Promise<ReplayTarget> {
  const { signedRuntime } = await import('../../aws/sign.ts');
  const aws = await session.aws();
  const { url, sign } = await signedRuntime(aws);
  const { network } = aws.target;
  const connect = network && (await import('../../aws/proxy.ts')).connector(network);
  const place = sagemakerPlace(url, endpoint, { sign, connect });
  const path = place.path('/invocations') ?? '/invocations';
  return {
    place,
    name: `sagemaker:${endpoint}${variant === undefined ? '' : `/${variant}`}`,
    outgoing(request, id) {
      const headers = typed(request, options.contentType);
      return {
        method: 'POST',
        target: path,
        signed: true,
        headers: async () =>
          invocationHeaders(place, sign, { path, headers, id, variant, own: options.headers }, request.body),
      };
    },
  };
}

async function invocationHeaders(
  place: Place,
  sign: Sign,
  {
    path,
    headers,
    id,
    variant,
    own,
  }: { path: string; headers: RawHeaders; id: string; variant: string | undefined; own: RawHeaders },
  body: Buffer,
): Promise<RawHeaders> {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2)
    if (/^(content-type|accept|x-amzn-sagemaker-custom-attributes)$/i.test(headers[i] as string))
      kept.push(headers[i] as string, headers[i + 1] as string);
  const all = withOwn(kept, own);
  const type = all.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-type');
  const { host } = place.url;
  const signed = await sign({
    method: 'POST',
    host,
    path,
    query: '',
    contentType: type < 0 ? undefined : all[type + 1],
    body,
  });
  return [
    ...['Host', host],
    ...all,
    ...['Content-Length', String(body.length), 'X-Amzn-SageMaker-Inference-Id', id],
    ...(variant === undefined ? [] : ['X-Amzn-SageMaker-Target-Variant', variant]),
    ...signed,
  ];
}

function typed({ headers }: Recorded, contentType: string | undefined): RawHeaders {
  if (contentType === undefined) return headers;
  const has = headers.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-type');
  return has ? headers : [...headers, 'Content-Type', contentType];
}
