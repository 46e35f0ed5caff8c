import { resourceAllows } from '../iam/resource-policy.ts';
import { header, type WireRequest, type WireResponse } from '../protocols/wire.ts';
import { callerOf } from '../world/callers.ts';
import { functionOfUrl, type FunctionRecord, URL_PATH, urlIdOfHost } from '../world/functions/records.ts';
import { runFunction } from '../world/functions/run.ts';
import type { World } from '../world/world.ts';
import { denial } from './authorization/authorize.ts';
import { type Head, readHead } from './route.ts';

/** A function URL that was asked for. */
interface FunctionUrlCall {
  id: string;
  /** What follows the URL. */
  path: string;
}

/** Which function URL a request is for, by its host or its path; undefined for any other request. */
export function functionUrlOf({ path, headers }: Pick<Head, 'path' | 'headers'>): FunctionUrlCall | undefined {
  const id = urlIdOfHost(header({ headers }, 'host') ?? '');
  if (id !== undefined) return { id, path };
  if (!path.startsWith(URL_PATH)) return undefined;
  const rest = path.slice(URL_PATH.length);
  const slash = rest.indexOf('/');
  return slash < 0 ? { id: rest, path: '/' } : { id: rest.slice(0, slash), path: rest.slice(slash) };
}

/** "The maximum request payload size is 6 MB" (Lambda Developer Guide, "Invoking Lambda function URLs"). */
export const MAX_URL_BODY = 6_291_456;

/**
 * Answers at a function URL: the request as an event of payload format 2.0, and what the function returns as an answer
 * of HTTP (Lambda Developer Guide, "Invoking Lambda function URLs").
 * @param rawQuery the query as it was sent, without `?`
 */
export async function answerFunctionUrl(
  world: World,
  call: FunctionUrlCall,
  request: WireRequest,
  rawQuery: string,
  requestId: string,
): Promise<WireResponse> {
  if (!world.timeline.upToDate) await world.timeline.catchUp();
  const record = functionOfUrl(world.store, call.id);
  if (record === undefined) return said(404, 'Not Found', requestId);
  if (!mayInvoke(world, record, request, requestId)) return said(403, 'Forbidden', requestId);
  const event = eventOf(world, record, call, request, rawQuery, requestId);
  const outcome = await runFunction(world, record, requestId, JSON.stringify(event));
  if (outcome === undefined)
    return {
      status: 429,
      headers: { 'Content-Type': 'application/json', 'x-amzn-RequestId': requestId },
      body: JSON.stringify({
        Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
        Type: 'User',
        message: 'Rate Exceeded.',
      }),
    };
  const reply = outcome.how === 'result' ? replyOf(outcome.payload) : undefined;
  if (reply === undefined)
    return { status: 502, headers: { 'x-amzn-RequestId': requestId }, body: 'Internal Server Error' };
  reply.headers['x-amzn-RequestId'] = requestId;
  return reply;
}

function said(status: number, message: string, requestId: string): WireResponse {
  const headers = { 'Content-Type': 'application/json', 'x-amzn-RequestId': requestId };
  return { status, headers, body: JSON.stringify({ Message: message }) };
}

/**
 * May the sender invoke the function by its URL? That needs `lambda:InvokeFunctionUrl` and `lambda:InvokeFunction`:
 * "Starting in October 2025, new function URLs will require both" (Developer Guide, "Control access to Lambda function
 * URLs"). With NONE the function's policy must let everybody in; with AWS_IAM whoever signs needs it, or their IAM.
 */
function mayInvoke(world: World, record: FunctionRecord, request: WireRequest, requestId: string): boolean {
  const auth = record.url?.auth ?? 'AWS_IAM';
  const { scope } = readHead(request);
  const signed = auth === 'AWS_IAM' && scope.accessKeyId !== undefined;
  if (auth === 'AWS_IAM' && !signed) return false;
  const caller = callerOf(world, scope.accessKeyId, record.region);
  const context = { account: caller.account, region: record.region, requestId, baseUrl: '', world, caller };
  const needed: { action: string; keys: Record<string, string> }[] = [
    { action: 'lambda:InvokeFunctionUrl', keys: { 'lambda:FunctionUrlAuthType': auth } },
    { action: 'lambda:InvokeFunction', keys: { 'lambda:InvokedViaFunctionUrl': 'true' } },
  ];
  return needed.every(({ action, keys }) => {
    const principal = signed ? caller.arn : undefined;
    const allowed = resourceAllows(record.policy, { principal, action, resource: record.arn, keys });
    if (!signed) return allowed;
    const lists = Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, [value]]));
    const denied = denial(caller, { action, resource: record.arn, keys: lists }, context);
    if (denied?.explicit === true) return false;
    return allowed || (caller.account === record.account && denied === undefined);
  });
}

