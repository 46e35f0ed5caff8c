import type { IncomingMessage } from 'node:http';
import type { SidePlan } from './canary.ts';
import { type Caller, headerValue, type RawHeaders, towardsLive, withOwn } from './headers.ts';
import { type Route, splitTarget } from './routes.ts';
import { type Place, targetOn, type Upstream } from './upstream.ts';

/** A side that callers get answers from. */
export interface AnsweringSide {
  upstream: Upstream;
  keepHost: boolean;
  /** Headers of its own, in place of the caller's. */
  own: readonly string[];
  /** The path of a request that is not mirrored. */
  elsewhere: Place['path'];
}

/** The target of a request on a side that answers it; undefined where it has no such route. */
export function targetOf(
  { upstream, elsewhere }: AnsweringSide,
  req: IncomingMessage,
  mirrored: boolean,
): string | undefined {
  return targetOn(mirrored ? upstream : { path: elsewhere }, req.url ?? '/');
}

/** How a request is passed on to a side that answers it. */
export function planOf(
  side: AnsweringSide,
  req: IncomingMessage,
  caller: Caller,
  { body, begun }: { body?: Buffer; begun?: Buffer },
  { route, now }: { route: Route | undefined; now: () => number },
): SidePlan {
  const { upstream, keepHost, own } = side;
  const headers = withOwn(towardsLive(req.rawHeaders, caller, keepHost ? undefined : upstream.host), own);
  frame(req, headers);
  return {
    upstream,
    target: targetOf(side, req, route !== undefined) ?? '/',
    headers:
      body === undefined ? (begun === undefined ? headers : without(headers, EXPECT)) : framedWhole(headers, body),
    body,
    begun,
    now,
  };
}

/** How a request that is here whole is passed on to a side that answers it, signed where that side asks for it. */
export async function planFor(
  side: AnsweringSide,
  req: IncomingMessage,
  caller: Caller,
  { body }: { body: Buffer },
  about: { route: Route | undefined; now: () => number },
): Promise<SidePlan> {
  const plan = planOf(side, req, caller, { body }, about);
  return { ...plan, headers: await signed(side.upstream, req, plan.target, plan.headers, body) };
}

const EXPECT = new Set(['expect']);

const OF_THE_FRAME = new Set(['content-length', 'transfer-encoding', 'trailer', 'expect']);

function without(headers: RawHeaders, names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2)
    if (!names.has((headers[i] as string).toLowerCase())) kept.push(headers[i] as string, headers[i + 1] as string);
  return kept;
}

function framedWhole(headers: RawHeaders, body: Buffer): string[] {
  return [...without(headers, OF_THE_FRAME), 'Content-Length', String(body.length)];
}

/** A request that says nothing of a body has none; Node would give one in chunks to a POST. */
function frame(req: IncomingMessage, headers: string[]): void {
  if (req.headers['content-length'] !== undefined || req.headers['transfer-encoding'] !== undefined) return;
  if (!/^(GET|HEAD|OPTIONS|TRACE|DELETE)$/.test(req.method ?? '')) headers.push('Content-Length', '0');
}

/** The headers with a signature of the mirror's own in place of the caller's. */
export async function signed(
  { sign, url: { host } }: Place,
  req: IncomingMessage,
  target: string,
  headers: RawHeaders,
  body: Buffer,
): Promise<RawHeaders> {
  if (sign === undefined) return headers;
  const [path, query] = splitTarget(target);
  const own = await sign({
    method: req.method ?? 'POST',
    host,
    path,
    query,
    contentType: headerValue(headers, 'content-type'),
    body,
  });
  return [...without(headers, OF_A_SIGNATURE), 'Content-Length', String(body.length), ...own];
}

/** Of the caller's signature, or of how the caller framed what is now sent whole. */
const OF_A_SIGNATURE = new Set([
  'authorization',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-content-sha256',
  'content-length',
  'transfer-encoding',
  'expect',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-for',
]);
