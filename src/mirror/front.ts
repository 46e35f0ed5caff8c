import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { environmentError } from '../base/errors.ts';
import type { Address, Bounds } from './config.ts';
import { refuse, refuseOn, type Refusal, unacceptable, unreadable } from './refuse.ts';

/** The side of the mirror that callers see. */
export interface Front {
  /** The port that was really taken. */
  port: number;
  /** Takes no further connection, and closes each after the request that is under way on it. */
  stopAccepting(): Promise<void>;
  closeAll(): void;
  setTls(tls: { cert: string; key: string }): void;
}

export interface FrontOptions {
  listen: Address;
  tls: { cert: string; key: string } | undefined;
  bounds: Bounds;
  /** A request that the mirror carries. */
  handle: (req: IncomingMessage, res: ServerResponse) => void;
  /** An answer was given in the mirror's own name. */
  refused: (why: Refusal) => void;
}

/**
 * Listens for callers. Node's parser is strict here: what two servers might read differently is refused, not passed on.
 * @throws Problem (cannot-run) where the address is taken, or not this machine's
 */
export async function openFront({ listen, tls, bounds, handle, refused }: FrontOptions): Promise<Front> {
  const options = {
    insecureHTTPParser: false,
    // Refused here, in the mirror's own words.
    requireHostHeader: false,
    keepAlive: true,
    noDelay: true,
    keepAliveTimeout: bounds.idle,
    headersTimeout: bounds.headersTimeout,
    requestTimeout: bounds.requestTimeout,
    connectionsCheckingInterval: Math.max(50, Math.min(1_000, Math.floor(bounds.headersTimeout / 4))),
    maxHeaderSize: 64 * 1024,
  };
  const server =
    tls === undefined
      ? createServer(options)
      : createTlsServer({ ...options, ...tls, ALPNProtocols: ['http/1.1'], minVersion: 'TLSv1.2' });
  let stopping = false;
  const answering = new WeakMap<Duplex, Set<ServerResponse>>();
  const take = (req: IncomingMessage, res: ServerResponse) => {
    const open = answering.get(req.socket) ?? new Set();
    answering.set(req.socket, open.add(res));
    res.once('close', () => open.delete(res));
    // A keep-alive connection would hold up the end of the mirror.
    if (stopping) res.shouldKeepAlive = false;
    const wrong = unacceptable(req);
    if (wrong === undefined) return handle(req, res);
    refused(wrong.why);
    refuse(res, wrong.why, wrong.message);
  };
  server.on('request', take).on('checkContinue', take).on('checkExpectation', take);
  server.on('connect', (_: IncomingMessage, socket: Duplex) => {
    refused('connect');
    refuseOn(socket, 'connect', 'CONNECT is not supported: this is not a forward proxy.');
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // A caller who went away needs no answer.
    if (error.code === 'ECONNRESET' || error.code === 'EPIPE' || !socket.writable) return void socket.destroy();
    const open = [...(answering.get(socket) ?? [])];
    // In the middle of an answer, or behind one, nothing else may stand.
    if (open.length > 1 || open.some((res) => res.headersSent)) return socket.destroySoon();
    const { why, message } = unreadable(error);
    refused(why);
    refuseOn(socket, why, message);
  });
  await listenOn(server, listen, 'The mirror', ': --listen HOST:PORT, or listen: in its configuration');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : listen.port,
    stopAccepting() {
      stopping = true;
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
    },
    closeAll: () => server.closeAllConnections(),
    setTls(next) {
      if ('setSecureContext' in server && typeof server.setSecureContext === 'function') server.setSecureContext(next);
    },
  };
}

/** @throws Problem (cannot-run) where the system refuses the address */
export function listenOn(server: Server, { host, port }: Address, who = 'The mirror', how = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE'
          ? 'another program listens there'
          : error.code === 'EACCES'
            ? 'this user may not take that port'
            : error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND'
              ? 'it is not an address of this machine'
              : error.message;
      reject(
        environmentError(`${who} cannot listen on ${host}:${port}: ${why}.`, `Choose another address${how}.`, error),
      );
    });
    server.listen({ host, port, backlog: 1_024 }, () => resolve());
  });
}
