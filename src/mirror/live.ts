import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { SideOutcome } from '../analysis/mirrored/record.ts';
import type { KeptChunks } from './budget.ts';
import { passedOn, type RawHeaders } from './headers.ts';
import { refuse, type Refusal } from './refuse.ts';
import { metClosing, type Upstream } from './upstream.ts';

/** A request on its way to the live side. */
export interface LivePlan {
  upstream: Upstream;
  /** Path with query, as the live side has it. */
  target: string;
  headers: RawHeaders;
  /** Already read whole, where it had to be signed, or decided which side answers; undefined: it streams. */
  body: Buffer | undefined;
  /** What was read of a body that streams, before it was passed to anybody. */
  begun?: Buffer | undefined;
  /** What is added to the answer's headers. */
  mark?: RawHeaders | undefined;
  /** The words of the mirror's own answer where this side gives none (default: live-unreachable). */
  whenSilent?: { why: Refusal; late: Refusal; who: string } | undefined;
  /** Begins to wait for the first byte of the answer, once the caller has sent all; gives what ends that. */
  waits?: ((giveUp: () => void) => () => void) | undefined;
  /**
   * Asked when this side has failed, before the caller has seen anything of it: true takes the caller over, and then nothing of
   * this side is passed on any more.
   */
  instead?: ((how: Failure) => boolean) | undefined;
  /**
   * Asked when the caller has gone and had sent all: the answer is read to its end all the same, as that of a copy, until `giveUp` is
   * called; gives what ends that. Undefined: it ends with its caller.
   * @param spent milliseconds since the last byte of the request had gone
   */
  alone?: ((giveUp: () => void, spent: number) => (() => void) | undefined) | undefined;
  /** It was sent before, on a connection that the server was just closing. */
  again?: true;
  /** Keep the bodies while they pass; undefined: nobody looks at them. */
  request: KeptChunks | undefined;
  answer: KeptChunks | undefined;
  /** Milliseconds since some beginning. */
  now: () => number;
  /** The last byte of the request has gone to the live side. */
  onSent: () => void;
  /** Once, in the end. */
  onEnd: (end: LiveEnd) => void;
}

/** How a side that was to answer a caller did not: no connection, no answer, none in time, or a 5xx. */
export type Failure = 'refused' | 'broken' | 'timeout' | '5xx';

const LIVE_SILENT = { why: 'live-unreachable', late: 'live-unreachable' } as const;

const NOTHING = Buffer.alloc(0);

/** May be sent twice, whatever became of it the first time (RFC 9110, 9.2.2), and has no body, which would be gone. */
function isSafeAgain({ method, headers }: IncomingMessage): boolean {
  const isBare = headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0';
  return isBare && (method === 'GET' || method === 'HEAD' || method === 'OPTIONS');
}

/** How a live request ended. */
export interface LiveEnd {
  outcome: Extract<SideOutcome, 'answered' | 'refused' | 'broken' | 'timeout'> | 'client-gone';
  status: number | undefined;
  headers: RawHeaders;
  /** From the last byte of the request; without the time in which the caller took no bytes. */
  ms: number;
  firstByteMs: number | undefined;
  /** When the last byte of the request had gone, on the stopwatch. */
  began: number;
  /** Nobody was there any more to be answered, and the answer was read all the same. */
  alone: boolean;
}

/**
 * Passes a request to the live side and its answer back: status, headers with order and case, informational answers, body as it
 * comes, trailers. Where the live side cannot be reached, the answer is the mirror's own and says so; where it breaks off, so
 * does the caller's.
 */
