import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ERROR_HEADER } from './headers.ts';

/** Why an answer is the mirror's own, as its header says: everything else comes from the live side. */
const REFUSALS = {
  'live-unreachable': [502, 'Bad Gateway'],
  'candidate-unreachable': [502, 'Bad Gateway'],
  'candidate-timeout': [504, 'Gateway Timeout'],
  'no-such-route': [404, 'Not Found'],
  'bad-request': [400, 'Bad Request'],
  'request-timeout': [408, 'Request Timeout'],
  'headers-too-large': [431, 'Request Header Fields Too Large'],
  'body-too-large': [413, 'Content Too Large'],
  'unknown-encoding': [501, 'Not Implemented'],
  websocket: [501, 'Not Implemented'],
  connect: [501, 'Not Implemented'],
  grpc: [415, 'Unsupported Media Type'],
  'http-version': [505, 'HTTP Version Not Supported'],
} as const;
export type Refusal = keyof typeof REFUSALS;

/** Answers in the mirror's own name; where the answer has begun, breaks it off. */
export function refuse(res: ServerResponse, why: Refusal, message: string): void {
  if (res.destroyed) return;
  if (res.headersSent) return void res.destroy();
  const [status] = REFUSALS[why];
  const body = bodyOf(why, message);
  // What is left of the request may be anything: the connection ends with this answer.
  res.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    [ERROR_HEADER]: why,
    Connection: 'close',
  });
  res.end(body);
}

/** Answers in the mirror's own name on a connection on which no request could be read. */
export function refuseOn(socket: Duplex, why: Refusal, message: string): void {
  if (!socket.writable) return void socket.destroy();
  const [status, words] = REFUSALS[why];
  const body = bodyOf(why, message);
  socket.end(
    `HTTP/1.1 ${status} ${words}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${ERROR_HEADER}: ${why}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function bodyOf(why: Refusal, message: string): string {
  return `${JSON.stringify({ error: message, code: why, from: 'shadowctl mirror' })}\n`;
}

/**
 * What the mirror does not carry, or will not, because two servers might read it differently. Node's parser, in its strict mode,
 * has refused by now: Content-Length beside Transfer-Encoding, two lengths, folded headers, bare line ends.
 */
export function unacceptable(req: IncomingMessage): { why: Refusal; message: string } | undefined {
  const { headers, httpVersion } = req;
  const encoding = headers['transfer-encoding'];
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'chunked')
    return {
      why: 'unknown-encoding',
      message: `Transfer-Encoding "${encoding}" is not passed on: only chunked is.`,
    };
  if (encoding !== undefined && httpVersion === '1.0')
    return { why: 'bad-request', message: 'HTTP/1.0 has no Transfer-Encoding.' };
  if (/^application\/grpc/i.test(headers['content-type'] ?? ''))
    return { why: 'grpc', message: 'gRPC is not supported: it needs HTTP/2, and this mirror speaks HTTP/1.1.' };
  const { upgrade } = headers;
  // Who offers HTTP/2 takes HTTP/1.1 (RFC 9110, 7.8); a websocket is nothing else.
  if (upgrade !== undefined && !/^h2c$/i.test(upgrade.trim()))
    return {
      why: 'websocket',
      message: `Upgrade to "${upgrade}" is not supported: for that, callers must go to the live server directly.`,
    };
  const hosts = req.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host').length;
  if (hosts > 1 || (hosts === 0 && httpVersion !== '1.0'))
    return { why: 'bad-request', message: hosts === 0 ? 'The request has no Host.' : 'The request has several Hosts.' };
  const target = req.url ?? '';
  if (!target.startsWith('/') && target !== '*')
    return { why: 'bad-request', message: 'The request names a whole URL: this is not a forward proxy.' };
  return undefined;
}

/** Why no request could be read from a connection. @param error as Node's `clientError` gives it */
export function unreadable(error: NodeJS.ErrnoException & { rawPacket?: Buffer }): { why: Refusal; message: string } {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { why: 'request-timeout', message: 'The request took too long to arrive.' };
    case 'HPE_HEADER_OVERFLOW':
      return { why: 'headers-too-large', message: 'The headers are too large.' };
    default:
      if (/^[A-Z]+ \S+ HTTP\/[023]/.test(error.rawPacket?.toString('latin1', 0, 200) ?? ''))
        return { why: 'http-version', message: 'Only HTTP/1.1 is supported here, not HTTP/2.' };
      return { why: 'bad-request', message: `The request is not HTTP/1.1: ${error.code ?? error.message}.` };
  }
}