/** Bodies of these types go as they are, all others in base64: so forms, too. */
const TEXT = /^(?:text\/|application\/(?:json|xml|javascript)\b)/i;

function eventOf(
  world: World,
  { region, url }: FunctionRecord,
  { id, path }: FunctionUrlCall,
  request: WireRequest,
  rawQueryString: string,
  requestId: string,
): object {
  const now = world.clock.now();
  const names = Object.keys(request.headers).filter((name) => name !== 'cookie');
  const headers = Object.fromEntries(names.map((name) => [name, header(request, name)?.replace(/, /g, ',') ?? '']));
  const cookies = header(request, 'cookie')?.split(/;\s*/);
  const parameters: Record<string, string> = {};
  for (const [name, value] of request.query)
    parameters[name] = parameters[name] === undefined ? value : `${parameters[name]},${value}`;
  const isText = TEXT.test(header(request, 'content-type') ?? '');
  const body = Buffer.from(request.body);
  const host = header(request, 'host') ?? '';
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString,
    ...(cookies !== undefined && { cookies }),
    headers: {
      ...headers,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-port': /:(\d+)$/.exec(host)?.[1] ?? '80',
      'x-amzn-trace-id': `Root=1-${Math.floor(now / 1000).toString(16)}-${requestId.replaceAll('-', '').slice(0, 24)}`,
    },
    ...(request.query.length > 0 && { queryStringParameters: parameters }),
    requestContext: {
      accountId:
        url?.auth === 'AWS_IAM' ? callerOf(world, readHead(request).scope.accessKeyId, region).account : 'anonymous',
      apiId: id,
      domainName: host,
      domainPrefix: id,
      http: {
        method: request.method,
        path,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: header(request, 'user-agent') ?? '',
      },
      requestId,
      routeKey: '$default',
      stage: '$default',
      time: timeOf(now),
      timeEpoch: now,
    },
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** `05/Jan/2026:09:00:00 +0000` */
function timeOf(at: number): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(at).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}

const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;

/** May it be the value of a header (RFC 9110, 5.5)? */
function isHeaderValue(value: unknown): value is string {
  return typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

/** What a function returned as an answer; undefined where it has a form that is none. */
function replyOf(payload: string): WireResponse | undefined {
  const value: unknown = JSON.parse(payload);
  if (typeof value !== 'object' || value === null || !('statusCode' in value))
    return { status: 200, headers: { 'Content-Type': 'application/json' }, body: payload };
  const {
    statusCode,
    headers = {},
    body = '',
    cookies = [],
    isBase64Encoded = false,
  } = value as {
    statusCode: unknown;
    headers?: object | null;
    body?: unknown;
    cookies?: unknown;
    isBase64Encoded?: boolean;
  };
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599 || typeof body !== 'string') return undefined;
  if (!Array.isArray(cookies) || !cookies.every(isHeaderValue)) return undefined;
  const all = Object.entries(headers ?? {});
  if (!all.every(([name, one]) => HEADER_NAME.test(name) && isHeaderValue(String(one)))) return undefined;
  const given = all
    .filter(([name]) => !/^(?:content-length|connection|transfer-encoding|date)$/i.test(name))
    .map(([name, one]) => [name, String(one)]);
  const sent: Record<string, string> = Object.fromEntries(given);
  if (!Object.keys(sent).some((name) => name.toLowerCase() === 'content-type'))
    sent['Content-Type'] = 'application/json';
  return { status, headers: sent, cookies, body: isBase64Encoded ? Buffer.from(body, 'base64') : body };
}