export function passToLive(req: IncomingMessage, res: ServerResponse, plan: LivePlan): void {
  const { now } = plan;
  const out = plan.upstream.request(req.method ?? 'GET', plan.target, plan.headers);
  let sentAt: number | undefined;
  let first: number | undefined;
  let paused = 0;
  let pausedAt: number | undefined;
  let answer: IncomingMessage | undefined;
  let ended = false;
  let alone = false;
  let waited: (() => void) | undefined;
  const { why, late, who } = plan.whenSilent ?? { ...LIVE_SILENT, who: 'live server' };
  const sent = () => {
    if (sentAt !== undefined || ended) return;
    sentAt = now();
    plan.onSent();
  };
  /** From now on only this side is to be waited for, also where it does not read on. */
  const wait = () => {
    if (ended || answer !== undefined) return;
    waited = plan.waits?.(() => {
      if (ended || answer !== undefined) return;
      fail('timeout', 'timeout', `The ${who} gave no answer in time.`);
      out.destroy();
    });
  };
  /** It has failed before the caller saw anything of it. */
  const fail = (how: Failure, outcome: LiveEnd['outcome'], words: string) => {
    const over = !res.destroyed && plan.instead?.(how) === true;
    end(outcome);
    if (!over && !alone) refuse(res, how === 'timeout' ? late : why, words);
  };
  const goOn = () => {
    if (pausedAt !== undefined) paused += now() - pausedAt;
    pausedAt = undefined;
    answer?.resume();
  };
  const end = (outcome: LiveEnd['outcome']) => {
    if (ended) return;
    waited?.();
    // The answer may be read before the system has told that the last byte went; a live side that did not want it is another case.
    if (outcome === 'answered' && sentAt === undefined && out.writableEnded) sent();
    ended = true;
    const began = sentAt ?? now();
    plan.onEnd({
      outcome,
      status: answer?.statusCode,
      headers: answer?.rawHeaders ?? [],
      began,
      // An answer that came before the request had gone is no negative time.
      ms: Math.max(0, now() - began - paused),
      firstByteMs: first === undefined ? undefined : Math.max(0, first - began),
      alone,
    });
  };
  out.once('finish', sent);
  out.on('information', (info) => void (alone || informational(res, info)));
  out.once('continue', () => void (alone || res.writeContinue()));
  out.once('response', (incoming) => {
    answer = incoming;
    first = now();
    if (!alone) waited?.();
    if (ended) return void incoming.resume();
    if ((incoming.statusCode ?? 0) >= 500 && !alone && plan.instead?.('5xx') === true) {
      end('answered');
      return void incoming.resume().on('error', () => undefined);
    }
    if (!alone) beginAnswer(req, res, incoming, plan.mark);
    incoming.on('data', (chunk: Buffer) => {
      plan.answer?.add(chunk);
      if (alone || res.write(chunk)) return;
      pausedAt ??= now();
      incoming.pause();
    });
    res.on('drain', goOn);
    incoming.once('end', () => {
      if (!incoming.complete) return;
      if (alone) return end('answered');
      if (incoming.rawTrailers.length > 0) res.addTrailers(pairsOf(incoming.rawTrailers));
      res.end();
      end('answered');
    });
    incoming.once('close', () => {
      if (incoming.complete) return;
      end(res.destroyed && !alone ? 'client-gone' : 'broken');
      res.destroy();
    });
    incoming.on('error', () => undefined);
    // An answer that begins long before its first byte, like a stream of events, is begun here as well.
    setImmediate(() => {
      if (!res.headersSent || res.writableEnded || res.destroyed) return;
      res.flushHeaders();
    });
  });
  out.on('error', (error: NodeJS.ErrnoException) => {
    if (ended || answer !== undefined) return;
    if (res.destroyed && !alone) return end('client-gone');
    if (metClosing(out, error) && isSafeAgain(req) && plan.again !== true) {
      waited?.();
      ended = true;
      return passToLive(req, res, { ...plan, body: NOTHING, again: true });
    }
    const how = isNoConnection(error) ? 'refused' : 'broken';
    // A proxy is told by its address.
    const why = error.code === 'ProxyError' ? error.message : (error.code ?? error.message);
    fail(how, how, `The ${who} gave no answer (${why}).`);
  });
  res.once('close', () => {
    if (res.writableFinished || ended) return;
    if (plan.body !== undefined || req.readableEnded) {
      const until = plan.alone?.(
        () => {
          end('timeout');
          out.destroy();
        },
        sentAt === undefined ? 0 : now() - sentAt,
      );
      alone = until !== undefined;
      if (until !== undefined) {
        waited?.();
        waited = until;
        return goOn();
      }
    }
    end('client-gone');
    out.destroy();
  });
  if (plan.body === undefined) {
    pump(req, out, plan);
    req.once('end', wait);
  } else {
    out.end(plan.body);
    wait();
  }
}

/**
 * The request's body, as it comes. One that is to outlive its caller is not held up by whoever does not take it: what is kept is in
 * memory in any case.
 */
function pump(
  req: IncomingMessage,
  out: ClientRequest,
  { request: kept, begun, alone }: Pick<LivePlan, 'request' | 'begun' | 'alone'>,
): void {
  if (req.headers.expect !== undefined) out.flushHeaders();
  if (begun !== undefined) {
    kept?.add(begun);
    out.write(begun);
    // Whoever read it has held up the rest.
    setImmediate(() => req.resume());
  }
  req.on('data', (chunk: Buffer) => {
    kept?.add(chunk);
    const held = alone !== undefined && kept !== undefined && kept.lost === undefined;
    if (!out.write(chunk) && !out.destroyed && !held) req.pause();
  });
  out.on('drain', () => req.resume());
  // Nobody takes the rest: it is read away, so that the caller can read the answer.
  out.once('close', () => req.resume());
  req.once('end', () => {
    if (req.rawTrailers.length > 0) out.addTrailers(pairsOf(req.rawTrailers));
    out.end();
  });
}

function beginAnswer(
  req: IncomingMessage,
  res: ServerResponse,
  incoming: IncomingMessage,
  mark: RawHeaders | undefined,
): void {
  // HTTP/1.0 has no chunks: such an answer ends with its connection.
  const old = req.httpVersion === '1.0';
  const headers = passedOn(incoming.rawHeaders, old ? ({ lower }) => lower === 'transfer-encoding' : undefined);
  if (mark !== undefined) headers.push(...mark);
  res.sendDate = false;
  res.writeHead(incoming.statusCode ?? 502, incoming.statusMessage ?? '', headers);
}

function informational(res: ServerResponse, info: { statusCode: number; rawHeaders: string[] }): void {
  if (info.statusCode === 102) return res.writeProcessing();
  const hints: Record<string, string | string[]> = {};
  for (let i = 0; i < info.rawHeaders.length; i += 2) {
    const name = (info.rawHeaders[i] as string).toLowerCase();
    const value = info.rawHeaders[i + 1] as string;
    const before = hints[name];
    hints[name] = before === undefined ? value : [before, value].flat();
  }
  // Node tells early hints only with links, which they are for.
  if (info.statusCode === 103 && hints.link !== undefined) res.writeEarlyHints(hints);
}

function pairsOf(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < raw.length; i += 2) pairs.push([raw[i] as string, raw[i + 1] as string]);
  return pairs;
}

/** No connection came about: no byte of the request was seen by anybody. */
export function isNoConnection(error: NodeJS.ErrnoException): boolean {
  return (
    error.syscall === 'connect' ||
    error.syscall === 'getaddrinfo' ||
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ProxyError|ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(
      error.code ?? '',
    )
  );
}
