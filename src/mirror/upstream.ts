import { Agent as HttpAgent, type ClientRequest, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { headerValue, keepAliveOf, type RawHeaders } from './headers.ts';
import { IdleLimit } from './idle.ts';
import { splitTarget } from './routes.ts';

/** Signs a request with credentials of the mirror's own. @returns headers to be added to it */
export type Sign = (request: {
  method: string;
  host: string;
  path: string;
  /** With its `?`, or empty. */
  query: string;
  contentType: string | undefined;
  body: Buffer;
}) => Promise<RawHeaders>;

/** Where a side's requests go. */
export interface Place {
  /** The server: scheme, host, port, and a path that is put before that of each request. */
  url: URL;
  /** What becomes of a request's path; undefined: the server has no such route. */
  path: (path: string) => string | undefined;
  /** Undefined: nothing is signed. */
  sign: Sign | undefined;
  /** How connections to it are made; undefined: directly. */
  connect: Connect | undefined;
}

/** Makes a connection, by whatever way leads there; `made` is called once, with what failed or what may be written to. */
export type Connect = (
  to: { host: string; port: number; secure: boolean; ALPNProtocols?: string[] },
  made: (error: Error | null, socket?: Duplex) => void,
) => void;

/** A plain server. @param own the path for every request; undefined: that of the request */
export function httpPlace(url: string, own: string | undefined): Place {
  const parsed = new URL(url);
  const base = parsed.pathname.replace(/\/$/, '');
  return { url: parsed, path: (path) => base + (own ?? path), sign: undefined, connect: undefined };
}

/**
 * An endpoint of SageMaker: it takes invocations, whatever name of an endpoint the caller wrote, or none.
 *
 * @param url of the runtime
 */
export function sagemakerPlace(
  url: string,
  endpoint: string,
  { sign, connect }: { sign: Sign; connect: Connect | undefined },
): Place {
  return {
    url: new URL(url),
    path(path) {
      if (path === '/invocations') return `/endpoints/${endpoint}/invocations`;
      const [, rest] = /^\/endpoints\/[^/]+(\/invocations|\/invocations-response-stream)$/.exec(path) ?? [];
      return rest === undefined ? undefined : `/endpoints/${endpoint}${rest}`;
    },
    sign,
    connect,
  };
}

/** A server with the connections to it. */
export interface Upstream extends Place {
  /** Value of the Host header. */
  host: string;
  secure: boolean;
  /** Begins a request. @param path with its query */
  request(method: string, path: string, headers: RawHeaders): ClientRequest;
  /** Closes connections that were not used for long. To be called some times a second. */
  sweep(): void;
  /** Closes each connection once the request that is under way on it has ended. */
  retire(): void;
  /** Cuts everything off. */
  close(): void;
}

/** What Node's agent leaves on a connection whose request has ended. */
type KeptSocket = Duplex & { _httpMessage?: { res?: { rawHeaders?: RawHeaders } | null } | null };

/**
 * Opens the live side: with as many connections as there are requests.
 *
 * @param idle milliseconds after which an unused connection is closed: sooner than servers do, so that no request meets one
 * that is just being closed
 * @param now milliseconds since some beginning
 */
export function openUpstream(place: Place, idle: number, now: () => number): Upstream {
  const { url, connect } = place;
  const secure = url.protocol === 'https:';
  // URL keeps the brackets of an IPv6 address, and Node wants none.
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const options = { keepAlive: true, maxFreeSockets: 1_024, scheduling: 'lifo' } as const;
  const agent = secure ? new HttpsAgent({ ...options, ALPNProtocols: ['http/1.1'] }) : new HttpAgent(options);
  if (connect !== undefined)
    agent.createConnection = (_: unknown, made) => {
      connect({ host: hostname, port, secure, ALPNProtocols: ['http/1.1'] }, (error, socket) =>
        made?.(error, socket as Duplex),
      );
      return undefined;
    };
  const limit = new IdleLimit(idle, now);
  const until = new WeakMap<Duplex, number>();
  /** Since when nothing was asked on them; of those in use, for how long nothing had been. */
  const free = new WeakMap<Duplex, number>();
  const waited = new WeakMap<Duplex, number>();
  const watched = new WeakSet<Duplex>();
  const drop = (socket: Duplex) => {
    free.delete(socket);
    socket.destroy();
  };
  // In place of the agent's own: a timer and two calls of the system for each request cost more than looking now and then.
  let retired = false;
  agent.keepSocketAlive = (socket: KeptSocket) => {
    if (retired) return false;
    const most = Math.min(limit.ms, keptByServer(socket._httpMessage?.res?.rawHeaders ?? []));
    if (most <= 0) return false;
    until.set(socket, now() + most);
    free.set(socket, now());
    if (watched.has(socket)) return true;
    watched.add(socket);
    socket.once('close', () => {
      const since = free.get(socket);
      if (since !== undefined) limit.closed(now() - since);
    });
    return true;
  };
  const { reuseSocket } = agent;
  agent.reuseSocket = (socket, out) => {
    waited.set(socket, now() - (free.get(socket) ?? now()));
    free.delete(socket);
    reuseSocket.call(agent, socket, out);
  };
  const sweep = () => {
    for (const sockets of Object.values(agent.freeSockets))
      for (const socket of sockets ?? []) {
        // The last used one is the last.
        if ((until.get(socket) ?? 0) > now()) break;
        drop(socket);
      }
  };
  const begin = secure ? httpsRequest : httpRequest;
  return {
    ...place,
    host: url.host,
    secure,
    request(method, path, headers) {
      sweep();
      const out = begin({
        agent,
        method,
        hostname,
        port,
        path,
        headers: headers as string[],
        insecureHTTPParser: false,
      });
      return out.once('error', (error) => {
        if (metClosing(out, error)) limit.closed(waited.get(out.socket as Duplex) ?? 0);
      });
    },
    sweep,
    retire() {
      retired = true;
      for (const socket of Object.values(agent.freeSockets).flat()) if (socket !== undefined) drop(socket);
    },
    close() {
      for (const socket of Object.values(agent.freeSockets).flat()) if (socket !== undefined) free.delete(socket);
      agent.destroy();
    },
  };
}

/** The connection had carried requests before, and was closed before an answer began to this one. */
export function metClosing(out: ClientRequest, { code = '' }: NodeJS.ErrnoException): boolean {
  return out.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
}

/** Milliseconds for which the server says that it keeps the connection, less a second; Infinity where it says nothing. */
function keptByServer(headers: RawHeaders): number {
  const value = headerValue(headers, 'keep-alive');
  return value === undefined ? Number.POSITIVE_INFINITY : (keepAliveOf(value) ?? Number.POSITIVE_INFINITY);
}

/** A request's target as this side has it; undefined where it has no such route. */
export function targetOn(place: Pick<Place, 'path'>, target: string): string | undefined {
  const [path, query] = splitTarget(target);
  const own = place.path(path);
  return own === undefined ? undefined : own + query;
}
