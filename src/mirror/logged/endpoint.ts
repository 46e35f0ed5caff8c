import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Budget, KeptChunks } from '../budget.ts';
import type { Address } from '../config.ts';
import { listenOn } from '../front.ts';
import type { LoggedCounts, Taken } from './ledger.ts';
import { type LoggedLine, readLine } from './line.ts';

export interface EndpointOptions {
  listen: Address;
  /** Whoever writes must have it; undefined: whoever reaches it may. */
  token: string | undefined;
  /** Bytes of one body. */
  most: number;
  take: (line: LoggedLine) => Taken;
  counts: () => LoggedCounts & { waiting: number; malformed: number };
  /** A line that is none was refused. */
  malformed: () => void;
}

export interface LoggedEndpoint {
  /** The port that was really taken. */
  port: number;
  close(): Promise<void>;
}

/** Bytes of bodies under way, together. */
const MEMORY = 64 * 1024 * 1024;
const MOST_REFUSED = 20;
const HERE = 'This server answers POST /record, GET /status and GET /healthz.';

export const WHY: Readonly<Record<Exclude<Taken, 'recorded' | 'repeated'>, string>> = {
  'other-answer':
    'this side of this id was recorded before with another answer, which stands: give each request an id of its own',
  late: 'this line came too late: its side is recorded as missing',
  full: 'there are too many ids for one folder: record into another one',
};

/**
 * Takes lines from callers. What is recorded here decides what is promoted, so that web pages (which always send Origin, and may have
 * a name that leads here) are refused, and everybody without the token where there is one.
 *
 * @throws Problem (cannot-run) where the address is taken
 */
export async function openEndpoint(options: EndpointOptions): Promise<LoggedEndpoint> {
  const { listen, token, most } = options;
  const memory = new Budget(MEMORY);
  const server = createServer(
    { headersTimeout: 15_000, requestTimeout: 30_000, keepAliveTimeout: 75_000, connectionsCheckingInterval: 1_000 },
    (req, res) => {
      const route = `${req.method} ${req.url?.split('?', 1)[0]}`;
      if (route === 'GET /healthz') return send(res, 200, { status: 'ok' });
      if (req.headers.origin !== undefined || (token === undefined && !isLoopback(hostOf(req))))
        return send(res, 403, { error: 'Requests from web pages, and for the name of another host, are refused.' });
      if (token !== undefined && !isToken(req, token)) {
        res.setHeader('WWW-Authenticate', 'Bearer');
        return send(res, 401, { error: 'The token is missing or wrong: Authorization: Bearer TOKEN.' });
      }
      if (route === 'GET /status') return send(res, 200, options.counts());
      if (route !== 'POST /record') return send(res, 404, { error: HERE });
      const kept = new KeptChunks(memory, most);
      req.on('data', (chunk: Buffer) => kept.add(chunk));
      req.once('close', () => kept.release());
      req.on('error', () => undefined);
      req.once('end', () => {
        const body = kept.whole();
        if (body !== undefined) return takeBody(body.toString('utf8'), res, options);
        const size = kept.lost === 'size';
        send(res, size ? 413 : 503, {
          error: size ? `The body has more than ${most} bytes.` : 'Too many requests are under way.',
        });
      });
    },
  );
  await listenOn(server, listen, 'record', ': --listen HOST:PORT');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : listen.port,
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

/** Takes what can be taken, and says of each other line why not. */
function takeBody(text: string, res: ServerResponse, { take, malformed }: EndpointOptions): void {
  const answer = { recorded: 0, repeated: 0, refused: 0, why: [] as { line: number; id?: string; why: string }[] };
  let isNoLine = false;
  const lines = text.split('\n').map((line, i) => [line.trim(), i + 1] as const);
  const given = lines.filter(([line]) => line !== '');
  for (const [line, number] of given) {
    const read = readLine(line);
    let why: { id?: string; why: string };
    if ('wrong' in read) {
      malformed();
      isNoLine = true;
      why = { why: read.wrong };
    } else {
      const taken = take(read);
      if (taken === 'recorded' || taken === 'repeated') {
        answer[taken] += 1;
        continue;
      }
      why = { id: read.id, why: WHY[taken] };
    }
    answer.refused += 1;
    if (answer.why.length < MOST_REFUSED) answer.why.push({ line: number, ...why });
  }
  if (given.length === 0) return send(res, 400, { error: 'The body is empty.' });
  send(res, answer.refused === 0 ? 200 : isNoLine ? 400 : 409, answer);
}

/** Compared in a time that tells nothing of the token. */
function isToken(req: IncomingMessage, token: string): boolean {
  const [, given = ''] = /^Bearer +(.+)$/i.exec(req.headers.authorization ?? '') ?? [];
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given.trim()), digest(token));
}

function hostOf(req: IncomingMessage): string {
  return (req.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}

/** Whether only this machine has it. */
export function isLoopback(host: string): boolean {
  return /^(127(\.\d{1,3}){3}|localhost|::1)$/i.test(host);
}

function send(res: ServerResponse, status: number, value: object): void {
  const body = `${JSON.stringify(value)}\n`;
  res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  res.end(body);
}
